"""Reading out an hour's package: speed against the disk's own, memory, and what uploads feel."""

import argparse
import asyncio
import contextlib
import mmap
import multiprocessing
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from accompany.client.device import Device, Purpose, Signed
from accompany.config import Settings
from accompany.evidence.age import HybridIdentity
from accompany.evidence.text import write_base64
from accompany.ids import EncounterId, Origin
from house import SECRET, bearing, house, new_id
from serving import RunningServer, running_server

PIECE = 1024 * 1024
QUIET = 0.1
"""The share of the machine that others may take in a round that counts."""

PATIENCE = 90.0
"""Seconds in which rounds are tried."""
MOMENT = 8.0
"""Seconds in which a quiet moment is waited for before each."""
FIRST = -20
"""The priority at which nearly nothing else on the machine counts, for who may set it."""


@dataclass
class Filled:
    """A data folder with one long recording."""

    folder: Path
    recording: str
    bytes: int


async def fill(folder: Path, segments: int, size: int) -> Filled:
    async with house(folder) as held:
        device = await held.opened()
        office = held.server.office
        for first in range(0, segments, 64):
            count = min(64, segments - first)
            batch = [
                device.segment(os.urandom(size), 0, 500 * (first + n), 500) for n in range(count)
            ]
            await asyncio.gather(
                *(office.intake.segment(device.recording, one.number, one.note, one.sealed or b"")
                  for one in batch)
            )  # fmt: skip
        closing = device.closing(0, 500 * segments, "left")
        await office.intake.statement(device.recording, closing.number, closing.note)
        await office.sequencer.covering(office.keeper.size - 1)
    return Filled(folder / "data", device.recording, segments * size)


def forget_cache(folder: Path) -> None:
    """Have the next reading come from the disk: drop the pages of these files."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as source:
                os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def disk_speed(folder: Path) -> float:
    """Return bytes a second of one sequential O_DIRECT reading of the journal, 1 MiB at a time."""
    total, began = 0, time.perf_counter()
    buffer = mmap.mmap(-1, PIECE)
    for path in sorted(folder.glob("journal/*.journal")):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
        try:
            at = 0
            while (count := os.preadv(fd, [buffer], at)) == PIECE:
                at += count
                total += count
        finally:
            os.close(fd)
    return total / (time.perf_counter() - began)


def memory_of(process: int) -> int:
    """Return the memory of a process and its children, without the files they map, in bytes."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            told = dict(line.split(":", 1) for line in path.read_text().splitlines())
            if str(process) in (told["Pid"].strip(), told["PPid"].strip()):
                kinds = ("RssAnon", "RssShmem")
                total += sum(int(told[kind].split()[0]) for kind in kinds if kind in told) * 1024
    return total


