"""Duty as it runs, over a real database: who is rung, who wins, and what a restart finds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from accompany.adapters.sqlite import Database, SqlitePresses
from accompany.dispatch.events import Answered, Dropped, Event, Missed, Promised, Rung, Withdrawn
from accompany.dispatch.memory import MemoryPresses
from accompany.dispatch.ports import Pressed, Standing
from accompany.dispatch.replaying import RETURNS
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.rules import Rules
from accompany.dispatch.runner import Desk
from accompany.dispatch.shifts import Dates, Hours, Member, Roster, RosterShifts, Weekly
from accompany.errors import Forbidden, Unknown
from accompany.ids import CardSerial, EncounterId

ADA, BEN = CardSerial("a" * 32), CardSerial("b" * 32)
ONE, TWO = EncounterId("1" * 32), EncounterId("2" * 32)
SECRET = b"digest of a secret"


RULES = Rules()
LINGERING = RULES.reconnect


class Bells:
    """All that rang beyond the consoles."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []
        self.alarms: list[str] = []
        self.surges: list[bool] = []
        self.called_in: list[CardSerial] = []

    def ring(self, person: CardSerial, encounter: EncounterId) -> None:
        self.rung.append((person[0], encounter[0]))

    def alarm(self, encounter: EncounterId) -> None:
        self.alarms.append(encounter[0])

    def surge(self, on: bool, volunteers: Sequence[CardSerial]) -> None:
        self.surges.append(on)
        self.called_in += volunteers


class Shown:
    """A desk on a database in a folder, and all that it showed."""

    def __init__(self, folder: Path, now: int = 0) -> None:
        self.database = Database(folder / "accompany.sqlite")
        self.presses = SqlitePresses(self.database)
        self.seen: list[Standing] = []
        self.bells = Bells()
        self.desk = Desk(self.presses, self.seen.append, RULES, self.bells, now)

    def stages(self) -> list[tuple[str, str]]:
        return [(one.encounter[0], one.stage) for one in self.seen]


def pressed(encounter: EncounterId = ONE, secret: bytes = SECRET, state: str = "TX") -> Pressed:
    return Pressed(encounter, Press(state, "en", 10), secret)


def attorney(serial: CardSerial, states: str = "TX", since: int = 0) -> OnDuty:
    return OnDuty(serial, f"Name {serial[0]}", frozenset(states.split()), ("en",), since)


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path)


def test_a_press_rings_everybody_on_duty_with_a_license(shown: Shown) -> None:
    shown.desk.go_on_duty(attorney(ADA))
    shown.desk.go_on_duty(attorney(BEN, "CA"))
    assert shown.desk.begin(pressed())
    assert shown.seen[-1].loud == (ADA,)
    assert shown.desk.names(shown.seen[-1].loud) == ["Name a"]


def test_who_comes_on_duty_later_is_rung_as_well(shown: Shown) -> None:
    shown.desk.begin(pressed())
    shown.desk.go_on_duty(attorney(ADA))
    assert shown.stages() == [("1", "unanswered"), ("1", "ringing")]
    shown.desk.go_off_duty(ADA)
    assert shown.stages()[-1] == ("1", "unanswered")


def test_two_attorneys_at_once_exactly_one_has_the_press(shown: Shown) -> None:
    for one in (ADA, BEN):
        shown.desk.go_on_duty(attorney(one))
    shown.desk.begin(pressed())
    assert shown.desk.answer(ONE, ADA, 11)
    assert not shown.desk.answer(ONE, BEN, 11)
    assert shown.desk.standing(ONE).attorney == ADA
    assert shown.presses.events(ONE) == [Rung((ADA, BEN), 10), Answered(ADA, 11)]
    # The same one again still has it.
    assert shown.desk.answer(ONE, ADA, 12)


def test_an_answer_appended_by_somebody_else_meanwhile_wins(tmp_path: Path) -> None:
    """Two desks over one database, as two nodes will be: the number decides, not the memory."""
    first, second = Shown(tmp_path), Shown(tmp_path)
    for one, who in ((first, ADA), (second, BEN)):
        one.desk.go_on_duty(attorney(who))
    first.desk.begin(pressed())
    assert second.desk.standing(ONE).ringing.rung == {ADA: 10}
    second.desk.tick(10)
    assert second.desk.standing(ONE).loud == (BEN,)
    assert first.desk.standing(ONE).loud == (ADA,)
    assert first.desk.answer(ONE, ADA, 11)
    assert not second.desk.answer(ONE, BEN, 12)
    assert second.desk.standing(ONE).attorney == ADA


