"""Ringing for one press: what stands after its events, and what should ring now.

    Pressed ─ ringing ─ Answered ─ connected ─ Ended ─ wrap-up
                │  ▲                   │
                │  └───── Dropped ─────┘  the same attorney first, then everybody
                ├ Promised: the last wave is over, a person owes a callback; it rings on
                └ Withdrawn: the caller let go before an answer

A colleague takes a case over, in the call or after it: Handing (rung), Beside (accepted; in a call,
in it as well), Arrived (sound and picture), Handed. Conflicted: not this attorney; others at once.

Nobody is told "you ring": `width` says how many consoles should ring at a moment, wave by wave, and
whoever is missing from that (declined, gone, busy elsewhere) is made up by the next in line. So a
restart loses no ring. Nothing here rings, waits or looks at a clock. Times are milliseconds UTC.
Not here: what follows from each event (`replaying`), who is free (`attendance`), who is next
(`roster`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from accompany.dispatch.events import (
    Aftermath,
    Answered,
    Briefed,
    CalledBack,
    Concluded,
    Ended,
    Heard,
    Invited,
    Joined,
    Promised,
    Supporting,
    Withdrawn,
)
from accompany.dispatch.rules import Rules
from accompany.ids import CardSerial

EVERYBODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Hand:
    """A hand-over on its way from *by* to *to*."""

    by: CardSerial
    to: CardSerial
    since: int
    accepted: bool = False
    calling: bool = False
    """Whether the colleague came into the call."""
    arrived: bool = False


@dataclass(frozen=True, slots=True)
class Ringing:
    began: int = 0
    """When the waves began: the press, or the end of the hold after a dropped call."""
    rung: Mapping[CardSerial, int] = field(default_factory=dict)
    """Who was rung, since when; in the order of the line."""
    called: Mapping[CardSerial, int] = field(default_factory=dict)
    sought: Mapping[CardSerial, int] = field(default_factory=dict)
    """Which responders were rung, since when."""
    declined: frozenset[CardSerial] = frozenset()
    missed: frozenset[CardSerial] = frozenset()
    answered: Answered | None = None
    last: Answered | None = None
    """The last who answered, also after the call dropped."""
    joined: Joined | None = None
    supporting: Supporting | None = None
    """The responder who is with the caller: in the third seat, as an interpreter would be."""
    briefed: Briefed | None = None
    """Who speaks to this caller and to others who wait, all at once."""
    invited: Invited | None = None
    """The last time that an interpreter was asked for by hand, since nobody has come."""
    parted: bool = False
    """Whether an interpreter was there and left: the next is rung only by hand."""
    heard: Heard | None = None
    returns: int = 0
    """How often a line came back; counted up to `RETURNS`."""
    promised: Promised | None = None
    called_back: CalledBack | None = None
    ended: Withdrawn | Ended | None = None
    conflicted: frozenset[CardSerial] = frozenset()
    """Who may not help this caller: never rung again, has no case."""
    hand: Hand | None = None
    before: frozenset[CardSerial] = frozenset()
    """Who had the case and handed it over."""
    owing: frozenset[CardSerial] = frozenset()
    """Whose line went before they sealed the recordings' keys to who has the case."""
    concluded: Concluded | None = None
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

    def tongue(self, pressed: str) -> str:
        """Return for which language an interpreter is wanted: by hand, or as it was *pressed*."""
        return self.invited.language if self.invited else pressed

    def calling_width(self, now: int, rules: Rules) -> int:
        """Return how many interpreters should ring at *now*: waves as for attorneys."""
        return _width_since(self.called, now, rules)

    def seeking_width(self, now: int, rules: Rules) -> int:
        """Return how many responders should ring at *now*: waves as for attorneys."""
        return _width_since(self.sought, now, rules)

    def support_due(self, now: int, rules: Rules) -> bool:
        """Whether somebody should stay with the caller until an attorney answers."""
        after, taken = rules.support_after, self.joined or self.supporting
        return self.open and not taken and after is not None and now >= self.began + after

    def partners_due(self, now: int, rules: Rules) -> bool:
        """Whether partner organizations are rung as well: the last wave has brought nobody."""
        after = rules.partners_after
        return self.open and after is not None and now >= self.began + after

    def alarming(self, now: int, rules: Rules) -> bool:
        """Whether the last wave is due: a person at the organization must act."""
        return self.open and self.promised is None and now >= self.began + rules.alarm

    def boundary(self, now: int, rules: Rules) -> int | None:
        """Return when the clock alone changes something next."""
        times: list[int] = []
        if self.open:
            times += (self.began, *(self.began + wave * rules.wave for wave in (1, 2, 3)))
        for rung in (
            self.called if not self.over and not self.joined else {},
            self.sought if self.open and not self.supporting else {},
        ):
            if rung:
                first = min(rung.values())
                times += (first + rules.wave, first + 2 * rules.wave)
        return min((time for time in times if time > now), default=None)

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

    def seeking(self, free: Callable[[CardSerial], bool]) -> tuple[CardSerial, ...]:
        """Which responders should be ringing now."""
        if not self.open or self.joined or self.supporting:
            return ()
        return tuple(one for one in self.sought if one not in self.declined and free(one))

    @property
    def third(self) -> CardSerial | None:
        """Who sits third: the interpreter, or the responder."""
        if self.joined is not None:
            return self.joined.interpreter
        return self.supporting.responder if self.supporting else None

    @property
    def speaker(self) -> CardSerial | None:
        """Who speaks to the caller while nobody has answered."""
        return self.briefed.attorney if self.briefed is not None and self.open else None

    def briefing_due(self, now: int, rules: Rules) -> bool:
        """Whether the caller has waited long enough to be spoken to among others."""
        return self.open and self.briefed is None and now >= self.began + rules.late

    @property
    def was_called(self) -> bool:
        """Whether there was a call, and it is over."""
        return isinstance(self.ended, Ended)

    @property
    def ended_by(self) -> str | None:
        match self.ended:
            case None:
                return None
            case Withdrawn():
                return "caller"
            case Ended(by, _):
                return by


def _width_since(rung: Mapping[CardSerial, int], now: int, rules: Rules) -> int:
    waves = (now - min(rung.values(), default=now)) // rules.wave
    return rules.width * (waves + 1) if waves < 2 else EVERYBODY
