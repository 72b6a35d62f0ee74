"""`accompany roster` beside a running server, as a coordinator uses it."""

import json
import subprocess
from pathlib import Path

import pytest

from house import listening
from serving import accompany, environment

pytestmark = pytest.mark.anyio
ROSTER = """kind,person,name,zone,languages,licenses,days,start,end
person,ada,Ada Counsel,America/Chicago,en,TX 2020-01-01,,,
person,ben,Ben Barrister,America/Chicago,es,TX 2026-11-01,,,
shift,ben,,,,,mon tue wed thu fri sat sun,00:00,24:00
"""


def roster(data: Path, *words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        accompany("roster", "--data", data, *words),
        input=text, capture_output=True, text=True, env=environment(), timeout=60, check=False,
    )  # fmt: skip


async def test_an_imported_roster_counts_within_a_second_and_comes_out_again(
    tmp_path: Path,
) -> None:
    async with listening(tmp_path) as held:
        data = tmp_path / "data"
        done = roster(data, "show")
        assert (done.returncode, "whoever goes on duty is on shift" in done.stderr) == (1, True)
        ada = await held.attorney()
        async with held.console(ada) as console:
            await console.say(type="duty", on=True, languages=["en"])
            await console.until("desk", lambda desk: desk["on"] and desk["on_shift"])
            done = roster(data, "import", "-", text=ROSTER)
            assert done.stdout == "2 people and 1 rules are the roster from now on\n"
            await console.until("desk", lambda desk: not desk["on_shift"])
            # A broken file changes nothing, and says why.
            done = roster(data, "import", "-", text=ROSTER.replace("24:00", "25:00"))
            assert done.returncode == 1
            assert "line 4: end is a time" in done.stderr
            assert "Traceback" not in done.stderr
            exported = roster(data, "export").stdout
            assert roster(data, "import", "-", text=exported).returncode == 0
            assert roster(data, "export").stdout == exported
    told = {one["person"]: one for one in json.loads(roster(data, "show", "--json").stdout)}
    assert (told["ben"]["on_shift"], told["ada"]["on_shift"]) == (True, False)
    assert (told["ada"]["check"], told["ben"]["check"]) == (["TX"], [])
    done = roster(data, "gaps", "--picture", tmp_path / "gaps.svg", "--json")
    assert done.returncode == 1
    assert [(one["state"], one["language"], one["level"]) for one in json.loads(done.stdout)] == [
        ("TX", "en", "without")
    ]
    assert (tmp_path / "gaps.svg").read_text().startswith("<svg")
    assert "Ada Counsel" in roster(data, "gaps").stdout
    assert roster(data, "gaps", "--languages", "es").returncode == 0
    calendar = roster(data, "calendar", "ben").stdout
    assert calendar.count("BEGIN:VEVENT") == 1
    assert roster(data, "calendar", "nobody").returncode == 1
