"""A server from its data folder to its last breath: set up, run, tidied up."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from accompany.accounts.people import People
from accompany.adapters.ballast import BALLAST, with_room
from accompany.adapters.checkpoints import SqliteCheckpoints, second_place
from accompany.adapters.closing import close_log, finish_closing
from accompany.adapters.deliveries import Deliveries
from accompany.adapters.figures import SqliteFigures
from accompany.adapters.guarding import disk_in_words, only_one
from accompany.adapters.keeper import JournalKeeper
from accompany.adapters.keys import load_keys
from accompany.adapters.lookout import Lookout
from accompany.adapters.rosters import RosterWatch, SqliteRosters
from accompany.adapters.sqlite import (
    Database,
)
from accompany.adapters.webhooks import SqliteHooks
from accompany.config import Settings
from accompany.dispatch.books import Books
from accompany.dispatch.webhooks import read_networks
from accompany.web.callbacks import tend_numbers
from accompany.web.live import Live
from accompany.web.offboarding import finish_offboarding
from accompany.web.office import Office
from accompany.web.releasing import run_releases
from accompany.wiring.assembling import assemble
from accompany.wiring.clock import SystemClock, watch_clock
from accompany.wiring.server import Server, die
from accompany.wiring.tending import tend_figures

logger = logging.getLogger("accompany")


@asynccontextmanager
async def serving(
    settings: Settings, authority: Path | None = None, new_origin: bool = False
) -> AsyncIterator[Server]:
    """Set everything up in the data folder, run what runs by itself, and tidy up afterwards.

    With *new_origin* the log that is there is closed for good first. Raise Damaged where what is
    kept contradicts itself; nothing is signed then.
    """
    folder = settings.data
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder):
        with disk_in_words():
            finish_closing(folder)
            if new_origin:
                close_log(folder, settings.origin)
            keys = load_keys(folder / "keys", settings.origin, (folder / "journal").exists())
            room = folder / BALLAST
            database = with_room(room, lambda: Database(folder / "accompany.sqlite", die))
            clock = SystemClock()
            second = second_place(settings.checkpoints, settings.second_place, keys.log.verifier)
            checkpoints = with_room(
                room, lambda: SqliteCheckpoints(folder / "checkpoints", clock.now, second)
            )
            keeper = JournalKeeper(folder, settings.journal_file_bytes, die)
        logger.info("batches are written %s", keeper.way)
        behind = clock.never_before(keeper.last_time)
        lookout = Lookout()
        try:
            with disk_in_words():
                figures = SqliteFigures(database, folder / "accompany.sqlite")
                rosters = SqliteRosters(database)
                hooks = SqliteHooks(database, read_networks(settings.webhook_networks))
                server, live, sequencer, vouching = assemble(
                    settings, clock, keys, database, checkpoints, keeper, second, authority,
                    Books(figures, hooks, rosters), hooks, lookout,
                )  # fmt: skip
            if behind:
                vouching.outside.stepped(clock.now(), -behind)
            roster = RosterWatch(rosters, server.office.desk, clock.now)
            roster.look()
            tasks = [
                asyncio.create_task(sequencer.run(settings.checkpoint_seconds, die)),
                asyncio.create_task(_every_hour(server.office.people, clock)),
                asyncio.create_task(_every_five_seconds(server.office)),
                asyncio.create_task(run_releases(server.office)),
                asyncio.create_task(tend_numbers(server.office)),
                asyncio.create_task(_every_second(live, keeper, roster)),
                asyncio.create_task(vouching.rounds.run(1, die)),
                asyncio.create_task(server.office.deletions.run(1, die)),
                asyncio.create_task(watch_clock(vouching.outside, clock)),
                asyncio.create_task(tend_figures(figures, keeper, clock)),
                asyncio.create_task(Deliveries(hooks, clock).run()),
            ]
            try:
                yield server
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await server.office.teller.close()
                await server.office.reach.bells.close()
                live.close()
                vouching.checkpoints.close()
                for one in server.office.old.logs.values():
                    one.close()
        finally:
            await lookout.close()
            keeper.close()
            checkpoints.close()
            database.close()


async def _every_hour(people: People, clock: SystemClock) -> None:
    while True:
        try:
            people.forget_ended_sessions(clock.now())
        except Exception:
            logger.exception("sessions that ended are not dropped; it is tried again")
        await asyncio.sleep(3600)


async def _every_five_seconds(office: Office) -> None:
    while True:
        try:
            await finish_offboarding(office)
        except Exception:
            logger.exception("somebody removed is not offboarded; it is tried again")
        await asyncio.sleep(5)


async def _every_second(live: Live, keeper: JournalKeeper, roster: RosterWatch) -> None:
    while True:
        try:
            if roster.look():
                live.show_check_ins()
            live.tick()
            keeper.tend()
        except Exception:
            logger.exception("looking after the desk failed; it is tried again")
        await asyncio.sleep(1)
