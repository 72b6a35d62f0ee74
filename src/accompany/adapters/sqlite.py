"""People and dispatch in SQLite: codes, invitations, sessions, presses and their events.

Every write is durable when it returns (WAL, synchronous FULL). Secrets are here as SHA-256 only.
No address, no name of a caller and no place beyond the state is ever written. Not here: evidence.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from accompany.adapters.events import read_event, read_int, write_event
from accompany.dispatch.ports import Pressed
from accompany.dispatch.ringing import Event
from accompany.dispatch.roster import Press
from accompany.errors import DiskFull, Unknown
from accompany.ids import CardSerial, EncounterId

_SCHEMA = """
CREATE TABLE IF NOT EXISTS codes (digest BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS invitations (digest BLOB PRIMARY KEY, used INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (digest BLOB PRIMARY KEY, serial TEXT, until INTEGER)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS presses (encounter TEXT PRIMARY KEY, state TEXT, language TEXT,
    pressed INTEGER, secret BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (encounter TEXT, number INTEGER, word TEXT, who TEXT,
    time INTEGER, PRIMARY KEY (encounter, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_word ON events (word, who);
CREATE INDEX IF NOT EXISTS by_time ON events (time);
"""


class Database:
    """One connection, used from the event loop only; each method is one short transaction.

    *on_failure* is told where the disk failed: nothing is tried again then.
    """

    def __init__(self, path: Path, on_failure: Callable[[str], None] = lambda why: None) -> None:
        self._on_failure = on_failure
        self._tables = connect(path)
        self._tables.executescript(_SCHEMA)

    def close(self) -> None:
        self._tables.close()

    def do(self, statement: str, *values: object) -> int:
        """Run one statement durably; return how many rows it changed; raise DiskFull."""
        try:
            with no_room_as_disk_full():
                return self._tables.execute(statement, values).rowcount
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR:
                self._on_failure(f"the database cannot be written: {error}")
            raise

    def row(self, statement: str, *values: object) -> tuple[object, ...] | None:
        found = self._tables.execute(statement, values).fetchone()
        return None if found is None else tuple(found)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        return self._tables.execute(statement, values).fetchall()


class SqlitePeople:
    """An `accounts.enrolment.People`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_code(self, digest: bytes) -> None:
        self._database.do("INSERT OR IGNORE INTO codes VALUES (?)", digest)

    def has_code(self, digest: bytes) -> bool:
        return self._database.row("SELECT 1 FROM codes WHERE digest = ?", digest) is not None

    def add_invitation(self, digest: bytes) -> None:
        self._database.do("INSERT INTO invitations VALUES (?, 0)", digest)

    def invitation(self, digest: bytes) -> bool | None:
        row = self._database.row("SELECT used FROM invitations WHERE digest = ?", digest)
        return None if row is None else bool(row[0])

    def use_invitation(self, digest: bytes) -> bool:
        statement = "UPDATE invitations SET used = 1 WHERE digest = ? AND used = 0"
        return self._database.do(statement, digest) == 1

    def add_session(self, digest: bytes, serial: CardSerial, until: int) -> None:
        self._database.do("INSERT INTO sessions VALUES (?, ?, ?)", digest, serial, until)

    def session(self, digest: bytes, now: int) -> CardSerial | None:
        statement = "SELECT serial FROM sessions WHERE digest = ? AND until > ?"
        row = self._database.row(statement, digest, now)
        return None if row is None else CardSerial(str(row[0]))

    def end_session(self, digest: bytes) -> None:
        self._database.do("DELETE FROM sessions WHERE digest = ?", digest)


class SqlitePresses:
    """A `dispatch.runner.Presses`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, pressed: Pressed) -> bool:
        press = pressed.press
        statement = "INSERT OR IGNORE INTO presses VALUES (?, ?, ?, ?, ?)"
        values = (press.state, press.language, press.pressed, pressed.secret)
        return self._database.do(statement, pressed.encounter, *values) == 1

    def find(self, encounter: EncounterId) -> Pressed | None:
        statement = "SELECT state, language, pressed, secret FROM presses WHERE encounter = ?"
        row = self._database.row(statement, encounter)
        if row is None:
            return None
        state, language, pressed, secret = row
        press = Press(str(state), str(language), read_int(pressed))
        return Pressed(encounter, press, secret if isinstance(secret, bytes) else b"")

    def events(self, encounter: EncounterId) -> Sequence[Event]:
        statement = "SELECT word, who, time FROM events WHERE encounter = ? ORDER BY number"
        return [read_event(*row) for row in self._database.rows(statement, encounter)]

    def append(self, encounter: EncounterId, number: int, event: Event) -> bool:
        statement = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)"
        return self._database.do(statement, encounter, number, *write_event(event)) == 1

    def unfinished(self) -> list[EncounterId]:
        statement = (
            "SELECT encounter FROM presses WHERE encounter NOT IN "
            "(SELECT encounter FROM events WHERE word IN ('ended', 'withdrawn')) ORDER BY pressed"
        )
        return [EncounterId(str(row[0])) for row in self._database.rows(statement)]

    def recent(self, since: int) -> list[EncounterId]:
        statement = "SELECT DISTINCT encounter FROM events WHERE time >= ?"
        return [EncounterId(str(row[0])) for row in self._database.rows(statement, since)]

    def promised(self) -> list[EncounterId]:
        statement = (
            "SELECT encounter FROM events WHERE word = 'promised' EXCEPT "
            "SELECT encounter FROM events WHERE word = 'called back'"
        )
        return [EncounterId(str(row[0])) for row in self._database.rows(statement)]

    def answered_by(self, attorney: CardSerial) -> list[EncounterId]:
        statement = "SELECT DISTINCT encounter FROM events WHERE word = 'answered' AND who = ?"
        return [EncounterId(str(row[0])) for row in self._database.rows(statement, attorney)]


@contextmanager
def database_of(folder: Path) -> Iterator[Database]:
    """Open the database of a data folder for a command; raise Unknown where no server has been."""
    path = folder / "accompany.sqlite"
    if not path.exists():
        raise Unknown(f"server's data folder as {folder}")
    database = Database(path)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def no_room_as_disk_full() -> Iterator[None]:
    """Raise DiskFull where SQLite says that the disk is; what was begun is undone."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise DiskFull("the database has no room") from error


def connect(path: Path, any_thread: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=not any_thread)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    path.chmod(0o600)
    return connection
