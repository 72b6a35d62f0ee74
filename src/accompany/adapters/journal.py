"""The journal: append-only files of frames, synced once a batch; the truth of what was kept.

Every start begins a new file with a new epoch, so that nothing is ever written behind a torn tail.
A frame is acknowledged only after fdatasync; an error from write or fdatasync is never retried:
the journal is dead from then on, and the process has to start again and read.
Survives power loss if the disk honours flushes. Not here: what records mean, the index (`sqlite`).
"""

import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from accompany.adapters.erasures import Erasures
from accompany.adapters.frames import (
    HEADER_SIZE,
    MAGIC,
    Header,
    Placed,
    holds,
    read_payload,
    write_frame,
    write_payload,
)
from accompany.custody.ports import Item
from accompany.errors import Damaged, DiskFull

RESERVE = 64 * 1024 * 1024
"""Bytes of disk kept free for statements when segments no longer fit."""

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far a reader has come: file number, offset in it, and the last frame's sequence."""

    file: int = 0
    offset: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """A frame's records; blobs lie in *file* at *base* plus their own offset."""

    end: Position
    file: int
    base: int
    placed: tuple[Placed, ...]


class Journal:
    """One writer. `scan` before the first `append`; reading segments is safe from any thread."""

    def __init__(self, folder: Path, file_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._file_bytes = file_bytes
        self._erasures = Erasures(folder)
        self._name = self._own_name()
        self._epoch = 0
        self._sequence = 0
        self._number = max(self._numbers(), default=0)
        self._fd: int | None = None
        self._offset = 0
        self._dead = False

    def scan(self, since: Position) -> Iterator[Batch]:
        """Yield every batch after *since*, in order; raise Damaged where one must be missing.

        Reading a file stops at its first bad frame: what follows was never acknowledged, unless
        a later frame claims otherwise. What is yielded would survive a power cut.
        """
        self._sequence = since.sequence
        for number in self._numbers():
            if number >= since.file:
                yield from self._scan_file(number, since.offset if number == since.file else 0)

    def append(self, items: Sequence[Item]) -> Batch:
        """Write *items* as one frame and sync it; return where they lie.

        Raise DiskFull (nothing written) where there is no room, OSError where the disk failed:
        then nothing of this batch may be acknowledged, and the journal takes nothing more.
        """
        if self._dead:
            raise OSError("the journal has failed; start again")
        parts, placed = write_payload(items)
        length = sum(map(len, parts))
        # Segments were asked to leave a reserve before they were promised a place: see the keeper.
        self.check_room(length)
        fd = self._file_for(length)
        sequence = self._sequence + 1
        header = Header(self._name, self._epoch, sequence, self._offset, length, self._sequence)
        try:
            _write_all(fd, write_frame(header, parts))
            os.fdatasync(fd)
        except OSError:
            self._dead = True
            raise
        base = self._offset + HEADER_SIZE
        self._offset = base + length
        self._sequence = sequence
        end = Position(self._number, self._offset, sequence)
        return Batch(end, self._number, base, tuple(placed))

    def read(self, file: int, offset: int, size: int) -> bytes:
        """Return *size* bytes of a blob; raise Damaged where the file is shorter."""
        with self._path(file).open("rb") as source:
            source.seek(offset)
            data = source.read(size)
        if len(data) != size:
            raise Damaged(f"journal file {file}: expected {size} bytes at {offset}")
        return data

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _scan_file(self, number: int, offset: int) -> Iterator[Batch]:
        path = self._path(number)
        size = path.stat().st_size
        with path.open("rb") as source:
            # A killed process leaves frames that were written but never synced: read back, they
            # are acknowledged and built upon, so that they have to be on the disk first.
            os.fsync(source.fileno())
            while offset < size:
                source.seek(offset)
                head = source.read(HEADER_SIZE)
                header = Header.parse(head)
                if header is None or not self._fits(header, offset, size):
                    self._refuse_a_hole(path, offset)
                    return
                payload = source.read(header.length)
                if not (holds(head, payload) or self._erasures.hold(number, offset, head, payload)):
                    self._refuse_a_hole(path, offset)
                    return
                if header.sequence != self._sequence + 1:
                    raise Damaged(
                        f"{path.name}: expected batch {self._sequence + 1}, "
                        f"found {header.sequence}: a part of the journal is missing"
                    )
                self._sequence = header.sequence
                base = offset + HEADER_SIZE
                offset = base + header.length
                end = Position(number, offset, header.sequence)
                yield Batch(end, number, base, tuple(read_payload(payload)))

    def _fits(self, header: Header, offset: int, size: int) -> bool:
        return (
            header.journal == self._name
            and header.offset == offset
            and offset + HEADER_SIZE + header.length <= size
        )

    def _refuse_a_hole(self, path: Path, offset: int) -> None:
        """Raise Damaged if a frame behind the bad one says that the bad one was durable."""
        for header in _headers_behind(path, offset):
            if header.journal == self._name and header.durable > self._sequence:
                raise Damaged(
                    f"{path.name}: batch {self._sequence + 1} at {offset} does not hold, but "
                    f"batch {header.sequence} says that {header.durable} was on disk"
                )

    def check_room(self, length: int, reserve: int = 0) -> None:
        """Raise DiskFull unless *length* bytes fit and *reserve* bytes stay free after them."""
        status = os.statvfs(self.folder)
        free = status.f_bavail * status.f_frsize
        if free < length + reserve:
            raise DiskFull(f"{free} bytes are free, {length} came")

    def _file_for(self, length: int) -> int:
        if self._fd is not None and self._offset + length <= self._file_bytes:
            return self._fd
        if self._fd is not None:
            os.close(self._fd)
        else:
            # Named after this start's first file: no other start has the same one.
            self._epoch = self._number + 1
        self._number += 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self._fd = os.open(self._path(self._number), flags, 0o600)
        _sync_folder(self.folder)
        self._offset = 0
        return self._fd

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("*.journal"))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.journal"

    def _own_name(self) -> uuid.UUID:
        path = self.folder / "uuid"
        if path.exists():
            return uuid.UUID(path.read_text().strip())
        if self._numbers():
            raise Damaged(f"{path} is missing, but there are journal files")
        name = uuid.uuid4()
        write_durably(path, f"{name}\n".encode())
        return name


def _headers_behind(path: Path, offset: int) -> Iterator[Header]:
    """Yield every header in the file behind *offset*, a piece at a time: a file may be large."""
    with path.open("rb") as source:
        source.seek(offset + 1)
        held = b""
        while piece := source.read(_PIECE):
            held += piece
            at = held.find(MAGIC)
            while 0 <= at <= len(held) - HEADER_SIZE:
                header = Header.parse(held[at : at + HEADER_SIZE])
                if header is not None:
                    yield header
                at = held.find(MAGIC, at + 1)
            held = held[-HEADER_SIZE + 1 :]


def write_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace the file at *path* as a whole; return once it would survive a power cut."""
    fresh = path.with_name(path.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        _write_all(fd, [data])
        os.fsync(fd)
    finally:
        os.close(fd)
    fresh.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_all(fd: int, parts: Sequence[bytes]) -> None:
    data = b"".join(parts)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
