"""A log read over HTTP: checkpoints, tiles and entry bundles (c2sp.org/tlog-tiles).

Only partial tiles that a verified checkpoint requires are asked for; where one is gone already, the
whole tile is taken instead, as the specification allows. Not here: what they must fit (growing),
whom to alarm (auditing).
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import httpx
import msgspec

from accompany.client.line import Refused, Unreachable, refusal
from accompany.errors import Malformed
from accompany.evidence.checkpoints import CHECKPOINT_LIMIT
from accompany.evidence.merkle import TILE_HEIGHT, TILE_WIDTH, node_hash, tile_path

LIMIT = 32 * 1024 * 1024
"""Bytes of one answer that are taken: 256 entries of 64 KiB and their lengths, and some more."""

AT_ONCE = 4
"""Requests under way at a time."""


class Tiles:
    """A log under *prefix*, an address that ends before `/checkpoint`; *token* opens it live."""

    def __init__(self, client: httpx.Client, prefix: str, token: str | None = None) -> None:
        self._client = client
        self._prefix = prefix.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, limit: int = LIMIT) -> bytes:
        """Return what lies at *path*; raise Refused, or Unreachable."""
        url = f"{self._prefix}/{path}"
        try:
            with self._client.stream("GET", url, headers=self._headers) as answer:
                parts, size = [], 0
                for part in answer.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > limit:
                        raise Malformed(path, f"expected at most {limit} bytes")
        except httpx.HTTPError as error:
            raise Unreachable(self._at(url), str(error) or type(error).__name__) from error
        data = b"".join(parts)
        if not answer.is_success:
            raise _refusal(path, answer, data)
        return data

    def post(self, path: str, body: bytes) -> bytes:
        url = f"{self._prefix}/{path}"
        try:
            answer = self._client.post(url, content=body, headers=self._headers)
        except httpx.HTTPError as error:
            raise Unreachable(self._at(url), str(error) or type(error).__name__) from error
        if not answer.is_success:
            raise refusal(path, answer)
        return answer.content

    def _at(self, url: str) -> str:
        return str(self._client.base_url).rstrip("/") + url

    def checkpoint(self) -> bytes:
        return self.get("checkpoint", CHECKPOINT_LIMIT + 64 * 1024)

    def tile(self, level: int, number: int, width: int) -> list[bytes]:
        """Return the *width* hashes of a tile."""
        data = self._whole_or_part(f"tile/{level}", number, width)
        hashes = [data[at : at + 32] for at in range(0, len(data), 32)]
        if len(hashes) < width or len(data) % 32:
            raise Malformed(f"tile {level}/{number}", f"expected {width} hashes: {len(data)} bytes")
        return hashes[:width]

    def entries(self, number: int, width: int) -> list[bytes]:
        """Return the *width* entries of a bundle."""
        data = self._whole_or_part("tile/entries", number, width)
        found: list[bytes] = []
        at = 0
        while at < len(data):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            if at + 2 > len(data) or end > len(data):
                raise Malformed(f"entry bundle {number}", "an entry is cut short")
            found.append(data[at + 2 : end])
            at = end
        if len(found) < width:
            raise Malformed(f"entry bundle {number}", f"expected {width}, found {len(found)}")
        return found[:width]

    def _whole_or_part(self, folder: str, number: int, width: int) -> bytes:
        try:
            return self.get(f"{folder}/{tile_path(number, width)}")
        except Refused as refused:
            if width == TILE_WIDTH or refused.status not in (404, 410):
                raise
            # A partial tile may be gone once the whole one is there.
            return self.get(f"{folder}/{tile_path(number)}")

    def bundles(self, first: int, size: int) -> Iterator[tuple[int, list[bytes], list[bytes]]]:
        """Yield (number, entries, level-0 hashes) of every bundle from *first* in a tree of *size*.

        A few are fetched ahead; memory does not grow with the log.
        """
        return _ahead(partial(self._bundle, size), first, size)

    def _bundle(self, size: int, number: int) -> tuple[int, list[bytes], list[bytes]]:
        return number, self._entries(size, number), self.tile(0, number, _width(size, number))

    def entry_bundles(self, first: int, size: int) -> Iterator[list[bytes]]:
        """Yield the entries of every bundle from *first* in a tree of *size*, as `bundles` does."""
        return _ahead(partial(self._entries, size), first, size)

    def _entries(self, size: int, number: int) -> list[bytes]:
        return self.entries(number, _width(size, number))


Fetched = TypeVar("Fetched")


def _ahead(fetch: Callable[[int], Fetched], first: int, size: int) -> Iterator[Fetched]:
    """Yield what *fetch* returns of bundle *first* and those after it; a few are under way."""
    last = (size + TILE_WIDTH - 1) // TILE_WIDTH
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(first, last, 4 * AT_ONCE):
            yield from pool.map(fetch, range(start, min(start + 4 * AT_ONCE, last)))


def _width(size: int, number: int) -> int:
    return min(TILE_WIDTH, size - number * TILE_WIDTH)


class TileNodes:
    """The `evidence.merkle.Nodes` of a tree of *size*, from tiles fetched as they are needed."""

    def __init__(self, tiles: Tiles, size: int) -> None:
        self._tiles = tiles
        self._size = size
        self._held: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, number: int) -> bytes:
        row, height = divmod(level, TILE_HEIGHT)
        first = number << height
        tile, start = divmod(first, TILE_WIDTH)
        hashes = self._tile(row, tile)
        if start + (1 << height) > len(hashes):
            raise LookupError(f"a tree of {self._size} has no node {level}/{number}")
        return folded(hashes[start : start + (1 << height)])

    def _tile(self, level: int, number: int) -> list[bytes]:
        if (level, number) not in self._held:
            width = min(TILE_WIDTH, (self._size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH)
            if width < 1:
                raise LookupError(f"a tree of {self._size} has no tile {level}/{number}")
            self._held[level, number] = self._tiles.tile(level, number, width)
        return self._held[level, number]


def folded(hashes: Iterable[bytes]) -> bytes:
    """Return the root over a power of two of hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _refusal(what: str, answer: httpx.Response, data: bytes) -> Refused:
    try:
        problem = msgspec.json.decode(data, type=dict[str, object])
    except msgspec.DecodeError:
        problem = {"title": answer.reason_phrase}
    title, detail = str(problem.get("title", "")), str(problem.get("detail", ""))
    return Refused(what, answer.status_code, title, detail, {})
