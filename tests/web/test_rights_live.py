"""Every live message in the table of rights, said to a running server by each role."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from accompany.accounts.rights import ON_CARDS, RIGHTS, ROLES, Role
from accompany.dispatch.events import Promised, Sought
from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import OnDuty, Press
from accompany.ids import CardSerial, EncounterId
from accompany.web.engagement import digest_of
from everyrole import ENGAGEMENT, Whose, World, world_in
from house import new_id

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world_in(tmp_path_factory.mktemp("rights")) as world:
        yield world


AHEAD = {"note": "n", "opening": "o", "description": {"type": "offer", "sdp": "v=0"}}

# Live messages. After each, one that nobody understands: its refusal says that all before is done.


async def refusals(world: World, path: str, headers: dict[str, str], *said: dict[str, Any]) -> int:
    """Say these; return how many were refused, or how many were said where nobody listens."""
    async with world.held.socket(path, additional_headers=headers) as line:
        refused = 0
        try:
            for message in said:
                await line.say(**message)
            await line.say(type="nonsense")
            while True:
                heard = await line.next()
                if heard["type"] != "problem":
                    continue
                if heard["problem"]["status"] == 400 and "nonsense" in heard["problem"]["detail"]:
                    return refused
                refused += 1
        except ConnectionClosed:
            return len(said) or 1


def _from_caller(act: str, world: World, role: Role, whose: Whose) -> list[dict[str, Any]]:
    press = world.held.press(guest_code=world.code(role))
    if whose == "others":
        press |= {"encounter": world.other.encounter, "secret": world.own.press["secret"]}
    after = {
        "press": [],
        "recording": [{"type": "recording", "recording": new_id(), "kind": "film"}],
        "signal": [{"type": "signal", "candidate": {"candidate": ""}}],
        "ahead": [{"type": "ahead", **AHEAD}],
        "heard": [{"type": "heard"}],
        "shown": [{"type": "shown", "digest": SHOWN}],
        "end": [{"type": "end"}],
    }[act]
    return [press, *after]


@pytest.mark.parametrize(
    "act", ["WS /api/live/caller", *(one for one in RIGHTS if one.startswith("caller "))]
)
async def test_a_phones_message_is_taken_as_its_row_says(world: World, act: str) -> None:
    wrong = []
    word = act.partition(" ")[2] if act.startswith("caller") else "press"
    for whose, roles in (("others", RIGHTS[act].others), ("own", RIGHTS[act].own)):
        for role in ROLES:
            said = _from_caller(word, world, role, whose)
            found = await refusals(world, "/api/live/caller", world.shows(role), *said)
            assert found in (0, len(said)), (role, whose, found)
            if (found == 0) != (role in roles):
                wrong.append((role, whose))
    for standing in world.desk.open_standings():
        world.desk.end(standing.encounter, "caller", world.now)
    assert wrong == []


def _situation(act: str, world: World, role: Role, whose: Whose) -> EncounterId:
    """Make a fresh press for the question: waiting, answered by one or the other, or owed."""
    desk, now = world.desk, world.now
    for standing in desk.open_standings():
        desk.end(standing.encounter, "caller", now)
    for name in (*ON_CARDS, "ben"):
        who = world.ben if name == "ben" else world.people[name]
        kind = "attorney" if name == "ben" else name
        states = frozenset({"TX"}) if kind == "attorney" else frozenset()
        desk.go_on_duty(OnDuty(CardSerial(who.serial), name, states, ("en",), now, role=kind))
        desk.ready(CardSerial(who.serial), now)
    if act == "duty conflict" and whose == "others":
        # Whoever is rung for it may say so: here somebody who never was.
        desk.go_off_duty(CardSerial(world.people["attorney"].serial))
    encounter = EncounterId(new_id())
    desk.begin(Pressed(encounter, Press("TX", "en", now), b""))
    mine = whose == "own" and role == "attorney"
    owner = CardSerial((world.people["attorney"] if mine else world.ben).serial)
    if role == "responder" and act in ("duty signal", "duty leave", "duty join"):
        responder = CardSerial(world.people[role].serial)
        desk.append(encounter, Sought((responder,), now))
        if act != "duty join" and whose == "own":
            assert desk.support(encounter, responder, now)
        return encounter
    if act in ("duty signal", "duty end", "duty invite", "duty dismiss"):
        assert desk.answer(encounter, owner, now)
    elif act.partition(" ")[2] in HANDED_OVER:
        _hand(act, world, encounter, mine)
    elif act == "duty leave":
        assert desk.answer(encounter, CardSerial(world.ben.serial), now)
    elif act == "duty join":
        assert desk.answer(encounter, CardSerial(world.ben.serial), now)
        desk.invite(encounter, "en", now)
    if act in ("duty signal", "duty leave") and whose == "own" and role == "interpreter":
        assert desk.join(encounter, CardSerial(world.people[role].serial), now)
    elif act == "duty callback":
        desk.append(encounter, Promised(owner, now + 60_000, now))
    return encounter


SHOWN = digest_of([ENGAGEMENT])
HANDED_OVER = {"hand", "take", "arrived", "remain", "handed", "conflict", "outcome", "shown"}


def _hand(act: str, world: World, encounter: EncounterId, mine: bool) -> None:
    """Somebody's call, on its way to whoever asks where the act is the colleague's."""
    desk, now = world.desk, world.now
    ada, ben = (CardSerial(one.serial) for one in (world.people["attorney"], world.ben))
    third = CardSerial(new_id())
    desk.go_on_duty(OnDuty(third, "Cy", frozenset({"TX"}), ("en",), now))
    joins = act in ("duty take", "duty arrived")
    by, to = ((ben, ada) if joins else (ada, third)) if mine else (ben, third)
    if act == "duty hand" and not mine:
        to = ada
    assert desk.answer(encounter, by, now)
    if act in ("duty hand", "duty outcome", "duty conflict", "duty shown"):
        return
    desk.hand(encounter, by, to, now)
    if act != "duty take":
        desk.stand_beside(encounter, to, now)


def _from_duty(act: str, encounter: EncounterId, world: World) -> dict[str, Any]:
    ben = world.ben.serial
    to = ben if world.desk.standing(encounter).last != ben else world.people["attorney"].serial
    named = {"type": act.partition(" ")[2], "encounter": encounter}
    bare = {"type": named["type"]}
    return {
        "duty duty": {**bare, "on": True, "languages": ["en"]},
        "duty answer": {**named, "note": "a note", "description": {}},
        "duty decline": named,
        "duty signal": {**named, "candidate": {"candidate": ""}, "seat": "caller"},
        "duty invite": {**named, "language": "en"},
        "duty dismiss": named,
        "duty join": named,
        "duty leave": named,
        "duty end": named,
        "duty extend": bare,
        "duty ready": bare,
        "duty hand": {**named, "to": to},
        "duty take": {**named, "note": "a note", "description": {}},
        "duty arrived": named,
        "duty remain": named,
        "duty handed": named,
        "duty conflict": named,
        "duty shown": {**named, "digest": SHOWN},
        "duty outcome": {**named, "outcome": "advised", "follow_up": False},
        "duty brief": {**bare, "on": False},
        "duty callback": {**named, "done": True},
    }[act]


@pytest.mark.parametrize("act", [one for one in RIGHTS if one.startswith("duty ")])
async def test_a_consoles_message_is_taken_as_its_row_says(world: World, act: str) -> None:
    wrong, aimed = [], {"answer", "decline", "signal", "end", "callback"} | HANDED_OVER
    aimed |= {"invite", "dismiss", "join", "leave"}
    for whose, roles in (("others", RIGHTS[act].others), ("own", RIGHTS[act].own)):
        if whose == "others" and act.partition(" ")[2] not in aimed:
            continue
        for role in ROLES:
            encounter = _situation(act, world, role, whose)
            said = _from_duty(act, encounter, world)
            found = await refusals(world, "/api/live/duty", world.shows(role), said)
            if (found == 0) != (role in roles):
                wrong.append((role, whose, found))
    assert wrong == []


async def test_a_console_opens_for_whom_its_row_says(world: World) -> None:
    opened = set()
    for role in ROLES:
        if await refusals(world, "/api/live/duty", world.shows(role)) == 0:
            opened.add(role)
    assert opened == RIGHTS["WS /api/live/duty"].own


OWN_CHANNEL = {"kind": "apprise", "url": "json://127.0.0.1:1/b"}


# Another site's page: a browser sends the cookie by itself.


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_sites_page_changes_nothing_with_somebodys_cookie(
    world: World, origin: str
) -> None:
    headers = {**world.people["attorney"].headers, "origin": origin}
    answer = await world.ask("POST", "/api/channels", json=OWN_CHANNEL, headers=headers)
    assert answer.status_code == 403
    own = {**world.people["attorney"].headers, "origin": world.held.url}
    answer = await world.ask("POST", "/api/channels", json=OWN_CHANNEL, headers=own)
    assert answer.status_code == 201


@pytest.mark.parametrize("act", ["WS /api/live/desk", "desk look", "desk owed"])
async def test_only_coordinators_see_and_change_the_board(world: World, act: str) -> None:
    found = set()
    for role in ROLES:
        encounter = EncounterId(new_id())
        press = Press("TX", "en", world.now)
        world.desk.begin(Pressed(encounter, press, b"secret"))
        world.desk.append(encounter, Promised(CardSerial(""), world.now, world.now))
        words = {
            "desk look": [{"type": "look"}],
            "desk owed": [{"type": "owed", "encounter": encounter, "what": "done"}],
        }
        said = words.get(act, [])
        if await refusals(world, "/api/live/desk", world.shows(role), *said) == 0:
            found.add(role)
        done = world.desk.standing(encounter).ringing.called_back is not None
        assert done == (role in RIGHTS[act].own and act == "desk owed")
        world.desk.end(encounter, "caller", world.now)
    assert found == RIGHTS[act].own
