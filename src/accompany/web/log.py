"""The log over HTTP: checkpoint, tiles, entry bundles and policy (c2sp.org/tlog-tiles).

Strangers see it up to the daily public checkpoint; holders, guests with a code, attorneys and
auditors see it live. A tile once served never changes. Witnesses that come by themselves find
here what is to be cosigned, and bring their cosignatures.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from accompany.custody.sequencer import Published
from accompany.errors import Unknown
from accompany.evidence.checkpoints import CHECKPOINT_LIMIT
from accompany.evidence.merkle import TILE_HEIGHT, TILE_WIDTH, read_tile_path
from accompany.evidence.text import read_number
from accompany.web.office import Office
from accompany.web.records import read_body

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
OWN = {"cache-control": "private, max-age=31536000, immutable"}
"""For what strangers do not see yet: no cache between may keep it for them."""
PRIVATE = {"cache-control": "no-store"}


class Log:
    """The routes under /log."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def _shown(self, request: Request) -> Published:
        live = self._office.sees_live_log(request)
        return self._office.sequencer.live if live else self._office.sequencer.public

    async def checkpoint(self, request: Request) -> Response:
        note = self._office.rounds.vouched(self._shown(request))
        return PlainTextResponse(note, headers=PRIVATE)

    async def offered(self, request: Request) -> Response:
        """GET /log/offered: the checkpoint of the last round, with the cosignatures it has."""
        offered = self._office.rounds.offered
        if offered is None or not self._office.sees_live_log(request, "GET /log/offered"):
            raise Unknown("checkpoint offered to witnesses")
        return PlainTextResponse(offered.note, headers=PRIVATE)

    async def cosignatures(self, request: Request) -> Response:
        """POST /log/cosignatures: a checkpoint of ours with a known witness's cosignature."""
        note = await read_body(request, "checkpoint", CHECKPOINT_LIMIT + 16 * 1024)
        return PlainTextResponse(self._office.rounds.accept(note), headers=PRIVATE)

    def _caching(self, entries: int) -> dict[str, str]:
        """How what shows the first *entries* entries may be cached."""
        return FOREVER if entries <= self._office.sequencer.public.checkpoint.size else OWN

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
        headers = self._caching(number * TILE_WIDTH + width << (TILE_HEIGHT * level))
        return Response(data, media_type="application/octet-stream", headers=headers)

    async def entries(self, request: Request) -> Response:
        """GET /log/tile/entries/{path}: `width` entries, each its length in 2 bytes, then 64."""
        number, width = read_tile_path(request.path_params["path"])
        first = number * TILE_WIDTH
        if first + width > self._shown(request).checkpoint.size:
            raise Unknown("entry bundle")
        bundle = bundle_of(self._office.keeper.entries(first, width))
        headers = self._caching(first + width)
        return Response(bundle, media_type="application/octet-stream", headers=headers)


def bundle_of(entries: bytes) -> bytes:
    """Return *entries*, 64 bytes each, as a bundle: the length of each before it, in 2 bytes."""
    return b"".join(b"\x00\x40" + entries[at : at + 64] for at in range(0, len(entries), 64))
