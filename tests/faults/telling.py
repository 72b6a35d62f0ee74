"""How a case tells how far it is, and what it found in the end."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol


class Tell(Protocol):
    """Called at each step, so that a test can be silent and the long run is not; what it raises
    ends the case."""

    def __call__(self, done: int, total: int, about: str) -> None: ...


def silent(done: int, total: int, about: str) -> None:
    """Tell nobody."""


ACKNOWLEDGED = "acknowledged statements compared with what was there"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case that held: what happened, in words, and how often what was done."""

    words: str
    counts: Counter[str] = field(default_factory=Counter)
