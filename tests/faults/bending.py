"""What lies on the disk is bent while no server runs: torn tails, flipped bits, holes, lost files.

A server was killed under load; what it left is copied again and again, each copy bent in one place,
and a real server is started on it, or the journal read as a start does. Nothing acknowledged may be
missing without a word: either all is there, or no server runs and a sentence says why.
"""

import random
import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from accompany.adapters.frames import Header
from accompany.adapters.journal import Journal
from accompany.adapters.scanning import Position
from accompany.adapters.walking import headers_in
from accompany.config import Settings
from accompany.errors import Damaged
from faults.forking import Forking
from faults.phones import Surge
from faults.telling import ACKNOWLEDGED, Outcome, Tell
from kept import noise
from serving import RunningServer

PARTS = {
    "the journal": ["journal/*.journal"],
    "its name": ["journal/uuid"],
    "the index": ["index.sqlite*"],
    "the checkpoints": ["checkpoints/*"],
    "the second place": ["../data-checkpoints/*/*"],
    "the keys": ["keys/*"],
    "people": ["accompany.sqlite*"],
    "codes and policy": ["guest-code", "invitation", "desk-invitation", "policy"],
}

ENDED = 70
"""The status of a server that ended by itself, for a start to read again."""


@dataclass
class Left:
    """What a killed server left, and the phones that know what it said."""

    folder: Path
    server: RunningServer
    surge: Surge

    @classmethod
    def by_a_kill(cls, folder: Path, seed: int) -> "Left":
        (folder / "whole").mkdir(parents=True)
        more = {"ACCOMPANY_JOURNAL_FILE_BYTES": str(1024 * 1024)}
        server = Forking(folder / "whole" / "data", more=more)
        server.start()
        surge = Surge.of(server, folder, 3, seed)
        for _ in range(2):
            with surge.sending():
                surge.go_on(25)
            server.kill()
            server.start()
        surge.check(everything=True)
        server.kill()
        return cls(folder, server, surge)

    @property
    def compared(self) -> int:
        """How many statements were acknowledged before; each copy is compared with them."""
        return self.surge.acknowledged

    def copied(self, name: str = "bent") -> Surge:
        """Return the phones of a server, not started, on a copy of its own."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.folder / "whole", self.folder / name)
        server = replace(self.server, data=self.folder / name / "data", process=None)
        return self.surge.forked(server, self.folder / name)


def tear(left: Left, tell: Tell, step: int = 1) -> Outcome:
    """Cut the last batch, one that nobody was told of, at each of its bytes, or every *step*."""
    surge = left.copied("torn")
    server = surge.server
    folder = server.data / "journal"
    since, entries = _followed(server.data), len(left.surge.entries)
    journal = Journal(folder, 64 * 1024)
    before = len(list(journal.scan(since)))
    batch = journal.append([noise(entries + n) for n in range(20)])
    journal.close()
    path = folder / f"{batch.file:06d}.journal"
    whole, start = path.read_bytes(), batch.end.start
    (header,) = [one for one, _ in headers_in(path) if one.offset == start]
    end = batch.base + header.length
    for at in range(start, end, step):
        for tail in (b"", bytes(end - at)):
            path.write_bytes(whole[:at] + tail)
            # A byte that was a zero anyway is no cut.
            expected = before + (whole[:at] + tail == whole[:end])
            assert len(list(Journal(folder, 64 * 1024).scan(since))) == expected, at
        tell(at - start + 1, end - start, "torn")
    cuts = (start + 9, (start + end) // 2, end - 1)[: 3 if step == 1 else 1]
    for at in cuts:
        surge = left.copied("torn")
        server = surge.server
        (server.data / "journal" / path.name).write_bytes(whole[:at])
        server.start()
        surge.check(everything=True)
        server.kill()
    words = (
        f"the last batch, not yet acknowledged, was cut at each of its {end - start} bytes, with "
        "zeros behind and without: the start read all before it and nothing of it; a server went "
        f"on from {len(cuts)} of them with nothing missing"
    )
    counts = {"cuts of the last batch": len(range(start, end, step)), ACKNOWLEDGED: left.compared}
    return Outcome(words, Counter(counts))


def _followed(data: Path) -> Position:
    """Return how far the journal goes, by reading all of it."""
    batches = list(Journal(data / "journal", 64 * 1024).scan(Position()))
    return batches[-1].end


def make_holes(left: Left, tell: Tell, most: int = 1000) -> Outcome:
    """Write zeros over each batch in turn, as a disk that lost a write would; start without the
    index, so that all is read, or for the last one with it."""
    holes = 0
    places = _frames(left.server.data / "journal")
    first, last = places[0], places[-1]
    chosen = places[:: max(1, len(places) // most)]
    for number, (name, header) in enumerate([*chosen, last]):
        server = left.copied().server
        is_last = (name, header) == last
        if not is_last:
            _without_index(server.data)
        path = server.data / "journal" / name
        _write(path, header.offset, bytes(4096))
        try:
            list(Journal(path.parent, 64 * 1024).scan(Position()))
        except Damaged:
            holes += 1
        else:
            # No other claims the last one; but the index has seen it.
            assert is_last
        if (name, header) in (first, last):
            _refuses(server)
        tell(number + 1, len(chosen) + 1, "holes")
    words = (
        f"zeros over each of {len(chosen)} batches: {holes} times a later batch said that it had "
        "been on the disk, once (the last batch) the index had seen it; no server started, and "
        "nothing was written"
    )
    return Outcome(words, Counter({"holes": len(chosen) + 1}))


def lose_the_last_batch(left: Left, tell: Tell) -> Outcome:
    """The newest batch, acknowledged and in the index, is bent: it must not be passed over."""
    name, header = _frames(left.server.data / "journal")[-1]
    server = left.copied().server
    _flip(server.data / "journal" / name, (header.offset + 120) * 8)
    for place in (server.data / "checkpoints", Settings(data=server.data).second_place):
        shutil.rmtree(place)
    said = _refuses(server)
    tell(1, 1, "the last batch")
    words = f"a bit of the last batch was flipped and every checkpoint lost: refused ({said})"
    return Outcome(words, Counter({"flipped bits": 1}))


def flip_bits(
    left: Left, count: int, seed: int, tell: Tell, only: Collection[str] = tuple(PARTS)
) -> Outcome:
    """Flip *count* bits in each part, one at a time; a server is started on each."""
    chance = random.Random(seed)
    results: dict[str, Counter[str]] = {part: Counter() for part in only}
    plan = [
        (part, patterns) for part, patterns in PARTS.items() if part in only for _ in range(count)
    ]
    for number, (part, patterns) in enumerate(plan):
        surge = left.copied()
        server = surge.server
        there = [path for pattern in patterns for path in sorted(server.data.glob(pattern))]
        paths = [path for path in there if _is_written(path)]
        path = chance.choice(paths)
        bit = chance.choice(list(_written_bits(path, chance)))
        _flip(path, bit)
        results[part][_after_a_flip(surge, part)] += 1
        tell(number + 1, len(plan), f"bit {bit} of {path.name}")
    words = "; ".join(
        f"{part}: {', '.join(f'{n} {word}' for word, n in counted.most_common())}"
        for part, counted in results.items()
    )
    counts = Counter({"flipped bits": len(plan), ACKNOWLEDGED: left.compared})
    return Outcome(f"{len(plan)} flipped bits, one at a time. {words}", counts)


def _after_a_flip(surge: Surge, part: str) -> str:
    server = surge.server
    server.spawn()
    try:
        if not server.ready():
            said = server.said()
            assert "Traceback" not in said, said
            if part == "the index":
                # It was taken away: the next start makes it again.
                server.kill()
                server.start()
                surge.check(everything=True)
                return "noticed at the start, and made again by the next"
            return "refused to start, with a sentence"
        try:
            surge.check(everything=True)
        except Exception:
            # Noticed by whoever compares: nothing is handed out as if it were whole.
            if part == "the index":
                word = "shown by what was asked, and whole again with a new index"
                if server.kill() == ENDED:
                    word = "noticed when it was asked, and made again by the next start"
                else:
                    _without_index(server.data)
                server.start()
                surge.check(everything=True)
                return word
            assert part == "the journal", part
            return "shown by what was asked"
        return "changed nothing that counts"
    finally:
        server.kill()


def _frames(folder: Path) -> list[tuple[str, Header]]:
    paths = sorted(folder.glob("*.journal"))
    return [(path.name, header) for path in paths for header, _ in headers_in(path)]


def _is_written(path: Path) -> bool:
    return path.is_file() and not path.name.endswith((".new", "-shm")) and path.stat().st_size > 0


def _written_bits(path: Path, chance: random.Random) -> Iterator[int]:
    """Yield some bits of a file, not those of the zeros that a journal file ends with."""
    size = len(path.read_bytes().rstrip(b"\0")) or 1
    for _ in range(8):
        yield chance.randrange(size * 8)


def _flip(path: Path, bit: int) -> None:
    data = path.read_bytes()[bit // 8]
    _write(path, bit // 8, bytes([data ^ 1 << bit % 8]))


def _write(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as target:
        target.seek(offset)
        target.write(data)


def _without_index(data: Path) -> None:
    for path in data.glob("index.sqlite*"):
        path.unlink()


def _refuses(server: RunningServer) -> str:
    """A server does not start on it, and changes nothing; return the sentence."""
    before = _bytes_in(server.data / "journal")
    server.spawn()
    assert not server.ready()
    assert server.kill() == 1
    said = server.said()
    assert "Traceback" not in said, said
    assert _bytes_in(server.data / "journal") == before
    return said.splitlines()[-1]


def _bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
