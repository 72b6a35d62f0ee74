"""Whether the relay answers, for `accompany doctor`: a STUN binding request to each address.

Not here: allocating through it, which takes a whole TURN client; docs/relay.md names coturn's.
"""

import secrets
import socket
import ssl
from collections.abc import Iterator

from accompany.adapters.remarks import GOOD, LOOK, WRONG, Remark
from accompany.calls.relay import Relay, read_address
from accompany.config import Settings
from accompany.errors import Malformed

SECONDS = 3.0
WITHOUT = (
    "none (ACCOMPANY_ICE): calls fail where networks let nobody through, and both sides learn each "
    "other's address; docs/relay.md"
)
COOKIE = b"\x21\x12\xa4\x42"
"""RFC 8489, section 5."""


def relay_remarks(settings: Settings) -> Iterator[Remark]:
    """Say of each STUN and TURN address whether it answers, and of the secret whether it fits."""
    try:
        relay = Relay.of(settings.ice, settings.relay_secret)
    except Malformed as error:
        yield Remark(WRONG, "relay", str(error))
        return
    if not relay.turn:
        yield Remark(LOOK, "relay", WITHOUT)
    for address in (*relay.stun, *relay.turn):
        try:
            ask(address)
        except OSError as error:
            yield Remark(WRONG, "relay", f"{address} does not answer: {error}")
        else:
            yield Remark(GOOD, "relay", f"{address} answers")


def ask(address: str) -> None:
    """Send a binding request to *address* and return once it is answered; raise OSError if not."""
    place = read_address(address)
    where = (place.host, place.port)
    number = secrets.token_bytes(12)
    request = b"\x00\x01\x00\x00" + COOKIE + number
    if place.tcp:
        with socket.create_connection(where, SECONDS) as plain:
            if place.secure:
                context = ssl.create_default_context()
                with context.wrap_socket(plain, server_hostname=place.host) as line:
                    answer = _exchange(line, request)
            else:
                answer = _exchange(plain, request)
    else:
        family, kind, _, _, found = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as line:
            line.settimeout(SECONDS)
            line.connect(found)
            answer = _exchange(line, request)
    if answer[:2] != b"\x01\x01" or answer[4:20] != COOKIE + number:
        raise OSError("what answers there speaks no STUN")


def _exchange(line: socket.socket, request: bytes) -> bytes:
    line.sendall(request)
    # A header is 20 bytes and comes at once: over TCP it is not split in practice.
    return line.recv(1024)
