"""A case that goes to a colleague over real sockets: in the call, after it, and not at all."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import pytest

from accompany.dispatch.runner import Desk
from accompany.evidence.age import HybridIdentity, NoMatch, decrypt, encrypt
from accompany.evidence.notes import Signer
from accompany.evidence.text import read_base64, write_base64, write_lines, write_time
from answered import recipient_of
from house import Attorney, House, Live, listening

pytestmark = pytest.mark.anyio
OFFER = {"note": "the signed offer", "description": {"type": "offer", "sdp": "v=0"}}


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with listening(tmp_path_factory.mktemp("handover")) as held:
        yield held


@dataclass
class Call:
    """Ada's call, with a recording she was granted; Ben is on duty and not in it."""

    encounter: str
    phone: Live
    ada: Live
    ben: Live
    people: tuple[Attorney, Attorney]
    recording: str
    press: dict[str, Any]

    def own(self) -> dict[str, str]:
        return {"encounter": self.encounter}


@asynccontextmanager
async def call_of_ada(held: House) -> AsyncIterator[Call]:
    people = (await held.attorney(), await held.attorney(name="Ben Bar"))
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(held.phone())
        lines = [await stack.enter_async_context(held.console(one)) for one in people]
        for line in lines:
            await line.until("desk")
            await line.say(type="duty", on=True, languages=["en"])
            await line.until("desk", lambda told: told["on"])
        press = held.press()
        await phone.say(**press)
        await lines[0].until("desk", lambda told: told["rings"])
        await lines[0].say(type="answer", encounter=press["encounter"], **OFFER)
        await phone.until("signal")
        device = await held.opened(press["encounter"], 1)
        file = encrypt(f"{device.identity}\n".encode(), [recipient_of(people[0])])
        note = grant_note(held, device.recording, file, device.signer)
        assert (await add_grant(held, device.recording, file, note)).status_code == 201
        yield Call(press["encounter"], phone, *lines, people, device.recording, press)
    office = held.server.office
    for standing in office.desk.open_standings():
        office.desk.end(standing.encounter, "caller", 0)
    for person in office.desk.people:
        office.desk.go_off_duty(person.serial)


async def add_grant(
    held: House, recording: str, file: bytes, note: bytes, who: Attorney | None = None
) -> Any:
    headers = {"statement": write_base64(note), **(who.headers if who else {})}
    path = f"/api/recordings/{recording}/grants"
    return await held.request("POST", path, content=file, headers=headers)


def grant_note(held: House, recording: str, file: bytes, signer: Signer) -> bytes:
    lines = [
        ("recording", recording), ("sha256", sha256(file).hexdigest()),
        ("time", write_time(held.server.office.clock.now())),
    ]  # fmt: skip
    return signer.sign(write_lines("accompany/grant/v1", lines))


async def grants_of(held: House, recording: str, who: Attorney) -> list[bytes]:
    answer = await held.get(f"/api/recordings/{recording}/grants", headers=who.headers)
    assert answer.status_code == 200, answer.text
    return [read_base64(one) for one in answer.json()]


def opened_by(grants: list[bytes], identity: HybridIdentity) -> list[bytes]:
    found = []
    for grant in grants:
        with suppress(NoMatch):
            found.append(decrypt(grant, [identity]))
    return found


async def sealed_to_ben(held: House, call: Call) -> bytes:
    """What Ada's browser does: open her own grant, seal its key to Ben, sign that it was meant."""
    ada, ben = call.people
    (identity,) = opened_by(await grants_of(held, call.recording, ada), ada.identity)
    file = encrypt(identity, [recipient_of(ben)])
    note = grant_note(held, call.recording, file, ada.signer)
    answer = await add_grant(held, call.recording, file, note, ada)
    assert answer.status_code == 201, answer.text
    return identity


async def may_read(held: House, call: Call) -> list[int]:
    path = f"/api/recordings/{call.recording}/package"
    return [(await held.get(path, headers=one.headers)).status_code for one in call.people]


async def custody_of(held: House, recording: str) -> list[bytes]:
    return [row.data for row in held.server.office.keeper.custody(recording)]


