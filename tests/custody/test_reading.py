"""Reading out: every byte in its order, several at once, flat, and giving way to phones."""

import io
import os
import threading
import time
import zipfile
from pathlib import Path

import pytest

from accompany.custody import reading as reading_module
from accompany.custody.courtesy import ENOUGH, Courtesy
from accompany.custody.reading import Reading
from accompany.errors import Damaged
from accompany.evidence.package import Blob, PackageFile
from accompany.ids import RecordingId
from custodial import custody, film

pytestmark = pytest.mark.anyio
RECORDING = RecordingId("r" * 32)


class Shelf:
    """A keeper of segments that are made up when asked for; remembers how many at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.turn = threading.Lock()

    def segments(self, recording: str, first: int, last: int) -> list[tuple[int, memoryview]]:
        with self.turn:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.002)
        done = [(number, memoryview(content(number))) for number in range(first, last + 1)]
        with self.turn:
            self.now -= 1
        return done


def content(number: int) -> bytes:
    return f"segment {number} ".encode() * 2000


def files(count: int, size: int | None = None) -> list[PackageFile]:
    return [
        PackageFile("data/README.txt", b"read me"),
        *(
            PackageFile(f"data/segments/{n:06d}.age", Blob(size or len(content(n)), bytes(32)))
            for n in range(1, count + 1)
        ),
    ]


def read_out(shelf: Shelf, given: list[PackageFile], courtesy: Courtesy | None = None) -> bytes:
    reading = Reading(shelf, RECORDING, given, courtesy or Courtesy())  # type: ignore[arg-type]
    return b"".join(reading.pieces())


def test_every_file_comes_whole_and_in_order() -> None:
    shelf = Shelf()
    read = zipfile.ZipFile(io.BytesIO(read_out(shelf, files(300))))
    assert read.testzip() is None
    names = [f"{RECORDING}/data/README.txt"]
    names += [f"{RECORDING}/data/segments/{n:06d}.age" for n in range(1, 301)]
    assert read.namelist() == names
    assert all(read.read(name) == content(n) for n, name in enumerate(names[1:], 1))
    assert shelf.most == reading_module.THREADS


def test_no_more_is_held_than_a_few_pieces() -> None:
    shelf = Shelf()
    pieces = Reading(shelf, RECORDING, files(2000), Courtesy()).pieces()  # type: ignore[arg-type]
    first = next(pieces)
    assert len(first) < 2 * reading_module.PIECE
    time.sleep(0.1)
    asked = shelf.most
    pieces.close()  # type: ignore[attr-defined]
    assert asked <= reading_module.THREADS


def test_bytes_that_are_gone_break_it_off() -> None:
    with pytest.raises(Damaged, match="its bytes are not here any more"):
        read_out(Shelf(), files(3, size=5))
    with pytest.raises(Damaged, match="nothing in a package is called so"):
        read_out(Shelf(), [PackageFile("data/odd", Blob(1, bytes(32)))])


def test_an_empty_package_is_a_zip() -> None:
    assert zipfile.ZipFile(io.BytesIO(read_out(Shelf(), []))).namelist() == []


def test_while_nothing_comes_in_nobody_waits() -> None:
    courtesy = Courtesy()
    began = time.monotonic()
    courtesy.breathe(1000)
    assert time.monotonic() - began < 0.5
    assert courtesy.rate() == 0


def test_the_more_comes_in_the_longer_a_reader_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    slept: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(time, "sleep", slept.append)
    courtesy = Courtesy()
    for _ in range(4):
        courtesy.came()
    now += 1
    assert courtesy.rate() == 4
    courtesy.breathe(0.1)
    for _ in range(1000):
        courtesy.came()
    now += 1
    courtesy.breathe(0.1)
    assert slept == [pytest.approx(0.04), pytest.approx(0.1 * ENOUGH)]
    # A burst counts before its second is over; and what was long ago does not.
    for _ in range(100):
        courtesy.came()
    assert courtesy.rate() >= 100
    now += 60
    courtesy.came()
    now += 1
    assert courtesy.rate() <= 2


async def test_segments_near_each_other_are_read_at_once_and_checked(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone, other = await held.opened(), await held.opened()
        sealed = {}
        for number in range(1, 9):
            one = film(phone, data=os.urandom(20_000))
            await held.segment(phone, one)
            sealed[number] = one.sealed
            # Far from each other now and then.
            if number in (3, 5):
                await held.segment(other, film(other, data=os.urandom(40_000)))
                await held.segment(other, film(other, data=os.urandom(40_000)))
        late = film(phone, data=b"late")
        await held.statement(phone, late)
        got = held.keeper.segments(phone.recording, 1, 99)
        assert {number: bytes(data) for number, data in got} == sealed
        got = held.keeper.segments(phone.recording, 4, 6)
        assert [number for number, _ in got] == [4, 5, 6]
        third = sealed[3]
        assert third is not None
        for path in (tmp_path / "journal").glob("*.journal"):
            path.write_bytes(path.read_bytes().replace(third[-50:], bytes(50)))
        with pytest.raises(Damaged, match="segment 3 of"):
            held.keeper.segments(phone.recording, 1, 4)
        assert len(held.keeper.segments(phone.recording, 4, 8)) == 5
