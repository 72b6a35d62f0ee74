"""Reading out a package's bytes: several pieces at once, ahead of whoever receives them.

Files are gathered into pieces of a mebibyte; threads read, check and count their checksums while
the piece before is being sent. In memory are a few pieces, however long the recording. Not here:
what a package holds (export), where the bytes lie (the keeper), the ZIP's form (evidence.zipping).
"""

import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from accompany.custody.courtesy import Courtesy
from accompany.custody.ports import Keeper
from accompany.errors import Damaged
from accompany.evidence.layout import place
from accompany.evidence.package import Blob, PackageFile, zip_path
from accompany.evidence.zipping import Directory
from accompany.ids import RecordingId

PIECE = 1024 * 1024
FILES = 512
"""Files of which a piece may consist at most."""

THREADS = 2
AHEAD = 3
"""Pieces that are made while one is being sent."""


class Read(NamedTuple):
    """A file of the ZIP with its bytes and their checksum."""

    name: str
    data: bytes | memoryview
    crc: int


class Reading:
    """One package being read out of *keeper*; `pieces` may be iterated in any thread, once."""

    def __init__(
        self,
        keeper: Keeper,
        recording: RecordingId,
        files: Sequence[PackageFile],
        courtesy: Courtesy,
    ) -> None:
        self._keeper = keeper
        self._recording = recording
        self._files = files
        self._courtesy = courtesy

    def pieces(self) -> Iterator[bytes]:
        """Yield the ZIP; raise Damaged in the middle where bytes are not what was kept."""
        directory = Directory()
        pool = ThreadPoolExecutor(THREADS, "reading")
        gathered = self._gathered()
        under_way: deque[Future[list[Read]]] = deque()
        try:
            while True:
                while len(under_way) < AHEAD and (files := next(gathered, None)) is not None:
                    under_way.append(pool.submit(self._read, files))
                if not under_way:
                    break
                parts: list[bytes | memoryview] = []
                for one in under_way.popleft().result():
                    parts += [directory.whole(one.name, len(one.data), one.crc), one.data]
                yield b"".join(parts)
            yield directory.end()
        finally:
            # Whoever received it may be gone in the middle.
            pool.shutdown(wait=False, cancel_futures=True)

    def _gathered(self) -> Iterator[list[PackageFile]]:
        held: list[PackageFile] = []
        size = 0
        for file in self._files:
            held.append(file)
            size += file.size
            if size >= PIECE or len(held) >= FILES:
                yield held
                held, size = [], 0
        if held:
            yield held

    def _read(self, files: list[PackageFile]) -> list[Read]:
        began = time.thread_time()
        numbers = {file.path: _number(file) for file in files if isinstance(file.content, Blob)}
        blobs: dict[int, memoryview] = {}
        if numbers:
            first, last = min(numbers.values()), max(numbers.values())
            blobs = dict(self._keeper.segments(self._recording, first, last))
        done = []
        for file in files:
            data = _bytes(file, blobs.get(numbers.get(file.path, -1)))
            done.append(Read(zip_path(self._recording, file.path), data, zlib.crc32(data)))
        self._courtesy.breathe(time.thread_time() - began)
        return done


def _bytes(file: PackageFile, found: memoryview | None) -> bytes | memoryview:
    if not isinstance(file.content, Blob):
        return file.content
    if found is None or len(found) != file.content.size:
        raise Damaged(f"{file.path}: its bytes are not here any more")
    return found


def _number(file: PackageFile) -> int:
    found = place(file.path)
    if found is None:
        raise Damaged(f"{file.path}: nothing in a package is called so")
    return found.number
