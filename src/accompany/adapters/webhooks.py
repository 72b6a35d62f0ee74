"""Webhooks in SQLite: endpoints, and each message to each of them until it was taken.

`heard` is called inside the transaction that keeps an event, so no message is missed; one that was
taken but not yet marked is sent again, with the same id. Not here: sending (`deliveries`).
"""

import secrets
from collections.abc import Callable, Collection

from accompany.adapters.events import read_event, read_int
from accompany.adapters.sqlite import Database
from accompany.dispatch.events import Event
from accompany.dispatch.ports import Pressed
from accompany.dispatch.replaying import replay
from accompany.dispatch.roster import Press
from accompany.dispatch.webhooks import (
    ENDPOINTS,
    KEPT,
    SECRET_BYTES,
    Delivery,
    Endpoint,
    Network,
    begun,
    check_url,
    message_id,
    next_try,
    told,
    write_secret,
    write_test,
)
from accompany.errors import Forbidden, Unknown
from accompany.evidence.text import write_base32
from accompany.ids import EncounterId

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS webhooks (id TEXT PRIMARY KEY, url TEXT, secret TEXT, "
    "made INTEGER, ended INTEGER) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS deliveries (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "endpoint TEXT, message TEXT, type TEXT, body TEXT, made INTEGER, tries INTEGER, "
    "due INTEGER, done INTEGER, problem TEXT, UNIQUE (endpoint, message))",
    "CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE due IS NOT NULL",
)
_COLUMNS = "number, endpoint, message, type, body, made, tries, due, done, problem"


