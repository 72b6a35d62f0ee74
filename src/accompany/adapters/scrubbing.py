"""Scrubbing: every batch on the disk is read again, and whatever does not hold is named.

The journal of the log that goes on, as far as its index has followed, and those of logs that were
closed. It reads beside a running server, changes nothing, and does not stop at the first that is
bent: for each it says which recording, which segment. Not here: what a start would refuse
(`scanning`, `doctor --thorough`), mending it (a backup).
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from accompany.adapters.erasures import Erasures
from accompany.adapters.frames import HEADER_SIZE, holds
from accompany.adapters.remarks import GOOD, LOOK, WRONG, Remark
from accompany.adapters.scanning import numbers_in, path_of
from accompany.adapters.walking import end_of, headers_in
from accompany.errors import Damaged


class Tell(Protocol):
    def __call__(self, done: int, total: int) -> None:
        """Hear how many bytes of how many are read."""


@dataclass(frozen=True, slots=True)
class _Place:
    recording: str
    number: int
    offset: int
    size: int
    sha256: bytes


def scrub(data: Path, tell: Tell) -> list[Remark]:
    """Read all journals of a data folder again; return what does not hold, or that all does."""
    folders = [data, *sorted((data / "closed").glob("*"))]
    total = sum(one.stat().st_size for each in folders for one in each.glob("journal/*.journal"))
    done, whole, found = 0, 0, list[Remark]()
    for folder in folders:
        if not (folder / "index.sqlite").exists():
            words = "it has no index, which the next start makes: scrub it then"
            found.append(Remark(LOOK, f"scrub of {folder.name}", words))
            continue
        for number in numbers_in(folder / "journal"):
            frames, bent = _scrubbed(folder, number)
            whole += frames - len(bent)
            found += [Remark(WRONG, "scrub", words) for words in bent]
            done += path_of(folder / "journal", number).stat().st_size
            tell(done, total)
    words = f"{whole} batches read again, all of them whole"
    return found or [Remark(GOOD, "scrub", words)]


def _scrubbed(folder: Path, number: int) -> tuple[int, list[str]]:
    """Return how many batches a journal file has, and what is wrong with those that are bent."""
    path = path_of(folder / "journal", number)
    erasures, bent, frames, end = Erasures(folder / "journal"), list[str](), 0, 0
    # First how far the index has come: what is written meanwhile is the server's own business.
    until, exactly = _followed(folder, number)
    with path.open("rb") as source:
        for header, head in headers_in(path):
            if header.offset >= until:
                break
            source.seek(header.offset + HEADER_SIZE)
            payload = source.read(header.length)
            end, frames = end_of(header), frames + 1
            known = erasures.hold(number, header.offset, head, payload)
            if not holds(head, payload) and not known:
                what = f"the batch at {header.offset}"
                bent.append(_named(folder, number, header.offset, end, what))
            os.posix_fadvise(source.fileno(), header.offset, header.length, os.POSIX_FADV_DONTNEED)
    # A tail that nobody was told of may be torn; but not before anything that the index has seen.
    if end < until and (exactly or next(_places(folder, number, end, until), None)):
        frames += 1
        bent.append(_named(folder, number, end, until, f"what begins at {end}"))
    return frames, bent


def _named(folder: Path, number: int, start: int, end: int, what: str) -> str:
    """Say which segments between *start* and *end* of a file are not what was kept."""
    bad = [one for one in _places(folder, number, start, end) if not _as_kept(folder, number, one)]
    where = f"{what} in {path_of(folder / 'journal', number)} does not hold"
    which = ", ".join(f"segment {one.number} of {one.recording}" for one in bad[:20])
    more = f" and {len(bad) - 20} more" if len(bad) > 20 else ""
    hurt = f"{which}{more}" if bad else "no segment, but what was stated or logged there"
    return f"{where}: {hurt}. Bring back that file from a backup"


def _as_kept(folder: Path, number: int, place: _Place) -> bool:
    with path_of(folder / "journal", number).open("rb") as source:
        source.seek(place.offset)
        return sha256(source.read(place.size)).digest() == place.sha256


def _followed(folder: Path, number: int) -> tuple[int, bool]:
    """Return up to where the index has followed a journal file, and whether a batch ends there."""
    for file, offset, *_ in _asked(folder, "SELECT file, offset FROM position"):
        if number == file:
            return int(offset), True
        if number < file:
            return path_of(folder / "journal", number).stat().st_size, False
    return 0, False


def _places(folder: Path, number: int, start: int, end: int) -> Iterator[_Place]:
    query = (
        "SELECT recording, number, offset, size, sha256 FROM statements "
        "WHERE file = ? AND offset >= ? AND offset < ? ORDER BY offset"
    )
    return (_Place(*row) for row in _asked(folder, query, number, start, end))


def _asked(folder: Path, query: str, *values: int) -> list[tuple[Any, ...]]:
    index = (folder / "index.sqlite").resolve().as_uri()
    try:
        with closing(sqlite3.connect(f"{index}?mode=ro", uri=True)) as tables:
            return tables.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise Damaged(f"the index of {folder} cannot be read: {error}") from error
