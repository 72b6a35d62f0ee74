"""The third in a call, over real sockets: an interpreter is rung, joins, is heard of, and goes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from accompany.dispatch.events import Sought
from accompany.ids import CardSerial, EncounterId
from accompany.web.thirds import Thirds
from house import Attorney, House, Live, listening

pytestmark = pytest.mark.anyio
OFFER = {"note": "the signed offer", "description": {"type": "offer", "sdp": "v=0"}}


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with listening(tmp_path_factory.mktemp("third")) as held:
        yield held


@dataclass
class Three:
    """A call that was answered, and an interpreter on duty for *language*, who is not in it yet."""

    encounter: str
    phone: Live
    console: Live
    desk: Live
    ada: Attorney
    ines: Attorney
    press: dict[str, Any]

    async def joined(self) -> None:
        await self.desk.until("desk", lambda desk: desk["rings"])
        await self.desk.say(type="join", encounter=self.encounter)
        await self.desk.until("desk", lambda desk: desk["call"] and desk["call"]["attorney"])
        await self.phone.until("standing", lambda one: one["third"] and one["third"]["card"])
        await self.console.until(
            "desk", lambda desk: desk["call"]["third"] and desk["call"]["third"]["card"]
        )


@asynccontextmanager
async def three(held: House, language: str = "ht", spoken: str = "ht") -> AsyncIterator[Three]:
    ada = await held.attorney()
    ines = await held.attorney(role="interpreter", name="Ines Interpreter", licenses=[])
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(held.console(ada))
        desk = await stack.enter_async_context(held.console(ines))
        phone = await stack.enter_async_context(held.phone())
        for line, tongue in ((console, "en"), (desk, spoken)):
            await line.until("desk")
            await line.say(type="duty", on=True, languages=[tongue])
            await line.until("desk", lambda told: told["on"])
        press = held.press(language=language)
        await phone.say(**press)
        await phone.until("standing")
        await console.until("desk", lambda told: told["rings"])
        await console.say(type="answer", encounter=press["encounter"], **OFFER)
        await console.until("desk", lambda told: told["call"])
        await phone.until("signal")
        yield Three(press["encounter"], phone, console, desk, ada, ines, press)
    office = held.server.office
    for standing in office.desk.open_standings():
        office.desk.end(standing.encounter, "caller", 0)
    for person in office.desk.people:
        office.desk.go_off_duty(person.serial)


async def test_an_interpreter_is_rung_beside_joins_and_gets_no_case(held: House) -> None:
    async with three(held) as call:
        desk = await call.desk.until("desk", lambda told: told["rings"])
        (ring,) = desk["rings"]
        assert (ring["seat"], ring["state"], ring["language"]) == ("interpreter", "TX", "ht")
        assert desk["callbacks"] == []
        await held.opened(call.encounter)
        await call.desk.say(type="join", encounter=call.encounter)
        told = await call.desk.until("desk", lambda told: told["call"])
        assert told["call"] == {
            "encounter": call.encounter, "state": "TX", "language": "ht", "seat": "interpreter",
            "answered": told["call"]["answered"], "recordings": [], "caller_here": True,
            "attorney": {"card": call.ada.card.decode(), "here": True, "support": False},
            "third": None, "support": False,
        }  # fmt: skip
        third = {"card": call.ines.card.decode(), "here": True, "support": False}
        await call.phone.until("standing", lambda one: one["third"] == third)
        await call.console.until("desk", lambda told: told["call"]["third"] == third)
        answer = await held.get("/api/cases", headers=call.ines.headers)
        assert answer.status_code == 403


async def test_signals_go_between_each_two_and_say_whose_they_are(held: House) -> None:
    async with three(held) as call:
        await call.joined()
        at = {"encounter": call.encounter}
        for line, seat, other, back, named in (
            (call.desk, "caller", call.phone, "interpreter", {}),
            (call.desk, "attorney", call.console, "interpreter", at),
        ):
            await line.say(type="signal", **at, seat=seat, **OFFER)
            got = await other.until("signal")
            assert got == {"type": "signal", **named, "seat": "interpreter", **OFFER}
            reply = {"candidate": {"candidate": "c"}, "seat": back}
            await other.say(type="signal", **named, **reply)
            got = await call.desk.until("signal")
            assert got == {"type": "signal", **at, **reply, "seat": seat}
        # Between the two it stays as it was.
        await call.phone.say(type="signal", candidate={"candidate": "d"})
        got = await call.console.until("signal")
        assert got == {"type": "signal", **at, "candidate": {"candidate": "d"}}


async def test_an_interpreter_names_whom_a_signal_is_for(held: House) -> None:
    async with three(held) as call:
        await call.joined()
        for bent in ({}, {"seat": "interpreter"}):
            await call.desk.say(type="signal", encounter=call.encounter, **OFFER, **bent)
            assert (await call.desk.until_problem())["status"] == 400
        await call.desk.say(type="signal", encounter=call.encounter, **OFFER, seat="judge")
        assert (await call.desk.until_problem())["status"] == 400


async def test_who_leaves_is_gone_and_the_call_goes_on(held: House) -> None:
    async with three(held) as call:
        await call.joined()
        await call.desk.say(type="leave", encounter=call.encounter)
        await call.desk.until("desk", lambda told: told["call"] is None)
        standing = await call.phone.until("standing", lambda one: one["third"] is None)
        assert (standing["stage"], standing["attorney_here"]) == ("answered", True)
        await call.desk.say(type="signal", encounter=call.encounter, seat="caller", **OFFER)
        assert (await call.desk.until_problem())["status"] == 404


async def test_the_attorney_lets_the_interpreter_go_and_invites_again(held: House) -> None:
    async with three(held) as call:
        await call.joined()
        await call.console.say(type="dismiss", encounter=call.encounter)
        told = await call.desk.until("desk", lambda told: told["call"] is None)
        assert told["rings"] == []
        await call.console.until("desk", lambda told: told["call"]["third"] is None)
        await call.console.say(type="invite", encounter=call.encounter, language="ht")
        rung = {"card": None, "here": False, "support": False}
        await call.console.until("desk", lambda told: told["call"]["third"] == rung)
        await call.joined()


async def test_an_invitation_names_another_language_than_was_pressed(held: House) -> None:
    async with three(held, language="en", spoken="es") as call:
        await call.console.say(type="invite", encounter=call.encounter, language="es")
        (ring,) = (await call.desk.until("desk", lambda told: told["rings"]))["rings"]
        assert (ring["seat"], ring["language"]) == ("interpreter", "es")
        await call.console.say(type="invite", encounter=call.encounter, language="xx")
        assert (await call.console.until_problem())["status"] == 400


async def test_an_interpreter_comes_back_to_their_seat_and_stays_away_no_longer_than_may_be(
    held: House,
) -> None:
    office = held.server.office
    async with three(held) as call:
        await call.joined()
        encounter = EncounterId(call.encounter)
        await call.desk.socket.close()
        await call.phone.until("standing", lambda one: one["third"] and not one["third"]["here"])
        await call.phone.say(type="signal", seat="interpreter", candidate={"candidate": "w"})
        async with held.console(call.ines) as again:
            told = await again.until("desk")
            assert told["call"]["seat"] == "interpreter"
            got = await again.until("signal")
            assert (got["seat"], got["candidate"]) == ("caller", {"candidate": "w"})
        await call.phone.until("standing", lambda one: one["third"] and not one["third"]["here"])
        thirds, now = Thirds(), office.clock.now()
        thirds.tick(office, now)
        thirds.tick(office, now + office.desk.rules.reconnect - 1)
        assert office.desk.standing(encounter).third == CardSerial(call.ines.serial)
        thirds.tick(office, now + office.desk.rules.reconnect)
        assert office.desk.standing(encounter).third is None


async def test_the_end_of_the_call_is_the_end_for_the_interpreter(held: House) -> None:
    async with three(held) as call:
        await call.joined()
        await call.phone.say(type="end")
        ended = await call.desk.until("ended")
        assert ended == {"type": "ended", "encounter": call.encounter, "by": "caller"}
        told = await call.desk.until("desk", lambda told: told["call"] is None)
        assert told["wrap_up"] is None


async def test_the_slower_interpreter_is_told_that_it_is_taken(held: House) -> None:
    async with three(held) as call:
        await call.joined()
        other = await held.attorney(role="interpreter", name="Ivo Interpreter", licenses=[])
        async with held.console(other) as line:
            await line.until("desk")
            await line.say(type="duty", on=True, languages=["ht"])
            assert (await line.until("desk", lambda told: told["on"]))["rings"] == []
            await line.say(type="join", encounter=call.encounter)
            assert (await line.until("taken"))["encounter"] == call.encounter


async def test_a_responder_stays_with_the_caller_is_no_lawyer_and_makes_room(held: House) -> None:
    rob = await held.attorney(role="responder", name="Rob Responder", licenses=[])
    desk = held.server.office.desk
    async with held.console(rob) as console, held.phone() as phone:
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda told: told["on"])
        # Of a language that nobody here interprets.
        press = held.press(language="ko")
        await phone.say(**press)
        first = await phone.until("standing")
        encounter = EncounterId(press["encounter"])
        # The last wave, without waiting for it; other tests may have set the desk's clock ahead.
        desk.append(encounter, Sought((CardSerial(rob.serial),), held.server.office.clock.now()))
        told = await console.until("desk", lambda told: told["rings"])
        (ring,) = told["rings"]
        assert (ring["seat"], ring["support"], ring["state"]) == ("interpreter", True, "TX")
        rung = {"card": None, "here": False, "support": True}
        if first["third"] != rung:
            await phone.until("standing", lambda one: one["third"] == rung)
        await console.say(type="join", encounter=encounter)
        told = await console.until("desk", lambda told: told["call"])
        assert (told["call"]["support"], told["call"]["recordings"]) == (True, [])
        third = {"card": rob.card.decode(), "here": True, "support": True}
        standing = await phone.until("standing", lambda one: one["third"] == third)
        assert (standing["stage"], standing["card"]) == ("unanswered", None)
        await console.say(type="answer", encounter=encounter, **OFFER)
        assert (await console.until_problem())["status"] == 403
        await console.say(type="leave", encounter=encounter)
        await phone.until("standing", lambda one: one["third"] is None)
        await phone.say(type="end")
        await phone.until("standing", lambda one: one["stage"] == "ended")
