"""`accompany delete` and `accompany hold`: the organization's own word on what is kept.

Both write to the database of a data folder, the server running or not; a server looks at it every
second. Callers with a deletion key need neither (docs/format.md).
"""

import os
import sqlite3
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from accompany.adapters.reading import Shelf
from accompany.adapters.sqlite import database_of
from accompany.adapters.wishes import SqliteWishes
from accompany.config import Settings
from accompany.custody.deletion import DAY, Wish, opened_before
from accompany.errors import Malformed, Unknown
from accompany.evidence.statements import KINDS
from accompany.evidence.text import read_base32, write_time

REASON_LIMIT = 500
MOST_DAYS = 36500


def configure_delete(parser: ArgumentParser) -> None:
    """Describe `accompany delete` to *parser*."""
    parser.description = (
        "Delete a recording, after the wait that ACCOMPANY_DELETION_DAYS sets (7 days), unless a "
        "legal hold stands then. Its entries in the log and a tombstone stay; nothing else does. "
        "--rule and --older-than only say what would go."
    )
    parser.add_argument("id", nargs="?", help="the recording's id")
    add = _add_common(parser)
    add.add_argument("--undo", action="store_true", help="take back a deletion that waits")
    add.add_argument("--list", action="store_true", help="say what waits, and what is deleted")
    add.add_argument(
        "--rule", action="store_true", help="say what is too old by ACCOMPANY_KEEP_…_DAYS"
    )
    add.add_argument(
        "--older-than", metavar="DAYS", type=float, help="all recordings opened longer ago"
    )
    add.add_argument("--kind", choices=KINDS, help="with --older-than: of this kind alone")
    add.add_argument("--yes", action="store_true", help="with --older-than: not only say which")


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
    with database_of(settings.data) as database:
        wishes = SqliteWishes(database)
        if given.list:
            _list_deletions(wishes, settings.data)
            return 0
        if given.rule:
            _say_rule(wishes, settings)
            return 0
        if given.older_than is not None:
            _delete_old(wishes, settings, given)
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
    with database_of(settings.data) as database:
        wishes = SqliteWishes(database)
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


def _recording(given: Namespace, folder: Path) -> str:
    if given.id is None:
        raise Malformed("arguments", "expected a recording's id, or --list")
    recording = read_base32(given.id)
    # One in a log that was closed is deleted, and held, as any other.
    for place in [folder, *(one.parent for one in folder.glob("closed/*/index.sqlite"))]:
        if _rows(place, "SELECT 1 FROM recordings WHERE id = ?", recording):
            return recording
    raise Unknown("recording")


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


def _say_rule(wishes: SqliteWishes, settings: Settings) -> None:
    """Say what the settings given here keep for how long, and what is too old by them."""
    now = _now()
    with _shelf(settings.data) as shelf:
        for kind in KINDS:
            days = settings.keep_days.get(kind)
            print(f"{kind}: {f'{days} days' if days else 'kept for ever'}")
            old = opened_before(shelf.of_kind, kind, now - days * DAY) if days else ()
            for row, opened in old:
                print(f"  {_age(row.recording, opened, now)}: {_fate(wishes, row.recording)}")
    print("The server asks every hour for what is too old; a legal hold keeps it.")


def _delete_old(wishes: SqliteWishes, settings: Settings, given: Namespace) -> None:
    """Say what is older than was asked; with --yes, ask for its deletion as well."""
    now = _now()
    if not 0 <= given.older_than <= MOST_DAYS:
        raise Malformed("--older-than", f"expected 0 to {MOST_DAYS} days")
    due = now + round(settings.deletion_days * DAY)
    count = 0
    with _shelf(settings.data) as shelf:
        for kind in [given.kind] if given.kind else KINDS:
            before = now - round(given.older_than * DAY)
            for row, opened in opened_before(shelf.of_kind, kind, before):
                recording, count = row.recording, count + 1
                if given.yes:
                    wishes.ask(Wish(recording, now, due, "organization", None, _reason(given)))
                print(f"{_age(recording, opened, now)}, {kind}: {_fate(wishes, recording)}")
    print(f"{count} recordings" + ("" if given.yes else "; nothing was changed: add --yes"))


def _age(recording: str, opened: int, now: int) -> str:
    return f"{recording} of {write_time(opened)[:10]}, {(now - opened) // DAY} days old"


def _fate(wishes: SqliteWishes, recording: str) -> str:
    wish = wishes.find(recording)
    if wishes.held(recording):
        return "a legal hold keeps it"
    if wish is None:
        return "nobody has asked yet"
    if wish.withdrawn:
        return "asked for, and taken back"
    return f"deleted at {write_time(wish.due)}"


@contextmanager
def _shelf(folder: Path) -> Iterator[Shelf]:
    if not (folder / "index.sqlite").exists():
        raise Unknown(f"index in {folder}")
    with closing(Shelf(folder)) as shelf:
        yield shelf


def _rows(folder: Path, query: str, *values: str) -> list[tuple[object, ...]]:
    path = (folder / "index.sqlite").resolve().as_uri()
    index = sqlite3.connect(f"{path}?mode=ro", uri=True)
    try:
        return index.execute(query, values).fetchall()
    except sqlite3.OperationalError as error:
        raise Unknown(f"index in {folder}") from error
    finally:
        index.close()


def _now() -> int:
    return time.time_ns() // 1_000_000
