"""Heads: what somebody else kept of a recording, so that a cut tail shows. Pure.

The attorney's console and `accompany record` keep them (head.json). Not here: comparing (verify).
"""

from dataclasses import dataclass

from accompany.errors import Malformed
from accompany.evidence.text import read_base32, read_hex
from accompany.evidence.verify_files import read_json
from accompany.ids import RecordingId


@dataclass(frozen=True, slots=True)
class Head:
    """What somebody else kept of a recording: a statement's number and digest (32 bytes)."""

    recording: RecordingId
    number: int
    digest: bytes


def read_heads(data: bytes) -> tuple[Head, ...]:
    """Return the heads in a file: `{"recording": …, "number": n, "digest": hex}`, one or more.

    One JSON object, or one a line; other names in it are let be. Raise Malformed for anything else.
    """
    whole = read_json(data)
    items = [whole] if isinstance(whole, dict) else [read_json(line) for line in data.splitlines()]
    if not items:
        raise Malformed("head", "expected a JSON object, found nothing")
    return tuple(_read_head(item) for item in items)


def _read_head(item: object) -> Head:
    match item:
        case {"recording": str(recording), "number": int(number), "digest": str(digest)}:
            if isinstance(number, bool) or number < 0:
                raise Malformed("head", f"expected a statement's number, found {number}")
            return Head(RecordingId(read_base32(recording)), number, read_hex(digest, 32))
    raise Malformed("head", "expected a JSON object with recording, number and digest")
