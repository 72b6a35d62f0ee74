"""What a person has done lately, as it counts for the next press."""

from accompany.dispatch.duty import FRESH, Record, record_after
from accompany.dispatch.events import (
    Answered,
    Declined,
    Dropped,
    Ended,
    Event,
    Extended,
    Missed,
    Ready,
    Resumed,
)
from accompany.dispatch.rules import Rules
from accompany.ids import CardSerial, EncounterId

RULES = Rules(misses=2, pause=600, wrap_up=300, surge_wrap_up=60)
ONE, TWO = EncounterId("1"), EncounterId("2")
ADA = CardSerial("ada")


def record(*events: Event, encounter: EncounterId = ONE, of: Record = FRESH) -> Record:
    for event in events:
        of = record_after(of, encounter, event, RULES)
    return of


def free(of: Record, now: int, surge: bool = False) -> bool:
    return of.free(now, RULES, surge)


def test_in_a_call_nobody_is_free_and_after_it_there_is_a_wrap_up() -> None:
    assert free(FRESH, 0)
    called = record(Answered(ADA, 10))
    assert not free(called, 10_000)
    ended = record(Ended("caller", 100), of=called)
    assert [free(ended, time) for time in (399, 400)] == [False, True]
    assert [free(ended, time, surge=True) for time in (159, 160)] == [False, True]


def test_a_wrap_up_is_extended_or_ended() -> None:
    ended = record(Answered(ADA, 10), Ended("caller", 100))
    longer = record(Extended(900, 350), of=ended)
    assert [free(longer, time) for time in (899, 900)] == [False, True]
    # Whoever says that they need longer is believed in a surge, too.
    assert not free(longer, 899, surge=True)
    assert free(record(Ready(360), of=longer), 360)
    assert record(Extended(900, 350), Ready(360), encounter=TWO, of=ended) == ended


def test_two_misses_pause_and_a_word_in_between_does_not() -> None:
    once = record(Missed(ADA, 10))
    assert free(once, 10)
    twice = record(Missed(ADA, 20), encounter=TWO, of=once)
    assert [free(twice, time) for time in (20, 619, 620)] == [False, False, True]
    assert free(record(Resumed(ADA, 30), of=twice), 30)
    for word in (Declined(ADA, 15), Resumed(ADA, 15)):
        assert free(record(word, Missed(ADA, 20), of=once), 20)
    # A pause that was served counts no more: the next miss is the first again.
    assert free(record(Missed(ADA, 700), of=twice), 700)
    assert not free(record(Missed(ADA, 700), Missed(ADA, 710), of=twice), 710)


def test_a_call_that_dropped_leaves_its_attorney_free_for_it() -> None:
    dropped = record(Answered(ADA, 10), Dropped(130, 100))
    assert free(dropped, 100)
    assert record(Dropped(130, 100), encounter=TWO, of=record(Answered(ADA, 10))).call == ONE


def test_an_answer_wipes_the_misses_and_another_ones_end_ends_nothing() -> None:
    answered = record(Missed(ADA, 1), Answered(ADA, 10))
    assert (answered.misses, answered.calls) == (0, 1)
    assert record(Ended("caller", 20), encounter=TWO, of=answered) == answered
