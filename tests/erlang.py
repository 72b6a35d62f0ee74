"""The simulated desk where Erlang's theory applies (M/M/n): waits of many independent runs.

One state, one language, nobody gives up, everybody answers at once. Waits of one run hang together:
each run is one number, and the scatter of runs is the error.
"""

import random
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

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
    found = [_one_run(people, load, presses, seed) for seed in range(1, runs + 1)]
    theory = (
        erlang_c(people, load),
        mean_wait(people, load, TAKES) / 1000,
        within(people, load, TAKES, SOON),
    )
    words = ("share that waits", "mean wait, s", "share soon")
    return [
        Beside(word, fmean(values), stdev(values) / sqrt(runs), says)
        for word, values, says in zip(words, zip(*found, strict=True), theory, strict=True)
    ]


def _one_run(people: int, load: float, presses: int, seed: int) -> tuple[float, float, float]:
    rules = Rules(
        wave=10**12, width=people, wrap_up=0, surge_waiting=10**6, surge_wrap_up=0, miss=10**12
    )  # fmt: skip
    habits = Habits(reach=1, least=0, reaction=0, call=TAKES, patience=None)
    chance = random.Random(seed).random
    line = evenly("TX", "en", load / TAKES, presses, chance)
    desk = [
        OnDuty(CardSerial(str(n)), str(n), frozenset({"TX"}), ("en",), 0) for n in range(people)
    ]
    fates = Night(rules, habits, chance).run(line, desk).fates
    waits = [one.wait for one in fates[int(presses * EMPTY) :]]
    told = [wait for wait in waits if wait is not None]
    assert len(told) == len(waits), "somebody was never answered"
    waited = sum(wait > 0 for wait in told) / len(told)
    return waited, fmean(told) / 1000, sum(wait <= SOON for wait in told) / len(told)
