"""Making whole recordings in memory, by the real code: keys from seeds, a log, a sealed package.

    made = Recording().film(6).close()        what a phone states
    package = sealed(made)                    what a server hands out: path -> bytes, and the ZIP

Everything may be bent between the two, and what was bent may be signed again. Age files are made
once a process: sealing draws chance, so their bytes differ from run to run, and nothing else does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256

from accompany.evidence import age, layout
from accompany.evidence.cards import Card, License, organization_name
from accompany.evidence.checkpoints import (
    Checkpoint,
    Policy,
    Proof,
    write_consistency,
    write_policy,
)
from accompany.evidence.findings import Findings
from accompany.evidence.merkle import consistency_proof, grown, inclusion_proof, leaf_hash, root
from accompany.evidence.notes import Signer
from accompany.evidence.package import (
    Blob,
    CustodyLine,
    PackageFile,
    Proved,
    SealedContents,
    package_text,
    sealed_files,
    tag_files,
)
from accompany.evidence.receipts import (
    Entry,
    Receipt,
    custody_entry,
    receipts_name,
    statement_entry,
)
from accompany.evidence.report import Report
from accompany.evidence.revocations import Revocation, revocation_entry
from accompany.evidence.statements import (
    Closing,
    Following,
    Gap,
    Opening,
    SegmentStatement,
    digest_of,
    recording_id,
    recording_signer,
)
from accompany.evidence.verify import Trust, verify_bag
from accompany.evidence.zipping import zip_stream
from accompany.ids import CardSerial, EncounterId, Origin, RecordingId

ORIGIN = Origin("log.example.org/accompany")
START = 1_795_291_200_000
"""Milliseconds since 1970: a day in November 2026."""


def seed(word: str) -> bytes:
    return sha256(word.encode()).digest()


def signer(name: str, word: str | None = None) -> Signer:
    return Signer.from_seed(name, seed(word or name))


LOG = signer(ORIGIN)
RECEIPTS = signer(receipts_name(ORIGIN))
ORGANIZATION = signer(organization_name(ORIGIN))
POLICY_TEXT = write_policy(LOG.verifier, RECEIPTS.verifier, ORGANIZATION.verifier)
POLICY = Policy.parse(POLICY_TEXT.encode())

CALLER = age.HybridIdentity(seed("caller"))
ATTORNEY = age.HybridIdentity(seed("attorney"))
SERIAL = CardSerial("a" * 32)
ATTORNEY_KEY = signer(f"attorney/{SERIAL}")
DAY = 86_400_000


def card(since: int = START - DAY, until: int = START + DAY, by: Signer = ORGANIZATION) -> bytes:
    licenses = (License("NY", "2026-10-01"),)
    key = ATTORNEY_KEY.verifier.key
    recipient = str(ATTORNEY.recipient)
    return by.sign(str(Card(SERIAL, "Ada Counsel", recipient, key, licenses, since, until)))


CARD = card()


@cache
def plaintext(number: int) -> bytes:
    """What segment *number* holds: the initialization, or half a second of something."""
    return f"segment {number} ".encode() * (40 + number)


@cache
def identity(word: str) -> age.HybridIdentity:
    return age.HybridIdentity(seed(f"identity {word}"))


@cache
def sealed_segment(word: str, number: int) -> bytes:
    return age.encrypt(plaintext(number), [identity(word).recipient])


@cache
def grant(word: str, holder: age.HybridIdentity) -> bytes:
    return age.encrypt(f"{identity(word)}\n".encode(), [holder.recipient])


class Log:
    """A log in memory; it keeps every complete subtree, so any tree and proof can be had."""

    def __init__(self, signer: Signer = LOG) -> None:
        self.signer = signer
        self.entries: list[Entry] = []
        self._nodes: dict[tuple[int, int], bytes] = {}

    def nodes(self, level: int, number: int) -> bytes:
        return self._nodes[level, number]

    def append(self, entry: Entry) -> int:
        index = len(self.entries)
        for level, number, value in grown(index, leaf_hash(bytes(entry)), self.nodes):
            self._nodes[level, number] = value
        self.entries.append(entry)
        return index

    def pad(self, count: int, word: str = "padding") -> None:
        for number in range(count):
            self.append(Entry(seed(f"{word} {number}"), seed(f"{word} {number} digest")))

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = len(self.entries) if size is None else size
        return Checkpoint(Origin(self.signer.name), size, root(size, self.nodes))

    def proof(self, index: int, note: bytes, size: int) -> bytes:
        return bytes(Proof(index, tuple(inclusion_proof(index, size, self.nodes)), note))


@dataclass
class Recording:
    """A phone: each call states one thing more. `notes` are signed statements by number."""

    word: str = "film"
    kind: str = "film"
    media: str = "video/mp4"
    after: tuple[int, bytes] | None = None
    holders: tuple[age.HybridIdentity, ...] = (CALLER, ATTORNEY)
    log: Origin = ORIGIN
    notes: list[bytes] = field(default_factory=list)
    statements: list[Following] = field(default_factory=list)
    segments: dict[int, bytes] = field(default_factory=dict)
    now: int = 0

    def __post_init__(self) -> None:
        self.signer = recording_signer(signer("x", f"recording {self.word}"))
        self.grants = {n: grant(self.word, holder) for n, holder in enumerate(self.holders)}
        key = self.signer.verifier.key
        self.id = recording_id(key)
        self.opening = Opening(
            self.id,
            START,
            key,
            self.kind,
            self.media,
            str(identity(self.word).recipient),
            sha256(b"".join(self.grants.values())).digest(),
            EncounterId("e" * 32),
            None,
            self.log,
            self.after,
            "test/1 none",
        )
        self.notes.append(self.signer.sign(str(self.opening)))

    @property
    def next(self) -> int:
        return len(self.notes)

    @property
    def previous(self) -> bytes:
        return digest_of(self.notes[-1])

    def state(self, statement: Following, by: Signer | None = None) -> "Recording":
        self.statements.append(statement)
        self.notes.append((by or self.signer).sign(str(statement)))
        return self

    def bent(self, by: Signer | None = None, **changed: object) -> "Recording":
        """State the last thing otherwise: with fields *changed*, or signed *by* another."""
        self.notes.pop()
        return self.state(replace(self.statements.pop(), **changed), by)  # type: ignore[arg-type]

    def segment(
        self, duration: int = 500, *, offset: int | None = None, data: bytes | None = None,
        time: int | None = None, arrived: bool = True,
    ) -> "Recording":  # fmt: skip
        number = self.next
        sealed = sealed_segment(self.word, number) if data is None else data
        offset = self.now if offset is None else offset
        if arrived:
            self.segments[number] = sealed
        statement = SegmentStatement(
            self.id, number, self.previous, START + offset if time is None else time, offset,
            duration, len(sealed), sha256(sealed).digest(),
        )  # fmt: skip
        self.now = max(self.now, offset + duration)
        return self.state(statement)

    def film(self, count: int) -> "Recording":
        """State the initialization, unless it was, and *count* half seconds."""
        if self.next == 1:
            self.segment(0)
        for _ in range(count):
            self.segment()
        return self

    def gap(
        self, duration: int, reason: str = "hidden", *, offset: int | None = None
    ) -> "Recording":
        at = self.now if offset is None else offset
        self.now = max(self.now, at + duration)
        return self.state(Gap(self.id, self.next, self.previous, START + at, at, duration, reason))

    def close(self, segments: int | None = None, reason: str = "stopped") -> "Recording":
        stated = sum(isinstance(item, SegmentStatement) for item in self.statements)
        count = stated if segments is None else segments
        return self.state(
            Closing(self.id, self.next, self.previous, START + self.now, self.now, count, reason)
        )


@dataclass(frozen=True)
class Server:
    """Whose keys sign, and what is left out, bent or added on the way out."""

    log: Log
    receipts: Signer = RECEIPTS
    policy: str = POLICY_TEXT
    card: bytes | None = CARD
    custody: tuple[bytes, ...] | None = (b'{"line":1,"what":"export"}\n',)
    withheld_grants: frozenset[int] = frozenset()
    revoked: Revocation | None = None
    """What ended the card; entered before the recording where `revoked_first`."""
    revoked_first: bool = False
    bend: Callable[[SealedContents], SealedContents] = lambda contents: contents


def with_after(word: str = "film", **given: object) -> tuple[Log, Recording]:
    """Return a log of 21 strangers' entries, and a recording whose opening has seen it."""
    log = Log()
    log.pad(21)
    seen = log.checkpoint()
    return log, Recording(word, after=(seen.size, seen.root), **given)  # type: ignore[arg-type]


