"""The index of the journal, in SQLite: where things lie and what the log's tree looks like.

It follows the journal and can be made again from it: a batch is applied in one transaction with
the position reached, so that a crash in between repeats nothing and misses nothing. It holds no
sealed bytes, only where they lie. Not here: asking it (`lookups`), people and duty (`sqlite`).
"""

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

from accompany.adapters.lookups import NODE, Lookups, node_of
from accompany.adapters.scanning import Batch, Position
from accompany.adapters.sqlite import no_room_as_disk_full
from accompany.custody.ports import (
    Arrived,
    CardKept,
    CustodyKept,
    DeletedKept,
    ErasedKept,
    GrantKept,
    Kept,
    OpeningKept,
    PackageKept,
    PaddingKept,
    Record,
    StampKept,
    StatementKept,
)
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

_TABLES = "position leaves nodes recordings statements named stamps touched deleted".split()
_REMEMBERED = 100_000
_BACKSTOP = 32 * 1024
"""Pages in the write-ahead file at which a batch itself moves them into the index."""


class Index(Lookups):
    """Read from any thread, written by one; readers see whole batches only, at once."""

    def __init__(self, path: Path) -> None:
        self._write = _own_version(path)
        # What is deleted must not be read from the file's free pages.
        self._write.execute("PRAGMA secure_delete = ON")
        # `settle` is there to keep it from coming to this: the event loop would wait for the disk.
        self._write.execute(f"PRAGMA wal_autocheckpoint = {_BACKSTOP}")
        self._write.executescript(_SCHEMA)
        self._touched: set[tuple[str, int]] = set()
        self._here = _connect(path)
        self._elsewhere = _connect(path)
        self._home = threading.get_ident()
        self._turn = threading.Lock()

    def close(self) -> None:
        for connection in (self._here, self._elsewhere, self._write):
            connection.close()

    def _read(self, query: str, *values: str | int | bytes) -> list[tuple[Any, ...]]:
        """A query that overlaps another one on the same connection sees what that one saw, and so
        misses what was kept meanwhile: one query at a time, and the event loop's apart.
        """
        if threading.get_ident() == self._home:
            return self._here.execute(query, values).fetchall()
        with self._turn:
            return self._elsewhere.execute(query, values).fetchall()

    def forget(self) -> None:
        """Drop everything, to be made again from the journal."""
        with self._write as tables:
            for table in _TABLES:
                tables.execute(f"DELETE FROM {table}")
        self._touched.clear()

    def position(self) -> Position:
        row = self._write.execute("SELECT file, offset, batch, start FROM position").fetchone()
        return Position(*row) if row else Position()

    def size(self) -> int:
        row = self._write.execute("SELECT max(number) FROM leaves").fetchone()
        return 0 if row[0] is None else int(row[0]) + 1

    def last_time(self) -> int:
        """Return the time that the last receipt kept states; 0 where there is none."""
        row = self._write.execute("SELECT time FROM position").fetchone()
        return read_time(row[0]) if row and row[0] else 0

    def apply(self, batch: Batch) -> None:
        """Follow the journal by one batch; raise DiskFull, having done nothing, without room."""
        with no_room_as_disk_full(), self._write as tables:
            self._grow(tables, [one.record for one in batch.placed if isinstance(one.record, Kept)])
            for placed in batch.placed:
                self._touch(tables, getattr(placed.record, "recording", None), batch.file)
                _apply_record(tables, placed.record, batch.file, batch.base + placed.offset)
            end = batch.end
            tables.execute(
                "INSERT OR REPLACE INTO position VALUES "
                "(1, ?, ?, ?, ?, coalesce(?, (SELECT time FROM position)))",
                (end.file, end.offset, end.sequence, end.start, _last_time(batch)),
            )

    def _touch(self, tables: sqlite3.Connection, recording: str | None, file: int) -> None:
        """Remember that something of *recording* lies in *file*: what is erased is sought there."""
        if recording is None or (recording, file) in self._touched:
            return
        tables.execute("INSERT OR IGNORE INTO touched VALUES (?, ?)", (recording, file))
        if len(self._touched) >= _REMEMBERED:
            self._touched.clear()
        self._touched.add((recording, file))

    def _grow(self, tables: sqlite3.Connection, kept: list[Kept]) -> None:
        """Add the leaves of a batch, and every node that they complete."""
        made: dict[tuple[int, int], bytes] = {}

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
        nodes = [(level, number, made[level, number]) for level, number in sorted(made)]
        tables.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)

    def settle(self) -> None:
        """Move what the write-ahead file holds into the index, as far as nobody reads the old
        state. It waits for the disk: call it in a thread, every second or so. What fails is left
        to the next time."""
        with self._turn, contextlib.suppress(sqlite3.Error):
            self._elsewhere.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def flush(self) -> None:
        """Write what the write-ahead file holds into the index, and empty it.

        Raise OperationalError where somebody is reading the old state for long.
        """
        with self._turn:
            busy, *_ = self._elsewhere.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("the index is being read")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    # The journal is the truth: the index need not survive a power cut, only a crash.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _own_version(path: Path) -> sqlite3.Connection:
    """Connect; an index of another version is removed, to be made again from the journal."""
    connection = _connect(path)
    if connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
        return connection
    connection.close()
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    connection = _connect(path)
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    return connection


