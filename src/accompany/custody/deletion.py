"""Deleting: by the caller's note, the organization's word or its rule on age; after some days.

A wish waits, so that it can be taken back, and longer where a legal hold stands. Then the tombstone
is kept and logged, nothing of the recording is shown any more, and its bytes are taken off the
disk. A crash between any two steps is mended by the next step after a start. Not here: HTTP, the
command line that writes wishes and holds beside a running server, how bytes are erased.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.ports import Clock, DeletedKept, ErasedKept, Item, Keeper, RecordingRow
from accompany.errors import AccompanyError, DoesNotHold, Forbidden, Unknown
from accompany.evidence.deletions import (
    DELETION,
    UNDELETION,
    Tombstone,
    deletion_entry,
    open_wish,
)
from accompany.evidence.notes import Note, Signer
from accompany.evidence.receipts import Receipt
from accompany.evidence.text import write_time
from accompany.ids import RecordingId

logger = logging.getLogger("accompany")

DAY = 24 * 3600 * 1000
PAGE = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """That *recording* be deleted: asked and due in ms since 1970 UTC; *note* is the caller's."""

    recording: str
    asked: int
    due: int
    by: str
    note: bytes | None = None
    reason: str = ""
    withdrawn: int = 0
    """When it was taken back; 0 while it stands."""
    back: bytes | None = None
    """The caller's note that took it back, where they did."""


class Wishes(Protocol):
    """Keeps wishes and legal holds; durable; another process may write to it meanwhile."""

    def ask(self, wish: Wish) -> bool:
        """Keep it, in the place of one taken back; False where a wish for this recording stands."""

    def withdraw(self, recording: str, now: int, note: bytes | None = None) -> bool:
        """Take it back, by the caller's *note* or the organization; False where none stands."""

    def find(self, recording: str) -> Wish | None:
        """Return the last wish for *recording*, taken back or not."""

    def due(self, now: int) -> list[Wish]:
        """Return the wishes whose time has come and that no hold keeps back."""

    def done(self, recording: str) -> None: ...
    def held(self, recording: str) -> bool: ...


class OldOnes(Protocol):
    """Recordings of logs that ended (`custody.old`)."""

    def row(self, recording: str) -> RecordingRow | None: ...
    def erase(self, recordings: Sequence[str]) -> None:
        """Take all bytes of *recordings* off the disk, if they are there."""


