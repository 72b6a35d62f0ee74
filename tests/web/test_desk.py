"""The coordinators' desk over the network: a board that follows, figures, roster, files, hooks."""

import asyncio
import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from accompany.adapters.rosters import SqliteRosters
from accompany.dispatch.events import Promised
from accompany.dispatch.statistics_report import write_csv
from accompany.evidence.text import write_time
from house import Attorney, House, Live, listening

pytestmark = pytest.mark.anyio
OFFER = {"note": "offer note", "description": {"type": "offer", "sdp": "v=0"}}
ROSTER = """kind,person,name,role,zone,languages,licenses,volunteer,days,start,end
person,ada,Ada Counsel,attorney,UTC,en,TX 2026-01-01,yes,,,
shift,ada,,,,,,,mon tue wed thu fri sat sun,00:00,24:00
"""
SVG = "{http://www.w3.org/2000/svg}"
CODES = {"en", "es", "TX", "CA"}
TWO = ROSTER + 'person,eve,"=HYPERLINK(1)",attorney,UTC,es,CA 2026-01-01,no,,,\n'


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with listening(tmp_path, wave_seconds=0.1, webhook_networks="127.0.0.0/8") as one:
        yield one


@pytest.fixture
async def cora(held: House) -> Attorney:
    return await held.person("coordinator")


async def ask(held: House, who: Attorney, path: str, method: str = "GET", **more: Any) -> Any:
    answer = await held.request(method, path, headers=who.headers, **more)
    return answer.status_code, answer.json()


def watching(held: House, who: Attorney) -> Any:
    return held.socket("/api/live/desk", additional_headers=who.headers)


async def test_the_board_follows_a_call_from_press_to_end(held: House, cora: Attorney) -> None:
    ada = await held.attorney()
    async with watching(held, cora) as board, held.console(ada) as console:
        first = await board.until("board")
        assert (first["presses"], first["people"], first["callbacks"]) == ([], [], [])
        await console.say(type="duty", on=True, languages=["en"])
        told = await board.until("board", lambda one: one["people"])
        assert told["people"] == [
            {
                "name": "Ada Counsel", "role": "attorney", "doing": "free", "until": None,
                "states": ["TX"], "languages": ["en"], "channels": 0, "failing": 0,
                "console": True, "on_call": False, "partner": "",
            }
        ]  # fmt: skip
        async with held.phone() as phone:
            press = held.press()
            await phone.say(**press)
            told = await board.until("board", lambda one: one["presses"])
            (shown,) = told["presses"]
            assert (shown["encounter"], shown["stage"]) == (press["encounter"], "ringing")
            assert (shown["rung"], shown["attorney"], shown["heard"]) == (1, None, None)
            await held.opened(press["encounter"], segments=1)
            told = await board.until("board", lambda one: one["presses"][0]["heard"])
            await console.until("desk", lambda one: one["rings"])
            await console.say(type="answer", encounter=press["encounter"], **OFFER)
            told = await board.until("board", lambda one: one["presses"][0]["attorney"])
            assert told["presses"][0]["attorney"] == "Ada Counsel"
            assert told["people"][0]["doing"] == "in_call"
            await phone.say(type="end")
            told = await board.until("board", lambda one: not one["presses"])
            assert told["people"][0]["doing"] == "wrap_up"
            assert told["people"][0]["until"] > told["time"]


async def test_the_board_is_told_whenever_it_is_asked_for(held: House, cora: Attorney) -> None:
    """A socket over a network that is gone looks open: the page asks, and hears something."""
    async with watching(held, cora) as board, watching(held, cora) as other:
        told = [await each.until("board") for each in (board, other)]
        for _ in range(2):
            await board.say(type="look")
            again = await board.until("board")
            assert {**again, "time": ""} == {**told[0], "time": ""}
        # Whoever did not ask is told nothing: the next thing there is the answer to a question.
        await other.say(type="owed", encounter="a" * 32, what="done")
        assert (await other.next())["type"] == "problem"


async def owed(held: House, board: Live) -> tuple[Any, Any]:
    async with held.phone() as phone:
        press = held.press(state="NY")
        await phone.say(**press)
        return press, await board.until("board", lambda one: one["callbacks"])


async def test_a_callback_is_taken_done_undone_and_survives(held: House, cora: Attorney) -> None:
    async with watching(held, cora) as board:
        press, told = await owed(held, board)
        assert told["callbacks"][0]["owner"] is None
        assert told["presses"][0]["callback_due"] == told["callbacks"][0]["deadline"]

        async def say(what: str) -> Any:
            await board.say(type="owed", encounter=press["encounter"], what=what)
            done = (what == "done",)
            told = await board.until(
                "board",
                lambda one: (
                    one["callbacks"]
                    and one["callbacks"][0]["owner"] == "Cora Desk"
                    and ((one["callbacks"][0]["done"] is not None),) == done
                ),
            )
            return told["callbacks"]

        (mine,) = await say("mine")
        assert mine["deadline"] == told["callbacks"][0]["deadline"], "its deadline stays"
        (done,) = await say("done")
        assert done["done"] is not None
        await board.say(type="owed", encounter=press["encounter"], what="done")
        assert (await board.until_problem())["status"] == 404
        (undone,) = await say("undone")
        assert undone["done"] is None
        desk = held.server.office.desk
        assert [one.encounter for one in desk.owed()] == [press["encounter"]]
        assert desk._presses.promised() == [press["encounter"]]
        await say("done")
        assert desk._presses.promised() == []
        await board.say(type="owed", encounter="a" * 32, what="done")
        assert (await board.until_problem())["status"] == 404
        await board.say(type="owed", encounter=press["encounter"], what="maybe")
        assert (await board.until_problem())["status"] == 400