def test_an_answer_needs_duty_and_a_license(shown: Shown) -> None:
    shown.desk.begin(pressed())
    with pytest.raises(Forbidden, match="license for TX"):
        shown.desk.answer(ONE, ADA, 11)
    shown.desk.go_on_duty(attorney(ADA, "CA"))
    with pytest.raises(Forbidden, match="license for TX"):
        shown.desk.answer(ONE, ADA, 11)
    with pytest.raises(Unknown, match="encounter"):
        shown.desk.answer(TWO, ADA, 11)


def test_declining_silences_one_console_only(shown: Shown) -> None:
    for one in (ADA, BEN):
        shown.desk.go_on_duty(attorney(one))
    shown.desk.begin(pressed())
    shown.desk.decline(ONE, ADA, 11)
    assert shown.desk.standing(ONE).loud == (BEN,)


@pytest.mark.parametrize("by", ["caller", "attorney"])
def test_a_call_is_ended_and_not_open_any_more(shown: Shown, by: str) -> None:
    shown.desk.go_on_duty(attorney(ADA))
    shown.desk.begin(pressed())
    shown.desk.answer(ONE, ADA, 11)
    shown.desk.end(ONE, by, 12)
    assert shown.seen[-1].ringing.ended_by == by
    assert shown.desk.open_standings() == []
    # Still known: by its cases, and when the phone comes back to ask.
    assert [one.encounter for one in shown.desk.cases(ADA)] == [ONE]
    assert shown.desk.standing(ONE).stage == "ended"


def test_before_an_answer_only_the_caller_ends_it(shown: Shown) -> None:
    shown.desk.begin(pressed())
    shown.desk.end(ONE, "attorney", 11)
    assert shown.desk.standing(ONE).stage == "unanswered"
    shown.desk.end(ONE, "caller", 12)
    assert shown.desk.standing(ONE).ringing.ended_by == "caller"
    shown.desk.end(ONE, "caller", 13)
    assert shown.presses.events(ONE) == [Withdrawn(12)]


def test_the_same_encounter_with_the_same_secret_is_the_same_press(shown: Shown) -> None:
    assert shown.desk.begin(pressed())
    seen = len(shown.seen)
    assert not shown.desk.begin(pressed())
    # Who comes back is told; nobody else has anything new to be shown.
    assert len(shown.seen) == seen
    assert shown.desk.may_return(ONE, SECRET)


def test_the_same_encounter_with_another_secret_is_refused(shown: Shown) -> None:
    shown.desk.begin(pressed())
    for again in (shown.desk, Desk(shown.presses, shown.seen.append)):
        with pytest.raises(Forbidden, match="another secret"):
            again.begin(pressed(secret=b"another"))
        assert not again.may_return(ONE, b"another")
    shown.desk.end(ONE, "caller", 11)
    with pytest.raises(Forbidden, match="another secret"):
        shown.desk.begin(pressed(secret=b"another"))


def test_a_restart_goes_on_with_unfinished_presses(tmp_path: Path) -> None:
    before = Shown(tmp_path)
    before.desk.go_on_duty(attorney(ADA))
    before.desk.begin(pressed())
    before.desk.begin(pressed(TWO))
    before.desk.answer(TWO, ADA, 11)
    before.desk.begin(pressed(ended := EncounterId("3" * 32)))
    before.desk.end(ended, "caller", 12)
    before.database.close()
    after = Shown(tmp_path)
    assert {one.encounter: one.stage for one in after.desk.open_standings()} == {
        ONE: "unanswered",
        TWO: "answered",
    }
    after.desk.go_on_duty(attorney(BEN))
    assert ("1", "ringing") in after.stages()
    assert after.desk.answer(ONE, BEN, 13)
    assert not after.desk.answer(TWO, BEN, 13)


def test_duty_lasts_a_while_after_the_last_console_has_gone(shown: Shown) -> None:
    shown.desk.go_on_duty(attorney(ADA))
    shown.desk.begin(pressed())
    shown.desk.console_gone(ADA, 100)
    shown.desk.tick(100 + LINGERING - 1)
    assert shown.desk.is_on_duty(ADA)
    shown.desk.tick(100 + LINGERING)
    assert not shown.desk.is_on_duty(ADA)
    assert shown.stages()[-1] == ("1", "unanswered")


