"""Webhooks: what is told to other programs of an organization, signed as Standard Webhooks says.

A message tells that something happened to a press: its id, state, language, stage and times, and
nothing of who called. Pure: no clock, no network. Not here: keeping and sending (`adapters`).
Source: https://github.com/standard-webhooks/standard-webhooks, version 1.0.0.
"""

import hmac
import json
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol

from accompany.dispatch.events import (
    Answered,
    CalledBack,
    Dropped,
    Ended,
    Event,
    Promised,
    Reopened,
    Withdrawn,
)
from accompany.dispatch.replaying import after
from accompany.dispatch.ringing import Ringing
from accompany.dispatch.roster import Press
from accompany.errors import Fault, Malformed
from accompany.evidence.text import write_time
from accompany.ids import EncounterId

ENDPOINTS = 10
"""How many an organization may have."""

SECRET_BYTES = 32
PREFIX = "whsec_"
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
WAITS = (
    5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR,
    12 * HOUR, 24 * HOUR, 24 * HOUR,
)  # fmt: skip
"""How long after each failed attempt the next one comes; after the last of them, none."""

KEPT = 30 * 24 * HOUR
"""For so long a message can be replayed; then it is deleted, as a press's own times are."""

URL_CHARACTERS = 1000
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[!-~]*)?"
)

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
_DISGUISES = tuple(ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))
"""IPv6 networks that stand for IPv4 addresses, whichever."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages go. *ended* is when it was ended, by hand or by its own answer 410."""

    id: str
    url: str
    secret: str
    made: int
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one endpoint. *due* is None once nothing more is tried."""

    number: int
    endpoint: str
    message: str
    type: str
    body: str
    made: int
    tries: int
    due: int | None
    done: int | None
    problem: str = ""
    """Why the last attempt failed."""

    @property
    def told(self) -> dict[str, object]:
        """What became of it, for coordinators; not what it says."""
        return {
            "number": self.number,
            "endpoint": self.endpoint,
            "type": self.type,
            "made": write_time(self.made),
            "tries": self.tries,
            "due": write_time(self.due) if self.due else None,
            "done": write_time(self.done) if self.done else None,
            "problem": self.problem,
        }


class Hooks(Protocol):
    """Keeps endpoints and deliveries, and sends; durable."""

    def endpoints(self) -> Sequence[Endpoint]: ...
    def add(self, url: str, now: int) -> Endpoint:
        """Keep a new endpoint with a new secret; raise Malformed, or Forbidden for one too many."""

    def end(self, endpoint: str, now: int) -> None:
        """End it: what waits for it is not sent. Raise Unknown."""

    def test(self, endpoint: str, now: int) -> None:
        """Send it a message that says it is a test; raise Unknown."""

    def replay(self, endpoint: str, since: int, now: int) -> int:
        """Send again whatever was made at *since* or later; return how many. Raise Unknown."""

    def again(self, number: int, now: int, endpoint: str | None = None) -> None:
        """Send one delivery again; raise Unknown."""

    def deliveries(self, count: int) -> Sequence[Delivery]:
        """Return the newest deliveries, newest first."""

    def waiting(self) -> int:
        """Return how many are still to be taken."""


def sign(secret: str, message: str, time: int, body: str) -> dict[str, str]:
    """Return the headers of one attempt at *time* (milliseconds)."""
    stamp = str(time // SECOND)
    signed = f"{message}.{stamp}.{body}".encode()
    mac = hmac.digest(key_of(secret), signed, sha256)
    return {
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{b64encode(mac).decode()}",
    }


def key_of(secret: str) -> bytes:
    """Return the key in a secret as it is written (`whsec_` and base64)."""
    try:
        return b64decode(secret.removeprefix(PREFIX), validate=True)
    except Error as error:
        raise Malformed("webhook secret", "expected whsec_ and base64") from error


def write_secret(key: bytes) -> str:
    return PREFIX + b64encode(key).decode()


def message_id(encounter: EncounterId, number: int) -> str:
    """Return the same id for the same event, however often it is made or sent."""
    return f"msg_{encounter}_{number + 1}"


def begun(encounter: EncounterId, press: Press) -> str:
    """Return the message of a new press."""
    return _write("press.begun", encounter, press, Ringing(press.pressed), press.pressed)


def told(encounter: EncounterId, press: Press, before: Ringing, event: Event) -> str | None:
    """Return the message of *event* on a press that stood as *before*, or None where it has none:
    who is rung, declines or misses is the desk's business."""
    word = _type(before, event)
    if word is None:
        return None
    return _write(word, encounter, press, after(before, event), event.time)