async def test_a_removed_coordinator_sees_no_more(held: House, cora: Attorney) -> None:
    async with watching(held, cora) as board:
        await board.until("board")
        office = held.server.office
        assert office.people.remove_person(cora.serial, office.clock.now())
        assert await board.closed() != 0
    assert (await ask(held, cora, "/api/desk/figures"))[0] == 401


async def test_figures_of_a_range_and_by_day(held: House, cora: Attorney) -> None:
    async with watching(held, cora) as board:
        press, _ = await owed(held, board)
    status, told = await ask(held, cora, "/api/desk/figures?days=1")
    assert (status, told["all"]["presses"], told["open"]) == (200, 0, 1)
    desk, now = held.server.office.desk, held.server.office.clock.now()
    desk.end(press["encounter"], "caller", now + 60_000)
    _, told = await ask(held, cora, "/api/desk/figures?days=366")
    assert (told["all"]["presses"], told["all"]["abandoned"], told["all"]["promised"]) == (1, 1, 1)
    assert [one["name"] for one in told["state"]] == ["NY"]
    assert [one["day"] for one in told["days"]] == [write_time(now)[:10]]
    for wrong in ("0", "367", "x", "-1", "1e3", "٣"):
        assert (await ask(held, cora, f"/api/desk/figures?days={wrong}"))[0] == 400


async def test_a_roster_is_tried_taken_and_undone_but_not_over_somebody_elses(
    held: House, cora: Attorney
) -> None:
    path = "/api/desk/roster"

    async def give(text: str, keep: bool, number: int) -> tuple[int, Any]:
        body = {"text": text, "keep": keep, "number": number}
        return await ask(held, cora, path, "POST", json=body)

    status, told = await ask(held, cora, path)
    assert (status, told["number"], told["undo"], told["people"]) == (200, 0, False, [])
    status, wrong = await give("kind,person\nshift,nobody\n", False, 0)
    assert status == 400
    assert "line 2" in wrong["detail"]
    status, changes = await give(ROSTER, False, 0)
    assert (status, changes["added"], changes["bare_after"]) == (200, ["Ada Counsel"], 0)
    rosters = held.server.office.books.rosters
    assert rosters.number() == 0, "only looked at"
    assert (await give(ROSTER, True, 0))[0] == 201
    # A colleague was quicker, at the command line.
    SqliteRosters(rosters._database).add(TWO, 1)  # type: ignore[attr-defined]
    assert (await give(ROSTER, True, 1))[0] == 403
    assert (await ask(held, cora, f"{path}?number=1", "DELETE"))[0] == 403
    status, told = await ask(held, cora, f"{path}?number=2", "DELETE")
    assert (status, told["number"], len(told["people"])) == (200, 3, 1)
    assert (await ask(held, cora, f"{path}?number=3", "DELETE"))[1]["people"][1]["name"] == (
        "=HYPERLINK(1)"
    )
    for bent in ({}, {"text": 1, "keep": True, "number": 0}, {"text": "", "keep": 1, "number": 0}):
        assert (await ask(held, cora, path, "POST", json=bent))[0] == 400
    assert (await give("kind,person\n", True, 4))[0] == 400, "nobody at all is no roster"
    desk = held.server.office.desk
    for _ in range(500):
        if desk.people._shifts is not None:
            break
        await asyncio.sleep(0.01)
    assert desk.people._shifts is not None, "the desk follows it"


async def test_coverage_says_where_nobody_is_and_draws_it(held: House, cora: Attorney) -> None:
    assert (await ask(held, cora, "/api/desk/coverage"))[1]["roster"] is False
    assert (await ask(held, cora, "/api/desk/coverage.svg"))[0] == 404
    held.server.office.books.rosters.add(TWO, 1)
    _, told = await ask(held, cora, "/api/desk/coverage")
    assert (told["number"], told["hours"], told["covered"]) == (1, 4 * 336, 336)
    assert {(one["state"], one["language"]) for one in told["gaps"]} == {
        ("CA", "en"), ("CA", "es"), ("TX", "es"),
    }  # fmt: skip
    picture = await held.get("/api/desk/coverage.svg?zone=America/Chicago", headers=cora.headers)
    assert picture.headers["content-type"] == "image/svg+xml"
    texts = {one.text for one in ET.fromstring(picture.text).iter(f"{SVG}text")}  # noqa: S314
    assert all(one is not None and (one.isdigit() or one in CODES) for one in texts)
    for wrong in ("nowhere", "../etc/passwd", "/etc/localtime", "America/<script>"):
        params = {"zone": wrong}
        answer = await held.get("/api/desk/coverage.svg", headers=cora.headers, params=params)
        assert answer.status_code == 400


