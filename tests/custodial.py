"""Custody as it really is, in a folder of its own, and phones that use it; only time is made up.

async with custody(tmp_path) as held:
    phone = held.phone()
    await held.open(phone)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from accompany.adapters.apart import Readings
from accompany.adapters.checkpoints import SqliteCheckpoints
from accompany.adapters.keeper import JournalKeeper
from accompany.adapters.sqlite import Database
from accompany.adapters.wishes import SqliteWishes
from accompany.client.device import Device, Purpose, Signed, locator_of
from accompany.custody.courtesy import Courtesy
from accompany.custody.deletion import DAY, Deletions
from accompany.custody.export import Export, Package
from accompany.custody.intake import Intake
from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.sequencer import Sequencer
from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import organization_name
from accompany.evidence.checkpoints import Policy, write_policy
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import Receipt, open_receipt, receipts_name
from accompany.ids import EncounterId, Origin

ORIGIN = Origin("test.accompany.invalid")
NOW = 1_795_291_200_000
"""Milliseconds since 1970: a day in November 2026."""

SEGMENT_BYTES = 64 * 1024


def _signer(name: str) -> Signer:
    return Signer.from_seed(name, sha256(name.encode()).digest())


LOG = _signer(ORIGIN)
RECEIPTS = _signer(receipts_name(ORIGIN))
ORGANIZATION = _signer(organization_name(ORIGIN))
POLICY_TEXT = write_policy(LOG.verifier, RECEIPTS.verifier, ORGANIZATION.verifier)
POLICY = Policy.parse(POLICY_TEXT.encode())
CUSTODIAN = HybridIdentity(sha256(b"custodian").digest())
SECRET = b"locator secret of thirty-2 bytes"


@dataclass
class MadeUpClock:
    time: int = NOW

    def now(self) -> int:
        return self.time


async def admit() -> None:
    """Everybody may open a recording."""


@dataclass
class Custody:
    """One life of a server's custody; `failures` says why it stopped, where it did."""

    folder: Path
    clock: MadeUpClock
    failures: list[str] = field(default_factory=list)
    cards: dict[str, bytes] = field(default_factory=dict)
    keep: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # First what reads nothing: a start that is refused has to leave nothing running.
        self.checkpoints = SqliteCheckpoints(self.folder / "checkpoints", self.clock.now)
        self.keeper = JournalKeeper(self.folder, 1024 * 1024, self.failures.append)
        self.leaves = Leaves(ORIGIN, RECEIPTS, self.keeper, self.clock)
        self.sequencer = Sequencer(self.keeper, self.leaves, LOG, self.checkpoints, self.clock)
        leaving = Leaving(self.keeper)
        self.intake = Intake(self.keeper, self.leaves, SEGMENT_BYTES, leaving)
        self.readings = Readings(self.folder, Courtesy(lambda: self.keeper.size))
        self.export = Export(
            self.keeper, self.leaves, self.sequencer, RECEIPTS, lambda: POLICY_TEXT,
            self.cards.get, self.clock, self.readings.begin, leaving=leaving,
        )  # fmt: skip
        self.database = Database(self.folder / "accompany.sqlite")
        self.wishes = SqliteWishes(self.database)
        self.deletions = Deletions(
            self.keeper, self.leaves, RECEIPTS, self.wishes, leaving, self.intake.arriving,
            self.clock, 7 * DAY, self.keep,
        )  # fmt: skip

    def close(self) -> None:
        self.keeper.close()
        self.checkpoints.close()
        self.database.close()

    def phone(
        self, kind: str = "film", encounter: str = "e" * 32, after: tuple[int, bytes] | None = None,
        log: Origin = ORIGIN,
    ) -> Device:  # fmt: skip
        media = {"film": "video/mp4", "sound": "audio/mp4"}.get(kind, "text/plain")
        purpose = Purpose(kind, media, EncounterId(encounter), log, after, "test/1 none")
        return Device.open(purpose, (CUSTODIAN.recipient,), NOW)

    async def open(self, phone: Device, deletion: bytes | None = None) -> tuple[bytes, bool]:
        return await self.intake.open(
            phone.opening.note, phone.grants, locator_of(SECRET), deletion, admit
        )

    async def opened(self, deletion: bytes | None = None, **purpose: str) -> Device:
        phone = self.phone(**purpose)  # type: ignore[arg-type]
        await self.open(phone, deletion)
        return phone

    async def segment(
        self, phone: Device, signed: Signed, note: bool = True, sealed: bytes | None = None
    ) -> tuple[bytes, bool]:
        body = sealed if sealed is not None else signed.sealed
        assert body is not None
        with_note = signed.note if note else None
        return await self.intake.segment(phone.recording, signed.number, with_note, body)

    async def statement(self, phone: Device, signed: Signed) -> tuple[bytes, bool]:
        return await self.intake.statement(phone.recording, signed.number, signed.note)

    def entries(self) -> list[bytes]:
        data = self.keeper.entries(0, self.keeper.size)
        return [data[at : at + 64] for at in range(0, len(data), 64)]


@asynccontextmanager
async def custody(folder: Path, clock: MadeUpClock | None = None) -> AsyncIterator[Custody]:
    held = Custody(folder, clock or MadeUpClock())
    try:
        yield held
    finally:
        held.close()


@asynccontextmanager
async def sequenced(folder: Path, clock: MadeUpClock | None = None) -> AsyncIterator[Custody]:
    """Custody whose checkpoints follow by themselves, as on a server."""
    async with custody(folder, clock) as held:
        running = asyncio.create_task(held.sequencer.run(0.01, held.failures.append))
        try:
            yield held
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def whole(package: Package) -> bytes:
    """Return all of a package, and let go of it."""
    try:
        return b"".join([piece async for piece in package.pieces])
    finally:
        await package.close()


def receipt(note: bytes) -> Receipt:
    return open_receipt(note, RECEIPTS.verifier)


def film(phone: Device, number: int = 1, data: bytes | None = None) -> Signed:
    """Half a second more of a film; the first one is its initialization."""
    at = 500 * max(phone.chain.last - 1, 0)
    duration = 500 if phone.chain.last else 0
    return phone.segment(data or b"film %d " % phone.chain.last * 20, NOW + at, at, duration)
