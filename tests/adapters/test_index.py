"""The index: made again from the journal it is the one that followed, however the two parted."""

import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import pytest

from accompany.adapters.index import Index
from accompany.adapters.journal import Journal
from accompany.adapters.keeper import JournalKeeper
from accompany.adapters.lookups import Place
from accompany.adapters.scanning import Batch, Position
from accompany.custody.ports import CardKept, CustodyKept, GrantKept, Item, PackageKept
from accompany.errors import Damaged, DiskFailed, DiskFull, InUse
from accompany.evidence.merkle import EMPTY_ROOT, leaf_hash, node_hash, root
from kept import arrival, digest, entry, noise, opening, segment


def named(index: int, kind: type, *fields: object) -> Item:
    leaf = entry(index)
    return Item(kind(index, leaf.slot, leaf.digest, b"receipt %d" % index, *fields))


BATCHES = [
    [opening(0), named(1, GrantKept, "r", 0, b"grant")],
    [segment(2, 1, b"one"), segment(3, 2, b"two", arrived=False)],
    [noise(4), arrival(2, b"two")],
    [named(5, CustodyKept, "r", 1, b"{}\n"), named(6, CardKept, "c", b"card")],
    [named(7, PackageKept, "r", 2, b"package"), named(8, PackageKept, "r", 2, b"another")],
    [opening(9, "s"), segment(10, 1, b"three", "s", arrived=False)],
]
LEAVES = 11


def journalled(folder: Path, batches: list[list[Item]] = BATCHES) -> list[Batch]:
    journal = Journal(folder / "journal", 1024)
    list(journal.scan(Position()))
    done = [journal.append(batch) for batch in batches]
    journal.close()
    return done


def followed(folder: Path, batches: list[Batch]) -> Index:
    index = Index(folder / "index.sqlite")
    for batch in batches:
        index.apply(batch)
    return index


def contents(index: Index) -> object:
    """Everything the index answers, to compare two of them."""
    return (
        index.size(),
        index.position(),
        index.entries(0, 100),
        index.tile(0, 0, 256),
        root(index.size(), index.node),
        [index.recordings("id", one) for one in "rs"],
        [list(index.statements(one)) for one in "rs"],
        [index.place(one, number) for one in "rs" for number in (1, 2, 3)],
        [index.missing(one) for one in "rs"],
        [index.segment_hashes(one) for one in "rs"],
        [index.named(what, name) for what in ("grant", "custody", "package") for name in "rs"],
        index.named("card", "c"),
    )


def opened_keeper(folder: Path) -> JournalKeeper:
    return JournalKeeper(folder, 1024, lambda reason: pytest.fail(reason))


def contents_after_a_start(folder: Path) -> object:
    opened_keeper(folder).close()
    index = Index(folder / "index.sqlite")
    try:
        return contents(index)
    finally:
        index.close()


def test_it_knows_what_was_kept(tmp_path: Path) -> None:
    batches = journalled(tmp_path)
    index = followed(tmp_path, batches)
    assert index.size() == LEAVES
    assert index.entries(0, 100) == b"".join(bytes(entry(n)) for n in range(LEAVES))
    assert index.entries(4, 2) == bytes(entry(4)) + bytes(entry(5))
    (recording,) = index.recordings("id", "r")
    assert (recording.note, recording.index, recording.receipt) == (b"opening", 0, b"receipt 0")
    assert [row.recording for row in index.recordings("locator", digest("locator"))] == ["r", "s"]
    assert [row.recording for row in index.recordings("encounter", "e")] == ["r", "s"]
    first, second = index.statements("r")
    assert (first.number, first.receipt, bool(first.here)) == (1, b"receipt 2", True)
    assert (second.number, second.receipt, bool(second.here)) == (2, b"later receipt 2", True)
    assert index.last_statement("r") == second
    assert index.statement("r", 1) == first
    assert index.statement("r", 3) is None
    assert index.last_statement("x") is None
    assert (index.missing("r"), index.missing("s")) == ([], [1])
    assert index.segment_hashes("s") == [digest("three")]
    assert index.place("s", 1) is None
    (grant,) = index.named("grant", "r")
    assert (grant.number, grant.data, grant.index) == (0, b"grant", 1)
    assert [row.data for row in index.named("package", "r")] == [b"package", b"another"]
    index.close()


def test_it_says_where_the_bytes_of_a_segment_lie(tmp_path: Path) -> None:
    batches = journalled(tmp_path)
    index = followed(tmp_path, batches)
    journal = Journal(tmp_path / "journal", 1024)
    for number, data in ((1, b"one"), (2, b"two")):
        place = index.place("r", number)
        assert isinstance(place, Place)
        assert journal.read(place.file, place.offset, place.size) == data
        assert place.sha256 == digest(data.decode())
    index.close()


