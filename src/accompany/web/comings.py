"""Since when a console of somebody is open, and so what brought them to a press."""

from accompany.dispatch.events import Way
from accompany.dispatch.ringing import Ringing
from accompany.ids import CardSerial

AFTER_A_START = 30_000
"""Milliseconds in which consoles come back by themselves."""


class Comings:
    def __init__(self) -> None:
        self._came: dict[CardSerial, int] = {}
        self._began = 0

    def come(self, serial: CardSerial, now: int) -> None:
        """The first console of somebody was opened."""
        self._came[serial] = now
        self._began = self._began or now

    def gone(self, serial: CardSerial) -> None:
        self._came.pop(serial, None)

    def way(self, ringing: Ringing, serial: CardSerial) -> Way:
        """Whether the console was there when it rang, or came because of another channel."""
        came = self._came.get(serial, 0)
        rung = ringing.rung.get(serial, came)
        # After a start every console comes anew: that says nothing.
        fresh = came > rung and came > self._began + AFTER_A_START
        return "own channel" if fresh else "console"
