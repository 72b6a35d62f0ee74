"""Wishes for deletion and legal holds in SQLite; the command line writes here beside the server."""

from typing import Any

from accompany.adapters.sqlite import Database
from accompany.custody.deletion import Wish

_COLUMNS = "recording, asked, due, by, note, reason, withdrawn, back"


class SqliteWishes:
    """A `custody.deletion.Wishes`, and the holds. A hold counts however a wish came about."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.do(
            "CREATE TABLE IF NOT EXISTS deletions (recording TEXT PRIMARY KEY, asked INTEGER, "
            "due INTEGER, by TEXT, note BLOB, reason TEXT, withdrawn INTEGER, back BLOB) "
            "WITHOUT ROWID"
        )
        database.do(
            "CREATE TABLE IF NOT EXISTS holds (recording TEXT PRIMARY KEY, since INTEGER, "
            "reason TEXT) WITHOUT ROWID"
        )

    def ask(self, wish: Wish) -> bool:
        # The caller's note that took an earlier wish back stays: it refuses a repetition of that.
        statement = (
            "INSERT INTO deletions VALUES (?, ?, ?, ?, ?, ?, 0, NULL) ON CONFLICT DO UPDATE SET "
            "asked = excluded.asked, due = excluded.due, by = excluded.by, note = excluded.note, "
            "reason = excluded.reason, withdrawn = 0 WHERE withdrawn > 0"
        )
        values = (wish.asked, wish.due, wish.by, wish.note, wish.reason)
        return self._database.do(statement, wish.recording, *values) == 1

    def withdraw(self, recording: str, now: int, note: bytes | None = None) -> bool:
        statement = (
            "UPDATE deletions SET withdrawn = ?, back = coalesce(?, back) "
            "WHERE recording = ? AND withdrawn = 0"
        )
        return self._database.do(statement, now, note, recording) == 1

    def find(self, recording: str) -> Wish | None:
        rows = self._wishes("recording = ?", recording)
        return rows[0] if rows else None

    def due(self, now: int) -> list[Wish]:
        return self._wishes(
            "withdrawn = 0 AND due <= ? AND recording NOT IN (SELECT recording FROM holds)", now
        )

    def waiting(self) -> list[Wish]:
        return self._wishes("withdrawn = 0")

    def done(self, recording: str) -> None:
        self._database.do("DELETE FROM deletions WHERE recording = ?", recording)

    def held(self, recording: str) -> bool:
        statement = "SELECT 1 FROM holds WHERE recording = ?"
        return self._database.row(statement, recording) is not None

    def hold(self, recording: str, now: int, reason: str) -> bool:
        """Keep it whatever is wished; False where that is so already."""
        statement = "INSERT OR IGNORE INTO holds VALUES (?, ?, ?)"
        return self._database.do(statement, recording, now, reason) == 1

    def lift(self, recording: str) -> bool:
        """End the hold; False where there is none."""
        return self._database.do("DELETE FROM holds WHERE recording = ?", recording) == 1

    def holds(self) -> list[tuple[str, int, str]]:
        rows: Any = self._database.rows("SELECT recording, since, reason FROM holds ORDER BY since")
        return [(str(recording), int(since), str(reason)) for recording, since, reason in rows]

    def _wishes(self, where: str, *values: object) -> list[Wish]:
        query = f"SELECT {_COLUMNS} FROM deletions WHERE {where} ORDER BY due"  # noqa: S608
        rows: Any = self._database.rows(query, *values)
        return [Wish(*row) for row in rows]
