import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import Malformed
from accompany.evidence import bech32

PREFIXES = st.sampled_from(["age", "age1pq", "AGE-SECRET-KEY-", "AGE-SECRET-KEY-PQ-"])


@given(PREFIXES, st.binary(max_size=1300))
def test_what_is_written_reads_back(prefix: str, data: bytes) -> None:
    text = bech32.encode(prefix, data)
    assert bech32.decode(prefix, text, "key") == data
    assert text == (text.upper() if prefix.isupper() else text.lower())


@given(st.binary(min_size=1, max_size=1300), st.data())
def test_one_wrong_letter_is_refused(data: bytes, draw: st.DataObject) -> None:
    text = bech32.encode("age", data)
    at = draw.draw(st.integers(0, len(text) - 1))
    letter = draw.draw(st.characters(max_codepoint=0x2FFF).filter(lambda c: c != text[at]))
    with pytest.raises(Malformed):
        bech32.decode("age", text[:at] + letter + text[at + 1 :], "key")


@given(st.binary(min_size=1, max_size=64), st.integers(1, 12))
def test_a_text_cut_short_is_refused(data: bytes, cut: int) -> None:
    with pytest.raises(Malformed):
        bech32.decode("age", bech32.encode("age", data)[:-cut], "key")


# BIP 173, "Test vectors": those whose payload is a whole number of bytes.
@pytest.mark.parametrize(
    ("prefix", "text", "data"),
    [
        ("A", "A12UEL5L", b""),
        ("a", "a12uel5l", b""),
        (
            "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio",
            "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
            b"",
        ),
        (
            "abcdef",
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
            bytes.fromhex("00443214c74254b635cf84653a56d7c675be77df"),
        ),
    ],
)
def test_the_published_texts_are_read_and_written(prefix: str, text: str, data: bytes) -> None:
    assert bech32.decode(prefix, text, "key") == data
    assert bech32.encode(prefix, data) == text


@pytest.mark.parametrize(
    ("prefix", "text"),
    [
        ("x", "x1b4n0q5v"),  # a letter outside the alphabet
        ("li", "li1dgmt3"),  # a checksum too short
        ("A", "A1G7SGD8"),  # a checksum over capitals
        ("a", "A12uEL5L"),  # both cases
        ("a", "A12UEL5L"),  # the other case
        ("", "1qzzfhee"),  # no prefix
        ("a", "pzry9x0s0muk"),  # no separator
    ],
)
def test_the_published_wrong_texts_are_refused(prefix: str, text: str) -> None:
    with pytest.raises(Malformed):
        bech32.decode(prefix, text, "key")


def test_bits_left_over_must_be_zero() -> None:
    """`abcdef…` with a last letter of other spare bits and a checksum that holds."""
    good = bech32.encode("age", b"\0")
    payload = "qz"  # 0, then 00 with the three spare bits 010
    bent = f"age1{payload}{bech32._checksum('age', payload)}"
    assert good.startswith("age1qq")
    with pytest.raises(Malformed):
        bech32.decode("age", bent, "key")


def test_a_letter_that_only_looks_like_a_capital_is_refused() -> None:
    text = bech32.encode("AGE-SECRET-KEY-", bytes(range(32)))
    assert "K" in text[15:]
    kelvin = text[:15] + text[15:].replace("K", "\N{KELVIN SIGN}")
    assert kelvin.lower() == text.lower()
    with pytest.raises(Malformed):
        bech32.decode("AGE-SECRET-KEY-", kelvin, "key")


def test_the_error_names_the_thing_and_hides_the_text() -> None:
    text = bech32.encode("AGE-SECRET-KEY-", bytes(32))
    with pytest.raises(Malformed) as caught:
        bech32.decode("AGE-SECRET-KEY-", text[:-1] + "9", "age identity")
    assert caught.value.what == "age identity"
    assert text[16:24] not in str(caught.value)
    assert "checksum" in caught.value.why
    with pytest.raises(Malformed) as caught:
        bech32.decode("AGE-SECRET-KEY-PQ-", text, "age identity")
    assert caught.value.why == "expected it to begin with AGE-SECRET-KEY-PQ-1"
