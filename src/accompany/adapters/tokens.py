"""Press tokens in SQLite: two tables keyed by digest, so that no order of arrival is kept.

What came together would still lie together in the write-ahead log, and what was spent beside the
press that it was spent on: it is emptied after every batch and every token that is spent.
"""

from collections.abc import Sequence

from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS tokens (digest BLOB PRIMARY KEY, until INTEGER NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS admitted (mark BLOB PRIMARY KEY, until INTEGER NOT NULL) "
    "WITHOUT ROWID",
)


class SqliteTokens:
    """An `accounts.tokens.Pool`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)
        database.empty_old_log()

    def add(self, digests: Sequence[bytes], until: int) -> bool:
        statement = "INSERT OR IGNORE INTO tokens VALUES (?, ?)"
        database = self._database
        try:
            with database.together():
                for digest in digests:
                    if database.do(statement, digest, until) != 1:
                        raise _Known
        except _Known:
            return False
        database.empty_log()
        return True

    def spend(self, digest: bytes, mark: bytes, until: int) -> bool:
        with self._database.together():
            if self._database.do("DELETE FROM tokens WHERE digest = ?", digest) != 1:
                return False
            self._database.do("INSERT OR IGNORE INTO admitted VALUES (?, ?)", mark, until)
        self._database.empty_log()
        return True

    def has(self, digest: bytes, month: int) -> bool:
        statement = "SELECT 1 FROM tokens WHERE digest = ? AND until >= ?"
        return self._database.row(statement, digest, month) is not None

    def marked(self, mark: bytes) -> bool:
        return self._database.row("SELECT 1 FROM admitted WHERE mark = ?", mark) is not None

    def count(self) -> int:
        row = self._database.row("SELECT count(*) FROM tokens")
        return read_int(row[0]) if row else 0

    def forget_before(self, month: int) -> None:
        self._database.do("DELETE FROM tokens WHERE until < ?", month)
        self._database.do("DELETE FROM admitted WHERE until < ?", month)


class _Known(Exception):
    """One of a batch is there already: nothing of it is kept."""
