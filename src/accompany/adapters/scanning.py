"""Reading the journal as a start finds it: every whole batch in order, and where each file ends.

A file ends at its first bad frame: what follows was never acknowledged, unless a later frame says
that it was. Zeros to the end of a file are its ordinary end, for files are made of zeros. Nothing
is changed here. Not here: writing (`journal`), what records mean.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from accompany.adapters.erasures import Erasures
from accompany.adapters.frames import (
    HEADER_SIZE,
    MAGIC,
    Header,
    Placed,
    framed_size,
    holds,
    read_payload,
)
from accompany.errors import Damaged

_PIECE = 1024 * 1024
_ZEROS = bytes(_PIECE)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far a reader has come: file number, offset in it, the last frame's sequence and start."""

    file: int = 0
    offset: int = 0
    sequence: int = 0
    start: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """A frame's records; blobs lie in *file* at *base* plus their own offset."""

    end: Position
    file: int
    base: int
    placed: tuple[Placed, ...]


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.journal"


def numbers_in(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("*.journal"))


def first_name(folder: Path) -> uuid.UUID | None:
    """Return the name of the journal that the first batch in *folder* is of, if that is whole."""
    for number in numbers_in(folder)[:1]:
        path = path_of(folder, number)
        with path.open("rb") as source:
            head = source.read(HEADER_SIZE)
            header = Header.parse(head)
            if header is None or HEADER_SIZE + header.length > path.stat().st_size:
                return None
            return header.journal if holds(head, source.read(header.length)) else None
    return None


class Scan:
    """One reading of the journal *name* in *folder*, from a position on.

    `sequence` is the last batch read, `epoch` the newest seen; `ends` says of each file read where
    its batches end, if only zeros follow.
    """

    def __init__(self, folder: Path, name: uuid.UUID) -> None:
        self._folder = folder
        self._name = name
        self._erasures = Erasures(folder)
        self.sequence = 0
        self.epoch = 0
        self.ends: dict[int, int] = {}

    def batches(self, since: Position) -> Iterator[Batch]:
        """Yield every batch after *since*, in order; raise Damaged where one must be missing.

        What is yielded would survive a power cut.
        """
        self.sequence = since.sequence
        for number in numbers_in(self._folder):
            if number >= since.file:
                yield from self._file(number, since.offset if number == since.file else 0)

    def is_there(self, position: Position) -> bool:
        """Whether the batch that ends at *position* is in the journal, and whole."""
        path = path_of(self._folder, position.file)
        if not path.exists():
            return False
        with path.open("rb") as source:
            found = self._frame(source, position.file, position.start, path.stat().st_size)
        return found is not None and found[0].sequence == position.sequence

    def _file(self, number: int, offset: int) -> Iterator[Batch]:
        path = path_of(self._folder, number)
        size = path.stat().st_size
        with path.open("rb") as source:
            # A killed process leaves frames that were written but never synced: read back, they
            # are acknowledged and built upon, so that they have to be on the disk first.
            os.fsync(source.fileno())
            while offset < size:
                found = self._frame(source, number, offset, size)
                if found is None:
                    break
                header, payload = found
                if header.sequence != self.sequence + 1:
                    raise Damaged(
                        f"{path.name}: expected batch {self.sequence + 1}, "
                        f"found {header.sequence}: a part of the journal is missing"
                    )
                self.sequence = header.sequence
                base, start = offset + HEADER_SIZE, offset
                offset += framed_size(header.length)
                end = Position(number, offset, header.sequence, start)
                yield Batch(end, number, base, tuple(read_payload(payload)))
            if self._only_zeros(source, path, offset):
                self.ends[number] = min(offset, size)

    def _frame(
        self, source: BinaryIO, number: int, offset: int, size: int
    ) -> tuple[Header, bytes] | None:
        source.seek(offset)
        head = source.read(HEADER_SIZE)
        header = Header.parse(head)
        if (
            header is None
            or header.journal != self._name
            or header.offset != offset
            or offset + HEADER_SIZE + header.length > size
        ):
            return None
        payload = source.read(header.length)
        if holds(head, payload) or self._erasures.hold(number, offset, head, payload):
            self.epoch = max(self.epoch, header.epoch)
            return header, payload
        return None

    def _only_zeros(self, source: BinaryIO, path: Path, offset: int) -> bool:
        """Whether zeros alone follow *offset*.

        Raise Damaged if a frame behind the bad one there says that the bad one was durable.
        """
        source.seek(offset)
        zeros = source.read(1) in (b"", b"\0")
        held = b""
        while piece := source.read(_PIECE):
            if piece == _ZEROS[: len(piece)] and not held.strip(b"\0"):
                held = b""
                continue
            zeros = False
            held += piece
            self._refuse_a_hole(held, path, offset)
            held = held[-HEADER_SIZE + 1 :]
        return zeros

    def _refuse_a_hole(self, data: bytes, path: Path, offset: int) -> None:
        at = data.find(MAGIC)
        while 0 <= at <= len(data) - HEADER_SIZE:
            header = Header.parse(data[at : at + HEADER_SIZE])
            if header and header.journal == self._name and header.durable > self.sequence:
                raise Damaged(
                    f"{path.name}: batch {self.sequence + 1} at {offset} does not hold, but "
                    f"batch {header.sequence} says that {header.durable} was on disk"
                )
            at = data.find(MAGIC, at + 1)
