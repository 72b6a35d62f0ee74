"""Responders: rung when nobody answers, there until somebody does, and never taken for a lawyer."""

from dataclasses import replace
from pathlib import Path

import pytest

from accompany.adapters.sqlite import Database, SqlitePresses
from accompany.dispatch.attendance import Attendance
from accompany.dispatch.memory import MemoryPresses
from accompany.dispatch.ports import NoBells, Pressed, Presses
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.rules import Rules, read_when
from accompany.dispatch.runner import Desk
from accompany.dispatch.shifts import Hours, Member, Roster, RosterShifts, Weekly
from accompany.dispatch.statistics import course
from accompany.errors import Forbidden, Malformed
from accompany.ids import CardSerial, EncounterId

ADA, INES, ROB, ROSA = (CardSerial(letter * 32) for letter in "abcd")
ONE = EncounterId("1" * 32)
RULES = Rules()
LAST = RULES.alarm


def desk_with(
    presses: Presses, *people: CardSerial, rules: Rules = RULES, now: int = 0, tongue: str = "en"
) -> Desk:
    desk = Desk(presses, lambda standing: None, rules, NoBells(), now)
    for one in people:
        role = {ADA: "attorney", INES: "interpreter"}.get(one, "responder")
        states = frozenset({"TX"} if one == ADA else ())
        spoken = ("es",) if one == INES else (tongue,)
        desk.go_on_duty(OnDuty(one, f"Name {one[0]}", states, spoken, now, role=role))  # type: ignore[arg-type]
    return desk


def waiting(*people: CardSerial, rules: Rules = RULES, language: str = "en") -> Desk:
    desk = desk_with(MemoryPresses(), *people, rules=rules)
    desk.begin(Pressed(ONE, Press("TX", language, 0), b""))
    return desk


def test_a_responder_is_rung_after_the_last_wave_and_the_attorney_still_is() -> None:
    desk = waiting(ADA, ROB)
    desk.tick(LAST - 1)
    assert desk.standing(ONE).seeking == ()
    desk.tick(LAST)
    standing = desk.standing(ONE)
    assert (standing.seeking, standing.loud) == ((ROB,), (ADA,))
    assert desk.support(ONE, ROB, LAST + 1)
    standing = desk.standing(ONE)
    assert (standing.third, standing.supported, standing.attorney) == (ROB, True, None)
    # Support is no answer: attorneys ring on, and the callback is owed.
    assert (standing.loud, standing.ringing.ticket is None) == ((ADA,), False)
    assert desk.answer(ONE, ADA, LAST + 2)
    assert (desk.standing(ONE).third, desk.standing(ONE).attorney) == (ROB, ADA)
    desk.end(ONE, "attorney", LAST + 3)
    # There is no case of theirs: no wrap-up either.
    assert desk.people.free(ROB, LAST + 3)
    assert desk.cases(ROB) == []


@pytest.mark.parametrize(("support", "rung"), [("beside", (ROB,)), ("off", ())])
def test_an_organization_rings_them_at_once_or_not_at_all(
    support: str, rung: tuple[CardSerial, ...]
) -> None:
    desk = waiting(ADA, ROB, rules=replace(RULES, support=read_when("support", support)))
    assert desk.standing(ONE).seeking == rung
    desk.tick(LAST)
    assert desk.standing(ONE).seeking == rung


def test_the_first_responder_has_the_seat_and_the_other_is_told() -> None:
    desk = waiting(ROB, ROSA)
    desk.tick(LAST)
    assert set(desk.standing(ONE).seeking) == {ROB, ROSA}
    assert desk.support(ONE, ROSA, LAST + 1)
    assert not desk.support(ONE, ROB, LAST + 1)
    assert desk.standing(ONE).seeking == ()
    desk.part(ONE, ROSA, LAST + 2)
    assert desk.standing(ONE).seeking == (ROB,)


