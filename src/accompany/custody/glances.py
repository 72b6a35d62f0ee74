"""A glance at a segment: all in order, or nothing said. Pure, and light to load."""

from hashlib import sha256
from typing import TYPE_CHECKING

from accompany.errors import AccompanyError
from accompany.evidence.statements import SegmentStatement, open_following

if TYPE_CHECKING:
    from accompany.custody.ports import Blob

Glance = tuple[SegmentStatement | None, bytes | None]
"""A segment's statement in which all is in order, or none, which says nothing; the digest."""


def glance(key: bytes, note: bytes | None, body: "Blob | None") -> Glance:
    """Look, but say nothing of what is not a segment's statement, or not in order. Pure."""
    statement = None
    if note is not None:
        try:
            found = open_following(note, key)
        except AccompanyError:
            found = None
        statement = found if isinstance(found, SegmentStatement) else None
    return statement, None if body is None else sha256(body).digest()
