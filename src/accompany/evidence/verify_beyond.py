"""Looking further than the package: what the log that it names shows now of the same recording.

A cut tail shows here, a log that contradicts the package's checkpoint, an entry replaced, a list of
files that was never logged. Nothing is said of entries that the log did not sign. Pure: the log is
read through a port, the time is a parameter. Not here: the search (searching), what the package
says by itself (verify).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from accompany.errors import AccompanyError
from accompany.evidence import layout
from accompany.evidence.checkpoints import Checkpoint, parse_checkpoint
from accompany.evidence.findings import Findings, shortened
from accompany.evidence.receipts import statement_slot
from accompany.evidence.searching import (
    CUSTODY,
    DELETION,
    GRANT,
    PACKAGE,
    REVOCATION,
    STATEMENT,
    Found,
    Hit,
    ShownLog,
    Sought,
    Thing,
    first_read,
    marks_of,
    search,
)
from accompany.evidence.verify_log import Keys, pick

LATE = 2 * 86_400_000
"""Milliseconds after which every log shows an entry to everybody; it must within a day."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How far was looked: the log at *where* shows *size* entries, searched from *first* on.

    `shown` is its checkpoint as signed; `package` the one in the package where they contradict.
    """

    where: str
    size: int
    first: int
    shown: str
    package: str = ""


def look_beyond(
    log: ShownLog, now: int, sought: Sought, keys: Keys, findings: Findings
) -> Looked | None:
    """Add what *log* shows of the recording to *findings*; return how far it was looked through.

    *now* in ms since 1970 UTC. None where the log could not be read, or is not the log.
    """
    try:
        note = log.checkpoint()
        shown = _shown(note, keys, findings)
        if shown is None:
            return None
        first = first_read(sought, shown.size)
        found = search(log, shown.size, first, sought)
    except AccompanyError as error:
        findings.add("beyond-unasked", "", "the log", str(error))
        return None
    looked = Looked(log.where, shown.size, first, note.decode())
    if found.roots[shown.size] != shown.root:
        expected, rebuilt = shown.root.hex(), found.roots[shown.size].hex()
        findings.add("beyond-root", "", f"root {expected} over {shown.size} entries", rebuilt)
        return looked
    judge = _Judge(sought, found, shown.size, first, findings)
    if judge.fork(shown):
        looked = Looked(log.where, shown.size, first, note.decode(), _text(sought.checkpoint_note))
    judge.statements()
    judge.twins()
    judge.end()
    judge.more(GRANT, max(sought.grants, default=-1), "grants", layout.grant_path(0))
    judge.more(CUSTODY, sought.custody or 0, "lines of the chain of custody", layout.CUSTODY)
    judge.revocation()
    judge.deletion()
    judge.package()
    judge.missing(now)
    return looked


def _text(note: bytes) -> str:
    return note.decode("utf-8", "replace")


def _shown(note: bytes, keys: Keys, findings: Findings) -> Checkpoint | None:
    """Return the checkpoint in *note* if it is this log's and signed by its key."""
    checkpoint, parsed = parse_checkpoint(note)
    if checkpoint.origin != keys.origin:
        findings.add("beyond-other", "", keys.origin, checkpoint.origin)
        return None
    key = pick(keys.log, parsed)
    if key is None:
        findings.add("beyond-unasked", "", "a key of the log", "none is known")
        return None
    before = findings.failed()
    with findings.under("beyond-signature", ""):
        parsed.signed_by(key, "checkpoint")
    return checkpoint if findings.failed() == before else None


