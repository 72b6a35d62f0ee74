"""Any night on duty, in any order, with restarts: what must hold, holds after every step."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accompany.dispatch.memory import MemoryPresses
from accompany.dispatch.ports import Pressed, Standing
from accompany.dispatch.ringing import Answered, Dropped
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.rules import Rules
from accompany.dispatch.runner import Desk
from accompany.errors import Forbidden, Unknown
from accompany.ids import CardSerial, EncounterId

RULES = Rules(
    wave=8, width=2, rings=2, miss=20, pause=60, wrap_up=30, reconnect=15, hold=10, callback=100,
    surge_waiting=2, surge_wrap_up=5,
)  # fmt: skip
PEOPLE = [CardSerial(name) for name in ("ada", "ben", "cy", "dee", "ines")]
STATES = {"ada": "TX", "ben": "TX", "cy": "TX CA", "dee": "CA", "ines": ""}
presses = st.sampled_from([EncounterId(str(n)) for n in range(6)])
people = st.sampled_from(PEOPLE)


class Night(RuleBasedStateMachine):
    @initialize()
    def open_the_desk(self) -> None:
        self.kept = MemoryPresses()
        self.now = 1000
        self.begun: set[EncounterId] = set()
        self.wins: dict[EncounterId, list[CardSerial]] = {}
        self.restart()

    @rule()
    def restart(self) -> None:
        """Everything in memory is gone, everybody's console with it."""
        self.seen: dict[EncounterId, Standing] = {}
        self.desk = Desk(self.kept, self._show, RULES, now=self.now)

    def _show(self, standing: Standing) -> None:
        self.seen[standing.encounter] = standing

    @rule(seconds=st.integers(0, 40))
    def wait(self, seconds: int) -> None:
        until = self.now + seconds
        while (due := self.desk.due()) is not None and due <= until:
            self.desk.tick(due)
        self.now = until
        self.desk.tick(until)

    @rule(encounter=presses, state=st.sampled_from(["TX", "CA"]), tongue=st.sampled_from("eh"))
    def press(self, encounter: EncounterId, state: str, tongue: str) -> None:
        self.desk.begin(Pressed(encounter, Press(state, tongue, self.now), b"secret"))
        self.begun.add(encounter)

    @rule(person=people)
    def come(self, person: CardSerial) -> None:
        role = "interpreter" if person == "ines" else "attorney"
        states = frozenset(STATES[person].split())
        tongues = ("h",) if role == "interpreter" else ("e",)
        self.desk.go_on_duty(OnDuty(person, person, states, tongues, self.now, role=role))

    @rule(person=people)
    def go(self, person: CardSerial) -> None:
        self.desk.go_off_duty(person)

    @rule(person=people)
    def lose_the_console(self, person: CardSerial) -> None:
        self.desk.console_gone(person, self.now)

    @rule(person=people, encounter=presses, again=st.booleans())
    def answer(self, person: CardSerial, encounter: EncounterId, again: bool) -> None:
        try:
            take = self.desk.join if person == "ines" else self.desk.answer
            won = take(encounter, person, self.now)
            if again:
                assert take(encounter, person, self.now) == won
        except (Forbidden, Unknown):
            return

    @rule(person=people, encounter=presses)
    def decline(self, person: CardSerial, encounter: EncounterId) -> None:
        if encounter in self.begun:
            self.desk.decline(encounter, person, self.now)

    @rule(encounter=presses, by=st.sampled_from(["caller", "attorney"]))
    def end(self, encounter: EncounterId, by: str) -> None:
        if encounter in self.begun:
            self.desk.end(encounter, by, self.now)

    @rule(encounter=presses)
    def lose_the_line(self, encounter: EncounterId) -> None:
        self.desk.line_lost(encounter, self.now)

    @rule(person=people, extend=st.booleans())
    def after_a_call(self, person: CardSerial, extend: bool) -> None:
        (self.desk.extend if extend else self.desk.ready)(person, self.now)

    @rule(person=people, encounter=presses)
    def call_back(self, person: CardSerial, encounter: EncounterId) -> None:
        if encounter in self.begun:
            self.desk.called_back(encounter, person, self.now)

    @invariant()
    def nobody_is_rung_for_what_is_over_or_answered(self) -> None:
        for encounter in self.begun:
            standing = self.desk.standing(encounter)
            if not standing.ringing.open:
                assert standing.loud == ()
            if standing.ringing.over:
                assert standing.calling == ()

    @invariant()
    def whoever_rings_is_on_duty_free_and_licensed(self) -> None:
        for standing in self.desk.open_standings():
            for one in standing.loud:
                assert self.desk.people.free(one, self.now)
                assert self.desk.people.qualified(one, standing.press)
                assert one not in standing.ringing.declined

    @invariant()
    def a_press_rings_everybody_it_could_or_enough_for_now(self) -> None:
        people = self.desk.people
        for standing in self.desk.open_standings():
            ringing = standing.ringing
            if not ringing.open or ringing.held_for(self.now):
                continue
            could = people.line(standing.press, self.now, ringing.rung, 99)
            assert len(standing.loud) >= ringing.width(self.now, RULES) or could == ()

    @invariant()
    def no_press_is_without_a_next_step(self) -> None:
        due = self.desk.due()
        for standing in self.desk.open_standings():
            ringing = standing.ringing
            if ringing.open and not ringing.called_back:
                waits = due is not None and due <= ringing.began + RULES.alarm
                assert ringing.ticket is not None or waits
                assert ringing.ticket is None or ringing.ticket.deadline > ringing.ticket.time

    @invariant()
    def exactly_one_has_a_press_and_nobody_has_two(self) -> None:
        for encounter in self.begun:
            has: CardSerial | None = None
            for event in self.kept.events(encounter):
                if isinstance(event, Answered):
                    assert has is None
                    has = event.attorney
                if isinstance(event, Dropped):
                    has = None
            assert self.desk.standing(encounter).attorney == has
        calls = [one.attorney for one in self.desk.open_standings() if one.attorney]
        assert len(calls) == len(set(calls))

    @invariant()
    def what_was_shown_last_is_how_it_stands(self) -> None:
        for encounter, shown in self.seen.items():
            standing = self.desk.standing(encounter)
            assert replace(standing, ringing=shown.ringing) == shown
            assert standing.stage == shown.stage
            assert standing.attorney == shown.attorney

    @invariant()
    def no_console_rings_for_too_many_at_once(self) -> None:
        for one in PEOPLE:
            rings = [
                s.encounter for s in self.desk.open_standings() if one in (*s.loud, *s.calling)
            ]
            assert sorted(rings) == sorted(self.desk.people.rings.get(one, ()))


TestAnyNight = Night.TestCase
TestAnyNight.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
