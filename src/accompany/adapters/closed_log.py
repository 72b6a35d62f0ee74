"""Logs that were closed (`closing`), read: their tree, and the recordings in them.

Nothing is added to them and nothing is signed for them. What is deleted is named in the file
`deleted` of a log's folder before its bytes become zeros, so that an index made again from the
journal forgets it as well. Not here: deciding it (`custody.old`, `custody.deletion`).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from accompany.adapters.apart import Reading, Readings
from accompany.adapters.checkpoints import copies_kept, folder_of
from accompany.adapters.disk import read_text, write_durably
from accompany.adapters.erasing import erase
from accompany.adapters.erasures import Erasures
from accompany.adapters.index import Index
from accompany.adapters.journal import Journal
from accompany.adapters.lookups import Lookups
from accompany.custody.courtesy import Courtesy
from accompany.custody.gathering import Order
from accompany.custody.ports import RecordingRow, StatementRow
from accompany.custody.sequencer import Published
from accompany.errors import Damaged
from accompany.evidence.checkpoints import Policy, parse_checkpoint
from accompany.evidence.merkle import root

logger = logging.getLogger("accompany")

DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ClosedLog:
    """A `custody.old.EndedLog`: *last* is the last checkpoint that what is left of it holds."""

    folder: Path
    policy: str
    last: Published | None
    index: Index
    readings: Readings

    def close(self) -> None:
        self.index.close()

    def tile(self, level: int, number: int, width: int) -> bytes:
        return self.index.tile(level, number, width)

    def entries(self, first: int, count: int) -> bytes:
        return self.index.entries(first, count)

    def recording(self, recording: str) -> RecordingRow | None:
        return next(iter(self.index.recordings("id", recording)), None)

    def last_statement(self, recording: str, size: int) -> StatementRow | None:
        last = self.index.last_statement(recording)
        if last is None or last.index < size:
            return last
        covered = [one for one in self.index.statements(recording) if one.index < size]
        return covered[-1] if covered else None

    def missing(self, recording: str) -> list[int]:
        return self.index.missing(recording)

    def segment(self, recording: str, number: int) -> bytes | None:
        place = self.index.place(recording, number)
        if place is None:
            return None
        data = Journal(self.folder / "journal", 0).read(place.file, place.offset, place.size)
        if sha256(data).digest() != place.sha256:
            raise Damaged(f"segment {number} of {recording} is not what was kept")
        return data

    async def begin(self, order: Order) -> Reading:
        return await self.readings.begin(order)

    def erase(self, recordings: Sequence[str]) -> None:
        mine = [one for one in recordings if self.recording(one)]
        known = _deleted(self.folder)
        if not mine and not set(recordings) & set(known):
            return
        names = [*dict.fromkeys([*known, *mine])]
        write_durably(self.folder / DELETED, "".join(f"{one}\n" for one in names).encode())
        files = self.index.files_of(recordings)
        self.index.drop(recordings)
        self.index.flush()
        journal = self.folder / "journal"
        erasures = Erasures(journal)
        for file in files:
            erase(journal, file, recordings, erasures)


def _deleted(folder: Path) -> list[str]:
    path = folder / DELETED
    return read_text(path).split() if path.exists() else []


def closed_logs(data: Path, second: Path, courtesy: Courtesy) -> dict[str, ClosedLog]:
    """Return the logs that were closed in *data*, by their file names."""
    found = {}
    for folder in sorted((data / "closed").glob("*")):
        policy = read_text(folder / "policy")
        index = followed(folder)
        index.drop(_deleted(folder))
        last = last_held(index, folder, second)
        found[folder.name] = ClosedLog(folder, policy, last, index, Readings(folder, courtesy))
    return found


def policy_lines(closed: Mapping[str, ClosedLog]) -> str:
    """Return what the policies of *closed* logs say of their keys, for that of the log after."""
    words = ("log ", "# receipts ", "# organization ")
    lines = [line for one in closed.values() for line in one.policy.splitlines()]
    # The second one closed names the first one's keys as well.
    own = dict.fromkeys(line for line in lines if line.startswith(words))
    return "".join(f"{line}\n" for line in own)


def followed(folder: Path) -> Index:
    """Return the index of a closed log, having seen what is left of its journal, as far as that is
    whole. Close it."""
    index = Index(folder / "index.sqlite")
    try:
        for batch in Journal(folder / "journal", 0).scan(index.position()):
            index.apply(batch)
    except Damaged as error:
        logger.warning("a closed log is readable up to here: %s", error)
    return index


def last_held(index: Lookups, folder: Path, second: Path | None) -> Published | None:
    """Return the last checkpoint, from the log's *folder* or its place in *second*, that what is
    left of it holds."""
    log = Policy.parse((folder / "policy").read_bytes()).logs[0]
    place = None if second is None else folder_of(second, log)
    copies = copies_kept(folder / "checkpoints", place, "live", log)
    return next((one for one in map(_published, copies) if _held(index, one)), None)


def _published(note: bytes) -> Published:
    return Published(parse_checkpoint(note)[0], note)


def _held(index: Lookups, last: Published) -> bool:
    size = last.checkpoint.size
    try:
        return root(size, index.node) == last.checkpoint.root
    except LookupError:
        return False
