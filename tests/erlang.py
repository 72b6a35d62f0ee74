"""The simulated desk where Erlang's theory applies (M/M/n): waits of many independent runs.

One state, one language, nobody gives up, everybody answers at once. Waits of one run hang together:
each run is one number, and the scatter of runs is the error. Where that takes too many runs, a bare
queue takes its place, in which every press has to wait as long as at the desk.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapreplace
from math import sqrt
from statistics import fmean, stdev

import numpy as np

from accompany.dispatch.load import evenly
from accompany.dispatch.roster import OnDuty
from accompany.dispatch.rules import Rules
from accompany.dispatch.simulation import Habits, Night
from accompany.dispatch.staffing import erlang_c, mean_wait, within
from accompany.ids import CardSerial

TAKES = 600_000
"""Milliseconds of a call, on average."""
SOON = TAKES / 4
EMPTY = 0.1
"""Of each run this share is left out: it began with nobody in the line."""
PARTS = 100


@dataclass(frozen=True)
class Beside:
    """What runs found beside what theory says; *error*: one standard error of what was found."""

    what: str
    found: float
    error: float
    theory: float

    @property
    def off(self) -> float:
        """By how much, as a share of theory."""
        return self.found / self.theory - 1

    @property
    def noise(self) -> float:
        return self.error / self.theory

    def __str__(self) -> str:
        return (
            f"{self.what}: found {self.found:.4g} +- {self.error:.2g}, theory {self.theory:.4g}: "
            f"{self.off:+.2%} (standard error {self.noise:.2%})"
        )


def beside_erlang(people: int, load: float, runs: int, presses: int) -> list[Beside]:
    """Return share that waits, mean wait in seconds, share within a quarter of a call's time."""
    return _beside(
        people, load, [_one_run(people, load, presses, seed) for seed in range(1, runs + 1)]
    )


def _beside(people: int, load: float, found: Sequence[tuple[float, float, float]]) -> list[Beside]:
    theory = (
        erlang_c(people, load),
        mean_wait(people, load, TAKES) / 1000,
        within(people, load, TAKES, SOON),
    )
    words = ("share that waits", "mean wait, s", "share soon")
    return [
        Beside(word, fmean(values), stdev(values) / sqrt(len(found)), says)
        for word, values, says in zip(words, zip(*found, strict=True), theory, strict=True)
    ]


class Line(Night):
    """A desk of *people* to which Erlang's theory applies."""

    def __init__(self, people: int, load: float, presses: int, seed: int) -> None:
        rules = Rules(
            wave=10**12, width=people, wrap_up=0, surge_waiting=10**6, surge_wrap_up=0, miss=10**12
        )  # fmt: skip
        chance = random.Random(seed).random
        habits = Habits(reach=1, least=0, reaction=0, call=TAKES, patience=None)
        super().__init__(rules, habits, chance)
        self.calls: list[int] = []
        """How long each call took, in the order in which they were answered."""
        self._line = evenly("TX", "en", load / TAKES, presses, chance)
        self._people = people

    def waits(self) -> list[int]:
        desk = [
            OnDuty(CardSerial(str(n)), str(n), frozenset({"TX"}), ("en",), 0)
            for n in range(self._people)
        ]
        waits = [one.wait for one in self.run(self._line, desk).fates]
        told = [wait for wait in waits if wait is not None]
        assert len(told) == len(waits), "somebody was never answered"
        return told

    def by_the_book(self) -> list[int]:
        """How long each has to wait in a bare queue, with the same presses and the same calls."""
        coming = ((one.pressed, takes) for one, takes in zip(self._line, self.calls, strict=True))
        return [round(wait) for wait in bare_queue(self._people, coming)]

    def _drawn(self, mean: int) -> int:
        found = super()._drawn(mean)
        if mean == TAKES:
            self.calls.append(found)
        return found


def bare_queue(people: int, coming: Iterable[tuple[float, float]]) -> list[float]:
    """Return how long each waits: who comes first is served first, by whoever is free first.

    *coming*: when each comes, and how long each takes (Kiefer and Wolfowitz, 1955).
    """
    free, waits = [0.0] * people, []
    for came, takes in coming:
        begins = max(came, free[0])
        heapreplace(free, begins + takes)
        waits.append(begins - came)
    return waits


def _one_run(people: int, load: float, presses: int, seed: int) -> tuple[float, float, float]:
    return _told(Line(people, load, presses, seed).waits()[int(presses * EMPTY) :])


def _told(waits: Sequence[float]) -> tuple[float, float, float]:
    waited = sum(wait > 0 for wait in waits) / len(waits)
    return waited, fmean(waits) / 1000, sum(wait <= SOON for wait in waits) / len(waits)


def queue_beside_erlang(people: int, load: float, presses: int) -> list[Beside]:
    """The same of *presses* in one bare queue; the scatter of a hundred parts is its error."""
    chance = np.random.default_rng(people)
    came = np.cumsum(chance.exponential(TAKES / load, presses)).tolist()
    takes = chance.exponential(TAKES, presses).tolist()
    waits = bare_queue(people, zip(came, takes, strict=True))
    size = presses // PARTS
    return _beside(people, load, [_told(waits[n * size : (n + 1) * size]) for n in range(PARTS)])
