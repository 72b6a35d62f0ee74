"""What a contact may be: addresses that can change nothing but themselves, words on one line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import Malformed
from accompany.evidence.age import HybridIdentity, encrypt
from accompany.ids import Origin
from accompany.telling.contacts import (
    CHANNELS,
    SEALED_BYTES,
    TEXT_CHARACTERS,
    Contact,
    check_address,
    check_words,
    open_contact,
    seal_contact,
    write_service_text,
)

IDENTITY = HybridIdentity.generate()
CONTACT = Contact("sms", "+15551234567", "A test.", "I was stopped.", "I am safe.", "I am late.")


@pytest.mark.parametrize("address", ["+15551234567", "+5215512345678", "+4930123456"])
def test_a_number_is_e164(address: str) -> None:
    for channel in ("sms", "signal", "whatsapp"):
        check_address(channel, address)


@pytest.mark.parametrize("address", ["mum@example.org", "a.b+c_d-e@sub.example.co.uk"])
def test_an_e_mail_address_is_plain(address: str) -> None:
    check_address("email", address)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("sms", "15551234567"),
        ("sms", "+05551234567"),
        ("sms", "+1555123456789012"),
        ("sms", "+1555\r\n1234"),
        ("sms", "+15551234567/../x"),
        ("sms", "+15551234567,+15557654321"),
        ("sms", "mum@example.org"),
        ("sms", "+١٥٥٥١٢٣٤٥٦٧"),
        ("email", "+15551234567"),
        ("email", "a@b"),
        ("email", "a@example.org,b@example.org"),
        ("email", "a@example.org\nBcc: b@example.org"),
        ("email", "a b@example.org"),
        ("email", "<a@example.org>"),
        ("email", "a%0d@example.org"),
        ("email", "a@example.org?smtp=evil.example"),
        ("email", "a@[127.0.0.1]"),
        ("email", "a" * 65 + "@example.org"),
        (
            "email",
            "a@"
            + "b" * 60
            + "."
            + "c" * 60
            + "."
            + "d" * 60
            + "."
            + "e" * 60
            + "."
            + "f" * 60
            + ".org",
        ),
        ("json", "+15551234567"),
        ("", ""),
    ],
)
def test_anything_else_is_refused_and_not_quoted(channel: str, address: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_address(channel, address)
    assert not address or address not in str(refused.value)


@given(st.text(), st.sampled_from(sorted(CHANNELS)))
def test_an_address_has_nothing_that_means_something_in_a_url_or_a_header(
    address: str, channel: str
) -> None:
    if CHANNELS[channel](address):
        assert not set(address) & set("/?#&=:%,;<>\"' \t\r\n\\[]()")
        assert address.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "I was stopped by police.", "Me detuvo la policía. Llama a María.", "أوقفتني الشرطة",
        "x" * TEXT_CHARACTERS,
    ],
)  # fmt: skip
def test_words_are_one_line(text: str) -> None:
    check_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "x" * (TEXT_CHARACTERS + 1), "two\nlines", "two\rlines", "a\u2028b", "nul\0",
        "see https://evil.example", "www.evil.example", "evil.example/win", "write a@b.example",
    ],
)  # fmt: skip
def test_other_words_are_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_words(text)
    assert not text.strip() or text not in str(refused.value)


def test_what_a_phone_seals_is_opened_here() -> None:
    sealed = seal_contact(CONTACT, IDENTITY.recipient)
    assert open_contact(sealed, IDENTITY) == CONTACT
    assert CONTACT.address not in repr(CONTACT)


def test_sizes_say_little_of_what_is_inside() -> None:
    longer = Contact("email", "somebody.else@example.org", "A test.", "x" * 90, "y" * 90, "z" * 90)
    sizes = {len(seal_contact(one, IDENTITY.recipient)) for one in (CONTACT, longer)}
    assert len(sizes) == 1


@pytest.mark.parametrize(
    "bent",
    [
        {"address": "nonsense"}, {"channel": "json"}, {"pressed": "two\nlines"}, {"test": ""},
        {"safe": "https://x"}, {"overdue": 5}, {"more": "x"},
    ],
)  # fmt: skip
def test_what_is_not_a_contact_is_refused_without_a_word_of_it(bent: dict[str, object]) -> None:
    whole = {name: getattr(CONTACT, name) for name in CONTACT.__struct_fields__}
    data = json.dumps({**whole, **bent}).encode()
    with pytest.raises(Malformed) as refused:
        open_contact(encrypt(data, [IDENTITY.recipient]), IDENTITY)
    assert CONTACT.address not in str(refused.value)
    assert refused.value.__cause__ is None


def test_what_is_sealed_to_others_bent_or_huge_is_refused() -> None:
    others = seal_contact(CONTACT, HybridIdentity.generate().recipient)
    own = seal_contact(CONTACT, IDENTITY.recipient)
    for sealed in (others, own[:-1], b"", own + bytes(SEALED_BYTES)):
        with pytest.raises(Malformed):
            open_contact(sealed, IDENTITY)


def test_whom_to_seal_to_is_what_the_organization_signs() -> None:
    text = write_service_text(Origin("log.example"), IDENTITY.recipient)
    lines = ["accompany/telling/v1", "log log.example", f"recipient {IDENTITY.recipient}", ""]
    assert text == "\n".join(lines)
