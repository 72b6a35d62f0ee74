"""A briefing over real sockets: one console speaks to several phones that wait, each by itself."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from accompany.ids import CardSerial
from house import Attorney, House, Live, listening

pytestmark = pytest.mark.anyio
OFFER = {"note": "the signed offer", "description": {"type": "offer", "sdp": "v=0"}}
ANSWER = {"note": "n", "opening": "o", "description": {"type": "answer", "sdp": "v=0"}}


@pytest.fixture
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("briefing")
    async with listening(folder, wave_seconds=0.2, surge_waiting=2) as held:
        yield held


async def on_duty(line: Live) -> None:
    await line.until("desk")
    await line.say(type="duty", on=True, languages=["en"])
    await line.until("desk", lambda told: told["on"])


async def pressed(held: House, phone: Live) -> str:
    press = held.press(language="en")
    await phone.say(**press)
    await phone.until("standing")
    return str(press["encounter"])


def card_of(one: Attorney, here: bool) -> dict[str, Any]:
    return {"card": one.card.decode(), "here": here, "support": False}


async def test_one_speaks_to_two_and_each_phone_is_reached_by_itself(held: House) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben Bar")
    async with held.console(ada) as console, held.phone() as one, held.phone() as two:
        await on_duty(console)
        encounters = [await pressed(held, phone) for phone in (one, two)]
        await console.until("desk", lambda told: told["to_brief"] == 2)
        await console.say(type="brief", on=True)
        told = await console.until("desk", lambda told: told["listeners"])
        assert sorted(told["listeners"], key=lambda each: each["encounter"]) == [
            {"encounter": name, "here": True} for name in sorted(encounters)
        ]
        assert (told["rings"], told["call"], told["to_brief"]) == ([], None, 0)
        for phone, encounter in zip((one, two), encounters, strict=True):
            standing = await phone.until("standing", lambda each: each["speaker"])
            assert standing["speaker"] == card_of(ada, here=True)
            assert (standing["stage"], standing["card"]) == ("unanswered", None)
            at = {"encounter": encounter}
            await console.say(type="signal", **at, **OFFER)
            assert await phone.until("signal") == {"type": "signal", "seat": "speaker", **OFFER}
            await phone.say(type="signal", seat="speaker", **ANSWER)
            got = await console.until("signal")
            assert got == {"type": "signal", **at, "seat": "caller", **ANSWER}
        # Nothing of the call is theirs, and it is no call that they could end.
        for message in (
            {"type": "end"}, {"type": "invite", "language": "en"}, {"type": "dismiss"},
            {"type": "shown", "digest": "a" * 64},
        ):  # fmt: skip
            await console.say(encounter=encounters[0], **message)
            assert (await console.until_problem())["status"] == 404
        await console.say(type="answer", encounter=encounters[0], **OFFER)
        assert (await console.until_problem())["status"] == 403
        # Whoever is answered leaves it; the other hears on.
        async with held.console(ben) as other:
            await on_duty(other)
            await other.until("desk", lambda told: len(told["rings"]) == 2)
            await other.say(type="answer", encounter=encounters[0], **OFFER)
            await one.until("standing", lambda each: each["speaker"] is None and each["card"])
            left = [{"encounter": encounters[1], "here": True}]
            await console.until("desk", lambda told: told["listeners"] == left)
            # Late words for a seat that is free are heard by nobody.
            await one.say(type="signal", seat="speaker", candidate={"candidate": "late"})
            await console.say(type="brief", on=False)
            await two.until("standing", lambda each: each["speaker"] is None)
            # It rings there again for whoever waits on.
            await console.until("desk", lambda told: told["rings"] and not told["listeners"])


async def test_a_console_that_comes_back_sits_there_again(held: House) -> None:
    ada = await held.attorney()
    async with held.phone() as one, held.phone() as two:
        async with held.console(ada) as console:
            await on_duty(console)
            encounter = await pressed(held, one)
            await pressed(held, two)
            await console.until("desk", lambda told: told["to_brief"] == 2)
            await console.say(type="brief", on=True)
            await one.until("standing", lambda each: each["speaker"])
        await one.until("standing", lambda each: each["speaker"] and not each["speaker"]["here"])
        await one.say(type="signal", seat="speaker", **ANSWER)
        async with held.console(ada) as again:
            await again.until("desk", lambda told: len(told["listeners"]) == 2)
            assert (await again.until("signal"))["encounter"] == encounter
            await one.until("standing", lambda each: each["speaker"]["here"])
            # Off duty is off: nobody is spoken to by whoever is not there.
            await again.say(type="duty", on=False, languages=["en"])
            await one.until("standing", lambda each: each["speaker"] is None)
    assert held.server.office.desk.people.listeners(CardSerial(ada.serial)) == []


async def test_a_board_says_who_speaks_to_all(held: House) -> None:
    ada, cora = await held.attorney(), await held.person("coordinator", "Cora")
    async with held.console(ada) as console, held.phone() as one, held.phone() as two:
        await on_duty(console)
        for phone in (one, two):
            await pressed(held, phone)
        await console.until("desk", lambda told: told["to_brief"] == 2)
        await console.say(type="brief", on=True)
        async with held.socket("/api/live/desk", additional_headers=cora.headers) as desk:
            board = await desk.until("board", lambda told: told["people"])
            assert [one["doing"] for one in board["people"]] == ["briefing"]
            assert board["surge"] is True
