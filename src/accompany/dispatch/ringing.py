"""Ringing for one press, as a pure state machine: events in, what should ring now out.

    Pressed ─ ringing ─ Answered ─ connected ─ Ended
                  │
                  └ Withdrawn: the caller let go before an answer

Everybody qualified and on duty is rung at once; somebody who comes on duty later is rung as well.
Nothing here rings, waits or looks at a clock, so any night on duty can be replayed.
Not here: waves by the clock, misses, wrap-up (a later issue).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import assert_never

from accompany.ids import CardSerial


@dataclass(frozen=True, slots=True)
class Answered:
    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Declined:
    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The caller let go."""

    time: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over; *by* is `caller` or `attorney`."""

    by: str
    time: int


Event = Answered | Declined | Withdrawn | Ended


@dataclass(frozen=True, slots=True)
class Ringing:
    declined: frozenset[CardSerial] = field(default_factory=frozenset)
    answered: Answered | None = None
    ended: Withdrawn | Ended | None = None

    @property
    def over(self) -> bool:
        return self.ended is not None

    @property
    def open(self) -> bool:
        """Whether somebody may still answer."""
        return not self.over and self.answered is None

    def loud(self, line: Iterable[CardSerial]) -> tuple[CardSerial, ...]:
        """Whose consoles should be ringing now, of those in *line*."""
        return tuple(one for one in line if self.open and one not in self.declined)

    def stage(self, line: Iterable[CardSerial]) -> str:
        """ringing, unanswered (nobody is left to ring), answered or ended."""
        if self.over:
            return "ended"
        if self.answered is not None:
            return "answered"
        return "ringing" if self.loud(line) else "unanswered"

    @property
    def ended_by(self) -> str | None:
        match self.ended:
            case None:
                return None
            case Withdrawn():
                return "caller"
            case Ended(by, _):
                return by


def after(ringing: Ringing, event: Event) -> Ringing:
    """Return what follows from *event*; once it is over, nothing more does."""
    if ringing.over:
        return ringing
    match event:
        case Answered():
            # The first one appended wins; a late answer still counts: someone waits for a voice.
            return replace(ringing, answered=event) if ringing.answered is None else ringing
        case Declined(attorney):
            if ringing.answered is not None:
                return ringing
            return replace(ringing, declined=ringing.declined | {attorney})
        case Withdrawn():
            return replace(ringing, ended=event)
        case Ended():
            return replace(ringing, ended=event) if ringing.answered else ringing
        case _:
            assert_never(event)


def replay(events: Iterable[Event]) -> Ringing:
    ringing = Ringing()
    for event in events:
        ringing = after(ringing, event)
    return ringing