class _Judge:
    """What follows from what was found, one finding after the other."""

    def __init__(
        self, sought: Sought, found: Found, size: int, first: int, findings: Findings
    ) -> None:
        self._sought = sought
        self._found = found
        self._size = size
        self._first = first
        self._findings = findings

    def fork(self, shown: Checkpoint) -> bool:
        """Compare the tree shown with those before it; return whether they contradict."""
        for size, root in marks_of(self._sought, self._size):
            rebuilt = self._found.roots[size]
            if rebuilt != root:
                expected = f"{root.hex()}, the root over {size} entries"
                found = f"{rebuilt.hex()}, in the tree of {self._size} entries shown now"
                self._findings.add("beyond-fork", layout.CHECKPOINT, expected, found)
                return True
            if size == self._sought.covered:
                self._findings.add("beyond-continues", size=shown.size)
        return False

    def statements(self) -> None:
        """Every statement's entry must stand where its receipt says, as far as the log is shown."""
        there, failed = 0, self._findings.failed()
        for number, digest in self._sought.statements.items():
            place = self._sought.places.get(number)
            if place is None or place >= self._size:
                continue
            there += 1
            entry = self._found.there.get(place, b"")
            if entry != statement_slot(self._sought.opening, number) + digest:
                expected = f"{digest.hex()} at {place}"
                path = layout.receipt_path(number)
                self._findings.add("beyond-entry", path, expected, f"{entry[32:].hex()} there")
        if there and self._findings.failed() == failed:
            total = len(self._sought.statements)
            self._findings.add("beyond-entries", count=there, total=total)

    def twins(self) -> None:
        """One slot holds one digest; exports and deletions alone may be entered again."""
        known: dict[Thing, bytes] = {
            **{(STATEMENT, number): one for number, one in self._sought.statements.items()},
            **{(GRANT, number): one for number, one in self._sought.grants.items()},
        }
        if self._sought.revocation is not None:
            known[REVOCATION, 0] = self._sought.revocation
        for thing, hits in self._found.hits.items():
            if thing[0] in (PACKAGE, DELETION):
                continue
            digest = known.get(thing, hits[0].digest)
            for hit in hits:
                if hit.digest != digest:
                    found = f"{hit.digest.hex()} at {hit.index}"
                    self._findings.add("beyond-twin", _path(thing), digest.hex(), found)

    def end(self) -> None:
        """Say whether the recording goes on, and how far that was looked for."""
        last, end = self._sought.last, self._size - 1
        further = self._found.beyond(STATEMENT, last)
        if further:
            closing = ", the closing" if self._sought.closed else ""
            index = self._found.of(STATEMENT, further[0])[0].index
            found = f"statements {shortened(further)}, from entry {index} on"
            path = layout.statement_path(last)
            self._findings.add("beyond-further", path, f"none after {last}{closing}", found)
        elif self._size < self._sought.covered:
            return
        elif self._sought.closed or self._size == self._sought.covered:
            self._findings.add("beyond-nothing", last=last, first=self._first, end=end)
        else:
            self._findings.add("beyond-end", last=last, first=self._first, end=end)

    def more(self, kind: str, known: int, what: str, path: str) -> None:
        """Name grants, or lines of custody, that the package does not show."""
        numbers = self._found.beyond(kind, known)
        left_out = kind == CUSTODY and self._sought.custody is None
        early = [
            number
            for number in numbers
            if self._found.of(kind, number)[0].index < self._sought.covered and not left_out
        ]
        if early:
            expected = f"none after {known} among the first {self._sought.covered} entries"
            self._findings.add("beyond-left-out", path, expected, shortened(early), what=what)
        later = [number for number in numbers if number not in set(early)]
        if later:
            count, shown = len(later), shortened(later)
            self._findings.add("beyond-more", path, what=what, count=count, numbers=shown)

    def revocation(self) -> None:
        """Say that the attorney's card was revoked, where the package does not."""
        hits = self._found.of(REVOCATION)
        if not hits or self._sought.revocation is not None:
            return
        index = hits[0].index
        if index < self._sought.covered:
            what = "a revocation of the attorney's card"
            expected = f"none among the first {self._sought.covered} entries"
            found = f"entry {index}"
            self._findings.add("beyond-left-out", layout.REVOCATION, expected, found, what=what)
        elif self._sought.opener:
            self._findings.add("beyond-opener", layout.OPENED_NOTE, index=index)
        else:
            self._findings.add("beyond-revoked", layout.CARD, index=index)

    def deletion(self) -> None:
        for hit in self._found.of(DELETION)[:1]:
            self._findings.add("beyond-deleted", index=hit.index)

    def missing(self, now: int) -> None:
        """The log must hold what the package holds, once it has had the time to show it."""
        time, size, covered = self._sought.time, self._size, self._sought.covered
        late = time is not None and now - time > LATE
        if size < covered and late:
            expected, found = f"at least {covered} entries", f"{size} entries"
            self._findings.add("beyond-missing", layout.CHECKPOINT, expected, found)
        elif size < covered:
            self._findings.add("beyond-older", size=size, covered=covered)
        else:
            code = "beyond-missing" if late else "beyond-not-yet"
            for path, hits, digest in self._unplaced():
                if not any(hit.digest == digest for hit in hits):
                    found = f"none in entries {self._first} to {size - 1}"
                    self._findings.add(code, path, f"an entry {digest.hex()}", found, size=size)

    def package(self) -> None:
        """One entry must be this package's; each export makes its own."""
        for hit in self._found.of(PACKAGE):
            if hit.digest == self._sought.package:
                self._findings.add("beyond-package", index=hit.index)

    def _unplaced(self) -> Iterator[tuple[str, list[Hit], bytes]]:
        """What the package holds and no receipt or proof in it places: path, hits, digest."""
        for number, digest in self._sought.statements.items():
            if number not in self._sought.places:
                hits = self._found.of(STATEMENT, number)
                yield layout.statement_path(number), hits, digest
        for number, digest in self._sought.grants.items():
            yield layout.grant_path(number), self._found.of(GRANT, number), digest
        if self._sought.package is not None:
            yield layout.PACKAGE_NOTE, self._found.of(PACKAGE), self._sought.package


def _path(thing: Thing) -> str:
    kind, number = thing
    if kind == STATEMENT:
        return layout.statement_path(number)
    if kind == REVOCATION:
        return layout.REVOCATION
    return layout.grant_path(number) if kind == GRANT else layout.CUSTODY
