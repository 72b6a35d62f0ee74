"""What a backup says of itself: which objects belong to it, of what size and SHA-256.

Written last, as one object: a backup is what the newest whole one of these names, and nothing else.
Not here: making it (`backup`), reading it back (`restoring`).
"""

from collections.abc import Iterator

import msgspec

from accompany.adapters.stores import Store
from accompany.errors import Malformed

FORMAT = "accompany/backup/v1"
MANIFEST = "backup.json"


class Object(msgspec.Struct, frozen=True):
    key: str
    size: int
    sha256: str


class JournalFile(msgspec.Struct, frozen=True):
    """*done*: nothing is appended to it any more; then its parts are looked at no more."""

    number: int
    done: bool
    parts: list[Object]


class ClosedJournal(msgspec.Struct, frozen=True):
    """The journal of a log that was closed; *size* and *root* (hex) are those of the last
    checkpoint that what is left of it holds, 0 and nothing where it holds none."""

    files: list[JournalFile]
    size: int
    root: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is. *erased* are the erasings that every part of the journals here shows."""

    format: str
    made: str
    origin: str
    entries: int
    files: dict[str, Object]
    journal: list[JournalFile]
    erased: list[str]
    secrets: str
    """none, clear or sealed"""
    closed: dict[str, ClosedJournal] = {}
    secrets_sha256: str = ""
    """Of what lies there; a backup made before it was noted says nothing."""


def objects_of(manifest: Manifest) -> Iterator[Object]:
    yield from manifest.files.values()
    for file in manifest.journal:
        yield from file.parts
    for closed in manifest.closed.values():
        for file in closed.files:
            yield from file.parts


def read_manifest(store: Store) -> Manifest | None:
    """Return what the last whole backup in *store* is, or None where there is none."""
    data = store.get(MANIFEST)
    if data is None:
        return None
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(MANIFEST, str(error)) from error
    if manifest.format != FORMAT:
        raise Malformed(MANIFEST, f"expected {FORMAT}, found {manifest.format[:40]!r}")
    return manifest
