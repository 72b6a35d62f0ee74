"""Checkpoints: each grows out of the one before, and strangers see whole tiles once a day."""

import asyncio
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from accompany.adapters.checkpoints import SqliteCheckpoints
from accompany.custody.ports import Item, PaddingKept
from accompany.custody.sequencer import DAY, Published
from accompany.errors import Damaged
from accompany.evidence.checkpoints import Checkpoint, Proof, open_checkpoint
from accompany.evidence.merkle import EMPTY_ROOT, check_consistency, consistency_proof, root
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import Entry
from custodial import LOG, NOW, ORIGIN, Custody, MadeUpClock, custody, film, sequenced

pytestmark = pytest.mark.anyio
MIDNIGHT = NOW // DAY * DAY


async def add(held: Custody, count: int) -> list[Entry]:
    """Keep *count* entries as anything else would."""
    entries = []
    items = []
    for _ in range(count):
        entry = Entry(held.leaves.given.to_bytes(32), bytes(32))
        index, note = held.leaves.give(entry, "none")
        items.append(Item(PaddingKept(index, entry.slot, entry.digest, note)))
        entries.append(entry)
    await held.keeper.keep(items)
    return entries


def check_grown(held: Custody, old: Published, new: Published) -> None:
    """Raise unless *new* is signed by the log and begins with the tree of *old*."""
    assert open_checkpoint(new.note, LOG.verifier) == new.checkpoint
    proof = consistency_proof(old.checkpoint.size, new.checkpoint.size, held.keeper.node)
    check_consistency(
        old.checkpoint.size, new.checkpoint.size, old.checkpoint.root, new.checkpoint.root, proof
    )


