"""A server's keys: made once, kept, never made again where something would be lost."""

import errno
from pathlib import Path

import pytest

from accompany.adapters import keys as keys_module
from accompany.adapters.disk import write_durably
from accompany.adapters.keys import load_keys
from accompany.adapters.push import Push
from accompany.errors import AccompanyError, Damaged, Malformed

NAMES = ("log", "receipts", "organization", "custodian")


def test_the_first_start_makes_one_key_for_each_role(tmp_path: Path) -> None:
    keys = load_keys(tmp_path / "keys", "", journal_exists=False)
    public = {one.verifier.key for one in (keys.log, keys.receipts, keys.organization)}
    assert len(public) == 3
    assert keys.origin == keys.log.name
    assert keys.receipts.name == f"{keys.origin}/receipts"
    assert keys.organization.name == f"{keys.origin}/organization"


def test_later_starts_find_the_same_ones(tmp_path: Path) -> None:
    first = load_keys(tmp_path / "keys", "our.log", journal_exists=False)
    again = load_keys(tmp_path / "keys", "", journal_exists=True)
    assert again.origin == "our.log"
    for name in ("log", "receipts", "organization"):
        assert getattr(again, name).written() == getattr(first, name).written()
    assert str(again.custodian) == str(first.custodian)


def test_only_their_owner_reads_them(tmp_path: Path) -> None:
    load_keys(tmp_path / "keys", "", journal_exists=False)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_a_journal_without_keys_gets_no_new_ones(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="the journal's keys are missing"):
        load_keys(tmp_path / "keys", "", journal_exists=True)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_key_is_named(tmp_path: Path, name: str) -> None:
    load_keys(tmp_path / "keys", "", journal_exists=False)
    (tmp_path / "keys" / f"{name}.key").unlink()
    with pytest.raises(Damaged, match=f"the keys {name} are missing"):
        load_keys(tmp_path / "keys", "", journal_exists=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text", [b"", b"# only a comment\n", b"one\ntwo\n", b"not a key\n", b"\xe3 no text\n"]
)
def test_a_bent_key_is_refused_with_a_sentence(tmp_path: Path, name: str, text: bytes) -> None:
    load_keys(tmp_path / "keys", "", journal_exists=False)
    (tmp_path / "keys" / f"{name}.key").write_bytes(text)
    with pytest.raises(AccompanyError):
        load_keys(tmp_path / "keys", "", journal_exists=True)


@pytest.mark.parametrize("text", [b"", b"\xe3 no text\n", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_bent_key_for_web_push_is_refused_with_a_sentence(tmp_path: Path, text: bytes) -> None:
    push = Push(tmp_path, "mailto:x@example.org")
    whole = push.public_key
    key = (tmp_path / "push.key").read_bytes()
    (tmp_path / "push.key").write_bytes(text)
    with pytest.raises(Damaged, match=r"push\.key is bent"):
        _ = push.public_key
    (tmp_path / "push.key").write_bytes(key)
    assert push.public_key == whole


def test_another_origin_than_the_kept_one_is_refused(tmp_path: Path) -> None:
    load_keys(tmp_path / "keys", "our.log", journal_exists=False)
    with pytest.raises(Damaged, match=r"called our\.log, but their\.log was asked for"):
        load_keys(tmp_path / "keys", "their.log", journal_exists=True)


@pytest.mark.parametrize(
    "origin",
    ["two words", "with+plus", "a\nline", "x" * 256]
    + [f"{word}/x" for word in ("recording", "accompany", "attorney")],
)
def test_an_origin_that_another_key_could_be_taken_for_is_refused(
    tmp_path: Path, origin: str
) -> None:
    with pytest.raises(Malformed, match="origin"):
        load_keys(tmp_path / "keys", origin, journal_exists=False)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("written", range(4))
def test_a_first_start_that_ends_in_the_middle_made_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """Else it would never start: some keys there, others missing, and no backup anywhere."""
    done: list[Path] = []

    def failing(path: Path, data: bytes) -> None:
        if len(done) == written:
            raise OSError(errno.EIO, "Input/output error")
        done.append(path)
        write_durably(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(keys_module, "write_durably", failing)
        with pytest.raises(OSError, match="Input/output"):
            load_keys(tmp_path / "keys", "", journal_exists=False)
    assert not (tmp_path / "keys").exists()
    load_keys(tmp_path / "keys", "our.log", journal_exists=False)
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]
