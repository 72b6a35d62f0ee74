"""Handing out: a package that verifies, of a recording as it stands, and the custody line of it."""

import asyncio
import json
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from accompany.client.device import Device
from accompany.custody.deletion import DAY
from accompany.custody.export import Package
from accompany.custody.ports import CardKept, Item
from accompany.custody.revocations import Revocations
from accompany.errors import Unknown
from accompany.evidence.age import decrypt
from accompany.evidence.cards import Card, License
from accompany.evidence.checkpoints import Proof, open_checkpoint, read_consistency
from accompany.evidence.findings import Verdict
from accompany.evidence.merkle import check_consistency
from accompany.evidence.notes import Note, Signer
from accompany.evidence.package import package_entry
from accompany.evidence.receipts import custody_entry, named_entry, statement_entry
from accompany.evidence.report import Report
from accompany.evidence.revocations import Revocation
from accompany.evidence.verify import Trust
from accompany.ids import CardSerial
from accompany.verifier import verify
from custodial import (
    CUSTODIAN,
    LOG,
    NOW,
    ORGANIZATION,
    POLICY,
    RECEIPTS,
    Custody,
    film,
    receipt,
    sequenced,
    whole,
)

pytestmark = pytest.mark.anyio

SERIAL = CardSerial("s" * 32)


async def closed_film(held: Custody, segments: int = 4) -> Device:
    phone = await held.opened()
    for _ in range(segments):
        await held.segment(phone, film(phone))
    at = 500 * (segments - 1)
    await held.statement(phone, phone.closing(NOW + at, at, "stopped"))
    return phone


async def answered(held: Custody) -> bytes:
    """Let the attorney of SERIAL have answered; return their card."""
    key = Signer.from_seed(f"attorney/{SERIAL}", bytes(32)).verifier.key
    recipient = str(CUSTODIAN.recipient)
    card = Card(SERIAL, "Ada", recipient, key, (License("TX", "2026-10-01"),), NOW - 9, NOW + DAY)
    note = ORGANIZATION.sign(str(card))
    entry = named_entry("card", SERIAL, note)
    index, given = held.leaves.give(entry, "kept")
    kept = CardKept(index, entry.slot, entry.digest, given, SERIAL, note)
    await held.keeper.keep([Item(kept)])
    held.cards["e" * 32] = note
    return note


async def exported(
    held: Custody, phone: Device, target: Path, custody: bool = True
) -> tuple[Package, zipfile.ZipFile]:
    package = await held.export.package(phone.recording, "attorney x", custody)
    await asyncio.to_thread(target.write_bytes, await whole(package))
    return package, zipfile.ZipFile(target)


def data(archive: zipfile.ZipFile, phone: Device, path: str) -> bytes:
    return archive.read(f"{phone.recording}/data/{path}")


def verified(path: Path) -> Report:
    return verify(path, Trust(policy=POLICY))


def wrong(report: Report) -> list[str]:
    return [f.code for f in report.findings if f.verdict is not Verdict.HOLDS]


