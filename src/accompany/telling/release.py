"""Release: a caller's recordings, for somebody named beforehand, where the caller is missed.

The phone makes the grants at the press, and the server withholds them: nothing of them is in the
log, and "I am safe" destroys them. Once the caller is missed they are handed out, and the pass that
the recipient's link shows is good for some time, or until the caller takes it back. What is decided
is kept before it is done, so that whatever a crash interrupts is done again. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from accompany.ids import EncounterId, RecordingId
from accompany.telling.course import Course, Telling

LASTS = 30 * 24 * 3_600_000
"""Milliseconds for which what was released can be fetched."""

LATE = 60_000
"""A caller missed later than this after their time is up: the server itself was away then."""

HEARD_AGAIN = 5 * 60_000
"""Milliseconds in which a caller can be heard again after that: a phone may have tried in vain."""

EACH = 32
"""Recordings of one encounter at most whose grants are withheld."""


@dataclass(frozen=True, slots=True)
class Release:
    """*check_in* and *pass_* are SHA-256 of what the phone's page and the recipient's link show."""

    check_in: bytes
    encounter: EncounterId
    pass_: bytes
    given: int | None = None
    ended: int | None = None

    def good(self, now: int) -> bool:
        """Whether the recipient may fetch."""
        return self.given is not None and self.ended is None and now < self.given + LASTS

    def over(self, now: int) -> bool:
        """Whether nothing of it matters any more, whatever the caller still says."""
        return self.given is not None and now >= self.given + LASTS


@dataclass(frozen=True, slots=True)
class Withheld:
    """A grant to the recipient, an age file, and the recording's note that means it."""

    recording: RecordingId
    grant: bytes
    note: bytes


def falls_due(telling: Telling, course: Course, now: int) -> bool:
    """Whether what is withheld is to be handed out: the caller is missed, and was not prevented
    by this server from saying otherwise."""
    if course.safe is not None or course.missed is None or telling.due is None:
        return False
    away = course.missed - telling.due > LATE
    return now >= course.missed + (HEARD_AGAIN if away else 0)


class Releases(Protocol):
    """Keeps releases, one for a check-in and for an encounter; durable."""

    def begin(self, release: Release) -> bool:
        """Keep it; False where the check-in, the encounter or the pass has one."""

    def of(self, check_in: bytes) -> Release | None: ...
    def of_encounter(self, encounter: EncounterId) -> Release | None: ...
    def by_pass(self, digest: bytes) -> Release | None: ...
    def all(self) -> list[Release]: ...
    def pending(self) -> list[Release]:
        """Return those whose callers may still be missed, and those with grants to hand out: what
        was given or ended for good costs nothing, however much of it is kept."""

    def withhold(self, check_in: bytes, withheld: Withheld) -> None:
        """Keep a grant until it is dropped; one more of the same recording changes nothing."""

    def withheld(self, check_in: bytes) -> Sequence[Withheld]: ...
    def drop(self, check_in: bytes, recording: RecordingId) -> None: ...
    def give(self, check_in: bytes, now: int) -> bool:
        """Decide that it is handed out; False where that was decided, or it was ended."""

    def end(self, check_in: bytes, now: int) -> None:
        """Nothing is handed out, or fetched, from now on; what is withheld is gone."""

    def forget(self, check_in: bytes) -> None: ...
