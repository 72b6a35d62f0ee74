"""Erasing: zeros over what a deleted recording left in the journal, whole blocks given back.

What a reader must know (`erasures`) is durable before the first zero is written, so that a crash
between any two steps is mended by doing it again. docs/decisions has the order of steps. Not here:
deciding what is deleted (custody.deletion).
"""

import errno
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from accompany.adapters.disk import fallocate, no_room_for, write_durably
from accompany.adapters.erasures import Erased, Erasures, digest_of
from accompany.adapters.frames import HEADER_SIZE, Placed, holds, read_payload
from accompany.adapters.spans import Span, merged, spans_of
from accompany.adapters.walking import headers_in
from accompany.custody.ports import (
    Arrived,
    CustodyKept,
    GrantKept,
    OpeningKept,
    PackageKept,
    Record,
    StatementKept,
)
from accompany.errors import Damaged

_BLOCK = 4096
_PUNCH = 0x02 | 0x01
"""FALLOC_FL_PUNCH_HOLE with FALLOC_FL_KEEP_SIZE."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as it lies in its file: *head* is the header with its CRC."""

    offset: int
    head: bytes
    payload: bytes

    @property
    def base(self) -> int:
        return self.offset + HEADER_SIZE


def frames_in(path: Path) -> Iterator[Frame]:
    """Yield the frames of a journal file in order, up to the first that is none."""
    with path.open("rb") as source:
        for header, head in headers_in(path):
            source.seek(header.offset + HEADER_SIZE)
            yield Frame(header.offset, head, source.read(header.length))


def erase(journal: Path, number: int, recordings: Collection[str], erasures: Erasures) -> int:
    """Erase *recordings* in one journal file; return how many bytes; durable when it returns.

    Raise Damaged, with nothing changed, where one of their frames does not hold.
    """
    path = journal / f"{number:06d}.journal"
    known = erasures.of(number)
    found = [one for one in (_look(f, number, recordings, known) for f in frames_in(path)) if one]
    if not found:
        return 0
    # First what a reader must know, then the zeros: a crash in between changes nothing.
    fresh = [erased for erased, _, _ in found if known.get(erased.offset) != erased]
    if fresh:
        _note(erasures, number, fresh)
    places = [
        Span(base + start, base + start + size)
        for erased, base, _ in found
        for start, size in erased.ranges
    ]
    overwrite(path, places)
    return sum(size for _, _, size in found)


def _look(
    frame: Frame, number: int, recordings: Collection[str], known: Mapping[int, Erased]
) -> tuple[Erased, int, int] | None:
    """Return what to erase in *frame*, where its payload begins and how many bytes it is."""
    names = [recording.encode() for recording in recordings]
    if not any(name in frame.payload for name in names):
        return None
    before = known.get(frame.offset)
    ranges = before.ranges if before else []
    whole = holds(frame.head, frame.payload)
    if not whole and not (before and digest_of(frame.head, frame.payload, ranges) == before.sha256):
        raise Damaged(f"journal file {number}: the frame at {frame.offset} does not hold")
    spans = [
        span
        for placed in read_payload(frame.payload)
        if getattr(placed.record, "recording", None) in recordings
        for span in _secret(placed, frame.payload)
    ]
    if not spans:
        return None
    earlier = [Span(start, start + size) for start, size in ranges]
    together = [(span.start, span.end - span.start) for span in merged([*earlier, *spans])]
    digest = digest_of(frame.head, frame.payload, together)
    erased = sum(span.end - span.start for span in spans)
    return Erased(frame.offset, together, digest), frame.base, erased


def _secret(placed: Placed, payload: bytes) -> list[Span]:
    """Return where in *payload* that lies which says anything: all but the leaf and the id."""
    values = set(_secrets(placed.record))
    start = placed.head
    spans = [
        Span(start + span.start, start + span.end)
        for span, value in spans_of(payload[start : placed.offset])
        if value in values
    ]
    if placed.size:
        spans.append(Span(placed.offset, placed.offset + placed.size))
    return spans


def _secrets(record: Record) -> list[bytes | str | None]:
    match record:
        case OpeningKept():
            return [
                record.note, record.receipt, record.locator, record.deletion, record.encounter
            ]  # fmt: skip
        case StatementKept():
            return [record.note, record.receipt, record.sha256]
        case Arrived():
            return [record.receipt]
        case GrantKept() | CustodyKept():
            return [record.data, record.receipt]
        case PackageKept():
            return [record.note, record.receipt]
        case _:
            return []


def overwrite(path: Path, places: list[Span]) -> None:
    """Write zeros over *places*, sync, and give their whole blocks back to the file system.

    Zeros first: a hole alone would leave the bytes on the device, in blocks nobody owns. What is a
    hole already was zeros before, and stays one: written again it would need room, and what is to
    make room on a full disk must not ask for any. Raise DiskFull where there is none all the same.
    """
    fd = os.open(path, os.O_RDWR)
    try:
        with no_room_for(path):
            for span in places:
                for part in _without_holes(fd, span):
                    _write_zeros(fd, part)
            _sync_data(fd)
            for span in merged(places):
                _punch(fd, span)
            os.fsync(fd)
    finally:
        os.close(fd)


def _without_holes(fd: int, span: Span) -> Iterator[Span]:
    """Yield the parts of *span* that have room on the disk."""
    at = span.start
    while at < span.end:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            # Nothing but holes up to the end of the file.
            return
        if start >= span.end:
            return
        at = min(os.lseek(fd, start, os.SEEK_HOLE), span.end)
        yield Span(start, at)


def _write_zeros(fd: int, span: Span) -> None:
    zeros = bytes(min(span.end - span.start, 1024 * 1024))
    for at in range(span.start, span.end, len(zeros)):
        _write(fd, zeros[: span.end - at], at)


def _write(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, at)
        view, at = view[done:], at + done


def _sync_data(fd: int) -> None:
    os.fdatasync(fd)


def _punch(fd: int, span: Span) -> None:
    start, end = -(-span.start // _BLOCK) * _BLOCK, span.end // _BLOCK * _BLOCK
    if start >= end:
        return
    try:
        fallocate(fd, _PUNCH, start, end - start)
    except OSError as error:
        # It is zeros already; only their room is not given back.
        if error.errno not in (errno.EOPNOTSUPP, errno.ENOSYS):
            raise


def _note(erasures: Erasures, number: int, erased: list[Erased]) -> None:
    """Let readers know; return once it would survive a power cut."""
    if not erasures.folder.exists():
        erasures.folder.mkdir()
        _sync(erasures.folder.parent)
    last = max((int(path.stem.split("-")[1]) for path in erasures.paths(number)), default=0)
    path = erasures.folder / f"{number:06d}-{last + 1:06d}.json"
    write_durably(path, msgspec.json.encode(erased))


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
