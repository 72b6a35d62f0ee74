"""Names for the relay: who is given one, what it says, and that a real relay takes it."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from accompany.adapters.relays import relay_remarks
from accompany.calls.relay import LASTS, Relay
from accompany.config import Settings
from accompany.errors import Malformed
from accompany.evidence.text import read_time
from house import House, listening
from turn import SECRET, turn_relay

pytestmark = pytest.mark.anyio

TURN = "turn:relay.example:3478?transport=udp turns:relay.example:443?transport=tcp"


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("relay")
    async with listening(folder, ice=f"stun:relay.example {TURN}", relay_secret=SECRET) as held:
        yield held


async def asked(held: House, **body: Any) -> Any:
    return await held.client.post("/api/relay", json=body)


async def test_everybody_learns_that_there_is_a_relay_and_no_name_for_it(held: House) -> None:
    service = (await held.get("/api/service")).json()
    assert service["relay"] is True
    assert service["ice"] == [{"urls": ["stun:relay.example"]}]
    assert SECRET not in str(service)


async def test_a_press_has_a_name_until_it_is_over(held: House) -> None:
    press = held.press()
    whose = {"encounter": press["encounter"], "secret": press["secret"]}
    assert (await asked(held, **whose)).status_code == 404
    async with held.phone() as phone:
        await phone.say(**press)
        await phone.until("standing")
        answer = await asked(held, **whose)
        assert answer.status_code == 200
        stun, relay = answer.json()["ice"]
        assert stun == {"urls": ["stun:relay.example"]}
        assert relay["urls"] == TURN.split()
        ends = int(relay["username"].partition(":")[0]) * 1000
        now = held.server.office.clock.now()
        assert now + LASTS - 60_000 < ends <= now + LASTS
        assert abs(read_time(answer.json()["expires"]) - ends) <= 1000
        assert press["encounter"] not in answer.text
        # Two names of one press have nothing in common but the hour.
        again = (await asked(held, **whose)).json()["ice"][1]
        assert again["username"].partition(":")[2] != relay["username"].partition(":")[2]

        other = held.press()["secret"]
        assert (await asked(held, **{**whose, "secret": other})).status_code == 404
        await phone.say(type="end")
        await phone.until("standing", lambda standing: standing["stage"] == "ended")
    assert (await asked(held, **whose)).status_code == 404


async def test_an_attorney_has_a_name_and_a_stranger_has_none(held: House) -> None:
    assert (await asked(held)).status_code == 401
    ada = await held.attorney()
    answer = await held.client.post("/api/relay", json={}, headers=ada.headers)
    assert answer.json()["ice"][1]["credential"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"encounter": 1}', b'{"other": ""}', b"\xff"])
async def test_what_is_no_question_is_refused_in_words(held: House, body: bytes) -> None:
    answer = await held.client.post("/api/relay", content=body)
    assert answer.status_code == 400, answer.text


async def test_a_body_that_is_too_long_is_not_read(held: House) -> None:
    assert (await held.client.post("/api/relay", content=b" " * 2000)).status_code == 413


@pytest.mark.parametrize(
    ("ice", "secret", "about"),
    [
        ("turn:relay.example", "", "relay_secret"),
        ("turn:relay.example", "short", "relay_secret"),
        ("stun:relay.example", SECRET, "ice"),
        ("relay.example", "", "ice"),
        ("turn:relay.example?transport=sctp", SECRET, "ice"),
        ("turn:user@relay.example", SECRET, "ice"),
        ("https://relay.example", "", "ice"),
    ],
)
def test_settings_that_make_no_call_are_refused_at_start(ice: str, secret: str, about: str) -> None:
    with pytest.raises(Malformed, match=f"setting {about}"):
        Relay.of(ice, secret)


def test_tls_is_offered_last_wherever_it_stands() -> None:
    secure, plain, tcp = "turns:a:443?transport=tcp", "turn:a?transport=udp", "turn:a?transport=tcp"
    (named,) = Relay.of(f"{secure} {plain} {tcp}", SECRET).named(0, "x")
    assert named["urls"] == [plain, tcp, secure]


def test_without_a_relay_there_is_no_name() -> None:
    assert Relay.of("", "").named(0, "x") == []
    assert Relay.of("stun:a:3478", "").named(0, "x") == [{"urls": ["stun:a:3478"]}]


def test_a_real_relay_takes_a_name_while_it_is_good_and_no_other(tmp_path: Path) -> None:
    with turn_relay(tmp_path) as relay:
        ours = Relay.of(relay.settings["ACCOMPANY_ICE"], SECRET)
        now = time.time_ns() // 1_000_000
        good, old = ours.named(now, "x")[0], ours.named(now - LASTS - 60_000, "x")[0]
        assert relay.allocates(good["username"], good["credential"])
        assert not relay.allocates(old["username"], old["credential"])
        assert not relay.allocates(good["username"], old["credential"])
        settings = Settings(ice=relay.settings["ACCOMPANY_ICE"], relay_secret=SECRET)
        assert [one.how for one in relay_remarks(settings)] == ["good", "good"]
    said = list(relay_remarks(settings))
    assert [one.how for one in said] == ["wrong", "wrong"]
    assert "does not answer" in said[0].words


def test_a_real_relay_is_reached_by_tls_and_only_where_its_certificate_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turn_relay(tmp_path) as relay:
        ours = Relay.of(relay.secure["ACCOMPANY_ICE"], SECRET)
        settings = Settings(ice=ours.turn[-1], relay_secret=SECRET)
        (said,) = relay_remarks(settings)
        assert (said.how, "CERTIFICATE_VERIFY_FAILED" in said.words) == ("wrong", True)
        monkeypatch.setenv("SSL_CERT_FILE", str(relay.authority))
        (said,) = relay_remarks(settings)
        assert said.how == "good", said.words
