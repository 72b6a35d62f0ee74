"""Callers' sealed numbers in SQLite: age files that nothing here can open, by encounter."""

from accompany.adapters.sqlite import Database
from accompany.dispatch.numbers import SealedNumber
from accompany.errors import Damaged
from accompany.ids import CardSerial, EncounterId

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS callback_numbers (encounter TEXT, holder TEXT, sealed BLOB, "
    "PRIMARY KEY (encounter, holder)) WITHOUT ROWID"
)
_INSERT = "INSERT OR REPLACE INTO callback_numbers VALUES (?, ?, ?)"
_DELETE = "DELETE FROM callback_numbers WHERE encounter = ?"


class SqliteNumbers:
    """A `dispatch.numbers.Numbers`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.do(_SCHEMA)
        rows = database.rows("SELECT DISTINCT encounter FROM callback_numbers")
        self._left = frozenset(EncounterId(str(encounter)) for (encounter,) in rows)
        database.empty_old_log()

    def put(self, copies: list[SealedNumber]) -> None:
        with self._database.together():
            for encounter in {one.encounter for one in copies}:
                self._database.do(_DELETE, encounter)
            for one in copies:
                self._database.do(_INSERT, one.encounter, one.holder, one.sealed)
        # What was there before lies in the log until then.
        self._database.empty_log()
        self._left |= {one.encounter for one in copies}

    def give(self, copy: SealedNumber) -> None:
        self._database.do(_INSERT, copy.encounter, copy.holder, copy.sealed)
        self._left |= {copy.encounter}

    def of(self, encounter: EncounterId) -> dict[CardSerial, bytes]:
        statement = "SELECT holder, sealed FROM callback_numbers WHERE encounter = ?"
        found = {}
        for holder, sealed in self._database.rows(statement, encounter):
            if not isinstance(sealed, bytes):
                raise Damaged("a callback number is kept in a form that nothing here writes")
            found[CardSerial(str(holder))] = sealed
        return found

    def left(self) -> frozenset[EncounterId]:
        return self._left

    def forget(self, encounter: EncounterId) -> bool:
        there = self._database.do(_DELETE, encounter) > 0
        self._left -= {encounter}
        if there:
            self._database.empty_log()
        return there
