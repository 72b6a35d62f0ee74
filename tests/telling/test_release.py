"""When what is withheld falls due: laws of the pure part, at its edges."""

import pytest

from accompany.ids import EncounterId
from accompany.telling.course import Course, Missed, Safe, Telling, replay
from accompany.telling.release import HEARD_AGAIN, LASTS, LATE, Release, falls_due

DUE = 1_000_000
TELLING = Telling(b"d" * 32, EncounterId("a" * 32), 0, DUE, 0)


@pytest.mark.parametrize(
    ("course", "now", "falls"),
    [
        (Course(), DUE + LATE, False),
        (replay([Missed(DUE)]), DUE, True),
        (replay([Safe(DUE - 1_000)]), DUE + LATE, False),
        (replay([Missed(DUE), Safe(DUE + 1)]), DUE + 1, False),
        # The server itself was away: whoever tried in vain to say it has some minutes more.
        (replay([Missed(DUE + LATE)]), DUE + LATE, True),
        (replay([Missed(DUE + LATE + 1)]), DUE + LATE + HEARD_AGAIN, False),
        (replay([Missed(DUE + LATE + 1)]), DUE + LATE + 1 + HEARD_AGAIN, True),
    ],
)
def test_it_falls_due_where_the_caller_is_missed(course: Course, now: int, falls: bool) -> None:
    assert falls_due(TELLING, course, now) is falls


def test_it_never_falls_due_without_a_time() -> None:
    without = Telling(b"d" * 32, EncounterId("a" * 32), 0, None, 2)
    assert not falls_due(without, replay([Missed(5)]), DUE)


def test_what_was_given_is_good_for_some_time_or_until_it_is_ended() -> None:
    waiting = Release(b"c" * 32, EncounterId("a" * 32), b"p" * 32)
    given = Release(b"c" * 32, EncounterId("a" * 32), b"p" * 32, DUE)
    ended = Release(b"c" * 32, EncounterId("a" * 32), b"p" * 32, DUE, DUE + 5)
    assert not waiting.good(DUE)
    assert not waiting.over(DUE + LASTS)
    assert given.good(DUE + LASTS - 1)
    assert not given.good(DUE + LASTS)
    assert given.over(DUE + LASTS)
    assert not ended.good(DUE + 6)
