"""The log's checkpoints: signed over what is durable, kept in two places, then published.

A live checkpoint covers an entry within a second. Each write step says what a crash there means:
signing keeps nothing; `keep` makes the checkpoint the one that a start is compared with; only then
is it shown. To strangers the log ends at a checkpoint published once a day over whole tiles.
Signing and keeping wait for the disk, so they run in a thread, one at a time.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from accompany.custody.leaves import Leaves
from accompany.custody.ports import Clock, Item, Keeper, PaddingKept
from accompany.errors import DiskFull
from accompany.evidence.checkpoints import Checkpoint, Proof, parse_checkpoint
from accompany.evidence.merkle import TILE_WIDTH, consistency_proof, inclusion_proof, root
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import Entry

logger = logging.getLogger("accompany")

DAY = 24 * 3600 * 1000


class Checkpoints(Protocol):
    """Where signed checkpoints are kept, apart from the journal."""

    def keep(self, kind: str, size: int, note: bytes) -> None:
        """Keep the newest *kind* (live or public); return once it would survive a power cut.

        Raise Damaged where a larger one, or one of this size with another root, is kept already:
        two servers on one folder.
        """

    def newest(self, kind: str) -> bytes | None: ...
    def kept_at(self, kind: str) -> int:
        """Return when the newest *kind* was kept, 0 where that is not known."""


@dataclass(frozen=True, slots=True)
class Published:
    checkpoint: Checkpoint
    note: bytes


class Ended(Protocol):
    """A log that was closed for good: nothing is signed for it or added to it any more."""

    @property
    def policy(self) -> str: ...
    @property
    def last(self) -> Published | None:
        """The largest checkpoint that what is left of it holds."""

    def tile(self, level: int, number: int, width: int) -> bytes: ...
    def entries(self, first: int, count: int) -> bytes: ...
    def close(self) -> None: ...


class Sequencer:
    def __init__(
        self, keeper: Keeper, leaves: Leaves, signer: Signer, kept: Checkpoints, clock: Clock
    ) -> None:
        self._keeper = keeper
        self._leaves = leaves
        self._signer = signer
        self._kept = kept
        self._clock = clock
        self._grown = asyncio.Condition()
        self._stepping = asyncio.Lock()
        self.live = self._last("live")
        self.public = self._last("public")
        self.stepped = time.monotonic()
        """When a step last ended well: the live checkpoint then covered all that was durable."""
        # A restart publishes nothing by itself, or it would tell strangers of the minute before.
        self._next_public = _next_day(kept.kept_at("public"))

    def _last(self, kind: str) -> Published:
        note = self._kept.newest(kind)
        if note is None:
            return self._publish(kind, 0)
        return Published(parse_checkpoint(note)[0], note)

    def _publish(self, kind: str, size: int) -> Published:
        checkpoint = Checkpoint(self._leaves.origin, size, root(size, self._keeper.node))
        note = checkpoint.sign(self._signer)
        self._kept.keep(kind, size, note)
        return Published(checkpoint, note)

    async def step(self) -> None:
        """Cover what has become durable since; publish for strangers when the day has come.

        One at a time, whoever asks: two would write the same file.
        """
        async with self._stepping:
            await self._step()

    async def _step(self) -> None:
        due = self._clock.now() >= self._next_public
        whole = await self._whole_tiles() if due else 0
        size = self._keeper.size
        if size > self.live.checkpoint.size:
            self.live = await _in_thread(lambda: self._publish("live", size))
            async with self._grown:
                self._grown.notify_all()
        # After the live one: strangers never see more of the log than holders do.
        if due:
            # Kept even where nothing was added: the next start knows that this day's is done.
            self.public = await _in_thread(lambda: self._publish("public", whole))
        self.stepped = time.monotonic()

    async def run(self, seconds: float, on_failure: Callable[[str], None]) -> None:
        """Step every *seconds*, for ever; a failure is reported, since nothing may go on then.

        A full disk is none: it is waited for.
        """
        waiting = False
        while True:
            try:
                await self.step()
            except DiskFull as error:
                # Nothing was published; once there is room, the next one covers it all.
                if not waiting:
                    logger.warning("no checkpoint can be kept: %s; it is tried again", error)
                waiting = True
            except Exception as error:
                on_failure(f"no checkpoint can be signed: {error}")
                return
            else:
                waiting = False
            await asyncio.sleep(seconds)

    async def covering(self, index: int) -> Published:
        """Return a published live checkpoint that covers leaf *index*."""
        async with self._grown:
            await self._grown.wait_for(lambda: self.live.checkpoint.size > index)
            return self.live

    async def _whole_tiles(self) -> int:
        """Fill the last tile with noise; return the size then, all of it durable."""
        missing = -self._leaves.given % TILE_WIDTH
        size = self._leaves.given + missing
        self._keeper.check_room(missing * 1024)
        await self._keeper.keep([self._noise() for _ in range(missing)])
        self._next_public = _next_day(self._clock.now())
        return size

    def _noise(self) -> Item:
        entry = Entry(secrets.token_bytes(32), secrets.token_bytes(32))
        index, receipt = self._leaves.give(entry, "none")
        return Item(PaddingKept(index, entry.slot, entry.digest, receipt))

    def proof(self, index: int, under: Published) -> bytes:
        """Return the tlog-proof of leaf *index* under a published checkpoint."""
        path = inclusion_proof(index, under.checkpoint.size, self._keeper.node)
        return bytes(Proof(index, tuple(path), under.note))

    def consistency(self, old: int, under: Published) -> list[bytes]:
        with contextlib.suppress(LookupError):
            return consistency_proof(old, under.checkpoint.size, self._keeper.node)
        return []


async def _in_thread(publish: Callable[[], Published]) -> Published:
    """Return what *publish* does; cancelled, wait for its end: nothing may be closed under it."""
    done = asyncio.ensure_future(asyncio.to_thread(publish))
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        raise


def _next_day(time: int) -> int:
    return (time // DAY + 1) * DAY
