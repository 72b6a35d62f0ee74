"""Partner organizations: their attorneys are rung when the last wave has brought nobody."""

from dataclasses import replace
from datetime import date

import pytest

from accompany.dispatch.memory import MemoryPresses
from accompany.dispatch.ports import NoBells, Pressed
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.rules import Rules, When
from accompany.dispatch.runner import Desk
from accompany.dispatch.shifts import Hours, License, Member, Roster, RosterShifts, Weekly
from accompany.errors import Forbidden
from accompany.ids import CardSerial, EncounterId

ADA, EVE, FAY = (CardSerial(letter * 32) for letter in "aef")
ONE, TWO = EncounterId("1" * 32), EncounterId("2" * 32)
RULES = Rules()
LAST = RULES.alarm


def attorney(serial: CardSerial, partner: str = "", languages: tuple[str, ...] = ("en",)) -> OnDuty:
    states = frozenset({"TX"})
    return OnDuty(serial, f"Name {serial[0]}", states, languages, 0, partner=partner)


def desk_with(*people: OnDuty, rules: Rules = RULES) -> Desk:
    desk = Desk(MemoryPresses(), lambda standing: None, rules, NoBells())
    for one in people:
        desk.go_on_duty(one)
    desk.begin(Pressed(ONE, Press("TX", "es", 0), b""))
    return desk


def test_a_partner_is_rung_after_the_last_wave_and_answers_as_anybody() -> None:
    desk = desk_with(attorney(ADA), attorney(EVE, "Defenders"), attorney(FAY, "Aid"))
    desk.tick(LAST - 1)
    assert desk.standing(ONE).loud == (ADA,)
    desk.tick(LAST)
    assert desk.standing(ONE).loud == (ADA, EVE, FAY)
    # The callback is owed by somebody of this organization, where one is on duty.
    assert desk.standing(ONE).ringing.promised is not None
    assert desk.standing(ONE).ringing.promised.owner == ADA  # type: ignore[union-attr]
    assert desk.answer(ONE, EVE, LAST + 1)
    assert (desk.standing(ONE).attorney, desk.standing(ONE).loud) == (EVE, ())


def test_a_partner_who_comes_on_duty_late_is_rung_as_well() -> None:
    desk = desk_with()
    desk.tick(LAST + 1)
    desk.go_on_duty(attorney(EVE, "Defenders"))
    assert desk.standing(ONE).loud == (EVE,)


def test_a_dropped_call_begins_with_this_organization_again() -> None:
    desk = desk_with(attorney(EVE, "Defenders"), attorney(ADA))
    assert desk.answer(ONE, ADA, 1)
    desk.line_lost(ONE, 2)
    desk.go_off_duty(ADA)
    again = 2 + RULES.reconnect + RULES.hold
    desk.tick(2 + RULES.reconnect)
    desk.tick(again + LAST - 1)
    assert desk.standing(ONE).loud == ()
    desk.tick(again + LAST)
    assert desk.standing(ONE).loud == (EVE,)


@pytest.mark.parametrize(("partners", "first", "last"), [("beside", 2, 2), ("off", 1, 1)])
def test_an_organization_rings_them_with_the_first_wave_or_never(
    partners: When, first: int, last: int
) -> None:
    rules = replace(RULES, partners=partners)
    spanish = attorney(EVE, "Defenders", ("es",))
    desk = desk_with(spanish, attorney(ADA), rules=rules)
    # Behind this organization's own, whatever they speak.
    assert desk.standing(ONE).loud == (ADA, EVE)[:first]
    desk.tick(LAST)
    assert desk.standing(ONE).loud == (ADA, EVE)[:last]
    if partners == "off":
        with pytest.raises(Forbidden, match="needs duty and a license"):
            desk.answer(ONE, EVE, LAST)


def test_a_license_of_another_state_rings_no_partner_either() -> None:
    desk = desk_with(attorney(EVE, "Defenders"))
    desk.begin(Pressed(TWO, Press("CA", "en", 0), b""))
    desk.tick(LAST)
    assert desk.standing(TWO).loud == ()
    anywhere = replace(RULES, matter="immigration", any_state=frozenset({"immigration"}))
    desk = desk_with(attorney(EVE, "Defenders"), rules=anywhere)
    desk.begin(Pressed(TWO, Press("CA", "en", 0), b""))
    desk.tick(LAST)
    assert desk.standing(TWO).loud == (EVE,)


def test_the_roster_says_who_is_a_partners() -> None:
    day = 86_400_000
    licenses = (License("TX", date(1970, 1, 1)),)
    member = Member("eve", "Name e", "attorney", "UTC", ("en",), (), licenses, partner="Defenders")
    always = Weekly("eve", frozenset(range(7)), Hours(0, 24 * 60))
    desk = desk_with(attorney(EVE))
    assert desk.standing(ONE).loud == (EVE,)
    desk.plan(RosterShifts(Roster((member,), (always,))), day)
    desk.begin(Pressed(TWO, Press("TX", "en", day), b""))
    assert desk.standing(TWO).loud == ()
    desk.tick(day + LAST)
    assert desk.standing(TWO).loud == (EVE,)
