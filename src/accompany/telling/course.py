"""One telling as a pure state machine: who should be told what now, derived from events.

    begun ─ pressed to all ─┬─ Safe ──── safe to whoever was told before
                            └─ Missed ── overdue to all ─ Safe ─ …

Nothing here sends, waits or looks at a clock; contacts are numbers, so that what is kept of a
telling names nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from accompany.ids import EncounterId
from accompany.telling.contacts import Word

GRACE = 10_000
"""Milliseconds after the press before anybody is told: the caller may have pressed by accident."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What was asked for. *digest* is SHA-256 of the secret by which the phone comes back."""

    digest: bytes
    encounter: EncounterId
    begun: int
    due: int | None
    """When the caller is missed, in milliseconds UTC; None: no check-in was wanted."""
    contacts: int


@dataclass(frozen=True, slots=True)
class Told:
    word: Word
    contact: int
    time: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It was tried often enough."""

    word: Word
    contact: int
    time: int


@dataclass(frozen=True, slots=True)
class Safe:
    time: int


@dataclass(frozen=True, slots=True)
class Missed:
    """The time was over, and the caller had not said to be safe."""

    time: int


Event = Told | Failed | Safe | Missed


@dataclass(frozen=True, slots=True)
class Course:
    told: frozenset[tuple[Word, int]] = frozenset()
    failed: frozenset[tuple[Word, int]] = frozenset()
    safe: int | None = None
    missed: int | None = None

    def wanted(self, telling: Telling, now: int) -> frozenset[tuple[Word, int]]:
        """Return who should be told what now and has not been."""
        everybody = range(telling.contacts)
        due: set[tuple[Word, int]] = set()
        if self.safe is not None:
            # Whoever heard nothing is not told of its end.
            due = {("safe", contact) for word, contact in self.told if word != "safe"}
        elif self.missed is not None:
            due = {("overdue", contact) for contact in everybody}
        elif now >= telling.begun + GRACE:
            due = {("pressed", contact) for contact in everybody}
        return frozenset(due) - self.told - self.failed

    def misses(self, telling: Telling, now: int) -> bool:
        """Whether the caller is to be missed from now on."""
        waiting = self.safe is None and self.missed is None
        return waiting and telling.due is not None and now >= telling.due

    def done(self, telling: Telling, now: int) -> bool:
        """Whether nobody has to be told anything any more unless the caller asks again."""
        waits = self.safe is None and self.missed is None and telling.due is not None
        early = self.safe is None and now < telling.begun + GRACE
        return not waits and not early and not self.wanted(telling, now)

    @property
    def stage(self) -> str:
        """waiting, missed or safe."""
        return "safe" if self.safe is not None else "waiting" if self.missed is None else "missed"

    def fate(self, word: Word, contact: int, telling: Telling, now: int) -> str:
        """told, failed, waiting, or none where that was not to be said."""
        if (word, contact) in self.told:
            return "told"
        if (word, contact) in self.failed:
            return "failed"
        soon = word == "pressed" and self.safe is None and self.missed is None
        return "waiting" if soon or (word, contact) in self.wanted(telling, now) else "none"


def after(course: Course, event: Event) -> Course:
    """Return what follows from *event*; what was settled stays."""
    match event:
        case Told(word, contact, _):
            # Late news of a message that was given up: it did arrive.
            failed = course.failed - {(word, contact)}
            return replace(course, told=course.told | {(word, contact)}, failed=failed)
        case Failed(word, contact, _):
            if (word, contact) in course.told:
                return course
            return replace(course, failed=course.failed | {(word, contact)})
        case Safe(time):
            return replace(course, safe=time) if course.safe is None else course
        case Missed(time):
            settled = course.safe is not None or course.missed is not None
            return course if settled else replace(course, missed=time)
        case _:
            assert_never(event)


def replay(events: Iterable[Event]) -> Course:
    course = Course()
    for event in events:
        course = after(course, event)
    return course
