"""Releases in SQLite: what is withheld is written over when it goes (`secure_delete`)."""

from collections.abc import Sequence

from accompany.adapters.sqlite import Database
from accompany.errors import Damaged
from accompany.ids import EncounterId, RecordingId
from accompany.telling.release import Release, Withheld

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS releases (check_in BLOB PRIMARY KEY, encounter TEXT UNIQUE, "
    "pass BLOB UNIQUE, given INTEGER, ended INTEGER) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS withheld (check_in BLOB, recording TEXT, data BLOB, note BLOB, "
    "PRIMARY KEY (check_in, recording)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS releases_waiting ON releases (check_in) "
    "WHERE given IS NULL AND ended IS NULL",
)
_COLUMNS = "check_in, encounter, pass, given, ended"
PENDING = (
    f"SELECT {_COLUMNS} FROM releases WHERE given IS NULL AND ended IS NULL "  # noqa: S608
    f"UNION SELECT {_COLUMNS} FROM releases WHERE check_in IN (SELECT check_in FROM withheld)"
)


class SqliteReleases:
    """A `telling.release.Releases`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)

    def begin(self, release: Release) -> bool:
        statement = "INSERT OR IGNORE INTO releases VALUES (?, ?, ?, NULL, NULL)"
        values = (release.check_in, release.encounter, release.pass_)
        return self._database.do(statement, *values) == 1

    def of(self, check_in: bytes) -> Release | None:
        return self._one("check_in", check_in)

    def of_encounter(self, encounter: EncounterId) -> Release | None:
        return self._one("encounter", encounter)

    def by_pass(self, digest: bytes) -> Release | None:
        return self._one("pass", digest)

    def _one(self, column: str, value: object) -> Release | None:
        statement = f"SELECT {_COLUMNS} FROM releases WHERE {column} = ?"  # noqa: S608
        row = self._database.row(statement, value)
        return None if row is None else _read(row)

    def all(self) -> list[Release]:
        return [_read(row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM releases")]  # noqa: S608

    def pending(self) -> list[Release]:
        return [_read(row) for row in self._database.rows(PENDING)]

    def withhold(self, check_in: bytes, withheld: Withheld) -> None:
        statement = "INSERT OR IGNORE INTO withheld VALUES (?, ?, ?, ?)"
        values = (withheld.recording, withheld.grant, withheld.note)
        self._database.do(statement, check_in, *values)

    def withheld(self, check_in: bytes) -> Sequence[Withheld]:
        statement = "SELECT recording, data, note FROM withheld WHERE check_in = ?"
        return [
            Withheld(RecordingId(str(recording)), data, note)
            for recording, data, note in self._database.rows(statement, check_in)
            if isinstance(data, bytes) and isinstance(note, bytes)
        ]

    def drop(self, check_in: bytes, recording: RecordingId) -> None:
        statement = "DELETE FROM withheld WHERE check_in = ? AND recording = ?"
        self._database.do(statement, check_in, recording)

    def give(self, check_in: bytes, now: int) -> bool:
        statement = (
            "UPDATE releases SET given = ? WHERE check_in = ? AND given IS NULL AND ended IS NULL"
        )
        return self._database.do(statement, now, check_in) == 1

    def end(self, check_in: bytes, now: int) -> None:
        with self._database.together():
            self._database.do(
                "UPDATE releases SET ended = ? WHERE check_in = ? AND ended IS NULL", now, check_in
            )
            self._database.do("DELETE FROM withheld WHERE check_in = ?", check_in)
        # Else the grants lie in the write-ahead log until somebody writes much.
        self._database.empty_log()

    def forget(self, check_in: bytes) -> None:
        with self._database.together():
            self._database.do("DELETE FROM withheld WHERE check_in = ?", check_in)
            self._database.do("DELETE FROM releases WHERE check_in = ?", check_in)
        self._database.empty_log()


def _read(row: tuple[object, ...]) -> Release:
    match row:
        case (
            bytes(check_in),
            str(encounter),
            bytes(pass_),
            int() | None as given,
            int() | None as ended,
        ):
            return Release(check_in, EncounterId(encounter), pass_, given, ended)
        case _:
            raise Damaged("a release is kept in a form that nothing here writes")
