"""Closing a log for good, where its journal is lost: all of it is set aside, and another begins.

    closed/<log>/    journal, index, checkpoints, policy, databases and keys of a log that ended

Its log's and receipts' private keys are deleted: nothing can ever be signed with them again. What
a crash interrupts, the next start finishes. Not here: deciding it (a person), serving what is left
(`web.log`), and the recordings in it: their sealed bytes stay where they are.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from accompany.adapters.checkpoints import copies_kept, folder_of
from accompany.adapters.disk import sync_folder, write_durably
from accompany.adapters.index import Index
from accompany.adapters.journal import Journal
from accompany.adapters.keys import load_keys
from accompany.adapters.sqlite import Database
from accompany.custody.sequencer import Published
from accompany.errors import Damaged, Malformed, Unknown
from accompany.evidence.checkpoints import Policy, file_name_of, parse_checkpoint
from accompany.evidence.merkle import root

logger = logging.getLogger("accompany")

MARK = "closing"
MOVED = ("journal", "index.sqlite", "checkpoints", "policy", "accompany.sqlite", "invitation")
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
    target = data / "closed" / mark.read_text().strip()
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in [*_databases(MOVED), "keys"]:
        if (data / name).exists():
            (data / name).rename(target / name)
    for role in NEVER_AGAIN:
        _destroy(target / "keys" / f"{role}.key")
    for folder in (target / "keys", target, target.parent, data):
        sync_folder(folder)
    _keep_auditors(target / "accompany.sqlite", data / "accompany.sqlite")
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


def _keep_auditors(old: Path, new: Path) -> None:
    """Whoever follows the log must be able to see how it ended."""
    if not old.exists():
        return
    database = Database(old)
    try:
        if not database.rows("SELECT 1 FROM sqlite_master WHERE name = 'auditors'"):
            return
        rows = database.rows("SELECT digest, name, made, revoked FROM auditors")
    finally:
        database.close()
    database = Database(new)
    try:
        database.do(
            "CREATE TABLE IF NOT EXISTS auditors (digest BLOB PRIMARY KEY, name TEXT NOT NULL, "
            "made INTEGER NOT NULL, revoked INTEGER NOT NULL) WITHOUT ROWID"
        )
        for row in rows:
            database.do("INSERT OR IGNORE INTO auditors VALUES (?, ?, ?, ?)", *row)
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class ClosedLog:
    """A log that ended: its last checkpoint that what is left of it still holds, and its tree."""

    policy: str
    last: Published | None
    index: Index

    def close(self) -> None:
        self.index.close()

    def tile(self, level: int, number: int, width: int) -> bytes:
        return self.index.tile(level, number, width)

    def entries(self, first: int, count: int) -> bytes:
        return self.index.entries(first, count)


def closed_logs(data: Path, second: Path) -> dict[str, ClosedLog]:
    """Return the logs that were closed in *data*, by their file names."""
    found = {}
    for folder in sorted((data / "closed").glob("*")):
        policy = (folder / "policy").read_text("utf-8")
        log = Policy.parse(policy.encode()).logs[0]
        index = Index(folder / "index.sqlite")
        _follow(folder / "journal", index)
        copies = copies_kept(folder / "checkpoints", folder_of(second, log), "live", log)
        last = next((one for one in map(_published, copies) if _held(index, one)), None)
        found[folder.name] = ClosedLog(policy, last, index)
    return found


def policy_lines(closed: Mapping[str, ClosedLog]) -> str:
    """Return what the policies of *closed* logs say of their keys, for that of the log after."""
    words = ("log ", "# receipts ", "# organization ")
    lines = [line for one in closed.values() for line in one.policy.splitlines()]
    # The second one closed names the first one's keys as well.
    own = dict.fromkeys(line for line in lines if line.startswith(words))
    return "".join(f"{line}\n" for line in own)


def _follow(journal: Path, index: Index) -> None:
    """Let the index see what is left of the journal, as far as it is whole."""
    try:
        for batch in Journal(journal, 0).scan(index.position()):
            index.apply(batch)
    except Damaged as error:
        logger.warning("a closed log is readable up to here: %s", error)


def _published(note: bytes) -> Published:
    return Published(parse_checkpoint(note)[0], note)


def _held(index: Index, last: Published) -> bool:
    size = last.checkpoint.size
    return size <= index.size() and root(size, index.node) == last.checkpoint.root
