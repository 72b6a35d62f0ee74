"""Many segments at once: which of them lie so near each other that they are best read together.

And that each of them is what was kept. Pure.
"""

from hashlib import sha256

from accompany.adapters.index import Place
from accompany.errors import Damaged

NEAR, RUN = 64 * 1024, 4 * 1024 * 1024
"""Bytes between two segments that are read along, and bytes that are read at once."""

Numbered = tuple[int, Place]


def runs_of(places: list[Numbered]) -> list[list[Numbered]]:
    """Return *places*, in their order, in runs of one file each."""
    runs: list[list[Numbered]] = []
    for one in places:
        if not runs or not _joins(runs[-1], one[1]):
            runs.append([])
        runs[-1].append(one)
    return runs


def _joins(run: list[Numbered], place: Place) -> bool:
    first, last = run[0][1], run[-1][1]
    gap = place.offset - last.offset - last.size
    long = place.offset + place.size - first.offset
    return place.file == last.file and 0 <= gap <= NEAR and long <= RUN


def check(recording: str, number: int, place: Place, data: bytes | memoryview) -> None:
    """Raise Damaged unless *data* is what was kept."""
    found = sha256(data).digest()
    if found != place.sha256:
        raise Damaged(
            f"segment {number} of {recording}: expected SHA-256 {place.sha256.hex()}, "
            f"found {found.hex()} in journal file {place.file} at {place.offset}"
        )
