"""Padding: sizes of segments that tell little about what was said or seen.

Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
PURBs", PoPETs 2019, section 4) rounds a size of L bytes up so that at most O(log log L) bits of
it show, for at most 12 % more bytes. The padding is a `free` box or a `Void` element, so that
players skip it. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

from accompany.client.boxes import HEADER, free
from accompany.client.ebml import void


@dataclass(frozen=True, slots=True)
class Filler:
    """What padding is made of: fewest bytes it can have, and how as many as wanted are made."""

    least: int
    make: Callable[[int], bytes]


FREE = Filler(HEADER, free)
VOID = Filler(2, void)


def padme(size: int) -> int:
    """Return the padded size of *size* bytes: never less, under 12 % more."""
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    mask = (1 << exponent - exponent.bit_length()) - 1
    return size + mask & ~mask


def padded(data: bytes, filler: Filler = FREE) -> bytes:
    """Return *data*, whole boxes or elements, and padding up to a size that Padmé gives.

    Where fewer bytes are missing than padding needs, it goes on to the next such size.
    """
    wanted = padme(len(data))
    if 0 < wanted - len(data) < filler.least:
        wanted = padme(len(data) + filler.least)
    return padded_to(data, wanted, filler)


def padded_to(data: bytes, size: int, filler: Filler = FREE) -> bytes:
    """Return *data* and padding, *size* bytes in all: equal, or more by what padding needs."""
    return data if len(data) == size else data + filler.make(size - len(data))
