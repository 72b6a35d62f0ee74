"""Entries and receipts: what the log holds of a thing, and the server's word that it does.

An entry is 64 bytes: a slot that only somebody holding the thing can compute, and a digest of it.
A receipt is a note by the server's receipts key (`<origin>/receipts`), given only after the entry,
its index and, for `kept`, the bytes would survive a power cut. Not here: the tree (`merkle`). Pure.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar

from accompany.errors import Malformed
from accompany.evidence.notes import Verifier, open_note
from accompany.evidence.text import (
    Lines,
    read_hex,
    read_number,
    read_time,
    read_word,
    write_time,
)
from accompany.ids import Origin, RecordingId

BYTES = ("kept", "awaited", "none")


def receipts_name(origin: str) -> str:
    return f"{origin}/receipts"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the log holds: slot and digest, 32 bytes each."""

    slot: bytes
    digest: bytes

    def __bytes__(self) -> bytes:
        return self.slot + self.digest

    @classmethod
    def parse(cls, data: bytes) -> "Entry":
        if len(data) != 64:
            raise Malformed("entry", f"expected 64 bytes, found {len(data)}")
        return cls(data[:32], data[32:])


def statement_slot(opening: bytes, number: int) -> bytes:
    """Return the slot of statement *number* in the recording of the signed *opening*."""
    return sha256(b"accompany/slot/v1\n" + f"{number}\n".encode() + opening).digest()


def statement_entry(opening: bytes, number: int, statement: bytes) -> Entry:
    """Return the entry of a signed *statement* in the recording of the signed *opening*."""
    return Entry(statement_slot(opening, number), sha256(statement).digest())


def named_slot(what: str, name: str) -> bytes:
    """Return the slot of anything else, as `named_entry` calls it."""
    return sha256(f"accompany/{what}/v1\n{name}".encode()).digest()


def named_entry(what: str, name: str, data: bytes) -> Entry:
    """Return the entry of anything else: *what* is grant, custody, card, timestamp, release,
    deletion or package; its *name* is as docs/format.md says."""
    return Entry(named_slot(what, name), sha256(data).digest())


def grant_entry(recording: RecordingId, number: int, data: bytes) -> Entry:
    return named_entry("grant", f"{recording} {number}", data)


def custody_entry(recording: RecordingId, line: int, data: bytes) -> Entry:
    """*line* counts from 1; *data* is the line of custody.jsonl with its newline."""
    return named_entry("custody", f"{recording} {line}", data)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server's word: this entry has this index, and its bytes are kept, awaited or none."""

    MAGIC: ClassVar = "accompany/receipt/v1"
    log: Origin
    index: int
    entry: Entry
    bytes_: str
    time: int

    def __str__(self) -> str:
        # By hand, not by write_lines: one goes out for every segment of every phone.
        return (
            f"{self.MAGIC}\nlog {self.log}\nindex {self.index}\n"
            f"entry {self.entry.slot.hex()} {self.entry.digest.hex()}\n"
            f"bytes {self.bytes_}\ntime {write_time(self.time)}\n"
        )

    @classmethod
    def read(cls, text: str) -> "Receipt":
        lines = Lines("receipt", cls.MAGIC, text)
        log, index = Origin(lines.take("log")), read_number(lines.take("index"))
        slot, _, digest = lines.take("entry").partition(" ")
        entry = Entry(read_hex(slot, 32), read_hex(digest, 32))
        receipt = cls(
            log,
            index,
            entry,
            read_word(lines.take("bytes"), BYTES),
            read_time(lines.take("time")),
        )
        lines.end()
        if str(receipt) != text:
            raise Malformed("receipt", "not in its one written form")
        return receipt


def open_receipt(note: bytes, verifier: Verifier) -> Receipt:
    """Return the receipt in a note signed by *verifier*, the log's receipts key."""
    return Receipt.read(open_note(note, verifier, "receipt"))