def test_a_console_that_returns_in_time_stays_on_duty(shown: Shown) -> None:
    shown.desk.go_on_duty(attorney(ADA, since=1))
    shown.desk.console_gone(ADA, 100)
    shown.desk.go_on_duty(attorney(ADA, since=200))
    shown.desk.tick(100 + LINGERING)
    assert shown.desk.is_on_duty(ADA)
    # And keeps its place among those who wait.
    shown.desk.go_on_duty(attorney(BEN, since=150))
    shown.desk.begin(pressed())
    assert shown.desk.standing(ONE).loud == (ADA, BEN)


def test_a_console_that_returns_without_a_word_stays_on_duty(shown: Shown) -> None:
    shown.desk.go_on_duty(attorney(ADA))
    shown.desk.console_gone(ADA, 100)
    shown.desk.console_back(ADA)
    shown.desk.tick(100 + LINGERING)
    assert shown.desk.is_on_duty(ADA)
    shown.desk.console_gone(ADA, 200 + LINGERING)
    shown.desk.tick(200 + 2 * LINGERING)
    assert not shown.desk.is_on_duty(ADA)


def test_a_console_that_was_not_on_duty_goes_without_a_trace(shown: Shown) -> None:
    shown.desk.console_gone(ADA, 100)
    shown.desk.tick(100 + LINGERING)
    assert shown.seen == []


def test_cases_are_those_answered_newest_first(shown: Shown) -> None:
    shown.desk.go_on_duty(attorney(ADA))
    ids = [EncounterId(word * 32) for word in "234"]
    for time, encounter in enumerate(ids):
        shown.desk.begin(Pressed(encounter, Press("TX", "en", time), SECRET))
        shown.desk.answer(encounter, ADA, 11)
        shown.desk.end(encounter, "caller", 12)
    shown.desk.begin(pressed())
    assert [one.encounter for one in shown.desk.cases(ADA)] == ids[::-1]
    assert shown.desk.cases(BEN) == []


def test_an_unknown_encounter_is_unknown(shown: Shown) -> None:
    events: list[Event] = [Answered(ADA, 1)]
    for ask in (
        lambda: shown.desk.standing(ONE),
        lambda: shown.desk.append(ONE, events[0]),
        lambda: shown.desk.may_return(ONE, SECRET),
    ):
        with pytest.raises(Unknown, match="encounter"):
            ask()


# Waves, misses, drops: by the clock.


def several(shown: Shown, count: int, since: int = 0, **more: str) -> list[CardSerial]:
    serials = [CardSerial(chr(ord("a") + n) * 32) for n in range(count)]
    for n, serial in enumerate(serials):
        shown.desk.go_on_duty(attorney(serial, since=since + n, **more))
    return serials


def run_until(shown: Shown, time: int) -> None:
    """Let the desk do what it says is due, each at its time."""
    while (due := shown.desk.due()) is not None and due <= time:
        shown.desk.tick(due)
    shown.desk.tick(time)


def test_waves_ring_three_at_once_three_more_then_everybody_then_the_coordinator(
    shown: Shown,
) -> None:
    serials = several(shown, 8)
    shown.desk.begin(pressed())
    wave = RULES.wave
    for time, count in ((0, 3), (wave - 1, 3), (wave, 6), (2 * wave - 1, 6), (2 * wave, 8)):
        run_until(shown, 10 + time)
        assert shown.desk.standing(ONE).loud == tuple(serials[:count])
    assert shown.bells.rung == [(one[0], "1") for one in serials]
    assert shown.bells.alarms == []
    run_until(shown, 10 + 3 * wave)
    assert shown.bells.alarms == ["1"]
    (owed,) = shown.desk.owed()
    # A ticket has an owner (the first three have missed it) and a deadline, and it rings on.
    assert owed.ringing.ticket == Promised(
        serials[3], 10 + 3 * wave + RULES.callback, 10 + 3 * wave
    )
    assert owed.loud


def test_who_declines_is_made_up_for_at_once(shown: Shown) -> None:
    serials = several(shown, 5)
    shown.desk.begin(pressed())
    shown.desk.decline(ONE, serials[1], 12)
    assert shown.desk.standing(ONE).loud == (serials[0], serials[2], serials[3])
    shown.desk.go_off_duty(serials[0])
    assert shown.desk.standing(ONE).loud == (*serials[2:4], serials[4])


