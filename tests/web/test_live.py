"""The live sockets, really: a phone and consoles over WebSockets to a uvicorn on loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from accompany.accounts.enrolment import YEAR
from accompany.ids import CardSerial
from accompany.web import line as line_module
from accompany.web import live as live_module
from accompany.web.showing import Showing
from house import Attorney, House, Live, listening, new_id

pytestmark = pytest.mark.anyio
OFFER = {"note": "the signed offer", "description": {"type": "offer", "sdp": "v=0"}}


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with listening(tmp_path_factory.mktemp("live")) as held:
        yield held


@pytest.fixture
async def held(running: House) -> AsyncIterator[House]:
    """The one server of these tests, with nobody on duty and nothing open."""
    yield running
    desk = running.server.office.desk
    for standing in desk.open_standings():
        desk.end(standing.encounter, "caller", 0)
    for person in desk.people:
        desk.go_off_duty(person.serial)
    for owed in desk.owed():
        desk.called_back(owed.encounter, CardSerial(""), 0)
    # Some of these tests tell it of times to come.
    desk._moment.now = 0


async def on_duty(console: Live, languages: tuple[str, ...] = ("en",)) -> None:
    await console.until("desk")
    await console.say(type="duty", on=True, languages=list(languages))
    await console.until("desk", lambda desk: desk["on"])


async def pressed(held: House, phone: Live, **bent: Any) -> dict[str, Any]:
    press = held.press(**bent)
    await phone.say(**press)
    await phone.until("standing")
    return press


async def answered(console: Live, phone: Live, encounter: str) -> None:
    await console.until("desk", lambda desk: desk["rings"])
    await console.say(type="answer", encounter=encounter, **OFFER)
    await console.until("desk", lambda desk: desk["call"])
    await phone.until("signal")


# Ringing.


async def test_a_press_rings_and_an_answer_connects(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        await on_duty(console)
        press = held.press(language="es")
        await phone.say(**press)
        standing = await phone.until("standing")
        assert standing == {
            "type": "standing", "encounter": press["encounter"], "stage": "ringing",
            "rung": ["Ada Counsel"], "card": None, "attorney_here": False, "third": None,
            "colleague": None,
            "speaker": None,
            "ended_by": None, "time": standing["time"],
            "callback": {"deadline": None, "until": None, "owner": None, "left": False},
        }  # fmt: skip
        desk = await console.until("desk", lambda desk: desk["rings"])
        (ring,) = desk["rings"]
        assert ring == {
            "encounter": press["encounter"], "seat": "attorney", "state": "TX", "language": "es",
            "pressed": ring["pressed"], "by": None, "over": False,
            "guest": True, "support": False, "ahead": None,
        }  # fmt: skip
        assert ring["pressed"] <= desk["time"]
        await console.say(type="answer", encounter=press["encounter"], **OFFER)
        standing = await phone.until("standing", lambda one: one["attorney_here"])
        assert (standing["stage"], standing["card"]) == ("answered", ada.card.decode())
        assert standing["rung"] == []
        # The offer comes after the card that it is judged by.
        assert await phone.next() == {"type": "signal", **OFFER}
        desk = await console.until("desk", lambda desk: desk["call"])
        assert desk["rings"] == []
        assert desk["call"] == {
            "encounter": press["encounter"], "state": "TX", "language": "es",
            "answered": desk["call"]["answered"], "recordings": [], "caller_here": True,
            "seat": "attorney", "attorney": None, "third": None, "support": False,
        }  # fmt: skip


async def test_the_one_who_was_slower_gets_taken(held: House) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben Barrister")
    async with held.console(ada) as one, held.console(ben) as other, held.phone() as phone:
        await on_duty(one)
        await on_duty(other)
        press = held.press()
        await phone.say(**press)
        for console in (one, other):
            await console.until("desk", lambda desk: desk["rings"])
        await asyncio.gather(
            *(
                console.say(type="answer", encounter=press["encounter"], **OFFER)
                for console in (one, other)
            )
        )
        kinds = []
        for console in (one, other):
            while True:
                message = await console.next()
                if message["type"] == "taken":
                    assert message["encounter"] == press["encounter"]
                    kinds.append("taken")
                    break
                if message["type"] == "desk" and message["call"]:
                    kinds.append("call")
                    break
        assert sorted(kinds) == ["call", "taken"]


async def test_who_declines_is_not_rung_any_more(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        await on_duty(console)
        press = await pressed(held, phone)
        await console.until("desk", lambda desk: desk["rings"])
        await console.say(type="decline", encounter=press["encounter"])
        assert (await phone.until("standing"))["stage"] == "unanswered"
        assert (await console.until("desk", lambda desk: not desk["rings"]))["call"] is None


async def test_an_attorney_of_another_state_is_not_rung(held: House) -> None:
    ada = await held.attorney(licenses=["CA"])
    async with held.console(ada) as console, held.phone() as phone:
        await on_duty(console)
        await phone.say(**(press := held.press()))
        assert (await phone.until("standing"))["stage"] == "unanswered"
        await console.say(type="answer", encounter=press["encounter"], **OFFER)
        message = await console.next()
        while message["type"] != "problem":
            assert message["rings"] == []
            message = await console.next()
        assert message["problem"]["status"] == 403


async def test_who_comes_on_duty_later_is_rung(held: House) -> None:
    ada = await held.attorney()
    async with held.phone() as phone:
        await pressed(held, phone)
        async with held.console(ada) as console:
            await on_duty(console)
            await phone.until("standing", lambda one: one["rung"] == ["Ada Counsel"])
            await console.say(type="duty", on=False, languages=[])
            await phone.until("standing", lambda one: one["stage"] == "unanswered")


async def test_duty_outlives_a_console_that_closes_for_a_moment(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console:
        await on_duty(console)
    await _until(lambda: ada.serial not in live_of(held)._showing._lines)
    desk, now = held.server.office.desk, held.server.office.clock.now()
    async with held.console(ada) as console:
        assert (await console.until("desk"))["on"]
        # It was loaded anew, and says no word of duty.
        desk.tick(now + 10 * 90_000)
        assert desk.is_on_duty(ada.serial)


# The call.


async def in_call(held: House, ada: Attorney, console: Live, phone: Live) -> dict[str, Any]:
    await on_duty(console)
    press = await pressed(held, phone)
    await answered(console, phone, press["encounter"])
    return press


async def test_signals_are_relayed_both_ways_as_they_are(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        press = await in_call(held, ada, console, phone)
        for signal in (
            {"note": "n", "opening": "o", "description": {"type": "answer", "sdp": "…"}},
            {"candidate": {"candidate": "c", "sdpMid": "0", "sdpMLineIndex": 0}},
            {"description": {"type": "offer", "sdp": "restart"}},
        ):
            await phone.say(type="signal", **signal)
            got = await console.until("signal")
            assert got == {"type": "signal", "encounter": press["encounter"], **signal}
            await console.say(type="signal", encounter=press["encounter"], **signal)
            assert await phone.until("signal") == {"type": "signal", **signal}


async def test_signals_wait_for_a_phone_that_is_away_and_come_after_what_it_must_know(
    held: House,
) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console:
        await on_duty(console)
        async with held.phone() as phone:
            press = await pressed(held, phone)
            await console.until("desk", lambda desk: desk["rings"])
        # The phone's line is gone before the answer.
        await _until(lambda: not held.server.office.rooms.taken(press["encounter"], "caller"))
        await console.say(type="answer", encounter=press["encounter"], **OFFER)
        await console.until("desk", lambda desk: desk["call"] and not desk["call"]["caller_here"])
        await console.say(type="signal", encounter=press["encounter"], candidate={"candidate": "1"})
        await console.say(type="signal", encounter=press["encounter"], candidate={"candidate": "2"})
        async with held.phone() as phone:
            await phone.say(**press)
            first = await phone.next()
            assert (first["type"], first["card"]) == ("standing", ada.card.decode())
            assert await phone.next() == {"type": "signal", **OFFER}
            assert [(await phone.next())["candidate"]["candidate"] for _ in range(2)] == ["1", "2"]
            await console.until("desk", lambda desk: desk["call"]["caller_here"])


async def test_signals_wait_for_a_console_that_is_away(held: House) -> None:
    ada = await held.attorney()
    async with held.phone() as phone:
        async with held.console(ada) as console:
            await in_call(held, ada, console, phone)
        await phone.until("standing", lambda one: not one["attorney_here"])
        await phone.say(type="signal", note="answer", opening="o", description={"sdp": "x"})
        async with held.console(ada) as console:
            desk = await console.until("desk")
            assert desk["call"]
            assert (await console.until("signal"))["note"] == "answer"
            await phone.until("standing", lambda one: one["attorney_here"])


async def test_a_recording_announced_or_opened_is_shown_to_the_attorney(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        press = await in_call(held, ada, console, phone)
        device = await held.opened(press["encounter"])
        announced = new_id()
        for recording in (announced, device.recording, announced):
            await phone.say(type="recording", recording=recording, kind="film")
        desk = await console.until("desk", lambda desk: len(desk["call"]["recordings"]) == 2)
        assert desk["call"]["recordings"] == [announced, device.recording]
        await phone.say(type="recording", recording=new_id(), kind="scream")
        assert (await phone.until_problem())["status"] == 400


async def test_announced_recordings_are_bounded(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        press = await in_call(held, ada, console, phone)
        most = live_module.RECORDINGS
        for _ in range(most + 5):
            await phone.say(type="recording", recording=new_id(), kind="film")
        desk = await console.until("desk", lambda desk: len(desk["call"]["recordings"]) >= most)
        await phone.say(type="signal", note="done")
        await console.until("signal", lambda one: one["note"] == "done")
        assert len(desk["call"]["recordings"]) == most
        assert len(live_of(held)._showing.announced[press["encounter"]]) == most


@pytest.mark.parametrize("by", ["caller", "attorney"])
async def test_either_ends_the_call_and_both_are_told(held: House, by: str) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        press = await in_call(held, ada, console, phone)
        encounter = press["encounter"]
        if by == "caller":
            await phone.say(type="end")
        else:
            await console.say(type="end", encounter=encounter)
        standing = await phone.until("standing", lambda one: one["stage"] == "ended")
        assert standing["ended_by"] == by
        ended = await console.until("ended")
        assert ended == {"type": "ended", "encounter": encounter, "by": by}
        assert (await console.until("desk"))["call"] is None
        # From now on nothing of it is relayed or taken.
        await phone.say(type="signal", candidate={"candidate": "late"})
        assert (await phone.until_problem())["status"] == 403
        await phone.say(type="recording", recording=new_id(), kind="film")
        assert (await phone.until_problem())["status"] == 403
        await console.say(type="signal", encounter=encounter, candidate={})
        assert (await console.until_problem())["status"] == 403
        await console.say(type="answer", encounter=encounter, **OFFER)
        assert (await console.until_problem())["status"] == 403


async def test_a_call_that_goes_on_is_not_said_to_be_over(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        await in_call(held, ada, console, phone)
        await console.say(type="duty", on=False, languages=[])
        await console.say(type="duty", on=True, languages=[])
        await phone.say(type="signal", note="last")
        while (message := await console.next())["type"] != "signal":
            assert message["type"] == "desk"


async def test_an_encounter_that_is_over_holds_no_seat_and_no_memory(held: House) -> None:
    ada = await held.attorney()
    office = held.server.office
    async with held.console(ada) as console, held.phone() as phone:
        press = await in_call(held, ada, console, phone)
        await phone.say(type="recording", recording=new_id(), kind="film")
        await phone.say(type="end")
        await console.until("ended")
        async with held.phone() as again:
            await again.say(**press)
            await again.until("standing", lambda one: one["stage"] == "ended")
            for seat in ("caller", "attorney"):
                assert not office.rooms.taken(press["encounter"], seat)
        assert press["encounter"] not in office.rooms._rooms
        assert press["encounter"] not in live_of(held)._showing.announced


async def test_duty_lasts_while_one_of_two_consoles_is_open(held: House) -> None:
    ada = await held.attorney()
    desk, now = held.server.office.desk, held.server.office.clock.now()
    async with held.console(ada) as one:
        await on_duty(one)
        async with held.console(ada) as other:
            await other.until("desk")
        await _until(lambda: len(live_of(held)._showing._lines[ada.serial]) == 1)
        desk.tick(now + 10 * 90_000)
        assert desk.is_on_duty(ada.serial)
    await _until(lambda: ada.serial not in live_of(held)._showing._lines)
    desk.tick(now + 10 * 90_000)
    assert not desk.is_on_duty(ada.serial)


async def test_an_expired_card_cannot_go_on_duty(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console:
        now = held.server.office.clock.now()
        with monkeypatch.context() as patched:
            patched.setattr(held.server.office.clock, "now", lambda: now + 2 * YEAR)
            await console.say(type="duty", on=True, languages=["en"])
            problem = await console.until_problem()
        assert (problem["status"], "not valid" in problem["detail"]) == (403, True)
        assert not held.server.office.desk.is_on_duty(ada.serial)


async def test_who_lets_go_before_an_answer_withdraws_the_press(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        await on_duty(console)
        await pressed(held, phone)
        await console.until("desk", lambda desk: desk["rings"])
        await phone.say(type="end")
        assert (await phone.until("standing"))["ended_by"] == "caller"
        await console.until("desk", lambda desk: not desk["rings"])


# Duty: waves, wrap-up, pauses, callbacks.


async def test_after_a_call_there_is_a_wrap_up_that_is_extended_or_ended(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone, held.phone() as other:
        press = await in_call(held, ada, console, phone)
        await console.say(type="end", encounter=press["encounter"])
        desk = await console.until("desk", lambda desk: desk["wrap_up"])
        await pressed(held, other)
        await console.say(type="extend")
        longer = await console.until("desk", lambda one: one["wrap_up"] != desk["wrap_up"])
        assert longer["wrap_up"] > desk["wrap_up"] > desk["time"]
        assert longer["rings"] == []
        await console.say(type="ready")
        ready = await console.until("desk", lambda desk: desk["wrap_up"] is None)
        assert len(ready["rings"]) == 1


async def test_two_misses_pause_a_console_until_its_attorney_says_so(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await held.attorney()
    with monkeypatch.context() as patched:
        await _with_rules(held, patched, miss=200)
        async with held.console(ada) as console, held.phone() as phone, held.phone() as other:
            await on_duty(console)
            await pressed(held, phone)
            await pressed(held, other)
            # By the desk's own timer: nobody says anything.
            paused = await console.until("desk", lambda desk: desk["paused"])
            assert paused["rings"] == []
            assert paused["paused"] > paused["time"]
            await phone.until("standing", lambda one: one["stage"] == "unanswered")
            await console.say(type="ready")
            here = await console.until("desk", lambda desk: not desk["paused"])
            assert len(here["rings"]) == 2


async def test_whom_nobody_answers_is_owed_a_callback_with_owner_and_deadline(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben Barrister", licenses=["CA"])
    with monkeypatch.context() as patched:
        await _with_rules(held, patched, wave=50)
        async with held.console(ada) as one, held.console(ben) as far, held.phone() as phone:
            await on_duty(one)
            await on_duty(far)
            press = await pressed(held, phone)
            (owed,) = (await one.until("desk", lambda desk: desk["callbacks"]))["callbacks"]
            assert owed == {
                "encounter": press["encounter"], "state": "TX", "language": "en",
                "pressed": owed["pressed"], "deadline": owed["deadline"],
                "owner": "Ada Counsel", "mine": True, "waiting": True, "number": False,
            }  # fmt: skip
            assert owed["deadline"] > owed["pressed"]
            # It rings on, and the caller's letting go does not pay what is owed.
            await phone.say(type="end")
            left = await one.until("desk", lambda desk: not desk["rings"])
            assert left["callbacks"][0]["waiting"] is False
            await far.say(type="callback", encounter=press["encounter"], done=True)
            assert (await far.until_problem())["status"] == 403
            await one.say(type="callback", encounter=press["encounter"], done=True)
            await one.until("desk", lambda desk: not desk["callbacks"])
            await one.say(type="callback", encounter=press["encounter"], done=False)
            assert (await one.until_problem())["status"] == 404


async def test_a_call_whose_attorney_is_gone_rings_for_the_others(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben Barrister")
    with monkeypatch.context() as patched:
        await _with_rules(held, patched, reconnect=100, hold=100)
        async with held.phone() as phone, held.console(ben) as other:
            async with held.console(ada) as console:
                press = await in_call(held, ada, console, phone)
                await on_duty(other)
            standing = await phone.until("standing", lambda one: one["rung"] == ["Ben Barrister"])
            assert (standing["stage"], standing["card"]) == ("ringing", None)
            # The case is still the first one's to read, until another has it.
            assert held.server.office.answered(press["encounter"]) == ada.serial
            await answered(other, phone, press["encounter"])
            assert held.server.office.answered(press["encounter"]) == ben.serial


async def _with_rules(held: House, patched: pytest.MonkeyPatch, **bent: int) -> None:
    desk = held.server.office.desk
    rules = replace(desk.rules, **bent)
    patched.setattr(desk, "rules", rules)
    patched.setattr(desk.people, "rules", rules)


# Coming back.


async def test_the_same_encounter_and_secret_return_to_it_without_an_admission(
    held: House,
) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console:
        async with held.phone() as phone:
            press = await in_call(held, ada, console, phone)
        async with held.phone() as phone:
            await phone.say(**{**press, "guest_code": "", "state": "CA"})
            standing = await phone.until("standing")
            assert (standing["stage"], standing["attorney_here"]) == ("answered", True)
            await phone.say(type="end")
            await console.until("ended")
            await console.say(type="ready")
        async with held.phone() as phone:
            await phone.say(**press)
            assert (await phone.until("standing"))["ended_by"] == "caller"
            await phone.say(**held.press())
            await phone.until("standing", lambda one: one["stage"] != "ended")
        # The attorney was told once, and is not told again when the phone asks.
        while (message := await console.next())["type"] != "desk" or not message["rings"]:
            assert message["type"] == "desk"


async def test_another_secret_is_refused(held: House) -> None:
    async with held.phone() as phone, held.phone() as thief:
        press = await pressed(held, phone)
        await thief.say(**held.press(encounter=press["encounter"]))
        assert (await thief.until_problem())["status"] == 403
        await thief.say(type="end")
        assert (await thief.until_problem())["status"] == 400
        assert held.server.office.rooms.taken(press["encounter"], "caller")


async def test_a_refused_press_leaves_the_phone_where_it_was(held: House) -> None:
    async with held.phone() as phone:
        press = await pressed(held, phone)
        await phone.say(**held.press(guest_code="abcd-efgh"))
        assert (await phone.until_problem())["status"] == 401
        assert held.server.office.rooms.taken(press["encounter"], "caller")
        await phone.say(type="end")
        assert (await phone.until("standing"))["ended_by"] == "caller"


async def test_a_press_whose_phone_stays_away_is_withdrawn(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "ABSENT", 0)
    async with held.phone() as phone, held.phone() as other:
        press = await pressed(held, phone)
        stays = await pressed(held, other)
        await phone.socket.close()
        desk = held.server.office.desk
        await _until(lambda: desk.standing(press["encounter"]).ringing.over)
        assert not desk.standing(stays["encounter"]).ringing.over


async def test_a_phone_that_is_away_for_a_moment_loses_nothing(held: House) -> None:
    async with held.phone() as phone:
        press = await pressed(held, phone)
    await _until(lambda: not held.server.office.rooms.taken(press["encounter"], "caller"))
    for _ in range(3):
        live_of(held).tick()
    assert not held.server.office.desk.standing(press["encounter"]).ringing.over


async def test_the_time_is_told_with_every_state(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        await phone.say(**held.press())
        now = (await phone.until("standing"))["time"]
        assert now[:10] <= (await console.until("desk"))["time"][:10]
        assert len(now) == len("2026-11-21T20:14:03.120Z")


# What is refused.


@pytest.mark.parametrize(
    "bent",
    [
        {"guest_code": "abcd-efgh"},
        {"state": "ZZ"},
        {"language": "tlh"},
        {"encounter": "x"},
        {"secret": "AAAA"},
        {"secret": "not base64"},
        {"more": 1},
        {"state": None},
    ],
)
async def test_a_bent_press_is_a_problem_and_the_socket_lives(
    held: House, bent: dict[str, Any]
) -> None:
    async with held.phone() as phone:
        await phone.say(**held.press(**bent))
        problem = await phone.until_problem()
        assert problem["status"] == (401 if "guest_code" in bent else 400)
        await pressed(held, phone)


BENT = [
    "",
    "{",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"type": "scream"}',
    '{"type": "desk"}',
    '{"type": "signal", "note": 5}',
    '{"type": "signal", "note": "\\ud800"}',
    '{"type": "signal", "description": ' + '{"a":' * 9000 + "1" + "}" * 9000 + "}",
    '{"type": "signal", "description": {"a": 1e999}}',
    '{"type": "end", "more": 1}',
    '{"type": "signal", "note": "' + "x" * 70_000 + '"}',
    b"binary",
]


@pytest.mark.parametrize("data", BENT, ids=range(len(BENT)))
async def test_a_malformed_message_is_a_problem_and_the_socket_lives(
    held: House, data: str | bytes
) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        await on_duty(console)
        await pressed(held, phone)
        for one in (phone, console):
            await one.socket.send(data)
            problem = await one.until_problem()
            assert (problem["status"], problem["type"]) == (400, "/problems/malformed")
        await console.say(type="duty", on=False, languages=[])
        await phone.until("standing", lambda one: one["stage"] == "unanswered")


async def test_a_console_that_breaks_leaves_nobody_on_duty_for_ever(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in one message must not leave a ghost that is rung and never answers."""
    ada = await held.attorney()
    office = held.server.office

    def broken(*arguments: object) -> None:
        raise RuntimeError("a fault of ours")

    async with held.console(ada) as console, held.phone() as phone:
        await on_duty(console)
        press = await pressed(held, phone)
        with monkeypatch.context() as patched:
            patched.setattr(office.desk, "decline", broken)
            await console.say(type="decline", encounter=press["encounter"])
            await console.closed()
            patched.setattr(office.desk, "end", broken)
            await phone.say(type="end")
            await phone.closed()
    await _until(lambda: not office.rooms.taken(press["encounter"], "caller"))
    office.desk.tick(office.clock.now() + 90_000)
    assert not office.desk.is_on_duty(ada.serial)


