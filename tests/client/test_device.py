"""A recording device: what it signs follows in one chain, and opens for its holders only."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as some

from accompany.client.device import Device, Purpose, Signed, locator_of
from accompany.errors import OutOfOrder
from accompany.evidence.age import HybridIdentity, NoMatch, decrypt, parse_header, parse_identity
from accompany.evidence.receipts import statement_entry
from accompany.evidence.statements import (
    Chain,
    Closing,
    Gap,
    SegmentStatement,
    open_following,
    open_opening,
)
from accompany.ids import EncounterId, Origin

PURPOSE = Purpose(
    kind="film",
    media="video/mp4;codecs=avc1.64001f,mp4a.40.2",
    encounter=EncounterId("a" * 32),
    log=Origin("example.org/log"),
    after=(7, bytes(32)),
    client="accompany-record/0.1.0 none",
)
CUSTODIAN = HybridIdentity.generate()
STRANGER = HybridIdentity.generate()


def new_device() -> Device:
    return Device.open(PURPOSE, (CUSTODIAN.recipient,), 1_700_000_000_000)


def test_the_opening_says_what_was_meant() -> None:
    device = new_device()
    opening = open_opening(device.opening.note)
    assert opening.recording == device.recording
    assert opening.time == 1_700_000_000_000
    assert opening.recipient == str(device.identity.recipient)
    assert opening.grants == sha256(b"".join(device.grants)).digest()
    assert (opening.kind, opening.media) == (PURPOSE.kind, PURPOSE.media)
    assert (opening.encounter, opening.log) == (PURPOSE.encounter, PURPOSE.log)
    assert (opening.after, opening.continues) == (PURPOSE.after, None)
    assert opening.client == PURPOSE.client


def test_a_grant_holds_the_identity_for_its_holder_only() -> None:
    device = new_device()
    (grant,) = device.grants
    assert parse_header(grant).one_hybrid
    line = decrypt(grant, [CUSTODIAN]).decode()
    assert line.endswith("\n")
    assert parse_identity(line[:-1]) == device.identity
    with pytest.raises(NoMatch):
        decrypt(grant, [STRANGER])


def test_grants_are_hashed_in_the_order_they_are_sent_in() -> None:
    holders = (CUSTODIAN.recipient, STRANGER.recipient)
    device = Device.open(PURPOSE, holders, 0)
    assert [decrypt(device.grants[n], [who]) for n, who in enumerate((CUSTODIAN, STRANGER))] == [
        f"{device.identity}\n".encode()
    ] * 2
    assert open_opening(device.opening.note).grants == sha256(b"".join(device.grants)).digest()


def test_two_recordings_share_no_key() -> None:
    one, other = new_device(), new_device()
    assert one.recording != other.recording
    assert one.identity != other.identity
    assert one.signer.verifier != other.signer.verifier


def test_a_segment_is_sealed_and_stated() -> None:
    device = new_device()
    signed = device.segment(b"film" * 100, 1_700_000_000_500, 500, 503)
    statement = open_following(signed.note, device.signer.verifier.key)
    assert signed.sealed is not None
    assert statement == SegmentStatement(
        recording=device.recording,
        number=1,
        previous=device.opening.digest,
        time=1_700_000_000_500,
        offset=500,
        duration=503,
        size=len(signed.sealed),
        sha256=sha256(signed.sealed).digest(),
    )
    assert parse_header(signed.sealed).one_hybrid
    assert decrypt(signed.sealed, [device.identity]) == b"film" * 100
    with pytest.raises(NoMatch):
        decrypt(signed.sealed, [CUSTODIAN])


def test_gap_and_closing_say_what_was_meant() -> None:
    device = new_device()
    key = device.signer.verifier.key
    device.segment(b"", 0, 0, 0)
    gap = open_following(device.gap(10, 20, 30, "unknown").note, key)
    assert isinstance(gap, Gap)
    assert (gap.number, gap.time, gap.offset, gap.duration, gap.reason) == (
        2,
        10,
        20,
        30,
        "unknown",
    )
    closing = open_following(device.closing(40, 50, "stopped").note, key)
    assert isinstance(closing, Closing)
    assert (closing.number, closing.time, closing.offset) == (3, 40, 50)
    assert (closing.segments, closing.reason) == (1, "stopped")


def test_after_a_closing_nothing_is_signed() -> None:
    device = new_device()
    device.closing(0, 0, "stopped")
    with pytest.raises(OutOfOrder, match="closed by statement 1"):
        device.segment(b"more", 0, 0, 0)


@given(some.lists(some.sampled_from(["segment", "gap"]), max_size=5))
def test_whatever_is_signed_follows_in_one_chain(words: list[str]) -> None:
    device = new_device()
    key = device.signer.verifier.key
    signed: list[Signed] = []
    for n, word in enumerate(words):
        if word == "gap":
            signed.append(device.gap(n, n, 1, "muted"))
        else:
            signed.append(device.segment(bytes([n]), n, n, 1))
    signed.append(device.closing(9, 9, "stopped"))
    chain = Chain.start(open_opening(device.opening.note), device.opening.note)
    for item in signed:
        chain = chain.follow(open_following(item.note, key), item.note)
    assert chain == device.chain
    assert [item.number for item in signed] == list(range(1, len(signed) + 1))


def test_an_entry_is_found_by_who_holds_the_opening() -> None:
    device = new_device()
    signed = device.segment(b"film", 0, 0, 0)
    assert device.entry(signed) == statement_entry(device.opening.note, 1, signed.note)
    assert device.entry(device.opening) == statement_entry(
        device.opening.note, 0, device.opening.note
    )


def test_secrets_do_not_show_in_a_traceback() -> None:
    device = new_device()
    assert device.signer.private.private_bytes_raw().hex() not in repr(device)
    assert str(device.identity) not in repr(device)


def test_the_locator_is_what_the_format_says() -> None:
    # printf 'accompany/locator/v1\n' | cat - <(head -c 32 /dev/zero) | sha256sum
    wanted = sha256(b"accompany/locator/v1\x0a" + bytes(32)).digest()
    assert locator_of(bytes(32)) == wanted
