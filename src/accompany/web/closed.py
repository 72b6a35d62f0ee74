"""Logs that ended: the last checkpoint that what is left of each still holds, and its tiles.

Nothing is added to them any more, so that everybody may see all of it. Not here: the log that is
written now (`log`).
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from accompany.custody.sequencer import Ended, Published
from accompany.errors import Unknown
from accompany.evidence.merkle import TILE_HEIGHT, TILE_WIDTH, read_tile_path
from accompany.evidence.text import read_number
from accompany.web.log import FOREVER, bundle_of
from accompany.web.office import Office


class ClosedLogs:
    """The routes under /log/closed."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def _log(self, request: Request) -> Ended:
        found = self._office.old.logs.get(request.path_params["log"])
        if found is None:
            raise Unknown("closed log")
        return found

    def _shown(self, request: Request) -> tuple[Ended, Published]:
        log = self._log(request)
        if log.last is None:
            raise Unknown("checkpoint that what is left of this log still holds")
        return log, log.last

    async def names(self, request: Request) -> Response:
        """GET /log/closed: a name a line, as it stands in the addresses below."""
        del request
        return PlainTextResponse("".join(f"{name}\n" for name in self._office.old.logs))

    async def checkpoint(self, request: Request) -> Response:
        return PlainTextResponse(self._shown(request)[1].note)

    async def policy(self, request: Request) -> Response:
        return PlainTextResponse(self._log(request).policy)

    async def tile(self, request: Request) -> Response:
        """GET /log/closed/{log}/tile/{level}/{path}: `width` hashes of 32 bytes."""
        log, last = self._shown(request)
        level = read_number(request.path_params["level"])
        number, width = read_tile_path(request.path_params["path"])
        size = last.checkpoint.size
        # Levels past 7 hold no full hash for any tree of under 2^64 entries.
        if level > 7 or number * TILE_WIDTH + width > size >> (TILE_HEIGHT * level):
            raise Unknown("tile")
        data = log.tile(level, number, width)
        return Response(data, media_type="application/octet-stream", headers=FOREVER)

    async def entries(self, request: Request) -> Response:
        """GET /log/closed/{log}/tile/entries/{path}: `width` entries, as of the log now."""
        log, last = self._shown(request)
        number, width = read_tile_path(request.path_params["path"])
        first = number * TILE_WIDTH
        if first + width > last.checkpoint.size:
            raise Unknown("entry bundle")
        bundle = bundle_of(log.entries(first, width))
        return Response(bundle, media_type="application/octet-stream", headers=FOREVER)
