"""Statements: what a device says of its recording, each bound to the one before.

A statement is a signed note by the recording's key, key name `recording/<id>`. The opening is
number 0 and names the key; segments, gaps and the closing follow in one chain, `previous` being
the SHA-256 of the whole signed note before. The forms stand in docs/format.md.

Not here: who may open a recording, receipts, and what a court may conclude (`verify`). Pure.
"""

import re
from binascii import a2b_base64
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import ClassVar

from accompany.errors import DoesNotHold, Malformed, OutOfOrder
from accompany.evidence.notes import Note, Signer, Verifier, check_public_key
from accompany.evidence.text import (
    Lines,
    quoted,
    read_base32,
    read_base64,
    read_hex,
    read_number,
    read_time,
    read_word,
    write_base32,
    write_base64,
    write_lines,
    write_time,
)
from accompany.ids import EncounterId, Origin, RecordingId

KINDS = ("film", "sound", "advice", "notes")
GAP_REASONS = ("hidden", "muted", "private", "device", "storage", "unknown")
CLOSING_REASONS = ("stopped", "left", "battery", "device", "storage", "replaced")

_MEDIA = re.compile(r"[!-~]{3,200}")
_RECIPIENT = re.compile(r"age1pq1[a-z0-9]{100,3000}")
_CLIENT = re.compile(r"[A-Za-z0-9._-]{1,60}/[A-Za-z0-9._+-]{1,60} (?:[0-9a-f]{64}|none)")
_ORIGIN = re.compile(r"[^\s+]{1,255}")
_ANY_NUMBER = rb"(0|[1-9][0-9]{0,14})"
_SEGMENT_NOTE = re.compile(
    rb"(accompany/segment/v1\nrecording ([a-z2-7]{32})\nnumber ([1-9][0-9]{0,14})\n"
    rb"previous ([0-9a-f]{64})\ntime ([0-9T:.Z-]{24})\n"
    rb"offset " + _ANY_NUMBER + rb"\nduration " + _ANY_NUMBER + rb"\nsize " + _ANY_NUMBER + rb"\n"
    rb"sha256 ([0-9a-f]{64})\n)\n\xe2\x80\x94 recording/([a-z2-7]{32}) "
    rb"([A-Za-z0-9+/]{90}[AEIMQUYcgkosw048]=)\n"
)  # fmt: skip


@lru_cache(maxsize=8192)
def recording_id(key: bytes) -> RecordingId:
    """Return the id of the recording whose public key is *key*, 32 bytes."""
    return RecordingId(write_base32(sha256(key).digest()[:20]))


def recording_signer(signer: Signer) -> Signer:
    """Return *signer* under the key name of the recording it is the key of."""
    return Signer(f"recording/{recording_id(signer.verifier.key)}", signer.private)


@lru_cache(maxsize=8192)
def recording_verifier(key: bytes) -> Verifier:
    return Verifier(f"recording/{recording_id(key)}", key)


def digest_of(note: bytes) -> bytes:
    """Return what the next statement calls `previous`: SHA-256 of the whole signed note."""
    return sha256(note).digest()


@dataclass(frozen=True, slots=True)
class Opening:
    """Statement 0. Times are milliseconds since 1970 UTC; digests are 32 bytes."""

    MAGIC: ClassVar = "accompany/opening/v1"
    recording: RecordingId
    time: int
    key: bytes
    kind: str
    media: str
    recipient: str
    grants: bytes
    encounter: EncounterId
    continues: tuple[RecordingId, bytes] | None
    log: Origin
    after: tuple[int, bytes] | None
    client: str

    @property
    def number(self) -> int:
        return 0

    def __str__(self) -> str:
        older = f"{self.continues[0]} {self.continues[1].hex()}" if self.continues else "none"
        after = f"{self.after[0]} {write_base64(self.after[1])}" if self.after else "none"
        lines = [
            ("recording", self.recording),
            ("number", "0"),
            ("time", write_time(self.time)),
            ("key", write_base64(self.key)),
            ("kind", self.kind),
            ("media", self.media),
            ("recipient", self.recipient),
            ("grants", self.grants.hex()),
            ("encounter", self.encounter),
            ("continues", older),
            ("log", self.log),
            ("after", after),
            ("client", self.client),
        ]
        return write_lines(self.MAGIC, lines)

    @classmethod
    def read(cls, text: str) -> "Opening":
        lines = Lines("opening", cls.MAGIC, text)
        recording = RecordingId(read_base32(lines.take("recording")))
        if lines.take("number") != "0":
            raise Malformed("opening", "expected number 0")
        opening = cls(
            recording,
            read_time(lines.take("time")),
            read_base64(lines.take("key"), 32),
            read_word(lines.take("kind"), KINDS),
            _matching("media", _MEDIA, lines.take("media")),
            _matching("recipient", _RECIPIENT, lines.take("recipient")),
            read_hex(lines.take("grants"), 32),
            EncounterId(read_base32(lines.take("encounter"))),
            _read_continues(lines.take("continues")),
            Origin(_matching("log", _ORIGIN, lines.take("log"))),
            _read_after(lines.take("after")),
            _matching("client", _CLIENT, lines.take("client")),
        )
        lines.end()
        check_public_key(opening.key)
        if recording != recording_id(opening.key):
            raise DoesNotHold("recording id", recording_id(opening.key), recording)
        if opening.continues and opening.continues[0] == recording:
            raise DoesNotHold("continues", "another recording", recording)
        return opening


