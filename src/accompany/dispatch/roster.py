"""Who is on duty, and who can take a press: hard filters first, then the best fit first. Pure.

Not here: shifts, fairness and misses (a later issue thickens the score), ringing itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from accompany.ids import CardSerial


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An attorney whose console is there: name and states as the card says."""

    serial: CardSerial
    name: str
    states: frozenset[str]
    languages: tuple[str, ...]
    since: int


@dataclass(frozen=True, slots=True)
class Press:
    """What is asked for: a state of two capitals, a language; pressed at milliseconds UTC."""

    state: str
    language: str
    pressed: int


def qualified(attorney: OnDuty, press: Press) -> bool:
    """Whether this attorney may advise there: a license for the state."""
    return press.state in attorney.states


def line(press: Press, on_duty: Iterable[OnDuty]) -> tuple[CardSerial, ...]:
    """Return everyone qualified, those who speak the caller's language first, then the one who
    has waited longest."""

    def fit(attorney: OnDuty) -> tuple[bool, int, str]:
        return press.language not in attorney.languages, attorney.since, attorney.serial

    return tuple(one.serial for one in sorted(on_duty, key=fit) if qualified(one, press))
