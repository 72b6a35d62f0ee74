"""What a desk keeps besides presses, as routes need it: figures, webhooks, rosters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from accompany.dispatch.statistics import Course, Figures, Times
from accompany.dispatch.webhooks import Hooks
from accompany.ids import EncounterId


class KeptFigures(Protocol):
    """May be asked from any thread."""

    def courses(self, since: int, until: int) -> Sequence[tuple[EncounterId, Course, Times]]:
        """Return what presses came to, those that are kept finely, the oldest first."""

    def days(self, since: int, until: int) -> Sequence[tuple[int, Figures]]:
        """Return the figures of each day that has any, from *since* until before *until*, UTC."""


class KeptRosters(Protocol):
    """Rosters as they were taken over; durable."""

    def add(self, text: str, now: int) -> None: ...
    def number(self) -> int:
        """Return which roster counts; 0 where there is none."""

    def newest(self) -> str | None: ...
    def before(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Books:
    figures: KeptFigures
    hooks: Hooks
    rosters: KeptRosters
