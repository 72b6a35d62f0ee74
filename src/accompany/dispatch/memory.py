"""Presses and their events in memory: for simulated nights, where nothing has to outlast them."""

from collections.abc import Callable, Sequence

from accompany.dispatch.events import (
    Answered,
    CalledBack,
    Ended,
    Entrusted,
    Event,
    Handed,
    Promised,
    Reopened,
    Withdrawn,
)
from accompany.dispatch.ports import Pressed
from accompany.ids import CardSerial, EncounterId


class MemoryPresses:
    """A `ports.Presses`."""

    def __init__(self) -> None:
        self._presses: dict[EncounterId, Pressed] = {}
        self._events: dict[EncounterId, list[Event]] = {}

    def begin(self, pressed: Pressed) -> bool:
        if pressed.encounter in self._presses:
            return False
        self._presses[pressed.encounter] = pressed
        self._events[pressed.encounter] = []
        return True

    def find(self, encounter: EncounterId) -> Pressed | None:
        return self._presses.get(encounter)

    def events(self, encounter: EncounterId) -> Sequence[Event]:
        return list(self._events.get(encounter, ()))

    def append(self, encounter: EncounterId, number: int, event: Event) -> bool:
        events = self._events[encounter]
        if number != len(events):
            return False
        events.append(event)
        return True

    def unfinished(self) -> list[EncounterId]:
        return self._those(lambda one: not isinstance(one, Ended | Withdrawn), every=True)

    def recent(self, since: int) -> list[EncounterId]:
        return self._those(lambda one: one.time >= since)

    def promised(self) -> list[EncounterId]:
        return [
            encounter
            for encounter in self._those(lambda one: isinstance(one, Promised))
            if not isinstance(self._last(encounter), CalledBack)
        ]

    def _last(self, encounter: EncounterId) -> Event | None:
        """Return what was said last of whether somebody was called back."""
        said = [one for one in self._events[encounter] if isinstance(one, CalledBack | Reopened)]
        return said[-1] if said else None

    def owing(self) -> list[EncounterId]:
        return self._those(lambda one: isinstance(one, Handed) and not one.sealed)

    def answered_by(self, attorney: CardSerial) -> list[EncounterId]:
        return self._those(
            lambda one: (
                (isinstance(one, Answered) and one.attorney == attorney)
                or (isinstance(one, Handed | Entrusted) and one.to == attorney)
            )
        )

    def _those(self, holds: Callable[[Event], bool], every: bool = False) -> list[EncounterId]:
        over = all if every else any
        return [name for name, events in self._events.items() if over(map(holds, events))]
