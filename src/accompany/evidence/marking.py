"""The mark that a derived film carries, so that nobody takes it for the original. Pure.

    accompany/derived/v1 <recording> <hex SHA-256 of the original it was made from>

It stands in the `comment` of an mp4, and so in the `moov` box, which comes first in a court copy.
"""

from collections.abc import Iterator

_HEADER = 8
_LARGEST = 64 * 1024 * 1024
"""Bytes of a box before the film: an hour's index has some three million."""


def derived_mark(recording: str, original: bytes) -> str:
    """Return the mark of a copy of *recording* made from a film whose SHA-256 is *original*."""
    return f"accompany/derived/v1 {recording} {original.hex()}"


def carries_mark(pieces: Iterator[bytes], mark: str) -> bool:
    """Whether the mp4 in *pieces* has *mark* in its `moov`, and that before any film."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= _HEADER:
            size, kind = int.from_bytes(held[:4], "big"), bytes(held[4:_HEADER])
            if kind == b"mdat" or size < _HEADER or size > _LARGEST:
                return False
            if len(held) < size:
                break
            if kind == b"moov":
                return mark.encode() in held[:size]
            del held[:size]
    return False
