"""Room held back for a disk that others have filled: a file of zeros that can be given up.

Statements go into room that the journal has already; the databases beside it grow a little with
each of them. Where the disk is full, the ballast goes, and they have its room. While it is gone,
segments are refused. It is made again once there is three times its size. Not here: the journal.
"""

import threading
import time
from contextlib import suppress
from pathlib import Path

from accompany.adapters.disk import free_bytes, make_zeros
from accompany.adapters.frames import whole_blocks
from accompany.errors import DiskFull

RETRY = 1.0
"""Seconds between two attempts to make it again."""


class Ballast:
    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = whole_blocks(size)
        self._making: threading.Thread | None = None
        self._tried = -RETRY
        path.with_name(path.name + ".new").unlink(missing_ok=True)
        self.held = path.exists() and path.stat().st_size == self._size
        if not self.held:
            path.unlink(missing_ok=True)
            self._make()

    def release(self) -> bool:
        """Give its room to whoever needs it; return whether there was any."""
        if not self.held:
            return False
        self.held = False
        self._path.unlink(missing_ok=True)
        return True

    def tend(self) -> None:
        """Give it up where the disk is nearly full, make it again where there is room once more."""
        free = free_bytes(self._path.parent)
        if self.held:
            if free < self._size // 2:
                self.release()
        elif free >= 3 * self._size and time.monotonic() >= self._tried + RETRY:
            self._tried = time.monotonic()
            if self._making is None or not self._making.is_alive():
                self._making = threading.Thread(target=self._make, name="ballast", daemon=True)
                self._making.start()

    def _make(self) -> None:
        # No room is no error; any other is the journal's to find, which writes all the time.
        with suppress(DiskFull, OSError):
            make_zeros(self._path, self._size, False, lambda: 0.0)
            self.held = True
