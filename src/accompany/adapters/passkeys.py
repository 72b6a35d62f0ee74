"""Passkeys and recovery sheets in SQLite: public keys, and keys sealed for a browser to open."""

from accompany.accounts.passkeys import Passkey
from accompany.accounts.recovery import Recovery
from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database
from accompany.errors import Damaged
from accompany.ids import PersonId

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS passkeys (id BLOB PRIMARY KEY, person TEXT NOT NULL, "
    "site TEXT NOT NULL, key BLOB NOT NULL, count INTEGER NOT NULL, name TEXT NOT NULL, "
    "made INTEGER NOT NULL, used INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS passkeys_person ON passkeys (person)",
    "CREATE TABLE IF NOT EXISTS recoveries (person TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "
    "sealed BLOB NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID",
)
_COLUMNS = "id, person, site, key, count, name, made, used, sealed"


class SqlitePasskeys:
    """An `accounts.passkeys.KeptPasskeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)

    def add(self, passkey: Passkey) -> bool:
        one = passkey
        values = (one.id, one.person, one.site, one.key, one.count, one.name, one.made, one.used)
        statement = "INSERT OR IGNORE INTO passkeys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        return self._database.do(statement, *values, one.sealed) == 1

    def find(self, id_: bytes) -> Passkey | None:
        row = self._database.row(f"SELECT {_COLUMNS} FROM passkeys WHERE id = ?", id_)  # noqa: S608
        return None if row is None else _read(row)

    def of(self, person: str) -> list[Passkey]:
        statement = f"SELECT {_COLUMNS} FROM passkeys WHERE person = ? ORDER BY made"  # noqa: S608
        return [_read(row) for row in self._database.rows(statement, person)]

    def use(self, id_: bytes, count: int, now: int) -> None:
        statement = "UPDATE passkeys SET count = ?, used = ? WHERE id = ?"
        self._database.do(statement, count, now, id_)

    def remove(self, person: str, id_: bytes) -> bool:
        statement = "DELETE FROM passkeys WHERE person = ? AND id = ?"
        return self._database.do(statement, person, id_) == 1

    # Recovery sheets: an `accounts.recovery.KeptRecoveries`.

    def put_recovery(self, recovery: Recovery) -> None:
        one = recovery
        statement = "INSERT OR REPLACE INTO recoveries VALUES (?, ?, ?, ?)"
        self._database.do(statement, one.person, one.digest, one.sealed, one.made)

    def recovery(self, digest: bytes) -> Recovery | None:
        return self._recovery("digest", digest)

    def recovery_of(self, person: str) -> Recovery | None:
        return self._recovery("person", person)

    def _recovery(self, column: str, value: object) -> Recovery | None:
        statement = f"SELECT person, digest, sealed, made FROM recoveries WHERE {column} = ?"  # noqa: S608
        match self._database.row(statement, value):
            case None:
                return None
            case (str(person), bytes(digest), bytes(sealed), int(made)):
                return Recovery(PersonId(person), digest, sealed, made)
            case _:
                raise Damaged("a recovery is kept in a form that nothing here writes")

    def forget(self, person: str) -> None:
        """Drop everything somebody could come in by again."""
        with self._database.together():
            for table in ("passkeys", "recoveries"):
                self._database.do(f"DELETE FROM {table} WHERE person = ?", person)  # noqa: S608


def _read(row: tuple[object, ...]) -> Passkey:
    match row:
        case (
            bytes(id_),
            str(person),
            str(site),
            bytes(key),
            count,
            str(name),
            made,
            used,
            bytes(sealed),
        ):
            numbers = (read_int(made), read_int(used))
            return Passkey(
                id_, PersonId(person), site, key, read_int(count), name, *numbers, sealed
            )
        case _:
            raise Damaged("a passkey is kept in a form that nothing here writes")