def spent(process: int) -> tuple[float, float]:
    """Return the seconds of CPU of a process, and of its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    tick = os.sysconf("SC_CLK_TCK")
    own, children = fields[11:13], fields[13:15]
    return sum(map(int, own)) / tick, sum(map(int, children)) / tick


@contextlib.contextmanager
def watched(process: int) -> Iterator[list[int]]:
    """Collect the memory of *process* every 20 ms while the block runs."""
    seen: list[int] = [memory_of(process)]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            seen.append(memory_of(process))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


@dataclass
class Download:
    """Bytes, seconds until the first came, and seconds from then to the last."""

    bytes: int
    waited: float
    streamed: float


def download(url: str, recording: str, stop: Callable[[], bool] = lambda: False) -> Download:
    host, port = url.removeprefix("http://").split(":")
    request = (
        f"GET /api/recordings/{recording}/package HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: {bearing(SECRET)['authorization']}\r\n\r\n"
    )
    buffer = bytearray(PIECE)
    began = time.perf_counter()
    with socket.create_connection((host, int(port))) as line:
        line.sendall(request.encode())
        total = line.recv_into(buffer)
        assert buffer.startswith(b"HTTP/1.1 200"), bytes(buffer[:300])
        first = time.perf_counter()
        while count := line.recv_into(buffer):
            total += count
            if stop():
                break
    return Download(total, first - began, time.perf_counter() - first)


@dataclass
class Load:
    """Phones that send at a steady pace; made before, so that only sending is measured."""

    url: str
    phones: list[tuple[Device, list[Signed]]]
    every: float

    def run(self, ready: threading.Event | None = None) -> list[float]:
        """Send everything; return the seconds each receipt took."""
        return asyncio.run(self._run())

    async def _run(self) -> list[float]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(
            base_url=self.url, trust_env=False, limits=limits, timeout=30
        ) as client:
            took: list[float] = []

            async def phone(number: int, device: Device, segments: list[Signed]) -> None:
                began = asyncio.get_running_loop().time() + self.every * number / len(self.phones)
                for turn, one in enumerate(segments):
                    due = began + turn * self.every
                    await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))
                    path = f"/api/recordings/{device.recording}/segments/{one.number}"
                    before = time.perf_counter()
                    answer = await client.put(
                        path, content=one.sealed, headers={"statement": write_base64(one.note)}
                    )
                    took.append(time.perf_counter() - before)
                    assert answer.status_code == 201, answer.text

            async with asyncio.TaskGroup() as tasks:
                for number, (device, segments) in enumerate(self.phones):
                    tasks.create_task(phone(number, device, segments))
            return took


async def load_for(server: RunningServer, phones: int, seconds: float, size: int) -> Load:
    """Open *phones* recordings on a running server and make what they will send."""
    every = 0.5
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
        service = (await client.get("/api/service")).json()
        made = []
        for _ in range(phones):
            device = new_device(service["origin"])
            given = {
                "opening": device.opening.note.decode(),
                "grants": [write_base64(one) for one in device.grants],
                "locator": "00" * 32, "deletion": None,
                "admission": {"guest_code": server.links["guest_code"]},
            }  # fmt: skip
            answer = await client.post("/api/recordings", json=given)
            assert answer.status_code == 201, answer.text
            segments = [
                device.segment(os.urandom(size), 0, 500 * n, 500)
                for n in range(int(seconds / every))
            ]
            made.append((device, segments))
    return Load(server.url, made, every)


def new_device(origin: str) -> Device:
    purpose = Purpose(
        "film", "video/mp4", EncounterId(new_id()), Origin(origin), None, "bench/1 none"
    )
    return Device.open(purpose, (HybridIdentity.generate().recipient,), 0)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench reading", description=__doc__)
    parser.add_argument("--segments", type=int, default=7200, help="of half a second: an hour")
    parser.add_argument("--size", type=int, default=64 * 1024, help="bytes of a segment")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--phones", type=int, default=50, help="that send while it is read out")
    parser.add_argument("--seconds", type=float, default=6, help="that they send for, each round")
    parser.add_argument(
        "--first", action="store_true",
        help=f"run everything here at nice {FIRST} (root): what others do then hardly counts",
    )  # fmt: skip
    given = parser.parse_args()
    if given.first:
        os.nice(FIRST)
        print(f"all of this runs at nice {FIRST}, who reads out at {FIRST + 10}: others wait")
    with TemporaryDirectory(
        prefix="accompany-bench-", dir=os.environ.get("ACCOMPANY_BENCH")
    ) as name:
        began = time.perf_counter()
        filled = asyncio.run(fill(Path(name), given.segments, given.size))
        print(f"filled with {given.segments} segments of {given.size} bytes in "
              f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
        # As a server has it that nobody told otherwise.
        os.environ["ACCOMPANY_JOURNAL_FILE_BYTES"] = str(Settings().journal_file_bytes)
        with running_server(filled.folder) as server:
            reading(server, filled, given.rounds, given.first)
            acknowledging(server, filled, given)


def busy() -> float:
    """Return the seconds of CPU that all of this machine has spent."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _, _, irq, soft, _ = map(int, fields)
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet() -> None:
    """Return once others take little of the machine, or after a while all the same."""
    until = time.monotonic() + MOMENT
    while time.monotonic() < until:
        before = busy()
        time.sleep(0.2)
        if busy() - before < QUIET * 0.2 * (os.cpu_count() or 1):
            return