def test_whoever_speaks_the_callers_language_is_rung_first() -> None:
    rules = replace(RULES, support="beside", width=1)
    desk = desk_with(MemoryPresses(), ROB, ROSA, rules=rules, tongue="en")
    spanish = OnDuty(ROSA, "Rosa", frozenset(), ("es",), 0, role="responder")
    desk.go_on_duty(spanish)
    desk.begin(Pressed(ONE, Press("TX", "es", 0), b""))
    assert desk.standing(ONE).seeking == (ROSA,)
    desk.tick(rules.wave)
    assert set(desk.standing(ONE).seeking) == {ROB, ROSA}


def test_an_interpreter_takes_the_seat_and_the_responder_is_free() -> None:
    desk = waiting(ADA, INES, ROB, language="es")
    desk.tick(LAST)
    assert desk.support(ONE, ROB, LAST + 1)
    assert desk.answer(ONE, ADA, LAST + 2)
    assert desk.standing(ONE).calling == (INES,)
    assert desk.join(ONE, INES, LAST + 3)
    standing = desk.standing(ONE)
    assert (standing.third, standing.supported) == (INES, False)
    assert desk.people.free(ROB, LAST + 3)


def test_nobody_supports_who_is_not_rung_for_it_or_no_responder_or_busy() -> None:
    desk = waiting(ADA, ROB)
    with pytest.raises(Forbidden, match="needs to be rung"):
        desk.support(ONE, ROB, 1)
    with pytest.raises(Forbidden, match="as a responder"):
        desk.support(ONE, ADA, 1)
    with pytest.raises(Forbidden, match="needs duty and a license"):
        desk.answer(ONE, ROB, 1)
    desk.tick(LAST)
    two = EncounterId("2" * 32)
    desk.begin(Pressed(two, Press("TX", "en", LAST), b""))
    desk.tick(2 * LAST)
    assert desk.support(ONE, ROB, 2 * LAST)
    with pytest.raises(Forbidden, match="the call before"):
        desk.support(two, ROB, 2 * LAST)


def test_a_restart_knows_the_responder_who_came(tmp_path: Path) -> None:
    presses = SqlitePresses(Database(tmp_path / "accompany.sqlite"))
    desk = desk_with(presses, ROB)
    desk.begin(Pressed(ONE, Press("TX", "en", 0), b""))
    desk.tick(LAST)
    assert desk.support(ONE, ROB, LAST + 1)
    again = desk_with(presses, ROB, ROSA, now=LAST + 2)
    assert (again.standing(ONE).third, again.standing(ONE).supported) == (ROB, True)
    assert not again.people.free(ROB, LAST + 2)
    again.end(ONE, "caller", LAST + 3)
    assert again.people.free(ROB, LAST + 3)
    found = course(Press("TX", "en", 0), presses.events(ONE))
    assert (found.answered, found.gone, found.supported) == (None, LAST + 3, LAST + 1)


def test_the_setting_is_one_of_three_words() -> None:
    with pytest.raises(Malformed, match="expected one of off, after, beside, found 'now'"):
        read_when("support", "now")


def test_coordinators_on_shift_are_summoned_and_all_of_them_where_none_is() -> None:
    every_day = frozenset(range(7))
    members = tuple(Member(one, one, "coordinator", "UTC") for one in ("Cora", "Dan"))
    hours = [Weekly("Cora", every_day, Hours(0, 720)), Weekly("Dan", every_day, Hours(720, 1080))]
    people = Attendance(RULES)
    asked = [
        OnDuty(CardSerial(one), one, frozenset(), (), 0, role="coordinator")
        for one in ("Cora", "Dan")
    ]
    assert people.summoned(asked, 0) == ["Cora", "Dan"]
    people.plan(RosterShifts(Roster(members, tuple(hours))))
    found = [people.summoned(asked, hour * 3_600_000) for hour in (6, 13, 20)]
    assert found == [["Cora"], ["Dan"], ["Cora", "Dan"]]
    # Whom no roster names is on shift.
    eve = OnDuty(CardSerial("Eve"), "Eve", frozenset(), (), 0, role="coordinator")
    assert people.summoned([*asked, eve], 20 * 3_600_000) == ["Eve"]
