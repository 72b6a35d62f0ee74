"""Recordings released where the caller is missed: withheld, handed out, ended, over restarts."""

import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from accompany.client.device import Device, locator_of
from accompany.evidence.age import AgeError, HybridIdentity, decrypt, encrypt
from accompany.evidence.text import read_base64, write_base64, write_lines, write_time
from accompany.telling.release import HEARD_AGAIN, LASTS, LATE
from accompany.web.releasing import look, tidy
from house import House, bearing, listening, sound

pytestmark = pytest.mark.anyio
MINUTES = 15
WAIT = MINUTES * 60_000
HELPER = HybridIdentity.generate()
"""Whoever was named: one key for all, as making one costs some."""


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with listening(tmp_path) as house:
        yield house


def line_of(device: Device) -> bytes:
    """What a grant holds: the identity's one line."""
    return f"{device.identity}\n".encode()


def forward(held: House, milliseconds: int) -> None:
    """Set the server's clock ahead: time is a parameter."""
    clock = held.server.office.clock
    clock.never_before(clock.now() + milliseconds)  # type: ignore[attr-defined]


@dataclass
class Phone:
    """A phone in a press with a check-in, one recording, and somebody named."""

    held: House
    press: dict[str, Any]
    device: Device
    grant: bytes
    check_in: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    shown: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """What the link shows; the phone itself has only its SHA-256."""

    locator: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def pass_(self) -> str:
        return sha256(self.shown).hexdigest()

    def named(self, **bent: Any) -> dict[str, Any]:
        lines = [
            ("recording", self.device.recording),
            ("sha256", sha256(self.grant).hexdigest()),
            ("time", write_time(self.held.server.office.clock.now())),
        ]
        note = self.device.signer.sign(write_lines("accompany/grant/v1", lines))
        given = {
            "pass": self.pass_, "recording": self.device.recording,
            "grant": write_base64(self.grant), "note": write_base64(note),
        }  # fmt: skip
        return {**given, **bent}

    async def withhold(self, **bent: Any) -> Any:
        return await self.held.request(
            "POST", "/api/tellings/releases", json=self.named(**bent),
            headers=bearing(self.check_in),
        )  # fmt: skip

    async def safe(self) -> Any:
        headers = bearing(self.check_in)
        return await self.held.request(
            "POST", "/api/tellings/safe", json={"contacts": []}, headers=headers
        )

    async def release(self) -> Any:
        answer = await self.held.get("/api/tellings", headers=bearing(self.check_in))
        return answer.json()["release"]

    async def package(self) -> Any:
        path = f"/api/recordings/{self.device.recording}/package"
        return await self.held.get(path, headers=bearing(self.shown))

    async def given(self) -> Any:
        return await self.held.request("POST", "/api/released", json={"passes": [self.pass_]})


async def begun(held: House, minutes: int = MINUTES) -> Phone:
    press = held.press()
    device = held.device(press["encounter"])
    phone = Phone(held, press, device, encrypt(line_of(device), [HELPER.recipient]))
    async with held.phone() as line:
        await line.say(**press)
        await line.until("standing")
    new = held.new_recording(device, locator=locator_of(phone.locator).hex())
    assert (await held.client.post("/api/recordings", json=new)).status_code == 201
    assert (await held.put(device, sound(device))).status_code == 201
    body = {
        "encounter": press["encounter"], "secret": press["secret"], "contacts": [],
        "check_in": write_base64(phone.check_in), "minutes": minutes,
    }  # fmt: skip
    assert (await held.request("POST", "/api/tellings", json=body)).status_code == 201
    return phone


async def missed(held: House, after: int = WAIT) -> None:
    forward(held, after)
    held.server.office.teller.tick()
    await look(held.server.office)


async def test_it_is_handed_out_once_the_caller_is_missed_and_opens(held: House) -> None:
    phone = await begun(held)
    office = held.server.office
    answer = await phone.withhold()
    assert answer.status_code == 201, answer.text
    assert answer.json()["release"] == {"given": None, "ended": None}
    # Before: not in the log, not in any list, and the link opens nothing.
    recording, first = phone.device.recording, list(phone.device.grants)
    assert [one.data for one in office.keeper.grants(recording)] == first
    assert (await phone.package()).status_code == 404
    assert (await phone.given()).status_code == 404

    await missed(held)
    assert (await phone.release())["given"] is not None
    (found,) = (await phone.given()).json()
    assert [one["recording"] for one in found["recordings"]] == [phone.device.recording]
    package = await phone.package()
    assert package.status_code == 200
    with ZipFile(BytesIO(package.content)) as files:
        names = [one for one in files.namelist() if "/grants/" in one]
        custody = files.read(f"{phone.device.recording}/data/custody.jsonl").decode()
        (grant,) = [one for one in (files.read(name) for name in names) if _opens(one)]
    assert decrypt(grant, [HELPER]) == line_of(phone.device)
    assert "released: no check-in in time" in custody
    assert office.releases.withheld(sha256(phone.check_in).digest()) == []


def _opens(data: bytes) -> bool:
    try:
        return bool(decrypt(data, [HELPER]))
    except AgeError:
        return False


async def test_whoever_checks_in_a_second_before_has_given_nothing(held: House) -> None:
    phone = await begun(held)
    assert (await phone.withhold()).status_code == 201
    forward(held, WAIT - 1_000)
    assert (await phone.safe()).json()["release"]["ended"] is not None
    await missed(held, 2_000)
    assert (await phone.given()).status_code == 404
    assert (await phone.package()).status_code == 404
    recording = phone.device.recording
    assert len(held.server.office.keeper.grants(recording)) == len(phone.device.grants)
    # Nothing of it is left to be found.
    assert held.server.office.releases.withheld(sha256(phone.check_in).digest()) == []
    assert (await phone.withhold()).status_code == 422
    raw = b"".join(one.read_bytes() for one in _database(held))
    assert phone.grant not in raw


