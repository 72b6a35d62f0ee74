"""What is read at one look is what reading line by line finds: no more, and nothing else."""

from hashlib import sha256
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from accompany.errors import AccompanyError
from accompany.evidence import statements
from accompany.evidence.age import HybridIdentity, encrypt
from accompany.evidence.age_header import begins_one_hybrid, parse_header
from accompany.evidence.notes import Note
from accompany.evidence.statements import SegmentStatement, open_following
from evidence.making import Recording

RECORDING = Recording().film(2)
KEY = RECORDING.opening.key
NOTE = RECORDING.notes[2]
SEALED = encrypt(b"", [HybridIdentity.generate().recipient])
HEAD = len(SEALED) - 32

numbers = st.integers(0, 2**53 + 9)
bends = st.tuples(st.integers(0), st.sampled_from(b"\n 0:a-AZ=\xff\xe2/"))


def bent(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(data)
    for at, value in changes:
        changed[at % len(data)] = value
    return bytes(changed)


def taken(read, *given):
    """Return what *read* returns, or nothing where it refuses."""
    try:
        return read(*given)
    except AccompanyError:
        return None


def line_by_line(note: bytes):
    with mock.patch.object(statements, "_open_segment", return_value=None):
        return taken(open_following, note, KEY)


def test_a_statement_in_order_is_read_at_one_look():
    assert statements._open_segment(NOTE, KEY) == line_by_line(NOTE)
    assert isinstance(line_by_line(NOTE), SegmentStatement)


@given(st.lists(bends, max_size=2))
def test_a_bent_statement_is_read_as_line_by_line(changes):
    note = bent(NOTE, changes)
    assert taken(open_following, note, KEY) == line_by_line(note)


@given(numbers, numbers, numbers, numbers, st.integers(0, 253_402_300_799_999))
@example(2**53, 0, 0, 0, 0)
@example(1, 2**53, 0, 0, 0)
def test_whatever_is_signed_is_read_as_line_by_line(number, offset, duration, size, time):
    digest = sha256(b"").digest()
    text = str(
        SegmentStatement(
            RECORDING.opening.recording, number, digest, time, offset, duration, size, digest
        )
    )
    note = RECORDING.signer.sign(text)
    assert taken(open_following, note, KEY) == line_by_line(note)


@given(st.sampled_from(["2026-02-30T", "2026-13-01T", "0000-01-01T"]))
def test_no_such_moment_is_refused(day):
    text = Note.parse(NOTE).text
    at = text.index("time ") + 5
    note = RECORDING.signer.sign(text[:at] + day + text[at + 11 :])
    assert taken(open_following, note, KEY) is None


def one_hybrid(data: bytes) -> bool:
    header = taken(parse_header, data)
    return header is not None and header.one_hybrid


@given(st.lists(bends, max_size=2), st.integers(0, 64))
def test_a_header_is_judged_as_line_by_line(changes, cut):
    data = bent(SEALED[:HEAD], changes)
    data = data[: len(data) - cut]
    assert begins_one_hybrid(data) == one_hybrid(data)


def test_two_stanzas_or_another_kind_are_no_one_hybrid():
    two = encrypt(b"", [HybridIdentity.generate().recipient for _ in range(2)])
    assert begins_one_hybrid(SEALED)
    assert not begins_one_hybrid(two)
    assert not begins_one_hybrid(SEALED.replace(b"mlkem768x25519", b"x25519"))
