"""The desk's figures in SQLite: fine ones from the presses themselves, older ones a line a day.

`fold` makes days of what is older than thirty: figures are added to their day, and of the presses
only what a case needs stays (state, language, day, who answered). Both happen in one transaction,
so a crash in between loses and repeats nothing. Not here: what is counted (`dispatch.statistics`).
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from accompany.adapters.events import read_event, read_int, write_event
from accompany.adapters.sqlite import Database
from accompany.dispatch.events import Answered, Ended, Event, Withdrawn
from accompany.dispatch.replaying import replay
from accompany.dispatch.ringing import Ringing
from accompany.dispatch.roster import Press
from accompany.dispatch.statistics import (
    DAY,
    Course,
    Figures,
    Times,
    course,
    day_of,
    folded_before,
)
from accompany.ids import EncounterId

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS figures (day INTEGER PRIMARY KEY, text TEXT)",
    "CREATE TABLE IF NOT EXISTS folded (encounter TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS lags (encounter TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID",
)
_FINE = """SELECT p.encounter, p.state, p.language, p.pressed, e.word, e.who, e.time, l.text
    FROM presses p LEFT JOIN events e ON e.encounter = p.encounter
    LEFT JOIN lags l ON l.encounter = p.encounter
    WHERE p.pressed >= ? AND p.pressed < ?
    AND p.encounter NOT IN (SELECT encounter FROM folded)
    ORDER BY p.pressed, p.encounter, e.number"""
_OVER = """SELECT encounter, pressed FROM presses p WHERE pressed < ?
    AND encounter NOT IN (SELECT encounter FROM folded)
    AND EXISTS (SELECT 1 FROM events e WHERE e.encounter = p.encounter
        AND word IN ('ended', 'withdrawn')) ORDER BY pressed"""
_AT_ONCE = 10
"""Presses that are folded in one transaction: the event loop waits for it."""


class SqliteFigures:
    """Written from the event loop only; `days` and `courses` may be asked from any thread."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)
        # What is folded must not be read from the file's free pages.
        database.do("PRAGMA secure_delete = ON")
        self._path = path
        self._turn = threading.Lock()

    # Asking.

    def courses(self, since: int, until: int) -> list[tuple[EncounterId, Course, Times]]:
        """Return what presses came to, those that are kept finely, the oldest first."""
        with self._turn, _reading(self._path) as tables:
            return list(_courses(tables.execute(_FINE, (since, until))))

    def days(self, since: int, until: int) -> list[tuple[int, Figures]]:
        """Return the figures of each day that has any, from *since* until before *until*, UTC."""
        first = day_of(since)
        found: dict[int, Figures] = {}
        with self._turn, _reading(self._path) as tables:
            # One moment for both: a fold in between would be counted twice, or not at all.
            tables.execute("BEGIN")
            rows = tables.execute(
                "SELECT day, text FROM figures WHERE day >= ? AND day < ?", (first, until)
            )
            for day, text in rows:
                found[day] = _read(text)
            for _, one, lags in _courses(tables.execute(_FINE, (first, until))):
                if one.settled:
                    found.setdefault(day_of(one.press.pressed), Figures()).count(one, lags)
        return sorted(found.items())

    # How late pieces came.

    def without_lags(self, since: int, until: int) -> list[EncounterId]:
        """Return the encounters that ended in between, and whose lags nobody looked at yet."""
        statement = (
            "SELECT DISTINCT encounter FROM events WHERE word IN ('ended', 'withdrawn') "
            "AND time >= ? AND time < ? AND encounter NOT IN (SELECT encounter FROM lags) "
            "AND encounter NOT IN (SELECT encounter FROM folded) LIMIT 100"
        )
        return [EncounterId(str(row[0])) for row in self._database.rows(statement, since, until)]

    def keep_lags(self, encounter: EncounterId, lags: Times) -> None:
        text = msgspec.json.encode(lags).decode()
        self._database.do("INSERT OR REPLACE INTO lags VALUES (?, ?)", encounter, text)

    # Folding.

    def fold(self, now: int) -> Iterator[int]:
        """Fold what is old enough and over; yield how many presses, a transaction at a time.

        A press whose callback is still owed stays as it is.
        """
        rows = self._database.rows(_OVER, folded_before(now))
        for day, group in groupby(rows, key=lambda row: day_of(read_int(row[1]))):
            encounters = [EncounterId(str(row[0])) for row in group]
            for n in range(0, len(encounters), _AT_ONCE):
                with self._database.together():
                    count = self._fold(day, encounters[n : n + _AT_ONCE])
                yield count

    def _fold(self, day: int, encounters: Sequence[EncounterId]) -> int:
        found = Figures()
        count = 0
        for encounter in encounters:
            rows = self._database.rows(
                _FINE.replace("WHERE", "WHERE p.encounter = ? AND"), encounter, 0, day + DAY
            )
            events = _events(rows)
            ringing = replay(read_int(rows[0][3]), events)
            if ringing.ticket is not None:
                continue
            (one,) = _courses(iter(rows))
            found.count(one[1], one[2])
            self._forget(day, encounter, ringing)
            count += 1
        row = self._database.row("SELECT text FROM figures WHERE day = ?", day)
        kept = _read(str(row[0])) if row else Figures()
        kept.add(found.coarse())
        if count:
            text = msgspec.json.encode(kept).decode()
            self._database.do("INSERT OR REPLACE INTO figures VALUES (?, ?)", day, text)
        return count

    def _forget(self, day: int, encounter: EncounterId, ringing: Ringing) -> None:
        """Keep of a press what its case needs: the day, and who answered."""
        do = self._database.do
        do("DELETE FROM events WHERE encounter = ?", encounter)
        do("DELETE FROM lags WHERE encounter = ?", encounter)
        do("UPDATE presses SET pressed = ?, guest = 1 WHERE encounter = ?", day, encounter)
        left: list[Event] = [Withdrawn(day)]
        if ringing.last is not None:
            left = [Answered(ringing.last.attorney, day), Ended(ringing.ended_by or "", day)]
        for number, event in enumerate(left):
            do("INSERT INTO events VALUES (?, ?, ?, ?, ?)", encounter, number, *write_event(event))
        do("INSERT INTO folded VALUES (?)", encounter)


class _reading:
    """A connection of its own for one look, which writes nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._tables = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
        return self._tables

    def __exit__(self, *_: object) -> None:
        self._tables.close()


def _courses(
    rows: Iterator[tuple[object, ...]],
) -> Iterator[tuple[EncounterId, Course, Times]]:
    for encounter, group in groupby(rows, key=lambda row: row[0]):
        theirs = list(group)
        _, state, language, pressed, *_, lags = theirs[0]
        press = Press(str(state), str(language), read_int(pressed))
        times = msgspec.json.decode(str(lags), type=Times) if lags else {}
        yield EncounterId(str(encounter)), course(press, _events(theirs)), times


def _events(rows: Sequence[tuple[object, ...]]) -> list[Event]:
    return [read_event(*row[4:7]) for row in rows if row[4] is not None]


def _read(text: str) -> Figures:
    return msgspec.json.decode(text, type=Figures)