async def test_a_closed_recording_becomes_a_package_that_verifies(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await closed_film(held)
        package, archive = await exported(held, phone, tmp_path / "film.zip")
        assert package.name == f"{phone.recording}.zip"
        assert package.size == (tmp_path / "film.zip").stat().st_size
        assert wrong(verified(tmp_path / "film.zip")) == []
        for number in range(1, 5):
            sealed = data(archive, phone, f"segments/{number:06d}.age")
            assert decrypt(sealed, [phone.identity]) == b"film %d " % (number - 1) * 20


async def test_every_proof_leads_to_the_one_checkpoint(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await closed_film(held)
        # Others go on meanwhile: the log has moved past what the package is about.
        other = await held.opened()
        await held.segment(other, film(other))
        _, archive = await exported(held, phone, tmp_path / "film.zip")
        note = data(archive, phone, "log/checkpoint")
        checkpoint = open_checkpoint(note, LOG.verifier)
        for number in range(6):
            statement = data(archive, phone, f"statements/{number:06d}.note")
            proof = Proof.parse(data(archive, phone, f"proofs/{number:06d}.tlog-proof"))
            assert proof.checkpoint == note
            entry = statement_entry(phone.opening.note, number, statement)
            proof.check(entry, checkpoint)
            given = receipt(data(archive, phone, f"receipts/{number:06d}.note"))
            assert (given.index, given.entry) == (proof.index, entry)


async def test_the_export_itself_is_a_custody_line_in_the_package(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await closed_film(held)
        for time in (1, 2):
            held.clock.time = NOW + time
            _, archive = await exported(held, phone, tmp_path / "film.zip")
        lines = data(archive, phone, "custody.jsonl").splitlines(keepends=True)
        assert [json.loads(line) for line in lines] == [
            {"line": n, "time": f"2026-11-21T20:00:00.00{n}Z", "what": "export", "by": "attorney x"}
            for n in (1, 2)
        ]
        checkpoint = open_checkpoint(data(archive, phone, "log/checkpoint"), LOG.verifier)
        for number, line in enumerate(lines, 1):
            proof = Proof.parse(data(archive, phone, f"proofs/custody-{number}.tlog-proof"))
            proof.check(custody_entry(phone.recording, number, line), checkpoint)


async def test_custody_is_left_out_on_request(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await closed_film(held)
        _, archive = await exported(held, phone, tmp_path / "film.zip", custody=False)
        assert not [name for name in archive.namelist() if "custody" in name]
        assert wrong(verified(tmp_path / "film.zip")) == []


async def test_each_package_note_is_signed_and_becomes_an_entry(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await closed_film(held)
        for _ in range(2):
            _, archive = await exported(held, phone, tmp_path / "film.zip")
            note = data(archive, phone, "package.note")
            Note.parse(note, 1 << 20).only_by(RECEIPTS.verifier)
            assert bytes(package_entry(phone.recording, 5, note)) == held.entries()[-1]


async def test_a_recording_that_still_grows_is_handed_out_as_it_stands(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await held.opened()
        await held.segment(phone, film(phone))
        stop = False

        async def go_on() -> None:
            while not stop:
                await held.segment(phone, film(phone))

        growing = asyncio.create_task(go_on())
        lasts = []
        for number in range(4):
            path = tmp_path / f"{number}.zip"
            await exported(held, phone, path)
            report = verified(path)
            assert wrong(report) == ["no-closing"], [f.text for f in report.findings]
            with zipfile.ZipFile(path) as archive:
                lasts.append(sum("/data/statements/" in one for one in archive.namelist()))
        stop = True
        await growing
        assert lasts == sorted(set(lasts))
        assert held.failures == []


async def test_segments_whose_bytes_are_awaited_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await held.opened()
        await held.segment(phone, film(phone))
        await held.statement(phone, film(phone))
        _, archive = await exported(held, phone, tmp_path / "film.zip")
        names = [one for one in archive.namelist() if "/segments/" in one]
        assert names == [f"{phone.recording}/data/segments/000001.age"]
        assert receipt(data(archive, phone, "receipts/000002.note")).bytes_ == "awaited"
        assert wrong(verified(tmp_path / "film.zip")) == ["awaited", "no-closing"]


async def test_a_recording_of_nothing_but_its_opening_is_a_package(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await held.opened(kind="notes")
        _, archive = await exported(held, phone, tmp_path / "notes.zip")
        assert data(archive, phone, "statements/000000.note") == phone.opening.note
        assert wrong(verified(tmp_path / "notes.zip")) == ["no-closing"]


async def test_after_is_proved_to_be_older_than_the_package(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        first = await closed_film(held)
        seen = await held.sequencer.covering(held.keeper.size - 1)
        after = (seen.checkpoint.size, seen.checkpoint.root)
        phone = held.phone(after=after)
        await held.open(phone)
        await held.segment(phone, film(phone))
        _, archive = await exported(held, phone, tmp_path / "film.zip")
        old, new, hashes = read_consistency(data(archive, phone, "log/after.proof"))
        checkpoint = open_checkpoint(data(archive, phone, "log/checkpoint"), LOG.verifier)
        assert (old, new) == (after[0], checkpoint.size)
        check_consistency(old, new, after[1], checkpoint.root, hashes)
        _, archive = await exported(held, first, tmp_path / "first.zip")
        assert f"{first.recording}/data/log/after.proof" not in archive.namelist()


async def test_grants_and_the_answering_attorneys_card_are_in_it(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await closed_film(held)
        note = await answered(held)
        _, archive = await exported(held, phone, tmp_path / "film.zip")
        assert data(archive, phone, "grants/0.age") == phone.grants[0]
        assert data(archive, phone, "card.note") == note
        assert f"{phone.recording}/data/card-revocation.note" not in archive.namelist()


async def test_a_card_that_was_revoked_is_in_it_with_what_ended_it(tmp_path: Path) -> None:
    """Before and after another film: places in the log tell them apart, whatever the clock says."""
    async with sequenced(tmp_path / "server") as held:
        early = await closed_film(held)
        await answered(held)
        revocations = Revocations(held.keeper, held.leaves, RECEIPTS, held.clock)
        await revocations.revoke(SERIAL, NOW - 5)
        late = await closed_film(held)
        for phone, found in ((early, []), (late, ["card-revoked"])):
            _, archive = await exported(held, phone, tmp_path / f"{phone.recording}.zip")
            report = await asyncio.to_thread(verified, tmp_path / f"{phone.recording}.zip")
            assert (report.exit, wrong(report)) == (2, found or ["card-lost"])
            note = data(archive, phone, "card-revocation.note")
            assert Revocation.read(Note.parse(note).text) == Revocation(SERIAL, NOW, NOW - 5)


async def test_what_ended_a_card_after_the_cosigned_checkpoint_is_left_to_the_log(
    tmp_path: Path,
) -> None:
    async with sequenced(tmp_path / "server") as held:
        phone = await closed_film(held)
        await answered(held)
        size = held.keeper.size
        under = await held.sequencer.covering(size - 1)
        revocations = Revocations(held.keeper, held.leaves, RECEIPTS, held.clock)
        await revocations.revoke(SERIAL)
        held.export._cosigned = lambda: under  # type: ignore[method-assign, assignment]
        _, archive = await exported(held, phone, tmp_path / "film.zip")
        assert f"{phone.recording}/data/card-revocation.note" not in archive.namelist()
        assert wrong(verified(tmp_path / "film.zip")) == []


async def test_an_unknown_recording_is_unknown(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        with pytest.raises(Unknown, match="recording"):
            await held.export.package("a" * 32, "x")
        assert held.keeper.size == 0


async def test_custody_lines_at_once_are_numbered_one_by_one(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        phone = await held.opened()
        notes = [held.export.note(phone.recording, f"segment {n}", "x") for n in range(12)]
        going = [asyncio.create_task(one) for one in notes]
        await asyncio.sleep(0)
        going[0].cancel()
        await asyncio.gather(*going, return_exceptions=True)
        kept = held.keeper.custody(phone.recording)
        assert [row.number for row in kept] == list(range(1, 13))
        for one, next_one in pairwise(kept):
            assert one.index < next_one.index
        assert held.failures == []
