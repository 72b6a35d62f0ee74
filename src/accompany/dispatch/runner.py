"""Duty as it runs: presses begun, events appended, and everybody shown what should be shown.

State is derived from the events of a press; appending refuses a taken number, so two attorneys who
answer at once are settled without a lock. Showing again is harmless: a restart calls the same
`show` as an event. Not here: sockets (`web.live`), the call's signals (`calls`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from accompany.dispatch.ringing import (
    Answered,
    Declined,
    Ended,
    Event,
    Ringing,
    Withdrawn,
    after,
    replay,
)
from accompany.dispatch.roster import OnDuty, Press, line, qualified
from accompany.errors import Forbidden, Unknown
from accompany.ids import CardSerial, EncounterId

LINGERING = 90_000
"""Milliseconds for which duty lasts after the last console has gone."""


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
    def answered_by(self, attorney: CardSerial) -> list[EncounterId]: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """An encounter as everybody concerned should see it now."""

    encounter: EncounterId
    press: Press
    ringing: Ringing
    line: tuple[CardSerial, ...]

    @property
    def loud(self) -> tuple[CardSerial, ...]:
        return self.ringing.loud(self.line)

    @property
    def stage(self) -> str:
        return self.ringing.stage(self.line)

    @property
    def attorney(self) -> CardSerial | None:
        return self.ringing.answered.attorney if self.ringing.answered else None


Show = Callable[[Standing], None]


class Desk:
    """Everything that is going on; *show* is called with each encounter that may have changed."""

    def __init__(self, presses: Presses, show: Show) -> None:
        self._presses = presses
        self._show = show
        self._on_duty: dict[CardSerial, OnDuty] = {}
        self._leaving: dict[CardSerial, int] = {}
        self._open: dict[EncounterId, tuple[Pressed, list[Event]]] = {}
        for encounter in presses.unfinished():
            self._load(encounter)

    def _load(self, encounter: EncounterId) -> tuple[Pressed, list[Event]]:
        held = self._open.get(encounter)
        if held is None:
            pressed = self._presses.find(encounter)
            if pressed is None:
                raise Unknown("encounter")
            held = pressed, list(self._presses.events(encounter))
            if not replay(held[1]).over:
                self._open[encounter] = held
        return held

    def standing(self, encounter: EncounterId) -> Standing:
        pressed, events = self._load(encounter)
        return Standing(
            encounter,
            pressed.press,
            replay(events),
            line(pressed.press, self._on_duty.values()),
        )

    def begin(self, pressed: Pressed) -> bool:
        """Begin an encounter and show it; False where one with the same secret was begun before.

        Raise Forbidden where the encounter is somebody else's.
        """
        if self._presses.begin(pressed):
            self.show(pressed.encounter)
            return True
        if not self.may_return(pressed.encounter, pressed.secret):
            raise Forbidden("this encounter was begun with another secret")
        return False

    def append(self, encounter: EncounterId, event: Event) -> Standing:
        """Append *event* and return what follows; an event that changes nothing is not kept."""
        while True:
            _, events = self._load(encounter)
            before = replay(events)
            if after(before, event) == before:
                return self.standing(encounter)
            if self._presses.append(encounter, len(events), event):
                events.append(event)
                break
            # Somebody was quicker: read what they did and judge again.
            self._open.pop(encounter, None)
        standing = self.standing(encounter)
        self._show(standing)
        if standing.ringing.over:
            self._open.pop(encounter, None)
        return standing

    def answer(self, encounter: EncounterId, attorney: CardSerial, time: int) -> bool:
        """Return whether this attorney has the press; the first one appended does."""
        on_duty = self._on_duty.get(attorney)
        press = self._load(encounter)[0].press
        if on_duty is None or not qualified(on_duty, press):
            raise Forbidden(f"an answer needs duty and a license for {press.state}")
        return self.append(encounter, Answered(attorney, time)).attorney == attorney

    def decline(self, encounter: EncounterId, attorney: CardSerial, time: int) -> None:
        self.append(encounter, Declined(attorney, time))

    def end(self, encounter: EncounterId, by: str, time: int) -> None:
        answered = self.standing(encounter).attorney is not None
        if answered:
            self.append(encounter, Ended(by, time))
        elif by == "caller":
            self.append(encounter, Withdrawn(time))

    def go_on_duty(self, attorney: OnDuty) -> None:
        self._leaving.pop(attorney.serial, None)
        known = self._on_duty.get(attorney.serial)
        since = known.since if known else attorney.since
        self._on_duty[attorney.serial] = OnDuty(
            attorney.serial, attorney.name, attorney.states, attorney.languages, since
        )
        self.show_open()

    def go_off_duty(self, attorney: CardSerial) -> None:
        self._leaving.pop(attorney, None)
        if self._on_duty.pop(attorney, None) is not None:
            self.show_open()

    def console_gone(self, attorney: CardSerial, time: int) -> None:
        """The last console of this attorney has closed: duty lasts a while, in case it returns."""
        if attorney in self._on_duty:
            self._leaving[attorney] = time + LINGERING

    def tick(self, time: int) -> None:
        """Let those go whose consoles did not return."""
        for attorney in [one for one, until in self._leaving.items() if until <= time]:
            self.go_off_duty(attorney)

    @property
    def on_duty(self) -> int:
        """How many attorneys are on duty."""
        return len(self._on_duty)

    def is_on_duty(self, attorney: CardSerial) -> bool:
        return attorney in self._on_duty

    def names(self, serials: Sequence[CardSerial]) -> list[str]:
        return [self._on_duty[one].name for one in serials if one in self._on_duty]

    def open_standings(self) -> list[Standing]:
        return [self.standing(encounter) for encounter in list(self._open)]

    def show(self, encounter: EncounterId) -> None:
        self._show(self.standing(encounter))

    def show_open(self) -> None:
        for standing in self.open_standings():
            self._show(standing)

    def cases(self, attorney: CardSerial) -> list[Standing]:
        """Return the encounters this attorney answered, newest first."""
        standings = [self.standing(one) for one in self._presses.answered_by(attorney)]
        return sorted(standings, key=lambda one: one.press.pressed, reverse=True)

    def may_return(self, encounter: EncounterId, secret: bytes) -> bool:
        return self._load(encounter)[0].secret == secret