def _last_time(batch: Batch) -> str | None:
    """Return what the batch's last receipt states as its time."""
    for placed in reversed(batch.placed):
        _, found, rest = getattr(placed.record, "receipt", b"").partition(b"\ntime ")
        if found:
            return rest.partition(b"\n")[0].decode("ascii")
    return None


def _apply_record(tables: sqlite3.Connection, record: Record, file: int, offset: int) -> None:
    match record:
        case OpeningKept():
            tables.execute(
                "INSERT INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.recording,
                    record.note,
                    record.index,
                    record.receipt,
                    record.locator,
                    record.deletion,
                    record.encounter,
                    record.kind,
                ),
            )
        case StatementKept():
            place = (file, offset) if record.blob else (None, None)
            tables.execute(
                "INSERT INTO statements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.recording,
                    record.number,
                    record.note,
                    record.index,
                    record.receipt,
                    record.word,
                    record.sha256,
                    record.size,
                    *place,
                ),
            )
        case Arrived():
            tables.execute(
                "UPDATE statements SET receipt = ?, file = ?, offset = ? "
                "WHERE recording = ? AND number = ?",
                (record.receipt, file, offset, record.recording, record.number),
            )
        case GrantKept():
            _named(tables, "grant", record.recording, record.number, record.data, record)
        case CustodyKept():
            _named(tables, "custody", record.recording, record.line, record.data, record)
        case CardKept():
            _named(tables, "card", record.serial, 0, record.note, record)
        case PackageKept():
            _named(tables, "package", record.recording, record.index, record.note, record)
        case PaddingKept():
            pass
        case DeletedKept():
            _delete(tables, record)
        case ErasedKept():
            tables.execute("UPDATE deleted SET erased = 1 WHERE id = ?", (record.recording,))
        case StampKept():
            tables.execute(
                "INSERT INTO stamps VALUES (?, ?, ?, ?, ?, ?)",
                (
                    record.authority,
                    record.size,
                    record.index,
                    record.checkpoint,
                    record.token,
                    record.chain,
                ),
            )


def _named(
    tables: sqlite3.Connection, what: str, name: str, number: int, data: bytes, kept: Kept
) -> None:
    tables.execute(
        "INSERT INTO named VALUES (?, ?, ?, ?, ?, ?)",
        (what, name, number, data, kept.index, kept.receipt),
    )


def _delete(tables: sqlite3.Connection, record: DeletedKept) -> None:
    recording = (record.recording,)
    tables.execute("DELETE FROM recordings WHERE id = ?", recording)
    tables.execute("DELETE FROM statements WHERE recording = ?", recording)
    for what in ("grant", "custody", "package"):
        tables.execute("DELETE FROM named WHERE what = ? AND name = ?", (what, record.recording))
    tables.execute(
        "INSERT INTO deleted VALUES (?, ?, ?, ?, 0)",
        (record.recording, record.tombstone, record.index, record.receipt),
    )
