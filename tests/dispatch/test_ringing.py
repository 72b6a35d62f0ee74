"""Ringing as a machine: any order of events, and any of them twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.dispatch.ringing import (
    Answered,
    Declined,
    Ended,
    Event,
    Ringing,
    Withdrawn,
    after,
    replay,
)
from accompany.ids import CardSerial

ATTORNEYS = tuple(CardSerial(word) for word in ("ada", "ben", "cy"))
ADA, BEN, CY = ATTORNEYS

times = st.integers(0, 50)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Answered, st.sampled_from(ATTORNEYS), times),
    st.builds(Declined, st.sampled_from(ATTORNEYS), times),
    st.builds(Withdrawn, times),
    st.builds(Ended, st.sampled_from(["caller", "attorney"]), times),
)
histories = st.lists(events, max_size=12)


@given(histories)
def test_the_first_answer_wins_whatever_else_comes(history: list[Event]) -> None:
    answers = []
    ringing = Ringing()
    for event in history:
        if isinstance(event, Answered) and ringing.open:
            answers.append(event)
        ringing = after(ringing, event)
    assert ringing.answered == (answers[0] if answers else None)


@given(histories)
def test_nobody_is_loud_once_it_is_answered_or_over(history: list[Event]) -> None:
    ringing = replay(history)
    loud = ringing.loud(ATTORNEYS)
    assert ringing.open == (ringing.answered is None and not ringing.over)
    if not ringing.open:
        assert loud == ()
    assert not set(loud) & ringing.declined


@given(histories, events)
def test_once_it_is_over_nothing_changes_any_more(history: list[Event], event: Event) -> None:
    ringing = replay(history)
    if ringing.over:
        assert after(ringing, event) == ringing


@given(histories, st.data())
def test_an_event_twice_is_the_event_once(history: list[Event], data: st.DataObject) -> None:
    if not history:
        return
    at = data.draw(st.integers(0, len(history) - 1))
    twice = [*history[: at + 1], *history[at:]]
    assert _shown(replay(twice)) == _shown(replay(history))


def _shown(ringing: Ringing) -> object:
    """All that anybody is shown of it; a declined press that was answered shows no refusals."""
    return (
        ringing.stage(ATTORNEYS),
        ringing.loud(ATTORNEYS),
        ringing.answered,
        ringing.ended_by,
    )


@given(histories)
def test_its_stage_says_who_is_rung(history: list[Event]) -> None:
    ringing = replay(history)
    stage = ringing.stage(ATTORNEYS)
    assert (stage == "ringing") == bool(ringing.loud(ATTORNEYS))
    assert (stage == "ended") == ringing.over
    assert (stage == "ended") == (ringing.ended_by is not None)
    if stage == "answered":
        assert ringing.answered


@given(histories)
def test_an_encounter_that_nobody_answered_ends_only_by_its_caller(history: list[Event]) -> None:
    ringing = replay(history)
    if ringing.over and ringing.answered is None:
        assert ringing.ended_by == "caller"


def test_everybody_in_line_is_rung_at_once_but_who_declined() -> None:
    ringing = replay([Declined(BEN, 1)])
    assert ringing.loud(ATTORNEYS) == (ADA, CY)
    assert ringing.stage(ATTORNEYS) == "ringing"


def test_where_all_declined_it_is_unanswered_until_somebody_else_comes() -> None:
    ringing = replay([Declined(one, 1) for one in ATTORNEYS])
    assert ringing.stage(ATTORNEYS) == "unanswered"
    assert ringing.stage([*ATTORNEYS, CardSerial("dee")]) == "ringing"
    assert Ringing().stage([]) == "unanswered"


def test_who_declined_may_still_answer() -> None:
    assert replay([Declined(ADA, 1), Answered(ADA, 2)]).answered == Answered(ADA, 2)


def test_an_answer_after_the_caller_let_go_answers_nothing() -> None:
    ringing = replay([Withdrawn(1), Answered(ADA, 2)])
    assert ringing.answered is None
    assert ringing.ended_by == "caller"


def test_declining_after_the_answer_takes_nobody_from_it() -> None:
    ringing = replay([Answered(ADA, 1), Declined(BEN, 2)])
    assert ringing.declined == frozenset()
    assert ringing.stage(ATTORNEYS) == "answered"


@pytest.mark.parametrize("by", ["caller", "attorney"])
def test_a_call_is_ended_by_either(by: str) -> None:
    ringing = replay([Answered(ADA, 1), Ended(by, 2)])
    assert ringing.ended_by == by
    assert ringing.stage(ATTORNEYS) == "ended"


def test_what_was_not_answered_is_not_ended_by_an_attorney() -> None:
    assert replay([Ended("attorney", 1)]) == Ringing()
