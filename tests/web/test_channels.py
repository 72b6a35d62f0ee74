"""Attorneys' own channels, really: a push service that decrypts, an HTTP receiver, a dead one."""

import asyncio
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from accompany.adapters.bells import TEXTS, ChannelBells
from accompany.ids import CardSerial, EncounterId
from house import Attorney, House, Live, listening
from sinks import HttpSink, Taken, http_sink

pytestmark = pytest.mark.anyio


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(authorization: str, key: str) -> Any:
    """Return what the server says of itself to a push service, if its signature holds (ES256)."""
    scheme, _, rest = authorization.partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, fields["k"].rstrip("=")) == ("vapid", key)
    signed, _, signature = fields["t"].rpartition(".")
    raw = from_base64url(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(key))
    public.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(from_base64url(signed.split(".")[1]))


def from_base64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """A browser's push subscription: its keys, and what it makes of what comes."""

    def __init__(self, service: HttpSink) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.endpoint = f"{service.url}/push/CANARYSUBSCRIPTION"
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.subscription = {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": base64url(point), "auth": base64url(self.auth)},
        }

    def open(self, taken: Taken) -> Any:
        assert taken.headers["content-encoding"] == "aes128gcm"
        data = http_ece.decrypt(taken.body, private_key=self.private, auth_secret=self.auth)
        return json.loads(data)


@pytest.fixture(scope="module")
def service() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def tool() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
async def held(tmp_path: Path, service: HttpSink, tool: HttpSink) -> AsyncIterator[House]:
    for sink in (service, tool):
        sink.taken.clear()
        sink.status = 200
    path = tmp_path / "channels.toml"
    path.write_text(
        f"[attorneys]\nschemes = ['json', 'pover']\npush = ['{service.url}']\n"
        f"hosts = ['127.0.0.1:{tool.port}', '127.0.0.1:1']\n"
        f"alarms = ['json://127.0.0.1:{tool.port}/alarm']\n"
    )
    async with listening(tmp_path, channels=str(path)) as house:
        yield house


def ask(held: House, who: Attorney, method: str = "GET", path: str = "", **more: Any) -> Any:
    return held.request(method, f"/api/channels{path}", headers=who.headers, **more)


async def added(held: House, who: Attorney, browser: Browser, tool: HttpSink) -> None:
    push = {"kind": "push", "subscription": browser.subscription}
    own = {"kind": "apprise", "url": f"json://127.0.0.1:{tool.port}/CANARYTOPIC"}
    for body in (push, own, own):
        answer = await ask(held, who, "POST", json=body)
        assert answer.status_code == 201, answer.text


async def on_duty(console: Live) -> None:
    await console.say(type="duty", on=True, languages=["en"])
    await console.until("desk", lambda desk: desk["on"])


async def test_a_press_rings_every_channel_and_says_nothing_of_the_caller(
    held: House, service: HttpSink, tool: HttpSink
) -> None:
    ada, browser = await held.attorney(), Browser(service)
    await added(held, ada, browser, tool)
    async with held.console(ada) as console, held.phone() as phone:
        await on_duty(console)
        press = held.press()
        await phone.say(**press)
        await console.until("desk", lambda desk: desk["rings"])
        (pushed,) = await in_thread(service.wait, 1)
        (rung,) = await in_thread(tool.wait, 1)
        assert browser.open(pushed) == {"type": "ring"}
        said = json.loads(rung.body)
        assert (rung.path, said["title"]) == ("/CANARYTOPIC", "Accompany")
        assert "TX" not in rung.body.decode()
        assert said["message"] == "Somebody waits for an answer. Open your console."
        for taken in (pushed, rung):
            everything = json.dumps(taken.headers) + taken.path + repr(taken.body)
            assert press["encounter"] not in everything
        assert pushed.headers["urgency"] == "high"
        assert int(pushed.headers["ttl"]) == 60
        # Signed by this server for that service (RFC 8292).
        key = (await ask(held, ada)).json()["push_key"]
        assert claims(pushed.headers["authorization"], key)["aud"] == service.url
        await phone.say(type="end")


