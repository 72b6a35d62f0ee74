"""Erasing in the journal's frames: what it asks of a disk, and what is left when that says no."""

import errno
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from accompany.adapters import erasing
from accompany.adapters.journal import Journal
from accompany.adapters.keeper import JournalKeeper
from accompany.adapters.scanning import Position
from accompany.errors import Damaged, DiskFull
from kept import MEBIBYTE, items_of, noise, opening, segment

pytestmark = pytest.mark.anyio
ONE, OTHER = "recording-one", "recording-other"
SIZE = 50_000


@asynccontextmanager
async def keeping(folder: Path) -> AsyncIterator[JournalKeeper]:
    """A keeper with two recordings, all of both in one frame, and something behind it."""
    keeper = JournalKeeper(folder, MEBIBYTE, pytest.fail)
    try:
        both = [opening(0, ONE), opening(1, OTHER)]
        both += [segment(2, 1, b"1" * SIZE, ONE), segment(3, 1, b"2" * SIZE, OTHER)]
        await keeper.keep(both)
        await keeper.keep([noise(4)])
        yield keeper
    finally:
        keeper.close()


def raw(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / "journal").glob("*.journal")))


def notes(folder: Path) -> list[Path]:
    return sorted((folder / "journal" / "erased").glob("*.json"))


async def test_what_is_a_hole_already_is_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would need room: deleting on a full disk, which is to make some, would end in an error."""
    async with keeping(tmp_path) as keeper:
        keeper.erase([ONE])
        written: list[int] = []
        real = erasing._write

        def write(fd: int, data: bytes, at: int) -> None:
            written.append(len(data))
            real(fd, data, at)

        monkeypatch.setattr(erasing, "_write", write)
        room = (tmp_path / "journal" / "000001.journal").stat().st_blocks
        keeper.erase([OTHER])
        # The other's bytes, the notes of both, and what of the first one's lies in no whole block.
        assert SIZE < sum(written) < SIZE + 3 * 4096
        assert (tmp_path / "journal" / "000001.journal").stat().st_blocks < room
    assert b"1" * 100 not in raw(tmp_path)
    assert b"2" * 100 not in raw(tmp_path)


async def test_a_disk_without_room_is_asked_again_and_nothing_is_noted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with keeping(tmp_path) as keeper:
        for step in ("_write", "_sync_data", "_punch"):
            with monkeypatch.context() as patched:
                patched.setattr(erasing, step, full)
                for _ in range(2):
                    with pytest.raises(DiskFull, match=r"000001\.journal"):
                        keeper.erase([ONE])
        assert len(notes(tmp_path)) == 1
        keeper.erase([ONE])
        assert len(notes(tmp_path)) == 1
        assert keeper.segment(OTHER, 1) == b"2" * SIZE
    assert b"1" * 100 not in raw(tmp_path)


async def test_a_bent_note_of_what_was_erased_is_a_sentence_or_changes_nothing(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path) as keeper:
        keeper.erase([ONE])
    (path,) = notes(tmp_path)
    whole = path.read_bytes()
    json.loads(whole)
    journal = Journal(tmp_path / "journal", MEBIBYTE)
    expected = items_of(journal, list(journal.scan(Position())))
    refused = 0
    for at in range(len(whole)):
        for bit in (0x01, 0x80):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            journal = Journal(tmp_path / "journal", MEBIBYTE)
            try:
                assert items_of(journal, list(journal.scan(Position()))) == expected
            except Damaged:
                refused += 1
    assert refused > len(whole)
