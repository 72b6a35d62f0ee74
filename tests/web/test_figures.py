"""Figures of a real server: a call with a recording, its lags, and the night that folds it."""

import json
from pathlib import Path
from typing import cast

import pytest

from accompany.adapters.figures import SqliteFigures
from accompany.cli import main
from accompany.dispatch.statistics import DAY, day_of
from accompany.wiring.tending import tend_once
from house import House, listening

pytestmark = pytest.mark.anyio
MINUTE = 60_000
OFFER = {"note": "offer note", "description": {"type": "offer", "sdp": "v=0"}}


async def _call(held: House) -> str:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda told: told["on"])
        press = held.press()
        encounter = str(press["encounter"])
        await phone.say(**press)
        await console.until("desk", lambda told: told["rings"])
        await held.opened(encounter, segments=5)
        await console.say(type="answer", encounter=encounter, **OFFER)
        await phone.until("standing", lambda told: told["stage"] == "answered")
        await phone.say(type="heard")
        await phone.say(type="end")
        await console.until("ended")
    return encounter


async def test_a_call_is_counted_then_folded_and_its_case_stays(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        encounter = await _call(held)
        figures = cast(SqliteFigures, held.server.office.books.figures)
        now = held.server.office.clock.now()
        today = day_of(now)
        ((day, found),) = figures.days(now - DAY, now + 1)
        assert day == today
        assert (found.all.presses, found.all.answered, found.all.abandoned) == (1, 1, 0)
        assert list(found.all.sound) >= list(found.all.answer)
        assert found.all.lag == {}
        await tend_once(figures, held.server.office.keeper, now)
        assert figures.days(now - DAY, now + 1)[0][1].all.lag == {}, "pieces may still come"
        await tend_once(figures, held.server.office.keeper, now + 11 * MINUTE)
        ((_, found),) = figures.days(now - DAY, now + 1)
        assert sum(found.all.lag.values()) == 5
        await tend_once(figures, held.server.office.keeper, now + 32 * DAY)
        ((_, coarse),) = figures.days(now - DAY, now + 1)
        assert coarse == found.coarse()
        assert figures.courses(0, now + DAY) == []
        standing = held.server.office.desk.standing(encounter)  # type: ignore[arg-type]
        assert standing.last is not None
        assert standing.press.pressed == today


async def test_the_command_says_what_the_server_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with listening(tmp_path) as held:
        await _call(held)
    folder = str(tmp_path / "data")
    read = capsys.readouterr
    assert main(["desk", "--data", folder, "figures"]) == 0
    said = read().out
    assert said.startswith("all        1 presses, 1 answered (p50 0.")
    assert "1 within 10 s" in said
    assert main(["desk", "--data", folder, "figures", "--json"]) == 0
    told = json.loads(read().out)
    assert told["all"]["answered"] == 1
    assert [one["name"] for one in told["state"]] == ["TX"]
    assert told["people"][0]["answered"] == 1
    for kind, lines in (("figures", 7), ("days", 3), ("presses", 2)):
        assert main(["desk", "--data", folder, "figures", "--csv", kind]) == 0
        assert len(read().out.splitlines()) == lines
    assert main(["desk", "--data", folder, "figures", "--days", "0"]) == 1
    assert main(["desk", "--data", str(tmp_path / "nowhere"), "figures"]) == 1
