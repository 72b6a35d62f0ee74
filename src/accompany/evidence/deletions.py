"""What is said of a deletion: the caller's wish, its withdrawal, and the tombstone that stays.

A wish and a withdrawal are notes by the recording's deletion key, key name
`recording/<id>/deletion`. The tombstone is a note by the server's receipts key; its entry in the
log is `deletion <id>`. The forms stand in docs/format.md. Pure.
"""

from dataclasses import dataclass
from typing import ClassVar

from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.notes import Signer, Verifier, open_note
from accompany.evidence.receipts import Entry, named_entry
from accompany.evidence.text import (
    Lines,
    read_base32,
    read_hex,
    read_time,
    read_word,
    write_lines,
    write_time,
)
from accompany.ids import RecordingId

DELETION = "accompany/deletion/v1"
UNDELETION = "accompany/undeletion/v1"
BY = ("caller", "organization", "age")
"""Who wished it: the deletion key, the organization's words, or its rule on how long to keep."""


def deletion_name(recording: str) -> str:
    return f"recording/{recording}/deletion"


def write_wish(magic: str, recording: str, time: int, signer: Signer) -> bytes:
    """Return the note DELETION or UNDELETION of *recording*; *time* in ms since 1970 UTC."""
    text = write_lines(magic, [("recording", recording), ("time", write_time(time))])
    return Signer(deletion_name(recording), signer.private).sign(text)


def open_wish(magic: str, note: bytes, recording: str, key: bytes) -> int:
    """Return the time a note DELETION or UNDELETION of *recording* by *key* states."""
    what = magic.split("/")[1]
    text = open_note(note, Verifier(deletion_name(recording), key), what)
    lines = Lines(what, magic, text)
    named, time = read_base32(lines.take("recording")), read_time(lines.take("time"))
    lines.end()
    if named != recording:
        raise DoesNotHold(what, f"recording {recording}", named)
    return time


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That a recording was deleted: when it was asked for and done, by whom, and their note's
    SHA-256, where there was one."""

    MAGIC: ClassVar = "accompany/tombstone/v1"
    recording: RecordingId
    asked: int
    deleted: int
    by: str
    note: bytes | None

    def __str__(self) -> str:
        lines = [
            ("recording", self.recording),
            ("asked", write_time(self.asked)),
            ("deleted", write_time(self.deleted)),
            ("by", self.by),
            ("note", self.note.hex() if self.note else "none"),
        ]
        return write_lines(self.MAGIC, lines)

    @classmethod
    def read(cls, text: str) -> "Tombstone":
        lines = Lines("tombstone", cls.MAGIC, text)
        recording = RecordingId(read_base32(lines.take("recording")))
        asked, deleted = read_time(lines.take("asked")), read_time(lines.take("deleted"))
        by, note = read_word(lines.take("by"), BY), lines.take("note")
        lines.end()
        digest = None if note == "none" else read_hex(note, 32)
        tombstone = cls(recording, asked, deleted, by, digest)
        if str(tombstone) != text:
            raise Malformed("tombstone", "not in its one written form")
        return tombstone


def open_tombstone(note: bytes, receipts: Verifier) -> Tombstone:
    """Return the tombstone in a note signed by the log's receipts key."""
    return Tombstone.read(open_note(note, receipts, "tombstone"))


def deletion_entry(recording: RecordingId, tombstone: bytes) -> Entry:
    return named_entry("deletion", recording, tombstone)
