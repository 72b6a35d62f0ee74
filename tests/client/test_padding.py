"""Padding: laws of Padmé, and boxes that a player skips."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as some

from accompany.client.boxes import BoxReader, children, cut_short, free
from accompany.client.ebml import children as elements
from accompany.client.ebml import void
from accompany.client.padding import VOID, padded, padded_to, padme

sizes = some.integers(0, 2**40)


@given(sizes)
def test_padme_never_shrinks_and_adds_less_than_an_eighth(size: int) -> None:
    assert size <= padme(size) <= size * 1.12


@given(sizes)
def test_padme_of_a_padded_size_is_itself(size: int) -> None:
    assert padme(padme(size)) == padme(size)


@given(sizes, sizes)
def test_padme_keeps_the_order_of_sizes(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert padme(small) <= padme(large)


@given(some.integers(2, 2**40))
def test_a_padded_size_shows_only_its_leading_bits(size: int) -> None:
    exponent = padme(size).bit_length() - 1
    shown = exponent.bit_length()
    assert padme(size) % 2 ** max(0, exponent - shown) == 0


@pytest.mark.parametrize(
    ("size", "wanted"),
    # Counted by hand after Algorithm 1: E = floor(log2 L), S = floor(log2 E) + 1, E - S zero bits.
    [(0, 0), (1, 1), (8, 8), (9, 10), (100, 104), (1000, 1024), (1025, 1088), (10**6, 1015808)],
)
def test_padme_of_a_few_sizes(size: int, wanted: int) -> None:
    assert padme(size) == wanted


@given(some.integers(8, 20_000))
def test_padded_boxes_have_a_padme_size_and_the_same_beginning(size: int) -> None:
    data = free(size)
    out = padded(data)
    assert out.startswith(data)
    assert padme(len(out)) == len(out)
    assert {box.kind for box in children(out)} == {"free"}
    assert sum(len(box.data) for box in children(out)) == len(out)


def test_padding_to_fewer_bytes_than_a_box_has_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        padded_to(bytes(100), 104)


@given(some.lists(some.integers(8, 300), max_size=6), some.integers(1, 50))
def test_boxes_come_out_whole_however_they_are_written(boxes: list[int], step: int) -> None:
    reader, found = BoxReader(), []
    data = b"".join(free(size) for size in boxes)
    for start in range(0, len(data), step):
        reader.write(data[start : start + step])
        found += [len(box.data) for box in reader.take()]
    assert found == boxes
    assert reader.left == 0


def test_a_box_with_a_long_size_is_read() -> None:
    long = (1).to_bytes(4, "big") + b"mdat" + (20).to_bytes(8, "big") + b"body"
    reader = BoxReader()
    for byte in long + free(8)[:4]:
        reader.write(bytes([byte]))
    (box,) = reader.take()
    assert (box.kind, box.body, reader.left) == ("mdat", b"body", 4)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (free(20) + free(8), None),
        (b"\0\0\0\x20mdat" + bytes(24), None),
        (b"\0\0\0\x20mdat" + bytes(23), "mdat"),
        (free(9) + b"\0\0\0\x20moof", "moof"),
        (b"\0\0\0\0mdat" + bytes(5), None),
        (free(8) + b"\0\0\0\x20junk", None),
        (free(8) + b"\0\0", None),
        (b"", None),
    ],
)
def test_a_file_that_was_cut_off_is_noticed(data: bytes, wanted: str | None) -> None:
    assert cut_short(BytesIO(data)) == wanted


@given(some.binary(max_size=300))
def test_an_element_is_padded_by_a_void_that_is_skipped(body: bytes) -> None:
    element = b"\xa3" + (1 << 14 | len(body)).to_bytes(2, "big") + body
    data = padded(element, VOID)
    assert padme(len(data)) == len(data)
    kinds = [child.kind for child in elements(data)]
    assert kinds in ([0xA3], [0xA3, 0xEC])


@given(some.integers(2, 70_000))
def test_a_void_has_the_size_asked_for(size: int) -> None:
    (found,) = elements(void(size))
    assert (found.kind, len(found.data)) == (0xEC, size)
    assert not any(found.body)


@pytest.mark.parametrize("size", [0, 1])
def test_a_void_has_at_least_two_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="at least 2 bytes"):
        void(size)