@dataclass(frozen=True, slots=True)
class SegmentStatement:
    """One sealed segment: *size* bytes with *sha256*; offset and duration in milliseconds."""

    MAGIC: ClassVar = "accompany/segment/v1"
    recording: RecordingId
    number: int
    previous: bytes
    time: int
    offset: int
    duration: int
    size: int
    sha256: bytes

    def __str__(self) -> str:
        return write_lines(
            self.MAGIC,
            [
                *_head(self),
                ("duration", str(self.duration)),
                ("size", str(self.size)),
                ("sha256", self.sha256.hex()),
            ],
        )

    @classmethod
    def read(cls, text: str) -> "SegmentStatement":
        lines = Lines("segment statement", cls.MAGIC, text)
        statement = cls(
            *_read_head(lines),
            read_number(lines.take("duration")),
            read_number(lines.take("size")),
            read_hex(lines.take("sha256"), 32),
        )
        lines.end()
        return statement


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of which there is no film or sound, and why; milliseconds."""

    MAGIC: ClassVar = "accompany/gap/v1"
    recording: RecordingId
    number: int
    previous: bytes
    time: int
    offset: int
    duration: int
    reason: str

    def __str__(self) -> str:
        tail = [("duration", str(self.duration)), ("reason", self.reason)]
        return write_lines(self.MAGIC, [*_head(self), *tail])

    @classmethod
    def read(cls, text: str) -> "Gap":
        lines = Lines("gap statement", cls.MAGIC, text)
        head = _read_head(lines)
        duration = read_number(lines.take("duration"))
        statement = cls(*head, duration, read_word(lines.take("reason"), GAP_REASONS))
        lines.end()
        return statement


@dataclass(frozen=True, slots=True)
class Closing:
    """The last statement: how many segment statements there were, arrived or not."""

    MAGIC: ClassVar = "accompany/closing/v1"
    recording: RecordingId
    number: int
    previous: bytes
    time: int
    offset: int
    segments: int
    reason: str

    def __str__(self) -> str:
        tail = [("segments", str(self.segments)), ("reason", self.reason)]
        return write_lines(self.MAGIC, [*_head(self), *tail])

    @classmethod
    def read(cls, text: str) -> "Closing":
        lines = Lines("closing statement", cls.MAGIC, text)
        head = _read_head(lines)
        segments = read_number(lines.take("segments"))
        statement = cls(*head, segments, read_word(lines.take("reason"), CLOSING_REASONS))
        lines.end()
        return statement


Following = SegmentStatement | Gap | Closing
Statement = Opening | Following


def read_statement(text: str) -> Statement:
    """Return the statement that *text* writes; its signature is another matter."""
    forms: tuple[type[Statement], ...] = (SegmentStatement, Gap, Closing, Opening)
    for form in forms:
        if text.startswith(f"{form.MAGIC}\n"):
            statement = form.read(text)
            if str(statement) != text:
                raise Malformed("statement", "not in its one written form")
            return statement
    raise Malformed(
        "statement", f"expected opening, segment, gap or closing, found {quoted(text, 40)}"
    )


def open_opening(note: bytes) -> Opening:
    """Return the opening in a signed note, checked with the key that it names itself."""
    parsed = Note.parse(note)
    statement = read_statement(parsed.text)
    if not isinstance(statement, Opening):
        raise Malformed("opening", f"found {statement.MAGIC}")
    parsed.only_by(recording_verifier(statement.key), "opening")
    return statement


def open_following(note: bytes, key: bytes) -> Following:
    """Return the statement after the opening in a signed note by the recording's *key*."""
    found = _open_segment(note, key)
    if found is not None:
        return found
    parsed = Note.parse(note)
    statement = read_statement(parsed.text)
    if isinstance(statement, Opening):
        raise Malformed("statement", "expected segment, gap or closing, found an opening")
    parsed.only_by(recording_verifier(key), f"statement {statement.number}")
    if statement.recording != recording_id(key):
        raise DoesNotHold("statement", f"recording {recording_id(key)}", statement.recording)
    return statement