class SqliteHooks:
    """A `dispatch.webhooks.Hooks`; *wake* is called where something new is to be sent."""

    def __init__(self, database: Database, allowed: tuple[Network, ...] = ()) -> None:
        self._database = database
        self.allowed = allowed
        self.wake: Callable[[], None] = lambda: None
        for statement in _SCHEMA:
            database.do(statement)

    # Endpoints.

    def endpoints(self) -> list[Endpoint]:
        rows = self._database.rows(
            "SELECT id, url, secret, made, ended FROM webhooks ORDER BY made, id"
        )
        return [
            Endpoint(str(id_), str(url), str(secret), read_int(made), _maybe(ended))
            for id_, url, secret, made, ended in rows
        ]

    def add(self, url: str, now: int) -> Endpoint:
        check_url(url, self.allowed)
        if sum(one.ended is None for one in self.endpoints()) >= ENDPOINTS:
            raise Forbidden(f"{ENDPOINTS} addresses are the most")
        secret = write_secret(secrets.token_bytes(SECRET_BYTES))
        found = Endpoint(f"ep_{write_base32(secrets.token_bytes(10))}", url, secret, now)
        self._database.do(
            "INSERT INTO webhooks VALUES (?, ?, ?, ?, NULL)", found.id, url, secret, now
        )
        return found

    def end(self, endpoint: str, now: int) -> None:
        with self._database.together():
            changed = self._database.do(
                "UPDATE webhooks SET ended = ? WHERE id = ? AND ended IS NULL", now, endpoint
            )
            self._database.do("UPDATE deliveries SET due = NULL WHERE endpoint = ?", endpoint)
        if not changed:
            raise Unknown("webhook")

    def _open(self, endpoint: str) -> None:
        if all(one.id != endpoint or one.ended is not None for one in self.endpoints()):
            raise Unknown("webhook")

    # Messages.

    def heard(self, encounter: EncounterId, number: int, event: Event) -> None:
        """Keep what is told of *event*, for every endpoint; call it inside the transaction."""
        # Most organizations have none, and this is asked on every event.
        if not self._any():
            return
        found = self._press(encounter)
        rows = self._database.rows(
            "SELECT word, who, time FROM events WHERE encounter = ? AND number < ? ORDER BY number",
            encounter, number,
        )  # fmt: skip
        before = replay(found.pressed, [read_event(*row) for row in rows])
        body = told(encounter, found, before, event)
        if body is not None:
            self._post(message_id(encounter, number), body, event.time)

    def begun(self, pressed: Pressed) -> None:
        """Keep that a press began; call it inside the transaction."""
        if self._any():
            body = begun(pressed.encounter, pressed.press)
            self._post(message_id(pressed.encounter, -1), body, pressed.press.pressed)

    def test(self, endpoint: str, now: int) -> None:
        self._open(endpoint)
        name = f"msg_test_{write_base32(secrets.token_bytes(10))}"
        self._put(endpoint, name, write_test(now), now)
        self.wake()

    def _any(self) -> bool:
        return self._database.row("SELECT 1 FROM webhooks WHERE ended IS NULL") is not None

    def _press(self, encounter: EncounterId) -> Press:
        row = self._database.row(
            "SELECT state, language, pressed FROM presses WHERE encounter = ?", encounter
        )
        if row is None:
            raise Unknown("encounter")
        return Press(str(row[0]), str(row[1]), read_int(row[2]))

    def _post(self, message: str, body: str, now: int) -> None:
        for one in self.endpoints():
            if one.ended is None:
                self._put(one.id, message, body, now)
        self.wake()

    def _put(self, endpoint: str, message: str, body: str, now: int) -> None:
        word = body.partition('"type":"')[2].partition('"')[0]
        self._database.do(
            "INSERT OR IGNORE INTO deliveries (endpoint, message, type, body, made, tries, due, "
            "problem) VALUES (?, ?, ?, ?, ?, 0, ?, '')",
            endpoint, message, word, body, now, now,
        )  # fmt: skip

    # Sending.

    def due_at(self, now: int) -> list[Endpoint]:
        """Return the endpoints that something is to be sent to now."""
        rows = self._database.rows("SELECT DISTINCT endpoint FROM deliveries WHERE due <= ?", now)
        due = {str(row[0]) for row in rows}
        return [one for one in self.endpoints() if one.id in due]

    def due(self, endpoint: str, now: int, count: int) -> list[Delivery]:
        """Return what is to be sent there now, the oldest first."""
        where = "endpoint = ? AND due <= ? ORDER BY due, number LIMIT ?"
        return self._deliveries(where, endpoint, now, count)

    def next_due(self, without: Collection[str] = ()) -> int | None:
        """Return when the next is due, of the endpoints that are not in *without*."""
        rows = self._database.rows(
            "SELECT endpoint, min(due) FROM deliveries WHERE due IS NOT NULL GROUP BY endpoint"
        )
        return min((read_int(due) for one, due in rows if one not in without), default=None)

    def taken(self, delivery: Delivery, now: int) -> None:
        self._database.do(
            "UPDATE deliveries SET due = NULL, done = ?, tries = tries + 1, problem = '' "
            "WHERE number = ?",
            now, delivery.number,
        )  # fmt: skip

    def failed(self, delivery: Delivery, why: str, now: int, asked: int = 0) -> None:
        """Note a failed attempt, and when the next one comes."""
        tries = delivery.tries + 1
        # Not where it was ended meanwhile: then nothing more is due.
        self._database.do(
            "UPDATE deliveries SET tries = ?, problem = ?, due = CASE WHEN due IS NULL THEN NULL "
            "ELSE ? END WHERE number = ?",
            tries, why[:200], next_try(tries, now, asked), delivery.number,
        )  # fmt: skip

    # Looking, and sending again.

    def deliveries(self, count: int) -> list[Delivery]:
        return self._deliveries("1 ORDER BY number DESC LIMIT ?", count)

    def waiting(self) -> int:
        row = self._database.row("SELECT count(*) FROM deliveries WHERE due IS NOT NULL")
        return read_int(row[0]) if row else 0

    def replay(self, endpoint: str, since: int, now: int) -> int:
        self._open(endpoint)
        count = self._database.do(
            "UPDATE deliveries SET due = ?, tries = 0, done = NULL WHERE endpoint = ? "
            "AND made >= ? AND due IS NULL",
            now, endpoint, since,
        )  # fmt: skip
        self.wake()
        return count

    def again(self, number: int, now: int, endpoint: str | None = None) -> None:
        """Send one message again; raise Unknown where it is none, or none of *endpoint*."""
        changed = self._database.do(
            "UPDATE deliveries SET due = ?, tries = 0, done = NULL WHERE number = ? "
            "AND endpoint = coalesce(?, endpoint) "
            "AND endpoint IN (SELECT id FROM webhooks WHERE ended IS NULL)",
            now, number, endpoint,
        )  # fmt: skip
        if not changed:
            raise Unknown("delivery")
        self.wake()

    def forget(self, now: int) -> None:
        """Delete what is too old to be replayed."""
        self._database.do("DELETE FROM deliveries WHERE made < ? AND due IS NULL", now - KEPT)

    def _deliveries(self, where: str, *values: object) -> list[Delivery]:
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM deliveries WHERE {where}",  # noqa: S608
            *values,
        )
        return [
            Delivery(
                read_int(number), str(endpoint), str(message), str(word), str(body), read_int(made),
                read_int(tries), _maybe(due), _maybe(done), str(problem or ""),
            )
            for number, endpoint, message, word, body, made, tries, due, done, problem in rows
        ]  # fmt: skip


def _maybe(value: object) -> int | None:
    return None if value is None else read_int(value)
