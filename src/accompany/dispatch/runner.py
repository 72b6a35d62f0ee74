"""Duty as it runs: presses begun, events appended, and everybody shown what should be shown.

State is derived from the events of a press; appending refuses a taken number, so two attorneys who
answer at once are settled without a lock. Showing again is harmless: a restart calls the same
`show` as an event. Time comes in with every call (milliseconds UTC); `due` says when `tick` has
something to do. Not here: sockets (`web.live`), the call's signals (`calls`), what is due for a
press (`following`), who is next (`attendance`).
"""

from collections.abc import Sequence
from heapq import heappop, heappush

from accompany.dispatch.attendance import Attendance, Shifts
from accompany.dispatch.board import Board, Held
from accompany.dispatch.following import Moment
from accompany.dispatch.ports import Bells, NoBells, Pressed, Presses, Show, Standing
from accompany.dispatch.ringing import (
    Answered,
    CalledBack,
    Declined,
    Dropped,
    Ended,
    Event,
    Extended,
    Joined,
    Promised,
    Ready,
    Resumed,
    Withdrawn,
    after,
    replay,
)
from accompany.dispatch.roster import OnDuty
from accompany.dispatch.rules import Rules
from accompany.errors import Forbidden, Unknown
from accompany.ids import CardSerial, EncounterId

RECENT = 24 * 3_600_000
"""How far back a restart reads what people have done: no wrap-up and no pause is longer."""