def bytes_word(recording: Recording, number: int) -> str:
    statement = recording.statements[number - 1] if number else None
    if not isinstance(statement, SegmentStatement):
        return "none"
    return "kept" if number in recording.segments else "awaited"


def contents_of(recording: Recording, server: Server) -> SealedContents:
    """Take the recording in, log it among strangers' entries, and gather what a package holds."""
    log = server.log
    ended = server.revoked
    end = b"" if ended is None else server.receipts.sign(str(ended))
    end_entry = None if ended is None else revocation_entry(ended.serial, end)
    end_at = log.append(end_entry) if end_entry and server.revoked_first else None
    entries = [
        statement_entry(recording.notes[0], number, note)
        for number, note in enumerate(recording.notes)
    ]
    places = []
    for number, entry in enumerate(entries):
        places.append(log.append(entry))
        if number % 3 == 1:
            log.pad(1, f"stranger {number}")
    lines = server.custody or ()
    lines_at = [log.append(custody_entry(recording.id, n, line)) for n, line in enumerate(lines, 1)]
    if end_entry and end_at is None:
        end_at = log.append(end_entry)
    checkpoint = log.checkpoint()
    note = checkpoint.sign(log.signer)
    size = checkpoint.size
    receipts = tuple(
        server.receipts.sign(
            str(
                Receipt(
                    recording.log, place, entry, bytes_word(recording, n), START + 300 + 500 * n
                )
            )
        )
        for n, (place, entry) in enumerate(zip(places, entries, strict=True))
    )
    after = recording.opening.after
    return SealedContents(
        recording.id,
        tuple(recording.notes),
        receipts,
        tuple(log.proof(place, note, size) for place in places),
        {n: Blob(len(data), sha256(data).digest()) for n, data in recording.segments.items()},
        note,
        server.policy.encode(),
        write_consistency(after[0], size, consistency_proof(after[0], size, log.nodes))
        if after
        else None,
        dict(recording.grants),
        server.withheld_grants,
        server.card,
        None
        if server.custody is None
        else tuple(
            CustodyLine(line, log.proof(at, note, size))
            for line, at in zip(lines, lines_at, strict=True)
        ),
        revocation=None if end_at is None else Proved(end, log.proof(end_at, note, size)),
    )