def test_its_tree_is_that_of_rfc_6962(tmp_path: Path) -> None:
    batches = journalled(tmp_path, [[noise(n)] for n in range(5)])
    index = followed(tmp_path, batches)
    leaves = [leaf_hash(bytes(entry(n))) for n in range(5)]
    pair, next_pair = node_hash(leaves[0], leaves[1]), node_hash(leaves[2], leaves[3])
    assert root(5, index.node) == node_hash(node_hash(pair, next_pair), leaves[4])
    assert index.tile(0, 0, 3) == b"".join(leaves[:3])
    assert root(0, index.node) == EMPTY_ROOT
    with pytest.raises(LookupError, match="no node 0/5"):
        index.node(0, 5)
    index.close()


def test_rebuilt_from_the_journal_it_is_the_index_that_followed(tmp_path: Path) -> None:
    index = followed(tmp_path, journalled(tmp_path))
    expected = contents(index)
    index.close()
    for path in tmp_path.glob("index.sqlite*"):
        path.unlink()
    assert contents_after_a_start(tmp_path) == expected


@pytest.mark.parametrize("applied", range(len(BATCHES) + 1))
def test_a_crash_between_journal_and_index_is_made_good_by_the_next_start(
    tmp_path: Path, applied: int
) -> None:
    batches = journalled(tmp_path)
    (tmp_path / "_").mkdir()
    whole = followed(tmp_path / "_", batches)
    expected = contents(whole)
    whole.close()
    followed(tmp_path, batches[:applied]).close()
    assert contents_after_a_start(tmp_path) == expected
    # And the start after that finds nothing to do, and does nothing twice.
    assert contents_after_a_start(tmp_path) == expected


def test_an_index_ahead_of_the_journal_says_that_something_is_lost(tmp_path: Path) -> None:
    """It follows only what is on the disk: what it has seen was acknowledged."""
    batches = journalled(tmp_path)
    followed(tmp_path, batches).close()
    last = tmp_path / "journal" / f"{batches[-1].file:06d}.journal"
    whole = last.read_bytes()
    for lost in (whole[: batches[-1].base + 5], _bent(whole, batches[-1].base + 5)):
        last.write_bytes(lost)
        with pytest.raises(Damaged, match=r"what was acknowledged is missing.*--new-origin"):
            contents_after_a_start(tmp_path)
    last.unlink()
    with pytest.raises(Damaged, match="is not there, or not whole"):
        contents_after_a_start(tmp_path)


