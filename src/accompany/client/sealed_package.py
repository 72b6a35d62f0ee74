"""A sealed package as whoever opens it reads it: a sound ZIP, statements by the recording's key.

Bytes come as they are asked for, in flat memory; proofs and signatures of others are not looked at
here (`accompany verify` does that).
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import BinaryIO

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence import layout
from accompany.evidence.cards import Card
from accompany.evidence.contents import SEGMENT_LIMIT
from accompany.evidence.findings import Findings
from accompany.evidence.notes import Note
from accompany.evidence.receipts import Receipt
from accompany.evidence.statements import (
    Closing,
    Opening,
    SegmentStatement,
    digest_of,
    open_following,
    open_opening,
)
from accompany.evidence.unzipping import Archive, NotAZip, read_archive

Watch = Callable[[int], None]


class SealedPackage:
    """A sealed package whose ZIP is sound and whose statements are signed by its own key."""

    def __init__(self, source: BinaryIO, watch: Watch) -> None:
        findings = Findings()
        try:
            self._archive: Archive = read_archive(source, findings)
        except NotAZip as error:
            raise Malformed("package", str(error)) from error
        if findings.all:
            first = findings.all[0]
            raise Malformed("package", f"{first.text} {first.file} (accompany verify says more)")
        self._watch = watch
        self.folder = next(iter(self._archive.members), "").partition("/")[0]
        self.paths = [self._path(name) for name in self._archive.members]
        self.digests: dict[str, bytes] = {}
        self.opening: Opening = open_opening(self.read(layout.statement_path(0)))
        self.segments: list[SegmentStatement] = []
        self.last, self.last_digest = 0, b""
        self.ended = self.opening.time
        """When the last statement ends, by the device's clock, in ms"""
        self._read_statements()

    def _path(self, name: str) -> str:
        folder, _, path = name.partition("/")
        place = layout.place(path)
        if folder != self.folder or place is None:
            raise Malformed("package", f"no package has a file {name!r}")
        if place.of_opening:
            raise Malformed("package", f"it was opened already: {path}. Open the sealed one")
        return path

    def _read_statements(self) -> None:
        numbers = sorted(
            place.number
            for path in self.paths
            if (place := layout.place(path)) and place.kind == "statement"
        )
        for number in numbers:
            note = self.read(layout.statement_path(number))
            self.last, self.last_digest = number, digest_of(note)
            if number:
                statement = open_following(note, self.opening.key)
                length = 0 if isinstance(statement, Closing) else statement.duration
                self.ended = max(self.ended, statement.time + length)
                if isinstance(statement, SegmentStatement):
                    self.segments.append(statement)

    def size(self, path: str) -> int:
        if not self.has(path):
            raise Malformed("package", f"{path} is missing")
        return self._archive.members[f"{self.folder}/{path}"].size

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file; its digest is known once they are through.

        A wrong checksum is let be: whoever compares digests sees it, and one damaged segment must
        not lock away the others.
        """
        name, digest, left = f"{self.folder}/{path}", sha256(), self.size(path)
        try:
            for piece in self._archive.chunks(name):
                left -= len(piece)
                digest.update(piece)
                self._watch(len(piece))
                yield piece
        except DoesNotHold:
            if left:
                raise
        self.digests[path] = digest.digest()

    def read(self, path: str) -> bytes:
        data = b"".join(self.chunks(path))
        if len(data) > SEGMENT_LIMIT:
            raise Malformed("package", f"{path} has {len(data)} bytes")
        return data

    def has(self, path: str) -> bool:
        return f"{self.folder}/{path}" in self._archive.members

    def forget(self, path: str) -> None:
        """Let go of what is known of a file that nobody asks for again: an hour has thousands."""
        del self._archive.members[f"{self.folder}/{path}"], self.digests[path]

    def attorney(self) -> str:
        """Return the name on the attorney's card; nobody has checked it here."""
        if not self.has(layout.CARD):
            return ""
        try:
            return Card.read(Note.parse(self.read(layout.CARD)).text).name
        except AccompanyError:
            return ""

    def received(self) -> tuple[int, int] | None:
        """Return the times of the first and the last receipt, as the server says, in ms."""
        try:
            return self._receipt(0), self._receipt(self.last)
        except AccompanyError:
            return None

    def _receipt(self, number: int) -> int:
        return Receipt.read(Note.parse(self.read(layout.receipt_path(number))).text).time
