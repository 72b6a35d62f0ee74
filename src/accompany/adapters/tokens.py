"""Press tokens in SQLite, in drawers: no order of arrival is kept, and nothing of what went.

What came together would still lie together in the write-ahead log, and what was spent beside the
press that it was spent on: it is emptied after every batch and every token that is spent.
"""

from collections.abc import Sequence

from accompany.adapters.drawers import Drawers
from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database
from accompany.errors import Damaged


class SqliteTokens:
    """An `accounts.tokens.Pool`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tokens = Drawers(database, "token_drawers")
        self._marks = Drawers(database, "mark_drawers")
        self._forgotten = 0
        """The month before which nothing was left when it was looked."""
        _take_over(database, "tokens", self._tokens)
        _take_over(database, "admitted", self._marks)
        database.empty_old_log()

    def add(self, digests: Sequence[bytes], until: int) -> bool:
        try:
            with self._database.together():
                if not all(self._tokens.add(digest, until) for digest in digests):
                    raise _Known
        except _Known:
            return False
        self._database.empty_log()
        return True

    def spend(self, digest: bytes, mark: bytes, until: int) -> bool:
        with self._database.together():
            if not self._tokens.take(digest):
                return False
            self._marks.add(mark, until)
        self._database.empty_log()
        return True

    def has(self, digest: bytes, month: int) -> bool:
        until = self._tokens.until(digest)
        return until is not None and until >= month

    def marked(self, mark: bytes) -> bool:
        return self._marks.until(mark) is not None

    def count(self) -> int:
        return self._tokens.count()

    def forget_before(self, month: int) -> None:
        # Nothing comes in that ended already: once a month is enough.
        if month == self._forgotten:
            return
        with self._database.together():
            gone = self._tokens.forget_before(month) + self._marks.forget_before(month)
        self._forgotten = month
        if gone:
            self._database.empty_log()


class _Known(Exception):
    """One of a batch is there already: nothing of it is kept."""


def _take_over(database: Database, table: str, drawers: Drawers) -> None:
    """Move what a table of an earlier version holds: all of it, or nothing. SQLite clears every
    page of a table that goes, and with it what it had left there of rows that were deleted."""
    if not database.rows("SELECT 1 FROM sqlite_master WHERE name = ?", table):
        return
    with database.together():
        for digest, until in database.rows(f"SELECT * FROM {table}"):  # noqa: S608
            if not isinstance(digest, bytes):
                raise Damaged(f"the table {table} holds what nothing here writes")
            drawers.add(digest, read_int(until))
        database.do(f"DROP TABLE {table}")
