"""Reading many segments at once: which lie so near each other that they are read together, and how.

Past the cache where the file system allows it: what is read once for somebody's download would
push out what is needed all the time, and is read faster in large aligned pieces (open(2),
O_DIRECT). Not here: who wants them (`reading`), reading one (`journal`).
"""

import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from accompany.adapters.disk import new_buffer
from accompany.adapters.frames import BLOCK, whole_blocks
from accompany.adapters.lookups import Place
from accompany.adapters.scanning import path_of
from accompany.errors import Damaged

NEAR, RUN = 64 * 1024, 1024 * 1024
"""Bytes between two segments that are read along, and bytes that are read at once."""

Numbered = tuple[int, Place]


def runs_of(places: Sequence[Numbered]) -> list[list[Numbered]]:
    """Return *places*, in their order, in runs of one file each."""
    runs: list[list[Numbered]] = []
    for one in places:
        if not runs or not _joins(runs[-1], one[1]):
            runs.append([])
        runs[-1].append(one)
    return runs


def _joins(run: list[Numbered], place: Place) -> bool:
    first, last = run[0][1], run[-1][1]
    gap = place.offset - last.offset - last.size
    long = place.offset + place.size - first.offset
    return place.file == last.file and 0 <= gap <= NEAR and long <= RUN


def read_run(
    folder: Path, run: Sequence[Numbered], buffer: mmap.mmap | None
) -> tuple[mmap.mmap, list[memoryview]]:
    """Return the segments of *run*, and the memory in which they lie: *buffer*, or a larger one.

    Raise Damaged where the file is shorter.
    """
    first, last = run[0][1], run[-1][1]
    start = first.offset // BLOCK * BLOCK
    size = last.offset + last.size - start
    if buffer is None or len(buffer) < size:
        buffer = new_buffer(max(size, RUN + BLOCK))
    view = memoryview(buffer)
    fd = _opened(path_of(folder, first.file))
    try:
        done = 0
        while done < size:
            # Short only at the end of the file; what was read so far ends at a whole block.
            count = os.preadv(fd, [view[done : whole_blocks(size)]], start + done)
            if count == 0 or (count % BLOCK and done + count < size):
                raise Damaged(f"journal file {first.file}: expected {size} bytes at {start}")
            done += count
    finally:
        os.close(fd)
    at = [place.offset - start for _, place in run]
    return buffer, [view[one : one + place.size] for one, (_, place) in zip(at, run, strict=True)]


def _opened(path: Path) -> int:
    with suppress(OSError):
        return os.open(path, os.O_RDONLY | os.O_DIRECT)
    return os.open(path, os.O_RDONLY)
