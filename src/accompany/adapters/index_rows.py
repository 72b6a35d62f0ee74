"""The rows of the index: what each record of the journal becomes in its tables.

Inside a transaction of whoever calls. Not here: which batch is applied when (`index`), asking
(`lookups`).
"""

import sqlite3
from typing import Any

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
    RevokedKept,
    StampKept,
    StatementKept,
)


def apply_record(tables: sqlite3.Connection, record: Record, file: int, offset: int) -> None:
    """Write what is no statement: those go in by `add_statements`, many at once."""
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
        case RevokedKept():
            _named(tables, "revocation", record.serial, 0, record.note, record)
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


def statement_row(record: StatementKept, file: int, offset: int) -> tuple[Any, ...]:
    return (
        record.recording, record.number, record.note, record.index, record.receipt, record.word,
        record.sha256, record.size, *((file, offset) if record.blob else (None, None)),
    )  # fmt: skip


def add_statements(tables: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    """Add *rows*, and empty it."""
    tables.executemany("INSERT INTO statements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    rows.clear()


def _named(
    tables: sqlite3.Connection, what: str, name: str, number: int, data: bytes, kept: Kept
) -> None:
    tables.execute(
        "INSERT INTO named VALUES (?, ?, ?, ?, ?, ?)",
        (what, name, number, data, kept.index, kept.receipt),
    )


def drop(tables: sqlite3.Connection, recording: str) -> None:
    tables.execute("DELETE FROM recordings WHERE id = ?", (recording,))
    tables.execute("DELETE FROM statements WHERE recording = ?", (recording,))
    for what in ("grant", "custody", "package"):
        tables.execute("DELETE FROM named WHERE what = ? AND name = ?", (what, recording))


def _delete(tables: sqlite3.Connection, record: DeletedKept) -> None:
    drop(tables, record.recording)
    tables.execute(
        "INSERT INTO deleted VALUES (?, ?, ?, ?, 0)",
        (record.recording, record.tombstone, record.index, record.receipt),
    )
