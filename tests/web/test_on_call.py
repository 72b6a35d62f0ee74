"""On call by the roster: rung on one's own channels with no page open, until the shift is over."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accompany.dispatch.roster_csv import read_roster
from accompany.dispatch.shifts import RosterShifts
from accompany.ids import CardSerial
from accompany.web.on_call import OnCall
from house import Attorney, House, listening
from sinks import HttpSink, http_sink

pytestmark = pytest.mark.anyio
OFFER = {"note": "the signed offer", "description": {"type": "offer", "sdp": "v=0"}}


@pytest.fixture(scope="module")
def tool() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
async def held(tmp_path: Path, tool: HttpSink) -> AsyncIterator[House]:
    tool.taken.clear()
    path = tmp_path / "channels.toml"
    path.write_text(f"[attorneys]\nschemes = ['json']\nhosts = ['127.0.0.1:{tool.port}']\n")
    async with listening(tmp_path, channels=str(path), reconnect_seconds=1.0) as house:
        yield house


def plan(held: House, who: Attorney, mode: str = "on call", card: bool = True) -> None:
    """From now on there is a roster: on shift from two hours ago to two hours from now."""
    office = held.server.office
    now = datetime.fromtimestamp(office.clock.now() / 1000, UTC)
    begins, ends = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
    days = "mon tue wed thu fri sat sun"
    text = (
        "kind,person,name,role,card,zone,languages,days,start,end,mode\n"
        f"person,ada,Ada Counsel,attorney,{who.serial if card else ''},UTC,en es,,,,\n"
        f"shift,ada,,,,,,{days},{begins},{ends},{mode}\n"
    )
    office.desk.plan(RosterShifts(read_roster(text)), office.clock.now())


async def channel(held: House, who: Attorney, tool: HttpSink) -> None:
    body = {"kind": "apprise", "url": f"json://127.0.0.1:{tool.port}/ada"}
    answer = await held.request("POST", "/api/channels", headers=who.headers, json=body)
    assert answer.status_code == 201, answer.text


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def until_duty(held: House, who: Attorney, on: bool) -> None:
    desk, serial = held.server.office.desk, CardSerial(who.serial)
    await until(lambda: desk.is_on_duty(serial) == on)


@pytest.mark.parametrize("card", [True, False])
async def test_somebody_on_call_is_rung_with_no_page_open_and_answers_on_one(
    held: House, tool: HttpSink, card: bool
) -> None:
    ada = await held.attorney()
    await channel(held, ada, tool)
    plan(held, ada, card=card)
    await until_duty(held, ada, on=True)
    async with held.phone() as phone:
        press = held.press(language="es")
        await phone.say(**press)
        await phone.until("standing", lambda one: one["rung"] == ["Ada Counsel"])
        (rung,) = await asyncio.to_thread(tool.wait, 1)
        said = json.loads(rung.body)["message"]
        assert said == "Somebody waits for an answer. Open your console."
        async with held.console(ada) as console:
            desk = await console.until("desk", lambda told: told["rings"])
            assert (desk["on"], desk["on_call"] is not None) == (True, True)
            await console.say(type="answer", encounter=press["encounter"], **OFFER)
            await console.until("desk", lambda told: told["call"])
        await phone.say(type="end")
        await phone.until("standing", lambda one: one["stage"] == "ended")


async def test_a_page_that_closes_leaves_them_on_duty_and_going_off_duty_does_not(
    held: House, tool: HttpSink
) -> None:
    ada = await held.attorney()
    await channel(held, ada, tool)
    plan(held, ada)
    await until_duty(held, ada, on=True)
    people, serial = held.server.office.desk.people, CardSerial(ada.serial)
    async with held.console(ada) as console:
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda told: told["on"])
        person = people.person(serial)
        assert person is not None
        assert (person.on_call, person.languages) == (False, ("en",))
    await until(lambda: getattr(people.person(serial), "on_call", False))
    async with held.console(ada) as console:
        await console.say(type="duty", on=False, languages=["en"])
        await console.until("desk", lambda told: not told["on"])
    OnCall(lambda _: False).tick(held.server.office, held.server.office.clock.now())
    assert serial not in people
    assert held.server.office.reach.channels.resting(serial) > held.server.office.clock.now()
    async with held.console(ada) as console:
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda told: told["on"])
    assert held.server.office.reach.channels.resting(serial) == 0


async def test_on_call_ends_with_the_shift_and_needs_a_channel(held: House, tool: HttpSink) -> None:
    ada, cora = await held.attorney(), await held.person("coordinator", "Cora")
    plan(held, ada)
    async with held.socket("/api/live/desk", additional_headers=cora.headers) as desk:
        silent = {"name": "Ada Counsel", "role": "attorney", "channels": 0, "failing": 0}
        await desk.until("board", lambda board: board["silent"] == [silent])
        assert not held.server.office.desk.is_on_duty(CardSerial(ada.serial))
        await channel(held, ada, tool)
        board: Any = await desk.until("board", lambda board: board["people"])
        (person,) = board["people"]
        assert (person["name"], person["console"], person["on_call"]) == (
            "Ada Counsel",
            False,
            True,
        )
    plan(held, ada, mode="console")
    await until_duty(held, ada, on=False)
