"""Passes in SQLite, keyed by digest: no order in which they were given."""

from accompany.accounts.passes import Pass
from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database


class SqlitePasses:
    """An `accounts.passes.Passes`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.do(
            "CREATE TABLE IF NOT EXISTS passes (digest BLOB PRIMARY KEY, recording TEXT NOT NULL, "
            "until INTEGER NOT NULL) WITHOUT ROWID"
        )

    def add(self, given: Pass) -> None:
        statement = "INSERT OR IGNORE INTO passes VALUES (?, ?, ?)"
        self._database.do(statement, given.digest, given.recording, given.until)

    def find(self, digest: bytes) -> Pass | None:
        statement = "SELECT recording, until FROM passes WHERE digest = ?"
        row = self._database.row(statement, digest)
        return None if row is None else Pass(digest, str(row[0]), read_int(row[1]))

    def of(self, recording: str) -> list[Pass]:
        statement = "SELECT digest, until FROM passes WHERE recording = ? ORDER BY until, digest"
        rows = self._database.rows(statement, recording)
        return [
            Pass(digest, recording, read_int(until))
            for digest, until in rows
            if isinstance(digest, bytes)
        ]

    def remove(self, recording: str, digest: bytes) -> bool:
        statement = "DELETE FROM passes WHERE recording = ? AND digest = ?"
        return self._database.do(statement, recording, digest) == 1
