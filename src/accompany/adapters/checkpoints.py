"""Where signed checkpoints are kept: in a database, and in files in a second place.

A journal restored from an older backup is found out by them; so the second place should not be
restored with it, nor die with its disk. Each log has a folder of its own there. Not here: what is
compared with them (`keeper.check_tree`, `wiring`).
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from accompany.adapters.disk import keep_durably, write_durably
from accompany.adapters.sqlite import connect, no_room_as_disk_full
from accompany.errors import AccompanyError, Damaged
from accompany.evidence.checkpoints import file_name_of, open_checkpoint, parse_checkpoint
from accompany.evidence.notes import Verifier

logger = logging.getLogger("accompany")

DATABASE = "checkpoints.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkpoints (kind TEXT PRIMARY KEY, note BLOB, time INTEGER)
    WITHOUT ROWID;
"""


class SqliteCheckpoints:
    """A `custody.sequencer.Checkpoints`: in a database and, compared, in files of their own.

    Used by one thread at a time; the connection is its own, so that nobody waits for its syncs.
    """

    def __init__(self, folder: Path, now: Callable[[], int], second: Path | None = None) -> None:
        self._now = now
        self._folder = folder
        self._second = second or folder
        folder.mkdir(parents=True, exist_ok=True)
        with no_room_as_disk_full():
            self._tables = connect(folder / DATABASE, any_thread=True)
            self._tables.executescript(_SCHEMA)

    def close(self) -> None:
        self._tables.close()

    def keep(self, kind: str, size: int, note: bytes) -> None:
        newest = self.newest(kind)
        held = None if newest is None else parse_checkpoint(newest)[0]
        # Of the same size there may be one with more cosignatures, never one with another root.
        if held is not None and held.size >= size and held != parse_checkpoint(note)[0]:
            raise Damaged(f"another {kind} checkpoint over {held.size} entries is kept already")
        statement = "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)"
        with no_room_as_disk_full():
            self._tables.execute(statement, (kind, note, self._now()))
        write_durably(self._second / kind, note)

    def kept_at(self, kind: str) -> int:
        return _kept_at(self._tables, kind)

    def newest(self, kind: str) -> bytes | None:
        """Return the largest of the copies: a crash may fall between their writes.

        Raise Damaged where there are copies, and none can be read.
        """
        return _largest(kind, [*_in_table(self._tables, kind), *self._files(kind)])

    def _files(self, kind: str) -> list[bytes]:
        places = {self._folder, self._second}
        return [(place / kind).read_bytes() for place in places if (place / kind).exists()]


def kinds_kept(folder: Path) -> list[str]:
    """Return which kinds of checkpoints the database in *folder* holds; it may be in use."""
    with _reading(folder) as tables:
        return [row[0] for row in tables.execute("SELECT kind FROM checkpoints ORDER BY kind")]


def kept_at(folder: Path, kind: str) -> int:
    """Return when the newest *kind* was kept, 0 where that is not known."""
    with _reading(folder) as tables:
        return _kept_at(tables, kind)


def newest_kept(folder: Path, second: Path | None, kind: str) -> bytes | None:
    """Return the largest of the copies of a *kind*, changing nothing; it may be in use."""
    return _largest(kind, _copies(folder, second, kind))


def copies_kept(folder: Path, second: Path | None, kind: str, log: Verifier) -> list[bytes]:
    """Return all copies of a *kind* that *log* signed, the largest first."""
    copies = {one for one in _copies(folder, second, kind) if _holds(one, log)}
    return sorted(copies, key=_size, reverse=True)


def _copies(folder: Path, second: Path | None, kind: str) -> list[bytes]:
    files = [place / kind for place in (folder, second) if place is not None]
    found = [path.read_bytes() for path in files if path.exists()]
    if (folder / DATABASE).exists():
        with _reading(folder) as tables:
            found += _in_table(tables, kind)
    return found


def second_place(asked: str, default: Path, log: Verifier) -> Path | None:
    """Return the folder of *log* in the second place, made; None where it must be beside the first.

    *asked* is where the operator wants it: raise Damaged if it cannot be written. *default* is
    where it goes without a word of theirs.
    """
    folder = folder_of(Path(asked) if asked else default, log)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        keep_durably(folder / "written", b"to see that it can be\n")
    except OSError as error:
        if asked:
            raise Damaged(
                f"the second place for checkpoints, {folder}: {error.strerror}"
            ) from error
        logger.warning(
            "%s cannot be written (%s): checkpoints are kept in the data folder alone. Name "
            "another place in ACCOMPANY_CHECKPOINTS", folder, error.strerror
        )  # fmt: skip
        return None
    return folder


def folder_of(place: Path, log: Verifier) -> Path:
    """Return where *log*'s checkpoints lie in a second place that others may share."""
    return place / file_name_of(log)


@contextmanager
def _reading(folder: Path) -> Iterator[sqlite3.Connection]:
    tables = sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)
    try:
        yield tables
    finally:
        tables.close()


def _in_table(tables: sqlite3.Connection, kind: str) -> list[bytes]:
    query = "SELECT note FROM checkpoints WHERE kind = ?"
    return [bytes(row[0]) for row in tables.execute(query, (kind,))]


def _kept_at(tables: sqlite3.Connection, kind: str) -> int:
    row = tables.execute("SELECT time FROM checkpoints WHERE kind = ?", (kind,)).fetchone()
    return int(row[0]) if row else 0


def _largest(kind: str, copies: list[bytes]) -> bytes | None:
    whole = [note for note in copies if _size(note) >= 0]
    if copies and not whole:
        raise Damaged(f"no copy of the {kind} checkpoint can be read")
    if len(whole) < len(copies):
        logger.warning("one copy of the %s checkpoint cannot be read; another one is used", kind)
    return max(whole, key=_size, default=None)


def _size(note: bytes) -> int:
    try:
        return parse_checkpoint(note)[0].size
    except AccompanyError:
        return -1


def _holds(note: bytes, log: Verifier) -> bool:
    try:
        open_checkpoint(note, log)
    except AccompanyError:
        return False
    return True
