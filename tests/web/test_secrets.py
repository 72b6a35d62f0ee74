"""What a seized disk tells after a whole encounter: no address, code, secret or key in clear."""

import asyncio
import base64
import json
import logging
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import thief
from accompany.adapters.backup import Backup
from accompany.adapters.logs import write_logs
from accompany.adapters.stores import Store
from accompany.client.device import Device
from accompany.custody.deletion import Wish
from accompany.custody.export import Package
from accompany.evidence.text import read_base64
from accompany.ids import RecordingId
from house import SECRET, House, bearing, listening, new_id
from thief import COORDINATES, HERE

pytestmark = pytest.mark.anyio
DEVICE = b"audio/mp4"
"""In every opening here: what a recording says of itself in clear."""

ADDRESS = "203.0.113.77"
"""Whence the caller comes, as a proxy on this machine says it."""


def forms(secret: bytes) -> set[bytes]:
    """Return the ways in which *secret* could have been written down."""
    plain = base64.b64encode(secret)
    return {secret, plain, plain.rstrip(b"="), secret.hex().encode(), base64.b32encode(secret)}


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def holding(folder: Path, canary: bytes) -> set[str]:
    return {name for name, data in files(folder) if canary.lower() in data.lower()}


async def encounter(
    held: House, middle: Callable[[], None] = lambda: None
) -> dict[str, set[bytes]]:
    """Go through everything once, with *middle* while the call goes on; return what must not be
    found, by what it is."""
    held.client.headers["x-forwarded-for"] = ADDRESS
    proxied = {"x-forwarded-for": ADDRESS}
    ada = await held.attorney()
    note = await held.session_note(ada)
    press = held.press()
    async with (
        held.socket("/api/live/duty", additional_headers={**ada.headers, **proxied}) as console,
        held.phone(additional_headers=proxied) as phone,
    ):
        await console.say(type="duty", on=True, languages=["en"])
        await phone.say(**{**press, "guest_code": "zzzz-zzzz"})
        await phone.until_problem()
        await phone.say(**press)
        await console.until("desk", lambda desk: desk["rings"])
        offer = {"note": "NOTE-CANARY", "description": {"sdp": "SDP-CANARY"}}
        await console.say(type="answer", encounter=press["encounter"], **offer)
        await phone.until("signal")
        await phone.say(type="signal", candidate={"candidate": f"CANDIDATE-CANARY {ADDRESS}"})
        await console.until("signal")
        device = await held.opened(press["encounter"], segments=3)
        middle()
        await phone.say(type="end")
        await console.until("ended")
    for rest in ("", "/segments/1", "/package", "/proofs/1"):
        await held.get(f"/api/recordings/{device.recording}{rest}", headers=bearing(SECRET))
    await held.get("/api/cases", headers=ada.headers)
    await held.get("/log/checkpoint", headers=bearing(held.server.guest_code))
    await held.get(f"/api/invitations/{new_id()}")
    cookie = ada.cookie.partition("=")[2].strip('"')
    return {
        "address": {ADDRESS.encode(), bytes(map(int, ADDRESS.split(".")))},
        "press secret": forms(read_base64(press["secret"])),
        "locator secret": forms(SECRET),
        "session": forms(read_base64(cookie)),
        "challenge": {note.split(b"challenge ")[1].split(b"\n")[0]},
        "signals": {b"NOTE-CANARY", b"SDP-CANARY", b"CANDIDATE-CANARY"},
        "recording's identity": {str(device.identity).encode(), device.identity.seed},
        "recording's key": forms(device.signer.private.private_bytes_raw()),
        "attorney's key": forms(ada.signer.private.private_bytes_raw()),
        "film": {b"sound 1 sound 1"},
        "wrong code": {b"zzzz-zzzz", b"zzzzzzzz"},
    }


async def test_nothing_that_must_not_be_kept_is_kept_or_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, taken = tmp_path / "data", tmp_path / "taken"

    def take() -> None:
        """In the middle of it: the whole folder, and a backup of it."""
        shutil.copytree(data, taken / "data")
        Backup(data, Store(str(taken / "backup"))).run()

    async with listening(tmp_path) as held:
        canaries = await encounter(held, take)
        # It was seen, or looking for it would prove nothing.
        assert ADDRESS in held.server.office.codes._wrong
        code, invitation = held.server.guest_code, held.server.invitation
        for folder in (data, taken):
            found = {what: holding(folder, one) for what, ones in canaries.items() for one in ones}
            assert {what: names for what, names in found.items() if names} == {}
        Backup(data, Store(str(tmp_path / "backup"))).run()
    # And once it has stopped, with everything written back from where it waited.
    for folder in (data, tmp_path / "backup"):
        found = {what: holding(folder, one) for what, ones in canaries.items() for one in ones}
        assert {what: names for what, names in found.items() if names} == {}
    # What is looked for would be found there: the recording is in both.
    assert all(holding(folder, DEVICE) for folder in (data, taken, tmp_path / "backup"))
    assert holding(data, code.encode()) == {"guest-code"}
    assert holding(data, code.replace("-", "").encode()) == set()
    assert holding(data, invitation.encode()) == {"invitation"}
    said = capfd.readouterr()
    assert said.err == said.out == ""


