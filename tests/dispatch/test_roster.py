from itertools import permutations

from accompany.dispatch.roster import OnDuty, Press, line, qualified
from accompany.ids import CardSerial


def on_duty(serial: str, states: str = "TX", languages: str = "en", since: int = 0) -> OnDuty:
    words = tuple(languages.split())
    return OnDuty(CardSerial(serial), serial.title(), frozenset(states.split()), words, since)


PRESS = Press("TX", "es", 100)


def test_a_license_for_the_state_is_needed() -> None:
    assert qualified(on_duty("ada", "CA TX"), PRESS)
    assert not qualified(on_duty("ada", "CA NM"), PRESS)
    assert not qualified(on_duty("ada", ""), PRESS)


def test_who_speaks_the_language_comes_first_then_who_waited_longest() -> None:
    desk = [
        on_duty("late", languages="en es", since=20),
        on_duty("early", languages="es", since=10),
        on_duty("english", languages="en", since=1),
        on_duty("elsewhere", states="CA", languages="es", since=0),
    ]
    for order in permutations(desk):
        assert line(PRESS, order) == ("early", "late", "english")


def test_equals_stand_in_a_certain_order() -> None:
    desk = [on_duty("b"), on_duty("a"), on_duty("c")]
    assert line(PRESS, desk) == ("a", "b", "c")


def test_nobody_on_duty_is_an_empty_line() -> None:
    assert line(PRESS, []) == ()
