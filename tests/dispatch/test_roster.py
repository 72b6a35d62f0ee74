"""Who can take a press, and who should rather."""

from dataclasses import replace
from itertools import permutations
from typing import Any

from accompany.dispatch.attendance import Attendance
from accompany.dispatch.events import Answered, Ended, Missed
from accompany.dispatch.roster import OnDuty, Press, qualified
from accompany.dispatch.rules import Rules
from accompany.ids import CardSerial, EncounterId

RULES = Rules(matter="immigration")
ANYWHERE = Rules(matter="immigration", any_state=frozenset({"immigration"}))
PRESS = Press("TX", "es", 100)


def on_duty(
    serial: str, states: str = "TX", languages: str = "en", since: int = 0, **more: Any
) -> OnDuty:
    words = tuple(languages.split())
    return OnDuty(
        CardSerial(serial), serial.title(), frozenset(states.split()), words, since, **more
    )


def line(*desk: OnDuty, rules: Rules = RULES, now: int = 100, count: int = 9) -> tuple[str, ...]:
    people = Attendance(rules)
    for one in desk:
        people.come(one)
    return people.line(PRESS, now, (), count)


def test_a_license_for_the_state_is_needed() -> None:
    assert qualified(on_duty("ada", "CA TX"), PRESS, RULES)
    assert not qualified(on_duty("ada", "CA NM"), PRESS, RULES)
    assert not qualified(on_duty("ada", ""), PRESS, RULES)
    for role in ("interpreter", "responder", "coordinator"):
        assert not qualified(on_duty("ada", role=role), PRESS, RULES)


def test_any_license_is_enough_where_the_organization_says_so() -> None:
    immigration = frozenset({"immigration"})
    assert qualified(on_duty("ada", "CA", areas=immigration), PRESS, ANYWHERE)
    assert qualified(on_duty("ada", "CA"), PRESS, ANYWHERE)
    assert not qualified(on_duty("ada", "CA", areas=frozenset({"criminal"})), PRESS, ANYWHERE)
    assert not qualified(on_duty("ada", "", areas=immigration), PRESS, ANYWHERE)
    away, here = on_duty("away", "CA", "es"), on_duty("here", "TX", "en")
    assert line(away, here, rules=ANYWHERE) == ("here", "away")
    assert line(away, here) == ("here",)


def test_language_comes_first_then_practice_then_who_waited_longest() -> None:
    desk = [
        on_duty("late", languages="en es", since=20),
        on_duty("early", languages="es", since=10),
        on_duty("criminal", languages="es", since=1, areas=frozenset({"criminal"})),
        on_duty("english", languages="en", since=1),
        on_duty("elsewhere", states="CA", languages="es", since=0),
    ]
    for order in permutations(desk):
        assert line(*order) == ("early", "late", "criminal", "english")
    assert line(*desk, count=2) == ("early", "late")


def test_who_missed_one_or_had_a_call_comes_later() -> None:
    people = Attendance(RULES)
    for serial in ("missed", "called", "waited"):
        people.come(on_duty(serial))
    one = EncounterId("1")
    people.heard(one, Missed(CardSerial("missed"), 10))
    people.heard(one, Answered(CardSerial("called"), 20))
    people.heard(one, Ended("caller", 30))
    now = 30 + RULES.wrap_up
    assert people.line(PRESS, now - 1, (), 9) == ("waited", "missed")
    assert people.line(PRESS, now, (), 9) == ("waited", "called", "missed")


def test_who_rings_for_others_comes_later_and_never_for_too_many() -> None:
    people = Attendance(Rules(rings=2))
    for serial in ("ada", "ben", "cy"):
        people.come(on_duty(serial))
    people.rings[CardSerial("ada")] = dict.fromkeys([EncounterId("1")])
    people.rings[CardSerial("ben")] = dict.fromkeys([EncounterId("1"), EncounterId("2")])
    assert people.line(PRESS, 100, (), 9) == ("cy", "ada")


def test_an_interpreter_is_found_by_language_and_never_in_the_line() -> None:
    people = Attendance(RULES)
    people.come(on_duty("ines", "", "es pt", role="interpreter"))
    assert people.line(PRESS, 100, (), 9) == ()
    assert people.interpreters(PRESS, 100, (), 9) == ("ines",)
    assert people.interpreters(Press("TX", "ht", 100), 100, (), 9) == ()
    people.go(CardSerial("ines"))
    assert people.interpreters(PRESS, 100, (), 9) == ()


def test_equals_stand_in_a_certain_order() -> None:
    assert line(on_duty("b"), on_duty("a"), on_duty("c")) == ("a", "b", "c")


def test_nobody_on_duty_is_an_empty_line() -> None:
    assert line() == ()


def test_whoever_has_a_page_open_goes_before_whoever_is_only_on_call() -> None:
    called, there = on_duty("called", on_call=True), on_duty("there", since=9)
    assert line(called, there) == ("there", "called")
    assert line(replace(called, on_call=False), there) == ("called", "there")