def kept_of(held: House, recording: RecordingId) -> set[bytes]:
    """Return what is kept of a recording, and nothing else has: its texts' ends are signatures."""
    keeper = held.server.office.keeper
    opening = keeper.recording(recording)
    assert opening is not None
    rows = [opening, *keeper.statements(recording)]
    found = {text[-60:-4] for row in rows for text in (row.note, row.receipt)}
    custody = keeper.custody(recording)
    assert custody, "somebody had asked for it"
    found |= {opening.locator, *(one.data for one in [*custody, *keeper.grants(recording)])}
    for number in (1, 2, 3):
        body = keeper.segment(recording, number)
        assert body is not None
        found |= {body[at : at + 48] for at in (0, 1000, len(body) - 48)}
    return found


async def test_of_a_deleted_recording_nothing_is_in_any_file_of_a_whole_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a press, a call, a recording that was read and handed out as a package."""
    data, made = tmp_path / "data", list[Device]()
    async with listening(tmp_path, deletion_days=0.0) as held:
        opened = held.opened

        async def remembered(*given: Any, **more: Any) -> Device:
            made.append(await opened(*given, **more))
            return made[-1]

        monkeypatch.setattr(held, "opened", remembered)
        await encounter(held)
        (device,) = made
        pieces = kept_of(held, device.recording)
        assert all(holding(data, piece) for piece in pieces)
        wish = Wish(device.recording, 0, 0, "organization")
        office = held.server.office
        assert office.deletions._wishes.ask(wish)
        async with asyncio.timeout(30):
            while office.keeper.tombstone(device.recording) is None or office.keeper.unerased():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        left = {name for piece in pieces for name in holding(data, piece)}
        assert left == set()
        # The tree has not changed, and says that there was one.
        assert holding(data, device.recording.encode()) >= {"journal/000001.journal"}
    # Nor once it has stopped, in any file or in the second place.
    assert {name for piece in pieces for name in holding(tmp_path, piece)} == set()


async def failing(recording: str, by: str, with_custody: bool) -> Package:
    """A fault of ours whose message quotes whatever it can get."""
    shown = (recording, by, with_custody, ADDRESS, bearing(SECRET), "code zzzz-zzzz")
    raise RuntimeError(f"failed for {shown}")


@pytest.mark.parametrize("kind", ["json", "text"])
async def test_the_logs_of_a_whole_encounter_say_nothing_of_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """With more said than a server says, and a fault whose traceback quotes what was asked for."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    write_logs(kind)
    root.setLevel(logging.INFO)
    try:
        async with listening(tmp_path) as held:
            monkeypatch.setattr(held.server.office.export, "package", failing)
            canaries = await encounter(held)
            code, invitation = held.server.guest_code, held.server.invitation
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    said = capfd.readouterr().err
    assert "RuntimeError: failed for" in said, "the fault was to be heard of"
    if kind == "json":
        assert all(json.loads(line)["message"] for line in said.splitlines())
    canaries |= {
        "codes": {code.encode(), invitation.encode(), b"zzzz-zzzz"},
        "names": {b"Ada Counsel", b"Ada"},
    }
    found = [what for what, ones in canaries.items() if any(one in said.encode() for one in ones)]
    assert found == []
    assert not re.search("[a-z2-7]{32}", said), "an id tells who asked for what"


@pytest.mark.parametrize(
    "written",
    [b'{"lat":31.761913}', "106.485027".encode("utf-16-le"), struct.pack("<d", HERE["longitude"])],
)
def test_a_place_would_be_found_however_it_was_written(tmp_path: Path, written: bytes) -> None:
    """What the thief of a phone and a server looks for (journeys/test_own_key) is no blind eye."""
    (tmp_path / "one").write_bytes(b"before " + written)
    (tmp_path / "other").write_bytes(b"31.76 106.4851")
    assert thief.holding(tmp_path, COORDINATES) == ["one"]


async def test_two_encounters_of_one_caller_share_nothing_on_the_disk(tmp_path: Path) -> None:
    """Everything a phone draws anew for each press is all that there is of it."""
    async with listening(tmp_path) as held:
        first, second = held.press(), held.press()
        for press in (first, second):
            async with held.phone() as phone:
                await phone.say(**press)
                await phone.until("standing")
                await phone.say(type="end")
                await phone.until("standing", lambda one: one["stage"] == "ended")
        rows = held.server.office.desk._presses._database.rows(  # type: ignore[attr-defined]
            "SELECT encounter, secret FROM presses ORDER BY pressed"
        )
    assert len(rows) == 2
    assert not set(map(str, rows[0])) & set(map(str, rows[1]))
