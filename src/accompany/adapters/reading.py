"""Reading a package out, in a process of its own beside the server, at low priority.

    python -m accompany.adapters.reading FOLDER
    in    an Order, then the signed package.note         each behind its length, 8 bytes big-endian
    out   the text to sign, behind its length; then the ZIP's length and the ZIP

What is done for thirty thousand small files would hold the server's interpreter, and its hashing a
core, while phones wait for receipts. Here the kernel decides: the server first. It reads the index
and the journal and nothing else, and has no key. Not here: the server's side (`apart`).
"""

import os
import signal
import sqlite3
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from mmap import mmap
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from isal.isal_zlib import crc32

from accompany.adapters.lookups import Lookups
from accompany.adapters.runs import Numbered, read_run, runs_of
from accompany.custody.gathering import Order, gather
from accompany.custody.ports import NamedRow, RecordingRow
from accompany.errors import AccompanyError, Damaged
from accompany.evidence.layout import PACKAGE_NOTE, segment_path
from accompany.evidence.package import (
    SEALED,
    Blob,
    PackageFile,
    SealedContents,
    listed,
    note_text,
    tag_files,
    zip_path,
)
from accompany.evidence.zipping import Directory, Section, zip_size
from accompany.ids import RecordingId

THREADS = 2
AHEAD = 3
"""Runs of segments that are read before they can be sent."""

_ROWS = 512
_SPOOL = 256 * 1024
_PARTS = 512
"""Parts that are given to the kernel at once; it takes 1024 (IOV_MAX)."""


class Shelf(Lookups):
    """What is kept, read from the index of a server that goes on writing it."""

    def __init__(self, folder: Path) -> None:
        index = (folder / "index.sqlite").resolve().as_uri()
        self._index = sqlite3.connect(f"{index}?mode=ro", uri=True)

    def _read(self, query: str, *values: str | int | bytes) -> list[tuple[Any, ...]]:
        return self._index.execute(query, values).fetchall()

    def close(self) -> None:
        self._index.close()

    def recording(self, recording: str) -> RecordingRow | None:
        return next(iter(self.recordings("id", recording)), None)

    def grants(self, recording: str) -> list[NamedRow]:
        return self.named("grant", recording)

    def custody(self, recording: str) -> list[NamedRow]:
        return self.named("custody", recording)

    def revocation(self, serial: str) -> NamedRow | None:
        return next(iter(self.named("revocation", serial)), None)

    def notes(self, recording: str, last: int) -> Iterator[bytes]:
        return (row[0] for row in self._up_to(recording, last, "note"))

    def receipts(self, recording: str, last: int) -> Iterator[bytes]:
        return (row[0] for row in self._up_to(recording, last, "receipt"))

    def leaves(self, recording: str, last: int) -> list[int]:
        return [row[0] for row in self._up_to(recording, last, "leaf")]

    def segments(self, recording: str, last: int) -> Iterator[tuple[int, int, bytes]]:
        rows = self._up_to(recording, last, "number, size, sha256, file")
        return ((row[0], row[1], row[2]) for row in rows if row[3] is not None)

    def _up_to(self, recording: str, last: int, columns: str) -> Iterator[tuple[Any, ...]]:
        """Yield *columns* of statements 1 to *last*, some at a time; nothing is held open."""
        for first in range(1, last + 1, _ROWS):
            yield from self._read(
                f"SELECT {columns} FROM statements WHERE recording = ? AND number >= ? "
                "AND number < ? ORDER BY number",
                recording,
                first,
                min(first + _ROWS, last + 1),
            )


class Read(NamedTuple):
    """A run of segments with their checksums; *memory* is free again once they are sent."""

    numbers: list[int]
    data: list[memoryview]
    crcs: list[int]
    memory: mmap


class Segments:
    """The segments of one recording in their order, read ahead of whoever takes them.

    In memory are a few runs, however long the recording.
    """

    def __init__(self, folder: Path, places: Sequence[Numbered]) -> None:
        self._places = places
        self._journal = folder / "journal"
        self._free: list[mmap] = []

    def read(self) -> Iterator[Read]:
        """Yield runs; what one holds is overwritten once the next is asked for."""
        runs = iter(runs_of(self._places))
        under_way: deque[Future[Read]] = deque()
        with ThreadPoolExecutor(THREADS, "reading") as pool:
            while True:
                while len(under_way) < AHEAD and (run := next(runs, None)) is not None:
                    buffer = self._free.pop() if self._free else None
                    under_way.append(pool.submit(self._read, run, buffer))
                if not under_way:
                    return
                done = under_way.popleft().result()
                yield done
                self._free.append(done.memory)

    def _read(self, run: list[Numbered], buffer: mmap | None) -> Read:
        memory, found = read_run(self._journal, run, buffer)
        return Read([n for n, _ in run], found, [crc32(data) for data in found], memory)


