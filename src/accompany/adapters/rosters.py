"""Rosters as they were imported, each kept: the newest counts, an older night can be looked up."""

from collections.abc import Callable

from accompany.adapters.sqlite import Database
from accompany.dispatch.roster_csv import read_roster
from accompany.dispatch.runner import Desk
from accompany.dispatch.shifts import RosterShifts

_SCHEMA = """CREATE TABLE IF NOT EXISTS rosters
    (number INTEGER PRIMARY KEY, imported INTEGER, text TEXT)"""


class SqliteRosters:
    def __init__(self, database: Database) -> None:
        self._database = database
        database.do(_SCHEMA)

    def add(self, text: str, now: int) -> None:
        """Keep a roster; durable when this returns."""
        self._database.do("INSERT INTO rosters (imported, text) VALUES (?, ?)", now, text)

    def number(self) -> int:
        """Return which roster counts; 0 where none was imported."""
        row = self._database.row("SELECT max(number) FROM rosters")
        return row[0] if row and isinstance(row[0], int) else 0

    def before(self) -> str | None:
        """Return the text of the roster before the one that counts."""
        row = self._database.row("SELECT text FROM rosters ORDER BY number DESC LIMIT 1 OFFSET 1")
        return None if row is None else str(row[0])

    def newest(self) -> str | None:
        """Return the text of the roster that counts."""
        row = self._database.row("SELECT text FROM rosters ORDER BY number DESC LIMIT 1")
        return None if row is None else str(row[0])


class RosterWatch:
    """Follows the roster that was imported last; `accompany roster` writes beside the server."""

    def __init__(self, rosters: SqliteRosters, desk: Desk, now: Callable[[], int]) -> None:
        self._rosters, self._desk, self._now = rosters, desk, now
        self._number = 0

    def look(self) -> bool:
        """Follow a newer roster; return whether there is one."""
        number = self._rosters.number()
        text = self._rosters.newest() if number != self._number else None
        self._number = number
        if text is not None:
            self._desk.plan(RosterShifts(read_roster(text)), self._now())
        return text is not None
