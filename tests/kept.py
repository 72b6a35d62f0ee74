"""Things to keep, for tests of the journal and what follows it: made from numbers, always alike."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from accompany.adapters.journal import Journal
from accompany.adapters.scanning import Batch, Position
from accompany.custody.ports import Arrived, Item, OpeningKept, PaddingKept, StatementKept
from accompany.evidence.receipts import Entry

MEBIBYTE = 1024 * 1024


def digest(word: object) -> bytes:
    return sha256(str(word).encode()).digest()


def entry(index: int) -> Entry:
    return Entry(digest(f"slot {index}"), digest(f"digest {index}"))


def noise(index: int) -> Item:
    return Item(PaddingKept(index, entry(index).slot, entry(index).digest, b"receipt %d" % index))


def opening(index: int, recording: str = "r") -> Item:
    leaf = entry(index)
    kept = OpeningKept(
        index, leaf.slot, leaf.digest, b"receipt %d" % index, recording, b"opening",
        digest("locator"), None, "e", "film",
    )  # fmt: skip
    return Item(kept)


def segment(
    index: int, number: int, blob: bytes, recording: str = "r", arrived: bool = True
) -> Item:
    leaf = entry(index)
    kept = StatementKept(
        index, leaf.slot, leaf.digest, b"receipt %d" % index, recording, number,
        b"statement %d" % number, "segment", sha256(blob).digest(), len(blob), arrived,
    )  # fmt: skip
    return Item(kept, blob if arrived else b"")


def arrival(number: int, blob: bytes, recording: str = "r") -> Item:
    return Item(Arrived(recording, number, b"later receipt %d" % number), blob)


def opened(folder: Path, file_bytes: int = MEBIBYTE) -> tuple[Journal, list[Batch]]:
    """Return a journal as a start finds it, and every batch in it."""
    journal = Journal(folder, file_bytes)
    return journal, list(journal.scan(Position()))


def written(folder: Path, batches: Sequence[Sequence[Item]], file_bytes: int = MEBIBYTE) -> None:
    """One start that appends *batches* and ends."""
    journal, _ = opened(folder, file_bytes)
    for batch in batches:
        journal.append(batch)
    journal.close()


def items_of(journal: Journal, batches: Sequence[Batch]) -> list[Item]:
    return [item for batch in batches for item in _items(journal, batch)]


def _items(journal: Journal, batch: Batch) -> Iterator[Item]:
    for placed in batch.placed:
        at = batch.base + placed.offset
        yield Item(placed.record, journal.read(batch.file, at, placed.size))


def read(folder: Path, file_bytes: int = MEBIBYTE) -> list[Item]:
    """Return all that a start reads from the journal in *folder*."""
    journal, batches = opened(folder, file_bytes)
    try:
        return items_of(journal, batches)
    finally:
        journal.close()
