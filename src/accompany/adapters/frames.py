"""The frames of the journal: one batch each, that says where it belongs and that it is whole.

    magic 8 | uuid 16 | epoch 8 | sequence 8 | offset 8 | length 8 | durable 8 | crc 4 | payload

A frame begins at a whole block, and zeros fill it up to the next one. `durable` is the last
sequence that was on disk before this frame was written: a frame that claims
durability past a hole shows damage. The CRC covers header and payload. A payload is records: the
lengths of a msgpack head and of a blob, then both. The CRC is zlib's CRC-32. Pure.
"""

import struct
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from isal.isal_zlib import crc32

from accompany.custody.ports import Blob, Item, Record

MAGIC = b"ACCJRNL1"
_HEADER = struct.Struct("<8s16sQQQQQ")
_CRC = struct.Struct("<I")
_LENGTHS = struct.Struct("<IQ")
HEADER_SIZE = _HEADER.size + _CRC.size
BLOCK = 4096
"""Bytes: what is written is a multiple of this, and so is where; no common disk wants more."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


def whole_blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def framed_size(length: int) -> int:
    """Return how many bytes of the file a frame takes whose payload has *length* bytes."""
    return whole_blocks(HEADER_SIZE + length)


@dataclass(frozen=True, slots=True)
class Header:
    journal: uuid.UUID
    epoch: int
    sequence: int
    offset: int
    length: int
    durable: int

    def __bytes__(self) -> bytes:
        return _HEADER.pack(
            MAGIC,
            self.journal.bytes,
            self.epoch,
            self.sequence,
            self.offset,
            self.length,
            self.durable,
        )

    @classmethod
    def parse(cls, data: bytes) -> "Header | None":
        """Return the header in the first bytes of *data*, or None where there is none."""
        if len(data) < HEADER_SIZE or data[:8] != MAGIC:
            return None
        _, name, *numbers = _HEADER.unpack_from(data)
        return cls(uuid.UUID(bytes=name), *numbers)


@dataclass(frozen=True, slots=True)
class Placed:
    """A record with the places of its head and its blob, counted from the start of its payload."""

    record: Record
    offset: int
    size: int
    head: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """An item as it goes into a payload."""

    record: Record
    head: bytes
    blob: Blob

    @classmethod
    def of(cls, item: Item) -> "Encoded":
        return cls(item.record, _encoder.encode(item.record), item.blob)

    @property
    def size(self) -> int:
        return _LENGTHS.size + len(self.head) + len(self.blob)


def lay_out(encoded: Iterable[Encoded]) -> tuple[list[Blob], list[Placed]]:
    """Return the parts of a payload, in order, and where each blob lies in it."""
    parts: list[Blob] = []
    placed: list[Placed] = []
    at = 0
    for one in encoded:
        head, blob = len(one.head), len(one.blob)
        parts += (_LENGTHS.pack(head, blob), one.head, one.blob)
        start = at + _LENGTHS.size
        placed.append(Placed(one.record, start + head, blob, start))
        at = start + head + blob
    return parts, placed


def write_payload(items: Iterable[Item]) -> tuple[list[Blob], list[Placed]]:
    return lay_out(map(Encoded.of, items))


def lay_frame(into: memoryview, header: Header, parts: Sequence[Blob]) -> int:
    """Lay header, CRC and the payload's *parts* into the beginning of *into*, and zeros up to a
    whole block; return how many bytes that are.

    One checksum over all of it, where it lies: for each part by itself the interpreter's lock would
    be given up, and waited for behind whoever is busy.
    """
    end = HEADER_SIZE
    for part in parts:
        start, end = end, end + len(part)
        into[start:end] = part
    head = bytes(header)
    with into[HEADER_SIZE:end] as payload:
        crc = crc32(payload, crc32(head))
    into[:HEADER_SIZE] = head + _CRC.pack(crc)
    whole = whole_blocks(end)
    into[end:whole] = bytes(whole - end)
    return whole


def holds(head: bytes, payload: bytes) -> bool:
    """Whether the CRC of a frame's header bytes *head* fits it and *payload*."""
    crc: int = _CRC.unpack_from(head, _HEADER.size)[0]
    return crc32(payload, crc32(head[: _HEADER.size])) == crc


def read_payload(payload: bytes) -> Iterator[Placed]:
    at = 0
    while at < len(payload):
        head, blob = _LENGTHS.unpack_from(payload, at)
        at += _LENGTHS.size
        record = _decoder.decode(payload[at : at + head])
        at += head
        yield Placed(record, at, blob, at - head)
        at += blob
