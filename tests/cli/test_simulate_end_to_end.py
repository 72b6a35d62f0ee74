"""`accompany simulate` as somebody who plans a roster uses it."""

import json
import subprocess
from pathlib import Path

import pytest

from serving import accompany, environment

ROSTER = """kind,person,name,zone,languages,licenses,days,start,end
person,ada,Ada,UTC,en es,TX 2026-11-01,,,
person,ben,Ben,UTC,en es,TX 2026-11-01,,,
shift,ada,,,,,mon tue wed thu fri sat sun,08:00,16:00
shift,ben,,,,,mon tue wed thu fri sat sun,08:00,16:00
"""
PRESSES = """time,state,language
2026-11-23T10:00:00.000Z,TX,es
2026-11-23T12:00:00.000Z,TX,es
2026-11-23T20:00:00.000Z,TX,es
"""


def simulate(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        accompany("simulate", *words), env=environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_a_roster_of_ones_own_against_presses_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER)
    (tmp_path / "presses.csv").write_text(PRESSES)
    files = ("--roster", tmp_path / "roster.csv", "--presses", tmp_path / "presses.csv")
    done = simulate(
        *files, "--reach", "1", "--patience-minutes", "60", "--seed", "3", "--json",
        "--picture", tmp_path / "day.svg",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["presses"], told["attorneys"], told["interpreters"]) == (3, 2, 0)
    # In the evening nobody is on shift: that press is owed a callback, and is the gap.
    assert (told["answered"], told["callbacks"]) == (0.6667, 1)
    assert [(one["hour"], one["late"]) for one in told["gaps"]] == [("2026-11-23T20:00Z", 1)]
    assert "3 presses" in (tmp_path / "day.svg").read_text()
    assert "3 presses from 2026-11-23, 2 attorneys" in simulate(*files).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--users", "0"), "expected 1 to 2000000 presses, found 0"),
        (("--reach", "2"), "expected more than 0 and at most 1, found 2.0"),
        (("--presses", "no-such-file"), "no-such-file"),
    ],
)
def test_what_cannot_be_is_said(words: tuple[str, ...], told: str) -> None:
    done = simulate(*words)
    assert (done.returncode, told in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr
