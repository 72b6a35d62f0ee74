"""The index of the journal, in SQLite: where things lie and what the log's tree looks like.

It follows the journal and can be made again from it: a batch is applied in one transaction with
the position reached, so that a crash in between repeats nothing and misses nothing. It holds no
sealed bytes, only where they lie. Not here: asking it (`lookups`), people and duty (`sqlite`).

An error of the disk makes it worthless: after a sync that failed the kernel holds pages for clean
that never reached the disk, and SQLite would sync again and believe it. So it is taken away, the
server ends, and the next start makes it again.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from accompany.adapters.disk import sync_folder
from accompany.adapters.index_rows import add_statements, apply_record, drop, statement_row
from accompany.adapters.long_log import LongLog, bring_back
from accompany.adapters.lookups import NODE, Lookups, node_of
from accompany.adapters.scanning import Batch, Position
from accompany.adapters.sqlite import NO_ROOM, no_room_as_disk_full
from accompany.custody.ports import (
    Kept,
    StatementKept,
)
from accompany.errors import AccompanyError, DiskFailed, DiskFull, InUse
from accompany.evidence.merkle import grown, leaf_hash
from accompany.evidence.text import read_time

_SCHEMA = """
CREATE TABLE IF NOT EXISTS position (one INTEGER PRIMARY KEY CHECK (one = 1), file, offset, batch,
    start, time);
CREATE TABLE IF NOT EXISTS leaves (number INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS nodes (level INTEGER, number INTEGER, hash BLOB NOT NULL,
    PRIMARY KEY (level, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recordings (id TEXT PRIMARY KEY, note BLOB NOT NULL, leaf INTEGER,
    receipt BLOB NOT NULL, locator BLOB NOT NULL, deletion BLOB, encounter TEXT NOT NULL,
    kind TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_locator ON recordings (locator);
CREATE INDEX IF NOT EXISTS by_encounter ON recordings (encounter);
CREATE TABLE IF NOT EXISTS statements (recording TEXT, number INTEGER, note BLOB NOT NULL,
    leaf INTEGER, receipt BLOB NOT NULL, word TEXT NOT NULL, sha256 BLOB, size INTEGER,
    file INTEGER, offset INTEGER, PRIMARY KEY (recording, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS missing ON statements (recording, number)
    WHERE word = 'segment' AND file IS NULL;
CREATE TABLE IF NOT EXISTS named (what TEXT, name TEXT, number INTEGER, data BLOB NOT NULL,
    leaf INTEGER, receipt BLOB NOT NULL, PRIMARY KEY (what, name, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stamps (authority TEXT, size INTEGER, leaf INTEGER UNIQUE,
    checkpoint BLOB NOT NULL, token BLOB NOT NULL, chain BLOB NOT NULL,
    PRIMARY KEY (authority, size));
CREATE INDEX IF NOT EXISTS by_kind ON recordings (kind, leaf);
CREATE TABLE IF NOT EXISTS touched (recording TEXT, file INTEGER,
    PRIMARY KEY (recording, file)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deleted (id TEXT PRIMARY KEY, tombstone BLOB NOT NULL, leaf INTEGER,
    receipt BLOB NOT NULL, erased INTEGER NOT NULL) WITHOUT ROWID;
"""
_VERSION = 3
"""Of the tables above: an index of another version is made again from the journal."""

_REMEMBERED = 100_000
_BACKSTOP = 32 * 1024
"""Pages in the write-ahead file at which a batch itself moves them into the index."""
_WORTHLESS = (
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CONSTRAINT,
)
"""A batch that does not fit, since something of it is there already, is a bent index as well."""


class Index(Lookups):
    """Read from any thread, written by one; readers see whole batches only, at once.

    *on_failure* is told once it was taken away: nothing that it says counts from then on. *own* is
    how many bytes its write-ahead log has from the start; raise DiskFull where it cannot be opened
    for want of room.
    """

    def __init__(
        self, path: Path, on_failure: Callable[[str], None] = lambda why: None, own: int = 0
    ) -> None:
        with no_room_as_disk_full():
            self._open(path, on_failure, own)

    def _open(self, path: Path, on_failure: Callable[[str], None], own: int) -> None:
        self._path = path
        self._on_failure = on_failure
        bring_back(path)
        self._write = _own_version(path)
        # What is deleted must not be read from the file's free pages.
        self._write.execute("PRAGMA secure_delete = ON")
        # SQLite would pass over what fails there: a batch does it itself (`apply`).
        self._write.execute("PRAGMA wal_autocheckpoint = 0")
        with self._worthless_if_it_fails():
            self._write.executescript(_SCHEMA)
        self._touched: set[tuple[str, int]] = set()
        self._edge: dict[tuple[int, int], bytes] = {}
        """Nodes by level and number that the next leaves are joined to, as far as they are known
        without being read."""
        self._long = False
        """Whether the write-ahead file has come to _BACKSTOP pages."""
        self._here = _connect(path)
        self._elsewhere = _connect(path)
        self._home = threading.get_ident()
        self._turn = threading.Lock()
        self._log = LongLog(path, own)

    def close(self, full: bool = False) -> None:
        """On a *full* disk its own room is kept for the next start."""
        # Or the last connection to close would do it, and pass over what fails.
        with suppress(AccompanyError):
            self._fold_all("FULL" if full else "TRUNCATE")
        if full:
            self._log.keep()
        for connection in (self._here, self._elsewhere, self._write):
            connection.close()
        self._log.close()
        if full:
            self._log.kept()

    @property
    def own_room(self) -> int:
        """Bytes of pages that batches can still write, whatever others do to the disk."""
        return self._log.left

    def _read(self, query: str, *values: str | int | bytes) -> list[tuple[Any, ...]]:
        """A query that overlaps another one on the same connection sees what that one saw, and so
        misses what was kept meanwhile: one query at a time, and the event loop's apart.
        """
        with self._worthless_if_it_fails():
            if threading.get_ident() == self._home:
                return self._here.execute(query, values).fetchall()
            with self._turn:
                return self._elsewhere.execute(query, values).fetchall()

    @contextmanager
    def _worthless_if_it_fails(self) -> Iterator[None]:
        """Take the index away where the disk failed, or it is bent; raise DiskFailed."""
        try:
            yield
        except (sqlite3.DatabaseError, LookupError) as error:
            if not _is_worthless(error):
                raise
            why = f"the index cannot be used: {error}; it is made again from the journal"
            with suppress(OSError):
                _remove(self._path)
            self._on_failure(why)
            raise DiskFailed(why) from error

    def position(self) -> Position:
        row = self._written("SELECT file, offset, batch, start FROM position")
        return Position(*row) if row else Position()

    def size(self) -> int:
        row = self._written("SELECT max(number) FROM leaves")
        return 0 if row is None or row[0] is None else int(row[0]) + 1

    def last_time(self) -> int:
        """Return the time that the last receipt kept states; 0 where there is none."""
        row = self._written("SELECT time FROM position")
        return read_time(row[0]) if row and row[0] else 0

    def _written(self, query: str) -> tuple[Any, ...] | None:
        """Return a row as the writer sees it."""
        with self._worthless_if_it_fails():
            row: tuple[Any, ...] | None = self._write.execute(query).fetchone()
            return row

    def apply(self, batch: Batch) -> None:
        """Follow the journal by one batch; raise DiskFull, having done nothing, without room."""
        with self._worthless_if_it_fails(), no_room_as_disk_full():
            self._apply(batch)
            if self._long:
                # `settle` is there to keep it from coming to this: the event loop waits here.
                _fold(self._write, "PASSIVE")
                self._long = False

    def _apply(self, batch: Batch) -> None:
        with self._write as tables:
            kept = [one.record for one in batch.placed if isinstance(one.record, Kept)]
            edge = self._grow(tables, kept)
            rows: list[tuple[Any, ...]] = []
            for placed in batch.placed:
                record, offset = placed.record, batch.base + placed.offset
                self._touch(tables, getattr(record, "recording", None), batch.file)
                if isinstance(record, StatementKept):
                    rows.append(statement_row(record, batch.file, offset))
                    continue
                # Nothing overtakes what came before it.
                add_statements(tables, rows)
                apply_record(tables, record, batch.file, offset)
            add_statements(tables, rows)
            end = batch.end
            tables.execute(
                "INSERT OR REPLACE INTO position VALUES "
                "(1, ?, ?, ?, ?, coalesce(?, (SELECT time FROM position)))",
                (end.file, end.offset, end.sequence, end.start, _last_time(batch)),
            )
        self._edge = edge

    def _touch(self, tables: sqlite3.Connection, recording: str | None, file: int) -> None:
        """Remember that something of *recording* lies in *file*: what is erased is sought there."""
        if recording is None or (recording, file) in self._touched:
            return
        tables.execute("INSERT OR IGNORE INTO touched VALUES (?, ?)", (recording, file))
        if len(self._touched) >= _REMEMBERED:
            self._touched.clear()
        self._touched.add((recording, file))

    def _grow(
        self, tables: sqlite3.Connection, kept: Sequence[Kept]
    ) -> dict[tuple[int, int], bytes]:
        """Add the leaves of a batch, and every node that they complete; return the new edge."""
        made = self._edge.copy()
        known = len(made)

        def node(level: int, number: int) -> bytes:
            found = made.get((level, number))
            if found is None:
                found = node_of(tables.execute(NODE, (level, number)).fetchall(), level, number)
            return found

        leaves = [(record.index, bytes(record.entry)) for record in kept]
        for index, entry in leaves:
            for level, number, value in grown(index, leaf_hash(entry), node):
                made[level, number] = value
        tables.executemany("INSERT INTO leaves VALUES (?, ?)", leaves)
        # What was known stands first: a dict keeps the order in which it was filled.
        nodes = sorted((*at, value) for at, value in islice(made.items(), known, None))
        tables.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
        size = leaves[-1][0] + 1 if leaves else 0
        found = ((level, (size >> level) - 1) for level in range(size.bit_length()))
        return {at: made[at] for at in found if at[1] % 2 == 0 and at in made} or self._edge

    def drop(self, recordings: Sequence[str]) -> None:
        """Forget *recordings* of a journal that nothing is added to any more."""
        with self._worthless_if_it_fails(), self._write as tables:
            for recording in recordings:
                drop(tables, recording)

    def settle(self, make_room: Callable[[], bool] = lambda: False) -> None:
        """Move what the write-ahead file holds into the index, as far as nobody reads the old
        state. It waits for the disk: call it in a thread, every second or so. Where there is no
        room, and *make_room* makes none, it is left to the next time; raise DiskFailed as for any
        other failure."""
        with self._worthless_if_it_fails(), self._turn:
            while not self._settled():
                if not make_room():
                    break
        self._log.lengthen()

    def _settled(self) -> bool:
        with suppress(DiskFull), no_room_as_disk_full():
            _, pages = _fold(self._elsewhere, "PASSIVE")
            self._long = pages >= _BACKSTOP
            return True
        return False

    def flush(self) -> None:
        """Write what the write-ahead file holds into the index, and empty it.

        Raise InUse where somebody is reading the old state for long.
        """
        self._fold_all("TRUNCATE")
        self._log.lengthen()

    def _fold_all(self, how: str) -> None:
        with self._worthless_if_it_fails(), self._turn, no_room_as_disk_full():
            busy, _ = _fold(self._elsewhere, how)
        if busy:
            raise InUse("the index is being read")


def _fold(tables: sqlite3.Connection, how: str) -> tuple[bool, int]:
    """Return whether readers kept it from being done, and how many pages had to be moved.

    Done by the writer with nobody reading, the write-ahead file begins anew.
    """
    busy, pages, _ = tables.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
    return bool(busy), int(pages)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    # The journal is the truth: the index need not survive a power cut, only a crash.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _own_version(path: Path) -> sqlite3.Connection:
    """Connect; an index of another version, or none at all, is removed, to be made again from the
    journal."""
    try:
        connection = _connect(path)
        if connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
            return connection
        connection.close()
    except sqlite3.DatabaseError as error:
        if not _is_worthless(error):
            raise
    _remove(path)
    connection = _connect(path)
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    return connection


def _is_worthless(error: sqlite3.DatabaseError | LookupError) -> bool:
    """Whether the disk failed or what is there contradicts itself; a node is missing, say."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in NO_ROOM:
        return False
    return isinstance(error, LookupError) or code & 0xFF in _WORTHLESS


def _remove(path: Path) -> None:
    """The database first: without it SQLite reads nothing of the others."""
    for name in (path.name, f"{path.name}-room", f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    sync_folder(path.parent)


def _last_time(batch: Batch) -> str | None:
    """Return what the batch's last receipt states as its time."""
    for placed in reversed(batch.placed):
        _, found, rest = getattr(placed.record, "receipt", b"").partition(b"\ntime ")
        if found:
            return rest.partition(b"\n")[0].decode("ascii")
    return None
