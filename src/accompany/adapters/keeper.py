"""Keeping: the journal and its index as one Keeper, with group commit (`commits`).

The journal is the truth. The index follows it before anybody is answered, and is made again from
it where the two do not fit. Room is looked after before a leaf is given: what was given out must
be kept. Not here: what may be kept (`custody`).
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path

from accompany.adapters.ballast import BALLAST, Ballast, with_room
from accompany.adapters.commits import Commits
from accompany.adapters.erasing import erase
from accompany.adapters.erasures import Erasures
from accompany.adapters.frames import BLOCK
from accompany.adapters.index import Index
from accompany.adapters.journal import Journal
from accompany.adapters.scanning import Batch
from accompany.custody.ports import Item, Kept, NamedRow, RecordingRow, StampRow, StatementRow
from accompany.errors import Damaged, DiskFailed, DiskFull

_ONE = 4 * BLOCK
"""More than a frame takes for one record, its blob aside: note, receipt, header, padding."""

_PAGES = 10
"""Bytes that the index writes for each byte of a small frame, at most: some pages for each row."""


WHAT_TO_DO = (
    "Nothing is signed until a person has decided: bring back the newer journal, or, if it is lost "
    "for good, begin a new log with `accompany serve --new-origin` (docs/durability.md)"
)


class JournalKeeper:
    """A `custody.ports.Keeper` in one folder: journal/, index.sqlite, reserve."""

    def __init__(self, folder: Path, file_bytes: int, on_failure: Callable[[str], None]) -> None:
        self._journal = Journal(folder / "journal", file_bytes)
        self._ballast_path = folder / BALLAST
        own = 2 * self._journal.reserve
        self._index = with_room(
            self._ballast_path, lambda: Index(folder / "index.sqlite", on_failure, own)
        )
        self._catch_up()
        self._size = self._index.size()
        self._journal.begin()
        self._ballast = Ballast(self._ballast_path, self._journal.reserve)
        self._commits = Commits(self._journal, self._follow, self._ballast.release, on_failure)
        self._closed = False
        self._settling: threading.Thread | None = None

    def _catch_up(self) -> None:
        """Let the index follow what it has not seen; raise Damaged where it is ahead.

        It follows a batch only once that is on the disk: so one that it has seen and that is not
        there, whole, was acknowledged and is lost.
        """
        since = self._index.position()
        if since.sequence and not self._journal.is_there(since):
            raise Damaged(
                f"the index has seen batch {since.sequence} in journal file {since.file} at "
                f"{since.start}, but it is not there, or not whole: what was acknowledged is "
                f"missing. {WHAT_TO_DO}"
            )
        for batch in self._journal.scan(since):
            with_room(self._ballast_path, partial(self._index.apply, batch))

    def _follow(self, batch: Batch) -> None:
        self._index.apply(batch)
        self._size += sum(isinstance(placed.record, Kept) for placed in batch.placed)

    async def keep(self, items: Sequence[Item]) -> None:
        if self._closed:
            raise RuntimeError("the keeper is closed")
        await self._commits.commit(items)

    def close(self) -> None:
        """Finish what is waiting, then stop; returns once the last batch is synced."""
        self._closed = True
        if self._settling:
            self._settling.join()
        self._commits.close()
        self._journal.close(not self._ballast.held)
        self._index.close(not self._ballast.held)

    @property
    def way(self) -> str:
        """How batches reach the disk, in words."""
        return self._journal.way

    @property
    def last_time(self) -> int:
        """Milliseconds since 1970 UTC that the last receipt kept states; 0 where there is none."""
        return self._index.last_time()

    def tend(self) -> None:
        """Look after the room held back for statements, and after the index's write-ahead file;
        to be called every second."""
        self._ballast.tend()
        if not self._closed and not (self._settling and self._settling.is_alive()):
            self._settling = threading.Thread(target=self._settle, name="index", daemon=True)
            self._settling.start()

    def _settle(self) -> None:
        # Whoever has to hear of it was told.
        with suppress(DiskFailed):
            self._index.settle(self._ballast.release)

    def check_room(self, size: int, segment: bool = False) -> None:
        # What waits has a promise already: together with it this must not eat the reserve.
        need = self._commits.promised + size + _ONE
        if not self._ballast.held:
            self._check_own_room(need, segment)
            return
        if segment:
            need += self._journal.reserve
        if need <= self._journal.left:
            return
        # What one frame leaves at the end of a file, since the next does not fit there, is lost.
        room = self._journal.room() - self._commits.promised - size
        if need > room:
            raise DiskFull(f"there is room for {max(room, 0)} bytes, {size} came")

    def _check_own_room(self, need: int, segment: bool) -> None:
        """Raise DiskFull unless journal and index have the room already: what is free on a full
        disk may be somebody else's at any moment."""
        if segment:
            raise DiskFull("the disk is full: what is left is kept for statements")
        if self._commits.stuck or self._index.own_room < _PAGES * need:
            raise DiskFull("the disk is full, and what the index holds for statements is used up")
        if self._journal.made < need:
            # Asked, the disk is tried again: else nothing more would ever come.
            self._journal.room()
            raise DiskFull("the disk is full, and what the journal holds for statements is used up")

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

    def revocation(self, serial: str) -> NamedRow | None:
        return next(iter(self._index.named("revocation", serial)), None)

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


def check_tree(keeper: JournalKeeper, size: int, root: bytes, found: bytes | None) -> None:
    """Raise Damaged unless the kept tree still holds a checkpoint signed before."""
    if found is None:
        raise Damaged(
            f"a checkpoint over {size} entries was signed, but the journal holds {keeper.size}: "
            f"it looks like an older backup. {WHAT_TO_DO}"
        )
    if found != root:
        raise Damaged(
            f"the journal's tree of {size} has root {found.hex()}, "
            f"but the checkpoint signed before says {root.hex()}. If the index is what is wrong: "
            "delete index.sqlite* and start again, it is made anew from the journal"
        )
