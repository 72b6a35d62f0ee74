"""Closing a log for good, where its journal is lost: all of it is set aside, and another begins.

    closed/<log>/    journal, index, checkpoints, policy, databases and keys of a log that ended

Its log's and receipts' private keys are deleted: nothing can ever be signed with them again. What
a crash interrupts, the next start finishes. Not here: deciding it (a person), reading what is left
and deleting from it (`closed_log`).
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from accompany.adapters.auditors import SqliteAuditors
from accompany.adapters.disk import read_text, sync_folder, write_durably
from accompany.adapters.keys import load_keys
from accompany.adapters.sqlite import Database
from accompany.adapters.wishes import SqliteWishes
from accompany.errors import Malformed, Unknown
from accompany.evidence.checkpoints import file_name_of

MARK = "closing"
MOVED = (
    "journal",
    "index.sqlite",
    "checkpoints",
    "policy",
    "accompany.sqlite",
    "invitation",
    "desk-invitation",
)
NEVER_AGAIN = ("log", "receipts")


def close_log(data: Path, origin: str) -> None:
    """Close the log in *data*, so that the next thing made there is another one, called *origin*.

    Raise Unknown where there is none, Malformed where it would have the old one's name.
    """
    if not (data / "journal").exists():
        raise Unknown(f"log to close in {data}")
    keys = load_keys(data / "keys", "", journal_exists=True)
    if origin == keys.origin:
        raise Malformed("origin", f"{origin} is the old log's name: a new log needs a new one")
    write_durably(data / MARK, f"{file_name_of(keys.log.verifier)}\n".encode())
    finish_closing(data)


def finish_closing(data: Path) -> None:
    """Do what is left of a closing, if one was begun."""
    mark = data / MARK
    if not mark.exists():
        return
    target = data / "closed" / read_text(mark).strip()
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in [*_databases(MOVED), "keys"]:
        if (data / name).exists():
            (data / name).rename(target / name)
    for role in NEVER_AGAIN:
        _destroy(target / "keys" / f"{role}.key")
    for folder in (target / "keys", target, target.parent, data):
        sync_folder(folder)
    _carry_over(target / "accompany.sqlite", data / "accompany.sqlite")
    mark.unlink()
    sync_folder(data)


def _databases(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield name
        if name.endswith(".sqlite"):
            yield from (f"{name}-wal", f"{name}-shm")


def _destroy(path: Path) -> None:
    if path.exists():
        with path.open("r+b") as key:
            key.write(bytes(path.stat().st_size))
            key.flush()
            os.fsync(key.fileno())
        path.unlink()


def _carry_over(old: Path, new: Path) -> None:
    """Whoever follows the log must be able to see how it ended; and what was asked to be deleted,
    or to be held, is so of the recordings that are left there."""
    if not old.exists():
        return
    before, after = Database(old), Database(new)
    try:
        SqliteAuditors(after)
        SqliteWishes(after)
        for table in ("auditors", "deletions", "holds"):
            if before.rows("SELECT 1 FROM sqlite_master WHERE name = ?", table):
                for row in before.rows(f"SELECT * FROM {table}"):  # noqa: S608
                    places = ", ".join("?" * len(row))
                    after.do(f"INSERT OR IGNORE INTO {table} VALUES ({places})", *row)  # noqa: S608
    finally:
        before.close()
        after.close()
