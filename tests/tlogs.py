"""A tlog-tiles log in memory, behind a real HTTP client: for auditors and witnesses.

log = MemoryLog(SIGNER, [b"entry", …])
log.shown = 100                       # up to where it shows itself
tiles = log.tiles()                   # what a client sees
log.bend["tile/0/000"] = b"…"         # what it answers instead
"""

import httpx

from accompany.client.tiles import Tiles
from accompany.evidence.checkpoints import Checkpoint, write_consistency
from accompany.evidence.merkle import consistency_proof, grown, leaf_hash, read_tile_path, root
from accompany.evidence.notes import Signer
from accompany.ids import Origin

SIGNER = Signer.from_seed("log.example.org", bytes(range(32)))


class MemoryLog:
    """The log of *signer*, with all its *entries*; it shows the first `shown` of them."""

    def __init__(self, signer: Signer, entries: list[bytes]) -> None:
        self.signer = signer
        self.entries = entries
        self.shown = len(entries)
        self.asked: list[str] = []
        self.posted: list[tuple[str, bytes]] = []
        self.bend: dict[str, bytes | int] = {}
        """What it answers instead at a path: other bytes, or a status."""
        self._nodes: dict[tuple[int, int], bytes] = {}
        for number, entry in enumerate(entries):
            for level, at, value in grown(number, leaf_hash(entry), self.node):
                self._nodes[level, at] = value

    def node(self, level: int, number: int) -> bytes:
        return self._nodes[level, number]

    def checkpoint(self, size: int | None = None) -> bytes:
        size = self.shown if size is None else size
        return Checkpoint(Origin(self.signer.name), size, root(size, self.node)).sign(self.signer)

    def consistency(self, old: int, new: int) -> bytes:
        return write_consistency(old, new, consistency_proof(old, new, self.node))

    def tiles(self, token: str | None = None) -> Tiles:
        client = httpx.Client(base_url="http://log", transport=httpx.MockTransport(self._answer))
        return Tiles(client, "/log", token)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/log/")
        self.asked.append(path)
        if request.method == "POST":
            self.posted.append((path, request.content))
            return httpx.Response(200, content=request.content)
        bent = self.bend.get(path)
        if isinstance(bent, int):
            return httpx.Response(bent)
        found = bent if bent is not None else self.serve(path)
        return httpx.Response(404) if found is None else httpx.Response(200, content=found)

    def serve(self, path: str) -> bytes | None:
        if path == "checkpoint":
            return self.checkpoint()
        if not path.startswith("tile/"):
            return None
        kind, _, rest = path.removeprefix("tile/").partition("/")
        number, width = read_tile_path(rest)
        level = 0 if kind == "entries" else int(kind)
        first = number * 256
        if first + width > self.shown >> (8 * level):
            return None
        if kind == "entries":
            some = self.entries[first : first + width]
            return b"".join(len(entry).to_bytes(2, "big") + entry for entry in some)
        return b"".join(self.node(8 * level, at) for at in range(first, first + width))


def numbered(count: int, start: int = 0, word: str = "entry") -> list[bytes]:
    return [b"%s %d" % (word.encode(), number) for number in range(start, start + count)]
