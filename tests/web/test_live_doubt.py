"""Whoever greets again on an open socket asks whether anybody is there: it is always answered."""

from collections.abc import AsyncIterator

import pytest

from house import House, listening

pytestmark = pytest.mark.anyio
OFFER = {"note": "the signed offer", "description": {"type": "offer", "sdp": "v=0"}}


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with listening(tmp_path_factory.mktemp("doubt")) as held:
        yield held


async def test_a_greeting_said_again_is_answered_and_moves_nobody(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        duty = {"type": "duty", "on": True, "languages": ["en"]}
        await console.say(**duty)
        await console.until("desk", lambda desk: desk["on"])
        press = held.press()
        await phone.say(**press)
        await console.until("desk", lambda desk: desk["rings"])
        await console.say(type="answer", encounter=press["encounter"], **OFFER)
        await phone.until("signal")
        await console.until("desk", lambda desk: desk["call"])

        desk, rooms = held.server.office.desk, held.server.office.rooms
        before = desk.standing(press["encounter"])
        for _ in range(3):
            await phone.say(**press)
            standing = await phone.until("standing")
            assert (standing["stage"], standing["attorney_here"]) == ("answered", True)
            await console.say(**duty)
            told = await console.until("desk")
            assert told["call"]["caller_here"]
        # It is the same phone on the same socket: it was never away, and nothing was kept of it.
        assert desk.standing(press["encounter"]) == before
        assert rooms.taken(press["encounter"], "caller")
        await phone.say(type="end")
        await console.until("ended")