def _type(before: Ringing, event: Event) -> str | None:
    match event:
        case Answered():
            return "press.answered"
        case Dropped():
            return "press.dropped"
        # A ticket that changes hands is told once.
        case Promised():
            return "press.callback_owed" if before.ticket is None else None
        case Reopened():
            return "press.callback_owed"
        case CalledBack():
            return "press.called_back"
        case Ended() | Withdrawn():
            return "press.ended"
        case _:
            return None


def _write(word: str, encounter: EncounterId, press: Press, now: Ringing, time: int) -> str:
    stage = "ringing"
    if now.over:
        stage = "ended"
    elif now.answered:
        stage = "answered"
    data = {
        "press": encounter,
        "state": press.state,
        "language": press.language,
        "stage": stage,
        "pressed": write_time(press.pressed),
        "answered": write_time(now.last.time) if now.last else None,
        "callback_due": write_time(now.ticket.deadline) if now.ticket else None,
        "ended": write_time(now.ended.time) if now.ended else None,
    }
    return _written(word, time, data)


def write_test(time: int) -> str:
    return _written("webhook.test", time, {})


def _written(word: str, time: int, data: dict[str, str | None]) -> str:
    message = {"type": word, "timestamp": write_time(time), "data": data}
    return json.dumps(message, separators=(",", ":"))


def next_try(tries: int, now: int, asked: int = 0) -> int | None:
    """Return when the next attempt comes after the *tries*-th failed, or None for never; *asked*
    is how long the receiver wants to be left alone."""
    if tries > len(WAITS):
        return None
    return now + max(WAITS[tries - 1], min(asked, HOUR))


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks in a setting, separated by spaces; raise Malformed."""
    try:
        return tuple(ip_network(one) for one in text.split())
    except ValueError as error:
        raise Malformed("setting webhook_networks", str(error)) from error


def check_url(url: str, allowed: Sequence[Network]) -> tuple[str, str, int]:
    """Return scheme, host and port of *url*; raise Malformed unless it may be called.

    Only `https`, but to networks that a setting allows. A name is judged again by its addresses,
    each time before it is called.
    """
    found = _URL.fullmatch(url)
    if found is None or len(url) > URL_CHARACTERS or "\\" in url or "@" in url or "#" in url:
        raise _refused("expected https://host/path without a user or fragment", "form")
    scheme, host = found["scheme"], found["host"].strip("[]")
    port = int(found["port"] or (443 if scheme == "https" else 80))
    if not 0 < port < 65536:
        raise _refused(f"expected a port from 1 to 65535, found {port}", "port", str(port))
    if scheme == "http" and not allowed:
        raise _refused("expected https", "https")
    try:
        address = ip_address(host)
    except ValueError:
        # Nothing but digits and dots, and yet no address: another reader may read it as one.
        if re.fullmatch(r"[0-9.]*|0[xX].*", host.rpartition(".")[2]):
            raise _refused("expected a name or an address", "form") from None
        return scheme, host, port
    check_address(address, scheme, allowed)
    return scheme, host, port


def check_address(address: Address, scheme: str, allowed: Sequence[Network]) -> None:
    """Raise Malformed unless *address* may be called: a public one, or one that is allowed."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address.version == one.version and address in one for one in allowed):
        return
    disguised = any(address.version == one.version and address in one for one in _DISGUISES)
    if disguised or not address.is_global or address.is_multicast:
        raise _refused(
            "expected a public address: others need the setting webhook_networks", "public"
        )
    if scheme != "https":
        raise _refused("expected https", "https")


def _refused(why: str, code: str, found: str = "") -> Malformed:
    return Malformed("webhook address", why, [Fault(code, found=found)])
