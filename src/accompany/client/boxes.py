"""The boxes of a fragmented mp4 (ISO/IEC 14496-12), as far as cutting and padding need them.

A box is 4 bytes of size, 4 of type, and what it holds; a size of 1 puts 8 bytes of size after the
type. Only what FFmpeg's own muxer has just written is read here, so nothing is guarded against
malice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

HEADER = 8
_LARGE = 1


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four-letter *kind* and all its bytes, header included."""

    kind: str
    data: bytes

    @property
    def body(self) -> bytes:
        return self.data[_header_size(self.data) :]


class BoxReader:
    """Takes bytes as they are written and gives back whole top-level boxes.

    It holds no more than the box that is not yet whole.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Take *data*: the one method that a muxer needs of a file it cannot seek in."""
        self._held += data
        return len(data)

    def take(self) -> Iterator[Box]:
        """Yield every box that is whole by now, once."""
        while (size := _size(self._held)) and len(self._held) >= size:
            box = bytes(self._held[:size])
            del self._held[:size]
            yield Box(_kind(box), box)

    @property
    def left(self) -> int:
        """Bytes of a box that is not whole."""
        return len(self._held)


def children(data: bytes) -> Iterator[Box]:
    """Yield the boxes that *data*, the body of another box, consists of."""
    while data:
        size = _size(data) or len(data)
        yield Box(_kind(data), data[:size])
        data = data[size:]


def cut_short(file: BinaryIO) -> str | None:
    """Return the kind of the top-level box that *file* ends in the middle of, or None.

    A box that is no part of a film (something appended, preallocated) counts for nothing.
    """
    end = file.seek(0, SEEK_END)
    at = 0
    while at < end:
        file.seek(at)
        head = file.read(HEADER + 8)
        size = _size(head)
        if not size:
            return None  # Size 0: to the end of the file.
        at += max(size, HEADER)
    kind = _kind(head) if at > end else None
    return kind if kind in ("mdat", "moof", "moov") else None


def sample_counts(moof: Box) -> dict[int, int]:
    """Return how many samples of each track, by track id, the fragment of *moof* holds."""
    counts: dict[int, int] = {}
    for traf in (box for box in children(moof.body) if box.kind == "traf"):
        inner = list(children(traf.body))
        # tfhd and trun begin with a byte of version and three of flags, then the number wanted.
        track = next(_number(box.body, 4) for box in inner if box.kind == "tfhd")
        samples = sum(_number(box.body, 4) for box in inner if box.kind == "trun")
        counts[track] = counts.get(track, 0) + samples
    return counts


def free(size: int) -> bytes:
    """Return a `free` box of *size* bytes in all (at least 8), which every player skips."""
    if size < HEADER:
        raise ValueError(f"a box has at least {HEADER} bytes, not {size}")
    return size.to_bytes(4, "big") + b"free" + bytes(size - HEADER)


def _number(data: bytes | bytearray, at: int, size: int = 4) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _kind(data: bytes) -> str:
    return data[4:8].decode("latin-1")


def _size(data: bytes | bytearray) -> int | None:
    """Return the size of the box that *data* begins with; None if too little is there to tell."""
    if len(data) < HEADER:
        return None
    size = _number(data, 0)
    if size != _LARGE:
        return size
    return _number(data, HEADER, 8) if len(data) >= HEADER + 8 else None


def _header_size(data: bytes) -> int:
    return HEADER + 8 if _number(data, 0) == _LARGE else HEADER