class Deletions:
    """One per server. *wait* is how long a wish waits; *keep* by kind how long a recording is
    kept, both ms; a kind that is not in it is kept for ever."""

    def __init__(
        self,
        keeper: Keeper,
        leaves: Leaves,
        receipts: Signer,
        wishes: Wishes,
        leaving: Leaving,
        settled: Callable[[RecordingId], "asyncio.Future[None] | None"],
        clock: Clock,
        wait: int,
        keep: Mapping[str, int],
        old: "OldOnes | None" = None,
    ) -> None:
        self._keeper = keeper
        self._leaves = leaves
        self._receipts = receipts
        self._wishes = wishes
        self._leaving = leaving
        self._settled = settled
        self._clock = clock
        self._wait = wait
        self._keep = keep
        self._old = old
        self._next_look = 0
        self._turn = asyncio.Lock()

    def ask(self, recording: str, note: bytes) -> Wish:
        """Take the caller's wish; the same again, or a later one, is answered as the first.

        Raise Forbidden where the recording has no deletion key, DoesNotHold for a wrong note.
        """
        row = self._row(recording)
        asked = open_wish(DELETION, note, row.recording, _key(row))
        standing = self._wishes.find(row.recording)
        if standing is not None and standing.back is not None:
            back = open_wish(UNDELETION, standing.back, row.recording, _key(row))
            if asked <= back:
                later = f"one made after {write_time(back)}, when it was taken back"
                raise DoesNotHold("deletion", later, write_time(asked))
        now = self._clock.now()
        wish = Wish(row.recording, now, now + self._wait, "caller", note)
        return wish if self._wishes.ask(wish) or standing is None else standing

    def take_back(self, recording: str, note: bytes) -> None:
        """Take a wish back by the deletion key; raise Unknown where none stands."""
        row = self._row(recording)
        open_wish(UNDELETION, note, row.recording, _key(row))
        if not self._wishes.withdraw(row.recording, self._clock.now(), note):
            raise Unknown("deletion that waits")

    def held(self, recording: str) -> bool:
        return self._wishes.held(recording)

    def waiting(self, recording: str) -> Wish | None:
        """Return the wish that stands for *recording*."""
        wish = self._wishes.find(recording)
        return None if wish is None or wish.withdrawn else wish

    def _row(self, recording: str) -> RecordingRow:
        row = self._find(recording)
        if row is None:
            raise self._leaving.why(recording)
        return row

    def _find(self, recording: str) -> RecordingRow | None:
        """Return a recording of this log, or of one that ended."""
        row = self._keeper.recording(recording)
        return row if row is not None or self._old is None else self._old.row(recording)

    async def run(self, seconds: float, on_failure: Callable[[str], None]) -> None:
        """Step every *seconds*, for ever; what cannot be done now is tried again."""
        while True:
            try:
                await self.step()
            except AccompanyError as error:
                logger.error("a deletion is not done: %s", error)
            except OSError as error:
                on_failure(f"a deletion cannot be kept: {error}")
                return
            except Exception:
                # Whatever it was: nobody else would ever carry it out.
                logger.exception("a deletion is not done; it is tried again")
            await asyncio.sleep(seconds)

    async def step(self) -> None:
        """Delete what is due, erase what is deleted, and look for what has become too old."""
        async with self._turn:
            await self._step()

    async def _step(self) -> None:
        for wish in self._wishes.due(self._clock.now()):
            await self._delete(wish)
        # What a crash left as well.
        left = self._keeper.unerased()
        if left:
            await asyncio.to_thread(self._keeper.erase, left)
            if self._old is not None:
                await asyncio.to_thread(self._old.erase, left)
            await self._keeper.keep([Item(ErasedKept(recording)) for recording in left])
        if self._keep and self._clock.now() >= self._next_look:
            await self._look_for_old_ones()
            self._next_look = self._clock.now() + 3_600_000

    async def _delete(self, wish: Wish) -> None:
        recording = RecordingId(wish.recording)
        if self._find(recording) is not None:
            self._leaving.begin(recording)
            # What is on its way to the disk must be erased with the rest.
            while (arriving := self._settled(recording)) is not None:
                await asyncio.wait([arriving])
            await self._keep_tombstone(recording, wish)
        self._wishes.done(wish.recording)

    async def _keep_tombstone(self, recording: RecordingId, wish: Wish) -> None:
        digest = sha256(wish.note).digest() if wish.note else None
        told = Tombstone(recording, wish.asked, self._clock.now(), wish.by, digest)
        note = self._receipts.sign(str(told))
        entry = deletion_entry(recording, note)
        index, receipt = self._leaves.give(entry, "kept")
        kept = DeletedKept(index, entry.slot, entry.digest, receipt, recording, note, wish.note)
        await self._keeper.keep([Item(kept)])

    async def _look_for_old_ones(self) -> None:
        now = self._clock.now()
        for kind, lasts in self._keep.items():
            old = opened_before(self._keeper.of_kind, kind, now - lasts)
            for number, (row, _) in enumerate(old, 1):
                # One taken back stays so: the organization wants to keep it.
                if self._wishes.find(row.recording) is None:
                    self._wishes.ask(Wish(row.recording, now, now + self._wait, "age"))
                if number % PAGE == 0:
                    await asyncio.sleep(0)


OfKind = Callable[[str, int, int], list[RecordingRow]]
"""`Keeper.of_kind`."""


def opened_before(of_kind: OfKind, kind: str, time: int) -> Iterator[tuple[RecordingRow, int]]:
    """Yield the recordings of *kind* that the server took before *time*, and when, oldest first."""
    after = -1
    while rows := of_kind(kind, after, PAGE):
        for row in rows:
            opened = _opened(row)
            # They come in the order in which they were opened.
            if opened >= time:
                return
            yield row, opened
        after = rows[-1].index


def _key(row: RecordingRow) -> bytes:
    if row.deletion is None:
        raise Forbidden("it was opened without a deletion key: ask the organization to delete it")
    return row.deletion


def _opened(row: RecordingRow) -> int:
    """Return when the server took the opening, by its own clock."""
    return Receipt.read(Note.parse(row.receipt).text).time