async def test_one_channel_that_hangs_or_fails_holds_no_other_up_and_is_shown(
    held: House, service: HttpSink, tool: HttpSink
) -> None:
    ada, browser = await held.attorney(), Browser(service)
    dead = {"kind": "apprise", "url": "json://127.0.0.1:1/nobody"}
    assert (await ask(held, ada, "POST", json=dead)).status_code == 201
    await added(held, ada, browser, tool)
    service.status = 410
    answer = await ask(held, ada, "POST", "/tests")
    found = {one["label"]: one for one in answer.json()["channels"]}
    assert {label: one["failing"] for label, one in found.items()} == {
        "json://127.0.0.1:1…": True,
        f"json://127.0.0.1:{tool.port}…": False,
        "web push": True,
    }
    assert found["web push"]["worked"] is None
    assert json.loads(tool.taken[0].body)["message"] == "This is a test. It works."
    assert "CANARY" not in answer.text
    metrics = (await held.get("/metrics")).text
    assert "accompany_channels_failing 2.0" in metrics
    assert (await ask(held, ada, "POST", "/tests")).status_code == 429


async def test_a_redirect_of_a_push_service_is_not_followed(
    held: House, service: HttpSink, tool: HttpSink
) -> None:
    ada, browser = await held.attorney(), Browser(service)
    body = {"kind": "push", "subscription": browser.subscription}
    assert (await ask(held, ada, "POST", json=body)).status_code == 201
    service.status, service.location = 307, f"{tool.url}/inside"
    try:
        (channel,) = (await ask(held, ada, "POST", "/tests")).json()["channels"]
    finally:
        service.location = ""
    assert channel["failing"]
    assert tool.taken == []


async def test_a_caller_who_is_missed_reaches_the_attorneys_channels(
    held: House, service: HttpSink, tool: HttpSink
) -> None:
    ada, browser = await held.attorney(), Browser(service)
    await added(held, ada, browser, tool)
    office = held.server.office
    office.reach.bells.missed(ada.serial)  # type: ignore[arg-type]
    (pushed,) = await in_thread(service.wait, 1)
    assert browser.open(pushed) == {"type": "missed"}


async def test_each_word_is_the_same_for_every_press_by_every_channel(
    held: House, service: HttpSink, tool: HttpSink
) -> None:
    """A call, a missed caller, an alarm, a surge: nothing is ever filled in."""
    ada, browser = await held.attorney(), Browser(service)
    await added(held, ada, browser, tool)
    bells = cast(ChannelBells, held.server.office.reach.bells)
    serial, secret = CardSerial(ada.serial), EncounterId("canary" * 5)
    bells.ring(serial, secret)
    bells.missed(serial)
    bells.surge(True, [serial])
    bells.alarm(secret)
    # The organization's own address hears of the alarm and of the surge as well.
    rung, pushed = await in_thread(tool.wait, 5), await in_thread(service.wait, 3)
    expected = [TEXTS["ring"], TEXTS["missed"], TEXTS["surge"], TEXTS["surge"], TEXTS["alarm"]]
    assert sorted(json.loads(one.body)["message"] for one in rung) == sorted(expected)
    opened = sorted(str(browser.open(one)) for one in pushed)
    assert opened == [f"{{'type': '{word}'}}" for word in ("missed", "ring", "surge")]
    for one in (*rung, *pushed):
        assert "canary" not in one.path + repr(one.body) + json.dumps(one.headers)


async def test_when_nobody_answers_the_organization_is_alarmed(held: House, tool: HttpSink) -> None:
    async with held.phone() as phone:
        await phone.say(**held.press())
        await phone.until("standing")
        clock = held.server.office.clock
        clock.never_before(clock.now() + 3_600_000)  # type: ignore[attr-defined]
        await in_thread(tool.wait, 1)
        assert tool.taken[0].path == "/alarm"
        said = json.loads(tool.taken[0].body)["message"]
        assert said == "Nobody has answered a call. Open the desk."