def _open_segment(note: bytes, key: bytes) -> SegmentStatement | None:
    """Return what `open_following` returns for a segment's statement in which all is in order.

    None says nothing: whoever asks looks line by line, and then says what is wrong. Twice a second
    from every phone, that would cost as much as the signature does.
    """
    match = _SEGMENT_NOTE.fullmatch(note)
    if match is None:
        return None
    text, recording, number, previous, time, offset, duration, size, digest, name, line = (
        match.groups()
    )
    verifier = recording_verifier(key)
    signature = a2b_base64(line)
    if name != recording or recording.decode() != recording_id(key) or signature[:4] != verifier.id:
        return None
    try:
        moment = read_time(time.decode())
    except Malformed:
        return None
    if not verifier.surely_holds(text, signature[4:]):
        return None
    return SegmentStatement(
        recording_id(key), int(number), bytes.fromhex(previous.decode()), moment, int(offset),
        int(duration), int(size), bytes.fromhex(digest.decode()),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chain:
    """The end of a recording's chain: all that is needed to take the next statement."""

    recording: RecordingId
    key: bytes
    last: int
    digest: bytes
    segments: int = 0
    closed: bool = False

    @classmethod
    def start(cls, opening: Opening, note: bytes) -> "Chain":
        return cls(opening.recording, opening.key, 0, digest_of(note))

    def follow(self, statement: Following, note: bytes) -> "Chain":
        """Return the chain after *statement*; raise OutOfOrder or DoesNotHold if it cannot be."""
        if self.closed:
            why = f"the recording was closed by statement {self.last}"
            raise OutOfOrder(why, self.last, self.digest)
        if statement.number != self.last + 1:
            why = f"expected statement {self.last + 1}, found {statement.number}"
            raise OutOfOrder(why, self.last, self.digest)
        if statement.previous != self.digest:
            why = (
                f"statement {statement.number} follows {statement.previous.hex()}, "
                f"but the last one kept is {self.digest.hex()}"
            )
            raise OutOfOrder(why, self.last, self.digest)
        segments = self.segments + isinstance(statement, SegmentStatement)
        closed = isinstance(statement, Closing)
        if isinstance(statement, Closing) and statement.segments != segments:
            raise DoesNotHold("closing", f"segments {segments}", f"segments {statement.segments}")
        return Chain(self.recording, self.key, statement.number, digest_of(note), segments, closed)


def _head(statement: Following) -> list[tuple[str, str]]:
    return [
        ("recording", statement.recording),
        ("number", str(statement.number)),
        ("previous", statement.previous.hex()),
        ("time", write_time(statement.time)),
        ("offset", str(statement.offset)),
    ]


def _read_head(lines: Lines) -> tuple[RecordingId, int, bytes, int, int]:
    recording = RecordingId(read_base32(lines.take("recording")))
    number = read_number(lines.take("number"))
    if number == 0:
        raise Malformed("statement", "number 0 is the opening's")
    previous = read_hex(lines.take("previous"), 32)
    time = read_time(lines.take("time"))
    return recording, number, previous, time, read_number(lines.take("offset"))


def _matching(what: str, pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise Malformed(what, f"found {quoted(value)}")
    return value


def _read_continues(value: str) -> tuple[RecordingId, bytes] | None:
    if value == "none":
        return None
    recording, _, digest = value.partition(" ")
    return RecordingId(read_base32(recording)), read_hex(digest, 32)


def _read_after(value: str) -> tuple[int, bytes] | None:
    if value == "none":
        return None
    size, _, root = value.partition(" ")
    return read_number(size), read_base64(root, 32)
