"""What the desk needs of the world, and what it shows to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from accompany.dispatch.events import Event
from accompany.dispatch.ringing import Ringing
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

    def owing(self) -> list[EncounterId]:
        """Return the encounters that changed hands before their keys were sealed."""

    def answered_by(self, attorney: CardSerial) -> list[EncounterId]: ...


class Bells(Protocol):
    """Beyond the open console: a push, an on-call tool. Never blocks, never raises; no content.

    Called again after a restart, so ringing somebody twice for one encounter must be harmless.
    """

    def ring(self, person: CardSerial, encounter: EncounterId) -> None: ...
    def alarm(self, encounter: EncounterId) -> None:
        """The last wave: nobody has answered, a person at the organization must act."""

    def surge(self, on: bool, volunteers: Sequence[CardSerial]) -> None:
        """A surge began, and these volunteers are not on duty; or it ended."""


class NoBells:
    """Only the open consoles ring."""

    def ring(self, person: CardSerial, encounter: EncounterId) -> None: ...
    def alarm(self, encounter: EncounterId) -> None: ...
    def surge(self, on: bool, volunteers: Sequence[CardSerial]) -> None: ...


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
    seeking: tuple[CardSerial, ...] = ()
    """Which responders are rung now."""

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
    def third(self) -> CardSerial | None:
        """Who sits third in the call: its interpreter, or a responder for support."""
        return self.ringing.third

    @property
    def speaker(self) -> CardSerial | None:
        """Who speaks to this caller and to others while they wait."""
        return self.ringing.speaker

    @property
    def supported(self) -> bool:
        """Whether the third is a responder, who gives no legal advice."""
        return self.ringing.supporting is not None

    @property
    def colleague(self) -> CardSerial | None:
        """Who comes into the call to take it over."""
        hand = self.ringing.hand
        return hand.to if hand and hand.calling and not self.ringing.over else None

    @property
    def last(self) -> CardSerial | None:
        """Who has the case: the last who answered, also while a dropped call rings again."""
        return self.ringing.last.attorney if self.ringing.last else None


Show = Callable[[Standing], None]
