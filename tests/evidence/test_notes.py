"""Signed notes: read as written, refused when bent, and one key cannot speak for another."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence.notes import (
    Note,
    Signature,
    Signer,
    Verifier,
    check_public_key,
    key_id,
    open_note,
    signature_line,
)
from evidence.making import seed, signer

ALICE = signer("example.org/alice")
BOB = signer("example.org/bob")

line_text = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=30)
texts = st.lists(line_text, min_size=1, max_size=5).map("\n".join).map(lambda text: f"{text}\n")
names = st.from_regex(r"[a-z0-9./-]{1,30}", fullmatch=True)


@given(texts)
def test_a_note_is_read_as_it_was_signed(text):
    note = ALICE.sign(text)
    assert open_note(note, ALICE.verifier) == text
    assert bytes(Note.parse(note)) == note


@given(texts, st.data())
def test_a_bent_note_is_refused(text, data):
    note = ALICE.sign(text)
    position = data.draw(st.integers(0, len(note)))
    drop = data.draw(st.integers(0, 3))
    bent = note[:position] + data.draw(st.binary(max_size=3)) + note[position + drop :]
    if bent != note:
        with pytest.raises(AccompanyError):
            open_note(bent, ALICE.verifier)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_note_or_malformed(data):
    try:
        note = Note.parse(data)
    except Malformed:
        return
    assert bytes(note) == data


@pytest.mark.parametrize(
    "other",
    [BOB, signer(ALICE.name, "not alice"), Signer(BOB.name, ALICE.private)],
    ids=["another", "another of the same name", "the same key under another name"],
)
def test_another_key_does_not_hold(other):
    with pytest.raises(DoesNotHold):
        open_note(other.sign("text\n"), ALICE.verifier)


def test_a_right_line_with_a_wrong_signature_does_not_hold():
    value = BOB.private.sign(b"text\n")
    note = b"text\n\n" + signature_line(ALICE.verifier, value).encode()
    with pytest.raises(DoesNotHold, match="one that is not"):
        open_note(note, ALICE.verifier)


def test_one_line_only_unless_others_may_sign():
    note = ALICE.sign("text\n") + BOB.sign("text\n").partition(b"\n\n")[2]
    with pytest.raises(Malformed, match="one signature line, found 2"):
        open_note(note, ALICE.verifier)
    assert Note.parse(note).signed_by(BOB.verifier) == "text\n"
    twice = ALICE.sign("text\n") + ALICE.sign("text\n").partition(b"\n\n")[2]
    with pytest.raises(Malformed, match="one signature line"):
        Note.parse(twice).signed_by(ALICE.verifier)


@pytest.mark.parametrize(
    "bent",
    [
        lambda note: note.replace(b"\n\n", b"\n"),
        lambda note: note[:-1],
        lambda note: note + b"\n",
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: note.replace(b"text", b"te\tt"),
        lambda note: note.replace("—".encode(), b"-"),
        lambda note: note.replace("— ".encode(), "—  ".encode()),
        lambda note: note.replace(b"=\n", b"\n"),
        lambda note: b"\xff" + note,
        lambda note: note.replace(b"alice", b"al ce"),
        lambda note: note.replace(b"alice", b"al+ce"),
        lambda note: "text\n\n— example.org/alice AAAA\n".encode(),
        lambda note: b"\n" + note[note.index(b"\n\n") :][1:],
    ],
)
def test_another_written_form_is_refused(bent):
    note = ALICE.sign("text\n")
    assert bent(note) != note
    with pytest.raises(AccompanyError):
        open_note(bent(note), ALICE.verifier)


def test_a_text_has_a_limit():
    open_note(ALICE.sign("x" * 4095 + "\n"), ALICE.verifier)
    with pytest.raises(Malformed, match="4096"):
        open_note(ALICE.sign("x" * 4096 + "\n"), ALICE.verifier)


# ---- Keys ---------------------------------------------------------------------------------------


@given(names)
def test_a_vkey_is_read_as_it_was_written(name):
    verifier = signer(name, "some key").verifier
    assert Verifier.parse(str(verifier)) == verifier
    assert verifier.id == key_id(name, verifier.key)
    cosigner = replace(verifier, kind=4)
    assert Verifier.parse(str(cosigner)) == cosigner
    assert cosigner.id != verifier.id


def test_the_vkey_of_the_specification():
    """c2sp.org/signed-note, by way of Go's note package."""
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(Verifier.parse(vkey)) == vkey
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngo"
        "tpRZb6KE6RyyBwJnAM=\n"
    )
    assert open_note(note.encode(), Verifier.parse(vkey)).startswith("If you think")


