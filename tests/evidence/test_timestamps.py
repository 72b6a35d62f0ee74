"""Tokens of a real authority (`openssl ts`), and bent ones."""

import datetime
import json
import time
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence.layout import stamp_name
from accompany.evidence.timestamps import (
    chain_of,
    check_stamp,
    read_certificates,
    read_stamp_name,
    write_certificates,
)
from authorities import DAY, Authority, certify

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
TEXT = "log.example.org\n12\nm9qQh2YYNfXBfU2HyWQ4CgLUXO4qAmNWqVJ9P1C7rV8=\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authorities") / "honest")


@pytest.fixture(scope="module")
def token(authority: Authority) -> bytes:
    return authority.stamp(TEXT.encode())


def certificates(authority: Authority) -> tuple[x509.Certificate, ...]:
    return read_certificates(authority.roots)


@pytest.mark.parametrize("algorithm", list(HashAlgorithm))
def test_a_token_says_when_the_text_was_stamped(authority: Authority, algorithm) -> None:
    before = time.time_ns() // 1_000_000
    token = authority.stamp(TEXT.encode(), algorithm)
    after = time.time_ns() // 1_000_000
    stamp = check_stamp(token, TEXT, certificates(authority))
    # Accuracy 1.5 s, and the fraction of the second that the library does not read.
    assert (stamp.time - stamp.earliest, stamp.latest - stamp.time) == (1500, 2499)
    assert stamp.time % 1000 == 0
    assert stamp.earliest <= before <= after <= stamp.latest


def test_a_token_over_another_text_does_not_hold(authority: Authority, token: bytes) -> None:
    with pytest.raises(DoesNotHold, match="over "):
        check_stamp(token, TEXT.replace("12", "13"), certificates(authority))


def test_a_nonce_that_was_not_asked_with_does_not_hold(authority: Authority, token: bytes) -> None:
    with pytest.raises(DoesNotHold, match="Nonce mismatch"):
        check_stamp(token, TEXT, certificates(authority), nonce=4711)


def test_a_root_nobody_named_is_not_believed(authority: Authority, token: bytes) -> None:
    stranger = certify("stranger")
    with pytest.raises(DoesNotHold, match="issuer"):
        check_stamp(token, TEXT, [stranger.certificate], certificates(authority))


def test_a_root_handed_in_as_a_help_is_not_believed(authority: Authority, token: bytes) -> None:
    with pytest.raises(DoesNotHold, match="issuer"):
        check_stamp(token, TEXT, [authority.middle.certificate], [authority.root.certificate])


def test_the_way_to_the_anchor_may_be_helped_along(authority: Authority, token: bytes) -> None:
    root, middle = authority.root.certificate, authority.middle.certificate
    with pytest.raises(DoesNotHold):
        check_stamp(token, TEXT, [root])
    assert check_stamp(token, TEXT, [root], [middle]) == check_stamp(token, TEXT, [root, middle])


def test_one_check_leaves_no_root_behind_for_the_next(authority: Authority, token: bytes) -> None:
    root, middle = authority.root.certificate, authority.middle.certificate
    check_stamp(token, TEXT, [root], [middle])
    with pytest.raises(DoesNotHold):
        check_stamp(token, TEXT, [certify("next").certificate], [middle])


def test_a_signer_is_judged_at_the_time_stamped() -> None:
    """Its certificate ended seconds after it stamped this, long before this test."""
    past = json.loads((VECTORS / "expired-signer.json").read_text())
    token = b64decode(past["token"])
    roots = read_certificates(past["roots"].encode())
    stamp = check_stamp(token, past["text"], roots)
    signer = chain_of(token, roots)[0]
    assert signer.not_valid_after_utc < datetime.datetime.now(datetime.UTC)
    assert stamp.time <= signer.not_valid_after_utc.timestamp() * 1000


def test_a_signer_expired_before_it_stamped_does_not_hold(tmp_path) -> None:
    expired = Authority(tmp_path / "expired", until=-DAY / 2)
    token = expired.stamp(TEXT.encode())
    with pytest.raises(DoesNotHold, match="expired"):
        check_stamp(token, TEXT, certificates(expired))


def test_a_refusal_is_no_token(authority: Authority) -> None:
    refusal = authority.answer(b"\x30\x03\x02\x01\x01")
    with pytest.raises(DoesNotHold, match="status"):
        check_stamp(refusal, TEXT, certificates(authority))


def test_the_chain_goes_from_the_signer_to_the_root(authority: Authority, token: bytes) -> None:
    strangers = [certify("a").certificate, certify("b").certificate]
    chain = chain_of(token, [*strangers, *certificates(authority)])
    names = [one.subject.rfc4514_string() for one in chain]
    assert names == ["CN=honest signer", "CN=honest middle", "CN=honest root"]
    assert read_certificates(write_certificates(chain)) == chain
    assert chain_of(token, [])[0] == authority.signer.certificate


@pytest.mark.parametrize("data", [b"", b"x", b"\x30\x80", bytes(300_000)])
def test_what_is_no_token_is_malformed(authority: Authority, data: bytes) -> None:
    with pytest.raises(Malformed):
        check_stamp(data, TEXT, certificates(authority))


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_bent_token_never_says_another_time(authority, token, data) -> None:
    expected = check_stamp(token, TEXT, certificates(authority))
    at = data.draw(st.integers(0, len(token) - 1))
    bent = bytearray(token)
    bent[at] ^= data.draw(st.integers(1, 255))
    try:
        found = check_stamp(bytes(bent), TEXT, certificates(authority))
    except AccompanyError:
        return
    assert found == expected


@given(st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True), st.integers(0, 2**53 - 1))
def test_a_name_reads_back(authority: str, size: int) -> None:
    assert read_stamp_name(stamp_name(authority, size)) == (authority, size)


@pytest.mark.parametrize("name", ["", "a", "-1", "a-01", "a-x", "a/b-1", "ä-1", "a-1 "])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(Malformed):
        read_stamp_name(name)
