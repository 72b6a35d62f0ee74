"""The organization's people in SQLite: codes, invitations, who belongs, sessions.

Secrets are here as SHA-256 only. The command line writes here while the server runs.
"""

from collections.abc import Sequence
from typing import get_args

from accompany.accounts.people import GuestCode, Invitation, Person, Session
from accompany.accounts.rights import PersonRole
from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database
from accompany.errors import Damaged
from accompany.ids import PersonId

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS codes (digest BLOB PRIMARY KEY, name TEXT NOT NULL DEFAULT '', "
    "made INTEGER NOT NULL DEFAULT 0, ends INTEGER NOT NULL DEFAULT 0, "
    "a_minute INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS invites (digest BLOB PRIMARY KEY, role TEXT NOT NULL, "
    "made INTEGER NOT NULL, until INTEGER NOT NULL, maker TEXT NOT NULL, name TEXT NOT NULL, "
    "used INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS people (id TEXT PRIMARY KEY, role TEXT NOT NULL, "
    "name TEXT NOT NULL, made INTEGER NOT NULL, key BLOB NOT NULL, removed INTEGER NOT NULL, "
    "lost INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS signed_in (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "digest BLOB NOT NULL UNIQUE, person TEXT NOT NULL, made INTEGER NOT NULL, "
    "seen INTEGER NOT NULL, until INTEGER NOT NULL, verified INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX IF NOT EXISTS signed_in_person ON signed_in (person)",
    # From before invitations had a role: a good one is made at the next start, sessions begin anew.
    "DROP TABLE IF EXISTS invitations",
    "DROP TABLE IF EXISTS sessions",
)
_SESSION = "number, person, signed_in.made, seen, until, verified"
_CODE = "name, made, ends, a_minute"
_INVITATION = "role, made, until, maker, name, used"
_PERSON = "id, role, name, made, key, removed, lost"


