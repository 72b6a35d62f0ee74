"""A number to be called back on, as phones seal it: one form, one size, errors that quote
nothing."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence.age import HybridIdentity, encrypt
from accompany.evidence.callback_numbers import (
    MESSAGES,
    PLAIN_BYTES,
    SEALED_BYTES,
    WHEN_CHARACTERS,
    CallbackNumber,
    open_number,
    seal_number,
)
from accompany.evidence.text import read_base64
from accompany.ids import EncounterId

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/callback-numbers.json").read_text())
IDENTITY = HybridIdentity(bytes(range(32)))
ENCOUNTER = EncounterId("a" * 32)
ONE = CallbackNumber(ENCOUNTER, "+15550107071", "no", "after six")
NUMBERS = st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True)
ONE_LINE = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), max_size=WHEN_CHARACTERS
)


@given(NUMBERS, st.sampled_from(MESSAGES), ONE_LINE)
def test_a_number_is_read_as_it_was_written(number, message, when):
    one = CallbackNumber(ENCOUNTER, number, message, when)
    assert CallbackNumber.read(str(one)) == one
    assert len(str(one).encode()) < PLAIN_BYTES


@pytest.mark.parametrize(
    "one",
    [
        CallbackNumber(ENCOUNTER, "5550107"),
        CallbackNumber(ENCOUNTER, "+155501070711234", "yes", "\U0001f550" * WHEN_CHARACTERS),
    ],
)
def test_every_sealed_number_is_as_long_as_every_other(one):
    sealed = seal_number(one, IDENTITY.recipient)
    assert len(sealed) == SEALED_BYTES
    assert sealed != seal_number(one, IDENTITY.recipient)
    assert open_number(sealed, ENCOUNTER, IDENTITY) == one


def test_another_encounters_number_is_refused():
    sealed = seal_number(ONE, IDENTITY.recipient)
    with pytest.raises(DoesNotHold, match="one for bbbb"):
        open_number(sealed, EncounterId("b" * 32), IDENTITY)


def bent(text: str) -> bytes:
    data = text.encode()
    return encrypt(data + bytes(PLAIN_BYTES - len(data)), [IDENTITY.recipient])


@pytest.mark.parametrize(
    "sealed",
    [
        b"",
        seal_number(ONE, HybridIdentity.generate().recipient),
        seal_number(ONE, IDENTITY.recipient)[:-1],
        seal_number(ONE, IDENTITY.recipient)[:-1] + b"x",
        encrypt(bytes(PLAIN_BYTES), [IDENTITY.recipient]),
        encrypt(str(ONE).encode(), [IDENTITY.recipient]),
        encrypt(str(ONE).encode().ljust(PLAIN_BYTES, b"\n"), [IDENTITY.recipient]),
        encrypt(str(ONE).encode() + b"\0x".ljust(800, b"\0"), [IDENTITY.recipient]),
        bent(str(ONE).replace("after", "\udcff").encode("utf-8", "ignore").decode() + "more x\n"),
        *(bent(text) for text in VECTORS["refused"]),
    ],
)
def test_what_is_no_number_is_refused_and_not_quoted(sealed):
    with pytest.raises(AccompanyError) as refused:
        open_number(sealed, ENCOUNTER, IDENTITY)
    assert refused.value.__cause__ is None
    assert "5550107071" not in str(refused.value)


def test_nothing_of_it_stands_in_its_representation():
    assert repr(ONE) == f"CallbackNumber(encounter='{ENCOUNTER}')"


@pytest.mark.parametrize("one", [*VECTORS["from_python"], *VECTORS["from_typescript"]])
def test_what_either_half_sealed_opens_to_the_byte(one):
    identity = HybridIdentity.parse(VECTORS["identity"])
    found = open_number(read_base64(one["file"]), EncounterId(VECTORS["encounter"]), identity)
    assert str(found) == one["text"]


@pytest.mark.parametrize("text", VECTORS["refused"])
def test_what_either_half_refuses_the_other_refuses(text):
    with pytest.raises(Malformed):
        CallbackNumber.read(text)