async def test_a_call_goes_to_a_colleague_with_its_keys_and_nothing_in_between(held: House) -> None:
    async with call_of_ada(held) as call:
        ada, ben = call.people
        path = f"/api/cases/{call.encounter}/colleagues"
        found = (await held.get(path, headers=ada.headers)).json()
        assert found == [{"serial": ben.serial, "name": "Ben Bar", "speaks": True, "doing": "free"}]
        await call.ada.say(type="hand", **call.own(), to=ben.serial)
        told = await call.ben.until("desk", _asked)
        assert told["rings"][0]["by"] == "Ada Counsel"
        # Nobody accepted: Ada cannot grant yet, and Ben reads nothing.
        file = encrypt(b"x", [recipient_of(ben)])
        note = grant_note(held, call.recording, file, ada.signer)
        assert (await add_grant(held, call.recording, file, note, ada)).status_code == 403
        assert await may_read(held, call) == [200, 404]

        await call.ben.say(type="take", **call.own(), **OFFER)
        standing = await call.phone.until(
            "standing", lambda one: one["colleague"] and one["colleague"]["here"]
        )
        assert standing["colleague"] == {"card": ben.card.decode(), "here": True, "support": False}
        assert standing["card"] == ada.card.decode()
        got = await call.phone.until("signal")
        assert got == {"type": "signal", "seat": "colleague", **OFFER}
        reply = {"candidate": {"candidate": "c"}}
        await call.phone.say(type="signal", **reply, seat="colleague")
        assert await call.ben.until("signal") == {"type": "signal", **call.own(), **reply}
        handover = await call.ada.until("desk", lambda one: one["handovers"])
        while handover["handovers"][0]["stage"] != "beside":
            handover = await call.ada.until("desk")
        assert handover["handovers"][0]["recordings"] == [call.recording]

        # Before sound and picture are there, nothing changes hands.
        identity = await sealed_to_ben(held, call)
        await call.ada.say(type="handed", **call.own())
        assert await may_read(held, call) == [200, 404]
        await call.ben.say(type="arrived", **call.own())
        await call.ada.until("desk", lambda one: one["handovers"][0]["stage"] == "arrived")
        await call.ada.say(type="handed", **call.own())
        mine = await call.ben.until("desk", lambda one: one["call"] and not one["call"]["attorney"])
        assert mine["call"]["seat"] == "attorney"
        standing = await call.phone.until("standing", lambda one: one["colleague"] is None)
        assert (standing["card"], standing["attorney_here"]) == (ben.card.decode(), True)
        gone = await call.ada.until("desk", lambda one: one["call"] is None)
        assert gone["handovers"] == []
        assert gone["wrap_up"] is not None
        # Ben's connection goes on, now in Ada's place.
        await call.ben.say(type="signal", **call.own(), **reply)
        assert await call.phone.until("signal") == {"type": "signal", **reply}

        assert await may_read(held, call) == [404, 200]
        opened = opened_by(await grants_of(held, call.recording, ben), ben.identity)
        assert opened == [identity]
        (line,) = [one for one in await custody_of(held, call.recording) if b"grant to" in one]
        assert f"grant to {ben.serial}, who takes over".encode() in line
        cases = [(await held.get("/api/cases", headers=one.headers)).json() for one in call.people]
        assert [len(one) for one in cases] == [0, 1]


def _asked(desk: dict[str, Any]) -> bool:
    return any(ring["seat"] == "colleague" for ring in desk["rings"])


def _stage(desk: dict[str, Any]) -> Any:
    return desk["handovers"][0]["stage"]


async def test_a_colleague_who_says_no_or_leaves_changes_nothing(held: House) -> None:
    async with call_of_ada(held) as call:
        ben = call.people[1].serial
        for accepts in (False, True):
            await call.ada.say(type="hand", **call.own(), to=ben)
            await call.ben.until("desk", _asked)
            if accepts:
                await call.ben.say(type="take", **call.own(), **OFFER)
                await call.ben.until("desk", lambda one: one["call"])
                await call.ben.say(type="end", **call.own())
                await call.ben.until("desk", lambda one: one["call"] is None)
            else:
                await call.ben.say(type="remain", **call.own())
                await call.ben.until("desk", lambda one: not one["rings"])
        desk = await call.ada.until("desk", lambda one: not one["handovers"])
        assert desk["call"]["seat"] == "attorney"
        standing = await call.phone.until("standing", lambda one: one["colleague"] is None)
        assert (standing["stage"], standing["attorney_here"]) == ("answered", True)


async def test_a_case_goes_to_a_colleague_after_the_call(held: House) -> None:
    async with call_of_ada(held) as call:
        await call.phone.say(type="end")
        await call.ada.until("ended")
        await call.ada.say(type="hand", **call.own(), to=call.people[1].serial)
        told = await call.ben.until("desk", _asked)
        assert told["rings"][0]["over"] is True
        await call.ben.say(type="take", **call.own())
        await call.ada.until(
            "desk", lambda o: o["handovers"] and o["handovers"][0]["stage"] != "rung"
        )
        await sealed_to_ben(held, call)
        await call.ada.say(type="handed", **call.own())
        await call.ada.until("desk", lambda one: not one["handovers"])
        assert await may_read(held, call) == [404, 200]


