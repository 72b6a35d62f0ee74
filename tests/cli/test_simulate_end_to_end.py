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
        (("--surge", "nan"), "surge is not in its written form: expected 0 to 2000000, found nan"),
        (("--presses-per-year", "inf"), "presses_per_year is not in its written form"),
        (("--users", "-5"), "expected 1 to 2000000 presses, found 0"),
        (("--picture", "no/such/folder.svg"), "no/such/folder.svg is not in its written form: it"),
    ],
)
def test_what_cannot_be_is_said(words: tuple[str, ...], told: str) -> None:
    refused(simulate(*words), told)


def refused(done: "subprocess.CompletedProcess[str]", told: str) -> None:
    """One reason in words, nothing on the other stream, nothing of the program's own insides."""
    assert (done.returncode, done.stdout, told in done.stderr) == (1, "", True), done.stderr
    assert done.stderr.startswith("accompany simulate: ")
    assert "Traceback" not in done.stderr


LINE = "2026-11-23T10:00:00.000Z,TX,es"


@pytest.mark.parametrize(
    ("option", "content", "told"),
    [
        ("--presses", b"", "line 1: expected time, state, language; found none"),
        ("--presses", b"time,state,language\n", "expected one at least, found none"),
        ("--presses", b"when,state,language\n", "found when, state, language"),
        ("--presses", b"\xff\xfe", "it cannot be read: 'utf-8' codec"),
        (
            "--presses",
            f"time,state,language\n{LINE}\n{LINE[:-6]},ZZ,es\nnoon,TX,es\n{LINE[:-3]}\n".encode(),
            "line 3: no state 'ZZ' or language 'es' here\nline 4: ",
        ),
        ("--presses", b"time,state,language\n" + b"x" * 200_000, "line 2: field larger than"),
        ("--roster", b"", "line 1: expected each of these columns once at most"),
        ("--roster", b"\x00\xff", "it cannot be read: 'utf-8' codec"),
        ("--roster", b"kind,person\nperson,ada\n", "line 2: name is missing"),
        (
            "--roster",
            ROSTER.replace("UTC,en es,TX", "Nowhere,en es,TX", 1).replace("shift,ben", "shift,cy")
            .encode(),
            "line 2: zone is a name such as America/Chicago; found 'Nowhere'\n"
            "line 4: there is no person 'ada' in this file\n"
            "line 5: there is no person 'cy' in this file",
        ),
        ("--roster", b"kind,person\n" + b"x" * 200_000, "line 2: field larger than"),
    ],
)  # fmt: skip
def test_of_a_file_every_line_that_is_wrong_is_named(
    tmp_path: Path, option: str, content: bytes, told: str
) -> None:
    (tmp_path / "presses.csv").write_text(PRESSES)
    (tmp_path / "bad.csv").write_bytes(content)
    good = () if option == "--presses" else ("--presses", tmp_path / "presses.csv")
    refused(simulate(*good, option, tmp_path / "bad.csv"), told)