def _bent(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("sizes", [(37,), (1,) * 37, (2, 3, 5, 7, 11, 9), (16, 1, 15, 1, 4)])
def test_its_tree_is_the_same_however_batches_fall(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    """And whether it was closed in between or not: what is joined is remembered or read."""
    numbers = iter(range(sum(sizes)))
    batches = journalled(tmp_path, [[noise(n) for n in islice(numbers, size)] for size in sizes])
    leaves = [leaf_hash(bytes(entry(n))) for n in range(sum(sizes))]
    index = followed(tmp_path, [])
    for number, batch in enumerate(batches):
        index.apply(batch)
        if number % 3 == 1:
            index.close()
            index = Index(tmp_path / "index.sqlite")
    assert index.tile(0, 0, 256) == b"".join(leaves)
    while len(leaves) > 1:
        pairs = zip(leaves[::2], leaves[1::2], strict=False)
        leaves = [node_hash(*pair) for pair in pairs] + leaves[len(leaves) // 2 * 2 :]
    assert root(sum(sizes), index.node) == leaves[0]
    index.close()


def test_a_batch_is_applied_whole_or_not_at_all(tmp_path: Path) -> None:
    """The second leaf 2 does not fit: nothing of its batch may be seen."""
    good, bad = journalled(tmp_path, [[noise(0), noise(1)], [noise(2), opening(2)]])
    index = followed(tmp_path, [good])
    before = contents(index)
    with pytest.raises(Exception, match="UNIQUE"):
        index.apply(bad)
    assert contents(index) == before
    index.close()


def test_a_long_query_in_one_thread_hides_nothing_from_the_others(tmp_path: Path) -> None:
    """On one connection the long query's snapshot would be everybody's."""
    count = 3000
    first = [opening(0), *(segment(n, n, b"%d" % n) for n in range(1, count))]
    index = followed(tmp_path, journalled(tmp_path, [first]))
    more = [[noise(n)] for n in range(count, count + 200)]
    journal = Journal(tmp_path / "journal", 1024 * 1024)
    list(journal.scan(Position()))
    stop = threading.Event()

    def read_on_and_on() -> None:
        while not stop.is_set():
            list(index.statements("r"))

    readers = [threading.Thread(target=read_on_and_on) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for batch in more:
            index.apply(journal.append(batch))
            leaf = batch[0].record.index  # type: ignore[union-attr]
            assert index.entries(leaf, 1) == bytes(entry(leaf))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
        index.close()
        journal.close()


def test_an_index_that_the_disk_failed_is_taken_away_and_made_again(tmp_path: Path) -> None:
    """A sync that failed must not be asked again, and SQLite would: so nothing is left to ask."""
    batches = journalled(tmp_path)
    path, failures = tmp_path / "index.sqlite", list[str]()
    index = Index(path, failures.append)
    for batch in batches:
        index.apply(batch)
    expected = contents(index)
    with files_no_larger_than(path.stat().st_size), pytest.raises(DiskFailed, match="index"):
        index.settle()
    assert len(failures) == 1
    assert not list(tmp_path.glob("index.sqlite*"))
    index.close()
    assert not list(tmp_path.glob("index.sqlite*"))
    assert contents_after_a_start(tmp_path) == expected


@pytest.mark.parametrize("bent", [b"", b"no index at all" * 400])
def test_what_is_no_index_is_made_again(tmp_path: Path, bent: bytes) -> None:
    journalled(tmp_path)
    expected = contents_after_a_start(tmp_path)
    (tmp_path / "index.sqlite").write_bytes(bent)
    assert contents_after_a_start(tmp_path) == expected


def test_an_index_bent_in_the_middle_is_taken_away_when_that_shows(tmp_path: Path) -> None:
    journalled(tmp_path, [[noise(n) for n in range(1000)]])
    expected = contents_after_a_start(tmp_path)
    path, failures = tmp_path / "index.sqlite", list[str]()
    data = bytearray(path.read_bytes())
    # Page 1 says where the tables are; all else is noise now.
    data[4096:] = b"noise" * ((len(data) - 4096) // 5)
    path.write_bytes(data)
    with pytest.raises(DiskFailed, match="made again"):
        Index(path, failures.append).size()
    assert "malformed" in failures[0]
    assert contents_after_a_start(tmp_path) == expected


@pytest.mark.parametrize(
    "bend",
    [
        "UPDATE position SET file = 0, offset = 0, batch = 0, start = 0",
        "DELETE FROM nodes WHERE level = 2",
    ],
)
def test_an_index_that_a_batch_does_not_fit_is_made_again(tmp_path: Path, bend: str) -> None:
    batches = journalled(tmp_path, [[noise(n) for n in range(4)], [noise(4 + n) for n in range(4)]])
    followed(tmp_path, batches[:1]).close()
    with closing(sqlite3.connect(tmp_path / "index.sqlite")) as tables, tables:
        tables.execute(bend)
    failures = list[str]()
    with pytest.raises(DiskFailed, match="made again"):
        JournalKeeper(tmp_path, 1024, failures.append)
    assert len(failures) == 1
    keeper = opened_keeper(tmp_path)
    leaves = [leaf_hash(bytes(entry(n))) for n in range(8)]
    assert keeper.tile(0, 0, 8) == b"".join(leaves)
    keeper.close()


def test_a_full_disk_leaves_the_index_for_later(tmp_path: Path) -> None:
    """Nothing was synced and nothing lost: what could not be written is still to be moved."""
    index = followed(tmp_path, journalled(tmp_path))
    # SQLite's own word for a disk without room: a database that may not grow.
    pages = index._elsewhere.execute("PRAGMA page_count").fetchone()[0]
    index._write.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull):
        index.apply(journalled(tmp_path / "more", [[noise(n) for n in range(LEAVES, 999)]])[0])
    index.settle()
    assert index.size() == LEAVES
    index.close()


def test_a_long_write_ahead_file_is_folded_by_the_next_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`settle` beside a writer that never rests, or a reader, never gets to the end of it."""
    monkeypatch.setattr("accompany.adapters.index._BACKSTOP", 20)
    batches = journalled(tmp_path, [[noise(n)] for n in range(60)])
    index, ahead = followed(tmp_path, batches[:30]), tmp_path / "index.sqlite-wal"
    with closing(sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM leaves").fetchone()
        index.apply(batches[30])
        index.settle()
    index.apply(batches[31])
    long = ahead.stat().st_size
    for batch in batches[32:50]:
        index.apply(batch)
    assert ahead.stat().st_size == long
    index.close()


def test_what_is_being_read_is_flushed_when_it_is_not_any_more(tmp_path: Path) -> None:
    index = followed(tmp_path, journalled(tmp_path))
    index._elsewhere.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM leaves").fetchone()
        index.apply(journalled(tmp_path / "more", [[noise(LEAVES)]])[0])
        with pytest.raises(InUse):
            index.flush()
    index.flush()
    assert (tmp_path / "index.sqlite-wal").stat().st_size == 0
    index.close()


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """A write behind *size* is refused as an error of the disk would be."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
