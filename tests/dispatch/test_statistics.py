"""The desk's figures against a naive count, for any presses, added up in any order and folded."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from accompany.dispatch.events import (
    Answered,
    Called,
    CalledBack,
    Declined,
    Dropped,
    Ended,
    Event,
    Heard,
    Joined,
    Promised,
    Returned,
    Rung,
    Withdrawn,
)
from accompany.dispatch.roster import Press
from accompany.dispatch.statistics import (
    DAY,
    HOUR,
    Course,
    Figures,
    Tally,
    course,
    day_of,
    folded_before,
    percentile,
)
from accompany.ids import CardSerial

ADA, BEN = CardSerial("ada"), CardSerial("ben")
AT = 5 * DAY + 3 * HOUR
PRESS = Press("TX", "es", AT)

times = st.one_of(st.none(), st.integers(0, 60_000))
# fmt: off
courses = st.builds(
    Course,
    st.builds(Press, st.sampled_from(["TX", "CA"]), st.sampled_from(["en", "es"]),
              st.integers(0, 3 * DAY)),
    answered=times, by=st.sampled_from(["ada", "ben"]),
    way=st.sampled_from(["console", "own channel"]), sound=times, gone=times,
    interpreter=times, drops=st.integers(0, 3), returns=st.integers(0, 3),
    promised=st.booleans(), called_back=st.booleans(),
).map(lambda one: one if one.answered is not None else Course(one.press, gone=one.gone))
# fmt: on
many = st.lists(courses, max_size=30)


def counted(presses: list[Course]) -> Figures:
    found = Figures()
    for one in presses:
        found.count(one)
    return found


def nearest_rank(values: list[int], share: int) -> int | None:
    """As the textbook says it: the smallest value that at least *share* per cent do not exceed."""
    for value in sorted(values):
        if sum(one <= value for one in values) * 100 >= share * len(values):
            return value
    return None


@given(many)
def test_every_figure_is_what_a_naive_count_says(presses: list[Course]) -> None:
    found = counted(presses).all
    counting = [
        one for one in presses
        if one.answered is not None or (one.gone is not None and one.gone > 10_000)
    ]  # fmt: skip
    answers = [one.answered for one in counting if one.answered is not None]
    assert found.presses == len(counting)
    assert found.answered == len(answers)
    assert found.abandoned == len(counting) - len(answers)
    assert found.taken_back == sum(
        one.answered is None and one.gone is not None and one.gone <= 10_000 for one in presses
    )
    for share in (50, 90, 95):
        assert percentile(found.answer, share) == nearest_rank(answers, share)
        sounds = [one.sound for one in counting if one.sound is not None]
        assert percentile(found.sound, share) == nearest_rank(sounds, share)
    for limit in (10_000, 15_000):
        assert found.within(limit) == sum(one <= limit for one in answers)
    assert found.drops == sum(one.drops for one in counting)
    assert found.returns == sum(one.returns for one in counting)
    assert found.promised == sum(one.promised for one in counting)
    waits = [one.interpreter for one in counting if one.interpreter is not None]
    assert sorted(time for time, count in found.interpreter.items() for _ in range(count)) == (
        sorted(waits)
    )


@given(many)
def test_each_way_of_telling_presses_apart_adds_up_to_all(presses: list[Course]) -> None:
    found = counted(presses)
    for tallies in (found.state, found.language, found.hour):
        added = Tally()
        for one in tallies.values():
            added.add(one)
        assert added == found.all
    assert found.state.get("TX", Tally()) == (
        counted([one for one in presses if one.press.state == "TX"]).all
    )
    assert found.hour.get("03", Tally()) == (
        counted([one for one in presses if one.press.pressed % DAY // HOUR == 3]).all
    )
    assert sum(found.people.values()) == found.all.answered
    assert sum(one.answered for one in found.channel.values()) == found.all.answered


@given(st.lists(many, max_size=4))
def test_days_added_are_the_same_as_all_presses_at_once(days: list[list[Course]]) -> None:
    found = Figures()
    for day in days:
        found.add(counted(day))
    assert found == counted([one for day in days for one in day])


@given(many)
def test_a_folded_day_keeps_counts_and_shares_and_rounds_times_up(presses: list[Course]) -> None:
    fine = counted(presses)
    coarse = fine.coarse()
    assert coarse.people == fine.people
    for limit in (10_000, 15_000):
        assert coarse.all.within(limit) == fine.all.within(limit)
    for share in (50, 90, 95):
        exact = percentile(fine.all.answer, share)
        rounded = None if exact is None else -(-exact // 1000) * 1000
        assert percentile(coarse.all.answer, share) == rounded
    for each in fields(Tally):
        one, other = getattr(fine.all, each.name), getattr(coarse.all, each.name)
        assert sum(one.values()) == sum(other.values()) if isinstance(one, dict) else one == other
    assert coarse.coarse() == coarse


def test_a_course_is_what_the_events_say() -> None:
    events: list[Event] = [
        Rung((ADA,), AT), Called((BEN,), AT + 1000), Declined(BEN, AT + 2000),
        Promised(ADA, AT + DAY, AT + 24_000), Answered(ADA, AT + 25_000, "own channel"),
        Heard(AT + 26_000), Joined(BEN, AT + 31_000), Dropped(AT + 200_000, AT + 100_000),
        Answered(BEN, AT + 110_000), Returned("caller", AT + 120_000),
        CalledBack(ADA, AT + 130_000), Ended("caller", AT + 140_000),
    ]  # fmt: skip
    assert course(PRESS, events) == Course(
        PRESS, 25_000, ADA, "own channel", 26_000, None, 30_000, 1, 1, True, True
    )


def test_a_press_nobody_answered_is_abandoned_and_one_taken_back_at_once_is_a_mistake() -> None:
    late, soon = (course(PRESS, [Withdrawn(AT + time)]) for time in (10_001, 10_000))
    assert (late.gone, late.taken_back) == (10_001, False)
    assert (soon.gone, soon.taken_back) == (10_000, True)
    found = counted([late, soon])
    assert (found.all.presses, found.all.abandoned, found.all.taken_back) == (1, 1, 1)
    assert counted([course(PRESS, [Rung((ADA,), AT)])]) == Figures(), "it still rings"


def test_thirty_whole_days_and_today_are_kept_finely() -> None:
    noon = 100 * DAY + DAY // 2
    assert folded_before(noon) == 70 * DAY
    assert day_of(noon) == 100 * DAY
