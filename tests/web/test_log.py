"""The log over HTTP: its tiles are its checkpoint, and strangers see no more than once a day."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accompany.evidence.checkpoints import Checkpoint, Policy, open_checkpoint
from accompany.evidence.merkle import TILE_WIDTH, grown, leaf_hash, root, tile_path
from accompany.evidence.receipts import statement_entry
from house import SECRET, House, bearing, house

pytestmark = pytest.mark.anyio
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server whose public log has one whole tile, and whose live log goes on after it."""
    async with house(tmp_path_factory.mktemp("log"), wrong_codes_a_minute=1000) as held:
        await held.opened(segments=3)
        await published(held)
        await held.opened(segments=2)
        await covered(held)
        yield held


async def published(held: House) -> None:
    """Let the day come on which strangers are shown something."""
    sequencer = held.server.office.sequencer
    before = sequencer.public
    sequencer._next_public = 0
    while sequencer.public == before:  # noqa: ASYNC110 - nobody else waits for it
        await asyncio.sleep(0.01)


async def covered(held: House) -> None:
    await held.server.office.sequencer.covering(held.server.office.keeper.size - 1)


async def checkpoint(held: House, **headers: str) -> Checkpoint:
    answer = await held.get("/log/checkpoint", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return open_checkpoint(answer.content, held.server.keys.log.verifier)


async def entries_below(held: House, size: int, headers: dict[str, str]) -> list[bytes]:
    """Fetch every entry of a log of *size*, as an auditor would."""
    found: list[bytes] = []
    for number in range(-(-size // TILE_WIDTH)):
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        answer = await held.get(f"/log/tile/entries/{tile_path(number, width)}", headers=headers)
        assert answer.status_code == 200
        data = answer.content
        while data:
            length = int.from_bytes(data[:2])
            found.append(data[2 : 2 + length])
            data = data[2 + length :]
    return found


def tree(entries: list[bytes]) -> dict[tuple[int, int], bytes]:
    nodes: dict[tuple[int, int], bytes] = {}
    for index, entry in enumerate(entries):
        for level, number, value in grown(index, leaf_hash(entry), lambda a, b: nodes[a, b]):
            nodes[level, number] = value
    return nodes


async def test_entry_bundles_rebuild_the_root_of_the_live_checkpoint(held: House) -> None:
    headers = bearing(SECRET)
    live = await checkpoint(held, **headers)
    assert live.size > 256
    entries = await entries_below(held, live.size, headers)
    assert len(entries) == live.size
    nodes = tree(entries)
    assert root(live.size, lambda level, number: nodes[level, number]) == live.root


async def test_tiles_are_the_nodes_of_that_tree(held: House) -> None:
    headers = bearing(SECRET)
    live = await checkpoint(held, **headers)
    nodes = tree(await entries_below(held, live.size, headers))
    for level in (0, 1):
        count = live.size >> (8 * level)
        for number in range(-(-count // TILE_WIDTH)):
            width = min(TILE_WIDTH, count - number * TILE_WIDTH)
            path = f"/log/tile/{level}/{tile_path(number, width)}"
            answer = await held.get(path, headers=headers)
            expected = [nodes[8 * level, number * TILE_WIDTH + n] for n in range(width)]
            assert answer.content == b"".join(expected)


async def test_any_narrower_tile_is_the_beginning_of_the_wider_one(held: House) -> None:
    for what in ("0", "entries"):
        whole = (await held.get(f"/log/tile/{what}/000")).content
        size = len(whole) // 256
        for width in (1, 7, 255):
            part = await held.get(f"/log/tile/{what}/000.p/{width}")
            assert part.content == whole[: width * size]


async def test_strangers_see_the_public_checkpoint_and_nothing_after_it(held: House) -> None:
    public = await checkpoint(held)
    assert public.size == 256
    entries = await entries_below(held, public.size, {})
    nodes = tree(entries)
    assert root(256, lambda level, number: nodes[level, number]) == public.root
    for path in ("0/001.p/1", "entries/001.p/1", "1/000.p/2", "0/001", "2/000.p/1"):
        answer = await held.get(f"/log/tile/{path}")
        assert answer.status_code == 404, path
    seen = await held.get("/log/tile/0/001.p/1", headers=bearing(SECRET))
    assert seen.status_code == 200


async def test_what_strangers_do_not_see_is_kept_by_no_cache_between(held: House) -> None:
    public = await held.get("/log/tile/entries/000")
    assert public.headers["cache-control"] == FOREVER
    for path in ("entries/001.p/1", "0/001.p/1"):
        live = await held.get(f"/log/tile/{path}", headers=bearing(SECRET))
        assert live.status_code == 200
        assert not live.headers["cache-control"].startswith("public")
    missing = await held.get("/log/tile/entries/001.p/1")
    assert missing.headers["cache-control"] == "no-store"


async def test_guests_attorneys_and_holders_see_it_live(held: House) -> None:
    attorney = await held.attorney()
    await covered(held)
    live = held.server.office.sequencer.live.checkpoint
    for headers in (
        bearing(SECRET),
        bearing(held.server.guest_code),
        bearing(held.server.guest_code.upper()),
        attorney.headers,
    ):
        assert await checkpoint(held, **headers) == live
    for headers in (bearing(b"another secret of thirty-two byte"), bearing("abcd-efgh"), {}):
        assert (await checkpoint(held, **headers)).size == 256


async def test_the_log_does_not_tell_which_codes_are_good(tmp_path: Path) -> None:
    async with house(tmp_path, wrong_codes_a_minute=3) as held:
        for _ in range(3):
            assert (await held.get("/log/checkpoint", headers=bearing("abcd-efgh"))).is_success
        for code in ("abcd-efgh", held.server.guest_code):
            answer = await held.get("/log/checkpoint", headers=bearing(code))
            assert answer.status_code == 429
        # Holders' secrets are no codes: they are neither counted nor kept out.
        opening = held.new_recording(held.device())
        assert (await held.client.post("/api/recordings", json=opening)).status_code == 429
        assert (await held.get("/log/checkpoint", headers=bearing(bytes(32)))).is_success


@pytest.mark.parametrize(
    "path",
    [
        "0/0", "0/000.p/0", "0/000.p/257", "0/000.p/01", "0/000.p/", "0/x000/000", "0/0000",
        "0/-01", "x/000", "01/000", "entries/0", "entries/000.p/0", "0/٣٣٣", "0/000.p/²",
    ],
)  # fmt: skip
async def test_a_bent_tile_path_is_malformed(held: House, path: str) -> None:
    answer = await held.get(f"/log/tile/{path}", headers=bearing(SECRET))
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/malformed"


@pytest.mark.parametrize(
    "path",
    [
        "0/001",
        "0/999",
        "7/000.p/1",
        "8/000",
        "63/000.p/1",
        "0/x999/x999/x999/x999/999",
        "2/000.p/1",
    ],
)
async def test_a_tile_that_is_not_there_is_unknown(held: House, path: str) -> None:
    answer = await held.get(f"/log/tile/{path}", headers=bearing(SECRET))
    assert answer.status_code == 404


async def test_the_policy_names_the_keys_that_sign(held: House) -> None:
    answer = await held.get("/log/policy")
    policy = Policy.parse(answer.content)
    keys = held.server.keys
    assert policy.log(keys.origin) == keys.log.verifier
    assert policy.receipts_key(keys.origin) == keys.receipts.verifier
    assert policy.organizations == (keys.organization.verifier,)
    assert held.server.policy.read_bytes() == answer.content


async def test_a_holder_finds_a_statement_and_to_others_it_is_noise(held: House) -> None:
    device = await held.opened(segments=1)
    await covered(held)
    headers = bearing(SECRET)
    live = await checkpoint(held, **headers)
    entries = await entries_below(held, live.size, headers)
    assert bytes(statement_entry(device.opening.note, 0, device.opening.note)) in entries
    assert {len(entry) for entry in entries} == {64}
    assert len({entry[:32] for entry in entries}) == len(entries)
