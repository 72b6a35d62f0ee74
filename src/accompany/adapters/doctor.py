"""What is missing or wrong with a data folder, in words, without changing anything in it.

Each check says what it looked at and what to do. It reads only what may be read beside a running
server. Not here: printing (cli.doctor), mending: `serve` mends what can be mended when it starts.
"""

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accompany.adapters.checkpoints import folder_of, kept_at, newest_kept
from accompany.adapters.disk import takes_direct, way_of_writing
from accompany.adapters.journal import RESERVE, Journal
from accompany.adapters.keeper import WHAT_TO_DO
from accompany.adapters.keys import ServerKeys, load_keys
from accompany.adapters.outside import Contact, SqliteOutside
from accompany.adapters.relays import relay_remarks
from accompany.adapters.remarks import GOOD, LOOK, WRONG, Remark
from accompany.adapters.scanning import Position
from accompany.adapters.sqlite import Database
from accompany.adapters.tsa import load_authorities
from accompany.adapters.witnesses import load_witnesses
from accompany.config import Settings
from accompany.errors import AccompanyError
from accompany.evidence.checkpoints import Checkpoint, open_checkpoint
from accompany.evidence.merkle import root
from accompany.evidence.text import write_time

DAY = 24 * 3600 * 1000
LOW_ROOM = 10
"""Journal files that should still fit on the disk."""


def examine(settings: Settings, now: int, thorough: bool = False) -> list[Remark]:
    """Return remarks on the data folder of *settings*; *now* in ms since 1970 UTC.

    *thorough* reads the whole journal again, which takes as long as reading the disk does.
    """
    folder = settings.data
    if not (folder / "keys").is_dir():
        return [Remark(WRONG, "data folder", f"{folder} is no data folder: it holds no keys")]
    running = _running(folder)
    server = "a server is running on it" if running else "no server is running"
    remarks = [Remark(GOOD, "data folder", f"{folder}; {server}")]
    keys = _keys(folder, remarks)
    remarks += _room(folder, settings)
    with _index(folder, remarks) as index:
        if index is not None:
            remarks += _journal(folder, settings, index, running, thorough)
            if keys is not None:
                remarks += _checkpoints(settings, keys, index, now, running)
    remarks += _outside(folder, settings, now)
    remarks += relay_remarks(settings)
    remarks.append(_hotline(settings))
    remarks.append(Remark(GOOD, "writing", way_of_writing(takes_direct(folder / "journal"))))
    return remarks


def _running(folder: Path) -> bool:
    path = folder / "lock"
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


def _keys(folder: Path, remarks: list[Remark]) -> ServerKeys | None:
    try:
        # With a journal said to be there, none are ever made.
        keys = load_keys(folder / "keys", "", journal_exists=True)
    except (AccompanyError, OSError, StopIteration) as error:
        remarks.append(Remark(WRONG, "keys", f"{error}"))
        return None
    open_ones = [one.name for one in (folder / "keys").glob("*.key") if one.stat().st_mode & 0o77]
    if open_ones:
        words = f"others on this machine can read {', '.join(open_ones)}: chmod 600 them"
        remarks.append(Remark(WRONG, "keys", words))
    else:
        remarks.append(Remark(GOOD, "keys", f"all there, readable by their owner; {keys.origin}"))
    return keys


def _room(folder: Path, settings: Settings) -> Iterator[Remark]:
    free = shutil.disk_usage(folder).free
    words = f"{free // 1_000_000} MB free"
    if free < RESERVE + settings.journal_file_bytes // 16:
        yield Remark(WRONG, "disk", f"{words}: segments are about to be refused")
    elif free < LOW_ROOM * settings.journal_file_bytes:
        yield Remark(LOOK, "disk", f"{words}; an hour of film takes about 450 MB")
    else:
        yield Remark(GOOD, "disk", words)


def _hotline(settings: Settings) -> Remark:
    """A wrong number was refused with the settings; none at all leaves callers without a way."""
    if not settings.hotline:
        words = (
            "none set here (ACCOMPANY_HOTLINE): without a network callers have no number to call"
        )
        return Remark(LOOK, "hotline", words)
    text = f", text messages to {settings.hotline_sms}" if settings.hotline_sms else ""
    return Remark(GOOD, "hotline", f"{settings.hotline}{text}: call it now and then")


@dataclass(frozen=True, slots=True)
class _Index:
    """The index as it is on the disk, read only."""

    tables: sqlite3.Connection

    def position(self) -> Position:
        row = self.tables.execute("SELECT file, offset, batch FROM position").fetchone()
        return Position(*row) if row else Position()

    def size(self) -> int:
        row = self.tables.execute("SELECT max(number) FROM leaves").fetchone()
        return 0 if row[0] is None else int(row[0]) + 1

    def node(self, level: int, number: int) -> bytes:
        query = "SELECT hash FROM nodes WHERE level = ? AND number = ?"
        row = self.tables.execute(query, (level, number)).fetchone()
        if row is None:
            raise LookupError(f"no node {level}/{number}")
        return bytes(row[0])


@contextmanager
def _index(folder: Path, remarks: list[Remark]) -> Iterator[_Index | None]:
    path = folder / "index.sqlite"
    if not path.exists():
        remarks.append(Remark(LOOK, "index", "there is none; the next start makes it"))
        yield None
        return
    tables = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables.execute("SELECT count(*) FROM position").fetchone()
        yield _Index(tables)
    except sqlite3.Error as error:
        words = f"it cannot be read ({error}): stop the server, delete index.sqlite*, start again"
        remarks.append(Remark(WRONG, "index", words))
        yield None
    finally:
        tables.close()


