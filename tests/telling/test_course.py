"""Who is told what, and when: any order of events, repeated or not, comes to the same end."""

from hypothesis import given
from hypothesis import strategies as st

from accompany.ids import EncounterId
from accompany.telling.contacts import WORDS
from accompany.telling.course import (
    GRACE,
    Course,
    Event,
    Failed,
    Missed,
    Safe,
    Telling,
    Told,
    after,
    replay,
)

TELLING = Telling(b"d" * 32, EncounterId("e" * 32), 0, 60_000, 3)
LATE = 120_000

events = st.lists(
    st.one_of(
        st.builds(Told, st.sampled_from(WORDS), st.integers(0, 2), st.integers(0, LATE)),
        st.builds(Failed, st.sampled_from(WORDS), st.integers(0, 2), st.integers(0, LATE)),
        st.builds(Safe, st.integers(0, LATE)),
        st.builds(Missed, st.integers(0, LATE)),
    ),
    max_size=12,
)


def all_told(word: str, *contacts: int) -> frozenset[tuple[str, int]]:
    return frozenset((word, one) for one in contacts)


def test_nobody_is_told_in_the_first_ten_seconds() -> None:
    assert Course().wanted(TELLING, GRACE - 1) == frozenset()
    assert not Course().done(TELLING, GRACE - 1)
    assert Course().wanted(TELLING, GRACE) == all_told("pressed", 0, 1, 2)


def test_who_takes_it_back_at_once_has_told_nobody() -> None:
    course = replay([Safe(3000)])
    for now in (4000, GRACE, LATE):
        assert course.wanted(TELLING, now) == frozenset()
    assert course.done(TELLING, 4000)


def test_safe_is_told_to_whoever_heard_before() -> None:
    course = replay([Told("pressed", 1, 11_000), Failed("pressed", 2, 12_000), Safe(20_000)])
    assert course.wanted(TELLING, LATE) == all_told("safe", 1)
    assert [course.fate("pressed", one, TELLING, LATE) for one in range(3)] == [
        "none", "told", "failed",
    ]  # fmt: skip
    assert [course.fate("safe", one, TELLING, LATE) for one in range(3)] == [
        "none", "waiting", "none",
    ]  # fmt: skip


def test_who_is_missed_is_missed_once_and_everybody_hears() -> None:
    course = replay([Told("pressed", one, 11_000) for one in range(3)])
    assert not course.misses(TELLING, 59_999)
    assert course.misses(TELLING, 60_000)
    missed = after(course, Missed(60_000))
    assert not missed.misses(TELLING, LATE)
    assert missed.wanted(TELLING, LATE) == all_told("overdue", 0, 1, 2)
    assert after(missed, Missed(70_000)) == missed


def test_safe_after_being_missed_is_told_as_well() -> None:
    course = replay([Missed(60_000), Told("overdue", 0, 61_000), Safe(70_000)])
    assert course.stage == "safe"
    assert course.wanted(TELLING, LATE) == all_told("safe", 0)


def test_a_press_that_reached_nobody_before_the_time_is_not_told_any_more() -> None:
    assert replay([Missed(60_000)]).wanted(TELLING, LATE) == all_told("overdue", 0, 1, 2)


def test_news_that_came_late_count() -> None:
    course = replay([Failed("pressed", 0, 1), Told("pressed", 0, 2), Failed("pressed", 0, 3)])
    assert course.fate("pressed", 0, TELLING, LATE) == "told"


@given(events)
def test_the_same_event_again_changes_nothing(given: list[Event]) -> None:
    course = replay(given)
    assert replay([*given, *given[-1:]]) == course
    if course.safe is not None:
        assert not course.misses(TELLING, LATE)
        assert "overdue" not in {word for word, _ in course.wanted(TELLING, LATE)}


@given(events)
def test_telling_everybody_who_should_be_told_comes_to_an_end(given: list[Event]) -> None:
    course = replay(given)
    while wanted := course.wanted(TELLING, LATE):
        word, contact = min(wanted)
        course = after(course, Told(word, contact, LATE))
    assert course.done(TELLING, LATE) == (course.stage != "waiting")
    assert len(course.told) <= 9
