"""The index: made again from the journal it is the one that followed, however the two parted."""

import threading
from pathlib import Path

import pytest

from accompany.adapters.index import Index
from accompany.adapters.journal import Journal
from accompany.adapters.keeper import JournalKeeper
from accompany.adapters.lookups import Place
from accompany.adapters.scanning import Batch, Position
from accompany.custody.ports import CardKept, CustodyKept, GrantKept, Item, PackageKept
from accompany.errors import Damaged
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
