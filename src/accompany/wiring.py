"""Settings in, application out: the only module that knows all the others.

Not here: reading the command line (`cli`), what any part does.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from accompany.accounts.enrolment import Codes, Enrolment, Sessions, digest_of_secret, new_code
from accompany.adapters.apart import Readings
from accompany.adapters.auditors import SqliteAuditors
from accompany.adapters.bells import reach_for
from accompany.adapters.check_ins import SqliteTellings
from accompany.adapters.checkpoints import SqliteCheckpoints, second_place
from accompany.adapters.closing import close_log, closed_logs, finish_closing, policy_lines
from accompany.adapters.disk import write_durably
from accompany.adapters.guarding import disk_in_words, only_one
from accompany.adapters.keeper import JournalKeeper, check_tree
from accompany.adapters.keys import ServerKeys, load_keys, telling_identity
from accompany.adapters.outside import STEP, ClockWatch, SqliteOutside
from accompany.adapters.rosters import RosterWatch, SqliteRosters
from accompany.adapters.shelf import shelf_at
from accompany.adapters.sqlite import (
    Database,
    SqlitePeople,
    SqlitePresses,
)
from accompany.adapters.tsa import load_authorities
from accompany.adapters.wishes import SqliteWishes
from accompany.adapters.witnesses import load_witnesses
from accompany.calls.signaling import Rooms
from accompany.config import Settings
from accompany.custody.courtesy import Courtesy
from accompany.custody.deletion import DAY, Deletions
from accompany.custody.export import Export
from accompany.custody.intake import Intake
from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.rounds import Rounds
from accompany.custody.sequencer import Sequencer
from accompany.dispatch.rules import Rules
from accompany.dispatch.runner import Desk
from accompany.errors import Unknown
from accompany.evidence.cards import Organization
from accompany.evidence.checkpoints import open_checkpoint, write_policy
from accompany.evidence.merkle import root
from accompany.ids import EncounterId
from accompany.telling.allowance import Allowance
from accompany.telling.contacts import write_service_note
from accompany.telling.teller import Teller
from accompany.web.app import create_app
from accompany.web.door import Door, Limits, config_for
from accompany.web.gate import Gate
from accompany.web.lane import Lane, OnLane
from accompany.web.live import Live
from accompany.web.metrics import Metrics
from accompany.web.office import Office
from accompany.web.officer_card import read_officer_card
from accompany.web.uplink import Uplink

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


@dataclass(frozen=True, slots=True)
class Server:
    """Everything that was set up: the application and what `serve` prints about it."""

    app: Uplink
    keys: ServerKeys
    guest_code: str
    invitation: str
    policy: Path
    office: Office
    metrics: Metrics
    way: str
    """How batches reach the disk, in words."""


def door_for(settings: Settings, server: Server, **more: Any) -> tuple[uvicorn.Config, Door]:
    """Return how uvicorn serves *server*, with limits for every connection, and the door itself,
    whose `sweep` has to run; *more* goes to uvicorn."""
    limits = Limits(
        settings.connections, settings.connections_per_address, tuple(settings.proxies.split())
    )
    door = Door(limits)
    server.metrics.watch(server.office, door)
    gate = Gate(server.app, limits, server.metrics)
    connection = partial(OnLane, lane=Lane(server.app, gate))
    return config_for(gate, door, connection, **more), door


def die(reason: str) -> None:
    """Stop at once: nothing more may be acknowledged. A start reads what is there."""
    logger.critical("stopping: %s", reason)
    logging.shutdown()
    os._exit(70)


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
            database = Database(folder / "accompany.sqlite", die)
            clock = SystemClock()
            second = second_place(settings.checkpoints, settings.second_place, keys.log.verifier)
            checkpoints = SqliteCheckpoints(folder / "checkpoints", clock.now, second)
            keeper = JournalKeeper(folder, settings.journal_file_bytes, die)
        logger.info("batches are written %s", keeper.way)
        behind = clock.never_before(keeper.last_time)
        try:
            with disk_in_words():
                server, live, sequencer, vouching = _assemble(
                    settings, clock, keys, database, checkpoints, keeper, second, authority
                )
            if behind:
                vouching.outside.stepped(clock.now(), -behind)
            roster = RosterWatch(SqliteRosters(database), server.office.desk, clock.now)
            roster.look()
            tasks = [
                asyncio.create_task(sequencer.run(settings.checkpoint_seconds, die)),
                asyncio.create_task(_every_second(live, keeper, roster)),
                asyncio.create_task(vouching.rounds.run(1, die)),
                asyncio.create_task(server.office.deletions.run(1, die)),
                asyncio.create_task(_watch_clock(vouching.outside, clock)),
            ]
            try:
                yield server
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await server.office.teller.close()
                live.close()
                vouching.checkpoints.close()
                for one in server.office.closed.values():
                    one.close()
        finally:
            keeper.close()
            checkpoints.close()
            database.close()


def _assemble(
    settings: Settings,
    clock: SystemClock,
    keys: ServerKeys,
    database: Database,
    checkpoints: SqliteCheckpoints,
    keeper: JournalKeeper,
    second: Path | None,
    authority: Path | None,
) -> tuple[Server, Live, Sequencer, "_Vouching"]:
    folder = settings.data
    people, presses = SqlitePeople(database), SqlitePresses(database)
    _compare(keeper, keys, checkpoints)
    leaves = Leaves(keys.origin, keys.receipts, keeper, clock)
    sequencer = Sequencer(keeper, leaves, keys.log, checkpoints, clock)
    organization = Organization(
        settings.organization,
        str(keys.custodian.recipient),
        keys.log.verifier,
        keys.receipts.verifier,
    )
    # What is signed must be what a phone will take.
    Organization.read(str(organization))
    # Its own connection: the sequencer's is used in another thread.
    others = SqliteCheckpoints(folder / "checkpoints", clock.now, second)
    vouching = _vouching(settings, clock, keys, database, keeper, leaves, sequencer, others)
    closed = closed_logs(folder, settings.second_place)
    policy = vouching.policy + policy_lines(closed)
    rounds = vouching.rounds
    live = Live()
    post, bells, reach = reach_for(settings, database, clock)
    desk = Desk(presses, live.show, Rules.of(settings), bells, now=clock.now())

    def card_of(encounter: str) -> bytes | None:
        try:
            attorney = desk.standing(EncounterId(encounter)).last
        except Unknown:
            return None
        row = keeper.card(attorney) if attorney else None
        return row.data if row else None

    identity = telling_identity(folder / "keys")
    teller = Teller(
        SqliteTellings(database),
        post,
        shelf_at(settings.shelf),
        identity,
        Allowance(settings.messages_an_hour),
        clock.now,
    )
    enrolment = Enrolment(people, keys.organization, clock.now)
    leaving = Leaving(keeper)
    intake = Intake(keeper, leaves, settings.segment_bytes, leaving)
    deletions = Deletions(
        keeper,
        leaves,
        keys.receipts,
        SqliteWishes(database),
        leaving,
        intake.arriving,
        clock,
        round(settings.deletion_days * DAY),
        {kind: days * DAY for kind, days in settings.keep_days.items()},
    )
    office = Office(
        settings,
        clock,
        keeper,
        leaves,
        intake,
        sequencer,
        Export(
            keeper,
            leaves,
            sequencer,
            keys.receipts,
            policy,
            card_of,
            clock,
            Readings(folder, Courtesy(lambda: keeper.size)).begin,
            lambda: rounds.cosigned,
            leaving,
        ),
        Codes(people, settings.wrong_codes_a_minute),
        enrolment,
        Sessions(people, keys.organization.verifier, settings.session_hours * 3_600_000),
        desk,
        Rooms(),
        str(keys.organization.verifier),
        keys.organization.sign(str(organization)),
        policy,
        SqliteAuditors(database),
        rounds,
        leaving,
        deletions,
        lambda: write_durably(folder / "heartbeat", b"written to see that it can be\n"),
        teller,
        write_service_note(keys.origin, identity.recipient, keys.organization),
        closed,
        read_officer_card(settings.officer_card),
        reach,
    )
    live.office = office
    policy_path = folder / "policy"
    write_durably(policy_path, policy.encode(), 0o644)
    code = _kept_code(folder, people)
    invitation = _kept_invitation(folder, enrolment)
    metrics = Metrics()
    app = create_app(office, live, metrics, authority)
    server = Server(app, keys, code, invitation, policy_path, office, metrics, keeper.way)
    return server, live, sequencer, vouching


@dataclass(frozen=True, slots=True)
class _Vouching:
    """Others who vouch for the log, and what the server states of itself and its witnesses."""

    rounds: Rounds
    outside: SqliteOutside
    checkpoints: SqliteCheckpoints
    policy: str


def _vouching(
    settings: Settings,
    clock: SystemClock,
    keys: ServerKeys,
    database: Database,
    keeper: JournalKeeper,
    leaves: Leaves,
    sequencer: Sequencer,
    checkpoints: SqliteCheckpoints,
) -> _Vouching:
    authorities, wrong = load_authorities(settings.data / "authorities")
    witnesses, asked, lines, wrong_lines = load_witnesses(settings.data / "witnesses")
    for problem in [*wrong, *wrong_lines]:
        logger.warning("%s; the others are used, see `accompany doctor`", problem)
    outside = SqliteOutside(database)
    rounds = Rounds(
        keeper,
        leaves,
        sequencer,
        checkpoints,
        keys.log.verifier,
        witnesses,
        authorities,
        asked,
        outside,
        clock,
        max(1, round(settings.round_seconds * 1000)),
    )
    own = (keys.log.verifier, keys.receipts.verifier, keys.organization.verifier)
    return _Vouching(rounds, outside, checkpoints, write_policy(*own, lines))


def _compare(keeper: JournalKeeper, keys: ServerKeys, checkpoints: SqliteCheckpoints) -> None:
    """Raise Damaged unless the tree still holds every checkpoint that was signed."""
    for kind in ("live", "public"):
        note = checkpoints.newest(kind)
        if note is None:
            continue
        signed = open_checkpoint(note, keys.log.verifier)
        found = root(signed.size, keeper.node) if signed.size <= keeper.size else None
        check_tree(keeper, signed.size, signed.root, found)


def _kept_code(folder: Path, people: SqlitePeople) -> str:
    """Return the organization's guest code, made on first start; it stands on its posters."""
    path = folder / "guest-code"
    if not path.exists():
        write_durably(path, f"{new_code()}\n".encode())
    code = path.read_text().strip()
    people.add_code(digest_of_secret(code))
    return code


def _kept_invitation(folder: Path, enrolment: Enrolment) -> str:
    """Return an invitation nobody has used yet, so that the printed address always works."""
    path = folder / "invitation"
    if path.exists():
        code = path.read_text().strip()
        try:
            if not enrolment.used(code):
                return code
        except Unknown:
            logger.warning("the kept invitation is not known; a new one is made")
    code = enrolment.invite()
    write_durably(path, f"{code}\n".encode())
    return code


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


async def _watch_clock(outside: SqliteOutside, clock: SystemClock) -> None:
    watch = ClockWatch()
    while True:
        step = watch.now()
        if step:
            logger.warning("the clock was set by %d ms", step)
            outside.stepped(clock.now(), step)
        await asyncio.sleep(1)
