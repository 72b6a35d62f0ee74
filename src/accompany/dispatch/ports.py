"""What the desk needs of the world, and what it shows to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from accompany.dispatch.ringing import Event, Ringing
from accompany.dispatch.roster import Press
from accompany.ids import CardSerial, EncounterId


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press as it was begun; *secret* is the SHA-256 of what lets the phone come back."""

    encounter: EncounterId
    press: Press
    secret: bytes


class Presses(Protocol):
    """Keeps presses and their events; what it returned from is durable."""

    def begin(self, pressed: Pressed) -> bool:
        """Keep a new press; False where the encounter is taken."""

    def find(self, encounter: EncounterId) -> Pressed | None: ...
    def events(self, encounter: EncounterId) -> Sequence[Event]: ...
    def append(self, encounter: EncounterId, number: int, event: Event) -> bool:
        """Keep event *number*; False where that number is taken."""

    def unfinished(self) -> list[EncounterId]: ...
    def recent(self, since: int) -> list[EncounterId]:
        """Return the encounters of which anything happened at *since* or later."""

    def promised(self) -> list[EncounterId]:
        """Return the encounters with a callback promised, those settled long ago left out."""

    def answered_by(self, attorney: CardSerial) -> list[EncounterId]: ...


class Bells(Protocol):
    """Beyond the open console: a push, an on-call tool. Never blocks, never raises; no content.

    Called again after a restart, so ringing somebody twice for one encounter must be harmless.
    """

    def ring(self, person: CardSerial, encounter: EncounterId) -> None: ...
    def alarm(self, encounter: EncounterId) -> None:
        """The last wave: nobody has answered, a person at the organization must act."""

    def surge(self, on: bool) -> None:
        """A surge began or ended: off-shift volunteers may be called in."""


class NoBells:
    """Only the open consoles ring."""

    def ring(self, person: CardSerial, encounter: EncounterId) -> None: ...
    def alarm(self, encounter: EncounterId) -> None: ...
    def surge(self, on: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """An encounter as everybody concerned should see it now."""

    encounter: EncounterId
    press: Press
    ringing: Ringing
    loud: tuple[CardSerial, ...] = ()
    """Whose consoles ring now."""
    calling: tuple[CardSerial, ...] = ()
    """Which interpreters are rung now."""

    @property
    def stage(self) -> str:
        """ringing, unanswered (nobody is left to ring now), answered or ended."""
        if self.ringing.over:
            return "ended"
        if self.ringing.answered is not None:
            return "answered"
        return "ringing" if self.loud else "unanswered"

    @property
    def attorney(self) -> CardSerial | None:
        """Who has the call."""
        return self.ringing.answered.attorney if self.ringing.answered else None

    @property
    def last(self) -> CardSerial | None:
        """Who has the case: the last who answered, also while a dropped call rings again."""
        return self.ringing.last.attorney if self.ringing.last else None


Show = Callable[[Standing], None]