@dataclass
class Round:
    """One reading out beside one sequential reading of the same bytes from the same disk."""

    disk: float
    done: Download
    own: float
    apart: float
    others: float
    above: float

    @property
    def share(self) -> float:
        return self.done.bytes / self.done.streamed / self.disk

    @property
    def quiet(self) -> bool:
        return self.others < QUIET

    def __str__(self) -> str:
        done = self.done
        return (
            f"disk {self.disk / 1e6:5.0f} MB/s; package {done.bytes / done.streamed / 1e6:4.0f} "
            f"MB/s ({self.share:.2f}) after {done.waited:.2f} s of preparing; CPU {self.own:.2f} s "
            f"in the server, {self.apart:.2f} s beside it; memory {self.above:+.1f} MiB; others on "
            f"this machine took {100 * self.others:.0f} %"
        )


def one_round(server: RunningServer, filled: Filled, idle: int) -> Round:
    assert server.process is not None
    process = server.process.pid
    forget_cache(filled.folder)
    disk = disk_speed(filled.folder)
    forget_cache(filled.folder)
    at, all_before, mine = time.perf_counter(), busy(), time.process_time()
    own, apart = spent(process)
    with watched(process) as seen:
        done = download(server.url, filled.recording)
    time.sleep(0.05)
    own, apart = (b - a for a, b in zip((own, apart), spent(process), strict=True))
    others = busy() - all_before - (time.process_time() - mine) - own - apart
    share = max(others, 0) / (time.perf_counter() - at) / (os.cpu_count() or 1)
    return Round(disk, done, own, apart, share, (max(seen) - idle) / 2**20)


def reading(server: RunningServer, filled: Filled, rounds: int, first: bool) -> None:
    """Count rounds in which the machine is ours, being quiet or since we go *first*: who reads out
    gives way to everything else on it, and not only to phones."""
    assert server.process is not None
    download(server.url, filled.recording)
    idle = memory_of(server.process.pid)
    done: list[Round] = []
    until = time.monotonic() + PATIENCE
    while sum(one.quiet or first for one in done) < rounds and time.monotonic() < until:
        wait_for_quiet()
        done.append(one_round(server, filled, idle))
        print(f"round {len(done)}: {done[-1]}", flush=True)
    counted = [one for one in done if one.quiet or first] or done
    share = statistics.median(one.share for one in counted)
    words = f"{len(counted)} rounds in which others took less than {100 * QUIET:.0f} %"
    if first:
        words = f"{len(counted)} rounds, all of them before others"
    elif not any(one.quiet for one in done):
        words = "of all rounds: others were busy in every one"
    print(f"package ÷ disk: median {share:.2f}   floor 0.60   ({words})")
    print(f"memory above idle: most {max(one.above for one in done):.1f} MiB   limit 64")


def acknowledging(server: RunningServer, filled: Filled, given: argparse.Namespace) -> None:
    """Alternate between phones alone and phones beside an endless reading; compare."""
    alone: list[float] = []
    beside: list[float] = []
    for number in range(1, given.rounds + 1):
        for reading_too in (False, True) if number % 2 else (True, False):
            load = asyncio.run(load_for(server, given.phones, given.seconds, given.size))
            wait_for_quiet()
            with _reader(server, filled.recording, reading_too) as read_out:
                took = load.run()
            read = read_out()
            (beside if reading_too else alone).extend(took)
            words = (
                f", {read / given.seconds / 1e6:.0f} MB/s read out beside" if reading_too else ""
            )
            half, most = (1000 * percentile(took, share) for share in (0.5, 0.99))
            print(f"round {number}: {len(took)} receipts, median {half:.1f} ms, p99 {most:.1f} ms"
                  f"{words}", flush=True)  # fmt: skip
    for share, name in ((0.5, "median"), (0.99, "p99")):
        ratio = percentile(beside, share) / percentile(alone, share)
        print(f"receipt {name} beside a reading ÷ alone: {ratio:.2f}   limit 1.25")


@contextlib.contextmanager
def _reader(server: RunningServer, recording: str, wanted: bool) -> Iterator[Callable[[], int]]:
    """Read out again and again in a process of its own while the block runs."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_read_on, args=(server.url, recording, there))
    if wanted:
        process.start()
    try:
        yield lambda: here.recv() if wanted else 0
    finally:
        if wanted:
            here.send("stop")
            process.join()


def _read_on(url: str, recording: str, line: Connection) -> None:
    total = 0
    while not line.poll():
        total += download(url, recording, line.poll).bytes
    line.send(total)


if __name__ == "__main__":
    main()
