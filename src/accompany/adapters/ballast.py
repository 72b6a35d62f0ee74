"""Room held back for a disk that others have filled: a file of zeros that is given up by pieces.

Statements go into room that the journal and its index have already (`journal`, `long_log`); what
lies beside them grows a little, and a start needs some blocks of its own. Where the disk is full, a
piece of the ballast goes, and whoever asked has its room, unless others are quicker. Some of it is
left for starts. While the disk is full, segments are refused. It is made again once there is three
times its size. Not here: the journal.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from accompany.adapters.disk import free_bytes, make_zeros
from accompany.adapters.frames import whole_blocks
from accompany.errors import DiskFull

logger = logging.getLogger("accompany")

BALLAST = "reserve"
"""Its name in a data folder."""

RETRY = 1.0
"""Seconds between two attempts to make it again."""

PIECES = 16
LITTLE = 256 * 1024
"""Bytes free, below which a piece is given up."""

_Made = TypeVar("_Made")


class Ballast:
    """May be asked from any thread. *held* says whether the disk is not full."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = whole_blocks(size)
        self._turn = threading.Lock()
        self._making: threading.Thread | None = None
        self._tried = -RETRY
        path.with_name(path.name + ".new").unlink(missing_ok=True)
        self.held = _size_of(path) == self._size
        if not self.held:
            self._make()
            # At a start as well: who reads of it in the log of the last one?
            self._say_full(not self.held)

    def release(self) -> bool:
        """Give up a piece for whoever needs it; return whether there was one that is not for
        starts."""
        with self._turn:
            self.held = False
            piece = whole_blocks(self._size // PIECES)
            return _size_of(self._path) > self._size // 2 and _give_up(self._path, piece)

    def tend(self) -> None:
        """Say that the disk is full, give up a piece where next to nothing is left, make it again
        where there is room once more."""
        free = free_bytes(self._path.parent)
        if free < self._size // 2:
            self._say_full(self.held)
            self.held = False
            if free < LITTLE:
                self.release()
        elif not self.held and free >= 3 * self._size and time.monotonic() >= self._tried + RETRY:
            self._tried = time.monotonic()
            if self._making is None or not self._making.is_alive():
                self._making = threading.Thread(target=self._make, name="ballast", daemon=True)
                self._making.start()

    def _say_full(self, newly: bool) -> None:
        if newly:
            logger.warning("the disk is full: segments are refused, statements still taken")

    def _make(self) -> None:
        # No room is no error; any other is the journal's to find, which writes all the time.
        with suppress(DiskFull, OSError):
            if _size_of(self._path) != self._size:
                make_zeros(self._path, self._size, False, lambda: 0.0)
        with self._turn:
            self.held = _size_of(self._path) == self._size


def with_room(ballast: Path, make: Callable[[], _Made]) -> _Made:
    """Return what *make* makes at a start. Where there is no room for it, a piece of the file
    *ballast* is given up first, and another as long as there are any; then raise DiskFull."""
    while True:
        try:
            return make()
        except DiskFull:
            if not _give_up(ballast, max(whole_blocks(_size_of(ballast) // 8), LITTLE)):
                raise
            logger.warning("the disk is full: a piece of the room held back is given up to start")


def _give_up(path: Path, piece: int) -> bool:
    size = _size_of(path)
    if size:
        os.truncate(path, max(size - piece, 0))
    return size > 0


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
