"""Taking in segments: beside tus, nginx and fio in the same run, against floors and aims.

    scripts/bench custody [--rounds N] [--quick] [--disk MB] [--folder DIR] [--picture FILE]

The whole path of a real server: HTTP, SHA-256, Ed25519, chain, entry, index, signed receipt,
durable. 64 connections; a generator in a process of its own (custody_load.py) that signed before.
Each ratio is taken within its round, and the median of the rounds is shown. Acknowledged bytes are
sealed bodies and signed statements; on disk is all of a stopped server's folder but the reserve.
With --disk everybody, peers too, has a disk held to so many megabytes a second (held_disk.py).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from accompany.client.service import read_service
from accompany.config import Settings
from accompany.evidence.notes import Signer
from accompany.evidence.statements import SegmentStatement
from custody_peers import Missing, Peer, append_and_sync, cpu_of, nginx, sequential, tus
from custody_requests import Job, bodies_of
from custody_table import Figure, picture, table
from held_disk import held_to
from serving import RunningServer, running_server

ROOT = Path(__file__).resolve().parent.parent
SIZES = (64 * 1024, 128 * 1024)
CONNECTIONS = 64
STEPS = (400, 800, 1200, 1600, 2000)
"""Phones at two segments a second."""
RATE = 200


class Generator:
    """The process that sends; one job at a time."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}/benchmarks"}
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "benchmarks" / "custody_load.py"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the generator has ended"
        return line

    def run(self, job: Job, server: int) -> "Found":
        """Send *job*; *server* is the process whose time is counted meanwhile."""
        self._say(json.dumps(asdict(job)))
        self._hear()
        # What servers that flush nothing left to be written is not ours to wait for.
        os.sync()
        before = cpu_of(server)
        self._say("go")
        found = json.loads(self._hear())
        return Found(**found, cpu=cpu_of(server) - before)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


@dataclass(frozen=True, slots=True)
class Found:
    """What one load measured; times in seconds, *cpu* the server's, *share* the generator's."""

    count: int
    per_second: float
    bytes: int
    notes: int
    seconds: float
    others: dict[str, int]
    share: float
    p50: float
    p99: float
    late99: float
    cpu: float

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.count if self.count else 0.0


