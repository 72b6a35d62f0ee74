"""The database of people and dispatch, in SQLite; presses and their events.

Every write is durable when it returns (WAL, synchronous FULL). No address, no name of a caller and
no place beyond the state is ever written. Not here: evidence, the organization's people (`people`).
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from accompany.adapters.events import read_event, read_int, write_event
from accompany.dispatch.events import Event
from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import Press
from accompany.errors import DiskFull, Unknown
from accompany.ids import CardSerial, EncounterId

logger = logging.getLogger("accompany")

_IOERR_SHMSIZE = 4874
NO_ROOM = (sqlite3.SQLITE_FULL, _IOERR_SHMSIZE)
"""The second one: the map of the write-ahead log could not become longer."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS presses (encounter TEXT PRIMARY KEY, state TEXT, language TEXT,
    pressed INTEGER, secret BLOB, guest INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (encounter TEXT, number INTEGER, word TEXT, who TEXT,
    time INTEGER, PRIMARY KEY (encounter, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_word ON events (word, who);
CREATE INDEX IF NOT EXISTS by_time ON events (time);
CREATE INDEX IF NOT EXISTS by_pressed ON presses (pressed);
"""


class Database:
    """One connection, used from the event loop only; each method is one short transaction.

    *on_failure* is told where the disk failed: nothing is tried again then.
    """

    def __init__(self, path: Path, on_failure: Callable[[str], None] = lambda why: None) -> None:
        self._on_failure = on_failure
        with no_room_as_disk_full():
            self._tables = connect(path)
            self._tables.executescript(_SCHEMA)
        if "guest" not in [row[1] for row in self.rows("PRAGMA table_info(presses)")]:
            self.do("ALTER TABLE presses ADD COLUMN guest INTEGER NOT NULL DEFAULT 1")

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

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything done inside is kept, or nothing of it."""
        self.do("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._tables.execute("ROLLBACK")
            raise
        self.do("COMMIT")

    def empty_log(self) -> None:
        """Move everything from the write-ahead log to its place, and leave the log empty."""
        with no_room_as_disk_full():
            self._tables.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def empty_old_log(self) -> None:
        """At a start: a crash may have come between writing over something and emptying the log.
        On a full disk it is left to the next time."""
        try:
            self.empty_log()
        except DiskFull as error:
            logger.warning("the database's log is not emptied yet: %s; the next time", error)

    def row(self, statement: str, *values: object) -> tuple[object, ...] | None:
        found = self._tables.execute(statement, values).fetchone()
        return None if found is None else tuple(found)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        return self._tables.execute(statement, values).fetchall()


class Listener(Protocol):
    """Hears of what is kept, inside the transaction that keeps it: both last, or neither."""

    def begun(self, pressed: Pressed) -> None: ...
    def heard(self, encounter: EncounterId, number: int, event: Event) -> None: ...


class SqlitePresses:
    """A `dispatch.runner.Presses`."""

    def __init__(self, database: Database, listener: Listener | None = None) -> None:
        self._database = database
        self._listener = listener

    def begin(self, pressed: Pressed) -> bool:
        press = pressed.press
        statement = "INSERT OR IGNORE INTO presses VALUES (?, ?, ?, ?, ?, ?)"
        values = (press.state, press.language, press.pressed, pressed.secret, press.guest)
        with self._database.together():
            kept = self._database.do(statement, pressed.encounter, *values) == 1
            if kept and self._listener is not None:
                self._listener.begun(pressed)
        return kept

    def find(self, encounter: EncounterId) -> Pressed | None:
        statement = (
            "SELECT state, language, pressed, secret, guest FROM presses WHERE encounter = ?"
        )
        row = self._database.row(statement, encounter)
        if row is None:
            return None
        state, language, pressed, secret, guest = row
        press = Press(str(state), str(language), read_int(pressed), guest != 0)
        return Pressed(encounter, press, secret if isinstance(secret, bytes) else b"")

    def events(self, encounter: EncounterId) -> Sequence[Event]:
        statement = "SELECT word, who, time FROM events WHERE encounter = ? ORDER BY number"
        return [read_event(*row) for row in self._database.rows(statement, encounter)]

    def append(self, encounter: EncounterId, number: int, event: Event) -> bool:
        statement = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)"
        with self._database.together():
            kept = self._database.do(statement, encounter, number, *write_event(event)) == 1
            if kept and self._listener is not None:
                self._listener.heard(encounter, number, event)
        return kept

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
            "SELECT DISTINCT encounter FROM events p WHERE word = 'promised' AND coalesce("
            "(SELECT word FROM events l WHERE l.encounter = p.encounter AND "
            "word IN ('called back', 'reopened') ORDER BY number DESC LIMIT 1), '') "
            "<> 'called back'"
        )
        return [EncounterId(str(row[0])) for row in self._database.rows(statement)]

    def owing(self) -> list[EncounterId]:
        statement = "SELECT DISTINCT encounter FROM events WHERE word = 'handed unsealed'"
        return [EncounterId(str(row[0])) for row in self._database.rows(statement)]

    def answered_by(self, attorney: CardSerial) -> list[EncounterId]:
        statement = (
            "SELECT DISTINCT encounter FROM events "
            "WHERE (word IN ('answered', 'answered elsewhere') AND who = ?1) "
            "OR (word IN ('handed', 'handed unsealed', 'entrusted') "
            "AND substr(who, instr(who, ' ') + 1) = ?1)"
        )
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
        if error.sqlite_errorcode not in NO_ROOM:
            raise
        raise DiskFull("the database has no room") from error


def connect(path: Path, any_thread: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=not any_thread)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # What is deleted is written over: a page that is free again must tell nothing.
    connection.execute("PRAGMA secure_delete = ON")
    path.chmod(0o600)
    return connection
