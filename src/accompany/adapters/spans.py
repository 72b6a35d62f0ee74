"""Where the texts and bytes lie inside a msgpack value: for erasing them, and nothing else. Pure.

Only what `msgspec` writes of our records is known here: maps, arrays, texts, bytes, numbers, nil
and truth values (github.com/msgpack/msgpack/blob/master/spec.md).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from accompany.errors import Damaged

_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_TEXTS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_PLAIN = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_LISTS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}


class Span(NamedTuple):
    """From *start* up to, not with, *end*."""

    start: int
    end: int


def spans_of(data: bytes) -> Iterator[tuple[Span, str | bytes]]:
    """Yield where the content of every text and every bytes in *data* lies, and what it is."""
    at, left = 0, 1
    while left:
        if at >= len(data):
            raise Damaged("a record in the journal ends in the middle")
        left -= 1
        kind = data[at]
        at += 1
        if 0xA0 <= kind <= 0xBF or kind in _TEXTS:
            size, at = (kind & 0x1F, at) if kind <= 0xBF else _number(data, at, _TEXTS[kind])
            yield Span(at, at + size), data[at : at + size].decode()
            at += size
        elif kind in _BYTES:
            size, at = _number(data, at, _BYTES[kind])
            yield Span(at, at + size), data[at : at + size]
            at += size
        elif 0x80 <= kind <= 0x8F or kind in _MAPS:
            count, at = (kind & 0x0F, at) if kind <= 0x8F else _number(data, at, _MAPS[kind])
            left += 2 * count
        elif 0x90 <= kind <= 0x9F or kind in _LISTS:
            count, at = (kind & 0x0F, at) if kind <= 0x9F else _number(data, at, _LISTS[kind])
            left += count
        elif kind in _PLAIN:
            at += _PLAIN[kind]
        elif not (kind < 0x80 or kind >= 0xE0 or kind in (0xC0, 0xC2, 0xC3)):
            raise Damaged(f"a record in the journal holds a value of kind {kind:#x}")


def _number(data: bytes, at: int, size: int) -> tuple[int, int]:
    return int.from_bytes(data[at : at + size], "big"), at + size


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same places in order, none touching another."""
    done: list[Span] = []
    for span in sorted(spans):
        if done and span.start <= done[-1].end:
            done[-1] = Span(done[-1].start, max(done[-1].end, span.end))
        else:
            done.append(span)
    return done