@dataclass
class Measured:
    """All rounds: name of a figure to its values."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.values.setdefault(name, []).append(value)

    def median(self, name: str) -> float | None:
        found = self.values.get(name)
        return statistics.median(found) if found else None


class Bench:
    def __init__(self, folder: Path, quick: bool) -> None:
        self.folder = folder
        self.seconds = 1.0 if quick else 2.0
        self.steady = 2.0 if quick else 4.0
        self.step = STEPS.index(800)
        self.generator = Generator()
        self.measured = Measured()
        self.missing: list[str] = []

    def round(self, number: int) -> None:
        """One round of everything; who goes first changes from round to round."""
        folder = self.folder / str(number)
        folder.mkdir()
        with ExitStack() as stack:
            peers = self.peers(stack, folder)
            for size in SIZES:
                self.alone(size)
                turns = [lambda s=size: self.ours(s, folder / f"data-{s}")]
                turns += [lambda p=peer, s=size: self.theirs(p, s) for peer in peers]
                turns += [lambda s=size: self.disk(folder, s)]
                for turn in turns[number % len(turns) :] + turns[: number % len(turns)]:
                    turn()
                self.ratios(size)
        self.receipts(folder)
        self.phones(folder)
        shutil.rmtree(folder)
        os.sync()

    def peers(self, stack: ExitStack, folder: Path) -> list[Peer]:
        found = []
        for start, name in ((tus, "tus"), (nginx, "nginx")):
            try:
                found.append(stack.enter_context(start(folder / name)))
            except Missing as error:
                self.miss(error)
        return found

    def miss(self, error: Missing) -> None:
        if str(error) not in self.missing:
            self.missing.append(str(error))
            print(f"  {error}", flush=True)

    def note(self, name: str, found: Found) -> None:
        bad = f"; {found.others}" if found.others else ""
        print(
            f"  {name:28} {found.per_second:7,.0f}/s  {found.bytes / found.seconds / 1e6:6.0f} MB/s"
            f"  cpu {found.cpu_each * 1e6:5.0f} µs each  p50 {found.p50 * 1e3:6.2f} ms"
            f"  p99 {found.p99 * 1e3:6.2f} ms  generator {found.share:4.0%}{bad}",
            flush=True,
        )

    def job(self, server: RunningServer, size: int, **more: object) -> Job:
        with_service = service_of(server)
        host, _, port = server.url.partition("://")[2].partition(":")
        given = {
            "kind": "accompany", "host": host, "port": int(port), "size": size,
            "connections": CONNECTIONS, "segments": self.enough(size), "seconds": self.seconds,
            "origin": with_service, "code": server.links["guest_code"],
        }  # fmt: skip
        return Job(**{**given, **more})  # type: ignore[arg-type]

    def enough(self, size: int) -> int:
        """Segments for each connection that no server here takes in the time."""
        return round(self.seconds * (8000 if size == SIZES[0] else 5000) / CONNECTIONS)

    def ours(self, size: int, data: Path) -> None:
        with running_server(data) as server:
            assert server.process is not None
            found = self.generator.run(self.job(server, size), server.process.pid)
        self.note(f"accompany {size // 1024} KiB", found)
        assert not found.others, found.others
        self.measured.add(f"ours {size}", found.per_second)
        self.measured.add(f"cpu {size}", found.cpu_each)
        on_disk = taken_by(data)
        self.measured.add(f"on disk {size}", on_disk / (found.bytes + found.notes))
        shutil.rmtree(data)

    def theirs(self, peer: Peer, size: int) -> None:
        job = Job(
            peer.kind, peer.port, size, CONNECTIONS, self.enough(size), self.seconds,
            name=f"{size}-{time.monotonic_ns()}",
        )  # fmt: skip
        found = self.generator.run(job, peer.process)
        name = {"dav": "nginx"}.get(peer.kind, peer.kind)
        self.note(f"{name} {size // 1024} KiB", found)
        self.measured.add(f"{peer.kind} {size}", found.per_second)

    def disk(self, folder: Path, size: int) -> None:
        try:
            bytes_ = sequential(folder, self.seconds / 2)
        except Missing as error:
            self.miss(error)
            return
        print(f"  fio O_DIRECT sequential      {bytes_ / 1e6:7,.0f} MB/s", flush=True)
        self.measured.add(f"fio {size}", bytes_)

    def alone(self, size: int) -> None:
        """What the cryptography of a segment costs when nothing else is done."""
        signer = Signer.generate("bench")
        digest = sha256(b"").digest()
        text = str(SegmentStatement("a" * 32, 1, digest, 1, 1, 500, size, digest)).encode()  # type: ignore[arg-type]
        signature = signer.private.sign(text)
        public = signer.private.public_key()
        bodies = bodies_of(size, 300)
        began = time.process_time()
        for body in bodies * 2:
            sha256(body).digest()
            public.verify(signature, text)
            signer.private.sign(text)
        each = (time.process_time() - began) / (2 * len(bodies))
        print(f"  its cryptography alone       {each * 1e6:7.0f} µs each", flush=True)
        self.measured.add(f"alone {size}", each)

    def ratios(self, size: int) -> None:
        last = {name: found[-1] for name, found in self.measured.values.items()}
        ours = last[f"ours {size}"]
        for peer in ("tus", "dav"):
            if f"{peer} {size}" in last:
                self.measured.add(f"to {peer} {size}", ours / last[f"{peer} {size}"])
        if f"fio {size}" in last:
            self.measured.add(f"to fio {size}", ours * size / last[f"fio {size}"])
        self.measured.add(f"to alone {size}", last[f"cpu {size}"] / last[f"alone {size}"])

    def receipts(self, folder: Path) -> None:
        """The 99th percentile of a receipt's time at a steady rate, and of fio's at the same."""
        with running_server(folder / "steady") as server:
            assert server.process is not None
            job = self.job(
                server, SIZES[0], every=CONNECTIONS / RATE, seconds=self.steady,
                segments=round(self.steady * RATE / CONNECTIONS) + 2,
            )  # fmt: skip
            found = self.generator.run(job, server.process.pid)
        self.note(f"accompany {RATE} segments/s", found)
        assert not found.others, found.others
        try:
            fio = append_and_sync(folder, self.steady / 2, RATE)
        except Missing as error:
            self.miss(error)
            return
        print(f"  fio append + fdatasync p99   {fio * 1e3:7.2f} ms", flush=True)
        self.measured.add("receipt", found.p99 / fio)

    def phones(self, folder: Path) -> None:
        """Find how many phones are carried: from where the last round ended, up or else down."""
        step, carried, falling = self.step, 0, False
        while 0 <= step < len(STEPS):
            if self.carries(folder, STEPS[step]):
                self.step, carried = step, STEPS[step]
                if falling:
                    break
                step += 1
            elif carried:
                break
            else:
                falling = True
                step -= 1
        self.measured.add("phones", carried)

    def carries(self, folder: Path, phones: int) -> bool:
        """Whether the 99th percentile of *phones*' receipts comes in time, and none is refused."""
        data = folder / f"phones-{phones}"
        with running_server(data) as server:
            assert server.process is not None
            job = self.job(
                server,
                SIZES[0],
                connections=phones,
                every=0.5,
                seconds=self.steady,
                segments=round(self.steady * 2) + 1,
            )
            found = self.generator.run(job, server.process.pid)
        shutil.rmtree(data)
        self.note(f"{phones} phones", found)
        enough = found.count >= 2 * phones * (self.steady - 0.5)
        return enough and not found.others and found.p99 < 0.1

    def figures(self) -> list[Figure]:
        of = self.measured.median
        found = []
        for size in SIZES:
            kib = f"{size // 1024} KiB"
            found += [
                Figure(f"segments/s ÷ tus, {kib}", of(f"to tus {size}"), 1.5, 3),
                Figure(f"segments/s ÷ nginx, {kib}", of(f"to dav {size}"), 0.8, 1.2),
                Figure(f"bytes/s ÷ fio sequential, {kib}", of(f"to fio {size}"), 0.15, 0.35),
                Figure(f"CPU ÷ cryptography, {kib}", of(f"to alone {size}"), 2.5, 1.6, less=True),
                Figure(f"on disk ÷ acknowledged, {kib}", of(f"on disk {size}"), 1.05, 1.02, True),
            ]
        return [
            *found,
            Figure("phones, p99 < 100 ms, none refused", of("phones"), 800, 1600, whole=True),
            Figure(f"p99 receipt at {RATE}/s ÷ fio append", of("receipt"), 6, 3, less=True),
        ]