def _database(held: House) -> list[Path]:
    return list(held.server.office.settings.data.glob("accompany.sqlite*"))


async def test_what_was_released_is_taken_back_by_being_safe_and_by_the_key(held: House) -> None:
    by_word, by_key = await begun(held), await begun(held)
    for phone in (by_word, by_key):
        assert (await phone.withhold()).status_code == 201
    await missed(held)
    for phone in (by_word, by_key):
        assert (await phone.package()).status_code == 200
    assert (await by_word.safe()).status_code == 200
    body = {"secrets": [b64encode(by_key.locator).decode()]}
    (filed,) = (await held.request("POST", "/api/filed", json=body)).json()
    (pass_,) = filed["recordings"][0]["passes"]
    assert pass_["digest"] == by_key.pass_
    assert pass_["released"] is not None
    path = f"/api/recordings/{by_key.device.recording}/passes/{by_key.pass_}"
    answer = await held.request("DELETE", path, headers=bearing(by_key.locator))
    assert answer.status_code == 204
    for phone in (by_word, by_key):
        assert (await phone.package()).status_code == 404
        assert (await phone.given()).status_code == 404


async def test_a_recording_begun_after_that_goes_out_as_well_and_all_of_it_ends(
    held: House,
) -> None:
    phone = await begun(held)
    assert (await phone.withhold()).status_code == 201
    await missed(held)
    later = held.device(phone.press["encounter"], "film")
    assert (await held.client.post("/api/recordings", json=held.new_recording(later))).is_success
    second = Phone(
        held, phone.press, later, encrypt(line_of(later), [HELPER.recipient]),
        phone.check_in, phone.shown,
    )  # fmt: skip
    assert (await second.withhold()).status_code == 201
    await look(held.server.office)
    assert (await second.package()).status_code == 200
    assert len(held.server.office.keeper.grants(later.recording)) == 2
    (found,) = (await phone.given()).json()
    assert len(found["recordings"]) == 2
    forward(held, LASTS)
    assert (await phone.package()).status_code == 404
    await tidy(held.server.office)
    assert held.server.office.releases.all() == []


async def test_looking_asks_nothing_of_what_was_handed_out(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a second, for thirty days: two questions for each would add up."""
    phone = await begun(held)
    assert (await phone.withhold()).status_code == 201
    await missed(held)
    await look(held.server.office)
    assert (await phone.package()).status_code == 200
    asked: list[str] = []
    releases = held.server.office.releases
    settled = type(releases).of
    monkeypatch.setattr(
        type(releases), "of", lambda self, one: asked.append("of") or settled(self, one)
    )
    await look(held.server.office)
    assert (releases.pending(), asked) == ([], [])
    assert len(releases.all()) == 1


async def test_what_does_not_hold_is_refused(held: House) -> None:
    phone, other, without = await begun(held), await begun(held), await begun(held, 0)
    elsewhere = encrypt(line_of(other.device), [HELPER.recipient])
    assert (await phone.withhold(recording=other.device.recording)).status_code == 404
    # A file that the note does not mean; a note by another recording's key; no age file at all.
    assert (await phone.withhold(grant=write_base64(elsewhere))).status_code == 422
    note = other.named()["note"]
    assert (await phone.withhold(note=note)).status_code in (400, 422)
    assert (await phone.withhold(grant=write_base64(b"no age file"))).status_code in (400, 422)
    assert (await phone.withhold(**{"pass": "00"})).status_code == 400
    assert (await without.withhold()).status_code == 422
    assert (await phone.withhold()).status_code == 201
    assert (await phone.withhold()).status_code == 201
    # A pass is one encounter's: two that share one could be joined.
    assert (await other.withhold(**{"pass": phone.pass_})).status_code == 422
    assert (await phone.withhold(**{"pass": other.pass_})).status_code == 422
    headers = bearing(secrets.token_bytes(32))
    answer = await held.request(
        "POST", "/api/tellings/releases", json=phone.named(), headers=headers
    )
    assert answer.status_code == 404
    assert len(read_base64(phone.named()["grant"])) > 0


async def test_a_server_that_was_away_gives_the_caller_time_to_be_heard(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        quiet, heard = await begun(held), await begun(held)
        for phone in (quiet, heard):
            assert (await phone.withhold()).status_code == 201
    async with listening(tmp_path) as held:
        quiet.held = heard.held = held
        # Their time was over long ago when it came back.
        await missed(held, WAIT + LATE + 1_000)
        assert (await quiet.given()).status_code == 404
        assert (await heard.safe()).status_code == 200
        await missed(held, HEARD_AGAIN)
        assert (await quiet.given()).status_code == 200
        assert (await quiet.package()).status_code == 200
        assert (await heard.given()).status_code == 404


async def test_what_a_crash_interrupted_is_done_by_the_next_start(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        phone = await begun(held)
        assert (await phone.withhold()).status_code == 201
        forward(held, WAIT)
        held.server.office.teller.tick()
        # Decided, and then the power went.
        assert held.server.office.releases.give(
            sha256(phone.check_in).digest(), held.server.office.clock.now()
        )
    async with listening(tmp_path) as held:
        phone.held = held
        await look(held.server.office)
        assert len(held.server.office.keeper.grants(phone.device.recording)) == 2
        assert (await phone.package()).status_code == 200
