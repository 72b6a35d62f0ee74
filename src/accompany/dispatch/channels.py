"""People's own channels beside the open page: what each is, and what may be one. Pure.

A push subscription or an Apprise URL comes from an attorney, and the server will call it. So that
nobody can make it speak to a host of their choosing, the operator names schemes, hosts and push
services; whatever is not named is refused. Messages hold no content: that there is a ring, no more.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from accompany.errors import Malformed
from accompany.evidence.text import read_base64
from accompany.ids import CardSerial

Kind = Literal["push", "apprise"]
Word = Literal["ring", "missed", "alarm", "surge", "test"]

CHANNELS = 8
"""How many one attorney may have."""

URL_CHARACTERS = 512
_PLAIN = re.compile(
    r"(?P<scheme>[a-z0-9]+)://(?:[A-Za-z0-9._~:+=-]*@)?(?P<host>[A-Za-z0-9.-]+(?::[0-9]+)?)"
    r"(?:/[A-Za-z0-9._~:/+=-]*)?"
)
"""One @ at most, and nothing that two readers of an address could read differently."""

_ENDPOINT = re.compile(r"(https?://[A-Za-z0-9.-]+(?::[0-9]+)?)(/[!-~]*)?")

VENDORS = frozenset(
    "pover pagerduty opsgenie twilio vonage nexmo clicksend d7sms messagebird sinch signalwire "
    "tgram pbul pushsafer prowl spush spugpush simplepush".split()
)
"""Schemes of Apprise whose service is at one vendor's address, whatever their URL says."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach an attorney. *value* is a secret: a URL with a token, or a subscription.

    *worked* and *failed* are when it last did, in milliseconds UTC.
    """

    id: str
    attorney: CardSerial
    kind: Kind
    value: str
    worked: int | None = None
    failed: int | None = None

    @property
    def failing(self) -> bool:
        return self.failed is not None and self.failed > (self.worked or 0)

    @property
    def label(self) -> str:
        """What its owner knows it by: never the part that opens it."""
        if self.kind == "apprise":
            scheme, _, rest = self.value.partition("://")
            host = "" if scheme in VENDORS else rest.rpartition("@")[2].partition("/")[0]
            return f"{scheme}://{host}…"
        return "web push"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator lets attorneys add."""

    schemes: Sequence[str]
    hosts: Sequence[str]
    push: Sequence[str]
    """Origins of push services; `https://*.example` is any host under it."""


class KeptChannels(Protocol):
    """Keeps channels; what it returned from is durable, but for when they worked or failed."""

    def add(self, channel: Channel) -> None: ...
    def of(self, attorney: CardSerial) -> list[Channel]: ...
    def remove(self, attorney: CardSerial, channel: str) -> bool:
        """False where this attorney has no such channel."""

    def failing(self) -> int:
        """Return how many channels failed when they were last used."""

    def rest(self, owner: CardSerial, until: int) -> None:
        """Ring nobody's channels for being on call before *until*; 0: at once again. Durable."""

    def resting(self, owner: CardSerial) -> int:
        """Return until when somebody on call does not want to be rung; 0: they do."""

    def owners(self) -> dict[CardSerial, tuple[int, int]]:
        """Return who has channels: how many, and how many of them failed when last used."""


class OwnBells(Protocol):
    """Reaches one person through all of their channels, side by side."""

    def missed(self, person: CardSerial) -> None:
        """A caller of this person did not say to be safe in time; never blocks, never raises."""

    async def test(self, person: CardSerial) -> dict[str, bool]:
        """Send a test through every channel of *person*; return which took it."""

    async def close(self) -> None:
        """Stop sending; call it before what is kept of channels closes."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Everything about attorneys' own channels, as routes need it.

    *takes* says whether a URL that is allowed is one that can be sent to.
    """

    channels: KeptChannels
    bells: OwnBells
    allowed: Allowed
    push_key: str
    takes: Callable[[str], bool]


def check_url(url: str, allowed: Allowed) -> None:
    """Raise Malformed unless *url* is one the operator allows; it is not quoted: it is a secret."""
    found = _PLAIN.fullmatch(url)
    if found is None or len(url) > URL_CHARACTERS:
        raise Malformed("channel", "expected a plain address: no spaces, no ?, no %, no #")
    scheme = found["scheme"]
    if scheme not in allowed.schemes:
        offered = ", ".join(allowed.schemes) or "none"
        raise Malformed("channel", f"expected one that is allowed here: {offered}")
    # A vendor's scheme goes to the vendor, whatever stands there.
    if scheme not in VENDORS and found["host"] not in allowed.hosts:
        offered = ", ".join(allowed.hosts) or "none"
        raise Malformed("channel", f"expected a host that is allowed here: {offered}")


def check_push(endpoint: str, p256dh: str, auth: str, allowed: Allowed) -> None:
    """Raise Malformed unless this is a subscription at a push service the operator allows."""
    found = _ENDPOINT.fullmatch(endpoint)
    known = found is not None and any(_matches(found[1], one) for one in allowed.push)
    if not known or len(endpoint) > 1024 or "\\" in endpoint or "@" in endpoint:
        raise Malformed("channel", "expected a push service that is allowed here")
    for text, size in ((p256dh, 65), (auth, 16)):
        padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        read_base64(padded, size)


def _matches(origin: str, pattern: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return origin == pattern
    return origin.startswith(head) and origin.endswith(tail) and len(origin) > len(pattern) - 1
