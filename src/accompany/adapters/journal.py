"""The journal: append-only files of frames, synced once a batch; the truth of what was kept.

Every start begins a new file with a new epoch, so that nothing is ever written behind a torn tail;
on a full disk it goes on behind one of which every byte was seen to be zero.
A file is made of zeros before anything is written into it (`disk`), the next one while the present
one fills (`ahead`), so that a batch waits for nothing but its own write and sync. A frame is
acknowledged only after fdatasync; an error from write or fdatasync is never retried: the journal
is dead from then on, and the process has to start again and read (`scanning`).
Survives power loss if the disk honours flushes. Not here: what records mean, the index.
"""

import mmap
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from accompany.adapters.ahead import LEAST, Ahead
from accompany.adapters.disk import (
    cut,
    new_buffer,
    open_blocks,
    read_text,
    takes_direct,
    way_of_writing,
    write_blocks,
    write_durably,
)
from accompany.adapters.frames import (
    BLOCK,
    HEADER_SIZE,
    Header,
    Placed,
    framed_size,
    lay_frame,
    whole_blocks,
    write_payload,
)
from accompany.adapters.scanning import Batch, Position, Scan, first_name, numbers_in, path_of
from accompany.custody.ports import Blob, Item
from accompany.errors import Damaged, DiskFull

RESERVE = 64 * 1024 * 1024
"""Bytes kept free for statements when segments no longer fit; less where files are small."""

_BUFFER = 16 * 1024 * 1024
"""Bytes of memory that frames are laid out in; what no frame ever reached is none of it."""