async def test_before_a_press_there_is_nothing_to_say(held: House) -> None:
    async with held.phone() as phone:
        for message in ({"type": "end"}, {"type": "signal"}):
            await phone.say(**message)
            problem = await phone.until_problem()
            assert problem["status"] == 400
            assert "a press first" in problem["detail"]


async def test_somebody_elses_call_is_unknown(held: House) -> None:
    ada, ben = await held.attorney(), await held.attorney()
    async with held.console(ada) as one, held.console(ben) as other, held.phone() as phone:
        press = await in_call(held, ada, one, phone)
        for message in ({"type": "signal", "candidate": {}}, {"type": "end"}):
            for encounter in (press["encounter"], new_id()):
                await other.say(encounter=encounter, **message)
                assert (await other.until_problem())["status"] == 404
        assert held.server.office.desk.standing(press["encounter"]).stage == "answered"


@pytest.mark.parametrize("cookie", [None, "accompany_session=x", 'accompany_session=""'])
async def test_a_console_needs_a_session(held: House, cookie: str | None) -> None:
    headers = {"cookie": cookie} if cookie else {}
    async with held.socket("/api/live/duty", additional_headers=headers) as console:
        problem = await console.next()
        assert (problem["type"], problem["problem"]["status"]) == ("problem", 401)
        assert await console.closed() == 4401