class Sink:
    """Where the ZIP goes: parts are handed to the kernel many at once, without copying them."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._parts: list[bytes | memoryview] = []

    def add(self, *parts: bytes | memoryview) -> None:
        self._parts += parts
        if len(self._parts) >= _PARTS:
            self.flush()

    def flush(self) -> None:
        """Return once everything was taken."""
        parts, self._parts = self._parts, []
        while parts:
            taken = os.writev(self._fd, parts)
            done = 0
            while done < len(parts) and taken >= len(parts[done]):
                taken -= len(parts[done])
                done += 1
            parts = parts[done:]
            if taken:
                parts[0] = memoryview(parts[0])[taken:]


class Spool:
    """Bytes in a file without a name, written once and then read, under a key that only this
    process has: when it is gone, what it leaves in the disk's free blocks is noise."""

    def __init__(self, folder: Path) -> None:
        # The file is gone with the process, which does nothing else.
        self._file = TemporaryFile(dir=folder, buffering=_SPOOL)  # noqa: SIM115
        self._cipher = Cipher(AES(os.urandom(32)), CTR(bytes(16)))
        self._sealing = self._cipher.encryptor()

    def write(self, data: bytes) -> None:
        self._file.write(self._sealing.update(data))

    def pieces(self) -> Iterator[bytes]:
        """Yield everything."""
        self._file.seek(0)
        opening = self._cipher.decryptor()
        while piece := self._file.read(_SPOOL):
            yield opening.update(piece)


class Prepared:
    """The small files of a package as they will stand in its ZIP.

    What is done for each of them is done here, before anything is sent, and in flat memory.
    """

    def __init__(self, folder: Path, contents: SealedContents) -> None:
        self.spool = Spool(folder)
        self.section = Section()
        self.listed: dict[str, Blob] = {}
        """Every file that package.note lists."""
        for file in listed(contents):
            self.listed[file.path] = Blob(file.size, file.sha256)
            if not isinstance(file.content, Blob):
                name = zip_path(contents.recording, file.path)
                head = self.section.whole(name, file.size, crc32(file.content))
                self.spool.write(head + file.content)

    def files(self) -> Iterator[PackageFile]:
        return (PackageFile(path, blob) for path, blob in self.listed.items())


def write_zip(
    sink: Sink,
    recording: RecordingId,
    first: Sequence[PackageFile],
    prepared: Prepared,
    segments: Segments,
) -> None:
    """Write the ZIP: *first*, what is prepared, the segments; after its length."""
    directory = Directory()
    heads = []
    for file in first:
        if not isinstance(file.content, Blob):
            crc = crc32(file.content)
            name = zip_path(recording, file.path)
            heads += [directory.whole(name, file.size, crc), file.content]
    directory.follow(prepared.section)
    names = ((zip_path(recording, f.path), f.size) for f in chain(first, prepared.files()))
    sink.add(zip_size(names, later=False).to_bytes(8, "big"), *heads)
    for piece in prepared.spool.pieces():
        sink.add(piece)
        sink.flush()
    for read in segments.read():
        for number, data, crc in zip(read.numbers, read.data, read.crcs, strict=True):
            name = zip_path(recording, segment_path(number))
            sink.add(directory.whole(name, len(data), crc), data)
        sink.flush()
    sink.add(directory.end())
    sink.flush()


def read_out(folder: Path, orders: BinaryIO, out: int) -> None:
    """Do what one order wants; return when the whole ZIP was taken."""
    shelf, sink = Shelf(folder), Sink(out)
    order = msgspec.msgpack.decode(_take(orders), type=Order)
    contents = gather(shelf, order)
    if len(contents.proofs) != order.last + 1:
        raise Damaged("the index does not hold what was to be read out")
    prepared = Prepared(folder, contents)
    last = shelf.statement(order.recording, order.last) or shelf.recording(order.recording)
    digests = {path: blob.sha256 for path, blob in prepared.listed.items()}
    text = note_text(contents, last.note if last else b"", order.now, digests).encode()
    sink.add(len(text).to_bytes(8, "big"), text)
    sink.flush()
    note = PackageFile(PACKAGE_NOTE, _take(orders))
    tags = tag_files(contents.recording, chain([note], prepared.files()), order.now, SEALED)
    places = [one for one in shelf.places(order.recording) if one[0] in contents.segments]
    if len(places) != len(contents.segments):
        raise Damaged("segments that were to be read out are not here any more")
    write_zip(sink, contents.recording, [*tags, note], prepared, Segments(folder, places))


def _take(source: BinaryIO) -> bytes:
    size = int.from_bytes(source.read(8), "big")
    data = source.read(size)
    if not size or len(data) != size:
        # Nobody wants it any more.
        raise SystemExit(0)
    return data


def main() -> None:
    # Whoever took it is gone: no reason to say anything.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # A tenth of what the server gets where both want a core: not nothing, for a court may wait.
    os.nice(10)
    try:
        read_out(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.fileno())
    except (AccompanyError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
