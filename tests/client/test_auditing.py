"""Following a log: what holds is kept, what contradicts raises an alarm that shows both sides."""

import os
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accompany.client.auditing import Alarm, Memory, look
from accompany.client.growing import Grown
from accompany.client.tiles import TileNodes, Tiles
from accompany.errors import AccompanyError, Damaged, DoesNotHold
from accompany.evidence.checkpoints import open_checkpoint
from accompany.evidence.merkle import leaf_hash, root
from accompany.evidence.notes import Signer, Verifier
from tlogs import SIGNER, MemoryLog, numbered

VECTORS = Path(
    os.environ.get(
        "ACCOMPANY_VECTORS", Path(__file__).resolve().parents[2].parent / "shared" / "vectors"
    )
)
KEY = SIGNER.verifier
LOG = MemoryLog(SIGNER, numbered(1500))
FORK = MemoryLog(SIGNER, [*numbered(300), *numbered(1200, 300, "other")])


def audit(log: MemoryLog, size: int, memory: Memory) -> int:
    log.shown = size
    return look(log.tiles(), memory, KEY).size


@given(st.lists(st.integers(0, 1500), min_size=1, max_size=5).map(sorted))
@settings(max_examples=40, deadline=None)
def test_a_log_that_only_grows_holds_through_every_step(tmp_path_factory, sizes) -> None:
    memory = Memory(tmp_path_factory.mktemp("audit"), live=True)
    for size in sizes:
        assert audit(LOG, size, memory) == size
        seen = memory.seen()
        assert seen is not None
        assert seen.grown.root() == root(size, LOG.node)


@given(st.integers(301, 1500), st.integers(301, 1500))
@settings(max_examples=40, deadline=None)
def test_a_fork_raises_the_alarm_with_both_checkpoints(tmp_path_factory, first, second) -> None:
    memory = Memory(tmp_path_factory.mktemp("audit"), live=True)
    audit(LOG, first, memory)
    with pytest.raises(Alarm) as raised:
        audit(FORK, second, memory)
    assert LOG.checkpoint(first).decode() in raised.value.evidence
    assert FORK.checkpoint(second).decode() in raised.value.evidence
    # What was seen first is what every later look is compared with.
    assert audit(LOG, first, memory) == first


