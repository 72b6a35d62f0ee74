"""How long a start takes after a kill, with 100 GB of journals behind it.

The journal is real frames of real records, in sparse files: the sealed bytes are zeros that take no
room, and the checksums count them. The index has seen all but the tail. Then the real server is
started again and again on it, killed each time, and timed from its process to its first line.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from accompany.adapters.frames import (
    HEADER_SIZE,
    Encoded,
    Header,
    framed_size,
    lay_out,
    whole_blocks,
)
from accompany.adapters.index import Index
from accompany.adapters.journal import Journal
from accompany.adapters.scanning import Batch, Position
from accompany.custody.ports import Item, OpeningKept, StatementKept
from accompany.evidence.receipts import Entry
from serving import RunningServer

SEGMENT = 256 * 1024
TOGETHER = 64
"""Segments in a frame."""

SINCE = 1000
"""Segments in a recording."""

FILE_BYTES = 256 * 1024 * 1024
TAIL = 8 * 1024 * 1024
"""Bytes of the journal that the index has not seen."""


class Zeros:
    """The CRC-32 of data that *size* zeros follow, by the matrix that they are."""

    def __init__(self, size: int) -> None:
        empty = zlib.crc32(bytes(size))
        self._columns = [_after(1 << bit, size) ^ empty for bit in range(32)]
        self._empty = empty

    def after(self, crc: int) -> int:
        found = self._empty
        for bit in range(32):
            if crc >> bit & 1:
                found ^= self._columns[bit]
        return found


def _after(crc: int, size: int) -> int:
    return zlib.crc32(bytes(size), crc)


class Writing:
    """Writes frames whose blobs are left out of sparse files, and lets an index follow."""

    def __init__(self, data: Path, file_bytes: int) -> None:
        journal = Journal(data / "journal", file_bytes)
        list(journal.scan(Position()))
        self._journal = journal
        self._name = journal._name
        self.sequence = journal._sequence
        self.number = max(
            (int(one.stem) for one in (data / "journal").glob("*.journal")), default=0
        )
        self._folder = data / "journal"
        self._file_bytes = file_bytes
        self.offset = file_bytes
        self._fd = -1
        self._zeros = Zeros(SEGMENT)
        self.written = 0

    def frame(self, items: list[Item]) -> Batch:
        parts, placed = lay_out(map(Encoded.of, items))
        length = sum(map(len, parts))
        if self.offset + framed_size(length) > self._file_bytes:
            self._turn()
        sequence, start = self.sequence + 1, self.offset
        header = Header(self._name, self.number, sequence, start, length, self.sequence)
        crc = zlib.crc32(bytes(header))
        at, small = start + HEADER_SIZE, b""
        pieces: list[tuple[int, bytes]] = []
        for part in parts:
            if part is BLOB:
                crc = self._zeros.after(crc)
                pieces.append((at - len(small), small))
                small = b""
            else:
                crc = zlib.crc32(part, crc)
                small += part
            at += len(part)
        pieces.append((at - len(small), small))
        os.pwrite(self._fd, bytes(header) + crc.to_bytes(4, "little"), start)
        for where, data in pieces:
            os.pwrite(self._fd, data, where)
        self.offset += framed_size(length)
        self.sequence = sequence
        self.written += framed_size(length)
        end = Position(self.number, self.offset, sequence, start)
        return Batch(end, self.number, start + HEADER_SIZE, tuple(placed))

    def _turn(self) -> None:
        self.close()
        self.number += 1
        path = self._folder / f"{self.number:06d}.journal"
        self._fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.truncate(self._fd, whole_blocks(self._file_bytes))
        self.offset = 0

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


BLOB = bytes(SEGMENT)
DIGEST = sha256(BLOB).digest()


def records(first: int, count: int) -> Iterator[Item]:
    """Yield openings and segments as a server keeps them, from leaf *first* on."""
    for index in range(first, first + count):
        entry = Entry(sha256(b"s%d" % index).digest(), sha256(b"d%d" % index).digest())
        recording = f"{index // SINCE:032d}"
        receipt = b"accompany/receipt/v1\ntime 2026-11-21T20:14:03.120Z\n" + bytes(300)
        if index % SINCE == 0:
            kept = OpeningKept(
                index, entry.slot, entry.digest, receipt, recording, bytes(700),
                entry.slot, None, recording, "film",
            )  # fmt: skip
            yield Item(kept)
            continue
        statement = StatementKept(
            index, entry.slot, entry.digest, receipt, recording, index % SINCE,
            bytes(500), "segment", DIGEST, SEGMENT, True,
        )  # fmt: skip
        yield Item(statement, BLOB)


def fill(data: Path, size: int) -> None:
    """Write *size* bytes of journal behind what is there, and a tail; the index sees no tail."""
    writing = Writing(data, FILE_BYTES)
    index = Index(data / "index.sqlite")
    leaf = index.size()
    began = time.monotonic()
    while writing.written < size + TAIL:
        batch = writing.frame(list(records(leaf, TOGETHER)))
        leaf += TOGETHER
        if writing.written <= size:
            index.apply(batch)
        if leaf % (TOGETHER * 100) < TOGETHER:
            share = writing.written / size
            print(f"\r  {100 * share:5.1f} %  {time.monotonic() - began:4.0f} s", end="",
                  file=sys.stderr)  # fmt: skip
    writing.close()
    index.close()
    print(file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench start", description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=100)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make it there, or use it again")
    given = parser.parse_args()
    if given.keep is not None:
        given.keep.mkdir(parents=True, exist_ok=True)
        measure(given.keep, given.gigabytes, given.starts)
        return
    with tempfile.TemporaryDirectory(prefix="accompany-start-") as folder:
        measure(Path(folder), given.gigabytes, given.starts)


def measure(folder: Path, gigabytes: float, starts: int) -> None:
    """Print how long starts take with nothing behind them, and with *gigabytes* of journal."""
    more = {"ACCOMPANY_JOURNAL_FILE_BYTES": str(FILE_BYTES)}
    bare = RunningServer(folder / "bare", more=more)
    bare.start()
    bare.kill()
    server = RunningServer(folder / "data", more=more)
    if not (folder / "made").exists():
        server.start()
        server.stop()
        fill(server.data, round(gigabytes * 1e9))
        (folder / "made").touch()
    sizes = [one.stat() for one in (server.data / "journal").glob("*.journal")]
    written, used = sum(one.st_size for one in sizes), sum(512 * one.st_blocks for one in sizes)
    index = (server.data / "index.sqlite").stat().st_size
    print(
        f"{written / 1e9:.1f} GB of journal in {len(sizes)} files ({used / 1e9:.1f} GB of them on "
        f"the disk), index {index / 1e6:.0f} MB; it has not seen the last {TAIL / 1e6:.0f} MB"
    )
    first, *later = [_start(server) for _ in range(starts + 1)]
    print(f"first start: reads the tail            {first:.2f} s")
    print(f"start after a kill                     {_shown(later)}")
    print(f"the same with nothing behind it        {_shown([_start(bare) for _ in later])}")


def _start(server: RunningServer) -> float:
    """Return the seconds from the process to its first line; then kill it."""
    began = time.perf_counter()
    server.start()
    took = time.perf_counter() - began
    server.kill()
    return took


def _shown(values: list[float]) -> str:
    each = " ".join(f"{one:.2f}" for one in values)
    return f"median {statistics.median(values):.2f} s  [{each}]"


if __name__ == "__main__":
    main()
