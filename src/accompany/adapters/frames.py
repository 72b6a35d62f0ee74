"""The frames of the journal: one batch each, that says where it belongs and that it is whole.

    magic 8 | uuid 16 | epoch 8 | sequence 8 | offset 8 | length 8 | durable 8 | crc 4 | payload

`durable` is the last sequence that was on disk before this frame was written: a frame that claims
durability past a hole shows damage. The CRC covers header and payload. A payload is records: the
lengths of a msgpack head and of a blob, then both. Pure.
"""

import struct
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from accompany.custody.ports import Item, Record

MAGIC = b"ACCJRNL1"
_HEADER = struct.Struct("<8s16sQQQQQ")
_CRC = struct.Struct("<I")
_LENGTHS = struct.Struct("<IQ")
HEADER_SIZE = _HEADER.size + _CRC.size

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


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


def write_payload(items: Sequence[Item]) -> tuple[list[bytes], list[Placed]]:
    """Return the parts of a payload, in order, and where each blob lies in it."""
    parts: list[bytes] = []
    placed: list[Placed] = []
    at = 0
    for item in items:
        head = _encoder.encode(item.record)
        parts += [_LENGTHS.pack(len(head), len(item.blob)), head, item.blob]
        start = at + _LENGTHS.size
        at = start + len(head)
        placed.append(Placed(item.record, at, len(item.blob), start))
        at += len(item.blob)
    return parts, placed


def write_frame(header: Header, parts: Sequence[bytes]) -> list[bytes]:
    """Return what to write: header, CRC and the payload's parts."""
    head = bytes(header)
    crc = zlib.crc32(head)
    for part in parts:
        crc = zlib.crc32(part, crc)
    return [head, _CRC.pack(crc), *parts]


def holds(head: bytes, payload: bytes) -> bool:
    """Whether the CRC of a frame's header bytes *head* fits it and *payload*."""
    crc: int = _CRC.unpack_from(head, _HEADER.size)[0]
    return zlib.crc32(payload, zlib.crc32(head[: _HEADER.size])) == crc


def read_payload(payload: bytes) -> Iterator[Placed]:
    at = 0
    while at < len(payload):
        head, blob = _LENGTHS.unpack_from(payload, at)
        at += _LENGTHS.size
        record = _decoder.decode(payload[at : at + head])
        at += head
        yield Placed(record, at, blob, at - head)
        at += blob
