"""A simulated night: every press has a fate, the same seed the same night."""

import random
from collections import Counter

import pytest

from accompany.dispatch.load import (
    HOUR,
    Profile,
    a_day,
    busiest_hour,
    read_presses,
    shares_of_languages,
    shares_of_states,
    weights_of_hours,
)
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.rules import Rules
from accompany.dispatch.shifts import Hours, Member, Roster, RosterShifts, Weekly
from accompany.dispatch.simulation import Habits, Night, Outcome, people_for
from accompany.dispatch.simulation_picture import draw_day
from accompany.dispatch.simulation_report import report
from accompany.errors import Malformed
from accompany.ids import CardSerial

RULES, HABITS = Rules(), Habits()


def night(presses: list[Press], people: list[OnDuty], seed: int = 1, **bent: float) -> Outcome:
    habits = Habits(**bent)  # type: ignore[arg-type]
    return Night(RULES, habits, random.Random(seed).random).run(presses, people)


def attorney(serial: str, state: str = "TX", languages: str = "en es") -> OnDuty:
    words = tuple(languages.split())
    return OnDuty(CardSerial(serial), serial, frozenset({state}), words, 0)


def test_the_load_to_plan_for_is_that_of_the_field() -> None:
    assert Profile(285_000, 0.02).presses == 16
    assert Profile(285_000, 0.07, 25).presses == 1366
    assert Profile(10_000_000, 0.07, 25).presses == 47_945
    assert len(shares_of_states()) == 51
    assert len(shares_of_languages()) == 12
    for shares in (shares_of_states().values(), shares_of_languages().values()):
        assert sum(shares) == pytest.approx(1)
    assert sum(weights_of_hours()) == pytest.approx(1)
    assert max(weights_of_hours()) == pytest.approx(0.1)


def test_a_day_comes_in_order_and_the_busy_hour_is_a_tenth_of_it() -> None:
    presses = a_day(Profile(1_000_000, 0.07, 25), 0, random.Random(1).random)
    assert [one.pressed for one in presses] == sorted(one.pressed for one in presses)
    assert busiest_hour(presses) / len(presses) == pytest.approx(0.1, rel=0.15)
    assert Counter(one.language for one in presses).most_common(1)[0][0] == "es"


def test_every_press_is_answered_or_left_and_nobody_talks_to_two() -> None:
    presses = a_day(Profile(285_000, 0.07, 10), 0, random.Random(2).random)
    people = people_for(presses, RULES, HABITS)
    fates = night(presses, people).fates
    assert len(fates) == len(presses)
    licensed = {one.serial: one.states for one in people}
    for one in fates:
        assert (one.answered is None) == (one.left is not None)
        if one.by is not None:
            assert one.press.state in licensed[one.by]
    told = report(night(presses, people), RULES, HABITS)
    # People who are enough by Erlang are enough here: the target of the field.
    assert told["within_10_seconds"] >= 0.9
    assert told["needed"]["attorneys"] <= told["attorneys"]
    assert sum(one["presses"] for one in told["hours"]) == len(presses)


def test_the_same_seed_is_the_same_night() -> None:
    presses = a_day(Profile(285_000, 0.07, 3), 0, random.Random(3).random)
    people = people_for(presses, RULES, HABITS)
    assert night(presses, people).fates == night(presses, people).fates
    assert night(presses, people).fates != night(presses, people, seed=2).fates


def test_where_nobody_is_licensed_every_press_is_a_gap_with_a_callback() -> None:
    presses = [Press("WY", "en", HOUR + n) for n in range(3)]
    outcome = night(presses, [attorney("ada")], patience=10**9)
    told = report(outcome, RULES, HABITS)
    assert (told["answered"], told["callbacks"]) == (0, 3)
    assert told["gaps"] == [
        {"state": "WY", "language": "en", "hour": "1970-01-01T01:00Z", "presses": 3, "late": 3}
    ]


def test_a_single_attorney_takes_one_after_another_with_a_wrap_up_between() -> None:
    presses = [Press("TX", "en", 0), Press("TX", "en", 1)]
    outcome = night(presses, [attorney("ada")], reach=1, least=0, reaction=0, patience=10**12)
    first, second = outcome.fates
    assert first.answered == 0
    assert second.answered is not None
    assert second.answered >= RULES.wrap_up
    assert outcome.calls == {"ada": 2}


def test_an_interpreter_joins_where_the_attorney_does_not_speak_the_language() -> None:
    ines = OnDuty(CardSerial("ines"), "ines", frozenset(), ("ht",), 0, role="interpreter")
    outcome = night(
        [Press("TX", "ht", 0), Press("TX", "es", 1)], [attorney("ada"), attorney("ben"), ines],
        reach=1,
    )  # fmt: skip
    creole, spanish = outcome.fates
    assert creole.joined is not None
    assert (creole.spoken, spanish.spoken, spanish.joined) == (False, True, None)


def test_presses_are_read_from_a_file_with_every_error_by_line() -> None:
    good = "time,state,language\n2026-11-22T10:00:01.000Z,TX,es\n2026-11-22T10:00:00.000Z,NM,en\n"
    assert [one.state for one in read_presses(good)] == ["NM", "TX"]
    with pytest.raises(Malformed, match=r"line 2: no state 'ZZ'.*\nline 3"):
        read_presses(good.replace("TX", "ZZ").replace("2026-11-22T10:00:00.000Z", "noon"))
    with pytest.raises(Malformed, match="line 1: expected time, state, language; found a"):
        read_presses("a\n")


def test_the_picture_says_what_the_report_says() -> None:
    presses = a_day(Profile(285_000, 0.07, 3), 0, random.Random(3).random)
    told = report(night(presses, people_for(presses, RULES, HABITS)), RULES, HABITS)
    drawn = draw_day(told, "A & B")
    assert f"{told['presses']} presses, {told['within_10_seconds']:.1%}" in drawn
    assert drawn.count("<g>") == len(told["hours"])


def test_a_responder_comes_to_whom_nobody_answers_and_on_call_takes_longer() -> None:
    rob = OnDuty(CardSerial("rob"), "rob", frozenset(), ("en",), 0, role="responder")
    (alone,) = night([Press("WY", "en", 0)], [rob], reach=1, patience=10**9).fates
    assert alone.answered is None
    assert alone.supported is not None
    assert alone.supported >= RULES.alarm
    every_day = frozenset(range(7))
    member = Member("ada", "ada", "attorney", "UTC", ("en",), (), (), card="ada")
    answers = {}
    for mode in ("console", "on call"):
        shifts = RosterShifts(Roster((member,), (Weekly("ada", every_day, Hours(0, 1440, mode)),)))  # type: ignore[arg-type]
        habits = Habits(reach=1, reaction=0, on_call=60_000, patience=10**12)
        run = Night(RULES, habits, random.Random(5).random)
        (fate,) = run.run([Press("TX", "en", HOUR)], [attorney("ada")], shifts).fates
        answers[mode] = fate.wait
    assert answers["console"] == habits.least
    assert answers["on call"] is not None
    assert answers["on call"] > 2 * habits.least