async def test_it_begins_with_the_empty_tree(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        assert held.sequencer.live.checkpoint == Checkpoint(ORIGIN, 0, EMPTY_ROOT)
        assert held.sequencer.public.checkpoint == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


async def test_every_checkpoint_is_consistent_with_the_one_before(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        seen = [held.sequencer.live]
        for count in (1, 2, 5, 0, 300, 1):
            await add(held, count)
            await held.sequencer.step()
            seen.append(held.sequencer.live)
        assert [one.checkpoint.size for one in seen] == [0, 1, 3, 8, 8, 308, 309]
        for old, new in pairwise(seen):
            check_grown(held, old, new)


async def test_nothing_new_signs_nothing(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        await add(held, 3)
        await held.sequencer.step()
        before = held.sequencer.live
        await held.sequencer.step()
        assert held.sequencer.live is before


async def test_a_proof_leads_from_the_entry_to_the_checkpoint(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        entries = await add(held, 11)
        await held.sequencer.step()
        live = held.sequencer.live
        for index, entry in enumerate(entries):
            proof = Proof.parse(held.sequencer.proof(index, live))
            assert (proof.index, proof.checkpoint) == (index, live.note)
            proof.check(entry, live.checkpoint)


async def test_covering_waits_for_a_checkpoint_over_the_leaf(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        waiting = asyncio.create_task(held.sequencer.covering(2))
        await add(held, 2)
        await held.sequencer.step()
        await asyncio.sleep(0)
        assert not waiting.done()
        await add(held, 1)
        await held.sequencer.step()
        assert (await waiting).checkpoint.size == 3
        assert await held.sequencer.covering(0) == held.sequencer.live


async def test_a_live_checkpoint_covers_an_entry_within_a_second(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        phone = await held.opened()
        for _ in range(3):
            await held.segment(phone, film(phone))
            last = held.keeper.last_statement(phone.recording)
            assert last is not None
            under = await asyncio.wait_for(held.sequencer.covering(last.index), 1)
            assert under.checkpoint.size > last.index


async def test_strangers_see_whole_tiles_once_a_day(tmp_path: Path) -> None:
    clock = MadeUpClock(MIDNIGHT + 1)
    async with custody(tmp_path, clock) as held:
        await add(held, 3)
        await held.sequencer.step()
        assert held.sequencer.public.checkpoint.size == 0
        clock.time = MIDNIGHT + DAY - 1
        await held.sequencer.step()
        assert held.sequencer.public.checkpoint.size == 0
        before = held.sequencer.live
        clock.time = MIDNIGHT + DAY
        await held.sequencer.step()
        first = held.sequencer.public
        assert first.checkpoint.size == 256
        assert held.keeper.size == 256
        check_grown(held, before, first)
        # Later the same day nothing is shown of what has come since.
        await add(held, 300)
        clock.time += DAY - 1
        await held.sequencer.step()
        assert held.sequencer.public is first
        # What is not due is not kept again: a start would think that the day's was done.
        assert held.checkpoints.kept_at("public") == MIDNIGHT + DAY
        clock.time += 1
        await held.sequencer.step()
        assert held.sequencer.public.checkpoint.size == 768
        check_grown(held, first, held.sequencer.public)


async def test_the_padding_is_noise_that_nobody_can_tell_from_entries(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        await add(held, 1)
        clock.time += DAY
        await held.sequencer.step()
        padding = held.entries()[1:]
        assert len(set(padding)) == 255
        assert {len(one) for one in padding} == {64}


async def test_a_day_without_entries_pads_nothing(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        await add(held, 1)
        for _ in range(3):
            clock.time += DAY
            await held.sequencer.step()
        assert held.keeper.size == held.sequencer.public.checkpoint.size == 256


async def test_strangers_never_see_more_than_holders(tmp_path: Path) -> None:
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        seen: list[tuple[int, int]] = []
        keep = held.checkpoints.keep

        def watched(kind: str, size: int, note: bytes) -> None:
            keep(kind, size, note)
            kept = [held.checkpoints.newest(one) for one in ("live", "public")]
            sizes = [open_checkpoint(one, LOG.verifier).size for one in kept if one]
            seen.append((sizes[0], sizes[1]))

        held.checkpoints.keep = watched  # type: ignore[method-assign]
        await add(held, 5)
        clock.time += DAY
        await held.sequencer.step()
        assert seen == [(256, 0), (256, 256)]


async def test_a_restart_goes_on_and_publishes_nothing_to_strangers(tmp_path: Path) -> None:
    """Else a restart would tell them of the minute before it."""
    clock = MadeUpClock()
    async with custody(tmp_path, clock) as held:
        await add(held, 3)
        clock.time += 2 * DAY
        await held.sequencer.step()
        public, live = held.sequencer.public, held.sequencer.live
        # A day on which nothing came counts as published.
        clock.time += DAY
        await held.sequencer.step()
        await add(held, 1)
    async with custody(tmp_path, clock) as held:
        assert (held.sequencer.public, held.sequencer.live) == (public, live)
        clock.time += 1000
        await held.sequencer.step()
        assert held.sequencer.public == public
        assert held.sequencer.live.checkpoint.size == 257
        check_grown(held, live, held.sequencer.live)
        clock.time += DAY
        await held.sequencer.step()
        assert held.sequencer.public.checkpoint.size == 512


async def test_a_failure_to_sign_is_reported_and_ends_it(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        await add(held, 1)

        def full(kind: str, size: int, note: bytes) -> None:
            raise OSError("No space left on device")

        held.checkpoints.keep = full  # type: ignore[method-assign]
        failures: list[str] = []
        await asyncio.wait_for(held.sequencer.run(0.01, failures.append), 5)
        assert failures == ["no checkpoint can be signed: No space left on device"]
        assert held.sequencer.live.checkpoint.size == 0


async def test_stopping_waits_for_the_checkpoint_that_is_being_kept(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        await add(held, 1)
        keep, reached, go = held.checkpoints.keep, threading.Event(), threading.Event()

        def slow(kind: str, size: int, note: bytes) -> None:
            reached.set()
            assert go.wait(10)
            keep(kind, size, note)

        held.checkpoints.keep = slow  # type: ignore[method-assign]
        running = asyncio.create_task(held.sequencer.run(0.01, held.failures.append))
        await asyncio.to_thread(reached.wait, 10)
        running.cancel()
        await asyncio.sleep(0.01)
        assert not running.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await running
        newest = held.checkpoints.newest("live")
        assert newest is not None
        assert open_checkpoint(newest, LOG.verifier).size == 1
        assert held.failures == []


# Where they are kept.


def kept(folder: Path, time: int = NOW) -> SqliteCheckpoints:
    return SqliteCheckpoints(folder, lambda: time)


def signed(size: int, word: bytes = b"", signer: Signer = LOG) -> bytes:
    nodes = {(0, n): bytes([n]) * 32 for n in range(1)}
    value = root(size, lambda level, n: nodes[level, n]) if size < 2 else bytes(31) + word[:1]
    return Checkpoint(ORIGIN, size, value).sign(signer)


def test_the_newest_is_the_larger_of_the_two_copies(tmp_path: Path) -> None:
    """A crash may fall between the two writes; a restored half is found out."""
    checkpoints = kept(tmp_path)
    assert checkpoints.newest("live") is None
    assert checkpoints.kept_at("live") == 0
    checkpoints.keep("live", 2, signed(2, b"a"))
    assert checkpoints.newest("live") == signed(2, b"a")
    assert checkpoints.kept_at("live") == NOW
    (tmp_path / "live").write_bytes(signed(5, b"b"))
    assert checkpoints.newest("live") == signed(5, b"b")
    (tmp_path / "live").unlink()
    assert checkpoints.newest("live") == signed(2, b"a")
    checkpoints.close()


def test_a_smaller_or_another_checkpoint_of_the_size_is_refused(tmp_path: Path) -> None:
    checkpoints = kept(tmp_path)
    checkpoints.keep("live", 5, signed(5, b"a"))
    for size, word in ((4, b"a"), (5, b"b")):
        with pytest.raises(Damaged, match="another live checkpoint over 5 entries"):
            checkpoints.keep("live", size, signed(size, word))
    # The same one again, be it with more signatures, is welcome; and the kinds know no other.
    more = signed(5, b"a") + Signer.generate("witness").sign("x\n").rpartition(b"\n\n")[2]
    checkpoints.keep("live", 5, more)
    assert checkpoints.newest("live") == more
    checkpoints.keep("public", 1, signed(1))
    checkpoints.close()
