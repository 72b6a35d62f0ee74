"""Entries and receipts: what the log holds, and the server's word for it."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import AccompanyError, Malformed
from accompany.evidence.receipts import (
    Entry,
    Receipt,
    custody_entry,
    grant_entry,
    named_entry,
    open_receipt,
    receipts_name,
    statement_entry,
)
from accompany.ids import Origin, RecordingId
from evidence.making import LOG, ORIGIN, RECEIPTS, seed, signer

hashes = st.binary(min_size=32, max_size=32)
receipts = st.builds(
    Receipt,
    st.just(ORIGIN),
    st.integers(0, 2**53 - 1),
    st.builds(Entry, hashes, hashes),
    st.sampled_from(["kept", "awaited", "none"]),
    st.integers(0, 4_000_000_000_000),
)
ONE = Receipt(ORIGIN, 7, Entry(seed("slot"), seed("digest")), "kept", 1_795_291_200_000)
ID = RecordingId("a" * 32)


@given(receipts)
def test_a_receipt_is_read_as_it_was_written(receipt):
    assert Receipt.read(str(receipt)) == receipt
    assert open_receipt(RECEIPTS.sign(str(receipt)), RECEIPTS.verifier) == receipt


@given(receipts, st.data())
def test_a_bent_receipt_is_refused_or_says_just_that(receipt, data):
    text = str(receipt)
    position = data.draw(st.integers(0, len(text)))
    drop = data.draw(st.integers(0, 2))
    bent = text[:position] + data.draw(st.text(max_size=2)) + text[position + drop :]
    try:
        assert str(Receipt.read(bent)) == bent
    except AccompanyError:
        assert bent != text


@pytest.mark.parametrize(
    ("old", "new"),
    [("kept", "lost"), ("index 7", "index 07"), ("entry ", "entry  "), ("log ", "Log ")],
)
def test_another_form_is_refused(old, new):
    with pytest.raises(Malformed):
        Receipt.read(str(ONE).replace(old, new))


@pytest.mark.parametrize("by", [LOG, signer(RECEIPTS.name, "another")])
def test_a_receipt_by_another_key_is_refused(by):
    with pytest.raises(AccompanyError):
        open_receipt(by.sign(str(ONE)), RECEIPTS.verifier)


def test_receipts_have_a_key_of_their_own():
    assert receipts_name(ORIGIN) == f"{ORIGIN}/receipts"
    assert RECEIPTS.verifier.key != LOG.verifier.key


def test_the_slot_of_a_statement_is_the_protocols():
    entry = statement_entry(b"the signed opening", 12, b"the signed statement")
    slot = sha256(b"accompany/slot/v1\n12\nthe signed opening").digest()
    assert entry == Entry(slot, sha256(b"the signed statement").digest())


def test_the_slot_of_anything_else_is_its_name():
    def slot(text: str) -> bytes:
        return sha256(text.encode()).digest()

    assert grant_entry(ID, 3, b"").slot == slot(f"accompany/grant/v1\n{ID} 3")
    assert custody_entry(ID, 1, b"").slot == slot(f"accompany/custody/v1\n{ID} 1")
    assert named_entry("release", "ab", b"x").slot == slot("accompany/release/v1\nab")
    assert named_entry("release", "ab", b"x").digest == sha256(b"x").digest()


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_no_two_numbers_share_a_slot(one, other):
    same = statement_entry(b"o", one, b"").slot == statement_entry(b"o", other, b"").slot
    assert same == (one == other)


@given(hashes, hashes)
def test_an_entry_is_64_bytes(slot, digest):
    entry = Entry(slot, digest)
    assert Entry.parse(bytes(entry)) == entry
    for bent in (bytes(entry)[:-1], bytes(entry) + b"x", b""):
        with pytest.raises(Malformed, match="64 bytes"):
            Entry.parse(bent)


def test_a_log_is_only_a_name_here():
    assert Receipt.read(str(ONE)).log == Origin("log.example.org/accompany")
