"""Press tokens and guest codes, over HTTP: what lets an encounter in, and what a flood holds up."""

import io
import json
import secrets
import sqlite3
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import HTTPConnection

from accompany.accounts.enrolment import digest_of_secret
from accompany.accounts.passes import Pass
from accompany.accounts.people import DAY, GuestCode
from accompany.accounts.tokens import BATCH
from accompany.client.device import locator_of
from accompany.evidence.findings import Verdict
from accompany.evidence.text import write_base64
from accompany.verifier import verify
from house import SECRET, House, bearing, house, listening, new_id, sound

pytestmark = pytest.mark.anyio


def batch() -> list[bytes]:
    return [secrets.token_bytes(32) for _ in range(BATCH)]


async def hand_in(held: House, tokens: list[bytes], **admission: Any) -> httpx.Response:
    given = admission or {"guest_code": held.server.guest_code}
    digests = [sha256(token).hexdigest() for token in tokens]
    return await held.client.post("/api/tokens", json={"digests": digests, **given})


async def open_with(held: House, encounter: str, **admission: Any) -> httpx.Response:
    new = held.new_recording(held.device(encounter), admission=admission)
    return await held.client.post("/api/recordings", json=new)


async def test_a_token_lets_one_encounter_in_with_all_its_recordings(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        tokens = batch()
        assert (await hand_in(held, tokens)).status_code == 204
        encounter, token = new_id(), write_base64(tokens[0])
        for _ in range(3):
            assert (await open_with(held, encounter, token=token)).status_code == 201
        # Spent: another encounter is not let in by it, but by the next.
        assert (await open_with(held, new_id(), token=token)).status_code == 401
        other = write_base64(tokens[1])
        assert (await open_with(held, new_id(), token=other)).status_code == 201


async def test_a_spent_token_with_a_good_code_still_records(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        unknown = write_base64(secrets.token_bytes(32))
        code = held.server.guest_code
        assert (await open_with(held, new_id(), token=unknown, guest_code=code)).status_code == 201
        assert (await open_with(held, new_id(), token=unknown)).status_code == 401
        assert (await open_with(held, new_id())).status_code == 401


async def test_a_batch_is_kept_whole_or_not_at_all_and_one_token_brings_the_next(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as held:
        first, second = batch(), batch()
        assert (await hand_in(held, first)).status_code == 204
        mixed = [*second[:-1], first[0]]
        assert (await hand_in(held, mixed)).status_code == 422
        assert (await hand_in(held, second[:-1])).status_code == 400
        assert (await hand_in(held, second, guest_code="zzzz-zzzz")).status_code == 401
        # Nothing of the refused ones was kept.
        one = write_base64(second[0])
        assert (await open_with(held, new_id(), token=one)).status_code == 401
        assert (await hand_in(held, second, token=write_base64(first[1]))).status_code == 204
        assert (await open_with(held, new_id(), token=one)).status_code == 201
        assert (await open_with(held, new_id(), token=write_base64(first[1]))).status_code == 401


async def test_a_token_that_nobody_spent_shows_the_live_log(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        tokens, office = batch(), held.server.office
        await hand_in(held, tokens)
        headers = [bearing(tokens[0]), bearing(secrets.token_bytes(32)), {}]
        asking = [HTTPConnection({"type": "http", "headers": raw(one)}) for one in headers]
        assert [office.sees_live_log(one) for one in asking] == [True, False, False]
        await open_with(held, new_id(), token=write_base64(tokens[0]))
        assert not office.sees_live_log(asking[0])


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


async def test_a_press_comes_by_a_token_alone(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        tokens = batch()
        await hand_in(held, tokens)
        for given, kind in ((tokens[0], "standing"), (tokens[0], "problem")):
            async with held.phone() as phone:
                press = {**held.press(), "guest_code": "", "token": write_base64(given)}
                await phone.say(**press)
                assert (await phone.next())["type"] == kind


async def test_a_ring_says_guest_or_not_and_nothing_else_of_who(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        tokens, ada = batch(), await held.attorney()
        await hand_in(held, tokens)
        enrolled = {"guest_code": "", "token": write_base64(tokens[0])}
        # With a token that nobody knows, a good code lets a guest in.
        stale = {"token": write_base64(secrets.token_bytes(32))}
        async with held.console(ada) as console:
            await console.say(type="duty", on=True, languages=["en"])
            for given, guest in (({}, True), (enrolled, False), (stale, True)):
                press = {**held.press(), **given}
                async with held.phone() as phone:
                    await phone.say(**press)
                    desk = await console.until("desk", lambda desk: desk["rings"])
                    (ring,) = desk["rings"]
                    assert ring.pop("pressed") <= desk["time"]
                    assert ring == {
                        "encounter": press["encounter"], "seat": "attorney", "state": "TX",
                        "language": press["language"], "by": None, "over": False, "guest": guest,
                        "support": False, "ahead": None,
                    }  # fmt: skip
                    await phone.say(type="end")
                await console.until("desk", lambda desk: not desk["rings"])


async def test_a_flood_with_one_code_holds_up_no_other_and_no_token(tmp_path: Path) -> None:
    async with house(tmp_path, code_encounters_a_minute=3) as held:
        people, now = held.server.office.people, held.server.office.clock.now()
        people.add_code(digest_of_secret("aaaa-bbbb"), GuestCode("library", now))
        tokens = batch()
        await hand_in(held, tokens)
        poster = held.server.guest_code
        first = new_id()
        answers = [await open_with(held, one, guest_code=poster) for one in (first, new_id())]
        assert [one.status_code for one in answers] == [201, 201]
        flooded = [(await open_with(held, new_id(), guest_code=poster)).status_code for _ in "12"]
        assert flooded == [429, 429]
        # What came before the flood goes on; so does everybody who came by something else.
        assert (await open_with(held, first, guest_code=poster)).status_code == 201
        assert (await open_with(held, new_id(), guest_code="aaaa-bbbb")).status_code == 201
        token = write_base64(tokens[0])
        assert (await open_with(held, new_id(), token=token)).status_code == 201


async def test_a_code_that_ended_lets_nobody_in_and_tokens_stay_good(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        people, now = held.server.office.people, held.server.office.clock.now()
        tokens = batch()
        await hand_in(held, tokens)
        digest = digest_of_secret(held.server.guest_code)
        people.change_code(digest, GuestCode("poster", 0, ends=now))
        code = held.server.guest_code
        assert (await open_with(held, new_id(), guest_code=code)).status_code == 401
        token = write_base64(tokens[0])
        assert (await open_with(held, new_id(), token=token)).status_code == 201


async def test_what_is_filed_is_found_by_its_secret_and_by_nothing_else(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        device, other = await held.opened(), secrets.token_bytes(32)
        await held.put(device, sound(device))
        asked = {"secrets": [write_base64(other), write_base64(SECRET)]}
        found = (await held.client.post("/api/filed", json=asked)).json()
        assert found[0] is None
        assert [one["recording"] for one in found[1]["recordings"]] == [device.recording]
        assert found[1]["recordings"][0]["deletion"] is None
        for secret in (other, locator_of(SECRET), bytes(32)):
            nothing = {"secrets": [write_base64(secret)]}
            assert (await held.client.post("/api/filed", json=nothing)).status_code == 404
        many = {"secrets": [write_base64(other)] * (BATCH + 1)}
        assert (await held.client.post("/api/filed", json=many)).status_code == 400


async def test_a_pass_reads_one_recording_until_its_day_or_until_it_is_taken_back(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as held:
        device, other = await held.opened(), await held.opened()
        for one in (device, other):
            await held.put(one, sound(one))
        given, path = secrets.token_bytes(32), f"/api/recordings/{device.recording}"
        new = {"digest": sha256(given).hexdigest(), "days": 7}
        assert (await held.client.post(f"{path}/passes", json=new)).status_code == 404
        answer = await held.client.post(f"{path}/passes", json=new, headers=bearing(SECRET))
        assert answer.status_code == 201
        assert answer.json()["until"].endswith("T00:00:00.000Z")

        async def reads(recording: str) -> int:
            segment = f"/api/recordings/{recording}/segments/1"
            return (await held.get(segment, headers=bearing(given))).status_code

        assert [await reads(device.recording), await reads(other.recording)] == [200, 404]
        # It reads, and does nothing else.
        asked = {"secrets": [write_base64(given)]}
        assert (await held.client.post("/api/filed", json=asked)).status_code == 404
        bare = {**new, "digest": "00" * 32}
        answer = await held.client.post(f"{path}/passes", json=bare, headers=bearing(given))
        assert answer.status_code == 404
        asked = {"secrets": [write_base64(SECRET)]}
        [found] = (await held.client.post("/api/filed", json=asked)).json()
        mine = next(one for one in found["recordings"] if one["recording"] == device.recording)
        assert [one["digest"] for one in mine["passes"]] == [new["digest"]]
        end = f"{path}/passes/{new['digest']}"
        assert (await held.client.delete(end, headers=bearing(given))).status_code == 404
        assert (await held.client.delete(end, headers=bearing(SECRET))).status_code == 204
        assert await reads(device.recording) == 404
        # One whose day is over reads nothing either.
        held.server.office.passes.add(Pass(sha256(given).digest(), device.recording, DAY))
        assert await reads(device.recording) == 404


async def test_only_the_caller_says_whether_privilege_is_kept_and_every_package_says_it(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as held:
        device = await held.opened()
        await held.put(device, sound(device))
        path = f"/api/recordings/{device.recording}"

        async def say(word: str, shown: dict[str, str] | None = None) -> int:
            headers = bearing(SECRET) if shown is None else shown
            body = {"privilege": word}
            return (
                await held.client.post(f"{path}/privilege", json=body, headers=headers)
            ).status_code

        async def told() -> str | None:
            asked = {"secrets": [write_base64(SECRET)]}
            [found] = (await held.client.post("/api/filed", json=asked)).json()
            said: str | None = found["recordings"][0]["privilege"]
            return said

        assert await told() is None
        assert [await say("waived", {}), await say("perhaps")] == [404, 400]
        assert await told() is None
        # Said twice, it is written once; said otherwise, both are written.
        assert [await say(word) for word in ("waived", "waived", "kept")] == [204] * 3
        assert await told() == "kept"
        package = await held.get(f"{path}/package", headers=bearing(SECRET))
        with zipfile.ZipFile(io.BytesIO(package.content)) as bag:
            lines = bag.read(f"{device.recording}/data/custody.jsonl").splitlines()
        events = [json.loads(line) for line in lines]
        said = [one["what"] for one in events if one["what"].startswith("privilege")]
        assert said == ["privilege waived", "privilege kept"]
        assert {one["by"] for one in events if one["what"] in said} == {"locator"}
        (tmp_path / "case.zip").write_bytes(package.content)
        report = verify(tmp_path / "case.zip")
        assert [one.code for one in report.having(Verdict.FAILS)] == []


def columns(path: Path) -> dict[str, list[bytes]]:
    """Return every value of every column, as bytes, by table and column."""
    found: dict[str, list[bytes]] = {}
    with sqlite3.connect(path) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            rows = database.execute(f"SELECT * FROM {table}")  # noqa: S608
            names = [one[0] for one in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    data = value if isinstance(value, bytes) else str(value).encode()
                    found.setdefault(f"{table}.{name}", []).append(data)
    return found


def in_drawer(held: bytes) -> list[bytes]:
    """Return the digests of a drawer (adapters/drawers), each beside the month in which it ends."""
    entries = (held[at : at + 34] for at in range(0, len(held), 34))
    return [one[:32] for one in entries if any(one)]


async def test_two_encounters_of_one_phone_share_nothing_in_the_servers_files(
    tmp_path: Path,
) -> None:
    """Two of one phone, two of others: no value joins the two that would not join strangers."""
    async with house(tmp_path) as held:
        tokens, encounters = batch(), []
        await hand_in(held, tokens)
        for token in tokens[:2]:
            encounter = new_id()
            new = held.new_recording(
                device := held.device(encounter),
                admission={"token": write_base64(token)},
                locator=locator_of(secrets.token_bytes(32)).hex(),
            )
            assert (await held.client.post("/api/recordings", json=new)).status_code == 201
            await held.put(device, sound(device))
            encounters.append((encounter, device.recording))
    spent = [sha256(token).digest() for token in tokens[:2]]
    left = [sha256(token).digest() for token in tokens[2:]]
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    whole = {path: path.read_bytes() for path in files}
    for secret in (*tokens, *spent):
        holding = [path.name for path, data in whole.items() if secret in data]
        assert holding == [], "a token, or the digest of a spent one, is still there"
    tables = columns(tmp_path / "data" / "accompany.sqlite")
    # The pool is sorted by chance alone; what is kept of spent ones is by chance, too.
    pool = [in_drawer(one) for one in tables["token_drawers.held"]]
    assert pool == [sorted(one) for one in pool]
    assert sorted(digest for one in pool for digest in one) == sorted(left)
    assert len({mark for one in tables["mark_drawers.held"] for mark in in_drawer(one)}) == 2
    for path in (tmp_path / "data").glob("*.sqlite"):
        for name, values in columns(path).items():
            one, two = (
                {v for v in values if any(word.encode() in v for word in words)}
                for words in encounters
            )
            assert not one & two, f"{name} names both encounters in one value"
    # In the index every recording stands alone: no value but kinds and sizes is there twice.
    index = next(path for path in (tmp_path / "data").glob("*index*.sqlite"))
    once = [name for name in columns(index) if name.startswith("recordings.")]
    for name in once:
        values = Counter(columns(index)[name])
        shared = [value for value, count in values.items() if count > 1]
        assert name == "recordings.kind" or shared in ([], [b"None"]), name