@dataclass(frozen=True)
class Package:
    """A package's files by path in the bag, in the ZIP's order."""

    recording: str
    files: dict[str, bytes]

    def zipped(self, folder: str | None = None) -> bytes:
        folder = self.recording if folder is None else folder
        return b"".join(
            zip_stream(
                (f"{folder}/{path}", len(data), iter([data])) for path, data in self.files.items()
            )
        )

    def having(self, changed: Mapping[str, bytes | None]) -> "Package":
        """Return it with files replaced, added, or (None) taken away; manifests made anew."""
        files = {**self.files, **{path: data for path, data in changed.items() if data is not None}}
        for path, data in changed.items():
            if data is None:
                files.pop(path, None)
        return replace(self, files=with_manifests(self.recording, files))


def with_manifests(recording: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    payload = {path: data for path, data in files.items() if path.startswith("data/")}
    tags = tag_files(
        RecordingId(recording), [PackageFile(p, d) for p, d in payload.items()], START, "test"
    )
    return {**{tag.path: bytes_of(tag) for tag in tags}, **payload}


def bytes_of(file: PackageFile) -> bytes:
    assert isinstance(file.content, bytes)
    return file.content


def sealed(recording: Recording, server: Server | None = None) -> Package:
    """Return the sealed package that *server* hands out of *recording*."""
    server = server or Server(Log())
    contents = server.bend(contents_of(recording, server))
    now = START + 600_000
    note = server.receipts.sign(package_text(contents, now))
    files = {}
    for file in sealed_files(contents, note, now):
        data = file.content
        if isinstance(data, Blob):
            found = layout.place(file.path)
            assert found is not None
            data = recording.segments[found.number]
        files[file.path] = data
    return Package(recording.id, files)


@cache
def good() -> Package:
    """A closed film of six segments, a gap among them, that has seen an earlier checkpoint."""
    log, recording = with_after()
    recording.film(3).gap(1200).segment().segment().close()
    return sealed(recording, Server(log))


@cache
def cut() -> Package:
    """The same, without gap and closing: the phone was taken."""
    log, recording = with_after("cut")
    return sealed(recording.film(4), Server(log))


class Folder:
    """Files in memory, as `verify_bag` reads them."""

    def __init__(self, files: Mapping[str, bytes], piece: int = 1000) -> None:
        self._files = files
        self._piece = piece

    def sizes(self) -> dict[str, int]:
        return {path: len(data) for path, data in self._files.items()}

    def chunks(self, path: str) -> Iterator[bytes]:
        data = self._files[path]
        for at in range(0, len(data), self._piece):
            yield data[at : at + self._piece]


def check(package: Package, folder: str | None = None, **trust: object) -> Report:
    """Verify *package* from memory; with the policy unless `policy=None` is given."""
    believed = Trust(**{"policy": POLICY, **trust})  # type: ignore[arg-type]
    return verify_bag(
        Folder(package.files), package.recording if folder is None else folder, believed, Findings()
    )


def codes(report: Report, *verdicts: str) -> list[str]:
    """Return the codes of findings, those of *verdicts* only where some are given, in order."""
    return [f.code for f in report.findings if not verdicts or f.verdict.value in verdicts]


def failures(report: Report) -> dict[str, set[str]]:
    """Return file -> the codes that fail on it."""
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.verdict.value == "fails":
            found.setdefault(finding.file, set()).add(finding.code)
    return found


def paths(package: Package, *kinds: str) -> list[str]:
    wanted: Iterable[str] = package.files
    return [p for p in wanted if (place := layout.place(p)) and place.kind in kinds]
