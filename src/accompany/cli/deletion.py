"""`accompany delete` and `accompany hold`: the organization's own word on what is kept.

Both write to the database of a data folder, the server running or not; a server looks at it every
second. Callers with a deletion key need neither (docs/format.md).
"""

import os
import sqlite3
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accompany.adapters.sqlite import Database
from accompany.adapters.wishes import SqliteWishes
from accompany.config import Settings
from accompany.custody.deletion import DAY, Wish
from accompany.errors import Malformed, Unknown
from accompany.evidence.text import read_base32, write_time

REASON_LIMIT = 500


def configure_delete(parser: ArgumentParser) -> None:
    """Describe `accompany delete` to *parser*."""
    parser.description = (
        "Delete a recording, after the wait that ACCOMPANY_DELETION_DAYS sets (7 days), unless a "
        "legal hold stands then. Its entries in the log and a tombstone stay; nothing else does."
    )
    parser.add_argument("id", nargs="?", help="the recording's id")
    add = _add_common(parser)
    add.add_argument("--undo", action="store_true", help="take back a deletion that waits")
    add.add_argument("--list", action="store_true", help="say what waits, and what is deleted")


def configure_hold(parser: ArgumentParser) -> None:
    """Describe `accompany hold` to *parser*."""
    parser.description = (
        "Keep a recording whatever anybody wishes, or lift such a legal hold: a deletion that "
        "was due meanwhile is then done at once."
    )
    parser.add_argument("id", nargs="?", help="the recording's id")
    add = _add_common(parser)
    add.add_argument("--lift", action="store_true", help="end the hold")
    add.add_argument("--list", action="store_true", help="say what is held, since when and why")


def _add_common(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("--data", metavar="DIR", type=Path, help="the server's data folder")
    parser.add_argument("--reason", metavar="WORDS", default="", help="kept beside it, for you")
    return parser


def run_delete(given: Namespace) -> int:
    """Do `accompany delete`; return the exit status."""
    settings = _settings(given)
    with _wishes(settings.data) as wishes:
        if given.list:
            _list_deletions(wishes, settings.data)
            return 0
        recording, now = _recording(given, settings.data), _now()
        if given.undo:
            if not wishes.withdraw(recording, now):
                raise Unknown("deletion that waits")
            print(f"{recording} stays")
            return 0
        due = now + round(settings.deletion_days * DAY)
        wish = Wish(recording, now, due, "organization", None, _reason(given))
        if not wishes.ask(wish):
            wish = wishes.find(recording) or wish
        held = "; a legal hold stands: not before it is lifted" if wishes.held(recording) else ""
        print(f"{recording} will be deleted at {write_time(wish.due)}{held}")
    return 0


def run_hold(given: Namespace) -> int:
    """Do `accompany hold`; return the exit status."""
    settings = _settings(given)
    with _wishes(settings.data) as wishes:
        if given.list:
            for recording, since, reason in wishes.holds():
                print(f"{recording} held since {write_time(since)}: {reason}")
            return 0
        recording = _recording(given, settings.data)
        if given.lift:
            if not wishes.lift(recording):
                raise Unknown("legal hold")
            print(f"{recording} is no longer held")
            return 0
        wishes.hold(recording, _now(), _reason(given))
        print(f"{recording} is held until `accompany hold {recording} --lift`")
    return 0


def _settings(given: Namespace) -> Settings:
    settings = Settings.from_environment(os.environ)
    return settings if given.data is None else settings.having("data", str(given.data))


@contextmanager
def _wishes(folder: Path) -> Iterator[SqliteWishes]:
    path = folder / "accompany.sqlite"
    if not path.exists():
        raise Unknown(f"server's data folder as {folder}")
    database = Database(path)
    try:
        yield SqliteWishes(database)
    finally:
        database.close()


def _recording(given: Namespace, folder: Path) -> str:
    if given.id is None:
        raise Malformed("arguments", "expected a recording's id, or --list")
    recording = read_base32(given.id)
    if not _rows(folder, "SELECT 1 FROM recordings WHERE id = ?", recording):
        raise Unknown("recording")
    return recording


def _reason(given: Namespace) -> str:
    reason = str(given.reason)
    if len(reason) > REASON_LIMIT or not (reason.isprintable() or not reason):
        raise Malformed("--reason", f"expected up to {REASON_LIMIT} printable characters")
    return reason


def _list_deletions(wishes: SqliteWishes, folder: Path) -> None:
    for wish in wishes.waiting():
        held = ", held" if wishes.held(wish.recording) else ""
        because = f": {wish.reason}" if wish.reason else ""
        print(f"{wish.recording} waits until {write_time(wish.due)}, by {wish.by}{held}{because}")
    for recording, erased in _rows(folder, "SELECT id, erased FROM deleted ORDER BY leaf"):
        print(f"{recording} {'deleted' if erased else 'deleted, its bytes are being erased'}")


def _rows(folder: Path, query: str, *values: str) -> list[tuple[object, ...]]:
    index = sqlite3.connect(f"file:{folder / 'index.sqlite'}?mode=ro", uri=True)
    try:
        return index.execute(query, values).fetchall()
    except sqlite3.OperationalError as error:
        raise Unknown(f"index in {folder}") from error
    finally:
        index.close()


def _now() -> int:
    return time.time_ns() // 1_000_000
