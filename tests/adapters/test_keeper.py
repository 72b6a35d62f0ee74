"""Keeping: one frame a batch, answered only when durable, in the order of the calls."""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from accompany.adapters import ahead, ballast, commits, long_log
from accompany.adapters.index import Index
from accompany.adapters.keeper import JournalKeeper, check_tree
from accompany.adapters.scanning import Batch
from accompany.errors import Damaged, DiskFull
from accompany.evidence.merkle import root
from kept import arrival, entry, items_of, noise, opened, opening, read, segment

pytestmark = pytest.mark.anyio
BIG = 16 * 1024 * 1024


class Kept:
    """A keeper in a folder, and why it failed."""

    def __init__(self, folder: Path) -> None:
        self.failures: list[str] = []
        self.keeper = JournalKeeper(folder, BIG, self.failures.append)


@asynccontextmanager
async def keeping(folder: Path) -> AsyncIterator[Kept]:
    held = Kept(folder)
    try:
        yield held
    finally:
        held.keeper.close()


class HeldSync:
    """Holds fdatasync until it is let go: what waits meanwhile becomes the next batch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = threading.Event()
        self.go = threading.Event()
        self.failing = False
        real = os.fdatasync

        def fdatasync(fd: int) -> None:
            self.reached.set()
            assert self.go.wait(10)
            if self.failing:
                raise OSError(errno.EIO, "Input/output error")
            real(fd)

        monkeypatch.setattr(os, "fdatasync", fdatasync)

    async def wait(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, 10)


async def test_what_was_kept_is_there_and_in_the_journal(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([opening(0), segment(1, 1, b"sealed")])
        assert kept.keeper.size == 2
        assert kept.keeper.segment("r", 1) == b"sealed"
        assert kept.keeper.segment("r", 2) is None
    assert read(tmp_path / "journal") == [opening(0), segment(1, 1, b"sealed")]


async def test_concurrent_calls_are_kept_in_the_order_of_the_calls(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        await asyncio.gather(*(kept.keeper.keep([noise(n)]) for n in range(300)))
        assert kept.keeper.size == 300
        assert kept.keeper.entries(0, 300) == b"".join(bytes(entry(n)) for n in range(300))
    assert read(tmp_path / "journal") == [noise(n) for n in range(300)]


async def test_what_gathers_during_a_sync_becomes_one_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keeping(tmp_path) as kept:
        held = HeldSync(monkeypatch)
        first = asyncio.create_task(kept.keeper.keep([noise(0)]))
        await held.wait()
        others = [asyncio.create_task(kept.keeper.keep([noise(n)])) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        held.go.set()
        await asyncio.gather(first, *others)
    journal, batches = opened(tmp_path / "journal")
    assert [items_of(journal, [one]) for one in batches] == [
        [noise(0)],
        [noise(n) for n in (1, 2, 3)],
    ]


async def test_a_batch_grows_no_larger_than_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a thousand phones that catch up would be one write of gigabytes."""
    monkeypatch.setattr(commits, "BATCH_BYTES", 1500)
    async with keeping(tmp_path) as kept:
        held = HeldSync(monkeypatch)
        calls = [asyncio.create_task(kept.keeper.keep([opening(0)]))]
        await held.wait()
        for number in range(1, 7):
            item = segment(number, number, bytes([number]) * 400)
            calls.append(asyncio.create_task(kept.keeper.keep([item])))
        await asyncio.sleep(0)
        held.go.set()
        await asyncio.gather(*calls)
    _, batches = opened(tmp_path / "journal")
    assert [len(one.placed) for one in batches] == [1, 3, 3]


async def test_nothing_is_answered_or_seen_before_it_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keeping(tmp_path) as kept:
        held = HeldSync(monkeypatch)
        keep = asyncio.create_task(kept.keeper.keep([opening(0)]))
        await held.wait()
        assert not keep.done()
        assert kept.keeper.size == 0
        assert kept.keeper.recording("r") is None
        held.go.set()
        await keep
        assert kept.keeper.size == 1
        assert kept.keeper.recording("r") is not None


