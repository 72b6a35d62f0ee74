"""Recordings of a log that was closed, over HTTP: read, fetched, deleted; not added to."""

import asyncio
from pathlib import Path

import pytest

from accompany.adapters.closing import close_log
from accompany.client.device import Device, Signed
from accompany.evidence.deletions import DELETION, UNDELETION, open_tombstone, write_wish
from accompany.evidence.notes import Signer
from accompany.evidence.text import write_base64
from evidencefiles import verify
from house import SECRET, House, bearing, listening, sound

pytestmark = pytest.mark.anyio
KEY = Signer.from_seed("x", b"deletion key of thirty-two bytes")


async def recorded(held: House) -> tuple[Device, Signed]:
    """Two segments, covered by a checkpoint."""
    device = held.device()
    given = held.new_recording(device, deletion=write_base64(KEY.verifier.key))
    assert (await held.client.post("/api/recordings", json=given)).status_code == 201
    first = sound(device)
    for signed in (first, sound(device)):
        assert (await held.put(device, signed)).status_code == 201
    assert (await held.get(path(device, "proofs/2"))).status_code == 200
    return device, first


def path(device: Device, more: str = "") -> str:
    return f"/api/recordings/{device.recording}/{more}".rstrip("/")


def note(held: House, device: Device, magic: str = DELETION) -> bytes:
    return write_wish(magic, device.recording, held.server.office.clock.now(), KEY)


def on_disk(folder: Path, words: bytes) -> bool:
    files = [one for one in folder.rglob("*") if one.is_file()]
    return any(words in one.read_bytes() for one in files)


async def test_it_is_shown_and_its_package_holds_but_who_listed_the_files(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        device, first = await recorded(held)
        before = (await held.get(path(device))).json()
    close_log(tmp_path / "data", "")
    async with listening(tmp_path) as held:
        state = (await held.get(path(device))).json()
        (name,) = (await held.get("/log/closed")).text.split()
        assert state == {**before, "log": name}
        mine = bearing(SECRET)
        segment = await held.get(path(device, "segments/1"), headers=mine)
        assert (segment.status_code, segment.content) == (200, first.sealed)
        for stranger in ({}, bearing(b"another secret of 32 bytes ....")):
            for what in ("segments/1", "package"):
                assert (await held.get(path(device, what), headers=stranger)).status_code == 404
        assert (await held.get(path(device, "segments/9"), headers=mine)).status_code == 404
        # Nothing is added to it.
        assert (await held.put(device, sound(device))).status_code == 404
        answer = await held.get(path(device, "package"), headers=mine)
        assert answer.status_code == 200
        assert int(answer.headers["content-length"]) == len(answer.content)
        (tmp_path / "old.zip").write_bytes(answer.content)
        verdict = verify(tmp_path / "old.zip", tmp_path / "data/policy", "--open-ended")
        assert (verdict.status, verdict.report["fails"]) == (2, [])
        (told,) = [one for one in verdict.report["unchecked"] if one["code"] == "package-note-log"]
        assert held.server.office.sequencer.live.checkpoint.origin in told["text"]
        holds = {one["code"] for one in verdict.report["holds"]}
        assert {"checkpoint-holds", "segments-hold", "receipts-hold", "proofs-hold"} <= holds
        # A recording of the log that goes on is as ever.
        assert (await held.get(path(await held.opened(segments=1)))).status_code == 200


async def test_its_deletion_takes_the_bytes_off_the_disk(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        (device, first), (other, kept) = await recorded(held), await recorded(held)
    closed = tmp_path / "data" / "closed"
    close_log(tmp_path / "data", "")
    assert first.sealed is not None
    assert kept.sealed is not None
    assert on_disk(closed, first.sealed[-200:])
    async with listening(tmp_path, deletion_days=0.0) as held:
        stranger = write_wish(DELETION, device.recording, 0, Signer.generate("x"))
        wrong = await held.request("DELETE", path(device), content=stranger)
        assert wrong.status_code == 422
        asked = await held.request("DELETE", path(device), content=note(held, device))
        assert asked.status_code == 202
        await until_erased(held, device)
        receipts = held.server.keys.receipts.verifier
        for what in ("", "package", "segments/1"):
            answer = await held.get(path(device, what), headers=bearing(SECRET))
            assert answer.status_code == 410
            told = open_tombstone(answer.json()["tombstone"].encode(), receipts)
            assert told.recording == device.recording
    for words in (first.sealed[-200:], first.note[-80:], device.opening.note[-80:]):
        assert not on_disk(closed, words)
    assert on_disk(closed, kept.sealed[-200:])
    # An index made again from what is left of the journal knows no more.
    for one in closed.glob("*/index.sqlite*"):
        one.unlink()
    async with listening(tmp_path) as held:
        assert (await held.get(path(device))).status_code == 410
        segment = await held.get(path(other, "segments/1"), headers=bearing(SECRET))
        assert segment.content == kept.sealed


async def test_a_wish_that_waited_there_is_carried_out_and_a_hold_holds(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        (device, first), (other, kept) = await recorded(held), await recorded(held)
        for one in (device, other):
            asked = await held.request("DELETE", path(one), content=note(held, one))
            assert asked.status_code == 202
        held.server.office.deletions._wishes.hold(other.recording, 1, "a court asked")  # type: ignore[attr-defined]
        due = asked.json()["due"]
    close_log(tmp_path / "data", "")
    async with listening(tmp_path) as held:
        assert (await held.get(path(device))).json()["deletion"] is not None
        assert (await held.get(path(other))).json()["deletion"] == due
        assert held.server.office.deletions.held(other.recording)
        back = await held.request(
            "DELETE", path(device, "deletion"), content=note(held, device, UNDELETION)
        )
        assert back.status_code == 204
        assert (await held.get(path(device))).json()["deletion"] is None
    assert on_disk(tmp_path / "data" / "closed", first.sealed or b"-")
    assert on_disk(tmp_path / "data" / "closed", kept.sealed or b"-")


async def until_erased(held: House, device: Device) -> None:
    keeper = held.server.office.keeper
    async with asyncio.timeout(20):
        while keeper.tombstone(device.recording) is None or keeper.unerased():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
