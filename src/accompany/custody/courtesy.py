"""Courtesy: who reads out goes as fast as the machine can, until phones are sending.

A phone's receipt may not wait for somebody's download. Processor time is the kernel's to give, and
it gives it to the server first; the disk and the server's own copying of what goes out are slowed
here, the more, the more comes in.
"""

import time
from collections.abc import Callable

SECONDS_EACH = 0.0001
"""How long to rest after a mebibyte for each entry that comes in a second."""

MOST = 0.03
"""The longest rest after a mebibyte, in seconds."""

_LOOK = 0.1
_MEBI = 1024 * 1024


class Courtesy:
    """One per server; *entries* says how many entries are durable by now. Event loop only."""

    def __init__(
        self, entries: Callable[[], int], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._entries = entries
        self._now = now
        self._since = now()
        self._before = entries()
        self._rate = 0.0

    def rest(self, size: int) -> float:
        """Return how many seconds to rest after *size* bytes were passed on."""
        return min(MOST, self.rate() * SECONDS_EACH) * size / _MEBI

    def rate(self) -> float:
        """Return how many entries a second came in of late."""
        now = self._now()
        if now - self._since >= _LOOK:
            entries = self._entries()
            latest = (entries - self._before) / (now - self._since)
            # One quiet moment is no reason to hurry.
            self._rate = max(latest, self._rate / 2)
            self._since, self._before = now, entries
        return self._rate
