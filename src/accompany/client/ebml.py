"""The elements of a WebM (EBML, RFC 8794; Matroska, RFC 9559), as far as cutting needs them.

An element is an id, a size of up to eight bytes, and what it holds; a size of all ones means that
it goes on until something follows that cannot lie in it. What is cut here FFmpeg's own muxer has
just written, so nothing is guarded against malice; `cut_short` looks at any file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

EBML, SEGMENT, CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
BLOCK_GROUP, BLOCK, SIMPLE_BLOCK, VOID = 0xA0, 0xA1, 0xA3, 0xEC

_LONGEST = 12
"""Bytes of the longest header: an id of four, a size of eight."""
_VOID_SHORT, _VOID_LONG = 2, 9
"""Bytes of a Void's header: for up to 128 bytes in all, and for more."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its id, and all its bytes with the header, which has *head* of them."""

    kind: int
    data: bytes
    head: int

    @property
    def body(self) -> bytes:
        return self.data[self.head :]


class ElementReader:
    """Takes bytes as they are written and gives back whole elements; a Segment gives its parts.

    It holds no more than the element that is not yet whole. All sizes but the Segment's are known.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Take *data*: the one method that a muxer needs of a file it cannot seek in."""
        self._held += data
        return len(data)

    def take(self) -> Iterator[Element]:
        """Yield every element that is whole by now, once; of a Segment its header alone."""
        while (found := _header(self._held)) is not None:
            kind, size, head = found
            whole = head if kind == SEGMENT else head + (size or 0)
            if len(self._held) < whole:
                return
            data = bytes(self._held[:whole])
            del self._held[:whole]
            yield Element(kind, data, head)


def children(data: bytes) -> Iterator[Element]:
    """Yield the elements that *data*, the body of another one, consists of."""
    at = 0
    while (found := _header(data[at : at + _LONGEST])) is not None:
        kind, size, head = found
        end = len(data) if size is None else at + head + size
        yield Element(kind, data[at:end], head)
        at = end


def block_counts(cluster: Element) -> dict[int, int]:
    """Return how many blocks of each track, by track number, a Cluster holds."""
    counts: dict[int, int] = {}
    for child in children(cluster.body):
        inner = [child]
        if child.kind == BLOCK_GROUP:
            inner = list(children(child.body))
        for block in inner:
            if block.kind in (SIMPLE_BLOCK, BLOCK):
                track, _ = _number(block.body)
                counts[track or 0] = counts.get(track or 0, 0) + 1
    return counts


def void(size: int) -> bytes:
    """Return a Void element of *size* bytes in all (at least 2), which every player skips."""
    if size < _VOID_SHORT:
        raise ValueError(f"a Void has at least {_VOID_SHORT} bytes, not {size}")
    if size < 128:
        return bytes([VOID, 0x80 | (size - _VOID_SHORT)]) + bytes(size - _VOID_SHORT)
    rest = size - _VOID_LONG
    return bytes([VOID]) + (1 << 56 | rest).to_bytes(8, "big") + bytes(rest)


def cut_short(file: BinaryIO) -> bool:
    """Return whether *file* ends in the middle of an element: FFmpeg would read on as if not."""
    end = file.seek(0, SEEK_END)
    at = 0
    while at < end:
        file.seek(at)
        found = _header(file.read(_LONGEST))
        if found is None:
            return end - at < _LONGEST
        kind, size, head = found
        if size is not None and at + head + size > end:
            return True
        # The Segment, and what does not know its own size, is looked into.
        at += head if size is None or kind == SEGMENT else head + size
    return False


def _header(data: bytes | bytearray) -> tuple[int, int | None, int] | None:
    """Return id, size (None: unknown) and bytes of the header; None where too little is there."""
    if not data or not data[0]:
        return None
    length = 9 - data[0].bit_length()
    if len(data) <= length or length > 4:
        return None
    size, width = _number(data[length : length + 8])
    if not width or len(data) < length + width:
        return None
    return int.from_bytes(data[:length], "big"), size, length + width


def _number(data: bytes | bytearray) -> tuple[int | None, int]:
    """Return a number of variable length (None: all ones) and how many bytes it takes."""
    if not data or not data[0]:
        return None, 0
    width = 9 - data[0].bit_length()
    value = int.from_bytes(data[:width], "big") & (1 << 7 * width) - 1
    return (None if value == (1 << 7 * width) - 1 else value), width
