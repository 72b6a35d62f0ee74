"""Every call of a deletion on the files that it touches fails once, in turn.

Two phones send at once, so that what is theirs lies in the same batches; one recording is deleted
by a server of which one call fails. Soon it has ended with a sentence, or it goes on; by the next
start at the latest nothing of that recording is in any file, and all of the other one is there.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from accompany.adapters.sqlite import Database
from accompany.adapters.wishes import SqliteWishes
from accompany.custody.deletion import Wish
from faults.forking import Forking
from faults.phones import Phone, Surge, client_of, phone
from faults.strace import CALLS, ERRORS, Fault, calls_in, counted, watching
from faults.telling import ACKNOWLEDGED, Outcome, Tell

PART = "a deletion"
LOAD = 12
PIECE = 48
"""Bytes of which finding one piece shows that something is left."""


@dataclass
class Erasing:
    """All deletions of one folder; *results* counts what became of the servers."""

    folder: Path
    program: str
    seed: int
    results: Counter[str] = field(default_factory=Counter)
    injected: int = 0
    deleted: int = 0

    def __post_init__(self) -> None:
        self.server = Forking(self.folder / "erasing" / "data")
        self.server.data.parent.mkdir(parents=True)
        self.server.start()
        # The one whose recording stays.
        self.surge = Surge.of(self.server, self.server.data.parent, 1, self.seed)

    @property
    def log(self) -> Path:
        return self.folder / "erasing" / "calls"

    def plan(self) -> list[Fault]:
        """Return every fault of a deletion, by counting the calls of one."""
        gone = self._sent()
        files = self._wished(gone)
        self.server.before = watching(self.program, self.log, files, None)
        self.server.start()
        self._until(lambda: self._is_erased(gone))
        self.server.kill()
        counts = counted(self.log, set(map(str, files)))
        self._compare(gone)
        return [
            Fault(PART, call, error, when)
            for call in CALLS
            for when in range(1, counts[call] + 1)
            for error in ERRORS
        ]

    def fail(self, faults: list[Fault], tell: Tell) -> None:
        """Delete one recording for each of *faults*."""
        for number, fault in enumerate(faults):
            gone = self._sent()
            files = self._wished(gone)
            self.server.before = watching(self.program, self.log, files, fault)
            became = self._became(fault, gone)
            self.results[became] += 1
            self._compare(gone)
            tell(number + 1, len(faults), f"{fault}: {became}")
        self.surge.check(everything=True)
        self.surge.check_package()
        self.server.kill()

    def _sent(self) -> Phone:
        """Return a phone whose recording lies beside the other's, on a server that was killed."""
        self.server.before = ()
        if self.server.process is None:
            self.server.start()
        gone = phone(self.server, 0, self.surge.phones[0].chance)
        both = Surge(self.server, self.surge.folder, [gone, *self.surge.phones])
        with both.sending():
            both.go_on(LOAD)
        assert len(gone.acknowledged) > 1
        self.server.kill()
        return gone

    def _wished(self, gone: Phone) -> list[Path]:
        """Wish for the deletion; return the files that it will touch, there or not yet."""
        data = self.server.data.resolve()
        with closing(Database(data / "accompany.sqlite")) as database:
            SqliteWishes(database).ask(Wish(gone.device.recording, 0, 0, "organization"))
        erased = data / "journal" / "erased"
        journals = sorted(data.glob("journal/*.journal"))[-4:]
        notes = [erased / f"{int(one.stem):06d}-{n:06d}.json" for one in journals for n in (1, 2)]
        fresh = [one.with_name(f"{one.name}.new") for one in notes]
        return [erased, *notes, *fresh, *journals]

    def _became(self, fault: Fault, gone: Phone) -> str:
        said = len(self.server.log.read_text())
        self.server.spawn()
        ready = self.server.ready()
        process = self.server.process
        assert process is not None
        self._until(lambda: process.poll() is not None or self._is_erased(gone))
        status = process.poll()
        words = self.server.log.read_text()[said:]
        self.server.kill()
        if not any(one.injected for one in calls_in(self.log)):
            assert ready, words
            return "not reached"
        self.injected += 1
        assert "Traceback" not in words, (fault, words)
        if status is None:
            assert fault.error == "ENOSPC", f"{fault}: it went on: {words}"
            return "went on"
        assert status not in (0, -9), (fault, status, words)
        assert words.strip(), fault
        return "ended, and said why" if ready else "refused to start"

    def _compare(self, gone: Phone) -> None:
        """Start once more, with nothing that fails, and look into every file."""
        self.server.before = ()
        self.server.start()
        self._until(lambda: self._is_erased(gone))
        left = _left_of(gone, self.server.data)
        assert left == [], left
        with client_of(self.server) as client:
            answer = client.get(f"/api/recordings/{gone.device.recording}")
        assert answer.status_code == 410, answer.text
        self.surge.check()
        self.deleted += 1

    def _is_erased(self, gone: Phone) -> bool:
        index = (self.server.data / "index.sqlite").resolve().as_uri()
        try:
            with closing(sqlite3.connect(f"{index}?mode=ro", uri=True)) as tables:
                query = "SELECT erased FROM deleted WHERE id = ?"
                return tables.execute(query, (gone.device.recording,)).fetchone() == (1,)
        except sqlite3.Error:
            # It is being made.
            return False

    def _until(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + 120
        while not holds():
            assert time.monotonic() < until, f"it did not come: {self.server.said()}"
            time.sleep(0.05)

    def outcome(self) -> Outcome:
        """Return what happened."""
        became = ", ".join(f"{count} {word}" for word, count in self.results.most_common())
        words = (
            f"{self.injected} calls of a deletion failed with EIO or ENOSPC, one each: {became}; "
            f"by the next start at the latest no piece of any of the {self.deleted} recordings was "
            f"in any file, and all {self.surge.acknowledged} acknowledged statements that lay "
            "beside them were there"
        )
        counts = {
            "calls that failed": self.injected, "recordings erased": self.deleted,
            ACKNOWLEDGED: self.surge.acknowledged,
        }  # fmt: skip
        return Outcome(words, Counter(counts))


def _left_of(gone: Phone, data: Path) -> list[str]:
    """Return the files in which there is a piece of what *gone* has sent."""
    pieces = set[bytes]()
    for signed, receipt in gone.acknowledged.values():
        # What only this recording has: bodies, and signatures.
        pieces |= {signed.note[-PIECE - 4 : -4], receipt[-PIECE - 4 : -4]}
        sealed = signed.sealed or b""
        pieces |= {sealed[at : at + PIECE] for at in range(0, len(sealed) - PIECE, 4096)}
        pieces |= {sealed[-PIECE:]} if sealed else set()
    # A file that is being made has another name until it is whole.
    files = [one for one in sorted(data.rglob("*")) if one.is_file() and one.suffix != ".new"]
    read = {str(one): one.read_bytes() for one in files}
    assert all(len(piece) == PIECE for piece in pieces)
    return [name for name, held in read.items() if any(piece in held for piece in pieces)]
