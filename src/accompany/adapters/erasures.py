"""What of the journal was erased: how a reader knows a frame of which parts are zeros to be whole.

A frame is whole by the CRC in its header; erased ranges break it. So before anything is
overwritten, a file in journal/erased says of each frame which ranges are zeros from now on and the
SHA-256 of what remains. A reader that finds a CRC not to fit takes those ranges as zeros, whatever
is on the disk, and compares: a crash in the middle of erasing is as good as before or after it.
Not here: erasing (erasing).
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from accompany.errors import Damaged


class Erased(msgspec.Struct, frozen=True):
    """Of the frame at *offset*: the ranges of its payload that are zeros, and SHA-256 of header
    and payload then."""

    offset: int
    ranges: list[tuple[int, int]]
    sha256: str


def read_erased(path: Path) -> list[Erased]:
    """Return what one erasing erased; raise Damaged where *path* does not say that any more."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Erased])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = "it says which parts of the journal were erased; restore it from a backup"
        raise Damaged(f"{path} is bent: {error}; {why}") from error


class Erasures:
    """What is known to be erased, a file for each erasing of each journal file."""

    def __init__(self, journal: Path) -> None:
        self.folder = journal / "erased"
        self._held: tuple[tuple[int, int], dict[int, Erased]] = ((0, 0), {})

    def of(self, number: int) -> Mapping[int, Erased]:
        """Return what is erased in journal file *number*, by the frames' offsets."""
        paths = self.paths(number)
        if self._held[0] != (number, len(paths)):
            found: dict[int, Erased] = {}
            for path in paths:
                rows = read_erased(path)
                # A later one of the same frame names all ranges of the ones before it.
                found.update((one.offset, one) for one in rows)
            self._held = ((number, len(paths)), found)
        return self._held[1]

    def hold(self, number: int, offset: int, head: bytes, payload: bytes) -> bool:
        """Whether the frame whose CRC does not fit is one of which parts were erased."""
        erased = self.of(number).get(offset)
        return erased is not None and digest_of(head, payload, erased.ranges) == erased.sha256

    def paths(self, number: int) -> list[Path]:
        return sorted(self.folder.glob(f"{number:06d}-*.json"))


def digest_of(head: bytes, payload: bytes, ranges: list[tuple[int, int]]) -> str:
    """Return what is kept of a frame of which *ranges*, in its payload, are zeros."""
    masked = bytearray(payload)
    for start, size in ranges:
        masked[start : start + size] = bytes(size)
    return sha256(head + masked).hexdigest()
