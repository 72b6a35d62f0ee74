"""The log over HTTP: checkpoint, tiles, entry bundles and policy (c2sp.org/tlog-tiles).

Strangers see it up to the daily public checkpoint; holders, guests with a code and attorneys see
it live. A tile once served never changes.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from accompany.custody.sequencer import Published
from accompany.errors import Unknown
from accompany.evidence.merkle import TILE_HEIGHT, TILE_WIDTH, read_tile_path
from accompany.evidence.text import read_number
from accompany.web.office import Office

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
PRIVATE = {"cache-control": "no-store"}


class Log:
    """The routes under /log."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def _shown(self, request: Request) -> Published:
        live = self._office.sees_live_log(request)
        return self._office.sequencer.live if live else self._office.sequencer.public

    async def checkpoint(self, request: Request) -> Response:
        return PlainTextResponse(self._shown(request).note, headers=PRIVATE)

    async def policy(self, request: Request) -> Response:
        del request
        return PlainTextResponse(self._office.policy)

    async def tile(self, request: Request) -> Response:
        """GET /log/tile/{level}/{path}: `width` hashes of 32 bytes."""
        level = read_number(request.path_params["level"])
        number, width = read_tile_path(request.path_params["path"])
        size = self._shown(request).checkpoint.size
        # Levels past 7 hold no full hash for any tree of under 2^64 entries.
        if level > 7 or number * TILE_WIDTH + width > size >> (TILE_HEIGHT * level):
            raise Unknown("tile")
        data = self._office.keeper.tile(level, number, width)
        return Response(data, media_type="application/octet-stream", headers=FOREVER)

    async def entries(self, request: Request) -> Response:
        """GET /log/tile/entries/{path}: `width` entries, each its length in 2 bytes, then 64."""
        number, width = read_tile_path(request.path_params["path"])
        first = number * TILE_WIDTH
        if first + width > self._shown(request).checkpoint.size:
            raise Unknown("entry bundle")
        data = self._office.keeper.entries(first, width)
        bundle = b"".join(b"\x00\x40" + data[at : at + 64] for at in range(0, len(data), 64))
        return Response(bundle, media_type="application/octet-stream", headers=FOREVER)
