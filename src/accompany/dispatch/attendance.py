"""Who is on duty, who of them is free, and who is next for a press. No clock: time comes in.

Found by pools (a state, a language interpreted), so that a press looks only at those who could take
it. Not here: what rings (`runner` and `ringing`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import nsmallest
from typing import Protocol

from accompany.dispatch.duty import FRESH, Record, record_after
from accompany.dispatch.events import (
    Answered,
    Beside,
    Briefed,
    Conflicted,
    Declined,
    Dropped,
    Ended,
    Event,
    Extended,
    Handed,
    Hushed,
    Joined,
    Missed,
    Parted,
    Ready,
    Remained,
    Resumed,
    Supporting,
    Withdrawn,
)
from accompany.dispatch.roster import (
    SUPPORT,
    Fit,
    OnDuty,
    Press,
    fit,
    pools,
    pools_for,
    qualified,
)
from accompany.dispatch.rules import Rules
from accompany.dispatch.shifts import Member
from accompany.ids import CardSerial, EncounterId


class Shifts(Protocol):
    """Who is on shift: a roster as it was imported (`shifts`)."""

    def refine(self, person: OnDuty) -> OnDuty:
        """Return the person with what the roster says of them: role, areas, licenses."""

    def on_shift(self, person: OnDuty, now: int) -> tuple[bool, int | None]:
        """Whether they are on shift at *now*, and until when that stays so."""

    def volunteers(self, person: OnDuty) -> bool:
        """Whether they may be rung off shift, in a surge."""

    def on_call(self, person: OnDuty, now: int) -> int | None:
        """Until when they are on call, if they are at *now*; at the console is something else."""

    def called(self, now: int) -> Sequence[tuple[Member, int]]:
        """Return who is on call at *now*, and until when."""

    def to_call_in(self) -> Sequence[CardSerial]:
        """Return the cards of all who may be called in a surge."""


class Attendance:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._surge = False
        self.rings: dict[CardSerial, dict[EncounterId, None]] = defaultdict(dict)
        """For which presses somebody's console rings now."""
        self._people: dict[CardSerial, OnDuty] = {}
        self._stated: dict[CardSerial, OnDuty] = {}
        self._records: dict[CardSerial, Record] = {}
        self._busy: dict[CardSerial, int] = {}
        self._pools: dict[str, dict[CardSerial, None]] = defaultdict(dict)
        self._in_call: dict[EncounterId, set[CardSerial]] = defaultdict(set)
        self._hears: dict[EncounterId, CardSerial] = {}
        self._speaks: dict[CardSerial, set[EncounterId]] = defaultdict(set)
        """Who speaks to which callers that wait."""
        self._shifts: Shifts | None = None
        self._shift: dict[CardSerial, tuple[bool, int | None]] = {}

    # Coming and going.

    def come(self, stated: OnDuty) -> bool:
        """Put somebody on duty, who keeps since when if they were; False if it says nothing new."""
        known = self._people.get(stated.serial)
        stated = replace(stated, since=known.since if known else stated.since)
        if stated == self._stated.get(stated.serial):
            return False
        self._put(stated)
        return True

    def _put(self, stated: OnDuty) -> None:
        self.go(stated.serial)
        person = self._shifts.refine(stated) if self._shifts else stated
        self._stated[person.serial] = stated
        self._people[person.serial] = person
        for pool in pools(person, self.rules):
            self._pools[pool][person.serial] = None

    def go(self, serial: CardSerial) -> bool:
        person = self._people.pop(serial, None)
        if person is None:
            return False
        del self._stated[serial]
        self._shift.pop(serial, None)
        for pool in pools(person, self.rules):
            del self._pools[pool][serial]
        return True

    def plan(self, shifts: Shifts | None) -> None:
        """From now on it is this roster that says who is on shift; None: whoever is on duty."""
        self._shifts = shifts
        for stated in list(self._stated.values()):
            self._put(stated)

    def __len__(self) -> int:
        return len(self._people)

    def __contains__(self, serial: object) -> bool:
        return serial in self._people

    def __iter__(self) -> Iterator[OnDuty]:
        return iter(list(self._people.values()))

    def person(self, serial: CardSerial) -> OnDuty | None:
        return self._people.get(serial)

    def record(self, serial: CardSerial) -> Record:
        return self._records.get(serial, FRESH)

    def pools_of(self, serial: CardSerial) -> list[str]:
        person = self._people.get(serial)
        return pools(person, self.rules) if person else []

    # What happened to them.

    def heard(self, encounter: EncounterId, event: Event) -> set[CardSerial]:
        """Take in what happened; return whom it is about."""
        return self._spoken(encounter, event) | self._done(encounter, event)

    def _spoken(self, encounter: EncounterId, event: Event) -> set[CardSerial]:
        """Take in who speaks to callers that wait; return who began or ended that."""
        if not self._hears and not isinstance(event, Briefed):
            return set()
        speaker = self._hears.get(encounter)
        match event:
            case Briefed(who):
                self._hears[encounter] = who
                self._speaks[who].add(encounter)
                return {who}
            case Answered() | Withdrawn() | Hushed() if speaker:
                pass
            case Conflicted(who) if who == speaker:
                pass
            case _:
                return set()
        del self._hears[encounter]
        self._speaks[speaker].discard(encounter)
        if not self._speaks[speaker]:
            del self._speaks[speaker]
        return {speaker}

    def _done(self, encounter: EncounterId, event: Event) -> set[CardSerial]:
        match event:
            case Answered(who, _) | Joined(who, _) | Supporting(who, _) | Beside(who, _, True):
                about = {who}
                self._leave_wrap_up(who)
                self._in_call[encounter].add(who)
            case Declined(who, _) | Missed(who, _) | Resumed(who, _):
                about = {who}
            case Parted(who, _) | Remained(who, _) | Handed(who, _, _):
                about = {who}
                self._in_call[encounter].discard(who)
            case Conflicted(who, _):
                # Whoever had the call: it is over for the interpreter beside them as well.
                had = who in self._in_call.get(encounter, ())
                about = self._in_call.pop(encounter) if had else {who}
            case Extended(_, _, who) | Ready(_, who) if who:
                about = {who}
            case Dropped() | Withdrawn():
                about = self._in_call.pop(encounter, set())
            case Ended() | Extended() | Ready():
                about = set(self._in_call.get(encounter, ()))
            case _:
                return set()
        for one in about:
            self._records[one] = record_after(self.record(one), encounter, event, self.rules)
            self._busy.pop(one, None)
            if isinstance(event, Ended) and self.record(one).wrapping != encounter:
                self._in_call[encounter].discard(one)
        return about

    def _leave_wrap_up(self, serial: CardSerial) -> None:
        """What came before the next call can change no more."""
        before = self.record(serial).wrapping
        self._in_call.get(before or EncounterId(""), set()).discard(serial)
        if before is not None and not self._in_call.get(before):
            self._in_call.pop(before, None)

    @property
    def surge(self) -> bool:
        """Whether it is a surge: shorter wrap-ups, volunteers."""
        return self._surge

    @surge.setter
    def surge(self, surge: bool) -> None:
        self._surge = surge
        self._busy.clear()

    def called_in(self) -> list[CardSerial]:
        """Return whom a surge calls: volunteers who are not on duty; nobody where there is none."""
        volunteers = self._shifts.to_call_in() if self._shifts and self._surge else ()
        return [one for one in volunteers if one not in self._people]

    def summoned(self, coordinators: Sequence[OnDuty], now: int) -> list[CardSerial]:
        """Return which coordinators to ring: those on shift, or all where none of them is."""
        shifts = self._shifts
        here = [one for one in coordinators if shifts is None or shifts.on_shift(one, now)[0]]
        return [one.serial for one in here or coordinators]

    # Who is free.

    def shift(self, serial: CardSerial, now: int) -> tuple[bool, int | None]:
        """Whether somebody on duty is on shift, and until when that stays so."""
        if self._shifts is None:
            return True, None
        known = self._shift.get(serial)
        if known is None or (known[1] is not None and known[1] <= now):
            known = self._shifts.on_shift(self._people[serial], now)
            self._shift[serial] = known
        return known

    def called(self, now: int) -> Sequence[tuple[Member, int]]:
        """Return who is on call at *now* by the roster, and until when."""
        return self._shifts.called(now) if self._shifts else ()

    def on_call_until(self, serial: CardSerial, now: int) -> int | None:
        """Until when somebody on duty is on call by the roster."""
        person = self._people.get(serial)
        return self._shifts.on_call(person, now) if self._shifts and person else None

    def free(self, serial: CardSerial, now: int) -> bool:
        """Whether somebody may be rung now: on duty, on shift, not busy, not paused."""
        person = self._people.get(serial)
        if person is None:
            return False
        busy = self._busy.get(serial)
        if busy is None:
            busy = self._busy[serial] = self.record(serial).busy_until(self.rules, self._surge)
        if busy > now or serial in self._speaks:
            return False
        if self._shifts is None or self.shift(serial, now)[0]:
            return True
        return self._surge and self._shifts.volunteers(person)

    def changes(self, serial: CardSerial, now: int) -> list[int]:
        """Return when the clock alone changes whether somebody is free."""
        if serial not in self._people:
            return []
        record = self.record(serial)
        times = (
            record.wrap_up_until(self.rules, self.surge),
            record.paused_until(self.rules),
            self.shift(serial, now)[1] or 0,
        )
        return [time for time in times if time > now]

    # Who speaks to many.

    @property
    def briefing(self) -> bool:
        """Whether anybody does."""
        return bool(self._speaks)

    def listeners(self, serial: CardSerial) -> list[EncounterId]:
        """Return to which callers somebody speaks now."""
        return sorted(self._speaks.get(serial, ()))

    def may_brief(self, serial: CardSerial, press: Press) -> bool:
        """Whether somebody on duty may speak to this caller, and is understood."""
        return self.speaks(serial, press.language) and self.qualified(serial, press)

    def speaker(self, press: Press, without: Collection[CardSerial]) -> CardSerial | None:
        """Return who speaks to others already and could to this caller: whoever does to fewest."""
        found = (
            (len(to), one)
            for one, to in self._speaks.items()
            if len(to) < self.rules.briefing and one not in without and self.may_brief(one, press)
        )
        return min(found, default=(0, None))[1]

    # Who is next.

    def qualified(self, serial: CardSerial, press: Press) -> bool:
        person = self._people.get(serial)
        return person is not None and qualified(person, press, self.rules)

    def interprets(self, serial: CardSerial, language: str) -> bool:
        return f"interpreter {language}" in self.pools_of(serial)

    def supports(self, serial: CardSerial) -> bool:
        return SUPPORT in self.pools_of(serial)

    def speaks(self, serial: CardSerial, language: str) -> bool:
        person = self._people.get(serial)
        return person is not None and language in person.languages

    def line(
        self,
        press: Press,
        now: int,
        without: Collection[CardSerial],
        count: int,
        partners: bool = False,
    ) -> tuple[CardSerial, ...]:
        """Return the next *count* for a press, best fit first; *partners*: others' people too."""
        return self._next(pools_for(press, partners), press, now, without, count)

    def interpreters(
        self, press: Press, now: int, without: Collection[CardSerial], count: int
    ) -> tuple[CardSerial, ...]:
        return self._next((f"interpreter {press.language}",), press, now, without, count)

    def responders(
        self, press: Press, now: int, without: Collection[CardSerial], count: int
    ) -> tuple[CardSerial, ...]:
        return self._next((SUPPORT,), press, now, without, count)

    def owner(self, press: Press, without: Collection[CardSerial] = ()) -> CardSerial:
        """Return who should call back: the best fit of all on duty, busy or not; else nobody."""
        best = next(iter(self.fitting(press, without)), None)
        return CardSerial("") if best is None else best

    def fitting(self, press: Press, without: Collection[CardSerial] = ()) -> list[CardSerial]:
        """Return all on duty who may advise there, busy or not, best fit first."""
        people = dict.fromkeys(one for pool in pools_for(press) for one in self._pools[pool])
        fits = sorted(self._fit(one, press) for one in people if one not in without)
        return [CardSerial(found[-1]) for found in fits]

    def _next(
        self,
        names: Iterable[str],
        press: Press,
        now: int,
        without: Collection[CardSerial],
        count: int,
    ) -> tuple[CardSerial, ...]:
        fits = [
            self._fit(one, press)
            for one in dict.fromkeys(one for name in names for one in self._pools.get(name, ()))
            if self.free(one, now)
            and one not in without
            and len(self.rings.get(one, ())) < self.rules.rings
        ]
        return tuple(CardSerial(found[-1]) for found in nsmallest(count, fits))

    def _fit(self, serial: CardSerial, press: Press) -> Fit:
        rings = len(self.rings.get(serial, ()))
        return fit(self._people[serial], press, self.record(serial), rings, self.rules.matter)
