"""Muxing packets, as they are, into fragments of about one length, and when each begins and ends.

The packets of a file, or of an encoder at work, go into FFmpeg's own muxer, and come out as an
initialization and fragments: of an mp4 `moof` and `mdat`, of a WebM whole Clusters. Put together
again they are a film whose packets (data, pts, dts) are the source's.

Not here: padding, what may be recorded (cutting), encoding (camera). Memory does not grow.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from accompany.client.boxes import Box, BoxReader, sample_counts
from accompany.client.ebml import CLUSTER, EBML, Element, ElementReader, block_counts
from accompany.client.sources import Piece

LEAST = Fraction(7, 10)
"""Of a fragment's length: a shorter Cluster, as keyframes make them, waits for the next one."""


LONGEST_FRAME, LONGEST_TICK = Fraction(1), Fraction(1, 20)
"""Seconds that a frame of a WebM is believed to be shown, and sound to lag by rounding."""

FRAGMENT_BYTES = 4 * 1024 * 1024
"""Bytes after which a fragment ends early: a segment has at most 8 MiB, sealed."""


class Sink(Protocol):
    """A file for a muxer that cannot seek in it."""

    def write(self, data: bytes) -> int: ...


@dataclass(slots=True)
class Times:
    """When each packet handed to the muxer begins and ends, in seconds; taken fragment by
    fragment as the samples counted in it."""

    waiting: dict[int, deque[tuple[Fraction, Fraction]]] = field(default_factory=dict)
    _last: dict[int, tuple[Fraction, Fraction]] = field(default_factory=dict)

    def add(self, track: int, packet: Any) -> None:
        start = packet.dts * packet.time_base
        length = (packet.duration or 0) * packet.time_base
        if not length and track in self._last:
            # A WebM need not say how long a frame is shown: as long as the one before.
            before, length = self._last[track]
            length = min(start - before, LONGEST_FRAME) if start > before else length
        self._last[track] = start, length
        self.waiting.setdefault(track, deque()).append((start, start + length))

    def take(self, counts: dict[int, int]) -> tuple[Fraction, Fraction]:
        """Return where the samples counted, by track, begin and end."""
        spans = [self.waiting[track].popleft() for track, n in counts.items() for _ in range(n)]
        return min(start for start, _ in spans), max(end for _, end in spans)


Feed = Callable[[Sink, Times], Iterator[None]]
"""Hands packets to a muxer that writes to the sink, and pauses after each: memory stays flat."""


@dataclass(slots=True)
class Fragment:
    """A fragment and where its samples begin and end, in seconds."""

    data: bytes
    start: Fraction
    end: Fraction


def timed(found: Iterator[bytes | Fragment], origin: Fraction | None = None) -> Iterator[Piece]:
    """Yield initialization and fragments as pieces; offsets count from *origin* in seconds.

    Without one they count from the first fragment. A piece lasts until the next one begins, so
    that tracks of slightly different length leave no hole and no overlap; where really nothing
    was there, it ends when its last track does.
    """
    offset = covered = Fraction(0)
    held: Fragment | None = None
    for one in found:
        if isinstance(one, bytes):
            yield Piece(one, 0, 0)
            continue
        if held is None:
            offset = one.start
            origin = offset if origin is None else origin
        else:
            covered = max(covered, held.end)
            end = min(covered, max(one.start, offset))
            yield _piece(held.data, offset - (origin or 0), end - (origin or 0))
            offset = max(one.start, end)
        held = one
    if held is not None:
        end = max(covered, held.end, offset)
        yield _piece(held.data, offset - (origin or 0), end - (origin or 0))


def _piece(data: bytes, start: Fraction, end: Fraction) -> Piece:
    # Both ends are rounded, not the length, or a thousand pieces would drift apart.
    begin = max(0, round(start * 1000))
    return Piece(data, begin, max(0, round(end * 1000) - begin))


def mp4_fragments(feed: Feed) -> Iterator[bytes | Fragment]:
    """Yield the initialization, then fragments, as the muxer cuts them."""
    file, times, initialization, moof = BoxReader(), Times(), b"", b""
    counts: dict[int, int] = {}

    def read(box: Box) -> bytes | Fragment | None:
        nonlocal initialization, moof, counts
        match box.kind:
            case "ftyp":
                initialization = box.data
            case "moov":
                return initialization + box.data
            case "moof":
                moof, counts = box.data, sample_counts(box)
            case "mdat":
                return Fragment(moof + box.data, *times.take(counts))
            case _:
                raise ValueError(f"the copy holds a box {box.kind!r}")
        return None

    for _ in feed(file, times):
        yield from (one for box in file.take() if (one := read(box)) is not None)


def webm_fragments(feed: Feed, length: int, film: bool) -> Iterator[bytes | Fragment]:
    """Yield all before the first Cluster, then Clusters of *length* microseconds together.

    A WebM says when a frame comes, and need not say how long it stays: until the next one.
    """
    longest = LONGEST_FRAME if film else LONGEST_TICK
    file, times, header = ElementReader(), Times(), b""
    held: Fragment | None = None
    least = LEAST * length / 1_000_000

    def read(element: Element) -> Iterator[bytes | Fragment]:
        nonlocal header, held
        if element.kind != CLUSTER:
            if held is not None or (element.kind == EBML and header):
                raise ValueError(f"the copy holds an element {element.kind:x}")
            header += element.data
            return
        if header:
            yield header
            header = b""
        one = Fragment(element.data, *times.take(block_counts(element)))
        if held is None:
            held = one
        elif held.end - held.start < least and len(held.data + one.data) < FRAGMENT_BYTES:
            held = Fragment(held.data + one.data, held.start, max(held.end, one.end))
        else:
            if 0 < one.start - held.end <= longest:
                held.end = one.start
            yield held
            held = one

    for _ in feed(file, times):
        for element in file.take():
            yield from read(element)
    if held is not None:
        yield held
