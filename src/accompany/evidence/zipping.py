"""Writing a package's ZIP as a stream: stored, ZIP64 where needed, in flat memory.

Nothing is compressed: sealed bytes do not shrink, and a stored file can be cut out with any tool.
One file's bytes are asked for at a time, when they are needed. Not here: reading one (unzipping),
which files there are (package). No disk: whoever calls sends the bytes on.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import zipstream

from accompany.errors import Damaged

_ZipStream: Any = zipstream.ZipStream  # It has no types of its own.

PIECE = 256 * 1024
"""Bytes after which a piece is handed out: files are small, each piece costs its reader."""

ZipItem = tuple[str, int, Iterable[bytes]]
"""Name in the ZIP, size in bytes, and the bytes in pieces."""


def zip_stream(items: Iterable[ZipItem]) -> Iterator[bytes]:
    """Yield the ZIP of *items* in their order, in pieces of about PIECE bytes.

    Raise Damaged in the middle where an item gives other than the bytes it promised: the receiver
    then has a ZIP without its directory, which nothing takes for whole.
    """
    held, waiting = [], 0
    for piece in _written(items):
        held.append(piece)
        waiting += len(piece)
        if waiting >= PIECE:
            yield b"".join(held)
            held, waiting = [], 0
    yield b"".join(held)


def _written(items: Iterable[ZipItem]) -> Iterator[bytes]:
    stream = _ZipStream(compress_type=zipstream.ZIP_STORED)
    for name, size, pieces in items:
        stream.add(_exactly(name, size, pieces), name, size=size)
        yield from stream.all_files()
    yield from stream.finalize()


def zip_size(names_and_sizes: Iterable[tuple[str, int]]) -> int:
    """Return how many bytes `zip_stream` will yield: for Content-Length and progress."""
    stream = _ZipStream(compress_type=zipstream.ZIP_STORED, sized=True)
    for name, size in names_and_sizes:
        stream.add(iter((b"",)), name, size=size)
    return len(stream)


def _exactly(name: str, size: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    left = size
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise Damaged(f"{name}: expected {size} bytes, found {'more' if left < 0 else size - left}")