class Desk:
    """Everything that is going on; *show* is called with each encounter that may have changed."""

    def __init__(
        self,
        presses: Presses,
        show: Show,
        rules: Rules | None = None,
        bells: Bells | None = None,
        now: int = 0,
    ) -> None:
        self.rules = rules or Rules()
        self.people = Attendance(self.rules)
        self._presses = presses
        self._show = show
        self._bells: Bells = bells or NoBells()
        self._moment = Moment(self.people, now)
        self._open: dict[EncounterId, Held] = {}
        self._due: list[tuple[int, str]] = []
        self._leaving: dict[CardSerial, int] = {}
        self._lost: dict[EncounterId, int] = {}
        self._board = Board()
        self._tickets: set[EncounterId] = set()
        self._moved: dict[CardSerial, None] = {}
        self._stale: dict[EncounterId, None] = {}
        self._changed: dict[EncounterId, None] = {}
        self._recover(now)

    def _recover(self, now: int) -> None:
        """Begin where the last life of this desk ended."""
        unfinished = self._presses.unfinished()
        history: list[tuple[int, EncounterId, int, Event]] = []
        for encounter in dict.fromkeys([*self._presses.recent(now - RECENT), *unfinished]):
            events = self._presses.events(encounter)
            history += [(one.time, encounter, n, one) for n, one in enumerate(events)]
        for time, encounter, _, event in sorted(history, key=lambda one: one[:3]):
            self._hear(time)
            self.people.heard(encounter, event)
        for encounter in self._presses.promised():
            if self._load(encounter).ringing.ticket is not None:
                self._tickets.add(encounter)
        self._stale.update(dict.fromkeys(unfinished))
        self._settle()
        self._changed.clear()

    def _load(self, encounter: EncounterId) -> Held:
        held = self._open.get(encounter)
        if held is None:
            pressed = self._presses.find(encounter)
            if pressed is None:
                raise Unknown("encounter")
            events = self._presses.events(encounter)
            held = Held(pressed, replay(pressed.press.pressed, events), len(events))
            if not held.ringing.over:
                self._open[encounter] = held
                self._stale[encounter] = None
                self._hear(pressed.press.pressed)
        return held

    def standing(self, encounter: EncounterId) -> Standing:
        held = self._load(encounter)
        return Standing(encounter, held.pressed.press, held.ringing, held.loud, held.calling)

    # What people do.

    def begin(self, pressed: Pressed) -> bool:
        """Begin an encounter and show it; False where one with the same secret was begun before.

        Raise Forbidden where the encounter is somebody else's.
        """
        if self._presses.begin(pressed):
            self._hear(pressed.press.pressed)
            self._changed[pressed.encounter] = None
            self._stale[pressed.encounter] = None
            self._settle()
            return True
        if not self.may_return(pressed.encounter, pressed.secret):
            raise Forbidden("this encounter was begun with another secret")
        return False

    def append(self, encounter: EncounterId, event: Event) -> Standing:
        """Append *event* and return what follows; an event that changes nothing is not kept."""
        self._hear(event.time)
        self._keep(encounter, event)
        self._settle()
        return self.standing(encounter)

    def answer(self, encounter: EncounterId, attorney: CardSerial, time: int) -> bool:
        """Return whether this attorney has the press; the first one appended does."""
        held = self._load(encounter)
        press = held.pressed.press
        if not self.people.qualified(attorney, press):
            raise Forbidden(f"an answer needs duty and a license for {press.state}")
        busy = self.people.record(attorney).call
        if held.ringing.open and busy is not None and busy != encounter:
            raise Forbidden("an answer needs the call before to be over")
        return self.append(encounter, Answered(attorney, time)).attorney == attorney

    def join(self, encounter: EncounterId, interpreter: CardSerial, time: int) -> bool:
        """Return whether this interpreter is the third; the first one appended is."""
        press = self._load(encounter).pressed.press
        if not self.people.interprets(interpreter, press):
            raise Forbidden(f"to join needs duty as an interpreter for {press.language}")
        joined = self.append(encounter, Joined(interpreter, time)).ringing.joined
        return joined is not None and joined.interpreter == interpreter

    def decline(self, encounter: EncounterId, attorney: CardSerial, time: int) -> None:
        self.append(encounter, Declined(attorney, time))

    def end(self, encounter: EncounterId, by: str, time: int) -> None:
        answered = self.standing(encounter).attorney is not None
        if answered:
            self.append(encounter, Ended(by, time))
        elif by == "caller":
            self.append(encounter, Withdrawn(time))

    def extend(self, attorney: CardSerial, time: int) -> None:
        """Give somebody in wrap-up as long again, from now."""
        wrapping = self.people.record(attorney).wrapping
        if wrapping is not None:
            self.append(wrapping, Extended(time + self.rules.wrap_up, time))

    def ready(self, attorney: CardSerial, time: int) -> None:
        """Somebody is there: wrap-up and pause are over."""
        record = self.people.record(attorney)
        if record.wrapping is not None:
            self.append(record.wrapping, Ready(time))
        if record.missed_last is not None and record.misses:
            self.append(record.missed_last, Resumed(attorney, time))

    def promise(self, encounter: EncounterId, owner: CardSerial, time: int) -> None:
        """Let somebody own a callback that is owed; its deadline stays."""
        ticket = self.standing(encounter).ringing.ticket
        if ticket is None:
            raise Unknown("callback that is owed")
        self.append(encounter, Promised(owner, ticket.deadline, time))

    def called_back(self, encounter: EncounterId, by: CardSerial, time: int) -> None:
        self.append(encounter, CalledBack(by, time))

    # Coming and going.

    def go_on_duty(self, attorney: OnDuty) -> None:
        self._leaving.pop(attorney.serial, None)
        if attorney.serial not in self.people:
            self._moment.here[attorney.serial] = max(self._moment.now, attorney.since)
        self.people.come(attorney)
        self._moved[attorney.serial] = None
        self._settle()

    def go_off_duty(self, attorney: CardSerial) -> None:
        self._leaving.pop(attorney, None)
        self._moment.here.pop(attorney, None)
        if self.people.go(attorney):
            self._moved[attorney] = None
            self._settle()

    def console_gone(self, attorney: CardSerial, time: int) -> None:
        """The last console of this attorney has closed: duty lasts a while, in case it returns."""
        if attorney in self.people:
            # Whoever loses a call is rung for it after that: they are not off duty yet.
            hold = self.rules.hold if self.people.record(attorney).call else 0
            until = self._leaving[attorney] = time + self.rules.reconnect + hold
            heappush(self._due, (until, ""))

    def line_lost(self, encounter: EncounterId, time: int) -> None:
        """The attorney's seat in a call is empty; the first time that this is said counts."""
        if encounter not in self._lost:
            self._lost[encounter] = time
            heappush(self._due, (time + self.rules.reconnect, encounter))

    def line_back(self, encounter: EncounterId) -> None:
        self._lost.pop(encounter, None)

    def plan(self, shifts: Shifts | None, time: int) -> None:
        """Follow this roster from now on; None: whoever is on duty is on shift."""
        self._hear(time)
        self.people.plan(shifts)
        self._moved.update(dict.fromkeys(person.serial for person in self.people))
        self._settle()

    # Time.

    def due(self) -> int | None:
        """Return when `tick` has something to do next."""
        return self._due[0][0] if self._due else None

    def tick(self, time: int) -> None:
        """Do what is due by the clock: waves, misses, drops, ends of wrap-ups, pauses, shifts."""
        self._hear(time)
        for attorney in [one for one, until in self._leaving.items() if until <= time]:
            self.go_off_duty(attorney)
        while self._due and self._due[0][0] <= self._moment.now:
            name = heappop(self._due)[1]
            if name in self._open:
                self._stale[EncounterId(name)] = None
            elif name in self.people:
                self._moved[CardSerial(name)] = None
        self._settle()

    def _hear(self, time: int) -> None:
        self._moment.now = max(self._moment.now, time)

    # What follows.

    def _keep(self, encounter: EncounterId, event: Event) -> bool:
        """Append *event*, unless it changes nothing; take in what it means for people."""
        while True:
            held = self._load(encounter)
            ringing = after(held.ringing, event)
            if ringing == held.ringing:
                return False
            if self._presses.append(encounter, held.count, event):
                break
            # Somebody was quicker: read what they did and judge again.
            self._unplace(encounter, held)
            self._open.pop(encounter, None)
        # What comes after the end changes nothing that anybody is shown of it.
        if not held.ringing.over:
            self._changed[encounter] = None
        held.ringing, held.count = ringing, held.count + 1
        (self._tickets.add if ringing.ticket else self._tickets.discard)(encounter)
        if isinstance(event, Dropped):
            self._lost.pop(encounter, None)
        if isinstance(event, Promised):
            self._bells.alarm(encounter)
        self._moved.update(dict.fromkeys(sorted(self.people.heard(encounter, event))))
        self._stale[encounter] = None
        return True

    def _settle(self) -> None:
        """Do all that follows, until nothing does; then show what changed."""
        while True:
            while self._stale or self._moved:
                if self._stale:
                    encounter = next(iter(self._stale))
                    del self._stale[encounter]
                    self._advance(encounter)
                else:
                    serial = next(iter(self._moved))
                    del self._moved[serial]
                    self._see_to(serial)
            if not self._surge_changed():
                break
        while self._changed:
            encounter = next(iter(self._changed))
            del self._changed[encounter]
            self._show(self.standing(encounter))

    def _advance(self, encounter: EncounterId) -> None:
        """Append whatever is due for this press now, and see to what rings."""
        held = self._load(encounter)
        while event := self._moment.follows(
            held.ringing, held.pressed.press, self._lost.get(encounter)
        ):
            if not self._keep(encounter, event):
                break
            held = self._load(encounter)
        self._stale.pop(encounter, None)
        self._place(encounter, held)
        if held.ringing.over:
            self._open.pop(encounter, None)
            self._lost.pop(encounter, None)

    def _place(self, encounter: EncounterId, held: Held) -> None:
        """Note what rings where, who waits, and when to look again; ring whoever is new."""
        moment, ringing, before = self._moment, held.ringing, held.rung
        self._unplace(encounter, held)
        wanted = moment.interpreter_wanted(ringing, held.pressed.press)
        held.loud = ringing.loud(moment.free)
        held.calling = ringing.calling(moment.free) if wanted else ()
        if held.rung != before:
            self._changed[encounter] = None
        for one in before:
            # Whoever rang for as many as one may has room for the next that waits.
            if one not in held.rung and len(self.people.rings[one]) == self.rules.rings - 1:
                self._moved[one] = None
        for one in held.rung:
            self.people.rings[one][encounter] = None
            if one not in before:
                self._bells.ring(one, encounter)
        if ringing.over:
            return
        late = ringing.open and moment.now >= ringing.began + self.rules.late
        self._board.put(encounter, held, wanted or moment.short(ringing), late)
        again = moment.next(ringing)
        if again is not None:
            heappush(self._due, (again, encounter))

    def _unplace(self, encounter: EncounterId, held: Held) -> None:
        for one in held.rung:
            self.people.rings[one].pop(encounter, None)
        self._board.take(encounter, held)

    def _see_to(self, serial: CardSerial) -> None:
        """See to everything that hangs on whether somebody is free now."""
        for time in self.people.changes(serial, self._moment.now):
            heappush(self._due, (time, serial))
        rings = self.people.rings[serial]
        for encounter in dict.fromkeys([*rings, *self._board.rung_for(serial)]):
            if encounter in self._open:
                self._advance(encounter)
        if not self._moment.free(serial):
            return
        for encounter in self._board.waiting(self.people.pools_of(serial)):
            if len(rings) >= self.rules.rings:
                return
            if encounter in self._open:
                self._advance(encounter)

    def _surge_changed(self) -> bool:
        """A surge begins when many wait, and ends when nobody waits longer than two waves."""
        waiting = len(self._board.late)
        surge = waiting > 0 if self.people.surge else waiting >= self.rules.surge_waiting
        if surge == self.people.surge:
            return False
        self.people.surge = surge
        self._bells.surge(surge)
        self._moved.update(dict.fromkeys(person.serial for person in self.people))
        return True

    # Showing.

    @property
    def on_duty(self) -> int:
        """How many people are on duty."""
        return len(self.people)

    def is_on_duty(self, attorney: CardSerial) -> bool:
        return attorney in self.people

    def names(self, serials: Sequence[CardSerial]) -> list[str]:
        people = [self.people.person(one) for one in serials]
        return [one.name for one in people if one is not None]

    def open_standings(self) -> list[Standing]:
        return [self.standing(encounter) for encounter in list(self._open)]

    def owed(self) -> list[Standing]:
        """Return the encounters that somebody has to be called back for, the most urgent first."""
        found = [self.standing(encounter) for encounter in self._tickets]
        return sorted(found, key=lambda one: one.ringing.promised.deadline)  # type: ignore[union-attr]

    def show(self, encounter: EncounterId) -> None:
        self._show(self.standing(encounter))

    def cases(self, attorney: CardSerial) -> list[Standing]:
        """Return the encounters this attorney answered, newest first."""
        standings = [self.standing(one) for one in self._presses.answered_by(attorney)]
        return sorted(standings, key=lambda one: one.press.pressed, reverse=True)

    def may_return(self, encounter: EncounterId, secret: bytes) -> bool:
        return self._load(encounter).pressed.secret == secret
