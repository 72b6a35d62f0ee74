"""Attorneys' sealed papers in SQLite: age files that nothing here can open."""

from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database
from accompany.dispatch.papers import Paper
from accompany.errors import Damaged
from accompany.ids import CardSerial, EncounterId

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS papers (about TEXT, holder TEXT, author TEXT, time INTEGER, "
    "sealed BLOB, PRIMARY KEY (about, holder, author)) WITHOUT ROWID"
)


class SqlitePapers:
    """A `dispatch.papers.Papers`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.do(_SCHEMA)

    def put(self, paper: Paper) -> None:
        statement = "INSERT OR REPLACE INTO papers VALUES (?, ?, ?, ?, ?)"
        one = paper
        self._database.do(statement, one.about, one.holder, one.author, one.time, one.sealed)

    def of(self, about: EncounterId, holder: CardSerial) -> list[Paper]:
        statement = (
            "SELECT author, time, sealed FROM papers WHERE about = ? AND holder = ? "
            "ORDER BY time, author"
        )
        found = []
        for author, time, sealed in self._database.rows(statement, about, holder):
            if not isinstance(sealed, bytes):
                raise Damaged("a paper is kept in a form that nothing here writes")
            found.append(Paper(about, holder, CardSerial(str(author)), read_int(time), sealed))
        return found

    def authors(self, about: EncounterId) -> set[CardSerial]:
        rows = self._database.rows("SELECT DISTINCT author FROM papers WHERE about = ?", about)
        return {CardSerial(str(author)) for (author,) in rows}

    def remove(self, about: EncounterId, author: CardSerial) -> None:
        self._database.do("DELETE FROM papers WHERE about = ? AND author = ?", about, author)
