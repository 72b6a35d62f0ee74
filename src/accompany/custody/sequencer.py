"""The log's checkpoints: signed over what is durable, kept in two places, then published.

A live checkpoint covers an entry within a second. Each write step says what a crash there means:
signing keeps nothing; `keep` makes the checkpoint the one that a start is compared with; only then
is it shown. To strangers the log ends at a checkpoint published once a day over whole tiles.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from accompany.custody.leaves import Leaves
from accompany.custody.ports import Clock, Item, Keeper, PaddingKept
from accompany.evidence.checkpoints import Checkpoint, Proof, parse_checkpoint
from accompany.evidence.merkle import TILE_WIDTH, consistency_proof, inclusion_proof, root
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import Entry

DAY = 24 * 3600 * 1000


class Checkpoints(Protocol):
    """Where signed checkpoints are kept, apart from the journal."""

    def keep(self, kind: str, size: int, note: bytes) -> None:
        """Keep the newest *kind* (live or public); return once it would survive a power cut.

        Raise Damaged where a larger one is kept already: two servers on one folder.
        """

    def newest(self, kind: str) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Published:
    checkpoint: Checkpoint
    note: bytes


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
        self.live = self._last("live")
        self.public = self._last("public")
        self._next_public = 0

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
        """Cover what has become durable since; publish for strangers when the day has come."""
        size = self._keeper.size
        if size > self.live.checkpoint.size:
            self.live = self._publish("live", size)
            async with self._grown:
                self._grown.notify_all()
        if self._clock.now() >= self._next_public:
            await self._publish_for_strangers()

    async def run(self, seconds: float, on_failure: Callable[[str], None]) -> None:
        """Step every *seconds*, for ever; a failure is reported, since nothing may go on then."""
        while True:
            try:
                await self.step()
            except Exception as error:
                on_failure(f"no checkpoint can be signed: {error}")
                return
            await asyncio.sleep(seconds)

    async def covering(self, index: int) -> Published:
        """Return a published live checkpoint that covers leaf *index*."""
        async with self._grown:
            await self._grown.wait_for(lambda: self.live.checkpoint.size > index)
            return self.live

    async def _publish_for_strangers(self) -> None:
        """Fill the last tile with noise and publish it whole; nothing, where nothing was added."""
        now = self._clock.now()
        self._next_public = (now // DAY + 1) * DAY
        size = self._leaves.given
        if size == self.public.checkpoint.size:
            return
        missing = -size % TILE_WIDTH
        await self._keeper.keep([self._noise() for _ in range(missing)])
        self.public = self._publish("public", size + missing)

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
