"""Tellings in SQLite: whose encounter, until when, how many contacts, and what became of each.

No address, no word, no sealed contact is ever written here, and no digest of one: the same sealed
contact comes with each press of one caller, so that a digest would link them.
"""

from collections.abc import Sequence
from typing import get_args

from accompany.adapters.sqlite import Database
from accompany.errors import Damaged
from accompany.ids import EncounterId
from accompany.telling.contacts import Word
from accompany.telling.course import Event, Failed, Missed, Safe, Telling, Told

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS tellings (digest BLOB PRIMARY KEY, encounter TEXT UNIQUE, "
    "begun INTEGER, due INTEGER, contacts INTEGER) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS telling_events (digest BLOB, number INTEGER, kind TEXT, "
    "word TEXT, contact INTEGER, time INTEGER, PRIMARY KEY (digest, number)) WITHOUT ROWID",
)
_COLUMNS = "digest, encounter, begun, due, contacts"


class SqliteTellings:
    """A `telling.ports.Kept`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)

    def begin(self, telling: Telling) -> bool:
        statement = "INSERT OR IGNORE INTO tellings VALUES (?, ?, ?, ?, ?)"
        values = (telling.encounter, telling.begun, telling.due, telling.contacts)
        return self._database.do(statement, telling.digest, *values) == 1

    def find(self, digest: bytes) -> Telling | None:
        return self._one("digest", digest)

    def of(self, encounter: EncounterId) -> Telling | None:
        return self._one("encounter", encounter)

    def _one(self, column: str, value: object) -> Telling | None:
        statement = f"SELECT {_COLUMNS} FROM tellings WHERE {column} = ?"  # noqa: S608
        row = self._database.row(statement, value)
        return None if row is None else _read_telling(row)

    def all(self) -> list[Telling]:
        statement = f"SELECT {_COLUMNS} FROM tellings ORDER BY begun"  # noqa: S608
        return [_read_telling(row) for row in self._database.rows(statement)]

    def events(self, digest: bytes) -> Sequence[Event]:
        statement = (
            "SELECT kind, word, contact, time FROM telling_events WHERE digest = ? ORDER BY number"
        )
        return [_read_event(row) for row in self._database.rows(statement, digest)]

    def append(self, digest: bytes, number: int, event: Event) -> bool:
        statement = "INSERT OR IGNORE INTO telling_events VALUES (?, ?, ?, ?, ?, ?)"
        return self._database.do(statement, digest, number, *_write_event(event)) == 1

    def forget(self, digest: bytes) -> None:
        with self._database.together():
            self._database.do("DELETE FROM telling_events WHERE digest = ?", digest)
            self._database.do("DELETE FROM tellings WHERE digest = ?", digest)
        # How many contacts somebody has tells presses of theirs apart: not even there any more.
        self._database.empty_log()


def _read_telling(row: tuple[object, ...]) -> Telling:
    match row:
        case (bytes(digest), str(encounter), int(begun), int() | None as due, int(contacts)):
            return Telling(digest, EncounterId(encounter), begun, due, contacts)
        case _:
            raise Damaged("a telling is kept in a form that nothing here writes")


def _write_event(event: Event) -> tuple[str, str, int, int]:
    match event:
        case Told(word, contact, time):
            return "told", word, contact, time
        case Failed(word, contact, time):
            return "failed", word, contact, time
        case Safe(time):
            return "safe", "", 0, time
        case Missed(time):
            return "missed", "", 0, time


def _read_event(row: tuple[object, ...]) -> Event:
    match row:
        case ("told" | "failed" as kind, str(word), int(contact), int(time)):
            return (Told if kind == "told" else Failed)(_word(word), contact, time)
        case ("safe", _, _, int(time)):
            return Safe(time)
        case ("missed", _, _, int(time)):
            return Missed(time)
        case _:
            raise Damaged("an event of a telling is kept that nothing here writes")


def _word(text: str) -> Word:
    for word in get_args(Word):
        if word == text:
            return word  # type: ignore[no-any-return]
    raise Damaged(f"a telling has a message {text[:20]!r}, which nothing here writes")
