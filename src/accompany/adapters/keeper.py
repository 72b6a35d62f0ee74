"""Keeping: the journal and its index as one Keeper, with group commit.

`keep` hands its items to one writer thread; whatever has gathered while the last batch was being
synced becomes the next batch: one frame, one fdatasync in flight. Then the index follows, then the
waiting calls return. Where the disk fails, nothing more is acknowledged and `on_failure` is called:
leaf indexes were given out, so the process has to start again and read.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from accompany.adapters.erasing import erase
from accompany.adapters.erasures import Erasures
from accompany.adapters.index import Index
from accompany.adapters.journal import RESERVE, Journal
from accompany.custody.ports import Item, Kept, NamedRow, RecordingRow, StampRow, StatementRow
from accompany.errors import Damaged

BATCH_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Wanted:
    items: Sequence[Item]
    done: "asyncio.Future[None]"

    @property
    def size(self) -> int:
        return sum(len(item.blob) for item in self.items)


class JournalKeeper:
    """A `custody.ports.Keeper` in one folder: journal/, index.sqlite."""

    def __init__(self, folder: Path, file_bytes: int, on_failure: Callable[[str], None]) -> None:
        self._journal = Journal(folder / "journal", file_bytes)
        self._index = Index(folder / "index.sqlite")
        self._on_failure = on_failure
        self._catch_up(folder)
        self._size = self._index.size()
        self._promised = 0
        self._failure: Exception | None = None
        self._closed = False
        self._queue: queue.SimpleQueue[_Wanted | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def _catch_up(self, folder: Path) -> None:
        """Let the index follow what it has not seen; make it anew where it is ahead."""
        since = self._index.position()
        path = folder / "journal" / f"{since.file:06d}.journal"
        if not (path.exists() and path.stat().st_size >= since.offset):
            self._index.forget()
            since = self._index.position()
        for batch in self._journal.scan(since):
            self._index.apply(batch)

    async def keep(self, items: Sequence[Item]) -> None:
        if self._closed:
            raise RuntimeError("the keeper is closed")
        self._loop = asyncio.get_running_loop()
        wanted = _Wanted(items, self._loop.create_future())
        self._promised += wanted.size
        self._queue.put(wanted)
        try:
            await _settled(wanted.done)
        finally:
            self._promised -= wanted.size

    def close(self) -> None:
        """Finish what is waiting, then stop; returns once the last batch is synced."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._journal.close()
        self._index.close()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            wanted, stopping = self._gather()
            if wanted:
                self._commit(wanted)

    def _gather(self) -> tuple[list[_Wanted], bool]:
        """Wait for one call, then take all that have come meanwhile, up to a batch's bytes."""
        first = self._queue.get()
        gathered: list[_Wanted] = []
        total = 0
        while first is not None:
            gathered.append(first)
            total += first.size
            if total >= BATCH_BYTES:
                return gathered, False
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                return gathered, False
        return gathered, True

    def _commit(self, wanted: list[_Wanted]) -> None:
        if self._failure is not None:
            self._answer(wanted, self._failure)
            return
        try:
            batch = self._journal.append([item for one in wanted for item in one.items])
            self._index.apply(batch)
        except Exception as error:
            self._failure = error
            self._answer(wanted, error)
            self._on_failure(f"nothing more can be kept: {error}")
            return
        leaves = (item.record for one in wanted for item in one.items)
        self._size += sum(isinstance(record, Kept) for record in leaves)
        self._answer(wanted, None)

    def _answer(self, wanted: list[_Wanted], error: Exception | None) -> None:
        def settle() -> None:
            for one in wanted:
                if one.done.done():
                    continue
                if error is None:
                    one.done.set_result(None)
                else:
                    one.done.set_exception(error)

        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(settle)

    def check_room(self, size: int) -> None:
        # What waits has a promise already: together with it this must not eat the reserve.
        self._journal.check_room(self._promised + size, RESERVE)

    @property
    def size(self) -> int:
        return self._size

    def node(self, level: int, number: int) -> bytes:
        return self._index.node(level, number)

    def tile(self, level: int, number: int, width: int) -> bytes:
        return self._index.tile(level, number, width)

    def entries(self, first: int, count: int) -> bytes:
        return self._index.entries(first, count)

    def recording(self, recording: str) -> RecordingRow | None:
        return next(iter(self._index.recordings("id", recording)), None)

    def by_locator(self, locator: bytes) -> list[RecordingRow]:
        return self._index.recordings("locator", locator)

    def by_encounter(self, encounter: str) -> list[RecordingRow]:
        return self._index.recordings("encounter", encounter)

    def statement(self, recording: str, number: int) -> StatementRow | None:
        return self._index.statement(recording, number)

    def last_statement(self, recording: str) -> StatementRow | None:
        return self._index.last_statement(recording)

    def statements(self, recording: str) -> Iterator[StatementRow]:
        return self._index.statements(recording)

    def segment_hashes(self, recording: str) -> list[bytes]:
        return self._index.segment_hashes(recording)

    def missing(self, recording: str) -> list[int]:
        return self._index.missing(recording)

    def segment(self, recording: str, number: int) -> bytes | None:
        place = self._index.place(recording, number)
        if place is None:
            return None
        data = self._journal.read(place.file, place.offset, place.size)
        if sha256(data).digest() != place.sha256:
            raise Damaged(
                f"segment {number} of {recording}: expected SHA-256 {place.sha256.hex()}, "
                f"found {sha256(data).hexdigest()} in journal file {place.file} at {place.offset}"
            )
        return data

    def grants(self, recording: str) -> list[NamedRow]:
        return self._index.named("grant", recording)

    def custody(self, recording: str) -> list[NamedRow]:
        return self._index.named("custody", recording)

    def card(self, serial: str) -> NamedRow | None:
        return next(iter(self._index.named("card", serial)), None)

    def stamps(self, after: int, first: int, last: int) -> list[StampRow]:
        return self._index.stamps(after, first, last)

    def stamps_since(self, index: int) -> int:
        return self._index.stamps_since(index)

    def of_kind(self, kind: str, after: int, count: int) -> list[RecordingRow]:
        return self._index.of_kind(kind, after, count)

    def tombstone(self, recording: str) -> NamedRow | None:
        return self._index.deleted(recording)

    def unerased(self) -> list[str]:
        return self._index.unerased()

    def erase(self, recordings: Sequence[str]) -> int:
        # The index first: a flush that fails leaves all to be done again.
        self._index.flush()
        erasures = Erasures(self._journal.folder)
        files = self._index.files_of(recordings)
        return sum(erase(self._journal.folder, file, recordings, erasures) for file in files)


async def _settled(done: "asyncio.Future[None]") -> None:
    """Wait for *done* even where whoever waits is cancelled; then pass the cancellation on.

    What is handed over is being written, whoever goes away: nobody may number the next thing by
    what is kept, or take a repetition for something new, before it is.
    """
    cancelled: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.wait([done])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        with contextlib.suppress(Exception):
            done.result()
        raise cancelled
    done.result()


def check_tree(keeper: JournalKeeper, size: int, root: bytes, found: bytes | None) -> None:
    """Raise Damaged unless the kept tree still holds a checkpoint signed before."""
    if found is None:
        raise Damaged(
            f"a checkpoint over {size} entries was signed, but the journal holds {keeper.size}: "
            "it looks like an older backup. Nothing is signed until a person has decided"
        )
    if found != root:
        raise Damaged(
            f"the journal's tree of {size} has root {found.hex()}, "
            f"but the checkpoint signed before says {root.hex()}"
        )