def taken_by(data: Path) -> int:
    """Bytes that a stopped server's folder takes on the disk, all but the fixed reserve."""
    files = [one for one in data.rglob("*") if one.is_file() and one.name != "reserve"]
    return sum(one.stat().st_blocks * 512 for one in files)


def service_of(server: RunningServer) -> str:
    """Return the origin of the server's log."""
    import httpx

    with httpx.Client(base_url=server.url, trust_env=False) as client:
        return read_service(client.get("/api/service").content).organization.origin


@contextmanager
def own_folder(given: Path) -> Iterator[Path]:
    folder = given / f"accompany-bench-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench custody", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one short round, no picture")
    parser.add_argument("--disk", type=int, metavar="MB", help="hold the disk to MB a second")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="on the disk to use")
    parser.add_argument("--picture", type=Path, default=ROOT / "docs" / "pictures" / "custody.svg")
    given = parser.parse_args()
    # The tests' servers make small files; here they are as they come.
    os.environ.setdefault("ACCOMPANY_JOURNAL_FILE_BYTES", str(Settings().journal_file_bytes))
    rounds = 1 if given.quick else given.rounds
    began = time.monotonic()
    with ExitStack() as stack:
        folder = stack.enter_context(own_folder(given.folder))
        if given.disk is not None:
            stack.enter_context(held_to(given.disk * 1_000_000, folder))
        bench = Bench(folder, given.quick)
        try:
            for number in range(rounds):
                print(f"round {number + 1} of {rounds}", flush=True)
                bench.round(number)
        finally:
            bench.generator.close()
    figures = bench.figures()
    took = time.monotonic() - began
    held = "" if given.disk is None else f", a disk held to {given.disk} MB/s"
    print(f"\nmedians of {rounds} rounds, {os.cpu_count()} processors{held}, {took:.0f} s\n")
    print("\n".join(table(figures)))
    if not given.quick and given.disk is None:
        title = f"Custody: medians of {rounds} rounds on {os.cpu_count()} processors"
        given.picture.write_text(picture(figures, title))
        print(f"\n{given.picture}")


if __name__ == "__main__":
    main()
