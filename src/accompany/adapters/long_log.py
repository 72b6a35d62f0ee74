"""A write-ahead log of SQLite that is long already: room of its own where others fill the disk.

SQLite writes what is new to the log's file, from its beginning once all of it was moved into the
database, and never shortens it unless asked to. So blocks that it has once are the database's as
long as it is open, and so are those of the map to it in memory (the file -shm). How far it is
written stands in that map, in the place that SQLite's file format names (walformat.html). Where
a file system cannot give blocks ahead, or writes elsewhere each time (btrfs, ZFS), nothing is held.
Nothing is written into either file here. Not here: moving the log (`index`).
"""

import os
import struct
from contextlib import suppress
from pathlib import Path

from accompany.adapters.disk import fallocate

FRAME = 24 + 4096
"""Bytes of one page in the log, with its header."""

_REGION = 32 * 1024
_FRAMES_OF_A_REGION = 4096
_HEADER = 32
_WRITTEN, _MOVED = 16, 96
_NUMBER = struct.Struct("=I")


class LongLog:
    """The log of the database at *path*, that is open in this process until `close`.

    From any thread: blocks are taken behind what there is, and nothing is written.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._size = size // FRAME * FRAME
        self._path, self._room = _names(path)
        # Closed, this descriptor would take SQLite's own locks on the same file with it.
        self._map = os.open(path.with_name(f"{path.name}-shm"), os.O_RDWR)
        self.lengthen()

    def close(self) -> None:
        """To be called once the database is closed."""
        os.close(self._map)

    def keep(self) -> None:
        """Have the log's blocks kept for the next start (`bring_back`), though SQLite takes its
        file away when it closes the database. To be called before; `kept` after."""
        with suppress(OSError):
            os.link(self._path, self._room)

    def kept(self) -> None:
        """Leave nothing in it that could be taken for a log: all of it was moved."""
        with suppress(OSError):
            if self._path.exists():
                # It could not be moved: SQLite has left it, and it is needed.
                self._room.unlink()
                return
            with self._room.open("r+b") as room:
                room.write(bytes(_HEADER))
                os.fsync(room.fileno())

    def lengthen(self) -> None:
        """Take the blocks that are missing, as far as there are any."""
        with suppress(OSError):
            regions = self._size // FRAME // _FRAMES_OF_A_REGION + 2
            _take(self._map, regions * _REGION)
            log = os.open(self._path, os.O_WRONLY)
            try:
                _take(log, self._size)
            finally:
                os.close(log)

    @property
    def left(self) -> int:
        """Bytes of pages that still go into it, whatever others do to the disk."""
        written, moved = self._number(_WRITTEN), self._number(_MOVED)
        taken = 0 if moved == written else written * FRAME
        try:
            return max(os.stat(self._path).st_size - taken, 0)
        except FileNotFoundError:
            return 0

    def _number(self, at: int) -> int:
        found = os.pread(self._map, _NUMBER.size, at)
        return int(_NUMBER.unpack(found)[0]) if len(found) == _NUMBER.size else 0


def bring_back(path: Path) -> None:
    """Give the database at *path*, not open yet, the log that was kept for it."""
    log, room = _names(path)
    if room.exists():
        room.unlink() if log.exists() else room.rename(log)


def _names(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-room")


def _take(fd: int, size: int) -> None:
    """Have a file take blocks up to *size*; nothing that it holds is touched."""
    there = os.fstat(fd).st_size
    if there < size:
        fallocate(fd, 0, there, size - there)
