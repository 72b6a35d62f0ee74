"""One written form: what a reader takes is exactly what its writer writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import Malformed
from accompany.evidence import text as forms
from accompany.evidence.text import Lines, write_lines

anything = st.text(max_size=30) | st.from_regex(r"[0-9A-Za-z+/=:.TZ-]{0,30}", fullmatch=True)


def takes(read, text: str):
    """What *read* makes of *text*, or None if it is refused."""
    try:
        return read(text)
    except Malformed:
        return None


@given(st.integers(0, 253_402_300_799_999))
def test_times_are_read_as_written(milliseconds):
    assert forms.read_time(forms.write_time(milliseconds)) == milliseconds


def test_the_protocols_time():
    assert forms.write_time(1_795_292_043_120) == "2026-11-21T20:14:03.120Z"


@pytest.mark.parametrize(
    "text",
    ["2026-11-21T20:14:03Z", "2026-11-21T20:14:03.12Z", "2026-11-21 20:14:03.120Z",
     "2026-11-21T20:14:03.120+00:00", "2026-02-30T20:14:03.120Z", "2026-11-21T24:00:00.000Z",
     "2026-11-21T20:14:60.000Z", "2026-11-21T20:14:03.120z", "٢٠٢٦-11-21T20:14:03.120Z", ""],
)  # fmt: skip
def test_another_time_is_refused(text):
    with pytest.raises(Malformed):
        forms.read_time(text)


@given(st.integers(0, forms.NUMBER_LIMIT))
def test_numbers_are_read_as_written(number):
    assert forms.read_number(str(number)) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "01", "1.0", "1e3", " 1", "1 ", "٣", "9" * 17])
def test_another_number_is_refused(text):
    with pytest.raises(Malformed):
        forms.read_number(text)


def test_numbers_end_where_a_browser_cannot_count_on():
    assert forms.read_number(str(2**53 - 1)) == 2**53 - 1
    with pytest.raises(Malformed):
        forms.read_number(str(2**53))


@given(st.binary(max_size=40))
def test_bytes_are_read_as_written(data):
    assert forms.read_hex(data.hex(), len(data)) == data
    assert forms.read_base64(forms.write_base64(data)) == data
    assert forms.read_base64(forms.write_base64(data), len(data)) == data


@given(st.binary(min_size=20, max_size=20))
def test_ids_are_read_as_written(data):
    text = forms.write_base32(data)
    assert forms.read_base32(text) == text


@given(anything)
def test_whatever_is_taken_is_the_one_form(text):
    number = takes(forms.read_number, text)
    assert number is None or str(number) == text
    data = takes(forms.read_base64, text)
    assert data is None or forms.write_base64(data) == text
    time = takes(forms.read_time, text)
    assert time is None or time < 0 or forms.write_time(time) == text
    for size in (0, 1, 15):
        found = takes(lambda given, size=size: forms.read_hex(given, size), text)
        assert found is None or found.hex() == text


@pytest.mark.parametrize("text", ["A", "AA", "AA=", "AB==", "AA==\n", "A A=", "AA-_", "AAAA===="])
def test_base64_has_one_form(text):
    with pytest.raises(Malformed):
        forms.read_base64(text)


@pytest.mark.parametrize("text", ["0", "AB", "0g", " 00", "00\n", "0X00"])
def test_hex_has_one_form(text):
    with pytest.raises(Malformed):
        forms.read_hex(text, 1)


def test_a_length_is_kept_to():
    with pytest.raises(Malformed, match="expected 32 bytes, found 3"):
        forms.read_base64("AAAA", 32)
    with pytest.raises(Malformed, match="64 lower-case"):
        forms.read_hex("00", 32)
    for text in ("a" * 31, "a" * 33, "A" * 32, "1" * 32):
        with pytest.raises(Malformed):
            forms.read_base32(text)


def test_words_come_from_a_list():
    assert forms.read_word("b", ["a", "b"]) == "b"
    with pytest.raises(Malformed, match="one of a b, found 'c'"):
        forms.read_word("c", ["a", "b"])


# ---- Lines --------------------------------------------------------------------------------------

FORM = "accompany/example/v1"


def test_lines_are_taken_in_their_only_order():
    lines = Lines("example", FORM, write_lines(FORM, [("a", "1"), ("b", "x y"), ("b", "z")]))
    assert lines.take("a") == "1"
    assert lines.take_if("a") is None
    assert [lines.take_if("b"), lines.take_if("b"), lines.take_if("b")] == ["x y", "z", None]
    lines.end()


@pytest.mark.parametrize(
    "text",
    ["", FORM, f"{FORM}\n\n", f"{FORM}\nb 1\n", f"{FORM}\na1\n", f"{FORM}\na 1", f"{FORM}2\na 1\n",
     f"{FORM}\na 1\nb 2\n", f" {FORM}\na 1\n", f"{FORM}\r\na 1\r\n"],
)  # fmt: skip
def test_other_lines_are_refused(text):
    def read() -> None:
        lines = Lines("example", FORM, text)
        lines.take("a")
        lines.end()

    with pytest.raises(Malformed, match="example"):
        read()


def test_a_text_is_at_most_4_kib():
    Lines("example", FORM, write_lines(FORM, [("a", "x" * (4096 - len(FORM) - 4))]))
    with pytest.raises(Malformed, match="4096"):
        Lines("example", FORM, write_lines(FORM, [("a", "x" * (4096 - len(FORM) - 3))]))
