"""What intake asks of bytes and notes that came: each check raises, or has nothing to say. Pure."""

from hashlib import sha256

from accompany.custody.looking import Seen
from accompany.custody.ports import Blob
from accompany.errors import DoesNotHold
from accompany.evidence.age_header import begins_one_hybrid, parse_header
from accompany.evidence.notes import Note, Verifier
from accompany.evidence.statements import (
    Closing,
    Following,
    Gap,
    Opening,
    SegmentStatement,
    recording_verifier,
)
from accompany.evidence.text import Lines, read_base32, read_hex, read_time


def check_sealed(what: str, data: Blob) -> None:
    """Raise DoesNotHold unless *data* begins as an age file sealed to one hybrid recipient."""
    if begins_one_hybrid(data):
        return
    header = parse_header(bytes(data))
    if not header.one_hybrid:
        kinds = " ".join(stanza.kind for stanza in header.stanzas)
        raise DoesNotHold(what, "exactly one mlkem768x25519 stanza", kinds[:80])


def check_body(digest: bytes | None, size: int, seen: Seen) -> None:
    """Raise DoesNotHold unless the body seen has *size* bytes and the SHA-256 *digest*."""
    if seen.size != size:
        raise DoesNotHold("size", f"{size} bytes", f"{seen.size} bytes")
    if seen.digest != digest or seen.digest is None:
        found = seen.digest.hex() if seen.digest else "none"
        raise DoesNotHold("sha256", digest.hex() if digest else "none", found)


def check_grant_note(
    opening: Opening, note: bytes, data: bytes, holder: Verifier | None = None
) -> None:
    """Raise unless *note* means to grant *data*: by the recording's key, or by the *holder*'s."""
    text = Note.parse(note).only_by(holder or recording_verifier(opening.key), "grant")
    lines = Lines("grant", "accompany/grant/v1", text)
    recording = read_base32(lines.take("recording"))
    digest = read_hex(lines.take("sha256"), 32)
    read_time(lines.take("time"))
    lines.end()
    if recording != opening.recording:
        raise DoesNotHold("grant", f"recording {opening.recording}", recording)
    if digest != sha256(data).digest():
        raise DoesNotHold("grant", digest.hex(), sha256(data).hexdigest())


def word_of(statement: Following) -> str:
    match statement:
        case SegmentStatement():
            return "segment"
        case Gap():
            return "gap"
        case Closing():
            return "closing"
