"""Opening a sealed package: the film itself, beside all that proves it, its key kept.

    X.zip + a key that opens it  ->  Y.zip: the same files byte for byte, and
        data/filekeys.txt             the key of each segment shown; why others are withheld
        data/media/recording.<ext>    the segments shown, decrypted, one after the other
        data/media/derivation.json    from what, how and with what it was made
        data/opened.note              who says so

Flat memory: every segment is decrypted twice, once to know the film's size and hash, once to write
it. No plaintext touches the disk outside Y.zip. Not here: the command (opening_command), court copy
and certification (later).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from accompany import __version__
from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence import age, layout
from accompany.evidence.contents import SEGMENT_LIMIT
from accompany.evidence.filekeys import NOT_ARRIVED, FileKey, write_filekeys
from accompany.evidence.findings import Findings
from accompany.evidence.listing import OpenedListing
from accompany.evidence.notes import Signer, Verifier
from accompany.evidence.package import Blob, PackageFile, tag_files, zip_path
from accompany.evidence.statements import (
    Opening,
    SegmentStatement,
    digest_of,
    open_following,
    open_opening,
)
from accompany.evidence.text import write_time
from accompany.evidence.unzipping import Archive, NotAZip, read_archive
from accompany.evidence.zipping import ZipItem, zip_stream

NOT_SHOWN = "not part of what is shown"
"""The reason given where none is."""

Ranges = Sequence[tuple[int, int]]
"""First and last statement number of each stretch to show, both included."""

Watch = Callable[[int], None]


class NotGranted(AccompanyError):
    """The key opens neither the recording nor any of its grants."""

    def __init__(self, recording: str) -> None:
        super().__init__(f"this key was not granted the recording {recording}, nor is it its own")
        self.recording = recording


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of it: numbers of the segments shown and withheld, and whose key signed."""

    recording: str
    target: Path
    media: str
    shown: tuple[int, ...]
    withheld: tuple[int, ...]
    key: Verifier
    own_key: bool
    """Whether the key that signed was made for this package alone"""


def open_package(
    source: Path,
    identities: Sequence[age.Identity],
    target: Path,
    *,
    now: int,
    segments: Ranges | None = None,
    reason: str = NOT_SHOWN,
    sign: Signer | None = None,
    watch: Watch = lambda _: None,
) -> Opened:
    """Write the opened package of *source* to *target*, whole or not at all.

    *identities* are the recording's own, or any holder's; *now* is in milliseconds since 1970 UTC.
    All segments are shown, or those in *segments* and the first, which any player needs; a segment
    that does not open is withheld, and says so. Without *sign* a key is made for this package and
    thrown away: whoever is told its public half can still see that nothing was changed since.
    *watch* is told of sealed bytes as they are read, twice. Raise NotGranted, Malformed,
    DoesNotHold.
    """
    if target.exists() and target.samefile(source):
        raise DoesNotHold("output", "another file than the package", str(target))
    with source.open("rb") as file:
        package = _Sealed(file, watch)
        identity = _own_identity(package, identities)
        keys, media = _unsealed(package, identity, _chosen(package, segments), reason)
        signer = sign or Signer.generate(f"opener/{package.opening.recording}")
        added = _added(package, keys, media, signer, now)
        beside = target.with_name(f".{target.name}.part")
        try:
            with beside.open("wb") as out:
                for piece in zip_stream(_zip_items(package, added, keys, now)):
                    out.write(piece)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    return Opened(
        package.opening.recording,
        target,
        media.path,
        tuple(key.number for key in keys if key.key is not None),
        tuple(key.number for key in keys if key.key is None),
        signer.verifier,
        sign is None,
    )


class _Sealed:
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


def _own_identity(package: _Sealed, identities: Sequence[age.Identity]) -> age.Identity:
    """Return the recording's identity: one of those given, or what a grant holds for them."""
    wanted = package.opening.recipient
    for identity in identities:
        if str(identity.recipient) == wanted:
            return identity
    grants = [path for path in package.paths if path.startswith("data/grants/")]
    for path in sorted(grants):
        try:
            line = age.decrypt(package.read(path), identities)
            granted = age.parse_identity(line.decode("ascii").removesuffix("\n"))
        except (AccompanyError, UnicodeDecodeError):
            continue  # Somebody else's, or bent: another may still open.
        if str(granted.recipient) == wanted:
            return granted
    raise NotGranted(package.opening.recording)


def _chosen(package: _Sealed, ranges: Ranges | None) -> set[int]:
    """Return the numbers of the segments to show: the first always."""
    numbers = [segment.number for segment in package.segments]
    if not numbers:
        raise DoesNotHold("package", "segments to show", "none")
    if ranges is None:
        return set(numbers)
    chosen = {n for n in numbers if any(first <= n <= last for first, last in ranges)}
    if not chosen:
        found = f"segments {numbers[0]} to {numbers[-1]}"
        raise DoesNotHold("segments", "numbers of segments in this package", found)
    return chosen | {numbers[0]}