class Journal:
    """One writer. `scan` before the first `append`; reading segments is safe from any thread."""

    def __init__(self, folder: Path, file_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.direct = takes_direct(folder)
        self.reserve = min(RESERVE, file_bytes // 4)
        self._file_bytes = max(whole_blocks(file_bytes), BLOCK)
        self._name = self._own_name()
        self._scan = Scan(folder, self._name)
        self._epoch = 0
        self._sequence = 0
        self._number = max(numbers_in(folder), default=0)
        self._fd: int | None = None
        self._offset = 0
        self._size = 0
        self._dead = False
        self._ahead = Ahead(folder, self._path, self.direct)
        self._buffer = new_buffer(_BUFFER)

    @property
    def way(self) -> str:
        """How batches reach the disk, in words."""
        return way_of_writing(self.direct)

    def scan(self, since: Position) -> Iterator[Batch]:
        """Yield every batch after *since*, in order; raise Damaged where one must be missing.

        Reading a file stops at its first bad frame: what follows was never acknowledged, unless
        a later frame claims otherwise. What is yielded would survive a power cut.
        """
        yield from self._scan.batches(since)
        self._sequence = self._scan.sequence

    def is_there(self, position: Position) -> bool:
        """Whether the batch that ends at *position* is here, and whole."""
        return self._scan.is_there(position)

    def begin(self) -> None:
        """Make ready to append: tidy up behind the last start, and make this one's first file.

        Only zeros are taken away, and on a full disk gone on in. That is no error: `room` says how
        little there is.
        """
        if self._fd is not None:
            return
        for leftover in self.folder.glob("*.journal.new"):
            leftover.unlink()
        # No other start has the same one.
        self._epoch = max(self._number, self._scan.epoch) + 1
        quarter = whole_blocks(self._file_bytes // 4)
        try:
            self._turn(quarter, quarter)
        except DiskFull:
            self._go_on_in_zeros()
        for number, end in self._scan.ends.items():
            if number != self._number and end < self._path(number).stat().st_size:
                cut(self._path(number), end)
        # Once: where the disk is full, this is come to again.
        self._scan.ends.clear()
        if self._fd is None:
            with suppress(DiskFull):
                self._turn(LEAST, quarter)

    def _go_on_in_zeros(self) -> None:
        """Take what the last file has behind its last batch, all of it zeros as was seen: given
        back on a full disk, others would have it before a new file could be made of it."""
        number, end = max(self._scan.ends.items(), default=(0, 0))
        if number == 0 or number != self._number:
            return
        path = self._path(number)
        size = path.stat().st_size // BLOCK * BLOCK
        if end % BLOCK == 0 and size - end >= LEAST:
            self._fd = open_blocks(path, self.direct)
            self._offset, self._size = end, size

    def room(self) -> int:
        """Return how many bytes of frames can be taken, if need be with the next file.

        What one frame leaves at the end of a file because the next did not fit is the caller's
        to allow for.
        """
        return self.left + self._ahead.room(self.reserve)

    @property
    def made(self) -> int:
        """Return how many bytes of frames there is room for whatever others do to the disk."""
        return self.left + self._ahead.made

    @property
    def left(self) -> int:
        """Bytes left in the present file: they are there, whatever others do to the disk."""
        return self._size - self._offset

    def prepare(self) -> None:
        """Have the next file made, if this one is filling up or there is none."""
        left = self.left
        if left < self._size // 2 or left <= self._file_bytes // 4:
            hurry = left < self._size // 4
            self._ahead.want(self._number + 1, self._file_bytes, hurry)

    def fits(self, length: int) -> bool:
        """Whether a frame whose payload has *length* bytes fits into the present file."""
        return framed_size(length) <= self.left

    def append(self, items: Sequence[Item]) -> Batch:
        """Write *items* as one frame and sync it; return where they lie."""
        return self.append_payload(*write_payload(items))

    def append_payload(self, parts: Sequence[Blob], placed: Sequence[Placed]) -> Batch:
        """Write one frame and sync it; return where its records lie.

        Raise DiskFull (nothing written) where there is no room, OSError where the disk failed:
        then nothing of this batch may be acknowledged, and the journal takes nothing more.
        """
        if self._dead:
            raise OSError("the journal has failed; start again")
        length = sum(map(len, parts))
        try:
            fd = self._file_for(length)
            sequence, start = self._sequence + 1, self._offset
            header = Header(self._name, self._epoch, sequence, start, length, self._sequence)
            with memoryview(self._buffer_for(length)) as buffer:
                size = lay_frame(buffer, header, parts)
                with buffer[:size] as frame:
                    write_blocks(fd, frame, start)
            os.fdatasync(fd)
            self._offset = start + framed_size(length)
            self._sequence = sequence
            self.prepare()
        except OSError:
            self._dead = True
            raise
        end = Position(self._number, self._offset, sequence, start)
        return Batch(end, self._number, start + HEADER_SIZE, tuple(placed))

    def read(self, file: int, offset: int, size: int) -> bytes:
        """Return *size* bytes of a blob; raise Damaged where the file is shorter."""
        with self._path(file).open("rb") as source:
            source.seek(offset)
            data = source.read(size)
        if len(data) != size:
            raise Damaged(f"journal file {file}: expected {size} bytes at {offset}")
        return data

    def close(self, full: bool = False) -> None:
        """Give back what was made and not used; on a *full* disk it is left for the next start.
        After a failure everything stays as it is."""
        fd, self._fd = self._fd, None
        if fd is None:
            return
        os.close(fd)
        if self._dead:
            return
        self._ahead.drop(keep=full)
        if not full:
            cut(self._path(self._number), self._offset)

    def _buffer_for(self, length: int) -> mmap.mmap:
        size = framed_size(length)
        return self._buffer if size <= len(self._buffer) else new_buffer(size)

    def _file_for(self, length: int) -> int:
        self.begin()
        if self._fd is None or not self.fits(length):
            return self._turn(framed_size(length), self._file_bytes)
        return self._fd

    def _turn(self, least: int, size: int) -> int:
        made = self._ahead.take(self._number + 1, least, size)
        if self._fd is not None:
            os.close(self._fd)
        self._fd = open_blocks(self._path(made.number), self.direct)
        self._number, self._size, self._offset = made.number, made.size, 0
        self.prepare()
        return self._fd

    def _path(self, number: int) -> Path:
        return path_of(self.folder, number)

    def _own_name(self) -> uuid.UUID:
        path = self.folder / "uuid"
        if path.exists():
            return self._checked_name(path)
        if numbers_in(self.folder):
            raise Damaged(f"{path} is missing, but there are journal files")
        name = uuid.uuid4()
        write_durably(path, f"{name}\n".encode())
        return name

    def _checked_name(self, path: Path) -> uuid.UUID:
        """Return the name that *path* states; raise Damaged where the batches have another one.

        Without that it would look as if all that was acknowledged were gone.
        """
        stated = read_text(path).strip()
        found = first_name(self.folder)
        try:
            name = uuid.UUID(stated)
        except ValueError:
            name = None
        if name is None or found not in (None, name):
            says = f"the first batch in {self.folder} says {found}" if found else "none was written"
            raise Damaged(f"{path}: expected the journal's name, found {stated[:80]!r}; {says}")
        return name
