"""Deletion over HTTP and by the command line, on a whole server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accompany.cli import deletion, main
from accompany.client.device import Device
from accompany.custody.deletion import DAY
from accompany.evidence.deletions import DELETION, UNDELETION, open_tombstone, write_wish
from accompany.evidence.notes import Signer
from accompany.evidence.text import write_base64, write_time
from house import SECRET, House, bearing, house, new_id, sound

pytestmark = pytest.mark.anyio
KEY = Signer.from_seed("x", b"deletion key of thirty-two bytes")


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, deletion_days=0.0) as held:
        yield held


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[House]:
    """A server that waits seven days, as they all do."""
    async with house(tmp_path) as held:
        yield held


async def recorded(held: House) -> Device:
    device = held.device()
    given = held.new_recording(device, deletion=write_base64(KEY.verifier.key))
    assert (await held.client.post("/api/recordings", json=given)).status_code == 201
    assert (await held.put(device, sound(device))).status_code == 201
    return device


def path(device: Device) -> str:
    return f"/api/recordings/{device.recording}"


def note(held: House, device: Device, magic: str = DELETION) -> bytes:
    return write_wish(magic, device.recording, held.server.office.clock.now(), KEY)


async def until_deleted(held: House, device: Device) -> None:
    keeper = held.server.office.keeper
    async with asyncio.timeout(10):
        while keeper.tombstone(device.recording) is None or keeper.unerased():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_callers_note_deletes_after_the_wait(held: House) -> None:
    device = await recorded(held)
    answer = await held.request("DELETE", path(device), content=note(held, device))
    assert answer.status_code == 202
    assert answer.json()["held"] is False
    await until_deleted(held, device)
    for answer in (
        await held.get(path(device)),
        await held.get(f"{path(device)}/package", headers=bearing(SECRET)),
        await held.get(f"{path(device)}/segments/1", headers=bearing(SECRET)),
        await held.get(f"{path(device)}/proofs/1"),
        await held.put(device, sound(device)),
        await held.request("DELETE", path(device), content=b""),
    ):
        assert answer.status_code == 410
        problem = answer.json()
        assert problem["type"] == "/problems/deleted"
        receipts = held.server.keys.receipts.verifier
        told = open_tombstone(problem["tombstone"].encode(), receipts)
        assert (told.recording, told.by) == (device.recording, "caller")


async def test_until_then_the_state_says_when_and_it_can_be_taken_back(patient: House) -> None:
    held, device = patient, await recorded(patient)
    asked = await held.request("DELETE", path(device), content=note(held, device))
    due = asked.json()["due"]
    assert (await held.get(path(device))).json()["deletion"] == due
    again = await held.request("DELETE", path(device), content=note(held, device))
    assert (again.status_code, again.json()["due"]) == (202, due)
    # Meanwhile nothing else changes.
    assert (await held.put(device, sound(device))).status_code == 201
    back = f"{path(device)}/deletion"
    assert (await held.request("DELETE", back, content=note(held, device))).status_code == 400
    undone = await held.request("DELETE", back, content=note(held, device, UNDELETION))
    assert undone.status_code == 204
    assert (await held.get(path(device))).json()["deletion"] is None
    undone = await held.request("DELETE", back, content=note(held, device, UNDELETION))
    assert undone.status_code == 404


async def test_strangers_and_guests_delete_nothing(held: House) -> None:
    device, guest = await recorded(held), await held.opened(segments=1)
    stranger = Signer.generate("x")
    wrong = write_wish(DELETION, device.recording, 0, stranger)
    for answer, status in (
        (await held.request("DELETE", path(device), content=wrong), 422),
        (await held.request("DELETE", path(device), headers=bearing(SECRET)), 400),
        (await held.request("DELETE", path(guest), content=note(held, guest)), 403),
        (await held.request("DELETE", f"/api/recordings/{new_id()}", content=b""), 404),
        (await held.request("DELETE", path(device), content=bytes(9000)), 413),
    ):
        assert answer.status_code == status
    await held.server.office.deletions.step()
    assert (await held.get(path(device))).status_code == 200


async def test_the_organization_deletes_by_a_command_beside_the_running_server(
    held: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOMPANY_DELETION_DAYS", "0")
    data = str(held.server.policy.parent)
    first, second = await held.opened(segments=1), await held.opened(segments=1)
    assert main(["hold", first.recording, "--data", data, "--reason", "State v. Doe"]) == 0
    assert main(["delete", first.recording, "--data", data, "--reason", "asked for"]) == 0
    assert "a legal hold stands" in capsys.readouterr().out
    assert main(["hold", "--list", "--data", data]) == 0
    assert "State v. Doe" in capsys.readouterr().out
    assert main(["delete", "--list", "--data", data]) == 0
    listed = capsys.readouterr().out
    assert f"{first.recording} waits until" in listed
    assert listed.endswith("by organization, held: asked for\n")
    assert main(["delete", second.recording, "--data", data]) == 0
    await until_deleted(held, second)
    assert (await held.get(path(first))).status_code == 200
    assert main(["delete", second.recording, "--data", data]) == 1
    assert "there is no such recording here" in capsys.readouterr().err
    assert main(["delete", "--list", "--data", data]) == 0
    assert f"{second.recording} deleted" in capsys.readouterr().out
    assert main(["hold", first.recording, "--lift", "--data", data]) == 0
    await until_deleted(held, first)


async def test_what_is_old_is_listed_before_it_is_deleted_and_holds_come_first(
    patient: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*arguments: str) -> str:
        assert main(["delete", *arguments, "--data", str(patient.server.policy.parent)]) == 0
        return capsys.readouterr().out

    plain, held_back, wanted = [await patient.opened() for _ in range(3)]
    assert main(["hold", held_back.recording, "--data", str(patient.server.policy.parent)]) == 0
    said(wanted.recording)
    said(wanted.recording, "--undo")
    assert said("--older-than", "30").startswith("0 recordings")
    ahead = patient.server.office.clock.now() + 40 * DAY
    monkeypatch.setattr(deletion, "_now", lambda: ahead)
    monkeypatch.setenv("ACCOMPANY_KEEP_SOUND_DAYS", "30")
    fates = {
        plain.recording: "nobody has asked yet",
        held_back.recording: "a legal hold keeps it",
        wanted.recording: "asked for, and taken back",
    }
    rule = said("--rule")
    assert "film: kept for ever" in rule
    assert "sound: 30 days" in rule
    listed = said("--older-than", "30")
    for recording, fate in fates.items():
        for text in (rule, listed):
            (line,) = [line for line in text.splitlines() if recording in line]
            assert "40 days old" in line
            assert line.endswith(fate)
    assert listed.endswith("3 recordings; nothing was changed: add --yes\n")
    assert patient.server.office.deletions.waiting(plain.recording) is None
    assert said("--older-than", "30", "--kind", "film", "--yes") == "0 recordings\n"
    done = said("--older-than", "30", "--yes", "--reason", "older than a month")
    due = write_time(ahead + 7 * DAY)
    assert [line.rpartition(": ")[2] for line in done.splitlines()] == [
        f"deleted at {due}", "a legal hold keeps it", f"deleted at {due}", "3 recordings",
    ]  # fmt: skip
    wish = patient.server.office.deletions.waiting(plain.recording)
    assert wish is not None
    assert (wish.by, wish.reason) == ("organization", "older than a month")


async def test_the_organization_takes_its_word_back(
    patient: House, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(patient.server.policy.parent)
    device = await patient.opened()
    assert main(["delete", device.recording, "--data", data]) == 0
    assert (await patient.get(path(device))).json()["deletion"] is not None
    assert main(["delete", device.recording, "--undo", "--data", data]) == 0
    assert (await patient.get(path(device))).json()["deletion"] is None
    assert main(["delete", device.recording, "--undo", "--data", data]) == 1
    assert main(["hold", device.recording, "--lift", "--data", data]) == 1
    assert main(["hold", "--data", data]) == 1
    assert main(["delete", new_id(), "--data", data]) == 1
    assert main(["delete", device.recording, "--reason", "two\nlines", "--data", data]) == 1
    assert main(["delete", device.recording, "--data", f"{data}/nothing"]) == 1
    assert "Traceback" not in capsys.readouterr().err
