"""Spans: where texts and bytes lie in a record, whatever the record holds."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.adapters.spans import Span, merged, spans_of
from accompany.errors import Damaged

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.text(max_size=300) | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
    max_leaves=30,
)  # fmt: skip


def leaves(value: Any) -> list[str | bytes]:
    match value:
        case dict():
            return [leaf for pair in value.items() for one in pair for leaf in leaves(one)]
        case list():
            return [leaf for one in value for leaf in leaves(one)]
        case str() | bytes():
            return [value]
        case _:
            return []


@given(VALUES)
def test_every_text_and_every_bytes_is_found_where_it_lies(value: Any) -> None:
    data = msgspec.msgpack.encode(value)
    found = list(spans_of(data))
    assert [content for _, content in found] == leaves(value)
    for span, content in found:
        written = content.encode() if isinstance(content, str) else content
        assert data[span.start : span.end] == written


def test_large_ones_and_long_lists_are_found_too() -> None:
    value = {"a": b"x" * 70_000, "b": "y" * 70_000, "c": ["z"] * 70_000}
    found = [content for _, content in spans_of(msgspec.msgpack.encode(value))]
    assert found == ["a", b"x" * 70_000, "b", "y" * 70_000, "c", *["z"] * 70_000]


def test_a_record_that_ends_in_the_middle_is_damage() -> None:
    with pytest.raises(Damaged, match="ends in the middle"):
        list(spans_of(b"\x92\x01"))
    with pytest.raises(Damaged, match="kind 0xc1"):
        list(spans_of(b"\xc1"))


def test_places_that_touch_become_one() -> None:
    assert merged([Span(5, 7), Span(0, 2), Span(2, 4), Span(6, 6)]) == [Span(0, 4), Span(5, 7)]
    assert merged([Span(0, 9), Span(2, 4)]) == [Span(0, 9)]
