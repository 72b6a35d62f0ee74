"""Statements: one text each, signed by the one key the recording's name stands for, in a chain."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import AccompanyError, DoesNotHold, Malformed, OutOfOrder
from accompany.evidence.notes import Signer
from accompany.evidence.statements import (
    CLOSING_REASONS,
    GAP_REASONS,
    KINDS,
    Chain,
    Closing,
    Gap,
    Opening,
    SegmentStatement,
    digest_of,
    open_following,
    open_opening,
    read_statement,
    recording_id,
    recording_signer,
)
from accompany.ids import EncounterId, Origin, RecordingId
from evidence.making import Recording, seed, signer

OPENING = Recording().opening
KEY = OPENING.key
NOTES = Recording().film(2).gap(900).segment().close().notes

numbers = st.integers(1, 2**53 - 1)
digests = st.binary(min_size=32, max_size=32)
times = st.integers(0, 253_402_300_799_999)
ids = st.from_regex(r"[a-z2-7]{32}", fullmatch=True)

openings = st.builds(
    lambda **given: replace(OPENING, **given),
    time=times,
    kind=st.sampled_from(KINDS),
    media=st.from_regex(r"[!-~]{3,60}", fullmatch=True),
    grants=digests,
    encounter=ids.map(EncounterId),
    continues=st.none() | st.tuples(ids.map(RecordingId), digests),
    log=st.from_regex(r"[a-z./-]{1,60}", fullmatch=True).map(Origin),
    after=st.none() | st.tuples(st.integers(0, 2**53 - 1), digests),
    client=st.just("phone/1.0 none") | digests.map(lambda digest: f"phone/1.0 {digest.hex()}"),
)
head = (st.just(OPENING.recording), numbers, digests, times, st.integers(0, 2**53 - 1))
followings = st.one_of(
    st.builds(SegmentStatement, *head, numbers, numbers, digests),
    st.builds(Gap, *head, numbers, st.sampled_from(GAP_REASONS)),
    st.builds(Closing, *head, numbers, st.sampled_from(CLOSING_REASONS)),
)


@given(openings | followings)
def test_a_statement_is_read_as_it_was_written(statement):
    assert read_statement(str(statement)) == statement


@given(openings | followings, st.data())
def test_a_bent_statement_is_refused_or_says_just_that(statement, data):
    text = str(statement)
    position = data.draw(st.integers(0, len(text)))
    drop = data.draw(st.integers(0, 2))
    bent = text[:position] + data.draw(st.text(max_size=2)) + text[position + drop :]
    try:
        read = read_statement(bent)
    except AccompanyError:
        return
    assert str(read) == bent


@given(st.sampled_from([Opening, SegmentStatement, Gap, Closing]), st.text(max_size=200))
def test_any_text_is_a_statement_or_refused(form, text):
    for given_text in (text, f"{form.MAGIC}\n{text}"):
        with pytest.raises(AccompanyError):
            read_statement(given_text)


def test_the_protocols_lines_in_their_order():
    names = [line.split(" ")[0] for line in str(OPENING).splitlines()]
    assert " ".join(names) == (
        "accompany/opening/v1 recording number time key kind media recipient grants encounter "
        "continues log after client"
    )
    common = "recording number previous time offset"
    for note, rest in ((NOTES[1], "duration size sha256"), (NOTES[4], "duration reason")):
        names = [line.split(" ")[0] for line in note.decode().partition("\n\n")[0].splitlines()]
        assert " ".join(names[1:]) == f"{common} {rest}"
    names = [line.split(" ")[0] for line in NOTES[-1].decode().partition("\n\n")[0].splitlines()]
    assert " ".join(names) == f"accompany/closing/v1 {common} segments reason"


# ---- Whose it is --------------------------------------------------------------------------------


def test_the_id_is_of_the_key_so_nobody_puts_another_under_it():
    assert open_opening(NOTES[0]) == OPENING
    other = signer("x", "other")
    stolen = replace(OPENING, key=other.verifier.key)
    with pytest.raises(DoesNotHold, match="recording id"):
        open_opening(recording_signer(other).sign(str(stolen)))
    forged = Signer(f"recording/{OPENING.recording}", other.private).sign(str(OPENING))
    with pytest.raises(DoesNotHold, match="opening"):
        open_opening(forged)


def test_a_recording_never_continues_itself():
    own = replace(OPENING, continues=(OPENING.recording, bytes(32)))
    with pytest.raises(DoesNotHold, match="continues"):
        read_statement(str(own))


def test_an_opening_is_no_following_and_a_following_no_opening():
    with pytest.raises(Malformed, match="found an opening"):
        open_following(NOTES[0], KEY)
    with pytest.raises(Malformed, match="opening"):
        open_opening(NOTES[1])


def test_a_statement_under_the_right_key_for_another_recording_is_refused():
    mine = Recording().signer
    statement = replace(read_statement(str(Recording("other").film(1).statements[0])))
    with pytest.raises(DoesNotHold, match="recording"):
        open_following(mine.sign(str(statement)), KEY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "picture"),
        ("media", "video mp4"),
        ("media", "mp"),
        ("recipient", "age1qqqq"),
        ("client", "phone"),
        ("client", "phone/1 " + "0" * 63),
        ("log", "a b"),
        ("log", "a+b"),
        ("encounter", "E" * 32),
        ("after", "1"),
        ("after", "none "),
        ("continues", "a" * 32),
        ("number", "1"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name, value):
    lines = str(OPENING).splitlines(keepends=True)
    bent = [f"{name} {value}\n" if line.startswith(f"{name} ") else line for line in lines]
    with pytest.raises(AccompanyError):
        read_statement("".join(bent))


def test_nothing_but_the_opening_is_number_0():
    statement = replace(Recording().film(1).statements[0], number=0)
    with pytest.raises(Malformed, match="number 0 is the opening's"):
        read_statement(str(statement))


# ---- The chain ----------------------------------------------------------------------------------


def start() -> Chain:
    return Chain.start(OPENING, NOTES[0])


def followed(chain: Chain, *numbers: int) -> Chain:
    for number in numbers:
        chain = chain.follow(open_following(NOTES[number], KEY), NOTES[number])
    return chain


def test_a_chain_follows_to_its_closing():
    chain = followed(start(), *range(1, len(NOTES)))
    assert (chain.last, chain.segments, chain.closed) == (6, 4, True)
    assert chain.digest == digest_of(NOTES[-1])


def test_a_number_left_out_or_said_twice_is_refused_with_what_is_kept():
    chain = followed(start(), 1)
    for number in (1, 3):
        with pytest.raises(OutOfOrder) as raised:
            followed(chain, number)
        assert (raised.value.last, raised.value.digest) == (1, digest_of(NOTES[1]))


def test_a_statement_after_another_is_refused():
    chain = replace(followed(start(), 1), digest=seed("another"))
    with pytest.raises(OutOfOrder, match="but the last one kept is"):
        followed(chain, 2)


def test_after_a_closing_nothing_follows():
    closed = Recording().close()
    chain = Chain.start(closed.opening, closed.notes[0])
    chain = chain.follow(closed.statements[0], closed.notes[1])
    closed.segment()
    with pytest.raises(OutOfOrder, match="closed by statement 1"):
        chain.follow(closed.statements[1], closed.notes[2])


def test_a_closing_counts_right_or_is_refused():
    recording = Recording().film(1).close(segments=1)
    chain = Chain.start(recording.opening, recording.notes[0])
    for statement, note in zip(recording.statements[:2], recording.notes[1:], strict=False):
        chain = chain.follow(statement, note)
    with pytest.raises(DoesNotHold, match="segments 2, found segments 1"):
        chain.follow(recording.statements[2], recording.notes[3])


def test_an_id_is_32_small_letters_of_the_keys_hash():
    assert recording_id(KEY) == OPENING.recording
    assert len(OPENING.recording) == 32
