"""Ringing for one press, as a pure state machine: events in, what should ring now out.

    Pressed ─ ringing ─ Answered ─ connected ─ Ended ─ wrap-up
                │  ▲                   │
                │  └───── Dropped ─────┘  the same attorney first, then everybody
                ├ Promised: the last wave is over, a person owes a callback; it rings on
                └ Withdrawn: the caller let go before an answer

Nobody is told "you ring": `width` says how many consoles should ring at a moment, wave by wave, and
whoever is missing from that (declined, gone, busy elsewhere) is made up by the next in line. So a
restart loses no ring. Nothing here rings, waits or looks at a clock, so any night on duty can be
replayed. Times are milliseconds UTC. Not here: who is free, who is next (`attendance`, `roster`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from accompany.dispatch.rules import Rules
from accompany.ids import CardSerial

EVERYBODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Rung:
    """These, too, are rung from now on."""

    people: tuple[CardSerial, ...]
    time: int


@dataclass(frozen=True, slots=True)
class Called:
    """These interpreters are rung beside the attorneys."""

    people: tuple[CardSerial, ...]
    time: int


@dataclass(frozen=True, slots=True)
class Answered:
    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Joined:
    """An interpreter comes in as the third."""

    interpreter: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Declined:
    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Rung for long enough, and no word."""

    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """The attorney's line did not come back; *until* then only the same attorney is rung."""

    until: int
    time: int


@dataclass(frozen=True, slots=True)
class Promised:
    """A callback ticket: its owner is a person, or `` for the coordinator."""

    owner: CardSerial
    deadline: int
    time: int


@dataclass(frozen=True, slots=True)
class CalledBack:
    by: CardSerial
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


@dataclass(frozen=True, slots=True)
class Extended:
    """After the call: its attorney needs until then."""

    until: int
    time: int


@dataclass(frozen=True, slots=True)
class Ready:
    """After the call: its attorney takes presses again."""

    time: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Somebody who missed this press says: I am here."""

    attorney: CardSerial
    time: int


Aftermath = Extended | Ready | Resumed
Event = (
    Rung
    | Called
    | Answered
    | Joined
    | Declined
    | Missed
    | Dropped
    | Promised
    | CalledBack
    | Withdrawn
    | Ended
    | Aftermath
)


@dataclass(frozen=True, slots=True)
class Ringing:
    began: int = 0
    """When the waves began: the press, or the end of the hold after a dropped call."""
    rung: Mapping[CardSerial, int] = field(default_factory=dict)
    """Who was rung, since when; in the order of the line."""
    called: Mapping[CardSerial, int] = field(default_factory=dict)
    declined: frozenset[CardSerial] = frozenset()
    missed: frozenset[CardSerial] = frozenset()
    answered: Answered | None = None
    last: Answered | None = None
    """The last who answered, also after the call dropped."""
    joined: Joined | None = None
    promised: Promised | None = None
    called_back: CalledBack | None = None
    ended: Withdrawn | Ended | None = None
    aftermath: tuple[Aftermath, ...] = ()

    @property
    def over(self) -> bool:
        return self.ended is not None

    @property
    def open(self) -> bool:
        """Whether somebody may still answer."""
        return not self.over and self.answered is None

    @property
    def ticket(self) -> Promised | None:
        """The callback that is owed; an answer pays it, the caller's letting go does not."""
        return None if self.called_back else self.promised

    def width(self, now: int, rules: Rules) -> int:
        """Return how many consoles should ring at *now*, if there are so many."""
        waves = max(0, now - self.began) // rules.wave
        return rules.width * (waves + 1) if waves < 2 else EVERYBODY

    def held_for(self, now: int) -> CardSerial | None:
        """Return who alone is rung at *now*, after a dropped call."""
        return self.last.attorney if self.last and self.open and now < self.began else None

    def alarming(self, now: int, rules: Rules) -> bool:
        """Whether the last wave is due: a person at the organization must act."""
        return self.open and self.promised is None and now >= self.began + rules.alarm

    def boundary(self, now: int, rules: Rules) -> int | None:
        """Return when the clock alone changes something next."""
        if not self.open:
            return None
        times = (self.began, *(self.began + wave * rules.wave for wave in (1, 2, 3)))
        return next((time for time in times if time > now), None)

    def loud(self, free: Callable[[CardSerial], bool]) -> tuple[CardSerial, ...]:
        """Whose consoles should be ringing now, of those rung; *free* says who can be."""
        if not self.open:
            return ()
        return tuple(one for one in self.rung if one not in self.declined and free(one))

    def calling(self, free: Callable[[CardSerial], bool]) -> tuple[CardSerial, ...]:
        """Which interpreters should be ringing now."""
        if self.over or self.joined:
            return ()
        return tuple(one for one in self.called if one not in self.declined and free(one))

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
    """Return what follows from *event*; once it is over, only what comes after a call does."""
    match event:
        case CalledBack():
            return replace(ringing, called_back=event) if ringing.ticket else ringing
        case Promised():
            # A ticket changes hands, but is not made anew once it is over.
            allowed = ringing.open if ringing.ticket is None else True
            return replace(ringing, promised=event) if allowed else ringing
        case Extended() | Ready():
            called = isinstance(ringing.ended, Ended) and event.time >= ringing.ended.time
            return _noted(ringing, event) if called else ringing
        case Resumed(attorney):
            return _noted(ringing, event) if attorney in ringing.missed else ringing
        case _:
            return ringing if ringing.over else _meanwhile(ringing, event)


