"""The one clock of a server, and what is said when it was set."""

import asyncio
import logging
import time

from accompany.adapters.outside import STEP, ClockWatch, SqliteOutside

logger = logging.getLogger("accompany")


class SystemClock:
    """Milliseconds since 1970 UTC that never fall: max(now, last)."""

    def __init__(self) -> None:
        self._last = 0

    def never_before(self, time: int) -> int:
        """Go on from *time*, the last that was stated; return by how much the clock is behind it,
        if it was set back since, else 0."""
        behind = time - self.now()
        self._last = max(self._last, time)
        if behind <= STEP:
            return 0
        logger.warning("the clock is %d ms behind the last receipt: is it set right?", behind)
        return behind

    def now(self) -> int:
        self._last = max(self._last, time.time_ns() // 1_000_000)
        return self._last


async def watch_clock(outside: SqliteOutside, clock: SystemClock) -> None:
    watch = ClockWatch()
    while True:
        step = watch.now()
        if step:
            logger.warning("the clock was set by %d ms", step)
            outside.stepped(clock.now(), step)
        await asyncio.sleep(1)
