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
from accompany.dispatch.doing import Doing
from accompany.dispatch.events import Briefed, Dropped, Event, Handed, Hushed, Promised
from accompany.dispatch.following import Moment
from accompany.dispatch.looks import Looks, concerned
from accompany.dispatch.ports import Bells, NoBells, Pressed, Presses, Show, Standing
from accompany.dispatch.replaying import after, replay
from accompany.dispatch.roster import OnDuty
from accompany.dispatch.rules import Rules
from accompany.dispatch.tickets import Tickets
from accompany.errors import Forbidden, Unknown
from accompany.ids import CardSerial, EncounterId

RECENT = 24 * 3_600_000
"""How far back a restart reads what people have done: no wrap-up and no pause is longer."""


class Desk(Doing):
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
        # What became due before it began is kept; nobody is there yet to be shown it.
        self._show: Show = lambda standing: None
        self._bells: Bells = bells or NoBells()
        self._moment = Moment(self.people, now)
        self._open: dict[EncounterId, Held] = {}
        self._over: dict[EncounterId, Held] = {}
        """What ended by the last event, so that showing it does not read it again."""
        self._due: list[tuple[int, str]] = []
        self._leaving: dict[CardSerial, int] = {}
        self._lost: dict[EncounterId, int] = {}
        self._board = Board()
        self._tickets = Tickets()
        self.settled = 0
        """How often anything was kept: figures of the same number are the same."""
        self._moved: dict[CardSerial, None] = {}
        self._stale: dict[EncounterId, None] = {}
        self._changed: dict[EncounterId, None] = {}
        self.looks = Looks()
        """Whose console may have something new to show."""
        self._recover(now)
        self._show = show

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
            self._tickets.note(encounter, event, owed=False)
        for encounter in self._presses.promised():
            if self._load(encounter).ringing.ticket is not None:
                self._tickets.owed.add(encounter)
        self._tickets.owing.update(dict.fromkeys(self._presses.owing()))
        self._stale.update(dict.fromkeys(unfinished))
        self._settle()

    def _load(self, encounter: EncounterId) -> Held:
        held = self._open.get(encounter) or self._over.get(encounter)
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
        self._over.clear()
        self._keep(encounter, event)
        self._settle()
        standing = self.standing(encounter)
        self._over.clear()
        return standing

    def append_all(self, events: Sequence[tuple[EncounterId, Event]]) -> None:
        self._over.clear()
        for encounter, event in events:
            self._hear(event.time)
            self._keep(encounter, event)
        self._settle()
        self._over.clear()

    # Coming and going.

    def go_on_duty(self, attorney: OnDuty) -> None:
        self._leaving.pop(attorney.serial, None)
        if attorney.serial not in self.people:
            self._moment.here[attorney.serial] = max(self._moment.now, attorney.since)
        # A console says it again to hear whether anybody is there: nobody else need look at that.
        if self.people.come(attorney):
            self._turned(attorney.serial)

    def go_off_duty(self, attorney: CardSerial) -> None:
        self._leaving.pop(attorney, None)
        self._moment.here.pop(attorney, None)
        self.hush(attorney, self._moment.now)
        if self.people.go(attorney):
            self._turned(attorney)

    def _turned(self, attorney: CardSerial) -> None:
        self._moved[attorney] = None
        # Others are told the names of those on duty who own a callback, or hand a case over.
        self.looks.everybody |= bool(self._tickets.owed or self._tickets.handing)
        self._settle()

    def console_gone(self, attorney: CardSerial, time: int) -> None:
        """The last console of this attorney has closed: duty lasts a while, in case it returns."""
        if attorney in self.people:
            # Whoever loses a call is rung for it after that: they are not off duty yet.
            hold = self.rules.hold if self.people.record(attorney).call else 0
            until = self._leaving[attorney] = time + self.rules.reconnect + hold
            heappush(self._due, (until, ""))

    def console_back(self, attorney: CardSerial) -> None:
        """A console of this attorney is open again: duty goes on, whether or not it says so."""
        self._leaving.pop(attorney, None)

    def line_lost(self, encounter: EncounterId, time: int) -> None:
        """The attorney's seat in a call is empty; the first time that this is said counts."""
        if encounter not in self._lost:
            self._lost[encounter] = time
            heappush(self._due, (time + self.rules.reconnect, encounter))

    def line_back(self, encounter: EncounterId, time: int | None = None) -> None:
        """Nobody waits for the attorney's line; *time* says since when it is back, where it is."""
        if self._lost.pop(encounter, None) is not None and time is not None:
            self.returned(encounter, "attorney", time)

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
            self._over.pop(encounter, None)
        # What comes after the end changes nothing that a phone is shown of it.
        if not held.ringing.over:
            self._changed[encounter] = None
        self.looks.note(*concerned(held.ringing), *concerned(ringing))
        self.looks.everybody |= isinstance(event, Briefed | Hushed)
        # Whoever may advise there is shown a callback.
        self.looks.everybody |= (held.ringing.ticket or ringing.ticket) is not None
        held.ringing, held.count = ringing, held.count + 1
        self.settled += 1
        self._tickets.note(encounter, event, ringing.ticket is not None)
        # Whoever takes a call over has a line of their own.
        if isinstance(event, Dropped | Handed):
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
            self.show(encounter)

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
            self._over[encounter] = held
            self._lost.pop(encounter, None)

    def _place(self, encounter: EncounterId, held: Held) -> None:
        """Note what rings where, who waits, and when to look again; ring whoever is new."""
        moment, ringing, before = self._moment, held.ringing, held.rung
        was_late = encounter in self._board.late
        self._unplace(encounter, held)
        held.loud = ringing.loud(moment.free)
        wanted = moment.interpreter_wanted(ringing, held.pressed.press, held.loud)
        held.calling = ringing.calling(moment.free) if wanted else ()
        held.seeking = ringing.seeking(moment.free)
        if held.rung != before:
            self._changed[encounter] = None
        if held.rung != before or held.calling:
            self.looks.note(*before, *held.rung)
        for one in before:
            # Whoever rang for as many as one may has room for the next that waits.
            if one not in held.rung and len(self.people.rings[one]) == self.rules.rings - 1:
                self._moved[one] = None
        for one in held.rung:
            self.people.rings[one][encounter] = None
            if one not in before:
                self._bells.ring(one, encounter)
        late = ringing.open and moment.now >= ringing.began + self.rules.late
        if self.people.surge and late != was_late:
            # Whoever may speak to them all is shown how many wait.
            self.looks.everybody = True
        if ringing.over:
            return
        short = wanted or moment.short(ringing, held.loud) or moment.support_wanted(ringing)
        self._board.put(encounter, held, short, late)
        again = moment.next(ringing, held.loud)
        if again is not None:
            heappush(self._due, (again, encounter))

    def _unplace(self, encounter: EncounterId, held: Held) -> None:
        for one in held.rung:
            self.people.rings[one].pop(encounter, None)
        self._board.take(encounter, held)

    def _see_to(self, serial: CardSerial) -> None:
        """See to everything that hangs on whether somebody is free now."""
        self.looks.note(serial)
        for time in self.people.changes(serial, self._moment.now):
            heappush(self._due, (time, serial))
        rings = self.people.rings[serial]
        for encounter in dict.fromkeys([*rings, *self._board.rung_for(serial)]):
            if encounter in self._open:
                self._advance(encounter)
        if self.people.listeners(serial):
            # Somebody may have left who was spoken to: there is room for whoever waits longest.
            for encounter in self.to_brief(serial):
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
        self._bells.surge(surge, self.people.called_in())
        self._moved.update(dict.fromkeys(person.serial for person in self.people))
        return True

    def show(self, encounter: EncounterId) -> None:
        standing = self.standing(encounter)
        self.looks.note(*concerned(standing.ringing))
        self._show(standing)
