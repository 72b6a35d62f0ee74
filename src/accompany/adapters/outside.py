"""What `doctor` is told while the server runs: who outside answered when, and the clock's steps.

Kept in the database, so that another process can read it. Not here: asking anybody.
"""

import time
from dataclasses import dataclass

from accompany.adapters.sqlite import Database

STEP = 1000
"""Milliseconds by which the clock may differ from the steady one before it counts as a step."""


@dataclass(frozen=True, slots=True)
class Contact:
    """When somebody outside last answered, and last failed and why; 0 is never."""

    kind: str
    name: str
    answered: int
    failed: int
    why: str


class SqliteOutside:
    """A `custody.rounds.Outside`, and the steps of the clock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.do(
            "CREATE TABLE IF NOT EXISTS outside (kind TEXT, name TEXT, answered INTEGER, "
            "failed INTEGER, why TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID"
        )
        database.do("CREATE TABLE IF NOT EXISTS clock_steps (time INTEGER, milliseconds INTEGER)")

    def answered(self, kind: str, name: str, time: int) -> None:
        self._database.do(
            "INSERT INTO outside VALUES (?, ?, ?, 0, '') "
            "ON CONFLICT DO UPDATE SET answered = excluded.answered",
            kind,
            name,
            time,
        )

    def failed(self, kind: str, name: str, time: int, why: str) -> None:
        self._database.do(
            "INSERT INTO outside VALUES (?, ?, 0, ?, ?) "
            "ON CONFLICT DO UPDATE SET failed = excluded.failed, why = excluded.why",
            kind,
            name,
            time,
            why[:500],
        )

    def contacts(self) -> list[Contact]:
        rows = self._database.rows("SELECT kind, name, answered, failed, why FROM outside")
        return [
            Contact(str(kind), str(name), int(str(answered)), int(str(failed)), str(why))
            for kind, name, answered, failed, why in rows
        ]

    def stepped(self, time: int, milliseconds: int) -> None:
        self._database.do("INSERT INTO clock_steps VALUES (?, ?)", time, milliseconds)

    def steps(self, since: int) -> list[tuple[int, int]]:
        statement = "SELECT time, milliseconds FROM clock_steps WHERE time >= ? ORDER BY time"
        rows = self._database.rows(statement, since)
        return [(int(str(when)), int(str(size))) for when, size in rows]


class ClockWatch:
    """Compares the wall clock with the steady one; both in milliseconds."""

    def __init__(self) -> None:
        self._offset: int | None = None

    def look(self, wall: int, steady: int) -> int:
        """Return by how much the wall clock has stepped since the last look; 0 if it has not."""
        offset = wall - steady
        step = 0 if self._offset is None else offset - self._offset
        self._offset = offset
        return step if abs(step) > STEP else 0

    def now(self) -> int:
        return self.look(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000)
