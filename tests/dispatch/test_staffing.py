"""Erlang by the book, and the simulated desk against it where the theory applies."""

import random
from math import isclose

import pytest

from accompany.dispatch.load import evenly
from accompany.dispatch.roster import OnDuty
from accompany.dispatch.rules import Rules
from accompany.dispatch.simulation import Habits, Night
from accompany.dispatch.staffing import (
    abandoned,
    erlang_b,
    erlang_c,
    mean_wait,
    needed,
    within,
)
from accompany.ids import CardSerial

TAKES = 600_000


def test_erlang_by_the_book() -> None:
    # Standard tables: 10 erlangs on 10 and 15 trunks; 2 erlangs by hand with 3 servers: 4/9.
    assert erlang_b(10, 10) == pytest.approx(0.21458, abs=1e-5)
    assert erlang_b(15, 10) == pytest.approx(0.03650, abs=1e-5)
    assert erlang_c(3, 2) == pytest.approx(4 / 9)
    assert erlang_c(1, 0.5) == pytest.approx(0.5)
    assert mean_wait(1, 0.5, 10) == pytest.approx(10)
    assert erlang_c(3, 3) == 1
    assert within(3, 3, 10, 5) == 0
    assert mean_wait(3, 3, 10) == float("inf")


def test_needed_is_the_fewest_that_are_enough() -> None:
    for load in (0.01, 0.5, 3.7, 40):
        people = needed(load, TAKES, 10_000, 0.9)
        assert within(people, load, TAKES, 10_000) >= 0.9
        assert people == 1 or within(people - 1, load, TAKES, 10_000) < 0.9


def test_with_endless_patience_nobody_gives_up_and_with_none_it_is_erlang_b() -> None:
    assert abandoned(5, 3.5, 10, 1e9) == pytest.approx(0, abs=1e-6)
    assert abandoned(5, 3.5, 10, 1e-9) == pytest.approx(erlang_b(5, 3.5), rel=1e-6)
    # More than all can take is given up, whatever the patience.
    assert abandoned(5, 10, 10, 100) == pytest.approx(0.5, abs=0.01)


def waits(people: int, load: float, count: int) -> list[int]:
    """One state, one language, nobody gives up, everybody answers at once: an M/M/n line."""
    rules = Rules(
        wave=10**12, width=people, wrap_up=0, surge_waiting=10**6, surge_wrap_up=0, miss=10**12
    )
    habits = Habits(reach=1, least=0, reaction=0, call=TAKES, patience=None)
    chance = random.Random(1).random
    presses = evenly("TX", "en", load / TAKES, count, chance)
    desk = [
        OnDuty(CardSerial(str(n)), str(n), frozenset({"TX"}), ("en",), 0) for n in range(people)
    ]
    fates = Night(rules, habits, chance).run(presses, desk).fates
    told = [one.wait for one in fates if one.wait is not None]
    assert len(told) == len(presses)
    return told


@pytest.mark.parametrize(("people", "load", "count"), [(1, 0.4, 6_000), (12, 9.0, 12_000)])
def test_whatever_the_load_as_many_wait_as_erlang_c_says_within_5_percent(
    people: int, load: float, count: int
) -> None:
    told = waits(people, load, count)
    assert isclose(sum(wait > 0 for wait in told) / count, erlang_c(people, load), rel_tol=0.05)
    soon = sum(wait <= TAKES / 4 for wait in told) / count
    assert isclose(soon, within(people, load, TAKES, TAKES / 4), rel_tol=0.05)


def test_the_simulated_desk_waits_as_erlang_c_says_within_5_percent() -> None:
    people, load = 5, 3.5
    told = waits(people, load, 20_000)
    waited = sum(wait > 0 for wait in told) / len(told)
    assert isclose(waited, erlang_c(people, load), rel_tol=0.05)
    assert isclose(sum(told) / len(told), mean_wait(people, load, TAKES), rel_tol=0.05)
    soon = sum(wait <= TAKES / 4 for wait in told) / len(told)
    assert isclose(soon, within(people, load, TAKES, TAKES / 4), rel_tol=0.05)