@pytest.mark.parametrize(
    "bent",
    [
        lambda vkey: vkey.replace("+", " ", 1),
        lambda vkey: vkey.upper(),
        lambda vkey: vkey[:-1],
        lambda vkey: vkey + "\n",
        lambda vkey: vkey.replace("alice", "malice"),
        lambda vkey: vkey.replace("+", "+0", 1),
        lambda _: "x+00000000+" + "A" * 44,
        lambda _: "",
    ],
)
def test_a_bent_vkey_is_refused(bent):
    with pytest.raises(AccompanyError):
        Verifier.parse(bent(str(ALICE.verifier)))


@given(st.text(max_size=80))
def test_any_text_is_a_vkey_or_refused(text):
    with suppress(AccompanyError):
        assert str(Verifier.parse(text)) == text


def test_keys_that_sign_for_nobody_are_refused():
    for key in (bytes(32), b"\x01" + bytes(31), b"\xff" * 32, bytes(31), bytes(33)):
        with pytest.raises(AccompanyError):
            check_public_key(key)
    assert check_public_key(ALICE.verifier.key) == ALICE.verifier.key


@given(st.binary(max_size=40))
def test_any_bytes_are_a_key_or_refused(key):
    with suppress(AccompanyError):
        assert check_public_key(key) == key


@given(st.binary(max_size=80))
def test_any_bytes_are_no_signature(value):
    assert not ALICE.verifier.holds(b"text\n", value)


def test_a_signing_key_is_read_as_it_was_written():
    assert Signer.parse(ALICE.written()).verifier == ALICE.verifier
    assert Signer.parse(f"  {ALICE.written()}\n").sign("text\n") == ALICE.sign("text\n")


@pytest.mark.parametrize(
    "bent",
    [
        lambda text: text.replace("PRIVATE", "PUBLIC"),
        lambda text: text.replace("alice", "malice"),
        lambda text: text[:-4],
        lambda text: text[:-1] + "!",
        lambda text: text[: text.rindex("+A")] + "+B" + text[text.rindex("+A") + 2 :],
        lambda _: "",
    ],
)
def test_a_bent_signing_key_is_refused_and_never_repeated(bent):
    secret = ALICE.written().rpartition("+")[2]
    with pytest.raises(AccompanyError) as raised:
        Signer.parse(bent(ALICE.written()))
    assert secret[2:20] not in str(raised.value)


def test_the_go_note_packages_key_pair_is_ours():
    """golang.org/x/mod/sumdb/note, example_test.go."""
    skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    assert str(Signer.parse(skey).verifier).startswith("PeterNeumann+c74f20a3+ARpc2QcUPDhM")


def test_signing_draws_no_chance():
    assert ALICE.sign("text\n") == ALICE.sign("text\n")
    assert Signer.from_seed("x", seed("y")).verifier == Signer.from_seed("x", seed("y")).verifier
    assert Signer.generate("x").verifier != Signer.generate("x").verifier


def test_a_note_holds_its_parts():
    note = Note.parse(ALICE.sign("text\n"))
    assert note.text == "text\n"
    assert note.signatures == (
        Signature(ALICE.name, ALICE.verifier.id, ALICE.private.sign(b"text\n")),
    )
