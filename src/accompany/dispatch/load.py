"""Presses as they might come: how many, when, where, in which language. Pure; chance comes in.

The shape of a day, and that states press by their population, are assumptions; languages are those
of immigration court hearings (EOIR, FY2023), what is not listed there spread evenly over the rest.
"""

import csv
import io
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log

from accompany.config import LANGUAGES, STATES
from accompany.dispatch.roster import Press
from accompany.errors import Malformed
from accompany.evidence.text import read_time

HOUR = 3_600_000
DAY = 24 * HOUR
Chance = Callable[[], float]
"""Draws a number in [0, 1)."""

HOURS = (1, 1, 1, 2, 4, 6, 8, 9, 9, 8, 7, 7, 7, 6, 6, 7, 7, 6, 5, 4, 3, 2, 2, 2)
"""Weights of the hours of a day; the busy one is made a tenth of it."""
BUSY = 0.1

POPULATION = {
    "AL": 5.0, "AK": 0.7, "AZ": 7.2, "AR": 3.0, "CA": 39.5, "CO": 5.8, "CT": 3.6, "DE": 1.0,
    "DC": 0.7, "FL": 21.5, "GA": 10.7, "HI": 1.5, "ID": 1.8, "IL": 12.8, "IN": 6.8, "IA": 3.2,
    "KS": 2.9, "KY": 4.5, "LA": 4.7, "ME": 1.4, "MD": 6.2, "MA": 7.0, "MI": 10.1, "MN": 5.7,
    "MS": 3.0, "MO": 6.2, "MT": 1.1, "NE": 2.0, "NV": 3.1, "NH": 1.4, "NJ": 9.3, "NM": 2.1,
    "NY": 20.2, "NC": 10.4, "ND": 0.8, "OH": 11.8, "OK": 4.0, "OR": 4.2, "PA": 13.0, "RI": 1.1,
    "SC": 5.1, "SD": 0.9, "TN": 6.9, "TX": 29.1, "UT": 3.3, "VT": 0.6, "VA": 8.6, "WA": 7.7,
    "WV": 1.8, "WI": 5.9, "WY": 0.6,
}  # fmt: skip
"""Millions, census of 2020: fifty states and DC."""

HEARD = {"es": 74.7, "en": 4.5, "pt": 3.7, "ht": 2.3, "zh": 1.6, "pa": 1.2}


def shares_of_languages() -> dict[str, float]:
    rest = [one for one in LANGUAGES if one not in HEARD]
    left = (100 - sum(HEARD.values())) / len(rest)
    return {one: HEARD.get(one, left) / 100 for one in LANGUAGES}


def shares_of_states() -> dict[str, float]:
    total = sum(POPULATION.values())
    return {state: millions / total for state, millions in POPULATION.items()}


@dataclass(frozen=True, slots=True)
class Profile:
    """So many users, presses of each in a year, and how many times worse the day is."""

    users: int
    presses_per_year: float
    surge: float = 1.0

    @property
    def presses(self) -> int:
        """Presses in the day."""
        return round(self.users * self.presses_per_year / 365 * self.surge)


def weights_of_hours() -> list[float]:
    others = sum(HOURS) - max(HOURS)
    busy = HOURS.index(max(HOURS))
    return [
        BUSY if hour == busy else weight / others * (1 - BUSY) for hour, weight in enumerate(HOURS)
    ]


class Draw:
    """Draws names by their weights."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._names = list(weights)
        self._sums = list(accumulate(weights.values()))

    def one(self, chance: Chance) -> str:
        return self._names[bisect(self._sums, chance() * self._sums[-1], 0, len(self._names) - 1)]


def a_day(profile: Profile, start: int, chance: Chance) -> list[Press]:
    """Return the presses of one day from *start*, in order."""
    states, languages = Draw(shares_of_states()), Draw(shares_of_languages())
    hours = Draw({str(hour): weight for hour, weight in enumerate(weights_of_hours())})
    times = sorted(
        start + int((int(hours.one(chance)) + chance()) * HOUR) for _ in range(profile.presses)
    )
    return [Press(states.one(chance), languages.one(chance), time) for time in times]


def evenly(state: str, language: str, rate: float, count: int, chance: Chance) -> list[Press]:
    """Return *count* presses by chance at *rate* a millisecond: what Erlang assumes."""
    time, found = 0.0, []
    for _ in range(count):
        time += -log(1 - chance()) / rate
        found.append(Press(state, language, round(time)))
    return found


def read_presses(text: str) -> list[Press]:
    """Return the presses in a CSV file with `time` (RFC 3339 UTC), `state`, `language`, in order.

    Raise Malformed with every line that is wrong.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        header = reader.fieldnames or ()
        if not {"time", "state", "language"} <= set(header):
            found = ", ".join(header) or "none"
            raise Malformed("presses", f"line 1: expected time, state, language; found {found}")
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise Malformed("presses", f"line {reader.line_num + 1}: {error}") from error
    presses, wrong = [], []
    for line, row in rows:
        time, state, language = (str(row[name] or "") for name in ("time", "state", "language"))
        try:
            if state not in STATES or language not in LANGUAGES:
                raise Malformed("press", f"no state {state!r} or language {language!r} here")
            presses.append(Press(state, language, read_time(time)))
        except Malformed as error:
            wrong.append(f"line {line}: {error.why}")
    if wrong:
        raise Malformed("presses", "\n".join(wrong))
    return sorted(presses, key=lambda one: one.pressed)


def busiest_hour(presses: Sequence[Press]) -> int:
    """Return how many presses the busiest clock hour has."""
    counts: dict[int, int] = {}
    for one in presses:
        counts[one.pressed // HOUR] = counts.get(one.pressed // HOUR, 0) + 1
    return max(counts.values(), default=0)