@dataclass(frozen=True, slots=True)
class _Media:
    """The film to be: where it will lie, its size in bytes, and its SHA-256."""

    path: str
    size: int
    sha256: bytes


def _unsealed(
    package: _Sealed, identity: age.Identity, chosen: set[int], reason: str
) -> tuple[list[FileKey], _Media]:
    """Open every chosen segment once: return the keys, and what they make one after the other."""
    keys: list[FileKey] = []
    digest, size = sha256(), 0
    for segment in package.segments:
        path = layout.segment_path(segment.number)
        if not package.has(path):
            keys.append(FileKey(segment.number, None, NOT_ARRIVED))
        elif segment.number not in chosen:
            keys.append(FileKey(segment.number, None, reason))
        else:
            key, plain = _open_segment(package.read(path), segment, identity)
            keys.append(key)
            digest.update(plain)
            size += len(plain)
    if keys[0].key is None:
        raise DoesNotHold(f"segment {keys[0].number}", "the beginning of the film", keys[0].reason)
    return keys, _Media(layout.media_path(package.opening.media), size, digest.digest())


def _open_segment(
    data: bytes, segment: SegmentStatement, identity: age.Identity
) -> tuple[FileKey, bytes]:
    """Return key and plaintext; a segment that does not open is withheld, the others are not."""
    if sha256(data).digest() != segment.sha256:
        return FileKey(segment.number, None, "damaged: not the bytes that were stated"), b""
    try:
        key = age.file_key(data, [identity])
        return FileKey(segment.number, key), age.decrypt_with_file_key(data, key)
    except AccompanyError as error:
        return FileKey(segment.number, None, f"does not open: {error}"[:200].strip()), b""


def _added(
    package: _Sealed, keys: Sequence[FileKey], media: _Media, signer: Signer, now: int
) -> dict[str, bytes | Blob]:
    """Return what opening adds, by path; the film as size and hash."""
    added: dict[str, bytes | Blob] = {
        layout.FILEKEYS: write_filekeys(keys),
        layout.DERIVATION: _derivation(package, keys, media, now),
        media.path: Blob(media.size, media.sha256),
    }
    files = {path: PackageFile(path, content).sha256 for path, content in added.items()}
    listing = OpenedListing(
        package.opening.recording,
        package.last,
        package.last_digest,
        now,
        files,
        signer.verifier,
    )
    return {**added, layout.OPENED_NOTE: signer.sign(str(listing))}


def _derivation(package: _Sealed, keys: Sequence[FileKey], media: _Media, now: int) -> bytes:
    """Return derivation.json: source item, steps, tool and result, for a court to follow."""
    shown = {key.number for key in keys if key.key is not None}
    said: dict[str, Any] = {
        "form": "accompany/derivation/v1",
        "recording": package.opening.recording,
        "time": write_time(now),
        "tool": {"name": "accompany", "version": __version__},
        "source": {
            "what": "sealed segments (age v1), each named by a signed statement of the device",
            "last_statement": package.last,
            "last_statement_sha256": package.last_digest.hex(),
            "segments": [
                {"number": item.number, "size": item.size, "sha256": item.sha256.hex()}
                for item in package.segments
                if item.number in shown
            ],
            "withheld": [key.number for key in keys if key.key is None],
        },
        "steps": [
            "each segment decrypted with its file key (data/filekeys.txt), c2sp.org/age",
            "the plaintexts put one after the other in the order of their numbers, unchanged",
        ],
        "result": {
            "path": media.path,
            "media": package.opening.media,
            "size": media.size,
            "sha256": media.sha256.hex(),
        },
        "location": "not collected",
    }
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def _zip_items(
    package: _Sealed, added: Mapping[str, bytes | Blob], keys: Sequence[FileKey], now: int
) -> Iterator[ZipItem]:
    """Yield the files of the opened package: tag files, what was there, what is added."""
    sealed = [path for path in package.paths if path not in layout.BAG_FILES]
    for path in sealed:
        if path not in package.digests:
            for _ in package.chunks(path):
                pass
    payload = [
        *(PackageFile(path, Blob(package.size(path), package.digests[path])) for path in sealed),
        *(PackageFile(path, content) for path, content in added.items()),
    ]
    recording = package.opening.recording
    for file in [*tag_files(recording, payload, now, "opened package"), *payload]:
        pieces: Iterable[bytes]
        if not isinstance(file.content, Blob):
            pieces = iter([file.content])
        elif file.path in added:
            pieces = _film(package, keys)
        else:
            pieces = package.chunks(file.path)
        yield zip_path(recording, file.path), file.size, pieces


def _film(package: _Sealed, keys: Sequence[FileKey]) -> Iterator[bytes]:
    for line in keys:
        if line.key is not None:
            data = package.read(layout.segment_path(line.number))
            yield age.decrypt_with_file_key(data, line.key)