def test_who_answers_is_not_rung_for_others_until_the_wrap_up_is_over(shown: Shown) -> None:
    ada, ben = several(shown, 2)
    shown.desk.begin(pressed())
    shown.desk.begin(pressed(TWO))
    assert shown.desk.standing(TWO).loud == (ada, ben)
    shown.desk.answer(ONE, ada, 11)
    assert shown.desk.standing(TWO).loud == (ben,)
    with pytest.raises(Forbidden, match="the call before to be over"):
        shown.desk.answer(TWO, ada, 12)
    shown.desk.end(ONE, "caller", 1000)
    run_until(shown, 1000 + RULES.wrap_up - 1)
    assert ada not in shown.desk.standing(TWO).loud
    run_until(shown, 1000 + RULES.wrap_up)
    assert ada in shown.desk.standing(TWO).loud


def test_a_wrap_up_is_extended_and_ended_by_its_attorney(shown: Shown) -> None:
    (ada,) = several(shown, 1)
    shown.desk.begin(pressed())
    shown.desk.answer(ONE, ada, 11)
    shown.desk.end(ONE, "attorney", 1000)
    shown.desk.begin(pressed(TWO))
    shown.desk.extend(ada, 2000)
    run_until(shown, 1999 + RULES.wrap_up)
    assert shown.desk.standing(TWO).loud == ()
    run_until(shown, 2000 + RULES.wrap_up)
    assert shown.desk.standing(TWO).loud == (ada,)
    shown.desk.extend(ada, 2001 + RULES.wrap_up)
    assert shown.desk.standing(TWO).loud == ()
    shown.desk.ready(ada, 2002 + RULES.wrap_up)
    assert shown.desk.standing(TWO).loud == (ada,)