class SqlitePeople:
    """An `accounts.people.People`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)
        self._add_columns_to_codes()
        for table, column in (("signed_in", "verified"), ("people", "lost")):
            columns = [row[1] for row in database.rows(f"PRAGMA table_info({table})")]
            if column not in columns:
                database.do(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")

    def _add_columns_to_codes(self) -> None:
        """Codes had no name and no limit once."""
        known = [row[1] for row in self._database.rows("PRAGMA table_info(codes)")]
        kinds = {"name": "TEXT NOT NULL DEFAULT ''"}
        for column in _CODE.split(", "):
            if column not in known:
                kind = kinds.get(column, "INTEGER NOT NULL DEFAULT 0")
                self._database.do(f"ALTER TABLE codes ADD COLUMN {column} {kind}")

    # Guest codes.

    def add_code(self, digest: bytes, code: GuestCode = GuestCode()) -> None:  # noqa: B008
        values = (code.name, code.made, code.ends, code.a_minute)
        self._database.do("INSERT OR IGNORE INTO codes VALUES (?, ?, ?, ?, ?)", digest, *values)

    def code(self, digest: bytes) -> GuestCode | None:
        row = self._database.row(f"SELECT {_CODE} FROM codes WHERE digest = ?", digest)  # noqa: S608
        return None if row is None else _read_code(row)

    def codes(self) -> list[tuple[bytes, GuestCode]]:
        statement = f"SELECT digest, {_CODE} FROM codes ORDER BY made, name, digest"  # noqa: S608
        rows = self._database.rows(statement)
        return [(digest, _read_code(row)) for digest, *row in rows if isinstance(digest, bytes)]

    def change_code(self, digest: bytes, code: GuestCode) -> None:
        statement = "UPDATE codes SET name = ?, made = ?, ends = ?, a_minute = ? WHERE digest = ?"
        self._database.do(statement, code.name, code.made, code.ends, code.a_minute, digest)

    # Invitations.

    def add_invitation(self, digest: bytes, invitation: Invitation) -> None:
        one = invitation
        values = (digest, one.role, one.made, one.until, one.by, one.name, int(one.used))
        self._database.do("INSERT INTO invites VALUES (?, ?, ?, ?, ?, ?, ?)", *values)

    def invitation(self, digest: bytes) -> Invitation | None:
        statement = f"SELECT {_INVITATION} FROM invites WHERE digest = ?"  # noqa: S608
        row = self._database.row(statement, digest)
        return None if row is None else _read_invitation(row)

    def invitations(self, now: int) -> list[tuple[bytes, Invitation]]:
        statement = (
            f"SELECT digest, {_INVITATION} FROM invites "  # noqa: S608
            "WHERE used = 0 AND until > ? ORDER BY made DESC, digest"
        )
        rows = self._database.rows(statement, now)
        return [(bytes(row[0]), _read_invitation(row[1:])) for row in rows]  # type: ignore[call-overload]

    def drop_invitation(self, digest: bytes) -> bool:
        statement = "DELETE FROM invites WHERE digest = ? AND used = 0"
        return self._database.do(statement, digest) == 1

    def use_invitation(self, digest: bytes, now: int, person: Person) -> bool:
        statement = "UPDATE invites SET used = 1 WHERE digest = ? AND used = 0 AND until > ?"
        with self._database.together():
            used = self._database.do(statement, digest, now) == 1
            return used and self.add_person(person)

    # Who belongs.

    def add_person(self, person: Person) -> bool:
        one = person
        values = (one.id, one.role, one.name, one.made, one.key, one.removed, one.lost)
        statement = f"INSERT OR IGNORE INTO people ({_PERSON}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        return self._database.do(statement, *values) == 1

    def person(self, id_: str) -> Person | None:
        row = self._database.row(f"SELECT {_PERSON} FROM people WHERE id = ?", id_)  # noqa: S608
        return None if row is None else _read_person(row)

    def people(self) -> list[Person]:
        rows = self._database.rows(f"SELECT {_PERSON} FROM people ORDER BY made, id")  # noqa: S608
        return [_read_person(row) for row in rows]

    def remove_person(self, id_: str, now: int, lost: int = 0) -> bool:
        statement = "UPDATE people SET removed = ?, lost = ? WHERE id = ? AND removed = 0"
        with self._database.together():
            self._database.do("DELETE FROM signed_in WHERE person = ?", id_)
            return self._database.do(statement, now, lost, id_) == 1

    # Sessions.

    def add_session(self, digest: bytes, session: Session) -> None:
        one = session
        statement = (
            "INSERT INTO signed_in (digest, person, made, seen, until, verified) "
            "VALUES (?, ?, ?, ?, ?, ?)"
        )
        values = (one.person, one.made, one.seen, one.until, one.verified)
        self._database.do(statement, digest, *values)

    def session(self, digest: bytes, now: int) -> Session | None:
        statement = (
            f"SELECT {_SESSION} FROM signed_in JOIN people ON people.id = person "  # noqa: S608
            "WHERE digest = ? AND until > ? AND removed = 0"
        )
        row = self._database.row(statement, digest, now)
        return None if row is None else _read_session(row)

    def renew_session(self, number: int, seen: int, until: int) -> None:
        statement = "UPDATE signed_in SET seen = ?, until = ? WHERE number = ?"
        self._database.do(statement, seen, until, number)

    def verify_session(self, number: int, now: int) -> None:
        self._database.do("UPDATE signed_in SET verified = ? WHERE number = ?", now, number)

    def end_session(self, digest: bytes) -> None:
        self._database.do("DELETE FROM signed_in WHERE digest = ?", digest)

    def forget_ended_sessions(self, now: int) -> int:
        return self._database.do("DELETE FROM signed_in WHERE until <= ?", now)

    def sessions(self, person: str, now: int) -> list[Session]:
        statement = (
            f"SELECT {_SESSION} FROM signed_in "  # noqa: S608
            "WHERE person = ? AND until > ? ORDER BY number"
        )
        return [_read_session(row) for row in self._database.rows(statement, person, now)]

    def end_session_numbered(self, person: str, number: int) -> bool:
        statement = "DELETE FROM signed_in WHERE person = ? AND number = ?"
        return self._database.do(statement, person, number) == 1

    def end_sessions_but(self, person: str, number: int) -> int:
        statement = "DELETE FROM signed_in WHERE person = ? AND number <> ?"
        return self._database.do(statement, person, number)


def _read_session(row: tuple[object, ...]) -> Session:
    number, person, *times = row
    made, seen, until, verified = (read_int(one) for one in times)
    return Session(read_int(number), PersonId(str(person)), made, seen, until, verified)


def _read_code(row: Sequence[object]) -> GuestCode:
    name, made, ends, a_minute = row
    return GuestCode(str(name), read_int(made), read_int(ends), read_int(a_minute))


def _read_invitation(row: tuple[object, ...]) -> Invitation:
    role, made, until, by, name, used = row
    return Invitation(_role(role), read_int(made), read_int(until), str(by), str(name), bool(used))


def _role(value: object) -> PersonRole:
    for role in get_args(PersonRole):
        if role == value:
            found: PersonRole = role
            return found
    raise Damaged(f"a person is kept with a role that nothing here gives: {value!r}")


def _read_person(row: tuple[object, ...]) -> Person:
    id_, role, name, made, key, removed, lost = row
    return Person(
        PersonId(str(id_)),
        _role(role),
        str(name),
        read_int(made),
        key if isinstance(key, bytes) else b"",
        read_int(removed),
        read_int(lost),
    )
