"""Authorities and witnesses over HTTP, tokens of auditors, and what doctor is told."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.accounts.auditors import new_token
from accompany.accounts.enrolment import digest_of_secret
from accompany.adapters import tsa
from accompany.adapters.auditors import SqliteAuditors
from accompany.adapters.doctor import examine
from accompany.adapters.outside import ClockWatch, SqliteOutside
from accompany.adapters.sqlite import Database
from accompany.adapters.tsa import load_authorities
from accompany.adapters.witnesses import HttpWitness, load_witnesses
from accompany.client.witnessing import open_witness
from accompany.config import Settings
from accompany.custody.rounds import Unavailable
from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.checkpoints import read_consistency
from accompany.evidence.text import read_base64
from accompany.evidence.timestamps import check_stamp, read_certificates
from accompany.web.witness import create_witness_app
from authorities import Authority, certify, running_authority
from tlogs import SIGNER, MemoryLog, numbered

pytestmark = pytest.mark.anyio
TEXT = "log.example.org\n12\nm9qQh2YYNfXBfU2HyWQ4CgLUXO4qAmNWqVJ9P1C7rV8=\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("tsa") / "real") as running:
        yield running


def configured(folder: Path, authority: Authority, roots: bytes | None = None) -> tsa.HttpAuthority:
    place = folder / "authorities" / "real"
    place.mkdir(parents=True)
    (place / "url").write_text(f"{authority.url}\n")
    (place / "roots.pem").write_bytes(authority.roots if roots is None else roots)
    found, wrong = load_authorities(folder / "authorities")
    assert wrong == []
    return found[0]


async def test_a_token_comes_with_its_whole_chain(authority: Authority, tmp_path: Path) -> None:
    found = await configured(tmp_path, authority).stamp(TEXT)
    chain = read_certificates(found.chain)
    assert len(chain) == 3
    assert check_stamp(found.token, TEXT, chain[-1:], chain[:-1])


async def test_an_authority_that_is_down_is_unavailable(authority, tmp_path: Path) -> None:
    one = configured(tmp_path, authority)
    authority.down = True
    try:
        with pytest.raises(Unavailable, match="503"):
            await one.stamp(TEXT)
    finally:
        authority.down = False
    nobody = tsa.HttpAuthority("nobody", "http://127.0.0.1:9/", one.roots)
    with pytest.raises(Unavailable, match="no answer"):
        await nobody.stamp(TEXT)


async def test_an_answer_to_another_request_is_no_answer(authority, tmp_path: Path) -> None:
    """The same text at another time: only the nonce differs."""
    one = configured(tmp_path, authority)
    authority.forced = authority.stamp(TEXT.encode())
    try:
        with pytest.raises(DoesNotHold, match="Nonce"):
            await one.stamp(TEXT)
        authority.forced = authority.stamp(b"another text")
        with pytest.raises(DoesNotHold, match="over"):
            await one.stamp(TEXT)
        authority.forced = b"<html>"
        with pytest.raises(Malformed):
            await one.stamp(TEXT)
    finally:
        authority.forced = None


async def test_an_authority_under_another_root_is_refused(authority, tmp_path: Path) -> None:
    one = configured(tmp_path, authority, certify("another").pem)
    with pytest.raises(DoesNotHold, match="issuer"):
        await one.stamp(TEXT)


def test_a_wrong_folder_leaves_the_others_in_use(authority: Authority, tmp_path: Path) -> None:
    configured(tmp_path, authority)
    folder = tmp_path / "authorities"
    for name, url, roots in (
        ("no roots", None, None),
        ("no-url", None, authority.roots),
        ("bad-url", "ftp://x", authority.roots),
        ("bad-roots", "http://x", b"x"),
        ("no-root", "http://x", authority.middle.pem),
    ):
        (folder / name).mkdir()
        if url is not None:
            (folder / name / "url").write_text(url)
        if roots is not None:
            (folder / name / "roots.pem").write_bytes(roots)
    found, wrong = load_authorities(folder)
    assert [one.name for one in found] == ["real"]
    assert len(wrong) == 5
    assert load_authorities(tmp_path / "none") == ([], [])


async def test_a_witness_says_itself_from_where(tmp_path: Path, monkeypatch) -> None:
    log = MemoryLog(SIGNER, numbered(40))
    witness = open_witness(tmp_path / "w", "w.example.net", {SIGNER.name: SIGNER.verifier})
    transport = httpx.ASGITransport(create_witness_app(witness, lambda: 7))
    client = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **given: client(transport=transport, **given))

    def consistency(new: int):
        return lambda old: read_consistency(log.consistency(old, new))[2]

    for size, asker in ((10, HttpWitness("w", "http://w/")), (20, HttpWitness("w", "http://w"))):
        lines = await asker.cosign(log.checkpoint(size), consistency(size))
        assert [line.name for line in lines] == ["w.example.net"]
        assert (asker.cosigned, witness.heads.head(SIGNER.name).size) == (size, size)
    with pytest.raises(Unavailable, match="20 entries already"):
        await HttpWitness("w", "http://w").cosign(log.checkpoint(15), consistency(15))
    fork = MemoryLog(SIGNER, numbered(40, 0, "other"))
    with pytest.raises(Unavailable):
        await HttpWitness("w", "http://w", 20).cosign(
            fork.checkpoint(30), lambda old: read_consistency(fork.consistency(old, 30))[2]
        )


def test_the_witnesses_file_says_whom_to_ask(tmp_path: Path) -> None:
    one = open_witness(tmp_path / "1", "a.example.net", {}).verifier
    two = open_witness(tmp_path / "2", "b.example.net", {}).verifier
    path = tmp_path / "witnesses"
    assert load_witnesses(path)[:2] == (load_witnesses(path)[0], [])
    path.write_text(f"witness a {one} http://a\nwitness b {two}\ngroup g 2 a b\nquorum g\n")
    policy, asked, lines, wrong = load_witnesses(path)
    assert (policy.quorum, [w.name for w in asked], wrong) == ("g", ["a"], [])
    assert lines == path.read_text()
    path.write_text("witness a nonsense\nquorum none\n")
    policy, asked, lines, wrong = load_witnesses(path)
    assert (policy.witnesses, asked, lines) == ({}, [], "")
    assert "line 1" in wrong[0]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "accompany.sqlite")
    yield found
    found.close()


def test_a_token_is_kept_as_a_hash_and_ends_when_revoked(database: Database) -> None:
    auditors = SqliteAuditors(database)
    token = new_token(auditors, "Neighbours", 5)
    digest = digest_of_secret(read_base64(token, 32))
    assert auditors.holds(digest)
    with pytest.raises(Malformed):
        new_token(auditors, "Neighbours", 6)
    assert auditors.revoke("Neighbours", 7)
    assert not auditors.revoke("Neighbours", 8)
    assert not auditors.holds(digest)
    assert new_token(auditors, "Neighbours", 9) != token
    assert [(one.made, one.revoked) for one in auditors.all()] == [(5, 7), (9, 0)]
    for name in ("", " ", "x" * 121, "a\nb"):
        with pytest.raises(Malformed):
            new_token(auditors, name, 9)


def test_doctor_is_told_the_last_answer_and_the_last_failure(database: Database) -> None:
    outside = SqliteOutside(database)
    outside.answered("authority", "a", 5)
    outside.failed("authority", "a", 7, "down")
    outside.failed("witness", "w", 8, "x" * 900)
    (a, w) = sorted(outside.contacts(), key=lambda one: one.name)
    assert (a.answered, a.failed, a.why) == (5, 7, "down")
    assert (w.answered, w.failed, len(w.why)) == (0, 8, 500)
    outside.stepped(10, -5000)
    assert outside.steps(10) == [(10, -5000)]
    assert outside.steps(11) == []


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(-5_000, 5_000)), max_size=20))
def test_every_step_over_a_second_is_seen_and_no_other(moves) -> None:
    watch = ClockWatch()
    wall = steady = 1_000_000
    assert watch.look(wall, steady) == 0
    for passed, step in moves:
        wall, steady = wall + passed + step, steady + passed
        assert watch.look(wall, steady) == (step if abs(step) > 1000 else 0)


def test_a_folder_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    (remark,) = examine(Settings(data=tmp_path / "nowhere"), 0)
    assert remark.how == "wrong"
    assert not (tmp_path / "nowhere").exists()
