"""`accompany code`: a code for each place, limited, rotated, blocked; shown once and never kept."""

import re
from pathlib import Path

import pytest

from accompany.accounts.enrolment import Codes
from accompany.adapters.people import SqlitePeople
from accompany.adapters.sqlite import Database
from accompany.cli import main
from accompany.errors import TooMany, Unauthorized

NOW = 1_900_000_000_000
"""Long after the codes are made."""


def run(folder: Path, *arguments: str) -> int:
    return main(["code", "--data", str(folder), *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Database(tmp_path / "accompany.sqlite").close()
    return tmp_path


def codes(folder: Path) -> Codes:
    return Codes(SqlitePeople(Database(folder / "accompany.sqlite")), 100)


def made(capsys: pytest.CaptureFixture[str]) -> str:
    found = re.search(r"^[A-Z2-9]{4}-[A-Z2-9]{4}$", capsys.readouterr().out, re.M)
    assert found is not None
    return found.group()


def test_a_code_is_made_limited_and_blocked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "--for", "library") == 0
    code = made(capsys)
    assert run(folder, "--for", "library") == 1
    assert run(folder, "--limit", "library", "--a-minute", "1") == 0
    asked = codes(folder)
    asked.check(code, "address", NOW, "one")
    with pytest.raises(TooMany):
        asked.check(code, "address", NOW, "two")
    assert run(folder, "--block", "library") == 0
    with pytest.raises(Unauthorized):
        asked.check(code, "address", NOW, "one")
    assert run(folder, "--block", "library") == 1
    assert run(folder, "--list") == 0
    told = capsys.readouterr().out
    assert "library: made" in told
    assert ", ended" in told
    assert code not in told
    whole = b"".join(path.read_bytes() for path in folder.iterdir())
    assert code.encode() not in whole
    assert code.lower().encode() not in whole


def test_a_rotated_code_ends_later_and_the_new_one_is_good_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(folder, "--for", "station")
    old = made(capsys)
    assert run(folder, "--rotate", "station", "--in", "0") == 0
    new = made(capsys)
    asked = codes(folder)
    asked.check(new, "address", NOW, "one")
    with pytest.raises(Unauthorized):
        asked.check(old, "address", NOW, "two")
    assert run(folder, "--rotate", "nowhere") == 1
