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
from accompany.adapters.scanning import Batch, Position, numbers_in
from accompany.custody.ports import Item, OpeningKept, StatementKept
from accompany.evidence.receipts import Entry
from serving import RunningServer

GIB = 1024**3
SEGMENT = 256 * 1024
TOGETHER = 64
"""Segments in a frame."""

SINCE = 1000
"""Segments in a recording."""

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


def fill(data: Path, size: int, file_bytes: int) -> tuple[int, int]:
    """Write *size* bytes of journal behind what is there; return bytes and entries."""
    writing = Writing(data, file_bytes)
    index = Index(data / "index.sqlite")
    leaf = index.size()
    began = time.monotonic()
    seen = True
    while writing.written < size + TAIL:
        batch = writing.frame(list(records(leaf, TOGETHER)))
        leaf += TOGETHER
        seen = writing.written <= size
        if seen:
            index.apply(batch)
        if leaf % (TOGETHER * 100) < TOGETHER:
            share = writing.written / size
            print(f"\r  {100 * share:5.1f} %  {time.monotonic() - began:4.0f} s", end="",
                  file=sys.stderr)  # fmt: skip
    writing.close()
    index.close()
    print(file=sys.stderr)
    return writing.written, leaf


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench start", description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=100)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: /tmp)")
    given = parser.parse_args()
    file_bytes = 256 * 1024 * 1024
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="accompany-start-") as folder:
        more = {"ACCOMPANY_JOURNAL_FILE_BYTES": str(file_bytes)}
        server = RunningServer(Path(folder) / "data", more=more)
        server.start()
        server.stop()
        empty = [_start(server) for _ in range(given.starts)]
        written, entries = fill(server.data, round(given.gigabytes * 1e9), file_bytes)
        used = sum(one.stat().st_blocks * 512 for one in (server.data / "journal").iterdir())
        files = len(numbers_in(server.data / "journal"))
        index = (server.data / "index.sqlite").stat().st_size
        print(
            f"{written / 1e9:.1f} GB of journal in {files} files ({used / 1e9:.1f} GB of them on "
            f"the disk), {entries} entries, index {index / 1e6:.0f} MB; the index has not seen the "
            f"last {TAIL / 1e6:.0f} MB"
        )
        first, *later = [_start(server) for _ in range(given.starts + 1)]
        print(f"start after a kill, nothing behind it  {_shown(empty)}")
        print(f"first start: reads the tail            {first:.2f} s")
        print(f"start after a kill                     {_shown(later)}")


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