def test_two_misses_pause_somebody_and_a_restart_knows_it(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    ada, ben = several(shown, 2)
    for encounter, time in ((ONE, 10), (TWO, 60_000)):
        shown.desk.begin(Pressed(encounter, Press("TX", "en", time), SECRET))
        run_until(shown, time + RULES.miss - 1)
        assert not shown.desk.standing(encounter).ringing.missed
        run_until(shown, time + RULES.miss)
        if encounter == ONE:
            # Once is no reason to fall silent: somebody still waits for a voice.
            assert shown.desk.standing(ONE).loud == (ada, ben)
            shown.desk.answer(ONE, ben, time + RULES.miss + 1)
    missed_at = 60_000 + RULES.miss
    assert Missed(ada, missed_at) in shown.presses.events(TWO)
    assert shown.desk.standing(TWO).loud == ()
    shown.database.close()
    again = Shown(tmp_path, missed_at + 1)
    again.desk.go_on_duty(attorney(ada, since=missed_at + 2))
    assert again.desk.standing(TWO).loud == ()
    run_until(again, missed_at + RULES.pause)
    assert again.desk.standing(TWO).loud == (ada,)


def test_who_is_paused_is_rung_again_on_a_word(shown: Shown) -> None:
    (ada,) = several(shown, 1)
    for encounter in (ONE, TWO):
        shown.desk.begin(pressed(encounter))
    run_until(shown, 10 + RULES.miss)
    assert shown.desk.standing(TWO).loud == ()
    shown.desk.ready(ada, 11 + RULES.miss)
    assert shown.desk.standing(ONE).loud == shown.desk.standing(TWO).loud == (ada,)


def test_nobody_misses_what_their_console_could_not_ring_for(tmp_path: Path) -> None:
    """A server that was away for longer than a ring takes holds it against nobody."""
    before = Shown(tmp_path)
    before.desk.go_on_duty(attorney(ADA))
    before.desk.begin(pressed())
    before.database.close()
    back = 10 + 2 * RULES.miss
    after = Shown(tmp_path, back)
    after.desk.go_on_duty(attorney(ADA, since=back))
    run_until(after, back + RULES.miss - 1)
    assert after.desk.standing(ONE).loud == (ADA,)
    assert not after.desk.standing(ONE).ringing.missed
    assert after.bells.rung == [("a", "1")]
    run_until(after, back + RULES.miss)
    assert after.desk.standing(ONE).ringing.missed == {ADA}


def test_a_line_that_is_gone_rings_the_same_attorney_then_the_others(shown: Shown) -> None:
    ada, ben, cy = several(shown, 3)
    shown.desk.begin(pressed())
    shown.desk.answer(ONE, ben, 100)
    shown.desk.line_lost(ONE, 1000)
    shown.desk.line_lost(ONE, 1500)
    run_until(shown, 999 + RULES.reconnect)
    assert shown.desk.standing(ONE).attorney == ben
    gone = 1000 + RULES.reconnect
    run_until(shown, gone)
    assert shown.presses.events(ONE)[-2:] == [
        Dropped(gone + RULES.hold, gone), Rung((ben,), gone),
    ]  # fmt: skip
    assert shown.desk.standing(ONE).loud == (ben,)
    # The case is still theirs to read.
    assert (shown.desk.standing(ONE).attorney, shown.desk.standing(ONE).last) == (None, ben)
    run_until(shown, gone + RULES.hold)
    assert set(shown.desk.standing(ONE).loud) == {ada, ben, cy}
    assert shown.desk.answer(ONE, ada, gone + RULES.hold + 1)


def test_a_dropped_call_goes_first_in_line_after_ninety_and_thirty_seconds(tmp_path: Path) -> None:
    assert (RULES.reconnect, RULES.hold) == (90_000, 30_000)
    shown = Shown(tmp_path)
    shown.desk.people.rules = replace(RULES, rings=1)
    ada, ben = several(shown, 2)
    shown.desk.begin(pressed(TWO))
    assert shown.desk.answer(TWO, ben, 50)
    shown.desk.begin(pressed())
    assert shown.desk.answer(ONE, ada, 100)
    shown.desk.line_lost(ONE, 1000)
    # Ada's console is there, and does not ring for anybody else while she is waited for.
    other = EncounterId("3" * 32)
    shown.desk.begin(pressed(other))
    run_until(shown, 91_000)
    assert shown.desk.standing(ONE).loud == (ada,)
    shown.desk.decline(ONE, ada, 91_500)
    run_until(shown, 100_000)
    shown.desk.end(TWO, "attorney", 100_100)
    shown.desk.ready(ben, 100_200)
    # Ben rings for one press at a time: for the call that dropped, though another waits for longer.
    assert shown.desk.standing(ONE).loud == (ben,)
    assert ben not in shown.desk.standing(other).loud


def test_a_line_that_comes_back_in_time_keeps_the_call(shown: Shown) -> None:
    (ada,) = several(shown, 1)
    shown.desk.begin(pressed())
    shown.desk.answer(ONE, ada, 100)
    shown.desk.line_lost(ONE, 1000)
    shown.desk.line_back(ONE)
    run_until(shown, 10 * RULES.reconnect)
    assert shown.desk.standing(ONE).attorney == ada


def test_a_callback_changes_hands_outlives_the_press_and_is_done(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    shown.desk.begin(pressed())
    run_until(shown, 10 + RULES.alarm)
    (owed,) = shown.desk.owed()
    ticket = owed.ringing.ticket
    assert ticket is not None
    # Nobody was there to own it: it is the coordinator's.
    assert ticket.owner == ""
    shown.desk.end(ONE, "caller", 30_000)
    shown.database.close()
    again = Shown(tmp_path, 30_001)
    again.desk.promise(ONE, BEN, 40_000)
    (owed,) = again.desk.owed()
    assert owed.ringing.ticket == Promised(BEN, ticket.deadline, 40_000)
    again.desk.called_back(ONE, BEN, 50_000)
    assert again.desk.owed() == []
    with pytest.raises(Unknown, match="callback"):
        again.desk.promise(ONE, BEN, 60_000)


def test_duty_said_again_concerns_nobody_else_and_keeps_ones_place(shown: Shown) -> None:
    """A console asks now and then whether anybody is there: a hundred others must not look."""
    shown.desk.begin(pressed())
    run_until(shown, 10 + RULES.alarm)
    shown.desk.go_on_duty(attorney(ADA, since=25_000))
    assert shown.desk.looks.take() is None, "whoever comes may own the callback: all are shown it"
    before, rung = list(shown.desk.people), list(shown.bells.rung)
    shown.desk.go_on_duty(attorney(ADA, since=26_000))
    assert shown.desk.looks.take() == set()
    assert (list(shown.desk.people), shown.bells.rung) == (before, rung)
    shown.desk.go_on_duty(attorney(ADA, "TX CA", 27_000))
    assert shown.desk.looks.take() is None
    assert shown.desk.people.qualified(ADA, pressed(state="CA").press)


def test_many_who_wait_are_a_surge_that_shortens_wrap_ups(shown: Shown) -> None:
    (ada,) = several(shown, 1)
    shown.desk.begin(pressed())
    shown.desk.answer(ONE, ada, 100)
    shown.desk.end(ONE, "caller", 1000)
    ids = [EncounterId(f"{n}" * 32) for n in range(2, 2 + RULES.surge_waiting)]
    for encounter in ids:
        shown.desk.begin(Pressed(encounter, Press("TX", "en", 2000), SECRET))
    run_until(shown, 1999 + RULES.late)
    assert shown.bells.surges == []
    run_until(shown, 2000 + RULES.late)
    assert shown.bells.surges == [True]
    run_until(shown, 1000 + RULES.surge_wrap_up)
    # Rung for some of them, the oldest first, not for all.
    rung = [one.encounter for one in shown.desk.open_standings() if one.loud == (ada,)]
    assert rung == ids[: RULES.rings]
    for encounter in ids:
        shown.desk.end(encounter, "caller", 100_000)
    assert shown.bells.surges == [True, False]


def test_whoever_waits_longest_is_rung_for_first_whatever_rang_for_them_before(
    shown: Shown,
) -> None:
    """Rung for and not answered, since another press was: that must not cost one's place."""
    ada, ben = several(shown, 2)
    shown.desk.begin(pressed())
    shown.desk.begin(pressed(TWO))
    assert shown.desk.answer(ONE, ada, 100)
    assert shown.desk.answer(TWO, ben, 100)
    ids = [EncounterId(f"{n}" * 32) for n in range(3, 9)]
    for n, encounter in enumerate(ids):
        shown.desk.begin(Pressed(encounter, Press("TX", "en", 2000 + n), SECRET))
    shown.desk.end(ONE, "caller", 3000)
    shown.desk.ready(ada, 3001)
    loud = shown.desk.standing
    assert [one for one in ids if loud(one).loud == (ada,)] == ids[: RULES.rings]
    assert shown.desk.answer(ids[0], ada, 3002)
    shown.desk.end(TWO, "caller", 3003)
    shown.desk.ready(ben, 3004)
    assert [one for one in ids if loud(one).loud == (ben,)] == ids[1 : 1 + RULES.rings]
    # And again, by whoever comes back: the line is as it was.
    assert shown.desk.answer(ids[1], ben, 3005)
    shown.desk.end(ids[0], "caller", 3006)
    shown.desk.ready(ada, 3007)
    assert [one for one in ids if loud(one).loud == (ada,)] == ids[2 : 2 + RULES.rings]


def test_a_surge_calls_in_volunteers_who_are_not_on_duty(shown: Shown) -> None:
    (ada,) = several(shown, 1)
    members = tuple(
        Member(name, f"Name {name}", "attorney", "UTC", volunteer=willing, card=card)
        for name, willing, card in (
            ("a", True, ada), ("b", True, BEN), ("c", False, "c" * 32), ("d", True, ""),
        )
    )  # fmt: skip
    shown.desk.plan(RosterShifts(Roster(members)), 10)
    ids = [EncounterId(f"{n}" * 32) for n in range(2, 2 + RULES.surge_waiting)]
    for encounter in ids:
        shown.desk.begin(Pressed(encounter, Press("TX", "en", 2000), SECRET))
    run_until(shown, 2000 + RULES.late)
    assert (shown.bells.surges, shown.bells.called_in) == ([True], [BEN])
    for encounter in ids:
        shown.desk.end(encounter, "caller", 100_000)
    assert (shown.bells.surges, shown.bells.called_in) == ([True, False], [BEN])


def test_with_a_roster_only_who_is_on_shift_rings_and_volunteers_in_a_surge(shown: Shown) -> None:
    hour = 3_600_000
    day = date(1970, 1, 1)
    members = tuple(
        Member(name[0], f"Name {name}", "attorney", "UTC", volunteer=name == "b") for name in "abc"
    )
    morning = Weekly("a", frozenset(range(7)), Hours(0, 60), Dates(day, day))
    shown.desk.plan(RosterShifts(Roster(members, (morning,))), 10)
    ada, ben, cy = several(shown, 3)
    shown.desk.begin(pressed())
    assert shown.desk.standing(ONE).loud == (ada,)
    run_until(shown, hour - 1)
    # The pause after two misses is not what silences Ada here.
    shown.desk.ready(ada, hour - 1)
    assert shown.desk.standing(ONE).loud == (ada,)
    run_until(shown, hour)
    assert shown.desk.standing(ONE).loud == ()
    for n in range(1, RULES.surge_waiting):
        shown.desk.begin(Pressed(EncounterId(f"{n + 1}" * 32), Press("TX", "en", hour), SECRET))
    run_until(shown, hour + RULES.late)
    assert shown.bells.surges == [True]
    assert shown.desk.standing(ONE).loud == (ben,)
    shown.desk.plan(None, hour + RULES.late)
    assert cy in shown.desk.standing(ONE).loud


def test_an_interpreter_is_rung_beside_a_language_that_nobody_speaks(shown: Shown) -> None:
    (ada,) = several(shown, 1)
    ines = CardSerial("i" * 32)
    shown.desk.go_on_duty(OnDuty(ines, "Ines", frozenset(), ("ht",), 0, role="interpreter"))
    shown.desk.begin(Pressed(ONE, Press("TX", "ht", 10), SECRET))
    shown.desk.begin(pressed(TWO))
    assert (shown.desk.standing(ONE).loud, shown.desk.standing(ONE).calling) == ((ada,), (ines,))
    assert shown.desk.standing(TWO).calling == ()
    with pytest.raises(Forbidden, match="license"):
        shown.desk.answer(ONE, ines, 11)
    with pytest.raises(Forbidden, match="interpreter for en"):
        shown.desk.join(TWO, ines, 11)
    assert shown.desk.answer(ONE, ada, 12)
    assert shown.desk.standing(ONE).calling == (ines,)
    assert shown.desk.join(ONE, ines, 13)
    assert shown.desk.standing(ONE).calling == ()
    shown.desk.end(ONE, "caller", 14)
    # Who has no case writes nothing down: only the attorney is in wrap-up.
    assert shown.desk.people.free(ines, 15)
    assert not shown.desk.people.free(ada, 15)


def with_an_interpreter(shown: Shown, language: str = "ht") -> tuple[CardSerial, CardSerial]:
    """An answered call of ADA's, in a language that she does not speak, with Ines in it."""
    (ada,) = several(shown, 1)
    ines = CardSerial("i" * 32)
    shown.desk.go_on_duty(OnDuty(ines, "Ines", frozenset(), ("ht",), 0, role="interpreter"))
    shown.desk.begin(Pressed(ONE, Press("TX", language, 10), SECRET))
    assert shown.desk.answer(ONE, ada, 12)
    if language != "ht":
        shown.desk.invite(ONE, "ht", 12)
    assert shown.desk.join(ONE, ines, 13)
    return ada, ines


def test_an_interpreter_who_leaves_is_free_and_the_next_is_rung_only_by_hand(
    shown: Shown,
) -> None:
    ada, ines = with_an_interpreter(shown)
    shown.desk.part(ONE, ines, 20)
    standing = shown.desk.standing(ONE)
    assert (standing.attorney, standing.third, standing.calling) == (ada, None, ())
    assert shown.desk.people.free(ines, 21)
    shown.desk.invite(ONE, "ht", 22)
    assert shown.desk.standing(ONE).calling == (ines,)
    assert shown.desk.join(ONE, ines, 23)
    assert shown.desk.standing(ONE).third == ines


def test_an_attorney_invites_an_interpreter_for_another_language_than_was_pressed(
    shown: Shown,
) -> None:
    _, ines = with_an_interpreter(shown, language="en")
    assert shown.desk.standing(ONE).third == ines


def test_nobody_is_invited_before_an_answer_or_beside_an_interpreter(shown: Shown) -> None:
    shown.desk.begin(pressed(TWO))
    shown.desk.invite(TWO, "ht", 11)
    assert shown.desk.standing(TWO).ringing.invited is None
    with_an_interpreter(shown)
    shown.desk.invite(ONE, "ht", 14)
    assert shown.desk.standing(ONE).ringing.invited is None


def test_an_interpreter_in_one_call_joins_no_other(shown: Shown) -> None:
    _, ines = with_an_interpreter(shown)
    shown.desk.begin(Pressed(TWO, Press("TX", "ht", 14), SECRET))
    with pytest.raises(Forbidden, match="call before"):
        shown.desk.join(TWO, ines, 15)


def test_a_restart_knows_the_interpreter_who_joined(tmp_path: Path) -> None:
    ada, ines = with_an_interpreter(Shown(tmp_path))
    again = Shown(tmp_path, 14)
    standing = again.desk.standing(ONE)
    assert (standing.attorney, standing.third) == (ada, ines)
    assert again.desk.people.record(ines).call == ONE
    again.desk.end(ONE, "attorney", 15)
    again.desk.ready(ines, 16)
    assert again.desk.people.record(ada).wrapping == ONE


def test_an_interpreter_who_joined_is_free_once_the_caller_lets_go(shown: Shown) -> None:
    ines = CardSerial("i" * 32)
    several(shown, 1)
    shown.desk.go_on_duty(OnDuty(ines, "Ines", frozenset(), ("ht",), 0, role="interpreter"))
    shown.desk.begin(Pressed(ONE, Press("TX", "ht", 10), SECRET))
    assert shown.desk.join(ONE, ines, 11)
    shown.desk.end(ONE, "caller", 12)
    assert shown.desk.people.free(ines, 13)


def test_interpreters_are_rung_in_waves_as_attorneys_are(shown: Shown) -> None:
    several(shown, 1)
    names = [CardSerial(f"i{n}") for n in range(8)]
    for one in names:
        shown.desk.go_on_duty(OnDuty(one, one, frozenset(), ("ht",), 0, role="interpreter"))
    shown.desk.begin(Pressed(ONE, Press("TX", "ht", 10), SECRET))
    assert shown.desk.standing(ONE).calling == tuple(names[:3])
    shown.desk.tick(10 + RULES.wave)
    assert shown.desk.standing(ONE).calling == tuple(names[:6])
    shown.desk.tick(10 + 2 * RULES.wave)
    assert shown.desk.standing(ONE).calling == tuple(names)


def test_a_line_that_was_gone_and_is_back_is_a_return(shown: Shown) -> None:
    (ada,) = several(shown, 1)
    shown.desk.begin(pressed())
    shown.desk.answer(ONE, ada, 100)
    shown.desk.line_back(ONE, 200)
    shown.desk.line_lost(ONE, 300)
    shown.desk.line_back(ONE)
    shown.desk.line_back(ONE, 350)
    assert shown.desk.standing(ONE).ringing.returns == 0, "nobody came back to an empty call"
    shown.desk.line_lost(ONE, 400)
    shown.desk.line_back(ONE, 500)
    assert shown.desk.standing(ONE).ringing.returns == 1
    for time in range(500):
        shown.desk.returned(ONE, "caller", 1000 + time)
    assert shown.desk.standing(ONE).ringing.returns == RETURNS
    assert len(shown.presses.events(ONE)) < RETURNS + 10, "and not written down without end"


def test_a_callback_that_was_not_made_after_all_is_owed_again_after_a_restart(
    tmp_path: Path,
) -> None:
    shown = Shown(tmp_path)
    shown.desk.begin(pressed())
    run_until(shown, 10 + RULES.alarm)
    shown.desk.reopen(ONE, BEN, 25_000)
    assert shown.desk.standing(ONE).ringing.ticket is not None, "there was nothing to take back"
    shown.desk.called_back(ONE, BEN, 26_000)
    assert [one.encounter for one in shown.desk.called_back_lately(5)] == [ONE]
    assert shown.desk.called_back_lately(0) == []
    shown.desk.reopen(ONE, BEN, 27_000)
    shown.desk.end(ONE, "caller", 30_000)
    shown.database.close()
    again = Shown(tmp_path, 30_001)
    assert [one.encounter for one in again.desk.owed()] == [ONE]
    assert again.desk.called_back_lately(5) == []
    again.desk.called_back(ONE, BEN, 40_000)
    again.database.close()
    last = Shown(tmp_path, 50_000)
    assert last.desk.owed() == []
    assert [one.encounter for one in last.desk.called_back_lately(5)] == [ONE]
    last.database.close()


def test_what_became_due_while_nobody_was_there_is_kept_and_shown_to_nobody() -> None:
    kept, encounter = MemoryPresses(), EncounterId("e")
    Desk(kept, lambda standing: None, now=1000).begin(
        Pressed(encounter, Press("TX", "en", 1000), b"")
    )

    def show(standing: Standing) -> None:
        raise AssertionError("a server that starts has nobody to show anything to")

    later = Desk(kept, show, now=1000 + 60_000)
    assert later.standing(encounter).ringing.ticket is not None
