"""Presses and their events in memory: for simulated nights, where nothing has to outlast them."""

from collections.abc import Callable, Sequence

from accompany.dispatch.ports import Pressed
from accompany.dispatch.ringing import Answered, CalledBack, Ended, Event, Promised, Withdrawn
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
        settled = set(self._those(lambda one: isinstance(one, CalledBack)))
        promised = self._those(lambda one: isinstance(one, Promised))
        return [one for one in promised if one not in settled]

    def answered_by(self, attorney: CardSerial) -> list[EncounterId]:
        return self._those(lambda one: isinstance(one, Answered) and one.attorney == attorney)

    def _those(self, holds: Callable[[Event], bool], every: bool = False) -> list[EncounterId]:
        over = all if every else any
        return [name for name, events in self._events.items() if over(map(holds, events))]
