"""Sealed contacts held over a restart: in a folder that is memory (tmpfs), never on a disk.

Without such a folder they are held by the process alone and end with it. Files are as the phone
sealed them, readable by the owner, and gone when nobody has to be told any more; a machine that is
switched off has none. Where memory is swapped to a disk, that disk has to be encrypted, here as for
everything the process holds.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path

import msgspec

from accompany.errors import Malformed

MEMORY = ("tmpfs", "ramfs")
MOUNTS = Path("/proc/self/mountinfo")


class NoShelf:
    """A `telling.ports.Shelf` that holds nothing: a restart forgets."""

    def put(self, digest: bytes, sealed: Sequence[bytes]) -> None: ...

    def take_all(self) -> dict[bytes, tuple[bytes, ...]]:
        return {}

    def drop(self, digest: bytes) -> None: ...


class MemoryShelf:
    """A `telling.ports.Shelf` in *folder*; raise Malformed unless that is memory."""

    def __init__(self, folder: Path, mounts: Path = MOUNTS) -> None:
        kind = kind_of(folder, mounts)
        if kind not in MEMORY:
            found = kind or "no folder"
            raise Malformed("setting shelf", f"expected a folder in memory (tmpfs), found {found}")
        self._folder = folder / "accompany-contacts"
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def put(self, digest: bytes, sealed: Sequence[bytes]) -> None:
        path = self._folder / digest.hex()
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(msgspec.json.encode([b64encode(one).decode() for one in sealed]))
        fresh.replace(path)

    def take_all(self) -> dict[bytes, tuple[bytes, ...]]:
        found = {}
        for path in sorted(self._folder.iterdir()):
            try:
                texts = msgspec.json.decode(path.read_bytes(), type=list[str])
                found[bytes.fromhex(path.name)] = tuple(b64decode(one) for one in texts)
            except (msgspec.DecodeError, ValueError):
                # Half written when the process ended: the phone hands it in again.
                path.unlink()
        return found

    def drop(self, digest: bytes) -> None:
        (self._folder / digest.hex()).unlink(missing_ok=True)


def shelf_at(path: str) -> NoShelf | MemoryShelf:
    return MemoryShelf(Path(path)) if path else NoShelf()


def kind_of(folder: Path, mounts: Path = MOUNTS) -> str:
    """Return the file system that *folder* lies on, as the kernel calls it; "" where there is none.

    The last mount that holds it counts (proc(5), mountinfo).
    """
    if not folder.is_dir():
        return ""
    wanted, best, kind = folder.resolve(), -1, ""
    for line in mounts.read_text().splitlines():
        fields, _, more = line.partition(" - ")
        point = Path(fields.split(" ")[4].encode().decode("unicode_escape"))
        if wanted.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), more.split(" ")[0]
    return kind
