"""Deleting: after the wait nothing is left on the disk but noise and a tombstone, and it holds."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accompany.adapters import erasing
from accompany.adapters.journal import Journal
from accompany.adapters.keeper import JournalKeeper
from accompany.adapters.scanning import Position
from accompany.client.device import Device, Signed
from accompany.custody.deletion import DAY, Wish
from accompany.custody.ports import DeletedKept
from accompany.errors import Damaged, Deleted, DoesNotHold, Forbidden, Unknown
from accompany.evidence.deletions import (
    DELETION,
    UNDELETION,
    deletion_entry,
    open_tombstone,
    write_wish,
)
from accompany.evidence.merkle import root
from accompany.evidence.notes import Signer
from custodial import NOW, RECEIPTS, Custody, MadeUpClock, custody, film

pytestmark = pytest.mark.anyio
KEY = Signer.from_seed("x", b"deletion key of thirty-two bytes")
PUBLIC = KEY.verifier.key


async def filmed(
    held: Custody, segments: int = 3, kind: str = "film"
) -> tuple[Device, list[bytes]]:
    """A recording with all that can be kept of one; and everything in it that says something."""
    phone = await held.opened(deletion=PUBLIC, kind=kind)
    secrets = [phone.opening.note, *phone.grants]
    for _ in range(segments):
        one = film(phone, data=os.urandom(9000))
        await held.segment(phone, one)
        secrets += [one.note, sealed(one)]
    late = film(phone, data=os.urandom(9000))
    await held.intake.statement(phone.recording, late.number, late.note)
    await held.segment(phone, late, note=False)
    attorney = f"attorney {os.urandom(20).hex()}"
    await held.export.note(phone.recording, "segment 1", attorney)
    return phone, [*secrets, late.note, sealed(late), attorney.encode()]


def sealed(signed: Signed) -> bytes:
    assert signed.sealed is not None
    return signed.sealed


def pieces_of(secret: bytes) -> set[bytes]:
    """Return what gives a secret away: pieces of 48 bytes, but none that every recording has."""
    pieces = (secret[at : at + 48] for at in range(0, len(secret), 48))
    common = (
        b"client test",
        b"log test.accompany",
        b"media video/mp4",
        b"encounter eee",
        b"\noffset ",
    )
    return {piece for piece in pieces if len(piece) > 30 and not any(c in piece for c in common)}


def found_on_disk(folder: Path, secrets: list[bytes]) -> list[tuple[str, int]]:
    """Return which of *secrets* lie in which raw file, if only a piece of one."""
    found = []
    # A file that is being made has another name until it is whole.
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".new"):
        data = path.read_bytes()
        for number, secret in enumerate(secrets):
            if any(piece in data for piece in pieces_of(secret)):
                found.append((path.name, number))
    return found


def all_on_disk(folder: Path, secrets: list[bytes]) -> bool:
    return {number for _, number in found_on_disk(folder, secrets)} == set(range(len(secrets)))


def without_index(folder: Path) -> None:
    for path in folder.glob("index.sqlite*"):
        path.unlink()


async def wait_and_delete(held: Custody, phone: Device, clock: MadeUpClock) -> None:
    held.deletions.ask(phone.recording, write_wish(DELETION, phone.recording, NOW, KEY))
    clock.time += 7 * DAY
    await held.deletions.step()


async def test_after_seven_days_its_bytes_are_in_no_file_any_more(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        other, others = await filmed(held)
        phone, secrets = await filmed(held)
        assert all_on_disk(tmp_path, secrets)
        await wait_and_delete(held, phone, clock)
        assert found_on_disk(tmp_path, secrets) == []
        # Nothing of another one is gone.
        assert all_on_disk(tmp_path, others)
        for number in (1, 2, 3, 4):
            assert held.keeper.segment(other.recording, number) is not None
    assert found_on_disk(tmp_path, secrets) == []


async def test_its_room_is_given_back(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone = await held.opened(deletion=PUBLIC)
        await held.segment(phone, film(phone, data=os.urandom(48 * 1024)))
        path = tmp_path / "journal" / "000001.journal"
        before = path.stat()
        await wait_and_delete(held, phone, clock)
        after = path.stat()
        assert (before.st_blocks - after.st_blocks) * 512 >= 40 * 1024
        assert after.st_size >= before.st_size


async def test_the_tombstone_says_when_and_by_whom_and_is_an_entry(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, _ = await filmed(held)
        size = held.keeper.size
        await wait_and_delete(held, phone, clock)
        row = held.keeper.tombstone(phone.recording)
        assert row is not None
        told = open_tombstone(row.data, RECEIPTS.verifier)
        assert (told.recording, told.asked, told.deleted) == (phone.recording, NOW, NOW + 7 * DAY)
        assert told.by == "caller"
        assert told.note is not None
        assert held.keeper.size == size + 1
        assert held.keeper.entries(size, 1) == bytes(deletion_entry(phone.recording, row.data))


async def test_the_log_still_holds_every_entry(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, _ = await filmed(held)
        size = held.keeper.size
        before = root(size, held.keeper.node), held.keeper.entries(0, size)
        await wait_and_delete(held, phone, clock)
        assert (root(size, held.keeper.node), held.keeper.entries(0, size)) == before


async def test_whoever_comes_later_is_told_that_it_was_deleted(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, _ = await filmed(held)
        await wait_and_delete(held, phone, clock)
        late = film(phone)
        for _ in range(2):
            with pytest.raises(Deleted, match="it was deleted") as told:
                held.intake.state(phone.recording)
            assert phone.recording in told.value.tombstone
            with pytest.raises(Deleted):
                await held.segment(phone, late)
            with pytest.raises(Deleted):
                await held.open(phone, PUBLIC)
            with pytest.raises(Deleted):
                await held.export.package(phone.recording, "locator")
            with pytest.raises(Deleted):
                held.deletions.ask(phone.recording, b"")
        assert held.keeper.recording(phone.recording) is None
    async with custody(tmp_path, clock) as held:
        with pytest.raises(Deleted):
            held.intake.state(phone.recording)
        with pytest.raises(Deleted):
            await held.open(phone, PUBLIC)


async def test_before_its_time_nothing_is_deleted_and_it_can_be_taken_back(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, _ = await filmed(held)
        note = write_wish(DELETION, phone.recording, NOW, KEY)
        wish = held.deletions.ask(phone.recording, note)
        assert wish.due == NOW + 7 * DAY
        clock.time = wish.due - 1
        await held.deletions.step()
        assert held.deletions.waiting(phone.recording) == wish
        # The same again changes nothing; what is asked later waits no longer for that.
        assert held.deletions.ask(phone.recording, note) == wish
        back = write_wish(UNDELETION, phone.recording, NOW + 5, KEY)
        held.deletions.take_back(phone.recording, back)
        assert held.deletions.waiting(phone.recording) is None
        clock.time += 30 * DAY
        await held.deletions.step()
        assert held.keeper.recording(phone.recording) is not None
        with pytest.raises(Unknown):
            held.deletions.take_back(phone.recording, back)
        # An old note played again does not count; a new one does.
        with pytest.raises(DoesNotHold, match="one made after"):
            held.deletions.ask(phone.recording, note)
        later = write_wish(DELETION, phone.recording, NOW + 6, KEY)
        assert held.deletions.ask(phone.recording, later).due == clock.time + 7 * DAY


async def test_a_legal_hold_keeps_it_until_it_is_lifted(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, _ = await filmed(held)
        assert held.wishes.hold(phone.recording, NOW, "subpoena")
        assert not held.wishes.hold(phone.recording, NOW, "again")
        await wait_and_delete(held, phone, clock)
        assert held.keeper.recording(phone.recording) is not None
        assert held.deletions.held(phone.recording)
        assert held.wishes.lift(phone.recording)
        assert not held.wishes.lift(phone.recording)
        await held.deletions.step()
        assert held.keeper.recording(phone.recording) is None


@pytest.mark.parametrize(
    ("bent", "error"),
    [
        (lambda r: write_wish(DELETION, r, NOW, RECEIPTS), DoesNotHold),
        (lambda r: write_wish(UNDELETION, r, NOW, KEY), Exception),
        (lambda r: write_wish(DELETION, "a" * 32, NOW, KEY), DoesNotHold),
        (lambda r: b"not a note", Exception),
    ],
)
async def test_only_the_deletion_key_deletes(
    tmp_path: Path, bent: Callable[[str], bytes], error: type[Exception]
) -> None:
    async with custody(tmp_path, MadeUpClock()) as held:
        phone = await held.opened(deletion=PUBLIC)
        with pytest.raises(error):
            held.deletions.ask(phone.recording, bent(phone.recording))
        assert held.deletions.waiting(phone.recording) is None


async def test_a_guest_who_gave_no_key_is_told_whom_to_ask(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone = await held.opened()
        note = write_wish(DELETION, phone.recording, NOW, KEY)
        with pytest.raises(Forbidden, match="ask the organization"):
            held.deletions.ask(phone.recording, note)
        # As `accompany delete` does it, in another process.
        assert held.wishes.ask(Wish(phone.recording, NOW, NOW, "organization", reason="asked"))
        await held.deletions.step()
        row = held.keeper.tombstone(phone.recording)
        assert row is not None
        told = open_tombstone(row.data, RECEIPTS.verifier)
        assert (told.by, told.note) == ("organization", None)


async def test_what_is_too_old_by_the_organizations_rule_is_deleted_holds_first(
    tmp_path: Path,
) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        held.deletions._keep = {"sound": 90 * DAY}
        old, held_back, kept = [await held.opened(kind="sound") for _ in range(3)]
        other = await held.opened(kind="notes")
        held.wishes.hold(held_back.recording, NOW, "")
        clock.time += 90 * DAY + 1
        young = await held.opened(kind="sound")
        await held.deletions.step()
        assert {one.by for one in held.wishes.waiting()} == {"age"}
        # One that the organization takes back stays for good.
        assert held.wishes.withdraw(kept.recording, clock.time)
        clock.time += 7 * DAY
        await held.deletions.step()
        clock.time += 7 * DAY
        await held.deletions.step()
        assert held.keeper.recording(old.recording) is None
        for one in (held_back, kept, other, young):
            assert held.keeper.recording(one.recording) is not None


async def test_what_is_on_its_way_while_it_is_deleted_is_erased_with_the_rest(
    tmp_path: Path,
) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, secrets = await filmed(held)
        held.deletions.ask(phone.recording, write_wish(DELETION, phone.recording, NOW, KEY))
        clock.time += 7 * DAY
        last = film(phone, data=os.urandom(9000))
        sending = asyncio.create_task(held.segment(phone, last))
        for _ in range(100):
            if held.intake.arriving(phone.recording) is not None:
                break
            await asyncio.sleep(0)
        await held.deletions.step()
        assert (await sending)[1]
        assert found_on_disk(tmp_path, [*secrets, last.note, sealed(last)]) == []


class PowerCut(Exception):
    """Nothing after this was done."""


STEPS = ["_note", "overwrite", "_write", "_sync_data", "_punch"]


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_any_step_is_mended_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, secrets = await filmed(held)
        other, _ = await filmed(held)
        size = held.keeper.size

        def cut(*_: object) -> None:
            raise PowerCut

        with monkeypatch.context() as patched:
            patched.setattr(erasing, step, cut)
            with pytest.raises(PowerCut):
                await wait_and_delete(held, phone, clock)
    # Even an index made anew, from frames that are erased in part.
    without_index(tmp_path)
    async with custody(tmp_path, clock) as held:
        assert held.keeper.size == size + 1
        assert held.keeper.unerased() == [phone.recording]
        await held.deletions.step()
        assert held.keeper.unerased() == []
        assert held.keeper.segment(other.recording, 2) is not None
        assert found_on_disk(tmp_path, secrets) == []


async def test_an_index_made_again_from_erased_frames_is_the_same(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        first, secrets = await filmed(held)
        second, more = await filmed(held)
        third, _ = await filmed(held)
        await wait_and_delete(held, first, clock)
        # A second time over frames of which parts are erased already.
        held.wishes.ask(Wish(second.recording, NOW, NOW, "organization"))
        await held.deletions.step()
        size, top = held.keeper.size, root(held.keeper.size, held.keeper.node)
    without_index(tmp_path)
    async with custody(tmp_path, clock) as held:
        assert (held.keeper.size, root(size, held.keeper.node)) == (size, top)
        assert held.keeper.unerased() == []
        assert held.keeper.tombstone(first.recording) is not None
        assert held.keeper.recording(second.recording) is None
        assert len(list(held.keeper.statements(third.recording))) == 4
        assert found_on_disk(tmp_path, [*secrets, *more]) == []


async def test_a_bit_flipped_in_an_erased_frame_is_still_found(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, _ = await filmed(held)
        await wait_and_delete(held, phone, clock)
    journal = tmp_path / "journal"
    (path,) = journal.glob("*.journal")
    whole = path.read_bytes()
    erased = list(_erased_frames(journal))
    assert erased
    for offset, base, ranges in erased:
        start, size = ranges[-1]
        for at in (offset + 30, base + ranges[0][0] - 1):
            bent = bytearray(whole)
            bent[at] ^= 1
            path.write_bytes(bytes(bent))
            with pytest.raises(Damaged):
                list(Journal(journal, 1024 * 1024).scan(Position()))
        # What lies under the zeros does not matter: it is gone, whatever is there.
        bent = bytearray(whole)
        bent[base + start + size // 2] ^= 1
        path.write_bytes(bytes(bent))
        list(Journal(journal, 1024 * 1024).scan(Position()))


def _erased_frames(journal: Path) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    known = erasing.Erasures(journal).of(1)
    for frame in erasing.frames_in(journal / "000001.journal"):
        if frame.offset in known:
            yield frame.offset, frame.base, known[frame.offset].ranges


async def test_where_holes_are_refused_zeros_are_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phone, secrets = await filmed(held)
        monkeypatch.setattr(erasing, "_PUNCH", 0x40000000)
        await wait_and_delete(held, phone, clock)
        assert found_on_disk(tmp_path, secrets) == []


async def test_a_journal_copied_before_it_was_erased_reads_as_deleted(tmp_path: Path) -> None:
    """As a backup may hold it: the tombstone, but the bytes still there. A start erases them."""
    clock = MadeUpClock()
    async with custody(tmp_path / "a", clock) as held:
        phone, secrets = await filmed(held)
        held.wishes.ask(Wish(phone.recording, NOW, NOW, "organization"))
        held.keeper.erase = lambda recordings: 1 / 0  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            await held.deletions.step()
    being_made = shutil.ignore_patterns("*.new")
    shutil.copytree(tmp_path / "a", tmp_path / "b", ignore=being_made)
    async with custody(tmp_path / "b", clock) as held:
        assert held.keeper.recording(phone.recording) is None
        await held.deletions.step()
        assert found_on_disk(tmp_path / "b", secrets) == []


def test_a_tombstone_is_a_record_of_the_journal_like_all_others(tmp_path: Path) -> None:
    keeper = JournalKeeper(tmp_path, 1024 * 1024, pytest.fail)
    assert keeper.tombstone("x") is None
    assert keeper.unerased() == []
    keeper.close()
    assert DeletedKept.__struct_config__.tag == "deleted"


async def test_not_even_in_what_the_index_moved_about(tmp_path: Path) -> None:
    """Rows of many recordings are split over pages again and again before one is deleted."""
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        phones = [await held.opened(deletion=PUBLIC) for _ in range(12)]
        notes: list[list[bytes]] = [[] for _ in phones]
        for _ in range(40):
            signed = [film(phone) for phone in phones]
            pairs = zip(phones, signed, strict=True)
            await asyncio.gather(*(held.statement(phone, one) for phone, one in pairs))
            for one, mine in zip(signed, notes, strict=True):
                mine.append(one.note)
        await wait_and_delete(held, phones[5], clock)
        assert found_on_disk(tmp_path, notes[5]) == []
        assert all_on_disk(tmp_path, notes[6])
