"""The sealed package: which files it has, in which order, and the text its server signs.

    listed(contents)                                    every file that package.note lists, in order
    text = package_text(contents, now)                  what <origin>/receipts is to sign
    files = sealed_files(contents, signer.sign(text))   every file of the bag, in order
    zip_stream((zip_path(recording, f.path), f.size, bytes of it) for f in files)    zipping.py

Small files come as bytes; segments as `Blob`, size and hash, so that whoever has the bytes streams
them. Pure. Not here: opened packages (client.opening), checking one (verify), the ZIP (zipping).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from accompany.errors import Malformed
from accompany.evidence import layout
from accompany.evidence.bag import bag_files
from accompany.evidence.listing import Listing
from accompany.evidence.package_readme import readme
from accompany.evidence.receipts import Entry, named_entry
from accompany.evidence.statements import digest_of
from accompany.ids import RecordingId

SEALED = "sealed package"
"""What bag-info.txt says it is."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that lie elsewhere: how many, and their SHA-256 (32 bytes)."""

    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file of the bag: its path in it (`data/…` or a tag file) and its bytes, or where they lie.

    A `Blob`'s bytes are given by whoever writes the ZIP; its path says which it is.
    """

    path: str
    content: bytes | Blob

    @property
    def size(self) -> int:
        return self.content.size if isinstance(self.content, Blob) else len(self.content)

    @property
    def sha256(self) -> bytes:
        if isinstance(self.content, Blob):
            return self.content.sha256
        return sha256(self.content).digest()


@dataclass(frozen=True, slots=True)
class CustodyLine:
    """A line of custody.jsonl, with its newline, and its tlog-proof."""

    line: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class Proved:
    """A note and its tlog-proof."""

    note: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class SealedContents:
    """All a sealed package holds, as bytes in their written forms.

    `statements`, `receipts` and `proofs` are by number: the opening is 0, and there are equally
    many of each. Every proof carries `checkpoint` byte for byte. `segments` has those whose bytes
    arrived, by the number of their statement; a receipt given along with them says `kept`.
    `after` is the consistency proof, None where the opening says `after none`. `grants` are by
    number; those in `withheld_grants` are listed in package.note but not handed out. `custody` is
    None where it is left out on request; `revocation` is of the card, where it counts no more.
    `stamps` maps file names in data/log/timestamps/.
    """

    recording: RecordingId
    statements: Collection[bytes]
    receipts: Collection[bytes]
    proofs: Collection[bytes]
    segments: Mapping[int, Blob]
    checkpoint: bytes
    policy: bytes
    after: bytes | None = None
    grants: Mapping[int, bytes | Blob] = field(default_factory=dict)
    withheld_grants: frozenset[int] = frozenset()
    card: bytes | None = None
    custody: tuple[CustodyLine, ...] | None = None
    stamps: Mapping[str, bytes] = field(default_factory=dict)
    revocation: Proved | None = None

    @property
    def last(self) -> int:
        """The number of the last statement."""
        return len(self.statements) - 1

    def __post_init__(self) -> None:
        counts = (len(self.statements), len(self.receipts), len(self.proofs))
        if not self.statements or len(set(counts)) != 1:
            why = "expected as many statements as receipts and proofs, at least one, found"
            raise Malformed("package", f"{why} {counts[0]}, {counts[1]} and {counts[2]}")


def zip_path(recording: RecordingId, path: str) -> str:
    """Return the name in the ZIP: everything lies in one folder called as the recording."""
    return f"{recording}/{path}"


def listed(contents: SealedContents) -> Iterator[PackageFile]:
    """Every file that package.note lists, segments last; withheld grants included."""
    yield PackageFile(layout.README, readme(contents.recording))
    yield PackageFile(layout.CHECKPOINT, contents.checkpoint)
    if contents.after is not None:
        yield PackageFile(layout.AFTER, contents.after)
    yield PackageFile(layout.POLICY, contents.policy)
    for name, data in sorted(contents.stamps.items()):
        yield PackageFile(f"data/log/timestamps/{name}", data)
    for number, note in enumerate(contents.statements):
        yield PackageFile(layout.statement_path(number), note)
    for number, note in enumerate(contents.receipts):
        yield PackageFile(layout.receipt_path(number), note)
    for number, proof in enumerate(contents.proofs):
        yield PackageFile(layout.proof_path(number), proof)
    for number, grant in sorted(contents.grants.items()):
        yield PackageFile(layout.grant_path(number), grant)
    if contents.card is not None:
        yield PackageFile(layout.CARD, contents.card)
    if contents.revocation is not None:
        yield PackageFile(layout.REVOCATION, contents.revocation.note)
        yield PackageFile(layout.REVOCATION_PROOF, contents.revocation.proof)
    if contents.custody is not None:
        yield PackageFile(layout.CUSTODY, b"".join(line.line for line in contents.custody))
        for number, line in enumerate(contents.custody, 1):
            yield PackageFile(layout.custody_proof_path(number), line.proof)
    for number, blob in sorted(contents.segments.items()):
        yield PackageFile(layout.segment_path(number), blob)


def package_text(contents: SealedContents, time: int) -> str:
    """Return the text of package.note, to be signed by `<origin>/receipts`.

    *time* in milliseconds since 1970 UTC. Each export makes one and logs it: `package_entry`.
    """
    *_, last = contents.statements
    return note_text(contents, last, time, {file.path: file.sha256 for file in listed(contents)})


def note_text(
    contents: SealedContents, last: bytes, time: int, digests: Mapping[str, bytes]
) -> str:
    """As `package_text`, where the *last* statement and the SHA-256 of each file are known."""
    return str(Listing(contents.recording, contents.last, digest_of(last), time, dict(digests)))


def sealed_files(contents: SealedContents, package_note: bytes, time: int) -> list[PackageFile]:
    """Return every file of the sealed bag in the order of the ZIP, tag files and notes first.

    *package_note* is the signed note over `package_text(contents, time)`.
    """
    withheld = {layout.grant_path(number) for number in contents.withheld_grants}
    payload = [
        PackageFile(layout.PACKAGE_NOTE, package_note),
        *(file for file in listed(contents) if file.path not in withheld),
    ]
    return [*tag_files(contents.recording, payload, time, SEALED), *payload]


def tag_files(
    recording: RecordingId, payload: Iterable[PackageFile], time: int, about: str
) -> list[PackageFile]:
    """Return bagit.txt, bag-info.txt and both manifests for the files under data/."""
    listed = {file.path: (file.size, file.sha256) for file in payload}
    tags = bag_files(recording, listed, time, about)
    return [PackageFile(path, data) for path, data in tags.items()]


def package_entry(recording: RecordingId, last: int, package_note: bytes) -> Entry:
    """Return the log entry that an export makes of its signed *package_note*."""
    return named_entry("package", f"{recording} {last}", package_note)
