"""The index of the journal, in SQLite: where things lie and what the log's tree looks like.

It follows the journal and can be made again from it: a batch is applied in one transaction with
the position reached, so that a crash in between repeats nothing and misses nothing. It holds no
sealed bytes, only where they lie. Not here: people and duty (`sqlite`).
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from accompany.adapters.frames import Placed
from accompany.adapters.journal import Batch, Position
from accompany.custody.ports import (
    Arrived,
    CardKept,
    CustodyKept,
    GrantKept,
    Kept,
    NamedRow,
    OpeningKept,
    PackageKept,
    PaddingKept,
    Record,
    RecordingRow,
    StatementKept,
    StatementRow,
)
from accompany.evidence.merkle import grown, leaf_hash
from accompany.ids import RecordingId

_SCHEMA = """
CREATE TABLE IF NOT EXISTS position (one INTEGER PRIMARY KEY CHECK (one = 1), file, offset, batch);
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
CREATE TABLE IF NOT EXISTS named (what TEXT, name TEXT, number INTEGER, data BLOB NOT NULL,
    leaf INTEGER, receipt BLOB NOT NULL, PRIMARY KEY (what, name, number)) WITHOUT ROWID;
"""


class Index:
    """One writer thread and one reader connection; readers see whole batches only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write = _connect(path)
        self._write.executescript(_SCHEMA)
        self._read = _connect(path)

    def close(self) -> None:
        self._read.close()
        self._write.close()

    def forget(self) -> None:
        """Drop everything, to be made again from the journal."""
        with self._write as tables:
            for table in ("position", "leaves", "nodes", "recordings", "statements", "named"):
                tables.execute(f"DELETE FROM {table}")

    def position(self) -> Position:
        row = self._write.execute("SELECT file, offset, batch FROM position").fetchone()
        return Position(*row) if row else Position()

    def size(self) -> int:
        row = self._write.execute("SELECT max(number) FROM leaves").fetchone()
        return 0 if row[0] is None else int(row[0]) + 1

    def apply(self, batch: Batch) -> None:
        """Follow the journal by one batch."""
        with self._write as tables:
            for placed in batch.placed:
                self._apply(tables, batch, placed)
            end = batch.end
            tables.execute(
                "INSERT OR REPLACE INTO position VALUES (1, ?, ?, ?)",
                (end.file, end.offset, end.sequence),
            )

    def _apply(self, tables: sqlite3.Connection, batch: Batch, placed: Placed) -> None:
        record = placed.record
        if isinstance(record, Kept):
            self._grow(tables, record)
        _apply_record(tables, record, batch.file, batch.base + placed.offset)

    def _grow(self, tables: sqlite3.Connection, record: Kept) -> None:
        data = bytes(record.entry)
        tables.execute("INSERT INTO leaves VALUES (?, ?)", (record.index, data))
        new = grown(record.index, leaf_hash(data), lambda level, n: _node(tables, level, n))
        tables.executemany("INSERT INTO nodes VALUES (?, ?, ?)", new)

    # What follows reads on the other connection: only committed batches are seen.

    def node(self, level: int, number: int) -> bytes:
        return _node(self._read, level, number)

    def tile(self, level: int, number: int, width: int) -> bytes:
        first = number * 256
        rows = self._read.execute(
            "SELECT hash FROM nodes WHERE level = ? AND number >= ? AND number < ? ORDER BY number",
            (level * 8, first, first + width),
        )
        return b"".join(row[0] for row in rows)

    def entries(self, first: int, count: int) -> bytes:
        rows = self._read.execute(
            "SELECT entry FROM leaves WHERE number >= ? AND number < ? ORDER BY number",
            (first, first + count),
        )
        return b"".join(row[0] for row in rows)

    def recordings(self, column: str, value: str | bytes) -> list[RecordingRow]:
        rows = self._read.execute(
            "SELECT id, note, leaf, receipt, locator, encounter, kind FROM recordings "
            f"WHERE {column} = ? ORDER BY leaf",
            (value,),
        )
        return [RecordingRow(RecordingId(row[0]), *row[1:]) for row in rows]

    def statement(self, recording: str, number: int) -> StatementRow | None:
        return next(self._statements("recording = ? AND number = ?", recording, number), None)

    def last_statement(self, recording: str) -> StatementRow | None:
        where = "recording = ? ORDER BY number DESC LIMIT 1"
        return next(self._statements(where, recording), None)

    def statements(self, recording: str) -> Iterator[StatementRow]:
        return self._statements("recording = ? ORDER BY number", recording)

    def _statements(self, where: str, *values: str | int) -> Iterator[StatementRow]:
        rows = self._read.execute(
            "SELECT number, note, leaf, receipt, word, sha256, size, file IS NOT NULL "
            f"FROM statements WHERE {where}",
            values,
        ).fetchall()
        return (StatementRow(*row) for row in rows)

    def place(self, recording: str, number: int) -> tuple[int, int, int] | None:
        """Return (file, offset, size) of a segment's bytes, where they are here."""
        row = self._read.execute(
            "SELECT file, offset, size FROM statements WHERE recording = ? AND number = ? "
            "AND file IS NOT NULL",
            (recording, number),
        ).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def segment_hashes(self, recording: str) -> list[bytes]:
        rows = self._read.execute(
            "SELECT sha256 FROM statements WHERE recording = ? AND sha256 IS NOT NULL", (recording,)
        )
        return [row[0] for row in rows]

    def missing(self, recording: str) -> list[int]:
        rows = self._read.execute(
            "SELECT number FROM statements WHERE recording = ? AND word = 'segment' "
            "AND file IS NULL ORDER BY number",
            (recording,),
        )
        return [row[0] for row in rows]

    def named(self, what: str, name: str) -> list[NamedRow]:
        rows = self._read.execute(
            "SELECT number, data, leaf, receipt FROM named WHERE what = ? AND name = ? "
            "ORDER BY number",
            (what, name),
        )
        return [NamedRow(*row) for row in rows]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    # The journal is the truth: the index need not survive a power cut, only a crash.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _node(tables: sqlite3.Connection, level: int, number: int) -> bytes:
    row = tables.execute(
        "SELECT hash FROM nodes WHERE level = ? AND number = ?", (level, number)
    ).fetchone()
    if row is None:
        raise LookupError(f"the tree has no node {level}/{number}")
    return bytes(row[0])


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


def _named(
    tables: sqlite3.Connection, what: str, name: str, number: int, data: bytes, kept: Kept
) -> None:
    tables.execute(
        "INSERT INTO named VALUES (?, ?, ?, ?, ?, ?)",
        (what, name, number, data, kept.index, kept.receipt),
    )