async def test_everything_comes_as_csv_that_no_program_calculates_with(
    held: House, cora: Attorney
) -> None:
    held.server.office.books.rosters.add(TWO, 1)
    async with watching(held, cora) as board:
        press, _ = await owed(held, board)
    lines = {
        "figures": 1 + 1, "days": 1, "presses": 1 + 1, "callbacks": 1 + 1, "roster": 1 + 3,
        "gaps": 1 + 3, "webhooks": 1,
    }  # fmt: skip
    for name, count in lines.items():
        answer = await held.get(f"/api/desk/files/{name}.csv", headers=cora.headers)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}-')
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert len(rows) == count, name
        assert {len(one) for one in rows} == {len(rows[0])}
        if name == "presses":
            assert rows[1][0] == press["encounter"]
        if name == "gaps":
            assert not any(cell.startswith("=") for row in rows for cell in row)
    for name in ("secrets.csv", "presses", "../figures.csv"):
        answer = await held.get(f"/api/desk/files/{name}", headers=cora.headers)
        assert answer.status_code == 404


def test_what_looks_like_a_formula_is_written_as_text() -> None:
    for text in ("=1+1", "+1", "-1", "@x", "\tx"):
        (_, row) = csv.reader(io.StringIO(write_csv(["a"], [{"a": text}])))
        assert row == [f"'{text}"]
    assert write_csv(["a", "b"], [{"a": "-", "b": 4}]) == "a,b\n'-,4\n"


async def test_hooks_show_their_secret_once_and_refuse_in_words(
    held: House, cora: Attorney
) -> None:
    path = "/api/desk/webhooks"
    url = {"url": "http://127.0.0.1:1/x"}
    status, made = await ask(held, cora, path, "POST", json=url)
    assert status == 201
    assert made["secret"].startswith("whsec_")
    _, told = await ask(held, cora, path)
    assert made["secret"] not in str(told)
    assert [one["url"] for one in told["endpoints"]] == [url["url"]]
    wrong = await ask(held, cora, path, "POST", json={"url": "https://10.0.0.1/"})
    assert wrong[0] == 400
    assert "webhook_networks" in wrong[1]["detail"]
    one = f"{path}/{made['endpoints'][0]['id']}"
    assert (await ask(held, cora, f"{one}/tests", "POST"))[0] == 201
    since = {"since": "2026-01-01T00:00:00.000Z"}
    assert (await ask(held, cora, f"{one}/replays", "POST", json=since))[0] == 201
    assert (await ask(held, cora, f"{one}/replays", "POST", json={"since": "then"}))[0] == 400
    number = (await ask(held, cora, path))[1]["deliveries"][0]["number"]
    status, told = await ask(held, cora, f"{one}/replays", "POST", json={"number": number})
    assert (status, told["again"]) == (201, 1)
    assert (await ask(held, cora, f"{path}/ep_x/replays", "POST", json={"number": number}))[
        0
    ] == 404
    for bent, said in ((number + 1, 404), (0, 400), ("1", 400), (True, 400), (2**70, 400)):
        status, _ = await ask(held, cora, f"{one}/replays", "POST", json={"number": bent})
        assert status == said, bent
    assert (await ask(held, cora, one, "DELETE"))[1]["endpoints"] == []
    assert (await ask(held, cora, one, "DELETE"))[0] == 404


async def test_the_owner_of_a_callback_is_told_by_name(held: House, cora: Attorney) -> None:
    async with watching(held, cora) as board:
        press, _ = await owed(held, board)
        ada = await held.attorney()
        desk, now = held.server.office.desk, held.server.office.clock.now()
        desk.append(press["encounter"], Promised(ada.serial, now + 1, now))  # type: ignore[arg-type]
        told = await board.until("board", lambda one: one["callbacks"][0]["owner"])
        assert told["callbacks"][0]["owner"] == "Ada Counsel", "though not on duty"


async def test_somebodys_shifts_come_as_a_calendar(held: House, cora: Attorney) -> None:
    held.server.office.books.rosters.add(TWO, 1)
    path = "/api/desk/files/calendar.ics"
    answer = await held.get(path, headers=cora.headers, params={"person": "ada"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        200, "text/calendar; charset=utf-8",
    )  # fmt: skip
    assert answer.text.startswith("BEGIN:VCALENDAR\r\n")
    assert answer.text.count("BEGIN:VEVENT") >= 1
    for nobody in ("zed", "", "../ada"):
        answer = await held.get(path, headers=cora.headers, params={"person": nobody})
        assert answer.status_code == 404
    assert (await held.get(path, params={"person": "ada"})).status_code == 401
