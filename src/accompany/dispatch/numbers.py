"""Numbers left to be called back on, sealed on phones: opaque to the server, and kept for as long
as somebody may be called back for them. Pure. Not here: rows, HTTP, what is in one.
"""

from dataclasses import dataclass
from typing import Protocol

from accompany.dispatch.ringing import Ringing
from accompany.ids import CardSerial, EncounterId

KEPT = 3 * 24 * 3_600_000
"""Milliseconds after a callback's deadline in which its number is destroyed at the latest."""


@dataclass(frozen=True, slots=True)
class SealedNumber:
    encounter: EncounterId
    holder: CardSerial
    """To whose card it is sealed, or `papers.CUSTODIAN`."""
    sealed: bytes


class Numbers(Protocol):
    """Keeps sealed numbers; what it returned from is durable, and what it forgot is written over,
    in the database and in its write-ahead log. No time is kept, and no order."""

    def put(self, copies: list[SealedNumber]) -> None:
        """Keep these copies, of one encounter, in the place of all that there were."""

    def give(self, copy: SealedNumber) -> None:
        """Keep it for one holder more; what other holders have stays."""

    def of(self, encounter: EncounterId) -> dict[CardSerial, bytes]: ...
    def left(self) -> frozenset[EncounterId]:
        """Return the encounters with a number; no question to the disk."""

    def forget(self, encounter: EncounterId) -> bool:
        """Destroy all copies; return whether there was one."""


def kept_until(ringing: Ringing) -> int | None:
    """Return when a number is destroyed at the latest; None where nobody owes a callback (yet)."""
    return None if ringing.ticket is None else ringing.ticket.deadline + KEPT


def may_be_left(ringing: Ringing, now: int) -> bool:
    """Whether a number may be left, and is kept: while the press goes on, and while somebody owes a
    callback. An answer that was the end of it, or a callback that was made, ends both."""
    until = kept_until(ringing)
    if until is not None:
        return now < until
    return not ringing.over and ringing.called_back is None
