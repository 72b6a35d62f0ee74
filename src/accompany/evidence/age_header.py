"""The header of an age file: its stanzas and its MAC, in their one written form (c2sp.org/age).

    age-encryption.org/v1            the version
    -> mlkem768x25519 <enc>          one stanza a recipient: the file key, sealed to them
    <body>
    --- <MAC>                        by the file key, over everything above

Pure: bytes in, values out. Not here: keys (age_keys.py), payloads (age.py).

    AgeError
    ├── HeaderFailure    the header, or a stanza meant for this kind of key, is not in form
    ├── MacFailure       in form, but not what the holder of the file key wrote
    ├── NoMatch          in form, but sealed to somebody else
    ├── PayloadFailure   bent, cut or lengthened after the header
    └── BadRecipients    nobody to seal to, or a mixture that would undo the stronger kind
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accompany.errors import AccompanyError, Malformed
from accompany.evidence.text import quoted

VERSION = b"age-encryption.org/v1\n"
HYBRID = "mlkem768x25519"
FILE_KEY_SIZE = 16
TAG_SIZE = 16
ENC_SIZE = 1120
HEADER_LIMIT = 256 * 1024  # Ours, not the format's: about 160 hybrid recipients.

_SEALED_KEY_SIZE = FILE_KEY_SIZE + TAG_SIZE

# The ABNF of c2sp.org/age, line for line.
_STANZA = re.compile(
    rb"-> ([!-~]+(?: [!-~]+)*)\n"
    rb"((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63})\n"
)  # fmt: skip
_END = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")

# A whole header with one hybrid stanza. The last letters leave no bits over: canonical base64.
_ONE_HYBRID = re.compile(
    rb"age-encryption\.org/v1\n-> mlkem768x25519 [A-Za-z0-9+/]{1493}[AQgw]\n"
    rb"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\n--- [A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\n"
)


class AgeError(AccompanyError):
    """A file could not be sealed or opened."""


class HeaderFailure(AgeError):
    def __init__(self, why: str) -> None:
        super().__init__(f"age header: {why}")
        self.why = why


class MacFailure(AgeError):
    def __init__(self) -> None:
        super().__init__("age header: its MAC is not by this file key")


class NoMatch(AgeError):
    def __init__(self, kinds: tuple[str, ...]) -> None:
        super().__init__(f"sealed to somebody else: no identity opens {', '.join(kinds)}")
        self.kinds = kinds


class PayloadFailure(AgeError):
    def __init__(self, chunk: int, why: str) -> None:
        super().__init__(f"age payload, chunk {chunk}: {why}")
        self.chunk = chunk
        self.why = why


class BadRecipients(AgeError):
    def __init__(self, why: str) -> None:
        super().__init__(f"age recipients: {why}")
        self.why = why


def raw_base64(data: bytes) -> str:
    return b64encode(data).rstrip(b"=").decode("ascii")


def read_raw_base64(text: str) -> bytes:
    """Return the bytes written as *text*: unpadded, canonical; raise ValueError otherwise."""
    try:
        data = b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        data = b""
    if raw_base64(data) != text:
        raise ValueError("not canonical base64 without padding")
    return data


def derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(secret)


@dataclass(frozen=True, slots=True)
class Stanza:
    """The file key, sealed to one recipient, or what some other tool put in its place."""

    kind: str
    arguments: tuple[str, ...]
    body: bytes

    def __bytes__(self) -> bytes:
        text = raw_base64(self.body)
        # The body ends with a line shorter than 64, be it an empty one.
        lines = [text[at : at + 64] for at in range(0, len(text) + 1, 64)]
        return "\n".join([" ".join(["->", self.kind, *self.arguments]), *lines, ""]).encode()

    def share(self, size: int) -> bytes:
        """Return the public share, *size* bytes; raise HeaderFailure if it or the body is not so.

        The body's size is checked before anything is opened: partitioning oracles (c2sp.org/age).
        """
        if len(self.arguments) != 1 or len(self.body) != _SEALED_KEY_SIZE:
            found = f"{len(self.arguments)} and {len(self.body)}"
            raise HeaderFailure(f"{self.kind}: expected 1 argument and 32 bytes, found {found}")
        try:
            share = read_raw_base64(self.arguments[0])
        except ValueError as error:
            raise HeaderFailure(f"{self.kind}: {error}") from error
        if len(share) != size:
            raise HeaderFailure(f"{self.kind}: expected a share of {size} bytes, not {len(share)}")
        return share


@dataclass(frozen=True, slots=True)
class Header:
    stanzas: tuple[Stanza, ...]
    mac: bytes

    def __bytes__(self) -> bytes:
        return _macked(self.stanzas) + f" {raw_base64(self.mac)}\n".encode("ascii")

    @property
    def size(self) -> int:
        """How many bytes come before the payload's nonce."""
        return len(bytes(self))

    @property
    def one_hybrid(self) -> bool:
        """Whether there is exactly one stanza, and it is a mlkem768x25519 in form."""
        if [stanza.kind for stanza in self.stanzas] != [HYBRID]:
            return False
        try:
            return bool(self.stanzas[0].share(ENC_SIZE))
        except HeaderFailure:
            return False

    def check(self, file_key: bytes) -> None:
        """Raise MacFailure unless *file_key* made this header's MAC."""
        try:
            header_mac(self.stanzas, file_key).verify(self.mac)
        except InvalidSignature as error:
            raise MacFailure from error


def begins_one_hybrid(data: bytes | memoryview) -> bool:
    """Whether *data* begins with a header that `parse_header` takes and that is `one_hybrid`."""
    return _ONE_HYBRID.match(data) is not None


def _macked(stanzas: Sequence[Stanza]) -> bytes:
    """What the MAC covers: all up to and with the three dashes, without the space after them."""
    return VERSION + b"".join(map(bytes, stanzas)) + b"---"


def header_mac(stanzas: Sequence[Stanza], file_key: bytes) -> HMAC:
    if len(file_key) != FILE_KEY_SIZE:
        raise Malformed("age file key", f"expected {FILE_KEY_SIZE} bytes, found {len(file_key)}")
    mac = HMAC(derive(file_key, b"", b"header"), SHA256())
    mac.update(_macked(stanzas))
    return mac


def parse_header(data: bytes) -> Header:
    """Return the header that *data*, an age file or its beginning, starts with.

    Nothing is opened and no MAC is checked, so this says only what the file claims. Raises
    HeaderFailure for anything not written exactly as c2sp.org/age has it, or over 256 KiB.
    """
    if not data.startswith(VERSION):
        raise HeaderFailure(f"expected {quoted(VERSION)}, found {quoted(data, len(VERSION))}")
    stanzas: list[Stanza] = []
    at = len(VERSION)
    try:
        while match := _STANZA.match(data, at, HEADER_LIMIT):
            kind, *arguments = match[1].decode("ascii").split(" ")
            body = read_raw_base64(match[2].replace(b"\n", b"").decode("ascii"))
            stanzas.append(Stanza(kind, tuple(arguments), body))
            at = match.end()
        end = _END.match(data, at, HEADER_LIMIT)
        if not stanzas or not end:
            wanted = "a stanza or its MAC" if stanzas else "a stanza"
            raise HeaderFailure(f"expected {wanted} at byte {at}, found {quoted(data[at:], 40)}")
        return Header(tuple(stanzas), read_raw_base64(end[1].decode("ascii")))
    except ValueError as error:
        raise HeaderFailure(f"at byte {at}: {error}") from error