def _journal(
    folder: Path, settings: Settings, index: _Index, running: bool, thorough: bool
) -> Iterator[Remark]:
    path = folder / "journal"
    if not (path / "uuid").exists():
        yield Remark(WRONG, "journal", f"{path} holds no journal; restore it from a backup")
        return
    if running and not thorough:
        yield Remark(GOOD, "journal", f"being written; {index.size()} entries in the index")
        return
    at = index.position()
    try:
        batches = [batch.end for batch in Journal(path, settings.journal_file_bytes).scan(
            Position() if thorough else at
        )]  # fmt: skip
    except (AccompanyError, OSError) as error:
        yield Remark(WRONG, "journal", f"{error}")
        return
    behind = sum(end.sequence > at.sequence for end in batches)
    read = f"{len(batches)} batches read again, all whole; " if thorough else ""
    last = batches[-1].sequence if batches else 0
    if thorough and last < at.sequence:
        words = f"{read}the index is ahead of it: what was acknowledged is missing. {WHAT_TO_DO}"
        yield Remark(WRONG, "journal", words)
    elif behind:
        yield Remark(LOOK, "journal", f"{read}{behind} batches are not in the index yet; the next "
                     "start reads them")  # fmt: skip
    else:
        yield Remark(GOOD, "journal", f"{read}the index has all of it: {index.size()} entries")


def _checkpoints(
    settings: Settings, keys: ServerKeys, index: _Index, now: int, running: bool
) -> Iterator[Remark]:
    place = settings.data / "checkpoints"
    second = folder_of(settings.second_place, keys.log.verifier)
    yield _places(place, second)
    for kind in ("live", "public"):
        about = f"{kind} checkpoint"
        try:
            note = newest_kept(place, second, kind)
            if note is None:
                yield Remark(LOOK, about, "there is none yet")
                continue
            checkpoint = open_checkpoint(note, keys.log.verifier)
            kept = kept_at(place, kind)
        except (AccompanyError, OSError, sqlite3.Error) as error:
            yield Remark(WRONG, about, f"{error}")
            continue
        yield _checkpoint(kind, checkpoint, index, running)
        age = now - kept
        if running and kind == "public" and age > 2 * DAY:
            yield Remark(LOOK, about, f"{age // DAY} days old; it should be daily")


def _places(place: Path, second: Path) -> Remark:
    """Whether checkpoints are kept where neither a restored folder nor one disk takes them all."""
    about = "second place"
    if not (second / "live").exists():
        words = (
            f"no checkpoint in {second}: an older backup of the data folder would not be noticed"
        )
        return Remark(LOOK, about, words)
    if place.stat().st_dev == second.stat().st_dev:
        words = (
            f"{second} is on the same disk as the data folder: name a place on another one in "
            "ACCOMPANY_CHECKPOINTS"
        )
        return Remark(LOOK, about, words)
    return Remark(GOOD, about, f"checkpoints are kept in {second}, too, on another disk")


def _checkpoint(kind: str, checkpoint: Checkpoint, index: _Index, running: bool) -> Remark:
    about, size = f"{kind} checkpoint", index.size()
    if checkpoint.size > size:
        words = (
            f"it covers {checkpoint.size} entries, but the index holds {size}: unless the next "
            "start reads the rest from the journal, this is an older backup. Nothing will be signed"
        )
        return Remark(LOOK if running else WRONG, about, words)
    if root(checkpoint.size, index.node) != checkpoint.root:
        return Remark(WRONG, about, "the journal's tree is another than the one signed")
    return Remark(GOOD, about, f"covers {checkpoint.size} entries of {size}, and fits them")


def _outside(folder: Path, settings: Settings, now: int) -> Iterator[Remark]:
    path = folder / "accompany.sqlite"
    if not path.exists():
        return
    database = Database(path)
    try:
        outside = SqliteOutside(database)
        contacts = {(one.kind, one.name): one for one in outside.contacts()}
        steps = outside.steps(now - 30 * DAY)
    finally:
        database.close()
    yield _clock(steps)
    authorities, wrong = load_authorities(folder / "authorities")
    policy, _, _, wrong_lines = load_witnesses(folder / "witnesses")
    for problem in wrong:
        yield Remark(WRONG, "authorities", problem)
    for problem in wrong_lines:
        yield Remark(WRONG, "witnesses", problem)
    late = max(3 * round(settings.round_seconds * 1000), 3_600_000)
    for kind, names in (
        ("authority", [one.name for one in authorities]),
        ("witness", list(policy.witnesses)),
    ):
        for name in names:
            yield _contact(kind, name, contacts.get((kind, name)), late)
    if not authorities and not wrong:
        yield Remark(LOOK, "authorities", "none: packages show no time but this server's own")
    if not policy.witnesses and not wrong_lines:
        yield Remark(LOOK, "witnesses", "none: nobody outside vouches that the log only grows")


def _clock(steps: list[tuple[int, int]]) -> Remark:
    if not steps:
        return Remark(GOOD, "clock", "no step over 1 s in 30 days")
    time, size = steps[-1]
    words = (
        f"{len(steps)} steps in 30 days, the last by {size} ms at {write_time(time)}: is NTP on?"
    )
    return Remark(LOOK, "clock", words)


def _contact(kind: str, name: str, contact: Contact | None, late: int) -> Remark:
    about = f"{kind} {name}"
    if contact is None:
        return Remark(LOOK, about, "never asked yet; a round comes when something was added")
    answered = f"last answered {write_time(contact.answered)}" if contact.answered else "never"
    if contact.failed <= contact.answered:
        return Remark(GOOD, about, answered)
    since = contact.answered if contact.answered else 0
    words = f"{answered}; failed {write_time(contact.failed)}: {contact.why}"
    lasting = not since or contact.failed - since > late
    return Remark(WRONG if lasting else LOOK, about, f"{words}. It is asked again by itself")
