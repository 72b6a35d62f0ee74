"""package.note and opened.note: who says which files belong to a package.

    accompany/package/v1                     by <origin>/receipts, over every other sealed file
    recording <id>
    last <n>
    digest <hex SHA-256 of signed statement n>
    time <t>
    file <sha256> <path>                     sorted by the bytes of the path

    accompany/opened/v1                      by whoever opened it, over what they added
    …                                        the same lines
    key <vkey>                               whose signature it carries

Up to 64 MiB. Pure. Not here: whether the files are there and are those (verify).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from accompany.errors import Malformed
from accompany.evidence.notes import Note, Verifier
from accompany.evidence.text import (
    Lines,
    quoted,
    read_base32,
    read_hex,
    read_number,
    read_time,
    write_lines,
    write_time,
)
from accompany.ids import RecordingId

LISTING_LIMIT = 64 * 1024 * 1024
"""Bytes in package.note or opened.note: about 600,000 files."""

_PATH = re.compile(r"data/[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Listing:
    """What both notes state: *last* statement and its *digest*, *time* in ms since 1970 UTC.

    *files* maps each path (`data/…`) to the SHA-256 of its bytes.
    """

    MAGIC: ClassVar = "accompany/package/v1"
    WHAT: ClassVar = "package.note"
    recording: RecordingId
    last: int
    digest: bytes
    time: int
    files: dict[str, bytes]

    def lines(self) -> list[tuple[str, str]]:
        files = sorted(self.files.items(), key=lambda item: item[0].encode())
        return [
            ("recording", self.recording),
            ("last", str(self.last)),
            ("digest", self.digest.hex()),
            ("time", write_time(self.time)),
            *(("file", f"{digest.hex()} {path}") for path, digest in files),
        ]

    def __str__(self) -> str:
        return write_lines(self.MAGIC, self.lines())

    @classmethod
    def read(cls, text: str) -> "Listing":
        """Return what *text* lists; raise Malformed for anything not in its one written form."""
        lines = Lines(cls.WHAT, cls.MAGIC, text, LISTING_LIMIT)
        listing = cls(*_read_lines(lines, cls.WHAT))
        return _whole(listing, lines, text)


@dataclass(frozen=True, slots=True)
class OpenedListing(Listing):
    """opened.note: the files that opening added, and the key that says so."""

    MAGIC: ClassVar = "accompany/opened/v1"
    WHAT: ClassVar = "opened.note"
    key: Verifier

    def lines(self) -> list[tuple[str, str]]:
        return [*Listing.lines(self), ("key", str(self.key))]

    @classmethod
    def read(cls, text: str) -> "OpenedListing":
        lines = Lines(cls.WHAT, cls.MAGIC, text, LISTING_LIMIT)
        listing = cls(*_read_lines(lines, cls.WHAT), Verifier.parse(lines.take("key")))
        return _whole(listing, lines, text)


AnyListing = TypeVar("AnyListing", bound=Listing)


def open_listing(note: bytes, verifier: Verifier) -> Listing:
    """Return what a package.note lists that *verifier*, the log's receipts key, signed alone."""
    return Listing.read(Note.parse(note, LISTING_LIMIT).only_by(verifier, Listing.WHAT))


def _read_lines(lines: Lines, what: str) -> tuple[RecordingId, int, bytes, int, dict[str, bytes]]:
    recording = RecordingId(read_base32(lines.take("recording")))
    last = read_number(lines.take("last"))
    digest = read_hex(lines.take("digest"), 32)
    time = read_time(lines.take("time"))
    return recording, last, digest, time, dict(_read_files(lines, what))


def _read_files(lines: Lines, what: str) -> Iterable[tuple[str, bytes]]:
    before = b""
    while (value := lines.take_if("file")) is not None:
        digest, _, path = value.partition(" ")
        if not _PATH.fullmatch(path):
            raise Malformed(what, f"expected a path data/…, found {quoted(path)}")
        if path.encode() <= before:
            raise Malformed(what, f"expected paths in order, each once, found {quoted(path)}")
        before = path.encode()
        yield path, read_hex(digest, 32)


def _whole(listing: AnyListing, lines: Lines, text: str) -> AnyListing:
    lines.end()
    if str(listing) != text:
        raise Malformed(listing.WHAT, "not in its one written form")
    return listing
