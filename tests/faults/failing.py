"""Every write, sync, open, rename and fallocate of a real server fails once, in turn.

One server after the other runs on the same folder, each with one call that fails, so that every
start is also the recovery from the one before: then all that was ever acknowledged is compared. A
first start, which makes keys and databases, has a folder of its own each time. What must be:

- it ends soon, with a status that is not 0 and a sentence, or it goes on and answers;
- after an error of the disk from a write or a sync of what is kept, it has ended: nothing is tried
  again (a full disk may be waited for, but not by the journal's own batches);
- the next start needs nobody's help.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from accompany.config import Settings
from faults.forking import Forking
from faults.phones import Surge, client_of
from faults.strace import CALLS, ERRORS, Call, Fault, calls_in, counted, files_of, watching
from faults.telling import ACKNOWLEDGED, Outcome, Tell
from serving import RunningServer

FILE_BYTES = 1024 * 1024
LOAD = 14
"""Acknowledgements per run: more than one journal file has room for."""
MOST = 100
"""Acknowledgements after which a call that has not failed will not come."""

KEPT = (".journal", ".sqlite", ".sqlite-wal", "live", "public", "live.new", "public.new")
PAGES, DATABASES = "pwrite64", ("index", "people", "checkpoints")
"""Hundreds that are all alike: of these a few, from the first to the last."""
SYNCS = ("write", "pwrite64", "fdatasync", "fsync")


@dataclass
class Failing:
    """All runs of one folder; *results* counts what became of them."""

    folder: Path
    program: str
    seed: int
    results: Counter[str] = field(default_factory=Counter)
    injected: int = 0
    acknowledged: int = 0
    runs: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "calls"

    def server(self, name: str) -> RunningServer:
        more = {"ACCOMPANY_JOURNAL_FILE_BYTES": str(FILE_BYTES)}
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        return Forking(self.folder / name / "data", more=more)

    def files(self, server: RunningServer) -> dict[str, list[Path]]:
        data = server.data.resolve()
        place = Settings(data=data).second_place
        return files_of(data, next(place.glob("*"), place))

    def plan(self, most: int) -> list[Fault]:
        """Return every fault of a later start; of the pages that a database writes *most*."""
        server = self.server("counted")
        server.start()
        server.kill()
        return list(self._faults(server, most, load=True))

    def first_plan(self, most: int) -> list[Fault]:
        """Return every fault of a first start; of the pages that a database writes *most*."""
        return list(self._faults(self.server("counted-first"), most, load=False))

    def _faults(self, server: RunningServer, most: int, load: bool) -> Iterator[Fault]:
        files = self.files(server)
        counts = {}
        server.before = watching(
            self.program, self.log, [f for p in files.values() for f in p], None
        )
        server.start()
        if load:
            surge = Surge.of(server, self.folder, 2, self.seed)
            with surge.sending():
                surge.go_on(LOAD)
        server.kill()
        for part, paths in files.items():
            counts[part] = counted(self.log, set(map(str, paths)))
        for part in files:
            for call in CALLS:
                count = counts[part][call]
                for when in _spread(count, most if call == PAGES and part in DATABASES else count):
                    for error in ERRORS:
                        yield Fault(part, call, error, when)

    def later_starts(self, faults: list[Fault], tell: Tell) -> None:
        """Run a server for each of *faults* on one folder, comparing after each."""
        server = self.server("later")
        server.start()
        surge = Surge.of(server, self.folder / "later", 2, self.seed)
        with surge.sending():
            surge.go_on(LOAD)
            for number, fault in enumerate(faults):
                server.kill()
                self._run(server, fault, surge)
                tell(number + 1, len(faults), f"{fault}: {self.last}")
            server.kill()
            server.before = ()
            server.start()
            surge.go_on(LOAD)
        surge.check(everything=True)
        surge.check_package()
        server.kill()
        self.acknowledged += surge.acknowledged

    def first_starts(self, faults: list[Fault], tell: Tell) -> None:
        """Run a first start for each of *faults*, then one without: it must just work."""
        for number, fault in enumerate(faults):
            server = self.server(f"first-{number}")
            ready = self._start(server, fault)
            # Nothing was acknowledged yet, and an index that is not right is made again.
            self._judge(server, fault, ready, must_end=fault.part == "journal")
            server.kill()
            server.before = ()
            server.start()
            surge = Surge.of(server, server.data.parent, 1, self.seed)
            with surge.sending():
                surge.go_on(2)
            surge.check(everything=True)
            server.kill()
            self.acknowledged += surge.acknowledged
            tell(number + 1, len(faults), f"first start, {fault}: {self.last}")

    last: str = ""

    def _run(self, server: RunningServer, fault: Fault, surge: Surge) -> None:
        ready = self._start(server, fault)
        process = server.process
        assert process is not None
        if ready:
            # Until it comes; then some more, if it goes on.
            surge.wait_for(MOST, lambda: process.poll() is not None or self._came())
            full = surge.refused + 4
            surge.wait_for(4, lambda: process.poll() is not None or surge.refused >= full)
        self._judge(server, fault, ready)
        server.kill()
        server.before = ()
        if self.last != "not reached":
            server.start()
            surge.check()

    def _came(self) -> bool:
        """Whether the call has failed; asked often."""
        return b"(INJECTED)" in self.log.read_bytes()

    def _start(self, server: RunningServer, fault: Fault) -> bool:
        self.runs += 1
        server.before = watching(self.program, self.log, self.files(server)[fault.part], fault)
        self._said = len(server.log.read_text()) if server.log.exists() else 0
        server.spawn()
        return server.ready()

    def _judge(
        self, server: RunningServer, fault: Fault, ready: bool, must_end: bool = True
    ) -> None:
        injected = _injected(self.log)
        must = [one for one in injected if must_end and _must_end(one, fault)]
        ended = _ended(server, bool(must) or not (ready and _answers(server))) if injected else None
        said = server.log.read_text()[self._said :]
        if not injected:
            self.last = "not reached"
            assert ready, said
            return
        self.injected += 1
        self.last = "went on"
        if ended is not None:
            self.last = "ended under load" if ready else "refused to start"
            assert ended not in (0, -9), (fault, ended, said)
            # A person reads it: what happened in a sentence, and no stack.
            assert "Traceback" not in said, (fault, said)
            assert said.strip(), fault
        else:
            assert ready, (fault, said)
            assert _answers(server), (fault, said)
            assert not must, f"{fault}: it went on after {must}: {said}"
        self.results[self.last] += 1

    def outcome(self) -> Outcome:
        """Return what happened."""
        became = ", ".join(f"{count} {word}" for word, count in self.results.most_common())
        words = (
            f"{self.injected} calls failed with EIO or ENOSPC in {self.runs} runs: {became}; each "
            f"next start recovered by itself, and all {self.acknowledged} acknowledged statements "
            "and their bytes were there"
        )
        counts = {"calls that failed": self.injected, ACKNOWLEDGED: self.acknowledged}
        return Outcome(words, Counter(counts))


def _answers(server: RunningServer) -> bool:
    try:
        with client_of(server) as client:
            return client.get("/api/service").status_code == 200
    except httpx.TransportError:
        return False


def _spread(count: int, most: int) -> list[int]:
    """Return *most* of the numbers from 1 to *count*, the first and the last among them."""
    if count <= most:
        return list(range(1, count + 1))
    if most == 1:
        return [1]
    return sorted({1 + step * (count - 1) // (most - 1) for step in range(most)})


def _ended(server: RunningServer, soon: bool) -> int | None:
    """Return the status that the server ended with, or None where it goes on. *soon*: it will."""
    process = server.process
    assert process is not None
    until = time.monotonic() + (10.0 if soon else 0.3)
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    return process.poll()


def _injected(log: Path) -> list[Call]:
    return [one for one in calls_in(log) if one.injected]


def _must_end(call: Call, fault: Fault) -> bool:
    """Whether nothing may go on after this: a write or sync of what is kept, in place, failed."""
    if call.name not in SYNCS or "(deleted)" in call.given:
        return False
    name = call.given.partition("<")[2].partition(">")[0].rpartition("/")[2]
    if fault.error == "ENOSPC":
        return name.endswith(".journal")
    return name.endswith(KEPT)
