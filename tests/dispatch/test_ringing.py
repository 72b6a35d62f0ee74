"""The state machine of one press: whatever order events come in, and however often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.dispatch.ringing import (
    EVERYBODY,
    Answered,
    Called,
    CalledBack,
    Declined,
    Dropped,
    Ended,
    Event,
    Extended,
    Joined,
    Missed,
    Promised,
    Ready,
    Resumed,
    Ringing,
    Rung,
    Withdrawn,
    after,
    replay,
)
from accompany.dispatch.rules import Rules
from accompany.ids import CardSerial

ADA, BEN, CY = ATTORNEYS = tuple(CardSerial(one) for one in ("ada", "ben", "cy"))
RULES = Rules(wave=8, hold=30)

times = st.integers(0, 50)
people = st.sampled_from(ATTORNEYS)
several = st.lists(people, unique=True, min_size=1).map(tuple)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Rung, several, times),
    st.builds(Called, several, times),
    st.builds(Answered, people, times),
    st.builds(Joined, people, times),
    st.builds(Declined, people, times),
    st.builds(Missed, people, times),
    st.builds(Dropped, times, times),
    st.builds(Promised, people, times, times),
    st.builds(CalledBack, people, times),
    st.builds(Withdrawn, times),
    st.builds(Ended, st.sampled_from(["caller", "attorney"]), times),
    st.builds(Extended, times, times),
    st.builds(Ready, times),
    st.builds(Resumed, people, times),
)
histories = st.lists(events, max_size=14)


def everybody(one: CardSerial) -> bool:
    return True


@given(histories)
def test_the_first_answer_wins_until_its_call_drops(history: list[Event]) -> None:
    has = None
    ringing = Ringing()
    for event in history:
        if isinstance(event, Answered) and ringing.open:
            has = event
        if isinstance(event, Dropped) and not ringing.over:
            has = None
        ringing = after(ringing, event)
        assert ringing.answered == has


@given(histories)
def test_nobody_is_loud_once_it_is_answered_or_over(history: list[Event]) -> None:
    ringing = replay(0, history)
    loud = ringing.loud(everybody)
    assert ringing.open == (ringing.answered is None and not ringing.over)
    if not ringing.open:
        assert loud == ()
        assert ringing.boundary(0, RULES) is None
        assert not ringing.alarming(1000, RULES)
    if ringing.over:
        assert ringing.calling(everybody) == ()
    assert not set(loud) & ringing.declined
    assert set(loud) <= set(ringing.rung)


@given(histories, events)
def test_once_it_is_over_only_what_comes_after_a_call_changes_anything(
    history: list[Event], event: Event
) -> None:
    ringing = replay(0, history)
    if ringing.over:
        later = after(ringing, event)
        assert later.ended == ringing.ended
        assert later.last == ringing.last
        assert later.loud(everybody) == later.calling(everybody) == ()
        if not isinstance(event, Promised | CalledBack | Extended | Ready | Resumed):
            assert later == ringing


@given(histories, st.data())
def test_an_event_twice_is_the_event_once(history: list[Event], data: st.DataObject) -> None:
    if not history:
        return
    at = data.draw(st.integers(0, len(history) - 1))
    once = replay(0, history[: at + 1])
    assert after(once, history[at]) == once or isinstance(history[at], Dropped)


@given(histories)
def test_an_open_press_has_a_next_step_at_any_time(history: list[Event]) -> None:
    """Somebody rings, or the clock will ring more, or a person owes a callback."""
    ringing = replay(0, history)
    for now in range(120):
        if ringing.open and ringing.ticket is None:
            due = ringing.boundary(now, RULES)
            assert due is not None or ringing.alarming(now, RULES) or ringing.called_back
            assert due is None or due > now


@given(histories)
def test_an_encounter_that_nobody_answered_ends_only_by_its_caller(history: list[Event]) -> None:
    ringing = replay(0, history)
    if ringing.over and ringing.last is None:
        assert ringing.ended_by == "caller"


def test_waves_ring_three_then_three_more_then_everybody() -> None:
    ringing = Ringing(100)
    assert [ringing.width(100 + time, RULES) for time in (0, 7, 8, 15, 16, 1000)] == [
        3, 3, 6, 6, EVERYBODY, EVERYBODY,
    ]  # fmt: skip
    assert [ringing.boundary(100 + time, RULES) for time in (0, 8, 16, 23, 24)] == [
        108, 116, 124, 124, None,
    ]  # fmt: skip
    assert [ringing.alarming(100 + time, RULES) for time in (23, 24)] == [False, True]


def test_who_declined_may_still_answer() -> None:
    ringing = replay(0, [Rung((ADA,), 0), Declined(ADA, 1), Answered(ADA, 2)])
    assert ringing.answered == Answered(ADA, 2)


def test_an_answer_after_the_caller_let_go_answers_nothing() -> None:
    ringing = replay(0, [Withdrawn(1), Answered(ADA, 2)])
    assert ringing.answered is None
    assert ringing.ended_by == "caller"


def test_a_dropped_call_rings_the_same_attorney_alone_and_then_everybody() -> None:
    ringing = replay(0, [Rung((ADA, BEN), 0), Answered(BEN, 5), Dropped(130, 100)])
    assert (ringing.held_for(129), ringing.held_for(130)) == (BEN, None)
    assert ringing.loud(everybody) == ()
    assert ringing.boundary(100, RULES) == 130
    assert ringing.width(131, RULES) == 3
    ringing = after(ringing, Rung((BEN,), 100))
    assert ringing.loud(everybody) == (BEN,)
    # The one who alone is rung says no: the waves begin at once.
    assert after(ringing, Declined(BEN, 104)).began == 104
    again = after(ringing, Answered(CY, 140))
    assert (again.answered, again.last) == (Answered(CY, 140), Answered(CY, 140))


def test_a_callback_is_paid_by_an_answer_or_by_calling_back_not_by_letting_go() -> None:
    owed = replay(0, [Promised(ADA, 90, 24)])
    assert owed.ticket == Promised(ADA, 90, 24)
    assert after(owed, Withdrawn(30)).ticket == owed.ticket
    assert after(owed, Answered(BEN, 30)).ticket is None
    assert after(after(owed, Withdrawn(30)), CalledBack(ADA, 60)).ticket is None
    handed = after(after(owed, Withdrawn(30)), Promised(BEN, 90, 40))
    assert handed.ticket == Promised(BEN, 90, 40)
    over = after(handed, CalledBack(BEN, 60))
    assert after(over, Promised(ADA, 99, 70)) == over


def test_an_interpreter_joins_once_also_after_the_answer() -> None:
    ringing = replay(0, [Called((CY,), 0), Answered(ADA, 3)])
    assert ringing.calling(everybody) == (CY,)
    joined = after(ringing, Joined(CY, 4))
    assert joined.calling(everybody) == ()
    assert after(joined, Joined(BEN, 5)) == joined
    assert after(ringing, Declined(CY, 4)).calling(everybody) == ()


@pytest.mark.parametrize("by", ["caller", "attorney"])
def test_a_call_is_ended_by_either(by: str) -> None:
    ringing = replay(0, [Answered(ADA, 1), Ended(by, 2)])
    assert ringing.ended_by == by
    assert after(ringing, Extended(9, 3)).aftermath == (Extended(9, 3),)


def test_what_was_not_answered_is_not_ended_by_an_attorney() -> None:
    assert replay(0, [Ended("attorney", 1)]) == Ringing()
    assert replay(0, [Withdrawn(1), Extended(9, 3)]).aftermath == ()