async def test_a_cancelled_call_ends_only_when_its_items_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever numbers by what is kept would otherwise give the same number twice."""
    async with keeping(tmp_path) as kept:
        held = HeldSync(monkeypatch)
        keep = asyncio.create_task(kept.keeper.keep([opening(0)]))
        await held.wait()
        keep.cancel()
        await asyncio.sleep(0)
        keep.cancel()
        await asyncio.sleep(0)
        assert not keep.done()
        held.go.set()
        with pytest.raises(asyncio.CancelledError):
            await keep
        assert kept.keeper.recording("r") is not None


async def test_where_the_disk_fails_nobody_is_answered_and_nothing_more_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([noise(0)])
        with monkeypatch.context() as patched:
            held = HeldSync(patched)
            held.failing = True
            calls = [asyncio.create_task(kept.keeper.keep([noise(1)]))]
            await held.wait()
            calls.append(asyncio.create_task(kept.keeper.keep([noise(2)])))
            await asyncio.sleep(0)
            held.go.set()
            answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one) for one in answers] == [OSError, OSError]
        with pytest.raises(OSError, match="Input/output error"):
            await kept.keeper.keep([noise(1)])
        assert kept.keeper.size == 1
        assert kept.keeper.entries(0, 9) == bytes(entry(0))
    assert kept.failures == ["nothing more can be kept: [Errno 5] Input/output error"]


async def test_an_index_that_cannot_follow_stops_everything(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([noise(0)])
        with pytest.raises(Exception, match="UNIQUE"):
            await kept.keeper.keep([noise(0)])
        with pytest.raises(Exception, match="UNIQUE"):
            await kept.keeper.keep([noise(1)])
    assert "the index cannot be used" in kept.failures[0]


async def test_closing_keeps_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        waiting = [asyncio.create_task(kept.keeper.keep([noise(n)])) for n in range(5)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    with pytest.raises(RuntimeError, match="closed"):
        await kept.keeper.keep([noise(5)])
    assert read(tmp_path / "journal") == [noise(n) for n in range(5)]


async def test_segments_leave_a_reserve_for_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was promised a place and waits for the disk counts as well."""
    async with keeping(tmp_path) as kept:
        full(monkeypatch)
        kept.keeper._journal._ahead.drop()
        left, reserve = kept.keeper._journal.left, kept.keeper._journal.reserve
        assert left == reserve == BIG // 4
        with pytest.raises(DiskFull):
            kept.keeper.check_room(1, segment=True)
        half = left // 2
        kept.keeper.check_room(half)
        held = HeldSync(monkeypatch)
        first = asyncio.create_task(kept.keeper.keep([opening(0), segment(1, 1, bytes(half))]))
        await held.wait()
        with pytest.raises(DiskFull, match=f"{half} came"):
            kept.keeper.check_room(half)
        kept.keeper.check_room(0)
        held.go.set()
        await first
        await kept.keeper.keep([segment(2, 2, b"", arrived=False)])
    assert kept.failures == []


