"""Who is on duty, who of them is free, and who is next for a press. No clock: time comes in.

Found by pools (a state, a language interpreted), so that a press looks only at those who could take
it. Not here: what rings (`runner` and `ringing`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from heapq import nsmallest
from typing import Protocol

from accompany.dispatch.duty import FRESH, Record, record_after
from accompany.dispatch.ringing import (
    Answered,
    Declined,
    Dropped,
    Ended,
    Event,
    Extended,
    Joined,
    Missed,
    Ready,
    Resumed,
)
from accompany.dispatch.roster import Fit, OnDuty, Press, fit, pools, pools_for, qualified
from accompany.dispatch.rules import Rules
from accompany.ids import CardSerial, EncounterId


class Shifts(Protocol):
    """Who is on shift: a roster as it was imported (`shifts`)."""

    def refine(self, person: OnDuty) -> OnDuty:
        """Return the person with what the roster says of them: role, areas, licenses."""

    def on_shift(self, person: OnDuty, now: int) -> tuple[bool, int | None]:
        """Whether they are on shift at *now*, and until when that stays so."""

    def volunteers(self, person: OnDuty) -> bool:
        """Whether they may be rung off shift, in a surge."""


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
        self._shifts: Shifts | None = None
        self._shift: dict[CardSerial, tuple[bool, int | None]] = {}

    # Coming and going.

    def come(self, stated: OnDuty) -> None:
        """Put somebody on duty; whoever already was keeps since when."""
        known = self._people.get(stated.serial)
        self.go(stated.serial)
        stated = replace(stated, since=known.since if known else stated.since)
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
            self.come(stated)

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
        match event:
            case Answered(who, _) | Joined(who, _):
                about = {who}
                self._leave_wrap_up(who)
                self._in_call[encounter].add(who)
            case Declined(who, _) | Missed(who, _) | Resumed(who, _):
                about = {who}
            case Dropped():
                about = self._in_call.pop(encounter, set())
            case Ended() | Extended() | Ready():
                about = self._in_call.get(encounter, set())
            case _:
                return set()
        for one in about:
            self._records[one] = record_after(self.record(one), encounter, event, self.rules)
            self._busy.pop(one, None)
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

    def free(self, serial: CardSerial, now: int) -> bool:
        """Whether somebody may be rung now: on duty, on shift, not busy, not paused."""
        person = self._people.get(serial)
        if person is None:
            return False
        busy = self._busy.get(serial)
        if busy is None:
            busy = self._busy[serial] = self.record(serial).busy_until(self.rules, self._surge)
        if busy > now:
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

    # Who is next.

    def qualified(self, serial: CardSerial, press: Press) -> bool:
        person = self._people.get(serial)
        return person is not None and qualified(person, press, self.rules)

    def interprets(self, serial: CardSerial, press: Press) -> bool:
        return f"interpreter {press.language}" in self.pools_of(serial)

    def speaks(self, serial: CardSerial, language: str) -> bool:
        person = self._people.get(serial)
        return person is not None and language in person.languages

    def line(
        self, press: Press, now: int, without: Collection[CardSerial], count: int
    ) -> tuple[CardSerial, ...]:
        """Return the next *count* for a press, best fit first."""
        return self._next(pools_for(press), press, now, without, count)

    def interpreters(
        self, press: Press, now: int, without: Collection[CardSerial], count: int
    ) -> tuple[CardSerial, ...]:
        return self._next((f"interpreter {press.language}",), press, now, without, count)

    def owner(self, press: Press) -> CardSerial:
        """Return who should call back: the best fit of all on duty, busy or not; else nobody."""
        people = dict.fromkeys(one for pool in pools_for(press) for one in self._pools[pool])
        best = min((self._fit(one, press) for one in people), default=None)
        return CardSerial(best[-1]) if best else CardSerial("")

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