async def test_another_sites_page_is_refused(held: House) -> None:
    ada = await held.attorney()
    for origin in ("https://evil.example", "null", held.url.replace("127.0.0.1", "localhost")):
        with pytest.raises(InvalidStatus):
            async with held.phone(origin=origin):
                pass
        async with held.console(ada, origin=origin) as console:
            assert (await console.next())["type"] == "problem"
            assert await console.closed() == 4401
    async with held.phone(origin=held.url) as phone:
        await pressed(held, phone)


async def test_a_flood_of_messages_is_refused_and_hurts_nobody_else(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        press = await in_call(held, ada, console, phone)
        sent = line_module.BURST + 300
        for number in range(sent):
            await phone.say(type="signal", candidate={"candidate": str(number)})
        refused = await phone.until_problem()
        assert (refused["status"], refused["seconds"]) == (429, 1)
        await console.say(type="signal", encounter=press["encounter"], note="still here")
        while (message := await phone.next())["type"] != "signal":
            assert message["type"] == "problem"
        assert message["note"] == "still here"
        # And soon the phone is heard again.
        heard = asyncio.create_task(console.until("signal", lambda one: "note" in one))
        while not heard.done():
            await phone.say(type="signal", note="again")
            await asyncio.sleep(0.05)
        assert heard.result()["note"] == "again"


async def test_a_reader_that_is_too_slow_is_let_go(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "OUTGOING", 3)
    monkeypatch.setattr(line_module, "BURST", 100_000)
    ada = await held.attorney()
    office = held.server.office
    async with held.console(ada) as console, held.phone() as phone:
        press = await in_call(held, ada, console, phone)
        # Straight into its line, as if the network took nothing for a while.
        for number in range(50):
            signal = {"type": "signal", "note": str(number)}
            office.rooms.relay(press["encounter"], "caller", "attorney", signal)
        await console.closed()
        await phone.until("standing", lambda one: not one["attorney_here"])


async def test_one_change_shows_each_desk_once(held: House) -> None:
    """With many presses open, every desk for each of them would stop the whole server."""
    ada = await held.attorney()
    async with held.phone() as one, held.phone() as two, held.phone() as three:
        for phone in (one, two, three):
            await pressed(held, phone)
        async with held.console(ada) as console:
            await console.until("desk")
            await console.say(type="duty", on=True, languages=["en"])
            first = await console.until("desk", lambda desk: desk["on"])
            assert len(first["rings"]) == 3
            await console.say(type="decline", encounter=new_id())
            assert (await console.next())["type"] == "problem"


def live_of(held: House) -> live_module.Live:
    found = held.server.office.desk._show.__self__  # type: ignore[attr-defined]
    assert isinstance(found, live_module.Live)
    return found


async def _until(holds: Any) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


@pytest.mark.parametrize("closed", [False, True])
async def test_what_is_closed_shows_nothing_any_more(held: House, closed: bool) -> None:
    # What desks are made from is closed next: a showing that was due must not come after it.
    showing, seen = Showing(), list[str]()
    showing.office = held.server.office
    showing.watches.append(lambda: seen.append("shown"))
    showing.soon()
    if closed:
        showing.close()
        showing.soon()
        showing.wait()
    await asyncio.sleep(0.1)
    assert seen == ([] if closed else ["shown"])
    showing.close()


async def test_the_first_word_the_way_and_returns_are_kept_for_the_figures(held: House) -> None:
    ada = await held.attorney()
    desk = held.server.office.desk
    async with held.console(ada) as console:
        await on_duty(console)
        async with held.phone() as phone:
            press = await pressed(held, phone)
            await phone.say(type="heard")
            await console.until("desk", lambda told: told["rings"])
            assert desk.standing(press["encounter"]).ringing.heard is None, "nobody has answered"
            await console.say(type="answer", encounter=press["encounter"], **OFFER)
            await phone.until("standing", lambda told: told["stage"] == "answered")
            await phone.say(type="heard")
            await phone.say(type="heard")
            ringing = desk.standing(press["encounter"]).ringing
            assert ringing.answered is not None
            assert ringing.answered.way == "console"
            await _until(lambda: desk.standing(press["encounter"]).ringing.heard is not None)
        await _until(lambda: not held.server.office.rooms.taken(press["encounter"], "caller"))
        assert desk.standing(press["encounter"]).ringing.returns == 0
        async with held.phone() as phone, held.phone() as second:
            await phone.say(**press)
            await phone.until("standing")
            await second.say(**press)
            await second.until("standing")
            assert desk.standing(press["encounter"]).ringing.returns == 1, "a second page is none"


async def test_whoever_comes_because_of_a_channel_of_their_own_is_counted_so(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accompany.web.comings.AFTER_A_START", 0)
    ada = await held.attorney()
    desk = held.server.office.desk
    async with held.console(ada) as console:
        await on_duty(console)
    async with held.phone() as phone:
        press = await pressed(held, phone)
        await _until(lambda: desk.standing(press["encounter"]).ringing.rung)
        async with held.console(ada) as console:
            await console.until("desk", lambda told: told["rings"])
            await console.say(type="answer", encounter=press["encounter"], **OFFER)
            await phone.until("standing", lambda told: told["stage"] == "answered")
    answered = desk.standing(press["encounter"]).ringing.last
    assert answered is not None
    assert answered.way == "own channel"


# Ahead of an answer.

NOWHERE = "\r\n".join(
    ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0"]
)
AHEAD = {"note": "n", "opening": "o", "description": {"type": "offer", "sdp": NOWHERE}}
CANDIDATE = {"candidate": "candidate:1 1 udp 1 192.0.2.7 5 typ host"}


async def test_who_rings_may_prepare_for_the_phone_and_only_who_answers_learns_where_it_is(
    held: House,
) -> None:
    ada, ben = await held.attorney(), await held.attorney()
    async with held.console(ada) as one, held.console(ben) as other, held.phone() as phone:
        for console in (one, other):
            await on_duty(console)
        press = await pressed(held, phone)
        await phone.say(type="ahead", **AHEAD)
        await phone.say(type="signal", candidate=CANDIDATE)
        for console in (one, other):
            desk = await console.until(
                "desk", lambda desk: desk["rings"] and desk["rings"][0]["ahead"]
            )
            assert desk["rings"][0]["ahead"] == AHEAD
        reply = {"note": "reply", "description": {"type": "answer", "sdp": "v=0"}}
        await one.say(type="answer", encounter=press["encounter"], **reply)
        assert (await one.until("signal"))["candidate"] == CANDIDATE
        assert (await phone.until("signal"))["description"]["type"] == "answer"
        while (message := await other.next())["type"] != "desk" or message["rings"]:
            assert message["type"] == "desk"
        # Said too late, or for a second call, it is nobody's.
        await phone.say(type="ahead", **AHEAD)
        await phone.say(type="nonsense")
        await phone.until_problem()
        assert live_of(held)._showing.aheads.of(press["encounter"]) is None


@pytest.mark.parametrize(
    "line",
    [
        "a=candidate:1 1 udp 1 192.0.2.7 5 typ host",
        "A=Candidate:1 1 udp 1 192.0.2.7 5 typ host",
        "c=IN IP4 192.0.2.7",
        "c=IN IP6 2001:db8::1",
        "a=rtcp:5 IN IP4 192.0.2.7",
        "o=- 1 2 IN IP4 192.0.2.7",
    ],
)
async def test_an_address_before_an_answer_is_refused(held: House, line: str) -> None:
    async with held.phone() as phone:
        press = await pressed(held, phone)
        bent = {**AHEAD, "description": {"type": "offer", "sdp": f"{NOWHERE}\r\n{line}"}}
        await phone.say(type="ahead", **bent)
        assert (await phone.until_problem())["status"] == 400
        assert live_of(held)._showing.aheads.of(press["encounter"]) is None
