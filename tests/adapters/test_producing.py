"""`accompany produce`: all that is held of one recording, nothing of another; what a hold does."""

import json
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from accompany.adapters.closing import close_log
from accompany.cli import main
from accompany.client.device import Device
from accompany.custody.deletion import Wish
from accompany.evidence.notes import Verifier
from accompany.evidence.receipts import open_receipt
from accompany.evidence.statements import open_opening
from house import SECRET, House, bearing, house, new_id, sound

pytestmark = pytest.mark.anyio


async def recorded(held: House) -> tuple[Device, list[bytes]]:
    device = await held.opened()
    made = [sound(device) for _ in range(3)]
    for one in made:
        assert (await held.put(device, one)).status_code == 201
    await held.server.office.sequencer.covering(held.server.office.keeper.size - 1)
    return device, [one.sealed or b"" for one in made]


def produced(folder: Path, recording: str) -> dict[str, bytes]:
    to = folder / f"{recording}.zip"
    assert main(["produce", recording, "--data", str(folder / "data"), "-o", str(to)]) == 0
    assert to.stat().st_mode & 0o77 == 0
    with ZipFile(to) as found:
        assert found.testzip() is None
        files = {name: found.read(name) for name in found.namelist()}
    sums = files.pop("SHA256SUMS").decode().splitlines()
    assert sorted(sums) == sorted(f"{sha256(data).hexdigest()}  {n}" for n, data in files.items())
    return files


async def test_all_of_one_recording_is_written_and_nothing_of_another(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        device, sealed = await recorded(held)
        other, others = await recorded(held)
        await held.get(f"/api/recordings/{device.recording}/package", headers=bearing(SECRET))
        office = held.server.office
        office.deletions._wishes.ask(Wish(device.recording, 0, 2**50, "organization"))  # type: ignore[attr-defined]
        # Beside a running server.
        files = produced(tmp_path, device.recording)
        receipts_key = Verifier.parse(
            next(one for one in office.policy.splitlines() if one.startswith("# receipts"))[11:]
        )
    segments = [files[name] for name in sorted(files) if name.startswith("data/segments/")]
    assert segments == sealed
    assert [files[f"data/grants/{n}.age"] for n in range(len(device.grants))] == list(device.grants)
    for number in range(4):
        receipt = open_receipt(files[f"data/receipts/{number:06d}.note"], receipts_key)
        assert receipt.entry.digest == sha256(files[f"data/statements/{number:06d}.note"]).digest()
    assert len([name for name in files if name.startswith("data/proofs/0")]) == 4
    assert files["data/custody.jsonl"].count(b"\n") == 1
    told = json.loads(files["held.json"])
    assert (told["segments_here"], told["statements"], told["encounter"]) == (
        3, 3, open_opening(device.opening.note).encounter,
    )  # fmt: skip
    (wish,) = told["rows"]["accompany.sqlite"]["deletions"]
    assert wish["recording"] == device.recording
    everything = b"".join(files.values())
    assert other.recording.encode() not in everything
    assert not any(one[-200:] in everything for one in others)
    # Nothing that opens or admits: no key of the server, no secret of the caller's.
    assert SECRET not in everything
    for key in (tmp_path / "data" / "keys").glob("*.key"):
        assert key.read_bytes().splitlines()[-1] not in everything


async def test_of_what_was_deleted_the_tombstone_is_left(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        device, _ = await recorded(held)
        office = held.server.office
        office.deletions._wishes.ask(Wish(device.recording, 0, 0, "organization"))  # type: ignore[attr-defined]
        await office.deletions.step()
        files = produced(tmp_path, device.recording)
    assert files.keys() == {"README.txt", "held.json", "data/tombstone.note"}
    assert device.recording.encode() in files["data/tombstone.note"]


async def test_of_a_closed_log_it_is_written_and_a_hold_keeps_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as held:
        device, sealed = await recorded(held)
    close_log(tmp_path / "data", "")
    async with house(tmp_path) as held:
        data = ["--data", str(tmp_path / "data")]
        assert main(["hold", device.recording, *data, "--reason", "subpoena 4"]) == 0
        office = held.server.office
        office.deletions._wishes.ask(Wish(device.recording, 0, 0, "organization"))  # type: ignore[attr-defined]
        await office.deletions.step()
        files = produced(tmp_path, device.recording)
        assert "It lies in a log that was closed" in capsys.readouterr().out
        assert [files[f"data/segments/{n:06d}.age"] for n in (1, 2, 3)] == sealed
        (hold,) = json.loads(files["held.json"])["rows"]["accompany.sqlite"]["holds"]
        assert hold["reason"] == "subpoena 4"
        # Lifted, what was due is done.
        assert main(["hold", device.recording, *data, "--lift"]) == 0
        await office.deletions.step()
        (tmp_path / f"{device.recording}.zip").unlink()
        assert "data/tombstone.note" in produced(tmp_path, device.recording)


async def test_what_is_not_there_is_not_made_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path) as held:
        device, _ = await recorded(held)
    data, to = ["--data", str(tmp_path / "data")], tmp_path / "there.zip"
    assert main(["produce", new_id(), *data, "-o", str(to)]) == 1
    assert not to.exists()
    to.write_bytes(b"mine")
    assert main(["produce", device.recording, *data, "-o", str(to)]) == 1
    assert to.read_bytes() == b"mine"
    said = capsys.readouterr().err
    assert "there is no such recording" in said
    assert "nothing is ever overwritten" in said
