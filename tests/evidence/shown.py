"""A log that is asked beside a package: `making.Log`, read as `ShownLog`, and bent where wanted.

told = told_of(Recording().film(4))     a package, and the log that it was made in
ask(told)                               its report, with the log looked at as well
"""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from hashlib import sha256

from accompany.errors import AccompanyError
from accompany.evidence import layout
from accompany.evidence.findings import Findings
from accompany.evidence.merkle import Nodes
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import Entry, named_entry, statement_entry
from accompany.evidence.report import Report
from accompany.evidence.verify import Asking, Trust, verify_bag
from evidence.making import (
    DAY,
    POLICY,
    START,
    Folder,
    Log,
    Package,
    Recording,
    Server,
    sealed,
    with_after,
)

MADE = START + 600_000
"""When `sealed` says that it made the package."""
SOON, LATE = MADE + 60_000, MADE + 3 * DAY


@dataclass
class Shown:
    """The first *size* entries of *log*, all by default; *asked* are the bundles it gave."""

    log: Log
    size: int | None = None
    signer: Signer | None = None
    bend: Callable[[int, list[bytes]], list[bytes]] = lambda _, entries: entries
    asked: list[int] = field(default_factory=list)
    where: str = "https://log.example.org"

    def checkpoint(self) -> bytes:
        return self.log.checkpoint(self.size).sign(self.signer or self.log.signer)

    def nodes(self, size: int) -> Nodes:
        def node(level: int, number: int) -> bytes:
            assert (number + 1) << level <= size, "no complete subtree of what is shown"
            return self.log.nodes(level, number)

        return node

    def bundles(self, first: int, size: int) -> Iterator[list[bytes]]:
        for start in range(first * 256, size, 256):
            self.asked.append(start // 256)
            entries = self.log.entries[start : min(start + 256, size)]
            yield self.bend(start, [bytes(entry) for entry in entries])


@dataclass(frozen=True)
class Told:
    """A recording, its package, and the log in which both stand."""

    recording: Recording
    package: Package
    log: Log

    def entry(self, number: int, note: bytes | None = None) -> Entry:
        """The entry of statement *number*, or of another *note* of that number."""
        notes = self.recording.notes
        return statement_entry(notes[0], number, notes[number] if note is None else note)

    def index(self, number: int) -> int:
        return self.log.entries.index(self.entry(number))

    def named(self, what: str, number: int, data: bytes) -> int:
        """Let the log hold something more of the recording; return its index."""
        return self.log.append(named_entry(what, f"{self.recording.id} {number}", data))


def told_of(
    recording: Recording,
    log: Log | None = None,
    server: Server | None = None,
    more: int = 0,
    logged: tuple[str, ...] = ("grants", "package"),
) -> Told:
    """Let a server seal *recording* as it stands, log what is *logged*, and *more* entries."""
    log = log or Log()
    package = sealed(recording, replace(server or Server(log), log=log))
    told = Told(recording, package, log)
    if "grants" in logged:
        for number, grant in recording.grants.items():
            told.named("grant", number, grant)
    if "package" in logged:
        told.named("package", recording.next - 1, package.files[layout.PACKAGE_NOTE])
    log.pad(more, "later")
    return told


def whole(more: int = 3) -> Told:
    log, recording = with_after()
    return told_of(recording.film(4).close(), log, more=more)


def open_ended(more: int = 3) -> Told:
    log, recording = with_after()
    return told_of(recording.film(4), log, more=more)


def first_of(recording: Recording, kept: int) -> Recording:
    """Return *recording* as it stood after its first *kept* statements."""
    short = copy(recording)
    short.notes = recording.notes[:kept]
    short.statements = recording.statements[: kept - 1]
    short.segments = {n: data for n, data in recording.segments.items() if n < kept}
    return short


def cut_short(kept: int, more: int = 3) -> Told:
    """A package that a server made of the first *kept* statements, though it logged them all."""
    log, recording = with_after()
    recording.film(4).close()
    made = told_of(first_of(recording, kept), log)
    told = Told(recording, made.package, log)
    for later in range(kept, len(recording.notes)):
        log.append(told.entry(later))
    log.pad(more, "later")
    return told


def ask(
    told: Told, shown: object = None, now: int = SOON, package: Package | None = None,
    **trust: object,
) -> Report:  # fmt: skip
    """Verify with the log; *shown* is what is asked, the whole log unless given."""
    package = package or told.package
    believed = Trust(**{"policy": POLICY, **trust})  # type: ignore[arg-type]
    asking = Asking(shown or Shown(told.log), now)  # type: ignore[arg-type]
    return verify_bag(Folder(package.files), package.recording, believed, Findings(), asking=asking)


class Silent:
    """A log that does not answer."""

    where = "https://nowhere.example"

    def checkpoint(self) -> bytes:
        raise AccompanyError("no answer from https://nowhere.example: refused")


def noise(word: str) -> Entry:
    return Entry(sha256(word.encode()).digest(), sha256(word.encode() * 2).digest())