async def test_everything_that_fits_by_asking_is_kept_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is asked for before it is given out fits, to the last byte of the last file."""
    monkeypatch.setattr(ahead, "RETRY", 0.0)
    taken = 0
    keeper = JournalKeeper(tmp_path, 1024 * 1024, pytest.fail)
    try:
        with monkeypatch.context() as patched:
            full(patched)
            patched.setattr(os, "posix_fallocate", _no_room)
            while has_room(keeper):
                await keeper.keep([noise(taken)])
                taken += 1
        assert taken >= 50
        assert keeper.size == taken
        # Where others have made room, it goes on by itself, once the disk was asked.
        async with asyncio.timeout(10):
            while not has_room(keeper):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await keeper.keep([noise(taken)])
        assert keeper.size == taken + 1
    finally:
        keeper.close()


async def test_an_index_without_room_is_waited_for_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([noise(0)])
        with monkeypatch.context() as patched:
            patched.setattr(kept.keeper._index, "apply", _full_index)
            patched.setattr(kept.keeper._commits, "_follow", kept.keeper._follow)
            calls = [asyncio.create_task(kept.keeper.keep([noise(n)])) for n in (1, 2)]
            await asyncio.sleep(0.1)
            assert not any(call.done() for call in calls)
            # The room held back for it was given up, but for what is left for a start.
            assert (tmp_path / "reserve").stat().st_size == BIG // 8
            assert kept.keeper.size == 1
            # Nobody else is let wait as well.
            with pytest.raises(DiskFull, match="used up"):
                kept.keeper.check_room(1000)
        await asyncio.gather(*calls)
        assert kept.keeper.size == 3
    assert kept.failures == []
    assert read(tmp_path / "journal") == [noise(n) for n in range(3)]


async def test_the_room_held_back_goes_when_the_disk_is_full_and_comes_back_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ballast, "RETRY", 0.0)
    async with keeping(tmp_path) as kept:
        reserve = tmp_path / "reserve"
        assert reserve.stat().st_size == BIG // 4
        kept.keeper.check_room(1000, segment=True)
        with monkeypatch.context() as patched:
            full(patched)
            sizes = []
            for _ in range(12):
                kept.keeper.tend()
                sizes.append(reserve.stat().st_size)
            # By pieces; half of it is left, without which nothing could start.
            assert sizes[:2] == [BIG // 64 * 15, BIG // 64 * 14]
            assert sizes[-1] == BIG // 8
            with pytest.raises(DiskFull, match="kept for statements"):
                kept.keeper.check_room(1000, segment=True)
            kept.keeper.check_room(1000)
        while not kept.keeper._ballast.held:
            kept.keeper.tend()
            await asyncio.sleep(0.01)
        assert reserve.stat().st_size == BIG // 4
        kept.keeper.check_room(1000, segment=True)


async def test_statements_are_refused_where_their_own_room_is_used_up_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that others go on filling: nothing that is free now counts, and nobody waits."""
    async with keeping(tmp_path) as kept:
        index, taken = kept.keeper._index, 0
        assert index.own_room >= BIG // 2 - 32 * 8192
        with monkeypatch.context() as patched:
            full(patched)
            kept.keeper.tend()
            kept.keeper._settling.join()  # type: ignore[union-attr]
            files = sizes_of_logs(tmp_path)
            before = index.own_room
            while has_room(kept.keeper):
                await kept.keeper.keep([noise(taken)])
                taken += 1
                assert 0 < before - index.own_room <= 10 * 4120
                before = index.own_room
            # The write-ahead log held all of it, and became no longer.
            assert sizes_of_logs(tmp_path) == files
            with pytest.raises(DiskFull, match="what the index holds"):
                kept.keeper.check_room(0)
        assert taken >= BIG // 2 // (48 * 1024)
        # Once moved into the index, where there is room for that, the log begins anew.
        index.settle()
        with monkeypatch.context() as patched:
            full(patched)
            kept.keeper.check_room(0)
    assert kept.failures == []


