"""The journal's next file, made of zeros in a thread of its own while the present one fills.

One is made at a time. Where the disk is full, that is remembered for half a second and then tried
again when somebody asks: so a server recovers by itself once there is room. Any other error is kept
and raised where the file is needed: the disk has failed. Not here: when it is wanted (`journal`).
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from accompany.adapters.disk import free_bytes, make_zeros
from accompany.adapters.frames import BLOCK
from accompany.errors import DiskFull

LEAST = 64 * BLOCK
"""Bytes of a file that is worth making where a whole one does not fit."""

RETRY = 0.5
"""Seconds after which a full disk is asked again."""

GENTLY = 0.002
"""Seconds to rest after each mebibyte of zeros while there is time: batches go before."""


class _Dropped(Exception):
    """What is being made is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Made:
    number: int
    size: int


class Ahead:
    """Used by the thread that writes; `room` may be asked from any."""

    def __init__(self, folder: Path, path: Callable[[int], Path], direct: bool) -> None:
        self._folder = folder
        self._path = path
        self._direct = direct
        self._hurry = False
        self._dropped = False
        self._making: Future[Made] | None = None
        self._full_at = -RETRY
        self._refused: tuple[int, int] | None = None
        """The file, and its size, that the disk had no room for when it was last asked."""
        self._one = threading.Lock()
        self._taking = False
        """Whether whoever writes makes the file itself: of two that make it at once, each would
        take the other's away."""

    @property
    def full(self) -> bool:
        """Whether the disk was found full a moment ago."""
        return time.monotonic() < self._full_at + RETRY

    @property
    def made(self) -> int:
        """How many bytes the next file has, if it is there."""
        ready = _made(self._making)
        return ready.size if ready else 0

    def room(self, margin: int) -> int:
        """Return how many bytes there are or can be made, with *margin* left free on the disk."""
        there = self.made
        if self.full or _failed(self._making) is not None:
            return there
        if (refused := self._refused) is not None:
            # What is free is not always to be had (quotas): asked again first, promised then.
            self.want(*refused, hurry=True)
            return there
        return there + max(0, (free_bytes(self._folder) - margin) // BLOCK * BLOCK)

    def want(self, number: int, size: int, hurry: bool) -> None:
        """Have file *number* made unless one is there, on its way, or was refused just now.

        Raise OSError where the disk failed while the last one was made.
        """
        with self._one:
            self._want(number, size, hurry)

    def _want(self, number: int, size: int, hurry: bool) -> None:
        self._hurry = self._hurry or hurry
        if self.full or self._taking:
            return
        making = self._making
        if (failed := _failed(making)) is not None:
            raise failed
        if making is not None and not (making.done() and making.exception()):
            return
        self._hurry = hurry
        future: Future[Made] = Future()
        self._making = future
        threading.Thread(
            target=self._make, args=(future, number, size), name="journal-next", daemon=True
        ).start()

    def take(self, number: int, least: int, size: int) -> Made:
        """Return the file to go on with, of *least* bytes at least, waiting for it if need be.

        Raise DiskFull where there is no room, OSError where the disk failed.
        """
        self._hurry = True
        with self._one:
            making, self._making = self._making, None
            self._taking = True
        try:
            return self._taken(making, number, least, size)
        finally:
            self._taking = False

    def _taken(self, making: "Future[Made] | None", number: int, least: int, size: int) -> Made:
        if making is not None:
            try:
                made = making.result()
            except DiskFull:
                made = None
            if made is not None and made.size >= least:
                return made
            if made is not None:
                # Too small for what has to go in as one piece.
                self._path(made.number).unlink()
                number = made.number + 1
        return self._make_now(number, max(least, size), least)

    def drop(self, keep: bool = False) -> None:
        """Remove what was made and is not needed, unless asked to *keep* it; what is on its way
        ends soon."""
        self._dropped = True
        making, self._making = self._making, None
        if making is not None and making.exception() is None and not keep:
            self._path(making.result().number).unlink()
        self._dropped = False

    def _make(self, future: "Future[Made]", number: int, size: int) -> None:
        try:
            future.set_result(self._make_now(number, size, LEAST))
        except BaseException as error:
            future.set_exception(error)

    def _make_now(self, number: int, size: int, least: int) -> Made:
        """Make a file of *size*, or of what fits, if that is *least* at least."""
        try:
            made = self._make_of(number, size)
        except DiskFull:
            fitting = max(least, min(size, free_bytes(self._folder) // 2 // BLOCK * BLOCK))
            try:
                if fitting >= size or fitting > free_bytes(self._folder):
                    raise
                made = self._make_of(number, fitting)
            except DiskFull:
                self._full_at = time.monotonic()
                self._refused = number, size
                raise
        self._refused = None
        return made

    def _make_of(self, number: int, size: int) -> Made:
        make_zeros(self._path(number), size, self._direct, self._pause)
        return Made(number, size)

    def _pause(self) -> float:
        if self._dropped:
            raise _Dropped
        return 0.0 if self._hurry else GENTLY


def _made(making: "Future[Made] | None") -> Made | None:
    if making is None or not making.done() or making.exception() is not None:
        return None
    return making.result()


def _failed(making: "Future[Made] | None") -> BaseException | None:
    """Return what went wrong, a full disk aside: that may pass."""
    if making is None or not making.done():
        return None
    error = making.exception()
    return None if isinstance(error, DiskFull) else error
