"""Any night on duty, in any order, with restarts: what must hold, holds after every step."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accompany.dispatch.events import Answered, Conflicted, Dropped, Handed
from accompany.dispatch.memory import MemoryPresses
from accompany.dispatch.ports import Pressed, Standing
from accompany.dispatch.roster import OnDuty, Press, Role
from accompany.dispatch.rules import Rules
from accompany.dispatch.runner import Desk
from accompany.errors import Forbidden, Unknown
from accompany.ids import CardSerial, EncounterId

RULES = Rules(
    wave=8, width=2, rings=2, miss=20, pause=60, wrap_up=30, reconnect=15, hold=10, callback=100,
    surge_waiting=2, surge_wrap_up=5,
)  # fmt: skip
PEOPLE = [CardSerial(name) for name in ("ada", "ben", "cy", "dee", "ines", "rob")]
PARTNERS = {"dee": "Defenders"}
STATES = {"ada": "TX", "ben": "TX", "cy": "TX CA", "dee": "CA", "ines": "", "rob": ""}
ROLES: dict[str, Role] = {"ines": "interpreter", "rob": "responder"}
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
        self.told: dict[CardSerial, object] = {}
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
        role = ROLES.get(person, "attorney")
        states = frozenset(STATES[person].split())
        tongues = ("h",) if role == "interpreter" else ("e",)
        lent = PARTNERS.get(person, "")
        self.desk.go_on_duty(
            OnDuty(person, person, states, tongues, self.now, role=role, partner=lent)
        )

    @rule(person=people)
    def go(self, person: CardSerial) -> None:
        self.desk.go_off_duty(person)

    @rule(person=people)
    def lose_the_console(self, person: CardSerial) -> None:
        self.desk.console_gone(person, self.now)

    @rule(person=people)
    def open_it_again(self, person: CardSerial) -> None:
        self.desk.console_back(person)

    @rule(person=people, encounter=presses, again=st.booleans())
    def answer(self, person: CardSerial, encounter: EncounterId, again: bool) -> None:
        try:
            take = {"ines": self.desk.join, "rob": self.desk.support}.get(person, self.desk.answer)
            won = take(encounter, person, self.now)
            if again:
                assert take(encounter, person, self.now) == won
        except (Forbidden, Unknown):
            return

    @rule(encounter=presses)
    def invite_an_interpreter(self, encounter: EncounterId) -> None:
        if encounter in self.begun:
            self.desk.invite(encounter, "h", self.now)

    @rule(encounter=presses, third=st.sampled_from(["ines", "rob"]))
    def let_the_third_go(self, encounter: EncounterId, third: str) -> None:
        if encounter in self.begun:
            self.desk.part(encounter, CardSerial(third), self.now)

    @rule(person=people, encounter=presses)
    def decline(self, person: CardSerial, encounter: EncounterId) -> None:
        if encounter in self.begun:
            self.desk.decline(encounter, person, self.now)

    @rule(encounter=presses, by=st.sampled_from(["caller", "attorney"]))
    def end(self, encounter: EncounterId, by: str) -> None:
        if encounter in self.begun:
            self.desk.end(encounter, by, self.now)

    @rule(person=people, encounter=presses)
    def conflict(self, person: CardSerial, encounter: EncounterId) -> None:
        if encounter in self.begun:
            self.desk.conflict(encounter, person, self.now)

    @rule(person=people, on=st.booleans())
    def speak_to_all_who_wait(self, person: CardSerial, on: bool) -> None:
        try:
            (self.desk.brief if on else self.desk.hush)(person, self.now)
        except Forbidden:
            return

    @rule(encounter=presses, to=people)
    def hand_over(self, encounter: EncounterId, to: CardSerial) -> None:
        if encounter not in self.begun:
            return
        by = self.desk.standing(encounter).last
        if by is None:
            return
        try:
            self.desk.hand(encounter, by, to, self.now)
        except Forbidden:
            return

    @rule(encounter=presses, person=people, step=st.sampled_from("beside arrived done off".split()))
    def go_on_handing_over(self, encounter: EncounterId, person: CardSerial, step: str) -> None:
        if encounter not in self.begun:
            return
        hand = self.desk.standing(encounter).ringing.hand
        if step == "beside":
            try:
                self.desk.stand_beside(encounter, hand.to if hand else person, self.now)
            except Forbidden:
                return
        elif step == "arrived" and hand is not None:
            self.desk.arrived(encounter, hand.to, self.now)
        elif step == "done":
            self.desk.handed(encounter, hand.by if hand else person, self.now)
        elif step == "off":
            self.desk.remain(encounter, self.now)

    @rule(encounter=presses)
    def lose_the_line(self, encounter: EncounterId) -> None:
        self.desk.line_lost(encounter, self.now)

    @rule(person=people, extend=st.booleans())
    def after_a_call(self, person: CardSerial, extend: bool) -> None:
        (self.desk.extend if extend else self.desk.ready)(person, self.now)

    @rule(encounter=presses, more=st.booleans())
    def conclude(self, encounter: EncounterId, more: bool) -> None:
        if encounter in self.begun:
            self.desk.conclude(encounter, "advised", more, self.now)

    @rule(person=people, encounter=presses)
    def call_back(self, person: CardSerial, encounter: EncounterId) -> None:
        if encounter in self.begun:
            self.desk.called_back(encounter, person, self.now)

    @invariant()
    def nobody_is_rung_for_what_is_over_or_answered(self) -> None:
        for encounter in self.begun:
            standing = self.desk.standing(encounter)
            if not standing.ringing.open:
                assert standing.loud == standing.seeking == ()
            if standing.ringing.over:
                assert standing.calling == ()

    @invariant()
    def whoever_rings_is_on_duty_free_and_licensed(self) -> None:
        for standing in self.desk.open_standings():
            for one in standing.loud:
                assert self.desk.people.free(one, self.now)
                assert self.desk.people.qualified(one, standing.press)
                assert one not in standing.ringing.declined
                last = standing.ringing.last
                lent = one in PARTNERS and (last is None or last.attorney != one)
                assert not lent or self.now >= standing.ringing.began + RULES.alarm

    @invariant()
    def a_press_rings_everybody_it_could_or_enough_for_now(self) -> None:
        people = self.desk.people
        for standing in self.desk.open_standings():
            ringing = standing.ringing
            if not ringing.open or ringing.held_for(self.now):
                continue
            without = {*ringing.rung, *ringing.conflicted}
            partners = ringing.partners_due(self.now, RULES)
            could = people.line(standing.press, self.now, without, 99, partners)
            assert len(standing.loud) >= ringing.width(self.now, RULES) or could == ()

    @invariant()
    def responders_ring_for_whoever_waits_and_has_nobody(self) -> None:
        people = self.desk.people
        for standing in self.desk.open_standings():
            ringing = standing.ringing
            for one in standing.seeking:
                assert people.free(one, self.now)
                assert people.supports(one)
            if not ringing.support_due(self.now, RULES):
                continue
            without = {*ringing.sought, *ringing.declined}
            could = people.responders(standing.press, self.now, without, 99)
            assert standing.seeking or could == ()

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
                if isinstance(event, Conflicted) and event.attorney == has:
                    has = None
                if isinstance(event, Handed) and has is not None:
                    assert has == event.by
                    has = event.to
            assert self.desk.standing(encounter).attorney == has
        calls = [one.attorney for one in self.desk.open_standings() if one.attorney]
        assert len(calls) == len(set(calls))

    @invariant()
    def whoever_has_a_call_is_in_it_and_nobody_is_in_one_that_is_over(self) -> None:
        thirds = [one.third for one in self.desk.open_standings() if one.third]
        assert len(thirds) == len(set(thirds))
        for person in PEOPLE:
            call = self.desk.people.record(person).call
            if call is not None:
                standing = self.desk.standing(call)
                assert not standing.ringing.over
                assert person in (standing.attorney, standing.third, standing.colleague)
        for standing in self.desk.open_standings():
            for person in (standing.attorney, standing.third, standing.colleague):
                if person is not None:
                    assert self.desk.people.record(person).call == standing.encounter

    @invariant()
    def whoever_said_conflict_has_no_part_in_it(self) -> None:
        for encounter in self.begun:
            standing = self.desk.standing(encounter)
            for person in standing.ringing.conflicted:
                assert person not in standing.loud
                if not standing.ringing.over:
                    assert person not in (standing.attorney, standing.last, standing.colleague)

    @invariant()
    def whoever_speaks_to_many_has_no_call_and_is_not_rung(self) -> None:
        hearing: dict[CardSerial, list[EncounterId]] = {}
        for standing in self.desk.open_standings():
            if standing.speaker is not None:
                hearing.setdefault(standing.speaker, []).append(standing.encounter)
                assert standing.ringing.open
                assert standing.speaker not in standing.ringing.conflicted
        for person in PEOPLE:
            assert self.desk.people.listeners(person) == sorted(hearing.get(person, ()))
            could = self.desk.could_brief(person, self.desk.unheard())
            if self.desk.people.record(person).call is None:
                assert could == len(self.desk.to_brief(person))
            if person in hearing:
                assert self.desk.people.record(person).call is None
                assert not any(person in one.loud for one in self.desk.open_standings())

    @invariant()
    def a_case_that_is_on_its_way_is_found(self) -> None:
        found = {one.encounter for one in self.desk.handings()}
        for encounter in self.begun:
            assert (self.desk.standing(encounter).ringing.hand is not None) == (encounter in found)

    @invariant()
    def what_was_shown_last_is_how_it_stands(self) -> None:
        for encounter, shown in self.seen.items():
            standing = self.desk.standing(encounter)
            assert replace(standing, ringing=shown.ringing) == shown
            assert standing.stage == shown.stage
            assert (standing.attorney, standing.third) == (shown.attorney, shown.third)
            assert standing.speaker == shown.speaker

    @invariant()
    def nothing_that_a_console_shows_changes_without_a_look_at_it(self) -> None:
        looks = self.desk.looks.take()
        told = {person: self._told(person) for person in PEOPLE}
        for person in [] if looks is None else [one for one in PEOPLE if one not in looks]:
            assert self.told.get(person, told[person]) == told[person]
        self.told = told

    def _told(self, person: CardSerial) -> object:
        """Return whatever a console's desk is made of."""
        desk, people = self.desk, self.desk.people
        record, hands = people.record(person), desk.handings()
        wrapped = record.wrapping and desk.standing(record.wrapping)
        standings = desk.open_standings()
        return (
            person in people,
            person in people and people.shift(person, self.now)[0],
            {one.encounter for one in standings if person in one.loud},
            {
                (one.encounter, one.ringing.tongue(one.press.language))
                for one in standings
                if person in one.calling
            },
            {one.encounter for one in standings if person in one.seeking},
            [
                (one.encounter, one.ringing.hand, one.ringing.over, desk.names([hand.by]))
                for one in hands
                if (hand := one.ringing.hand) and person in (hand.by, hand.to)
            ],
            [
                (one.encounter, seat, one.third, one.calling if seat == one.attorney else ())
                for one in standings
                for seat in (one.attorney, one.third, one.colleague)
                if seat == person
            ],
            (people.listeners(person), desk.could_brief(person, desk.unheard())),
            wrapped and (wrapped.last, wrapped.ringing.was_called, wrapped.ringing.concluded),
            _ahead(record.wrap_up_until(RULES, people.surge), self.now),
            _ahead(record.paused_until(RULES), self.now),
            [
                (one.encounter, one.ringing.ticket, one.ringing.open, desk.names([ticket.owner]))
                for one in desk.owed()
                if (ticket := one.ringing.ticket) and people.qualified(person, one.press)
            ],
        )

    @invariant()
    def no_console_rings_for_too_many_at_once(self) -> None:
        for one in PEOPLE:
            rings = [
                s.encounter
                for s in self.desk.open_standings()
                if one in (*s.loud, *s.calling, *s.seeking)
            ]
            assert sorted(rings) == sorted(self.desk.people.rings.get(one, ()))


def _ahead(time: int, now: int) -> int:
    return time if time > now else 0


TestAnyNight = Night.TestCase
TestAnyNight.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
