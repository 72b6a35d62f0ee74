"""Scrubbing a data folder on which a server runs, or ran: what is bent is named, each of it."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from accompany.adapters.closing import close_log
from accompany.adapters.remarks import GOOD, WRONG, Remark
from accompany.adapters.scrubbing import scrub
from accompany.client.device import Device
from evidencefiles import run
from house import house

pytestmark = pytest.mark.anyio


def scrubbed(data: Path) -> list[Remark]:
    told: list[tuple[int, int]] = []
    found = scrub(data, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
    return found


def bend(data: Path, recording: str, number: int) -> None:
    """Flip a bit in the middle of a segment, as it lies on the disk."""
    query = "SELECT file, offset, size FROM statements WHERE recording = ? AND number = ?"
    with closing(sqlite3.connect(f"file:{data}/index.sqlite?mode=ro", uri=True)) as tables:
        file, offset, size = tables.execute(query, (recording, number)).fetchone()
    with (data / "journal" / f"{file:06d}.journal").open("r+b") as target:
        target.seek(offset + size // 2)
        byte = target.read(1)[0]
        target.seek(-1, os.SEEK_CUR)
        target.write(bytes([byte ^ 8]))


async def recorded(folder: Path) -> list[Device]:
    async with house(folder) as held:
        devices = [await held.opened(segments=4) for _ in range(3)]
        # Beside a running server.
        (good,) = scrubbed(folder / "data")
        assert (good.how, good.about) == (GOOD, "scrub")
    return devices


async def test_each_bent_segment_is_named_and_only_those(tmp_path: Path) -> None:
    first, _, last = await recorded(tmp_path)
    data = tmp_path / "data"
    bend(data, first.recording, 2)
    bend(data, last.recording, 4)
    found = scrubbed(data)
    assert [one.how for one in found] == [WRONG, WRONG]
    for one, words in zip(
        found, (f"segment 2 of {first.recording}", f"segment 4 of {last.recording}"), strict=True
    ):
        assert f"does not hold: {words}. Bring back" in one.words
    done = run("doctor", "--data", data, "--scrub", "--json")
    assert done.returncode == 1
    told = [one for one in json.loads(done.stdout) if one["about"] == "scrub"]
    assert [one["words"] for one in told] == [one.words for one in found]


async def test_a_bent_header_hides_nothing_of_what_lies_behind_it(tmp_path: Path) -> None:
    await recorded(tmp_path)
    (path, *_) = sorted((tmp_path / "data/journal").glob("*.journal"))
    with path.open("r+b") as target:
        target.write(b"?")
    (one, *_) = scrubbed(tmp_path / "data")
    assert one.how == WRONG
    assert f"what begins at 0 in {path} does not hold" in one.words


async def test_a_torn_tail_that_nobody_was_told_of_is_no_damage(tmp_path: Path) -> None:
    await recorded(tmp_path)
    (path, *_) = sorted((tmp_path / "data/journal").glob("*.journal"))
    with path.open("ab") as target:
        target.write(b"half a batch")
    async with house(tmp_path) as held:
        # The next start writes into a file of its own.
        await held.opened(segments=1)
    assert [one.how for one in scrubbed(tmp_path / "data")] == [GOOD]


async def test_a_closed_log_is_scrubbed_as_well(tmp_path: Path) -> None:
    first, *_ = await recorded(tmp_path)
    data = tmp_path / "data"
    close_log(data, "")
    async with house(tmp_path):
        pass
    assert [one.how for one in scrubbed(data)] == [GOOD]
    (closed,) = (data / "closed").iterdir()
    bend(closed, first.recording, 3)
    (one,) = scrubbed(data)
    assert f"segment 3 of {first.recording}" in one.words
