"""Reading out in a process of its own: whole, in order, ended with whoever wanted it, polite."""

import asyncio
import io
import os
import signal
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accompany.adapters import apart
from accompany.adapters.apart import Reading
from accompany.adapters.lookups import Place
from accompany.adapters.reading import Sink, Spool
from accompany.adapters.runs import NEAR, RUN, Numbered, read_run, runs_of
from accompany.client.device import Device
from accompany.custody.courtesy import MOST, Courtesy
from accompany.errors import Damaged, Deleted, TooMany
from custodial import Custody, film, sequenced, whole

pytestmark = pytest.mark.anyio


async def recorded(held: Custody, segments: int = 40) -> tuple[Device, dict[int, bytes]]:
    """A film in several journal files, whose segments lie near each other and far apart."""
    phone, other = await held.opened(), await held.opened()
    sealed: dict[int, bytes] = {}
    for number in range(1, segments + 1):
        one = film(phone, data=os.urandom(30_000 + number))
        await held.segment(phone, one)
        sealed[one.number] = one.sealed or b""
        if number % 7 in (2, 3):
            await held.segment(other, film(other, data=os.urandom(60_000)))
    assert len(list((held.folder / "journal").glob("*.journal"))) > 2
    return phone, sealed


def processes() -> set[int]:
    """The processes that read out for this one."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            parent = int((path.parent / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"accompany.adapters.reading" in path.read_bytes():
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_every_byte_comes_and_nothing_is_left_behind(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        phone, sealed = await recorded(held)
        before = names_in(tmp_path)
        package = await held.export.package(phone.recording, "x")
        data = await whole(package)
        assert len(data) == package.size
        archive = zipfile.ZipFile(io.BytesIO(data))
        assert archive.testzip() is None
        names = {f"{phone.recording}/data/segments/{n:06d}.age": one for n, one in sealed.items()}
        assert {name: archive.read(name) for name in names} == names
        assert not processes()
        assert names_in(tmp_path) == before


async def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    async with sequenced(tmp_path / "what? #1 100%") as held:
        phone = await held.opened()
        await held.segment(phone, film(phone))
        data = await whole(await held.export.package(phone.recording, "x"))
        assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


async def test_two_at_once_are_both_whole(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        phone, _ = await recorded(held)
        packages = [await held.export.package(phone.recording, "x") for _ in range(2)]
        for data in await asyncio.gather(*map(whole, packages)):
            assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


async def test_who_goes_away_in_the_middle_leaves_no_process(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        phone, _ = await recorded(held)
        package = await held.export.package(phone.recording, "x")
        await anext(aiter(package.pieces))
        assert len(processes()) == 1
        await package.close()
        await package.close()
        assert not processes()


async def test_a_reader_that_dies_breaks_the_package_off(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        phone, _ = await recorded(held, 80)
        package = await held.export.package(phone.recording, "x")
        (reader,) = processes()
        os.kill(reader, signal.SIGKILL)
        with pytest.raises(Damaged, match="a package was not read out: it ended with -9"):
            await whole(package)


async def test_journal_files_that_are_gone_are_said_to_be(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        phone, _ = await recorded(held)
        sorted((tmp_path / "journal").glob("*.journal"))[0].unlink()
        package = await held.export.package(phone.recording, "x")
        with pytest.raises(Damaged, match="No such file"):
            await whole(package)


async def test_there_is_an_end_to_how_many_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "MOST", 2)
    async with sequenced(tmp_path) as held:
        phone, _ = await recorded(held, 30)
        first, second = [await held.export.package(phone.recording, "x") for _ in range(2)]
        with pytest.raises(TooMany):
            await held.export.package(phone.recording, "x")
        await first.close()
        third = await held.export.package(phone.recording, "x")
        await whole(third)
        await whole(second)


async def test_not_a_byte_comes_once_its_deletion_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sequenced(tmp_path) as held:
        phone, _ = await recorded(held)
        going = held.export._leaving

        async def pieces(reading: Reading) -> AsyncIterator[bytes]:
            yield b"before"
            going.begin(phone.recording)
            yield b"behind"

        monkeypatch.setattr(Reading, "pieces", pieces)
        package = await held.export.package(phone.recording, "x")
        coming = aiter(package.pieces)
        assert await anext(coming) == b"before"
        with pytest.raises(Deleted):
            await anext(coming)
        await package.close()


def test_near_segments_of_one_file_are_read_together(tmp_path: Path) -> None:
    def at(number: int, file: int, offset: int, size: int = 1000) -> Numbered:
        return number, Place(file, offset, size, bytes(32))

    near, far = 1000 + NEAR, 2000 + 2 * NEAR + 1
    places = [at(1, 1, 0), at(2, 1, near), at(3, 1, far + near), at(4, 2, far + 2 * near)]
    assert [[number for number, _ in run] for run in runs_of(places)] == [[1, 2], [3], [4]]
    # One that lies before the last, as bytes that came late do, begins anew.
    assert len(runs_of([at(1, 1, 5000), at(2, 1, 0)])) == 2
    long = [at(n, 1, n * 100_000, 100_000) for n in range(30)]
    assert all(sum(p.size for _, p in run) <= RUN for run in runs_of(long))
    (tmp_path / "000001.journal").write_bytes(bytes(8192))
    with pytest.raises(Damaged, match="journal file 1: expected"):
        read_run(tmp_path, [at(1, 1, 8000, 5000)], None)


def test_a_spool_is_noise_on_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    words = b"what was stated " * 50_000
    spool.write(words)
    assert b"".join(spool.pieces()) == words
    spool._file.seek(0)
    kept = spool._file.read()
    assert len(kept) == len(words)
    assert b"stated" not in kept
    assert list(tmp_path.iterdir()) == []


def test_a_sink_hands_on_what_the_kernel_did_not_take_at_once() -> None:
    read, write = os.pipe()
    sink = Sink(write)
    parts = [os.urandom(n * 3) for n in range(1, 600)]
    pid = os.fork()
    if pid == 0:
        for part in parts:
            sink.add(part, memoryview(part))
        sink.flush()
        os._exit(0)
    os.close(write)
    got = []
    while piece := os.read(read, 5000):
        got.append(piece)
    os.close(read)
    os.waitpid(pid, 0)
    assert b"".join(got) == b"".join(part + part for part in parts)


def test_the_more_comes_in_the_longer_a_reader_rests() -> None:
    now, entries = 100.0, 0
    courtesy = Courtesy(lambda: entries, lambda: now)
    now += 1
    assert courtesy.rest(1 << 20) == 0
    now, entries = now + 1, entries + 100
    assert courtesy.rate() == 100
    assert courtesy.rest(1 << 20) == pytest.approx(0.01)
    assert courtesy.rest(1 << 19) == pytest.approx(0.005)
    now, entries = now + 1, entries + 5000
    assert courtesy.rest(1 << 20) == MOST
    # It comes back by and by, not in one quiet moment.
    rates = []
    for _ in range(12):
        now += 0.2
        rates.append(courtesy.rate())
    assert rates[0] == 2500
    assert rates[-1] < 2