async def test_keys_that_were_not_sealed_in_time_come_when_that_console_is_back(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = held.server.office.desk
    cora = await held.person("coordinator")
    async with (
        call_of_ada(held) as call,
        held.socket("/api/live/desk", additional_headers=cora.headers) as board,
    ):
        ada, ben = call.people
        sealed = sealed_note(ada)
        path = f"/api/cases/{call.encounter}/notes"
        note = {"holder": ada.serial, "author": ada.serial, "sealed": sealed}
        assert (await held.request("PUT", path, json=note, headers=ada.headers)).status_code == 204
        await call.ada.say(type="hand", **call.own(), to=ben.serial)
        await call.ben.until("desk", _asked)
        await call.ben.say(type="take", **call.own(), **OFFER)
        await call.ben.say(type="arrived", **call.own())
        await call.ada.until("desk", lambda one: one["handovers"] and _stage(one) == "arrived")
        with monkeypatch.context() as patched:
            rules = replace(desk.rules, reconnect=100)
            patched.setattr(desk, "rules", rules)
            patched.setattr(desk.people, "rules", rules)
            await call.ada.socket.close()
            told = await call.ben.until("desk", lambda one: one["awaited"])
        assert told["awaited"] == [{"encounter": call.encounter, "by": "Ada Counsel"}]
        assert told["call"]["seat"] == "attorney"
        (owed,) = (await board.until("board", lambda one: one["keys"]))["keys"]
        assert owed == {
            "encounter": call.encounter, "state": "TX", "language": "en",
            "by": "Ada Counsel", "to": "Ben Bar",
        }  # fmt: skip
        # She reads nothing of it but the grants that she was given, and seals to nobody else.
        assert await may_read(held, call) == [404, 200]
        segment = f"/api/recordings/{call.recording}/segments/1"
        assert (await held.get(segment, headers=ada.headers)).status_code == 404
        # Also after a restart, and after the call.
        again = Desk(desk._presses, lambda standing: None, now=held.server.office.clock.now())
        assert [one.encounter for one in again.owing()] == [call.encounter]
        await call.phone.say(type="end")
        async with held.console(ada) as back:
            desk_of_ada = await back.until("desk", lambda one: one["handovers"])
            (one,) = desk_of_ada["handovers"]
            assert (one["stage"], one["card"], one["over"]) == ("owed", ben.card.decode(), True)
            assert one["recordings"] == [call.recording]
            identity = await sealed_to_ben(held, call)
            given = {"holder": ben.serial, "author": ada.serial, "sealed": sealed_note(ben)}
            assert (
                await held.request("PUT", path, json=given, headers=ada.headers)
            ).status_code == 204
            await back.say(type="handed", **call.own())
            await back.until("desk", lambda one: not one["handovers"])
        await call.ben.until("desk", lambda one: not one["awaited"])
        await board.until("board", lambda one: not one["keys"])
        assert opened_by(await grants_of(held, call.recording, ben), ben.identity) == [identity]
        assert len((await held.get(path, headers=ben.headers)).json()) == 1
        grants = f"/api/recordings/{call.recording}/grants"
        for closed in (grants, path):
            assert (await held.get(closed, headers=ada.headers)).status_code == 404


def sealed_note(who: Attorney) -> str:
    return write_base64(encrypt(b"a note", [recipient_of(who)]))


async def test_a_conflict_gives_the_press_back_at_once_and_never_rings_there_again(
    held: House,
) -> None:
    async with call_of_ada(held) as call:
        await call.ada.say(type="conflict", **call.own())
        told = await call.ben.until("desk", lambda one: one["rings"])
        assert told["rings"][0]["encounter"] == call.encounter
        desk = await call.ada.until("desk", lambda one: one["call"] is None)
        assert desk["rings"] == []
        assert await may_read(held, call) == [404, 404]
        await call.ada.say(type="answer", **call.own(), **OFFER)
        assert (await call.ada.until_problem())["status"] == 403
        await call.ben.say(type="answer", **call.own(), **OFFER)
        await call.phone.until("standing", lambda one: one["attorney_here"])
        assert await may_read(held, call) == [404, 200]


async def test_what_came_of_a_call_is_counted_and_shown_to_whoever_said_it(held: House) -> None:
    async with call_of_ada(held) as call:
        await call.phone.say(type="end")
        await call.ada.until("ended")
        await call.ada.say(type="outcome", **call.own(), outcome="advised", follow_up=True)
        said = {"encounter": call.encounter, "outcome": "advised", "follow_up": True}
        await call.ada.until("desk", lambda one: one["wrapping"] == said)
        await call.ben.say(type="outcome", **call.own(), outcome="mistake", follow_up=False)
        assert (await call.ben.until_problem())["status"] == 404
        await call.ada.say(type="outcome", **call.own(), outcome="in words", follow_up=True)
        assert (await call.ada.until_problem())["status"] == 400
