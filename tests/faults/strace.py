"""Letting system calls on a server's files fail, by Debian's strace: which call, which time, how.

The counting is strace's: of each thread, the calls of one kind on the files that are named. A
server is the direct child all the same (-D), so that killing and waiting are as without it.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faults.debian import bring

CALLS = ("write", "pwrite64", "fdatasync", "fsync", "openat", "rename", "fallocate")
ERRORS = ("EIO", "ENOSPC")
FILES = 16
"""Journal files that one run may come to, before and after the last one there."""

_SAID = re.compile(
    r"^(?P<thread>\d+) +(?P<call>\w+)\((?P<given>.*)\) += .*?(?P<injected>\(INJECTED\))?$"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """The *when*-th *call* of a thread on the files of *part* fails with *error*."""

    part: str
    call: str
    error: str
    when: int

    def __str__(self) -> str:
        return f"{self.error} from {self.call} {self.when} of {self.part}"


def strace() -> str | None:
    """Return where strace is, if it can trace here; bring Debian's where we may."""
    if shutil.which("strace") is None:
        bring("strace")
    found = shutil.which("strace")
    if found is None:
        return None
    tried = subprocess.run([found, "-o", "/dev/null", "true"], capture_output=True, check=False)
    return found if tried.returncode == 0 else None


def files_of(data: Path, elsewhere: Path) -> dict[str, list[Path]]:
    """Return the files of a data folder that are written, by the part that they belong to."""
    new = [*("policy", "guest-code", "invitation", "desk-invitation", "heartbeat", "reserve")]
    keys = [
        data / "keys" / f"{name}.key" for name in ("log", "receipts", "organization", "custodian")
    ]
    journal = data / "journal"
    last = max((int(path.stem) for path in journal.glob("*.journal")), default=0)
    near = range(max(1, last - FILES), last + FILES)
    numbers = [journal / f"{number:06d}.journal" for number in near]
    places = [data / "checkpoints", elsewhere]
    return {
        "journal": [*_fresh(journal / "uuid", *numbers), journal],
        "index": _database(data / "index.sqlite"),
        "checkpoints": [
            *places, *_database(data / "checkpoints" / "checkpoints.sqlite"),
            *_fresh(*(place / kind for place in places for kind in ("live", "public"))),
        ],
        "people": _database(data / "accompany.sqlite"),
        "keys and small files": [
            data, data / "lock", data / "keys", *_fresh(*keys, *(data / name for name in new))
        ],
    }  # fmt: skip


def _fresh(*paths: Path) -> list[Path]:
    return [one for path in paths for one in (path, path.with_name(f"{path.name}.new"))]


def _database(path: Path) -> list[Path]:
    return [path, path.with_name(f"{path.name}-wal")]


def watching(program: str, log: Path, files: list[Path], fault: Fault | None) -> tuple[str, ...]:
    """Return what stands before a command whose calls on *files* are written to *log*."""
    calls = CALLS if fault is None else (fault.call,)
    command = [program, "-D", "-f", "--seccomp-bpf", "-qq", "-y", "-o", str(log)]
    command += ["-e", f"trace={','.join(calls)}", "-e", "signal=none"]
    for path in files:
        command += ["-P", str(path)]
    if fault is not None:
        command += ["-e", f"inject={fault.call}:error={fault.error}:when={fault.when}"]
    return (*command, "--")


@dataclass(frozen=True, slots=True)
class Call:
    thread: str
    name: str
    given: str
    injected: bool

    @property
    def files(self) -> set[str]:
        """What it names in quotes, and what its first descriptor stands for."""
        quoted = {one.strip('"') for one in re.findall(r'"[^"]*"', self.given)}
        return quoted | set(re.findall(r"^\d+<([^>]*)>", self.given))


def calls_in(log: Path) -> Iterator[Call]:
    """Yield the calls that *log* tells of, whole lines only."""
    begun: dict[str, str] = {}
    for line in log.read_text("utf-8", "replace").splitlines():
        thread, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
            continue
        if rest.startswith("<... "):
            rest = begun.pop(thread, "") + rest.partition(" resumed>")[2]
        found = _SAID.match(f"{thread} {rest}")
        if found:
            yield Call(thread, found["call"], found["given"], bool(found["injected"]))


def counted(log: Path, files: set[str]) -> Counter[str]:
    """Return how many calls of each kind on *files* the busiest thread made."""
    each = Counter((call.thread, call.name) for call in calls_in(log) if call.files & files)
    most: Counter[str] = Counter()
    for (_, name), count in each.items():
        most[name] = max(most[name], count)
    return most
