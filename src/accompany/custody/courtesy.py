"""Courtesy: who reads out works as fast as the machine can, until phones are sending.

A phone's receipt may not wait for somebody's download. Reading out holds the interpreter and a
core; so after each bit of work it sleeps the longer, the more is coming in.
"""

import time

ENOUGH = 8.0
"""Times its own work that a reader sleeps at most."""

EACH = 0.1
"""What each piece a second that comes in adds to that: 80 a second, 40 phones, make it all."""


class Courtesy:
    """One per server. `came` is called in the event loop, `breathe` in any thread but that."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._count = 0
        self._last = 0.0

    def came(self) -> None:
        """Note that something of a phone's was taken in."""
        self._turn(time.monotonic())
        self._count += 1

    def rate(self) -> float:
        """Return how much a second came in of late."""
        now = time.monotonic()
        self._turn(now)
        # What began just now counts at once.
        return max(self._last, self._count / max(now - self._since, 0.25))

    def _turn(self, now: float) -> None:
        passed = now - self._since
        if passed >= 1:
            self._last = self._count / passed
            self._since, self._count = now, 0

    def breathe(self, worked: float) -> None:
        """Sleep after *worked* seconds of work, if others need the machine."""
        pause = worked * min(ENOUGH, self.rate() * EACH)
        if pause > 0:
            time.sleep(pause)
