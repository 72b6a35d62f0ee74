"""Erlang by the book, and the simulated desk against it where the theory applies."""

import pytest

from accompany.dispatch.staffing import (
    abandoned,
    erlang_b,
    erlang_c,
    mean_wait,
    needed,
    within,
)
from erlang import Line, queue_beside_erlang

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


LINES = [(1, 0.4), (2, 1.0), (5, 3.0), (12, 8.5)]
"""People, and the load in erlangs."""


@pytest.mark.parametrize(("people", "load"), LINES)
def test_every_press_waits_as_long_as_in_the_queue_of_the_theory(people: int, load: float) -> None:
    """To the millisecond: who pressed first is answered first, by whoever is free first."""
    line = Line(people, load, 4_000, seed=1)
    waits = line.waits()
    assert waits == line.by_the_book()
    assert sum(wait > 0 for wait in waits) > 400


@pytest.mark.parametrize(("people", "load"), LINES)
def test_that_queue_waits_as_erlang_c_says_within_5_percent(people: int, load: float) -> None:
    """Share that waits, mean wait, share served soon: of so many that chance explains no 5 %."""
    for one in queue_beside_erlang(people, load, 1_000_000):
        assert one.noise < 0.02, one
        assert abs(one.off) < 0.05, one