async def test_what_the_index_holds_for_itself_is_kept_over_a_stop_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([noise(0), noise(1)])
        full(monkeypatch)
        kept.keeper.tend()
    room, log = tmp_path / "index.sqlite-room", tmp_path / "index.sqlite-wal"
    inode = room.stat().st_ino
    assert not log.exists()
    assert not room.read_bytes()[:32].strip(b"\0")
    monkeypatch.setattr(long_log, "fallocate", _no_room)
    # A piece of what is held back was needed meanwhile.
    os.truncate(tmp_path / "reserve", BIG // 8)
    monkeypatch.setattr(os, "posix_fallocate", _no_room)
    caplog.clear()
    async with keeping(tmp_path) as kept:
        # It says so at this start as well.
        assert "segments are refused, statements still taken" in caplog.text
        assert not room.exists()
        assert log.stat().st_ino == inode
        assert kept.keeper._index.own_room >= BIG // 2 - 32 * 8192
        assert kept.keeper.size == 2
        await kept.keeper.keep([noise(2)])
    async with keeping(tmp_path) as kept:
        assert kept.keeper.size == 3


async def test_a_segment_larger_than_a_file_finds_room(tmp_path: Path) -> None:
    keeper = JournalKeeper(tmp_path, 1024 * 1024, pytest.fail)
    blob = os.urandom(5 * 1024 * 1024)
    try:
        await keeper.keep([opening(0)])
        keeper.check_room(len(blob), segment=True)
        await keeper.keep([segment(1, 1, blob)])
        assert keeper.segment("r", 1) == blob
    finally:
        keeper.close()


async def test_bytes_that_are_not_those_kept_are_damage(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([opening(0), segment(1, 1, b"sealed" * 10)])
        await kept.keeper.keep([segment(2, 2, b"late", arrived=False)])
        await kept.keeper.keep([arrival(2, b"late")])
        path = tmp_path / "journal" / "000001.journal"
        path.write_bytes(path.read_bytes().replace(b"sealed", b"seaLed"))
        with pytest.raises(Damaged, match="segment 1 of r: expected SHA-256"):
            kept.keeper.segment("r", 1)
        assert kept.keeper.segment("r", 2) == b"late"


async def test_a_restart_goes_on_where_it_ended(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([opening(0), noise(1)])
    async with keeping(tmp_path) as kept:
        assert kept.keeper.size == 2
        await kept.keeper.keep([noise(2)])
        assert kept.keeper.size == 3
        assert kept.keeper.recording("r") is not None


async def test_a_restart_makes_no_index_again_that_follows_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take as long as the journal is."""
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([opening(0), noise(1)])
    file = (tmp_path / "index.sqlite").stat().st_ino
    followed = list[int]()
    real = Index.apply

    def apply(index: Index, batch: Batch) -> None:
        followed.append(batch.end.sequence)
        real(index, batch)

    monkeypatch.setattr(Index, "apply", apply)
    async with keeping(tmp_path) as kept:
        assert kept.keeper.size == 2
        assert followed == []
        await kept.keeper.keep([noise(2)])
    assert followed == [2]
    assert (tmp_path / "index.sqlite").stat().st_ino == file
    # And where it is gone, all of it is followed again.
    for end in ("", "-wal", "-shm"):
        (tmp_path / f"index.sqlite{end}").unlink(missing_ok=True)
    async with keeping(tmp_path):
        assert followed == [2, 1, 2]


async def test_a_journal_older_than_a_checkpoint_is_refused_with_a_sentence(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path) as kept:
        await kept.keeper.keep([noise(n) for n in range(5)])
        known = root(5, kept.keeper.node)
        check_tree(kept.keeper, 5, known, known)
        with pytest.raises(
            Damaged,
            match="over 9 entries was signed, but the journal holds 5: it looks like an older",
        ):
            check_tree(kept.keeper, 9, known, None)
        with pytest.raises(Damaged, match="the journal's tree of 5 has root"):
            check_tree(kept.keeper, 5, bytes(32), known)


def full(monkeypatch: pytest.MonkeyPatch) -> None:
    class Status:
        f_bavail = 0
        f_frsize = 4096

    monkeypatch.setattr(os, "statvfs", lambda path: Status)


def sizes_of_logs(folder: Path) -> dict[str, int]:
    return {one.name: one.stat().st_size for one in folder.glob("index.sqlite-*")}


def has_room(keeper: JournalKeeper) -> bool:
    try:
        keeper.check_room(0)
    except DiskFull:
        return False
    return True


def _no_room(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _full_index(batch: object) -> None:
    raise DiskFull("the index has no room")
