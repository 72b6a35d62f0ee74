"""Coming in by passkey and by recovery sheet, over HTTP: made, bent, removed, proved again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accompany.accounts.passkeys import CHALLENGE_LASTS, PASSKEYS
from accompany.accounts.people import People, Session
from accompany.accounts.sessions import FRESH, LONGEST, RENEWED_AFTER
from accompany.evidence.text import write_base64
from authenticator import SoftPasskey, b64
from house import Attorney, House, house, listening

pytestmark = pytest.mark.anyio
ORIGIN = "http://accompany.test"
TOKEN = b"t" * 32


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as held:
        yield held


def forward(held: House, milliseconds: int) -> None:
    clock = held.server.office.clock
    clock.never_before(clock.now() + milliseconds)  # type: ignore[attr-defined]


async def ask(held: House, who: Attorney | None, method: str, path: str, **json: Any) -> Any:
    headers = {} if who is None else who.headers
    more = {"json": json} if json else {}
    answer = await held.request(method, path, headers=headers, **more)
    held.client.cookies.clear()
    return answer


async def registered(
    held: House, who: Attorney, passkey: SoftPasskey, sealed: bytes | None = None
) -> Any:
    options = (await ask(held, who, "POST", "/api/passkeys/challenge")).json()
    keys = None if sealed is None else write_base64(sealed)
    given = {"credential": passkey.create(options), "name": "My phone", "sealed": keys}
    return await ask(held, who, "POST", "/api/passkeys", **given)


async def signed_in(held: House, passkey: SoftPasskey, **bent: Any) -> Any:
    options = (await ask(held, None, "GET", "/api/sign-in")).json()
    return await ask(held, None, "POST", "/api/sign-in", credential=passkey.get(options, **bent))


def by(answer: Any, who: Attorney) -> Attorney:
    assert answer.status_code == 200, answer.text
    return replace(who, cookie=answer.headers["set-cookie"].partition(";")[0])


async def test_a_passkey_is_made_and_comes_in_with_its_card_and_its_sealed_keys(
    held: House,
) -> None:
    ada, passkey = await held.attorney(), SoftPasskey(ORIGIN)
    answer = await registered(held, ada, passkey, b"sealed keys")
    assert answer.status_code == 201, answer.text
    (listed,) = answer.json()["passkeys"]
    assert (listed["name"], listed["opens"], listed["id"]) == ("My phone", True, b64(passkey.id))
    answer = await signed_in(held, passkey)
    assert answer.json() == {
        "person": ada.serial, "role": "attorney", "name": "Ada Counsel",
        "card": ada.card.decode(), "sealed": write_base64(b"sealed keys"),
    }  # fmt: skip
    me = await ask(held, by(answer, ada), "GET", "/api/me")
    assert me.json()["person"] == ada.serial


async def test_a_coordinator_has_no_card_and_comes_in_the_same_way(held: House) -> None:
    cora, passkey = await held.person("coordinator"), SoftPasskey(ORIGIN)
    await registered(held, cora, passkey)
    found = (await signed_in(held, passkey)).json()
    assert (found["role"], found["card"], found["sealed"]) == ("coordinator", None, None)


async def test_whatever_is_wrong_with_a_passkey_is_answered_alike(held: House) -> None:
    ada, passkey = await held.attorney(), SoftPasskey(ORIGIN)
    await registered(held, ada, passkey)
    stranger = SoftPasskey(ORIGIN)
    copied = replace(SoftPasskey(ORIGIN), id=passkey.id)
    told = []
    for one, bent in (
        (stranger, {}), (copied, {}), (passkey, {"origin": "https://evil.example"}),
        (passkey, {"type": "webauthn.create"}), (passkey, {"challenge": b64(bytes(32))}),
        (replace(passkey, verifies=False), {}),
    ):  # fmt: skip
        answer = await signed_in(held, one, **bent)
        told.append((answer.status_code, answer.json()["detail"]))
        assert "set-cookie" not in answer.headers
    assert set(told) == {(401, "expected a passkey of this organization")}


@pytest.mark.parametrize(
    "credential", [{}, {"rawId": "x"}, {"rawId": 5, "response": {}}, {"response": []}, "text", None]
)
async def test_a_bent_answer_is_refused_in_its_shape(held: House, credential: Any) -> None:
    answer = await ask(held, None, "POST", "/api/sign-in", credential=credential)
    assert answer.status_code in (400, 401)
    ada = await held.attorney()
    given = {"credential": credential, "name": "x"}
    answer = await ask(held, ada, "POST", "/api/passkeys", **given)
    assert answer.status_code in (400, 422)


async def test_a_challenge_is_good_once_for_its_purpose_and_for_two_minutes(held: House) -> None:
    ada, passkey = await held.attorney(), SoftPasskey(ORIGIN)
    await registered(held, ada, passkey)
    options = (await ask(held, None, "GET", "/api/sign-in")).json()
    credential = passkey.get(options)
    assert (await ask(held, None, "POST", "/api/sign-in", credential=credential)).status_code == 200
    again = await ask(held, None, "POST", "/api/sign-in", credential=credential)
    assert again.status_code == 401
    late = passkey.get((await ask(held, None, "GET", "/api/sign-in")).json())
    forward(held, CHALLENGE_LASTS)
    assert (await ask(held, None, "POST", "/api/sign-in", credential=late)).status_code == 401
    # What was given to sign in makes no passkey, and another person's makes none here.
    ben = await held.attorney(name="Ben")
    options = (await ask(held, ben, "POST", "/api/passkeys/challenge")).json()
    for other in (
        {"challenge": (await ask(held, None, "GET", "/api/sign-in")).json()["challenge"]},
        {},
    ):
        given = SoftPasskey(ORIGIN).create({**options, **other})
        cara = await held.attorney(name="Cara")
        who = ben if other else cara
        answer = await ask(held, who, "POST", "/api/passkeys", credential=given, name="x")
        assert (answer.status_code, answer.json()["what"]) == (422, "challenge")


async def test_a_passkey_of_another_name_proves_nothing_here(held: House) -> None:
    """Somebody in between, who passes everything on under a name of their own."""
    ada = await held.attorney()
    passkey = SoftPasskey(ORIGIN)
    await registered(held, ada, passkey)
    evil = {"host": "evil.test"}
    options = (await held.get("/api/sign-in", headers=evil)).json()
    assert options["rpId"] == "evil.test"
    credential = replace(passkey, origin="http://evil.test").get(options)
    answer = await held.request(
        "POST", "/api/sign-in", json={"credential": credential}, headers=evil
    )
    assert answer.status_code == 401


async def test_a_number_can_have_no_passkeys_and_says_so(held: House) -> None:
    for host in ("127.0.0.1:8420", "[::1]:8420", "192.168.1.7"):
        answer = await held.get("/api/sign-in", headers={"host": host})
        assert (answer.status_code, "localhost" in answer.json()["detail"]) == (400, True)


async def test_the_address_that_was_set_is_the_one_that_counts(tmp_path: Path) -> None:
    async with house(tmp_path, address="https://duty.example.org/") as held:
        ada, passkey = await held.attorney(), SoftPasskey("https://duty.example.org")
        assert (await registered(held, ada, passkey)).status_code == 201
        assert (
            await registered(held, await held.attorney(), SoftPasskey(ORIGIN))
        ).status_code == 422
        assert (await signed_in(held, passkey)).status_code == 200


async def test_a_stolen_cookie_becomes_no_passkey_and_no_sheet(held: House) -> None:
    ada, passkey = await held.attorney(), SoftPasskey(ORIGIN)
    assert (await registered(held, ada, passkey)).status_code == 201
    forward(held, FRESH)
    sheet = {"token": write_base64(TOKEN), "sealed": None}
    for method, path, given in (
        ("POST", "/api/passkeys/challenge", {}),
        ("POST", "/api/passkeys", {"credential": {}, "name": "x"}),
        ("DELETE", f"/api/passkeys/{b64(passkey.id)}", {}),
        ("PUT", "/api/recovery", sheet),
    ):
        answer = await ask(held, ada, method, path, **given)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-fresh"), path
    # Proved again, it may, for five minutes.
    options = (await ask(held, None, "GET", "/api/sign-in")).json()
    other = SoftPasskey(ORIGIN)
    refused = await ask(held, ada, "POST", "/api/step-up", credential=other.get(options))
    assert refused.status_code == 401
    options = (await ask(held, None, "GET", "/api/sign-in")).json()
    proved = await ask(held, ada, "POST", "/api/step-up", credential=passkey.get(options))
    assert proved.status_code == 204
    assert (await registered(held, ada, other)).status_code == 201
    answer = await ask(held, ada, "DELETE", f"/api/passkeys/{b64(passkey.id)}")
    assert [one["id"] for one in answer.json()["passkeys"]] == [b64(other.id)]
    assert (await signed_in(held, passkey)).status_code == 401
    assert (await signed_in(held, other)).status_code == 200


async def test_somebody_elses_passkey_proves_nothing_for_me(held: House) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben")
    mine, theirs = SoftPasskey(ORIGIN), SoftPasskey(ORIGIN)
    await registered(held, ada, mine)
    await registered(held, ben, theirs)
    options = (await ask(held, None, "GET", "/api/sign-in")).json()
    answer = await ask(held, ada, "POST", "/api/step-up", credential=theirs.get(options))
    assert answer.status_code == 401
    answer = await ask(held, ada, "DELETE", f"/api/passkeys/{b64(theirs.id)}")
    assert answer.status_code == 404


async def test_a_passkey_is_kept_once_and_there_are_not_too_many(held: House) -> None:
    ada, passkey = await held.attorney(), SoftPasskey(ORIGIN)
    assert (await registered(held, ada, passkey)).status_code == 201
    assert (await registered(held, ada, passkey)).status_code == 422
    for _ in range(PASSKEYS - 1):
        assert (await registered(held, ada, SoftPasskey(ORIGIN))).status_code == 201
    assert (await registered(held, ada, SoftPasskey(ORIGIN))).status_code == 422


async def test_a_counter_that_falls_is_a_copy(held: House) -> None:
    ada, passkey = await held.attorney(), SoftPasskey(ORIGIN)
    await registered(held, ada, passkey)
    copy = replace(passkey)
    for _ in range(2):
        assert (await signed_in(held, passkey)).status_code == 200
    assert (await signed_in(held, copy)).status_code == 401


# The recovery sheet.


async def test_the_sheet_lets_in_and_gives_the_sealed_keys_back(held: House) -> None:
    ada = await held.attorney()
    given = {"token": write_base64(TOKEN), "sealed": write_base64(b"sealed to paper")}
    assert (await ask(held, ada, "PUT", "/api/recovery", **given)).status_code == 201
    answer = await ask(held, None, "POST", "/api/recovery", token=write_base64(TOKEN))
    assert answer.json()["sealed"] == write_base64(b"sealed to paper")
    # It proves who it is: a new passkey can be made, and a new sheet ends the old one.
    back = by(answer, ada)
    assert (await registered(held, back, SoftPasskey(ORIGIN))).status_code == 201
    fresh = {**given, "token": write_base64(b"n" * 32)}
    assert (await ask(held, back, "PUT", "/api/recovery", **fresh)).status_code == 201
    old = await ask(held, None, "POST", "/api/recovery", token=write_base64(TOKEN))
    assert old.status_code == 401
    rows = held.server.office.recoveries.kept._database.rows("SELECT * FROM recoveries")  # type: ignore[attr-defined]
    assert b"n" * 32 not in repr(rows).encode()


async def test_wrong_words_are_counted(tmp_path: Path) -> None:
    async with house(tmp_path, wrong_codes_a_minute=3) as held:
        for status in (401, 401, 401, 429):
            answer = await ask(held, None, "POST", "/api/recovery", token=write_base64(b"x" * 32))
            assert answer.status_code == status
        passkey = SoftPasskey(ORIGIN)
        assert (await signed_in(held, passkey)).status_code == 429


# Sessions.


async def test_sessions_are_listed_and_ended_one_by_one_or_all_but_this(held: House) -> None:
    ada, passkey = await held.attorney(), SoftPasskey(ORIGIN)
    await registered(held, ada, passkey)
    phone = by(await signed_in(held, passkey), ada)
    laptop = by(await signed_in(held, passkey), ada)
    listed = (await ask(held, laptop, "GET", "/api/sessions")).json()
    assert [one["this"] for one in listed] == [False, False, True]
    number = listed[0]["number"]
    assert (await ask(held, phone, "DELETE", f"/api/sessions/{number}")).status_code == 200
    assert (await ask(held, ada, "GET", "/api/me")).status_code == 401
    left = (await ask(held, laptop, "DELETE", "/api/sessions/others")).json()
    assert [one["this"] for one in left] == [True]
    assert (await ask(held, phone, "GET", "/api/me")).status_code == 401
    for wrong in (number, "x", "9" * 40, "²"):
        assert (await ask(held, laptop, "DELETE", f"/api/sessions/{wrong}")).status_code == 404


async def test_a_session_lasts_by_being_used_but_not_for_ever(tmp_path: Path) -> None:
    hour = 3_600_000
    async with house(tmp_path, session_hours=1) as held:
        ada, idle = await held.attorney(), await held.attorney(name="Ben")
        used = 0
        while used + RENEWED_AFTER < LONGEST:
            forward(held, hour - 1000)
            used += hour - 1000
            assert (await ask(held, ada, "GET", "/api/me")).status_code == 200, used
            if used < 2 * hour:
                continue
            assert (await ask(held, idle, "GET", "/api/me")).status_code == 401
        forward(held, hour)
        assert (await ask(held, ada, "GET", "/api/me")).status_code == 401


# Coordinators: inviting and removing.


async def test_a_coordinator_invites_and_only_freshly_another_one(held: House) -> None:
    cora = await held.person("coordinator")
    answer = await ask(held, cora, "POST", "/api/invitations", role="attorney", name="Ada")
    assert answer.status_code == 201
    assert answer.json()["path"] == f"/duty#invitation={answer.json()['code']}"
    seen = (await held.get(f"/api/invitations/{answer.json()['code']}")).json()
    assert (seen["role"], seen["used"]) == ("attorney", False)
    for role in ("coordinator", "custodian"):
        refused = await ask(held, cora, "POST", "/api/invitations", role=role)
        assert refused.json()["type"] == "/problems/not-fresh"
    assert (await registered(held, cora, SoftPasskey(ORIGIN))).status_code == 201
    answer = await ask(held, cora, "POST", "/api/invitations", role="coordinator")
    assert answer.json()["path"].startswith("/desk#invitation=")
    bent = await ask(held, cora, "POST", "/api/invitations", role="former")
    assert bent.status_code == 400


async def test_removing_somebody_is_one_act_that_leaves_no_way_in(held: House) -> None:
    cora, ada = await held.person("coordinator"), await held.attorney()
    theirs = SoftPasskey(ORIGIN)
    await registered(held, ada, theirs, b"sealed")
    given = {"token": write_base64(TOKEN), "sealed": write_base64(b"sealed")}
    await ask(held, ada, "PUT", "/api/recovery", **given)
    refused = await ask(held, cora, "DELETE", f"/api/people/{ada.serial}")
    assert refused.json()["type"] == "/problems/not-fresh"
    await registered(held, cora, SoftPasskey(ORIGIN))
    assert (await ask(held, cora, "DELETE", f"/api/people/{cora.serial}")).status_code == 403
    answer = await ask(held, cora, "DELETE", f"/api/people/{ada.serial}")
    gone = next(one for one in answer.json() if one["person"] == ada.serial)
    assert (gone["sessions"], gone["passkeys"], gone["removed"] is None) == (0, 0, False)
    assert (await ask(held, ada, "GET", "/api/me")).status_code == 401
    assert (await signed_in(held, theirs)).status_code == 401
    token = write_base64(TOKEN)
    assert (await ask(held, None, "POST", "/api/recovery", token=token)).status_code == 401
    note = (await held.session_note(ada)).decode()
    assert (await ask(held, None, "POST", "/api/sessions", note=note)).status_code == 401
    again = await ask(held, cora, "DELETE", f"/api/people/{ada.serial}")
    assert again.json() == answer.json()


@pytest.mark.parametrize(
    ("trusted", "proto", "secure"),
    [
        ("127.0.0.1", "https", True),
        ("127.0.0.1", "http", False),
        ("127.0.0.1", None, False),
        # From whoever is no proxy of ours a word about TLS says nothing.
        ("192.0.2.1", "https", False),
    ],
)
async def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_only(
    tmp_path: Path, trusted: str, proto: str | None, secure: bool
) -> None:
    async with listening(tmp_path, proxies=trusted) as held:
        keyed = await held.enrolled()
        note = (await held.session_note(keyed)).decode()
        headers = {"x-forwarded-proto": proto} if proto else {}
        answer = await held.client.post("/api/sessions", json={"note": note}, headers=headers)
        assert answer.status_code == 204
        words = answer.headers["set-cookie"].lower().split("; ")
        assert ("secure" in words) is secure
        assert {"httponly", "samesite=strict"} <= set(words)


async def test_sessions_whose_time_is_over_are_dropped(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        await held.attorney()
        office = held.server.office
        people, now = office.people, office.clock.now()
        (held_one,) = people.people()
        assert people.forget_ended_sessions(now) == 0
        for until in (now - 1, now):
            people.add_session(b"%d" % until, Session(0, held_one.id, 1, 1, until))
    async with house(tmp_path) as held:
        # A start drops them, and from then on it is done every hour.
        people = held.server.office.people
        async with asyncio.timeout(10):
            while _kept(people) != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def _kept(people: People) -> int:
    rows = people._database.rows("SELECT count(*) FROM signed_in")  # type: ignore[attr-defined]
    return int(rows[0][0])
