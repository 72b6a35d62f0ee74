"""Where a call's two ends find a way to each other, and who may use the relay. Pure.

A relay (coturn with `use-auth-secret`) takes names that carry their own end: the TURN REST scheme,
draft-uberti-behave-turn-rest-00. Relay and server share a secret and never speak to each other.
Not here: the relay itself (deploy/coturn.conf), who is given a name (`web.relay`).
"""

import hmac
import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from accompany.errors import Malformed

LASTS = 15 * 60 * 1000
"""Milliseconds for which a name is good. A call that stands outlives it; a restart fetches anew."""

SECRET_CHARACTERS = 32

_ADDRESS = re.compile(
    r"(?!stun.*[\[?])(stuns?|turns?):([\w.-]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?"
    r"(?:\?transport=(udp|tcp))?",
    re.ASCII,
)
"""RFC 7064 and RFC 7065, without what a browser would not take."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an address says: where to ask, by TLS or not, over TCP or UDP."""

    host: str
    port: int
    secure: bool
    tcp: bool


def read_address(text: str) -> Place:
    """Return what a STUN or TURN address says; raise Malformed."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        expected = "stun:HOST[:PORT] or turn[s]:HOST[:PORT][?transport=udp|tcp]"
        raise Malformed("setting ice", f"expected {expected}, found {text[:80]!r}")
    scheme, host, port, transport = found.groups()
    secure = scheme.endswith("s")
    usual = 5349 if secure else 3478
    return Place(host.strip("[]"), int(port or usual), secure, secure or transport == "tcp")


def _by_tls(address: str) -> bool:
    return read_address(address).secure


@dataclass(frozen=True, slots=True)
class Relay:
    """STUN and TURN addresses, and the secret that the relay knows."""

    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    secret: str = ""

    @classmethod
    def of(cls, addresses: str, secret: str) -> "Relay":
        """Return what the settings `ice` and `relay_secret` say; raise Malformed if they do not
        go together: a browser makes no call at all by a relay without a name."""
        given = addresses.split()
        for one in given:
            read_address(one)
        # TLS last: it comes through where nothing else does, and costs most where something does.
        turn = tuple(sorted((one for one in given if one.startswith("turn")), key=_by_tls))
        if turn and len(secret) < SECRET_CHARACTERS:
            raise Malformed(
                "setting relay_secret",
                f"expected the relay's static-auth-secret, of {SECRET_CHARACTERS} characters or "
                f"more, since {turn[0]!r} is a relay; found {len(secret)}",
            )
        if secret and not turn:
            raise Malformed("setting ice", "expected a turn: address, since relay_secret is set")
        return cls(tuple(one for one in given if one not in turn), turn, secret)

    @property
    def open(self) -> list[dict[str, Any]]:
        """What everybody may know: RTCIceServer objects that need no name."""
        return [{"urls": list(self.stun)}] if self.stun else []

    def named(self, now: int, chance: str) -> list[dict[str, Any]]:
        """Return RTCIceServer objects with a name that ends LASTS after *now*, ms since 1970 UTC.

        *chance* keeps two names of one second apart; it says nothing of whose they are.
        """
        if not self.turn:
            return self.open
        name = f"{(now + LASTS) // 1000}:{chance}"
        # SHA-1 is the scheme's; HMAC over it is not known to be weak (RFC 6151, section 3).
        mac = hmac.digest(self.secret.encode(), name.encode(), "sha1")
        relay = {
            "urls": list(self.turn),
            "username": name,
            "credential": b64encode(mac).decode(),
        }
        return [*self.open, relay]
