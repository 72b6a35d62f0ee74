"""Auditors' tokens in SQLite; the command line writes here while the server runs."""

from accompany.accounts.auditors import Auditor
from accompany.adapters.sqlite import Database


class SqliteAuditors:
    """An `accounts.auditors.Auditors`. A name may be given again once it is revoked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.do(
            "CREATE TABLE IF NOT EXISTS auditors (digest BLOB PRIMARY KEY, name TEXT NOT NULL, "
            "made INTEGER NOT NULL, revoked INTEGER NOT NULL) WITHOUT ROWID"
        )
        database.do(
            "CREATE UNIQUE INDEX IF NOT EXISTS good_auditors ON auditors (name) WHERE revoked = 0"
        )

    def add(self, name: str, digest: bytes, now: int) -> bool:
        statement = "INSERT OR IGNORE INTO auditors VALUES (?, ?, ?, 0)"
        return self._database.do(statement, digest, name, now) == 1

    def revoke(self, name: str, now: int) -> bool:
        statement = "UPDATE auditors SET revoked = ? WHERE name = ? AND revoked = 0"
        return self._database.do(statement, now, name) > 0

    def holds(self, digest: bytes) -> bool:
        statement = "SELECT 1 FROM auditors WHERE digest = ? AND revoked = 0"
        return self._database.row(statement, digest) is not None

    def all(self) -> list[Auditor]:
        rows = self._database.rows("SELECT name, made, revoked FROM auditors ORDER BY made, name")
        return [Auditor(str(name), int(str(made)), int(str(gone))) for name, made, gone in rows]
