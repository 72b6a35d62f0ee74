"""Passes: a link that a caller gave away lets its holder read one recording, until a day or a word.

Kept under the SHA-256 of what the link shows; whose it is, or for whom, is nowhere. Ends are whole
days, so that two passes given in one minute share no time of their own. Not here: the grant that
opens what is read, which is an age file like every other.
"""

from dataclasses import dataclass
from typing import Protocol

from accompany.accounts.people import DAY

DAYS = 90
"""A pass lasts so many days at most."""

EACH = 20
"""Passes of one recording at most."""


@dataclass(frozen=True, slots=True)
class Pass:
    """*until* in ms since 1970 UTC, a whole day."""

    digest: bytes
    recording: str
    until: int


class Passes(Protocol):
    """Keeps passes; durable."""

    def add(self, given: Pass) -> None:
        """Keep it; one with its digest that is there stays as it is."""

    def find(self, digest: bytes) -> Pass | None: ...
    def of(self, recording: str) -> list[Pass]: ...
    def remove(self, recording: str, digest: bytes) -> bool:
        """Take it back; False where there is none."""


def last_day(now: int, days: int) -> int:
    """Return the end of the day that is *days* from *now*, in ms since 1970 UTC."""
    return (now // DAY + days + 1) * DAY
