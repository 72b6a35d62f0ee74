"""Searching a log for the entries of one recording.

    what the package knows (Sought) + a log that can be read (ShownLog) -> Found

The tree is rebuilt from the bundle on that the opening stands in; what lies before comes as a few
hashes, which the signed root vouches for. So every entry searched is one that the log signed, and
the package's checkpoint lies on the way: that one continues the other is seen, not believed.
Flat memory, however long the log. Pure: the log is read through a port. Not here: what follows from
what was found (verify_beyond), HTTP (client.tiles).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from accompany.evidence.checkpoints import Checkpoint
from accompany.evidence.layout import place
from accompany.evidence.merkle import TILE_WIDTH, Nodes, Peaks, leaf_hash
from accompany.evidence.receipts import named_slot, statement_slot
from accompany.ids import CardSerial, RecordingId

AHEAD = 1024
"""How many numbers beyond the last one known are looked for: an entry may be missing between."""

STATEMENT, GRANT, CUSTODY, PACKAGE, DELETION, REVOCATION = (
    "statement", "grant", "custody", "package", "deletion", "revocation"
)  # fmt: skip

Thing = tuple[str, int]
"""What an entry is of: a statement, a grant or a line of custody by its number; else 0."""


class ShownLog(Protocol):
    """A log as it shows itself now; any AccompanyError says that it could not be read."""

    @property
    def where(self) -> str:
        """The address, for the report."""

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint, as signed."""

    def nodes(self, size: int) -> Nodes:
        """Return the complete subtrees of the tree of *size* entries."""

    def bundles(self, first: int, size: int) -> Iterator[list[bytes]]:
        """Yield the entries from number *first* · 256 up to *size*, 256 at a time."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What the package knows of the recording, and where it says that it stands in the log.

    `statements` and `grants` are SHA-256 by number; grants that are listed but withheld count.
    `places` are the indexes of receipts. `checkpoint` is None unless the log signed it. `custody`
    is how many lines the package has, None where they were left out. `package` is the SHA-256 of
    package.note, `time` the one it states. `card` is the serial of the attorney's card,
    `revocation` the SHA-256 of the note of its end, if the package has one; `opener` whether by
    that card alone it is known who opened the package. `after` is the size and root that the
    opening names, if the package shows that its checkpoint continues it.
    """

    recording: RecordingId
    opening: bytes
    statements: Mapping[int, bytes]
    places: Mapping[int, int]
    closed: bool
    checkpoint: Checkpoint | None
    checkpoint_note: bytes
    after: tuple[int, bytes] | None
    grants: Mapping[int, bytes]
    custody: int | None
    package: bytes | None
    time: int | None
    card: CardSerial | None = None
    revocation: bytes | None = None
    opener: bool = False

    @property
    def last(self) -> int:
        return max(self.statements)

    @property
    def covered(self) -> int:
        """How many entries the package's checkpoint is over."""
        return self.checkpoint.size if self.checkpoint else 0


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found on a slot that was looked for."""

    index: int
    digest: bytes


@dataclass(slots=True)
class Found:
    """What the search came upon.

    `hits` are the first of every digest on a slot; `there` the entries where statements should be;
    `roots` those of the trees asked for, by their size.
    """

    hits: dict[Thing, list[Hit]] = field(default_factory=dict)
    there: dict[int, bytes] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)

    def take(self, thing: Thing, hit: Hit) -> None:
        hits = self.hits.setdefault(thing, [])
        if all(hit.digest != other.digest for other in hits):
            hits.append(hit)

    def of(self, kind: str, number: int = 0) -> list[Hit]:
        return self.hits.get((kind, number), [])

    def beyond(self, kind: str, known: int) -> list[int]:
        """Return the numbers found above *known*, in order."""
        return sorted(number for what, number in self.hits if what == kind and number > known)


class Slots:
    """Slots by what they are of: all that is known, and AHEAD numbers beyond the last one found."""

    def __init__(self, sought: Sought) -> None:
        self._sought = sought
        self._things: dict[bytes, Thing] = {}
        self._until: dict[str, int] = {}
        lines = range(1, (sought.custody or 0) + 1)
        for kind, known in (
            (STATEMENT, sought.statements), (GRANT, sought.grants), (CUSTODY, lines)
        ):  # fmt: skip
            # A package may name any number: those between are not looked for.
            for number in known:
                self._look_for(kind, number)
            self._until[kind] = max(known, default=0 if kind == CUSTODY else -1) + 1
            self._extend(kind, self._until[kind] - 1)
        last = f"{sought.recording} {sought.last}"
        self._things[named_slot(PACKAGE, last)] = (PACKAGE, 0)
        self._things[named_slot(DELETION, sought.recording)] = (DELETION, 0)
        if sought.card is not None:
            self._things[named_slot(REVOCATION, sought.card)] = (REVOCATION, 0)

    def thing(self, slot: bytes) -> Thing | None:
        """Return what *slot* is of, or None if it is a stranger's."""
        found = self._things.get(slot)
        if found is not None and found[0] in self._until:
            self._extend(*found)
        return found

    def _extend(self, kind: str, found: int) -> None:
        until = found + 1 + AHEAD
        for number in range(self._until[kind], until):
            self._look_for(kind, number)
        self._until[kind] = max(self._until[kind], until)

    def _look_for(self, kind: str, number: int) -> None:
        if kind == STATEMENT:
            slot = statement_slot(self._sought.opening, number)
        else:
            slot = named_slot(kind, f"{self._sought.recording} {number}")
        self._things[slot] = (kind, number)


def first_read(sought: Sought, size: int) -> int:
    """Return from which entry on the log is read: a whole bundle, at or before all that matters."""
    wanted = [size, *sought.places.values()] if 0 in sought.places else [0]
    wanted += [mark for mark, _ in marks_of(sought, size)]
    return min(wanted) // TILE_WIDTH * TILE_WIDTH


def marks_of(sought: Sought, size: int) -> list[tuple[int, bytes]]:
    """Return (size, root) of trees that the one shown must have grown from.

    Where it shows less than the package's checkpoint, only what the device saw can be compared.
    """
    if sought.checkpoint is not None and sought.covered <= size:
        return [(sought.covered, sought.checkpoint.root)]
    if sought.after is not None and 0 < sought.after[0] <= size:
        return [sought.after]
    return []


def search(log: ShownLog, size: int, first: int, sought: Sought) -> Found:
    """Read the entries from *first* up to *size*; keep what is on a slot of the recording."""
    slots, found = Slots(sought), Found()
    places = set(sought.places.values())
    marks = {mark for mark, _ in marks_of(sought, size)}
    peaks = Peaks(first, log.nodes(size))
    for entries in log.bundles(first // TILE_WIDTH, size):
        for entry in entries:
            index = peaks.size
            if index in marks:
                found.roots[index] = peaks.root()
            if index in places:
                found.there[index] = entry
            thing = slots.thing(entry[:32]) if len(entry) == 64 else None
            if thing is not None:
                found.take(thing, Hit(index, entry[32:]))
            peaks.add(leaf_hash(entry))
    found.roots[peaks.size] = peaks.root()
    # A log that gave fewer entries, or more, gave none of the tree that it signed.
    found.roots.setdefault(size, peaks.root())
    return found


def grants_listed(files: Mapping[str, bytes]) -> dict[int, bytes]:
    """Return the SHA-256 of each grant among listed files, by its number."""
    places = ((place(path), digest) for path, digest in files.items())
    return {at.number: digest for at, digest in places if at is not None and at.kind == GRANT}