def test_a_log_that_goes_back_raises_the_alarm(tmp_path) -> None:
    memory = Memory(tmp_path, live=True)
    audit(LOG, 1000, memory)
    with pytest.raises(Alarm, match="went back"):
        audit(LOG, 999, memory)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_byte_served_is_bent_shows(tmp_path_factory, data) -> None:
    memory = Memory(tmp_path_factory.mktemp("audit"), live=True)
    before = data.draw(st.integers(0, 1400))
    audit(LOG, before, memory)
    size = data.draw(st.integers(before + 1, 1500))
    kept = memory.seen()
    log = MemoryLog(SIGNER, LOG.entries[:size])
    asked = asked_from(log, before, tmp_path_factory.mktemp("before"))
    path = data.draw(st.sampled_from(sorted(asked)))
    good = log.serve(path)
    assert good
    bent = bytearray(good)
    bent[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    log.bend[path] = bytes(bent)
    with pytest.raises(AccompanyError):
        look(log.tiles(), memory, KEY)
    assert memory.seen() == kept


def asked_from(log: MemoryLog, before: int, folder: Path) -> set[str]:
    """What an auditor who has seen *before* entries asks of *log* to see all of it."""
    memory = Memory(folder, live=True)
    audit(LOG, before, memory)
    look(log.tiles(), memory, KEY)
    return set(log.asked)


def test_only_what_is_new_is_fetched(tmp_path) -> None:
    memory = Memory(tmp_path, live=True)
    audit(LOG, 1100, memory)
    LOG.asked.clear()
    audit(LOG, 1200, memory)
    assert sorted(LOG.asked) == [
        "checkpoint",
        "tile/0/004.p/176",
        "tile/1/000.p/4",
        "tile/entries/004.p/176",
    ]
    LOG.asked.clear()
    audit(LOG, 1200, memory)
    assert LOG.asked == ["checkpoint"]


def test_a_partial_tile_that_is_gone_is_read_from_the_whole_one(tmp_path) -> None:
    log = MemoryLog(SIGNER, LOG.entries[:600])
    log.shown = 500
    for path in ("tile/0/001.p/244", "tile/entries/001.p/244", "tile/1/000.p/1"):
        log.bend[path] = 404
    for path in ("tile/0/001", "tile/entries/001"):
        log.shown = 600
        whole = log.serve(path)
        log.shown = 500
        assert whole
        log.bend[path] = whole
    log.bend.pop("tile/1/000.p/1")
    assert look(log.tiles(), Memory(tmp_path, live=True), KEY).size == 500


def test_tiles_of_the_second_level_are_rebuilt_too(tmp_path) -> None:
    log = MemoryLog(SIGNER, numbered(66_000))
    memory = Memory(tmp_path, live=True)
    assert audit(log, 65_000, memory) == 65_000
    assert audit(log, 66_000, memory) == 66_000
    assert {"tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"} <= set(log.asked)
    seen = memory.seen()
    assert seen is not None
    assert [len(level) for level in seen.grown.edge] == [208, 1, 1]
    assert memory._path.stat().st_size < 64 * 1024


def test_another_key_is_not_this_log(tmp_path) -> None:
    forger = MemoryLog(Signer.generate(SIGNER.name), numbered(3))
    with pytest.raises(DoesNotHold):
        look(forger.tiles(), Memory(tmp_path, live=True), KEY)


def test_strangers_are_shown_the_same_log(tmp_path) -> None:
    public = MemoryLog(SIGNER, LOG.entries[:512])
    LOG.shown = 1000
    found = look(LOG.tiles("token"), Memory(tmp_path, live=True), KEY, public.tiles())
    assert (found.size, found.public) == (1000, 512)
    FORK.shown = 512
    with pytest.raises(Alarm, match="strangers") as raised:
        look(LOG.tiles("token"), Memory(tmp_path, live=True), KEY, FORK.tiles())
    assert FORK.checkpoint(512).decode() in raised.value.evidence


def test_each_view_is_remembered_by_itself(tmp_path) -> None:
    audit(LOG, 1000, Memory(tmp_path, live=True))
    assert audit(LOG, 512, Memory(tmp_path, live=False)) == 512


@pytest.mark.parametrize("bend", [lambda text: text[:-9], lambda text: text.replace("1000", "999")])
def test_what_was_kept_is_not_believed_when_damaged(tmp_path, bend) -> None:
    memory = Memory(tmp_path, live=True)
    audit(LOG, 1000, memory)
    path = tmp_path / "live.json"
    path.write_text(bend(path.read_text()))
    with pytest.raises(Damaged):
        memory.seen()


@given(st.integers(0, 1500))
def test_an_edge_reads_back(size: int) -> None:
    grown = Grown()
    for number in range((size + 255) // 256):
        entries = LOG.entries[number * 256 : min(size, number * 256 + 256)]
        grown.take(number, entries, [leaf_hash(entry) for entry in entries])
    again = Grown.read(size, grown.written())
    assert (again.size, again.edge) == (grown.size, grown.edge)
    assert again.root() == root(size, LOG.node)


@given(st.integers(1, 1500), st.data())
def test_nodes_read_from_tiles_are_the_trees(size: int, data) -> None:
    log = MemoryLog(SIGNER, LOG.entries)
    log.shown = size
    nodes = TileNodes(log.tiles(), size)
    level = data.draw(st.integers(0, size.bit_length() - 1))
    number = data.draw(st.integers(0, (size >> level) - 1))
    assert nodes(level, number) == log.node(level, number)
    with pytest.raises(LookupError):
        nodes(level, size >> level)


@pytest.mark.skipif(not (VECTORS / "tlog").is_dir(), reason="no public vectors here")
def test_the_public_log_holds_through_all_its_checkpoints(tmp_path) -> None:
    """transparency-dev/tessera's testdata: 16 checkpoints of one log, tiles and bundles."""
    key = Verifier.parse(
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    )
    shown = "checkpoint.0"

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.strip("/")
        file = VECTORS / "tlog" / (shown if path == "checkpoint" else path)
        return (
            httpx.Response(200, content=file.read_bytes())
            if file.is_file()
            else (httpx.Response(404))
        )

    client = httpx.Client(base_url="http://log", transport=httpx.MockTransport(answer))
    memory = Memory(tmp_path, live=False)
    sizes = []
    for number in range(16):
        shown = f"checkpoint.{number}"
        note = (VECTORS / "tlog" / shown).read_bytes()
        found = look(Tiles(client, ""), memory, key)
        assert found.size == open_checkpoint(note, key).size
        sizes.append(found.size)
    assert sizes == sorted(sizes)
    assert sizes[-1] == 15
