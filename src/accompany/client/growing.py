"""Rebuilding a log's tree as it grows: all that has to be kept of what was seen.

    grown = Grown()                       nothing yet
    grown = grown.after(entries, tiles…)  more entries, each tile compared with what it must be

Kept are the hashes of the last, partial tile of every level: enough to compute the root, to check
that a refetched bundle still says what it said, and to go on. A few kilobytes for any log.
Not here: fetching (tiles), keeping (auditing).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from accompany.client.tiles import folded
from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.merkle import TILE_HEIGHT, TILE_WIDTH, leaf_hash, root
from accompany.evidence.text import read_hex


class Differs(DoesNotHold):
    """What the log serves is not what it served, or not what its own entries make."""


@dataclass(slots=True)
class Grown:
    """A tree of `size` leaves, by its edge: `edge[L]` is the partial tile of level L."""

    size: int = 0
    edge: list[list[bytes]] = field(default_factory=lambda: [[]])

    def root(self) -> bytes:
        return root(self.size, self._node)

    def _node(self, level: int, number: int) -> bytes:
        row, height = divmod(level, TILE_HEIGHT)
        first = (number << height) - self._start(row)
        if first < 0 or row >= len(self.edge):
            raise LookupError(f"node {level}/{number} is not on the edge")
        return folded(self.edge[row][first : first + (1 << height)])

    def _start(self, level: int) -> int:
        """The number of the first hash of level *level* that is kept."""
        return (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH * TILE_WIDTH

    @property
    def bundle(self) -> int:
        """The number of the bundle in which the next entry lies."""
        return self.size // TILE_WIDTH

    def take(
        self, number: int, entries: Sequence[bytes], tile: Sequence[bytes]
    ) -> list[tuple[int, int, list[bytes]]]:
        """Take bundle *number*, the next one, and its tile of level 0.

        Return the tiles above that are whole now, as (level, number, hashes). Raise Differs where
        entries seen before changed, or the tile is not what its entries make.
        """
        if number != self.bundle:
            raise Malformed("bundle", f"expected number {self.bundle}, found {number}")
        hashes = [leaf_hash(entry) for entry in entries]
        seen = self.edge[0]
        for at, (before, now) in enumerate(zip(seen, hashes, strict=False)):
            if before != now:
                index = number * TILE_WIDTH + at
                raise Differs(f"entry {index}", f"as before: {before.hex()}", now.hex())
        if len(hashes) < len(seen):
            raise Differs(f"bundle {number}", f"at least {len(seen)} entries", str(len(hashes)))
        check_tile(0, number, hashes, tile)
        self.size = number * TILE_WIDTH + len(hashes)
        self.edge[0] = hashes
        return self._fill()

    def _fill(self) -> list[tuple[int, int, list[bytes]]]:
        whole: list[tuple[int, int, list[bytes]]] = []
        level = 0
        while len(self.edge[level]) == TILE_WIDTH:
            if level + 1 == len(self.edge):
                self.edge.append([])
            above = self.edge[level + 1]
            above.append(folded(self.edge[level]))
            self.edge[level] = []
            level += 1
            if len(above) == TILE_WIDTH:
                number = (self.size >> (TILE_HEIGHT * (level + 1))) - 1
                whole.append((level, number, list(above)))
        return whole

    def partial(self) -> list[tuple[int, int, list[bytes]]]:
        """Return the partial tiles above level 0, as (level, number, hashes)."""
        return [
            (level, self._start(level) // TILE_WIDTH, list(hashes))
            for level, hashes in enumerate(self.edge)
            if level > 0 and hashes
        ]

    def written(self) -> list[list[str]]:
        return [[one.hex() for one in hashes] for hashes in self.edge]

    @classmethod
    def read(cls, size: int, written: Sequence[Sequence[str]]) -> "Grown":
        """Return what `written` gave; raise Malformed where it is no edge of a tree of *size*."""
        edge = [[read_hex(one, 32) for one in hashes] for hashes in written]
        for level, hashes in enumerate(edge):
            expected = (size >> (TILE_HEIGHT * level)) % TILE_WIDTH
            if len(hashes) != expected:
                why = f"expected {expected} hashes of level {level}, found {len(hashes)}"
                raise Malformed("kept edge", why)
        if not edge or size >> (TILE_HEIGHT * len(edge)):
            raise Malformed("kept edge", f"expected more levels for a tree of {size}")
        return cls(size, edge)


def check_tile(level: int, number: int, expected: Sequence[bytes], found: Sequence[bytes]) -> None:
    """Raise Differs unless a tile holds what was computed for it."""
    for at, (mine, theirs) in enumerate(zip(expected, found, strict=False)):
        if mine != theirs:
            what = f"tile {level}/{number}, hash {at}"
            raise Differs(what, f"{mine.hex()}, rebuilt from the entries", theirs.hex())
    if len(expected) != len(found):
        raise Differs(f"tile {level}/{number}", f"{len(expected)} hashes", str(len(found)))