async def test_channels_are_their_owners_alone(
    held: House, service: HttpSink, tool: HttpSink
) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben Barrister")
    await added(held, ada, Browser(service), tool)
    own = (await ask(held, ada)).json()
    assert len(own["channels"]) == 2
    assert (own["schemes"], len(own["push_key"])) == (["json", "pover"], 87)
    assert (await ask(held, ben)).json()["channels"] == []
    path = f"/{own['channels'][0]['id']}"
    assert (await ask(held, ben, "DELETE", path)).status_code == 404
    for method, rest in (("GET", ""), ("POST", ""), ("POST", "/tests"), ("DELETE", path)):
        answer = await held.request(method, f"/api/channels{rest}", json={})
        assert answer.status_code == 401
    left = (await ask(held, ada, "DELETE", path)).json()["channels"]
    assert [one["id"] for one in left] == [own["channels"][1]["id"]]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "apprise", "url": "json://169.254.169.254/CANARY"},
        {"kind": "apprise", "url": "ntfys://ntfy.sh/CANARY"},
        {"kind": "apprise", "url": "pover://CANARY"},
        {"kind": "push", "subscription": {"endpoint": "http://127.0.0.1:1/CANARY"}},
        {
            "kind": "push",
            "subscription": {
                "endpoint": "http://127.0.0.1:1/CANARY",
                "keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22},
            },
        },
        {"kind": "fax", "url": "CANARY"},
        [],
    ],
)
async def test_what_is_not_allowed_is_refused_and_not_quoted(held: House, body: Any) -> None:
    ada = await held.attorney()
    answer = await ask(held, ada, "POST", json=body)
    assert answer.status_code == 400
    assert "CANARY" not in answer.text


async def test_eight_are_the_most(held: House, tool: HttpSink) -> None:
    ada = await held.attorney()
    statuses = [
        (
            await ask(
                held, ada, "POST",
                json={"kind": "apprise", "url": f"json://127.0.0.1:{tool.port}/{one}"},
            )
        ).status_code
        for one in range(9)
    ]  # fmt: skip
    assert statuses == [201] * 8 + [403]


async def in_thread(wait: Any, count: int) -> list[Taken]:
    return await asyncio.to_thread(wait, count)


async def test_coordinators_are_rung_on_their_own_channels_where_nobody_answers(
    held: House, tool: HttpSink
) -> None:
    cora = await held.person("coordinator", "Cora Coordinator")
    gone = await held.person("coordinator", "Gone Coordinator")
    ada = await held.attorney()
    for who, topic in ((cora, "cora"), (gone, "gone"), (ada, "ada")):
        own = {"kind": "apprise", "url": f"json://127.0.0.1:{tool.port}/{topic}"}
        assert (await ask(held, who, "POST", json=own)).status_code == 201
    office = held.server.office
    assert office.people.remove_person(gone.serial, office.clock.now())
    async with held.phone() as phone:
        await phone.say(**held.press())
        await phone.until("standing")
        office.clock.never_before(office.clock.now() + 3_600_000)  # type: ignore[attr-defined]
        taken = await in_thread(tool.wait, 2)
        # The attorney is not on duty, and who was removed is nobody's coordinator any more.
        assert {one.path for one in taken} == {"/alarm", "/cora"}
        said = {json.loads(one.body)["message"] for one in taken}
        assert said == {"Nobody has answered a call. Open the desk."}


async def test_a_channel_that_fails_is_shown_to_the_desk_though_nobody_is_on_duty(
    held: House, tool: HttpSink
) -> None:
    cora = await held.person("coordinator", "Cora Coordinator")
    ada = await held.attorney()
    dead = {"kind": "apprise", "url": "json://127.0.0.1:1/nobody"}
    own = {"kind": "apprise", "url": f"json://127.0.0.1:{tool.port}/x"}
    for body in (dead, own):
        assert (await ask(held, ada, "POST", json=body)).status_code == 201
    assert (await ask(held, ada, "POST", "/tests")).status_code == 200
    async with held.socket("/api/live/desk", additional_headers=cora.headers) as desk:
        board = await desk.until("board")
        assert board["silent"] == [
            {"name": "Ada Counsel", "role": "attorney", "channels": 2, "failing": 1}
        ]
