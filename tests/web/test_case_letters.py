"""A closing letter over HTTP: sealed, sent by who has the case, given to who shows the secret."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from accompany.adapters.sqlite import connect
from accompany.client.device import Device
from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import OnDuty, Press
from accompany.evidence.age import HybridIdentity, decrypt, encrypt
from accompany.evidence.text import read_base64, write_base64
from accompany.ids import CardSerial, EncounterId
from house import SECRET, Attorney, House, listening, new_id, sound

pytestmark = pytest.mark.anyio
TEXT = "CANARYLETTER you owe nothing"


class Ended:
    """Ada's case with a recording, filed under the caller's secret."""

    def __init__(self, held: House, ada: Attorney, encounter: str, device: Device) -> None:
        self.held, self.ada, self.device = held, ada, device
        self.key = HybridIdentity.generate()
        self.path = f"/api/cases/{encounter}/letter"

    async def send(self, who: Attorney, text: str | None = TEXT, **bent: str) -> int:
        sealed = "" if text is None else write_base64(encrypt(text.encode(), [self.key.recipient]))
        body = {"recording": self.device.recording, "sealed": sealed, **bent}
        answer = await self.held.request("PUT", self.path, json=body, headers=who.headers)
        return int(answer.status_code)

    async def sent(self, who: Attorney) -> list[dict[str, str]]:
        (case,) = (await self.held.get("/api/cases", headers=who.headers)).json()
        letters: list[dict[str, str]] = case["letters"]
        return letters

    async def read(self) -> list[Any]:
        asked = {"secrets": [write_base64(SECRET)]}
        found = (await self.held.client.post("/api/filed", json=asked)).json()
        for one in found[0]["recordings"]:
            if one["recording"] == self.device.recording:
                letters: list[Any] = one["letters"]
                return letters
        raise AssertionError("the recording is not filed")


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with listening(tmp_path_factory.mktemp("letters")) as held:
        yield held


@pytest.fixture
async def case(held: House) -> Ended:
    ada, encounter = await held.attorney(), EncounterId(new_id())
    desk, now = held.server.office.desk, held.server.office.clock.now()
    on = OnDuty(CardSerial(ada.serial), "x", frozenset({"TX"}), ("en",), now)
    desk.go_on_duty(on)
    desk.begin(Pressed(encounter, Press("TX", "en", now), b"secret"))
    assert desk.answer(encounter, CardSerial(ada.serial), now)
    device = await held.opened(encounter)
    await held.put(device, sound(device))
    desk.end(encounter, "caller", now)
    return Ended(held, ada, encounter, device)


async def test_a_letter_reaches_who_shows_the_secret_and_is_replaced_and_taken_back(
    case: Ended,
) -> None:
    ada = case.ada
    assert await case.read() == []
    assert await case.send(ada, "draft") == 204
    assert await case.send(ada) == 204
    (one,) = await case.read()
    assert decrypt(read_base64(one.pop("sealed")), [case.key]).decode() == TEXT
    assert one.pop("time").endswith("Z")
    assert one == {"author": ada.serial, "card": ada.card.decode()}
    # The case says that it was sent, when and by whom, and no word of it.
    assert [(sent.pop("time")[-1], sent) for sent in await case.sent(ada)] == [
        ("Z", {"recording": case.device.recording, "author": ada.serial, "name": "Ada Counsel"})
    ]
    # A note that is forgotten takes no letter along, nor the other way round.
    note = {"holder": ada.serial, "author": ada.serial, "sealed": ""}
    notes = case.path.replace("/letter", "/notes")
    answer = await case.held.request("PUT", notes, json=note, headers=ada.headers)
    assert answer.status_code == 204
    assert len(await case.read()) == 1
    assert await case.send(ada, None) == 204
    assert (await case.read(), await case.sent(ada)) == ([], [])


async def test_only_who_has_the_case_sends_one_and_about_its_own_recordings(case: Ended) -> None:
    ben, other = await case.held.attorney(name="Ben Bar"), await case.held.opened()
    assert await case.send(ben) == 404
    assert await case.send(case.ada, recording=other.recording) == 404
    assert await case.send(case.ada, recording=new_id()) == 404
    assert await case.send(case.ada, sealed=write_base64(TEXT.encode())) == 422
    assert await case.send(case.ada, sealed="no base64") == 400
    assert await case.send(case.ada, sealed=write_base64(bytes(300 * 1024))) == 413
    assert await case.read() == []
    assert await case.send(case.ada) == 204
    dump = "\n".join(connect(case.held.server.office.settings.data / "accompany.sqlite").iterdump())
    for word in (TEXT, TEXT.encode().hex().upper()):
        assert word not in dump