def _meanwhile(ringing: Ringing, event: Event) -> Ringing:
    match event:
        case Rung(people, time):
            fresh = {one: time for one in people if one not in ringing.rung}
            if not ringing.open or not fresh:
                return ringing
            return replace(ringing, rung={**ringing.rung, **fresh})
        case Called(people, time):
            fresh = {one: time for one in people if one not in ringing.called}
            if ringing.joined or not fresh:
                return ringing
            return replace(ringing, called={**ringing.called, **fresh})
        case Answered():
            # The first one appended wins; a late answer still counts: someone waits for a voice.
            if ringing.answered:
                return ringing
            return replace(ringing, answered=event, last=event, promised=None)
        case Joined():
            return ringing if ringing.joined else replace(ringing, joined=event)
        case Declined(attorney, time):
            if (not ringing.open and attorney not in ringing.called) or attorney in (
                ringing.declined
            ):
                return ringing
            # The one who alone was rung says no: nobody else has to wait for that.
            held = ringing.held_for(time) == attorney
            began = time if held else ringing.began
            return replace(ringing, declined=ringing.declined | {attorney}, began=began)
        case Missed(attorney):
            if not ringing.open or attorney not in ringing.rung:
                return ringing
            return replace(ringing, missed=ringing.missed | {attorney})
        case Dropped(until):
            if ringing.answered is None:
                return ringing
            return replace(
                ringing, began=until, answered=None, rung={}, declined=frozenset(),
                missed=frozenset(), joined=None, called={},
            )  # fmt: skip
        case Withdrawn():
            return replace(ringing, ended=event) if ringing.answered is None else ringing
        case Ended():
            return replace(ringing, ended=event) if ringing.answered else ringing
        case Promised() | CalledBack() | Extended() | Ready() | Resumed():
            return after(ringing, event)
        case _:
            assert_never(event)


def _noted(ringing: Ringing, event: Aftermath) -> Ringing:
    if event in ringing.aftermath:
        return ringing
    return replace(ringing, aftermath=(*ringing.aftermath, event))


def replay(pressed: int, events: Iterable[Event]) -> Ringing:
    ringing = Ringing(pressed)
    for event in events:
        ringing = after(ringing, event)
    return ringing
