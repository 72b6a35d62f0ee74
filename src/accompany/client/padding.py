"""Padding: sizes of segments that tell little about what was said or seen.

Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
PURBs", PoPETs 2019, section 4) rounds a size of L bytes up so that at most O(log log L) bits of
it show, for at most 12 % more bytes. The padding is a `free` box, so that players skip it. Pure.
"""

from accompany.client.boxes import HEADER, free


def padme(size: int) -> int:
    """Return the padded size of *size* bytes: never less, under 12 % more."""
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    mask = (1 << exponent - exponent.bit_length()) - 1
    return size + mask & ~mask


def padded(data: bytes) -> bytes:
    """Return *data*, whole boxes, and a `free` box up to a size that Padmé gives.

    Where fewer bytes are missing than a box needs, it goes on to the next such size.
    """
    wanted = padme(len(data))
    if 0 < wanted - len(data) < HEADER:
        wanted = padme(len(data) + HEADER)
    return padded_to(data, wanted)


def padded_to(data: bytes, size: int) -> bytes:
    """Return *data* and a `free` box, *size* bytes in all; it must be equal or differ by 8."""
    return data if len(data) == size else data + free(size - len(data))
