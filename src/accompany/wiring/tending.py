"""The desk's figures, looked after: how late pieces came, and days that are old enough folded."""

import asyncio
import logging

from accompany.adapters.figures import SqliteFigures
from accompany.custody.lags import lags_of
from accompany.custody.ports import Clock, Keeper

logger = logging.getLogger("accompany")

EVERY = 60.0
SETTLED = 10 * 60_000
"""Milliseconds after the end of an encounter in which its last pieces come."""

LATEST = 2 * 24 * 3_600_000
BREATH = 0.05
"""Seconds between two transactions, in which everybody else has their turn."""


async def tend_figures(figures: SqliteFigures, keeper: Keeper, clock: Clock) -> None:
    """Look once a minute; what was due while the server was down is done then."""
    while True:
        try:
            await tend_once(figures, keeper, clock.now())
        except Exception:
            logger.exception("looking after the figures failed; it is tried again")
        await asyncio.sleep(EVERY)


async def tend_once(figures: SqliteFigures, keeper: Keeper, now: int) -> None:
    for encounter in figures.without_lags(now - LATEST, now - SETTLED):
        figures.keep_lags(encounter, await asyncio.to_thread(lags_of, keeper, encounter))
    folded = 0
    for count in figures.fold(now):
        folded += count
        await asyncio.sleep(BREATH)
    if folded:
        logger.info("%d presses older than 30 days are kept by the day from now on", folded)
