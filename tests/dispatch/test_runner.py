"""Duty as it runs, over a real database: who is rung, who wins, and what a restart finds."""

from pathlib import Path

import pytest

from accompany.adapters.sqlite import Database, SqlitePresses
from accompany.dispatch.ringing import Answered, Event
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.runner import LINGERING, Desk, Pressed, Standing
from accompany.errors import Forbidden, Unknown
from accompany.ids import CardSerial, EncounterId

ADA, BEN = CardSerial("a" * 32), CardSerial("b" * 32)
ONE, TWO = EncounterId("1" * 32), EncounterId("2" * 32)
SECRET = b"digest of a secret"


class Shown:
    """A desk on a database in a folder, and all that it showed."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "accompany.sqlite")
        self.presses = SqlitePresses(self.database)
        self.seen: list[Standing] = []
        self.desk = Desk(self.presses, self.seen.append)

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
    assert shown.presses.events(ONE) == [Answered(ADA, 11)]
    # The same one again still has it.
    assert shown.desk.answer(ONE, ADA, 12)


def test_an_answer_appended_by_somebody_else_meanwhile_wins(tmp_path: Path) -> None:
    """Two desks over one database, as two nodes will be: the number decides, not the memory."""
    first, second = Shown(tmp_path), Shown(tmp_path)
    for one, who in ((first, ADA), (second, BEN)):
        one.desk.go_on_duty(attorney(who))
    first.desk.begin(pressed())
    assert second.desk.standing(ONE).stage == "ringing"
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
    assert len(shown.presses.events(ONE)) == 1


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
    assert shown.desk.standing(ONE).line == (ADA, BEN)


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
