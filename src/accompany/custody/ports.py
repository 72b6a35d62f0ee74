"""What custody needs of whoever keeps things: durable appending, and reading back.

An adapter of these ports passes tests/contracts. Everything kept is one of the records below;
a journal of them is the whole truth, and any index can be made again from it. Not here: how.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from accompany.evidence.receipts import Entry
from accompany.ids import RecordingId


class Kept(msgspec.Struct, frozen=True, tag_field="record"):
    """A record of the journal. *index*, *slot* and *digest* are its leaf in the log."""

    index: int
    slot: bytes
    digest: bytes
    receipt: bytes

    @property
    def entry(self) -> Entry:
        return Entry(self.slot, self.digest)


class OpeningKept(Kept, frozen=True, tag="opening"):
    recording: str
    note: bytes
    locator: bytes
    deletion: bytes | None
    encounter: str
    kind: str


class StatementKept(Kept, frozen=True, tag="statement"):
    """A segment's, gap's or closing's statement; for a segment whose bytes came along, *blob*."""

    recording: str
    number: int
    note: bytes
    word: str
    """segment, gap or closing"""
    sha256: bytes | None
    size: int
    blob: bool


class GrantKept(Kept, frozen=True, tag="grant"):
    recording: str
    number: int
    data: bytes


class CustodyKept(Kept, frozen=True, tag="custody"):
    recording: str
    line: int
    data: bytes


class CardKept(Kept, frozen=True, tag="card"):
    serial: str
    note: bytes


class RevokedKept(Kept, frozen=True, tag="revoked"):
    """That a card counts no more here: *note* is by the receipts key."""

    serial: str
    note: bytes


class PackageKept(Kept, frozen=True, tag="package"):
    recording: str
    last: int
    note: bytes


class PaddingKept(Kept, frozen=True, tag="padding"):
    """A random entry that fills a tile, so that the public log does not tell how many pressed."""


class StampKept(Kept, frozen=True, tag="stamp"):
    """A time stamp: the token of *authority* over the checkpoint of *size* entries.

    *checkpoint* is the signed note, *chain* PEM: the signer's certificate first, the root last.
    """

    authority: str
    size: int
    checkpoint: bytes
    token: bytes
    chain: bytes


class Arrived(msgspec.Struct, frozen=True, tag_field="record", tag="arrived"):
    """The bytes of a segment whose statement came before; no leaf of its own."""

    recording: str
    number: int
    receipt: bytes


class DeletedKept(Kept, frozen=True, tag="deleted"):
    """That a recording is deleted: *tombstone* is a note by the receipts key, *wish* the caller's.

    From here on nothing of the recording is shown; its bytes are erased next.
    """

    recording: str
    tombstone: bytes
    wish: bytes | None


class ErasedKept(msgspec.Struct, frozen=True, tag_field="record", tag="erased"):
    """The bytes of a deleted recording are gone from the disk; no leaf of its own."""

    recording: str


Record = (
    OpeningKept
    | StatementKept
    | GrantKept
    | CustodyKept
    | CardKept
    | RevokedKept
    | PackageKept
    | PaddingKept
    | StampKept
    | DeletedKept
    | Arrived
    | ErasedKept
)


Blob = bytes | memoryview
"""Sealed bytes as they came; a view where they lie in what was read from a connection."""


@dataclass(frozen=True, slots=True)
class Item:
    """A record and the bytes that belong to it (a sealed segment), or none."""

    record: Record
    blob: Blob = b""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """What is kept of a statement: note, leaf index, latest receipt, whether the bytes are here."""

    number: int
    note: bytes
    index: int
    receipt: bytes
    word: str
    sha256: bytes | None
    size: int
    here: bool


@dataclass(frozen=True, slots=True)
class RecordingRow:
    recording: RecordingId
    note: bytes
    index: int
    receipt: bytes
    locator: bytes
    encounter: str
    kind: str
    deletion: bytes | None
    """The public key whose notes delete it; none: whoever recorded it asks the organization."""


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A grant, custody line, card, package note or tombstone: number, bytes, index, receipt."""

    number: int
    data: bytes
    index: int
    receipt: bytes


@dataclass(frozen=True, slots=True)
class StampRow:
    """A time stamp as kept; *index* is its token's leaf."""

    authority: str
    size: int
    index: int
    checkpoint: bytes
    token: bytes
    chain: bytes


class Keeper(Protocol):
    """Keeps records for good and answers about those kept.

    What `keep` was given becomes visible to the readers only once it would survive a power cut.
    """

    async def keep(self, items: Sequence[Item]) -> None:
        """Keep all of *items*, or none; return only once they would survive a power cut.

        Items are kept in the order of the calls. An error means that nothing more is kept.
        """

    def check_room(self, size: int, segment: bool = False) -> None:
        """Raise DiskFull unless *size* bytes fit; a *segment* leaves a reserve for statements.

        To be asked before a leaf is given, and without waiting before `keep` is called: what was
        given out must be kept.
        """

    @property
    def size(self) -> int:
        """How many leaves are durable."""

    def node(self, level: int, number: int) -> bytes:
        """Return the hash of a complete subtree of durable leaves (see evidence.merkle)."""

    def tile(self, level: int, number: int, width: int) -> bytes: ...
    def entries(self, first: int, count: int) -> bytes: ...
    def recording(self, recording: str) -> RecordingRow | None: ...
    def by_locator(self, locator: bytes) -> list[RecordingRow]: ...
    def by_encounter(self, encounter: str) -> list[RecordingRow]: ...
    def statement(self, recording: str, number: int) -> StatementRow | None: ...
    def last_statement(self, recording: str) -> StatementRow | None: ...
    def statements(self, recording: str) -> Iterator[StatementRow]: ...
    def segment_hashes(self, recording: str) -> list[bytes]: ...
    def missing(self, recording: str) -> list[int]: ...
    def segment(self, recording: str, number: int) -> bytes | None:
        """Return a segment's sealed bytes; raise Damaged if they are not what was kept."""

    def grants(self, recording: str) -> list[NamedRow]: ...
    def custody(self, recording: str) -> list[NamedRow]: ...
    def card(self, serial: str) -> NamedRow | None: ...
    def revocation(self, serial: str) -> NamedRow | None: ...
    def stamps(self, after: int, first: int, last: int) -> list[StampRow]:
        """Return the stamps that bracket the entries *first* to *last*, by authority and size.

        Of each authority: its last token among the log's first *after* entries, and its stamps
        from the first that covers *first* to the first that covers *last*.
        """

    def stamps_since(self, index: int) -> int:
        """Return how many of the leaves from *index* on are tokens."""

    def tombstone(self, recording: str) -> NamedRow | None:
        """Return what is left of a deleted recording; None where it is not deleted."""

    def of_kind(self, kind: str, after: int, count: int) -> list[RecordingRow]:
        """Return up to *count* recordings of *kind* behind leaf *after*, the oldest first."""

    def unerased(self) -> list[str]:
        """Return the recordings that are deleted, but whose bytes may still be on the disk."""

    def erase(self, recordings: Sequence[str]) -> int:
        """Take all bytes of deleted recordings off the disk; return how many they were.

        Statements, sealed bytes, grants, custody lines and package notes become zeros, which is
        durable when this returns; the leaves stay. It reads much: call it in a thread. Harmless
        when repeated.
        """


class Clock(Protocol):
    def now(self) -> int:
        """Return milliseconds since 1970 UTC, never less than before."""
