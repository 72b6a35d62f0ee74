import uuid
import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.adapters.frames import (
    HEADER_SIZE,
    Header,
    framed_size,
    holds,
    lay_frame,
    read_payload,
    write_payload,
)
from accompany.custody.ports import (
    Arrived,
    CardKept,
    CustodyKept,
    GrantKept,
    Item,
    OpeningKept,
    PackageKept,
    PaddingKept,
    StatementKept,
)

NAME = uuid.UUID(int=7)
LEAF = (3, b"s" * 32, b"d" * 32, b"receipt")
ONE_OF_EACH = [
    Item(OpeningKept(*LEAF, "r", b"note", b"l" * 32, None, "e", "film")),
    Item(OpeningKept(*LEAF, "r", b"note", b"l" * 32, b"k" * 32, "e", "sound")),
    Item(StatementKept(*LEAF, "r", 1, b"note", "segment", b"h" * 32, 5, True), b"bytes"),
    Item(StatementKept(*LEAF, "r", 2, b"note", "gap", None, 0, False)),
    Item(GrantKept(*LEAF, "r", 0, b"age")),
    Item(CustodyKept(*LEAF, "r", 1, b"{}\n")),
    Item(CardKept(*LEAF, "c", b"card")),
    Item(PackageKept(*LEAF, "r", 9, b"package")),
    Item(PaddingKept(*LEAF)),
    Item(Arrived("r", 2, b"later"), b"late bytes"),
]


def laid(header: Header, parts: list[bytes]) -> bytes:
    """Return a frame as it is written, over what an earlier one left in the same memory."""
    memory = bytearray(b"x" * (framed_size(header.length) + 5000))
    whole = lay_frame(memoryview(memory), header, parts)
    assert whole == framed_size(header.length)
    assert set(memory[whole:]) == {ord("x")}
    return bytes(memory[:whole])


def framed(items: list[Item]) -> tuple[bytes, bytes]:
    """Return a whole frame's head (header and CRC) and payload."""
    parts, _ = write_payload(items)
    length = sum(map(len, parts))
    whole = laid(Header(NAME, 1, 2, 3, length, 1), parts)
    end = HEADER_SIZE + length
    assert not whole[end:].strip(b"\0")
    assert whole[HEADER_SIZE:end] == b"".join(parts)
    return whole[:HEADER_SIZE], whole[HEADER_SIZE:end]


def test_every_kind_of_record_comes_back_with_its_bytes() -> None:
    parts, placed = write_payload(ONE_OF_EACH)
    payload = b"".join(parts)
    found = list(read_payload(payload))
    assert found == placed
    assert [
        Item(one.record, payload[one.offset : one.offset + one.size]) for one in found
    ] == ONE_OF_EACH


@given(
    st.builds(
        Header,
        st.uuids(),
        *[st.integers(0, 2**64 - 1)] * 5,
    )
)
def test_a_header_reads_back_as_it_was_written(header: Header) -> None:
    assert Header.parse(bytes(header) + b"\0\0\0\0payload") == header


@pytest.mark.parametrize("size", [0, 7, HEADER_SIZE - 1])
def test_what_is_too_short_is_no_header(size: int) -> None:
    head, _ = framed(ONE_OF_EACH)
    assert Header.parse(head[:size]) is None


def test_what_begins_with_another_word_is_no_header() -> None:
    head, _ = framed(ONE_OF_EACH)
    assert Header.parse(b"X" + head[1:]) is None


def test_the_crc_covers_every_bit_of_header_and_payload() -> None:
    head, payload = framed([ONE_OF_EACH[2]])
    assert holds(head, payload)
    whole = head + payload
    for at in range(len(whole)):
        for bit in (0x01, 0x80):
            bent = bytearray(whole)
            bent[at] ^= bit
            assert not holds(bytes(bent[:HEADER_SIZE]), bytes(bent[HEADER_SIZE:])), at


def test_the_same_payload_elsewhere_has_another_crc() -> None:
    """Otherwise an old block in the wrong place would read as this one."""
    parts, _ = write_payload(ONE_OF_EACH)
    one = Header(NAME, 1, 2, 3, sum(map(len, parts)), 1)
    found = {
        sha256(laid(header, parts)[HEADER_SIZE - 4 : HEADER_SIZE]).digest()
        for header in (
            one,
            Header(NAME, 2, 2, 3, one.length, 1),
            Header(NAME, 1, 2, 4, one.length, 1),
            Header(uuid.UUID(int=8), 1, 2, 3, one.length, 1),
        )
    }
    assert len(found) == 4


@given(st.binary(max_size=200), st.lists(st.binary(max_size=5000), max_size=4))
def test_the_checksum_is_zlibs(head: bytes, blobs: list[bytes]) -> None:
    parts, _ = write_payload([Item(CardKept(*LEAF, "c", head), blob) for blob in blobs])
    whole = laid(Header(NAME, 1, 2, 0, sum(map(len, parts)), 1), parts)
    first, crc = whole[: HEADER_SIZE - 4], whole[HEADER_SIZE - 4 : HEADER_SIZE]
    assert int.from_bytes(crc, "little") == zlib.crc32(b"".join(parts), zlib.crc32(first))
