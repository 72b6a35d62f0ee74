"""Opening a sealed package: the film itself, beside all that proves it, its key kept.

    X.zip + a key that opens it  ->  Y.zip: the same files byte for byte, and
        data/filekeys.txt             the key of each segment shown; why others are withheld
        data/media/recording.<ext>    the segments shown, decrypted, one after the other
        data/media/court-copy.mp4     the same as a film that any player plays, marked as derived
        data/media/derivation.json    from what, how and with what it was made
        data/certification.pdf        a draft for a person to read, complete and sign
        data/opened.note              who says so

Flat memory: every segment is decrypted again for each use. Plaintext touches the disk in Y.zip and,
while it is made, beside it (readable by its owner alone), and nowhere else. Not here: the command
(opening_command), the court copy itself (court_copy).
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from itertools import chain
from pathlib import Path
from typing import Any

from accompany.client.certification import Item, Stated, certification
from accompany.client.court_copy import NoCourtCopy, make_court_copy, tools
from accompany.client.derivation import Copied, Weighed, derivation, withheld_as_said
from accompany.client.frugal import give_back
from accompany.client.sealed_package import SealedPackage, Watch
from accompany.errors import AccompanyError, DoesNotHold
from accompany.evidence import age, layout
from accompany.evidence.filekeys import NOT_ARRIVED, FileKey, write_filekeys
from accompany.evidence.listing import OpenedListing
from accompany.evidence.notes import Signer, Verifier
from accompany.evidence.package import Blob, PackageFile, tag_files, zip_path
from accompany.evidence.statements import SegmentStatement
from accompany.evidence.zipping import ZipItem, zip_stream

NOT_SHOWN = "not part of what is shown"
"""The reason given where none is."""

Ranges = Sequence[tuple[int, int]]
"""First and last statement number of each stretch, both included."""

Withhold = Sequence[tuple[Ranges, str]]
"""Stretches to withhold, and why."""


class NotGranted(AccompanyError):
    """The key opens neither the recording nor any of its grants."""

    def __init__(self, recording: str) -> None:
        super().__init__(f"this key was not granted the recording {recording}, nor is it its own")
        self.recording = recording


@dataclass(frozen=True, slots=True)
class Choice:
    """What to show and what to add.

    *segments*: all, or these stretches, and the first, which any player needs; the others are
    withheld for *reason*. *withhold*: of those, not these, each for its own reason. *reported*:
    report.json of whoever recorded a file, for the certification.
    """

    segments: Ranges | None = None
    reason: str = NOT_SHOWN
    withhold: Withhold = ()
    court_copy: bool = True
    certification: bool = True
    reported: Mapping[str, Any] | None = None


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
    no_court_copy: str
    """Why there is no court copy; empty where there is one"""


def open_package(
    source: Path,
    identities: Sequence[age.Identity],
    target: Path,
    *,
    now: int,
    choice: Choice | None = None,
    sign: Signer | None = None,
    watch: Watch = lambda _: None,
) -> Opened:
    """Write the opened package of *source* to *target*, whole or not at all.

    *identities* are the recording's own, or any holder's; *now* is in milliseconds since 1970 UTC.
    A segment that does not open is withheld, and says so; a film that cannot be copied has no court
    copy, and derivation.json says why. Without *sign* a key is made for this package and thrown
    away: whoever is told its public half can still see that nothing was changed since. *watch* is
    told of sealed bytes as they are read: `passes` times. Raise NotGranted, Malformed, DoesNotHold.
    """
    choice = choice or Choice()
    if target.exists() and target.samefile(source):
        raise DoesNotHold("output", "another file than the package", str(target))
    with source.open("rb") as file, _beside(target, "film") as film, _beside(target) as beside:
        received = Weighed(source.name, source.stat().st_size, file_digest(file, "sha256").digest())
        package = SealedPackage(file, watch)
        identity = _own_identity(package, identities)
        keys, media = _unsealed(package, identity, _withheld(package, choice))
        copied = _copied(package, keys, media, choice, film)
        give_back()
        signer = sign or Signer.generate(f"opener/{package.opening.recording}")
        added = _Adding(package, received, keys, media, copied, signer.verifier, now)
        contents = added.contents(choice)
        give_back()
        contents[layout.OPENED_NOTE] = signer.sign(str(added.listing(contents)))
        with beside.open("wb") as out:
            for piece in zip_stream(_zip_items(package, contents, keys, film, now)):
                out.write(piece)
        beside.replace(target)
    return Opened(
        package.opening.recording,
        target,
        media.path,
        tuple(key.number for key in keys if key.key is not None),
        tuple(key.number for key in keys if key.key is None),
        signer.verifier,
        sign is None,
        copied.why,
    )


def passes(choice: Choice) -> int:
    """Return how many times `open_package` reads the sealed bytes."""
    return 4 if choice.court_copy else 3


@contextlib.contextmanager
def _beside(target: Path, what: str = "") -> Iterator[Path]:
    """Give a file beside *target* that only its owner can read, and that is gone in the end."""
    path = target.with_name(f".{target.name}{what and f'.{what}'}.part")
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _own_identity(package: SealedPackage, identities: Sequence[age.Identity]) -> age.Identity:
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


def _withheld(package: SealedPackage, choice: Choice) -> dict[int, str]:
    """Return the numbers of the segments to withhold, and why; the first never is."""
    numbers = [segment.number for segment in package.segments]
    if not numbers:
        raise DoesNotHold("package", "segments to show", "none")
    for ranges in (choice.segments, *(ranges for ranges, _ in choice.withhold)):
        if ranges is not None and not _within(numbers, ranges):
            found = f"segments {numbers[0]} to {numbers[-1]}"
            raise DoesNotHold("segments", "numbers of segments in this package", found)
    withheld: dict[int, str] = {}
    if choice.segments is not None:
        shown = _within(numbers, choice.segments) | {numbers[0]}
        withheld = dict.fromkeys((n for n in numbers if n not in shown), choice.reason)
    for ranges, reason in choice.withhold:
        withheld |= dict.fromkeys(_within(numbers, ranges), reason)
    if numbers[0] in withheld:
        expected = "the beginning of the film, which any player needs, to be shown"
        raise DoesNotHold(f"segment {numbers[0]}", expected, withheld[numbers[0]])
    return withheld


def _within(numbers: Sequence[int], ranges: Ranges) -> set[int]:
    return {n for n in numbers if any(first <= n <= last for first, last in ranges)}


def _unsealed(
    package: SealedPackage, identity: age.Identity, withheld: Mapping[int, str]
) -> tuple[list[FileKey], Weighed]:
    """Open every segment shown once: return the keys, and what they make one after the other."""
    keys: list[FileKey] = []
    digest, size = sha256(), 0
    for segment in package.segments:
        path = layout.segment_path(segment.number)
        if not package.has(path):
            keys.append(FileKey(segment.number, None, NOT_ARRIVED))
        elif segment.number in withheld:
            keys.append(FileKey(segment.number, None, withheld[segment.number]))
        else:
            key, plain = _open_segment(package.read(path), segment, identity)
            keys.append(key)
            digest.update(plain)
            size += len(plain)
    if keys[0].key is None:
        raise DoesNotHold(f"segment {keys[0].number}", "the beginning of the film", keys[0].reason)
    return keys, Weighed(layout.media_path(package.opening.media), size, digest.digest())


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


def _film(package: SealedPackage, keys: Sequence[FileKey]) -> Iterator[bytes]:
    for line in keys:
        if line.key is not None:
            data = package.read(layout.segment_path(line.number))
            yield age.decrypt_with_file_key(data, line.key)


def _copied(
    package: SealedPackage, keys: Sequence[FileKey], media: Weighed, choice: Choice, target: Path
) -> Copied:
    """Make the court copy at *target*, unless nobody wants one or none can be made."""
    if not choice.court_copy:
        return Copied(None, None, {}, "not asked for")
    try:
        made = make_court_copy(
            _film(package, keys),
            package.opening.media,
            target,
            recording=package.opening.recording,
            original=media.sha256,
        )
    except NoCourtCopy as error:
        return Copied(None, None, {}, str(error))
    with target.open("rb") as file:
        digest = file_digest(file, "sha256").digest()
    weighed = Weighed(layout.COURT_COPY, target.stat().st_size, digest)
    return Copied(weighed, made, tools())


@dataclass(frozen=True, slots=True)
class _Adding:
    """What opening adds, and what is known for it."""

    package: SealedPackage
    received: Weighed
    keys: Sequence[FileKey]
    media: Weighed
    copied: Copied
    signer: Verifier
    now: int

    def contents(self, choice: Choice) -> dict[str, bytes | Blob]:
        """Return the files by path, the note not yet among them; films as size and hash."""
        files: dict[str, bytes | Blob] = {
            layout.FILEKEYS: write_filekeys(self.keys),
            layout.DERIVATION: derivation(
                self.package, self.received, self.keys, self.media, self.copied, self.now
            ),
            self.media.path: Blob(self.media.size, self.media.sha256),
        }
        if self.copied.file is not None:
            files[layout.COURT_COPY] = Blob(self.copied.file.size, self.copied.file.sha256)
        if choice.certification:
            files[layout.CERTIFICATION] = certification(self.stated(choice), self.now)
        return files

    def listing(self, contents: Mapping[str, bytes | Blob]) -> OpenedListing:
        return OpenedListing(
            self.package.opening.recording,
            self.package.last,
            self.package.last_digest,
            self.now,
            {path: PackageFile(path, content).sha256 for path, content in contents.items()},
            self.signer,
        )

    def stated(self, choice: Choice) -> Stated:
        package, opening = self.package, self.package.opening
        note = package.read(layout.PACKAGE_NOTE)
        pieces = sum(package.has(layout.segment_path(one.number)) for one in package.segments)
        listed = f"{layout.PACKAGE_NOTE}, the signed list of all sealed files ({pieces} pieces)"
        items = [
            Item("Sealed original", listed, len(note), sha256(note).digest()),
            Item("Decrypted original", self.media.path, self.media.size, self.media.sha256),
        ]
        if (film := self.copied.file) is not None:
            items.append(Item("Derived film", film.path, film.size, film.sha256))
        received = self.received
        return Stated(
            recording=opening.recording,
            kind=opening.kind,
            media=opening.media,
            client=opening.client,
            log=opening.log,
            began=opening.time,
            ended=package.ended,
            received=package.received(),
            last=package.last,
            segments=len(package.segments),
            shown=sum(key.key is not None for key in self.keys),
            withheld=withheld_as_said(self.keys),
            package=Item("Sealed package", received.path, received.size, received.sha256),
            items=items,
            attorney=package.attorney(),
            tools=tools(),
            signer=str(self.signer),
            reported=choice.reported,
        )


def _zip_items(
    package: SealedPackage,
    added: Mapping[str, bytes | Blob],
    keys: Sequence[FileKey],
    film: Path,
    now: int,
) -> Iterator[ZipItem]:
    """Yield the files of the opened package: tag files, what was there, what is added."""
    sealed = [path for path in package.paths if path not in layout.BAG_FILES]
    for path in sealed:
        if path not in package.digests:
            for _ in package.chunks(path):
                pass

    def payload() -> Iterator[PackageFile]:
        # Made twice rather than kept: an hour has some thirty thousand.
        for path in sealed:
            yield PackageFile(path, Blob(package.size(path), package.digests[path]))
        for path, content in added.items():
            yield PackageFile(path, content)

    where: dict[str, Callable[[], Iterable[bytes]]] = {
        layout.media_path(package.opening.media): lambda: _film(package, keys),
        layout.COURT_COPY: lambda: _read(film),
    }
    recording = package.opening.recording
    for file in chain(tag_files(recording, payload(), now, "opened package"), payload()):
        pieces: Iterable[bytes]
        if not isinstance(file.content, Blob):
            pieces = [file.content]
        elif file.path in added:
            pieces = where[file.path]()
        else:
            pieces = _once(package, file.path)
        yield zip_path(recording, file.path), file.size, pieces


def _once(package: SealedPackage, path: str) -> Iterator[bytes]:
    """Yield a file's bytes for the last time; the film still needs its segments."""
    yield from package.chunks(path)
    if not path.startswith("data/segments/"):
        package.forget(path)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1024 * 1024):
            yield piece
