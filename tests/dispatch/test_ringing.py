"""The state machine of one press: whatever order events come in, and however often."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.dispatch.events import (
    Answered,
    Arrived,
    Beside,
    Called,
    CalledBack,
    Concluded,
    Conflicted,
    Declined,
    Dropped,
    Ended,
    Event,
    Extended,
    Handed,
    Handing,
    Invited,
    Joined,
    Missed,
    Parted,
    Promised,
    Ready,
    Remained,
    Resumed,
    Rung,
    Sealed,
    Sought,
    Supporting,
    Withdrawn,
)
from accompany.dispatch.replaying import after, replay
from accompany.dispatch.ringing import EVERYBODY, Ringing
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
    st.builds(Sought, several, times),
    st.builds(Supporting, people, times),
    st.builds(Invited, st.sampled_from("eh"), times),
    st.builds(Parted, people, times),
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
    st.builds(Conflicted, people, times),
    st.builds(Handing, people, people, times),
    st.builds(Beside, people, times, st.booleans()),
    st.builds(Arrived, people, times),
    st.builds(Remained, people, times),
    st.builds(Handed, people, people, times, st.booleans()),
    st.builds(Sealed, people, times),
    st.builds(Concluded, st.sampled_from(["advised", "mistake"]), st.booleans(), times),
)
histories = st.lists(events, max_size=14)


def everybody(one: CardSerial) -> bool:
    return True


@given(histories)
def test_the_first_answer_wins_until_it_is_dropped_given_up_or_handed_over(
    history: list[Event],
) -> None:
    has, barred = None, set()
    ringing = Ringing()
    for event in history:
        if isinstance(event, Answered) and ringing.open and event.attorney not in barred:
            has = event.attorney
        if isinstance(event, Dropped) and not ringing.over:
            has = None
        if isinstance(event, Conflicted) and not ringing.over:
            barred.add(event.attorney)
            has = None if has == event.attorney else has
        hand = ringing.hand
        if isinstance(event, Handed) and hand and (event.by, event.to) == (hand.by, hand.to):
            ready = hand.accepted and (hand.arrived or ringing.over)
            has = event.to if ready and has else has
        ringing = after(ringing, event)
        assert (ringing.answered.attorney if ringing.answered else None) == has
        assert not (ringing.conflicted & set(ringing.loud(everybody)))


ADAS_CALL = (Rung((ADA, BEN), 0), Answered(ADA, 1))
OVER_TO_BEN = (Handing(ADA, BEN, 2), Beside(BEN, 3), Arrived(BEN, 4), Handed(ADA, BEN, 5))


def test_a_call_is_handed_over_once_the_colleague_is_there_and_not_before() -> None:
    for missing in range(len(OVER_TO_BEN)):
        steps = [one for n, one in enumerate(OVER_TO_BEN) if n != missing]
        assert replay(0, [*ADAS_CALL, *steps]).last == Answered(ADA, 1)
    ringing = replay(0, [*ADAS_CALL, *OVER_TO_BEN])
    assert ringing.answered == ringing.last == Answered(BEN, 5)
    assert (ringing.hand, ringing.before) == (None, frozenset({ADA}))


def test_a_case_is_handed_over_after_the_call_without_sound_and_picture() -> None:
    over = (*ADAS_CALL, Ended("caller", 2), Handing(ADA, BEN, 3), Beside(BEN, 4, calling=False))
    assert replay(0, over).last == Answered(ADA, 1)
    assert replay(0, [*over, Handed(ADA, BEN, 5)]).last == Answered(BEN, 5)


def test_who_says_no_to_a_hand_over_leaves_case_and_call_where_they_were() -> None:
    for steps in (OVER_TO_BEN[:1], OVER_TO_BEN[:2], OVER_TO_BEN[:3]):
        ringing = replay(0, [*ADAS_CALL, *steps, Remained(BEN, 9), OVER_TO_BEN[3]])
        assert (ringing.hand, ringing.last) == (None, Answered(ADA, 1))


def test_a_conflict_in_the_call_rings_everybody_else_at_once_and_never_them_again() -> None:
    ringing = replay(0, [*ADAS_CALL, Conflicted(ADA, 50)])
    assert (ringing.open, ringing.last, ringing.began) == (True, None, 50)
    assert ringing.held_for(51) is None
    assert after(ringing, Answered(ADA, 52)) == ringing
    again = replay(0, [*ADAS_CALL, Conflicted(ADA, 50), Rung((BEN,), 51), Answered(BEN, 52)])
    assert again.last == Answered(BEN, 52)
    dropped = after(again, Dropped(90, 60))
    assert ADA in dropped.declined


def test_what_came_of_a_call_is_said_after_it_and_the_last_word_counts() -> None:
    said = Concluded("advised", True, 3)
    assert replay(0, [*ADAS_CALL, said]).concluded is None
    over = replay(0, [*ADAS_CALL, Ended("caller", 2), said])
    assert over.concluded == said
    assert after(over, Concluded("advised", True, 4)) == over
    assert after(over, Concluded("mistake", False, 5)).concluded == Concluded("mistake", False, 5)


@given(histories)
def test_nobody_is_loud_once_it_is_answered_or_over(history: list[Event]) -> None:
    ringing = replay(0, history)
    loud = ringing.loud(everybody)
    assert ringing.open == (ringing.answered is None and not ringing.over)
    if not ringing.open:
        assert loud == ()
        assert ringing.seeking(everybody) == ()
        called = ringing.calling(everybody) or (ringing.called and not ringing.joined)
        assert ringing.boundary(0, RULES) is None or (called and not ringing.over)
        assert not ringing.alarming(1000, RULES)
    if ringing.over:
        assert ringing.calling(everybody) == ()
    assert ringing.joined is None or ringing.supporting is None
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


def test_who_went_before_sealing_the_keys_owes_them_to_whoever_has_the_case() -> None:
    went = replay(0, [*ADAS_CALL, *OVER_TO_BEN[:3], Handed(ADA, BEN, 5, sealed=False)])
    assert (went.last, went.owing) == (Answered(BEN, 5), frozenset({ADA}))
    on = [Handing(BEN, CY, 6), Beside(CY, 7), Arrived(CY, 8), Handed(BEN, CY, 9)]
    for more in ([], on, [Ended("caller", 10)], [*on, Ended("caller", 10)]):
        owed = replay(0, [*ADAS_CALL, *OVER_TO_BEN[:3], Handed(ADA, BEN, 5, sealed=False), *more])
        assert owed.owing == {ADA}
        # Also where that call drops, and whoever took it over has the case still.
        assert after(owed, Dropped(30, 20)).owing == {ADA}
        assert after(owed, Sealed(BEN, 11)) == owed
        assert after(owed, Sealed(ADA, 11)).owing == frozenset()
    back = [Handing(BEN, ADA, 6), Beside(ADA, 7), Arrived(ADA, 8), Handed(BEN, ADA, 9)]
    assert replay(0, [*ADAS_CALL, *OVER_TO_BEN[:3], Handed(ADA, BEN, 5, False), *back]).owing == (
        frozenset()
    )


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


def test_responders_are_rung_after_the_last_wave_at_once_or_never() -> None:
    ringing = Ringing(100)
    for rules, due in (
        (replace(RULES, support="after"), [False, False, True]),
        (replace(RULES, support="beside"), [True] * 3),
        (replace(RULES, support="off"), [False] * 3),
    ):
        assert [ringing.support_due(100 + time, rules) for time in (0, 23, 24)] == due


def test_whoever_supports_stays_when_an_attorney_answers_and_goes_for_an_interpreter() -> None:
    ringing = replay(0, [Sought((BEN, CY), 24), Supporting(BEN, 25)])
    assert (ringing.third, ringing.seeking(everybody)) == (BEN, ())
    assert ringing.open
    assert after(ringing, Supporting(CY, 26)) == ringing
    answered = after(ringing, Answered(ADA, 30))
    assert (answered.third, answered.supporting) == (BEN, Supporting(BEN, 25))
    # There is one third seat: it is left before somebody else takes it.
    assert after(answered, Joined(CY, 31)) == answered
    interpreted = after(after(answered, Parted(BEN, 31)), Joined(CY, 31))
    assert (interpreted.third, interpreted.supporting) == (CY, None)


def test_beside_an_attorney_nobody_else_is_rung_for_support() -> None:
    ringing = replay(0, [Sought((BEN,), 24), Answered(ADA, 25)])
    assert ringing.seeking(everybody) == ()
    assert after(ringing, Supporting(BEN, 26)) == ringing


def test_who_left_the_caller_is_not_rung_again_and_others_are() -> None:
    ringing = replay(0, [Sought((BEN, CY), 24), Supporting(BEN, 25), Parted(BEN, 40)])
    assert ringing.seeking(everybody) == (CY,)
    assert ringing.support_due(40, replace(RULES, support="after"))
