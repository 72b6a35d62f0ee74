"""An organization founded in a browser: its notes beside the server's keys, its sealed keys and
waiting applications in SQLite. No secret of the organization is in any of them."""

import json
from pathlib import Path

from accompany.accounts.applications import Application, Check, application_of
from accompany.accounts.charter import Founded, Proved, SealedKeys
from accompany.accounts.enrolment import Applicant
from accompany.accounts.people import Person
from accompany.adapters.disk import write_durably
from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database
from accompany.errors import Damaged
from accompany.evidence.notes import Verifier, open_note
from accompany.ids import PersonId

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS organization_keys (id TEXT PRIMARY KEY, person TEXT NOT NULL, "
    "made INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS organization_proved (one INTEGER PRIMARY KEY, "
    "person TEXT NOT NULL, time INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS applications (person TEXT PRIMARY KEY, recipient TEXT NOT NULL, "
    "states TEXT NOT NULL, languages TEXT NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS license_checks (person TEXT PRIMARY KEY, checker TEXT NOT NULL, "
    "place TEXT NOT NULL, time INTEGER NOT NULL) WITHOUT ROWID",
)


def founded_in(folder: Path) -> Founded | None:
    """Return what was founded, or None; raise Damaged where it is there and does not hold."""
    path = folder / "organization.json"
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text())
        found = Founded(
            Verifier.parse(kept["key"]), kept["organization"].encode(), kept["telling"].encode()
        )
        for note, what in ((found.note, "organization"), (found.telling, "telling")):
            open_note(note, found.key, what)
    except Exception as error:
        raise Damaged(f"{path}: {error}; restore it from a backup") from error
    return found


def keep_founded(folder: Path, founded: Founded) -> None:
    """Durable when this returns: from here on the organization is this one."""
    kept = {
        "key": str(founded.key),
        "organization": founded.note.decode(),
        "telling": founded.telling.decode(),
    }
    write_durably(folder / "organization.json", json.dumps(kept, indent=1).encode())


class SqliteKeys:
    """An `accounts.charter.KeptKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)

    def put(self, keys: SealedKeys) -> None:
        statement = "INSERT OR REPLACE INTO organization_keys VALUES (?, ?, ?, ?)"
        self._database.do(statement, keys.id, keys.person, keys.made, keys.sealed)

    def all(self) -> list[SealedKeys]:
        rows = self._database.rows("SELECT id, person, made, sealed FROM organization_keys")
        return [
            SealedKeys(str(id_), PersonId(str(person)), read_int(made), _bytes(sealed))
            for id_, person, made, sealed in rows
        ]

    def forget(self, person: str) -> None:
        statement = "DELETE FROM organization_keys WHERE person = ? AND id <> 'sheet'"
        self._database.do(statement, person)

    def prove(self, proved: Proved) -> None:
        statement = "INSERT OR REPLACE INTO organization_proved VALUES (1, ?, ?)"
        self._database.do(statement, proved.person, proved.time)

    def proved(self) -> Proved | None:
        row = self._database.row("SELECT person, time FROM organization_proved")
        return None if row is None else Proved(PersonId(str(row[0])), read_int(row[1]))


class SqliteApplications:
    """An `accounts.applications.Applications`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)

    def ask(self, person: Person, applicant: Applicant) -> None:
        one = application_of(person, applicant)
        words = (" ".join(one.states), " ".join(one.languages))
        statement = "INSERT OR REPLACE INTO applications VALUES (?, ?, ?, ?, ?)"
        self._database.do(statement, one.person, one.recipient, *words, one.made)

    def all(self) -> list[Application]:
        statement = "SELECT person, recipient, states, languages, made FROM applications"
        return [_application(row) for row in self._database.rows(f"{statement} ORDER BY made")]

    def of(self, person: str) -> Application | None:
        return next((one for one in self.all() if one.person == person), None)

    def settle(self, check: Check) -> None:
        statement = "INSERT OR REPLACE INTO license_checks VALUES (?, ?, ?, ?)"
        with self._database.together():
            self._database.do(statement, check.person, check.by, check.where, check.time)
            self.forget(check.person)

    def forget(self, person: str) -> None:
        self._database.do("DELETE FROM applications WHERE person = ?", person)

    def check_of(self, person: str) -> Check | None:
        statement = "SELECT checker, place, time FROM license_checks WHERE person = ?"
        row = self._database.row(statement, person)
        if row is None:
            return None
        return Check(PersonId(person), PersonId(str(row[0])), str(row[1]), read_int(row[2]))


def _application(row: tuple[object, ...]) -> Application:
    person, recipient, states, languages, made = row
    words = (tuple(str(states).split()), tuple(str(languages).split()))
    return Application(PersonId(str(person)), str(recipient), *words, read_int(made))


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise Damaged("sealed keys are kept in a form that nothing here writes")
    return value
