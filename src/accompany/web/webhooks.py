"""Webhooks over HTTP, for coordinators: where messages go, what became of them, sending again."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.dispatch.webhooks import Endpoint
from accompany.errors import Malformed
from accompany.evidence.text import read_time, write_time
from accompany.web.office import Office
from accompany.web.records import read_json

SHOWN = 30


class WebhookRoutes:
    """The routes under /api/desk/webhooks."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def list(self, request: Request) -> Response:
        """GET /api/desk/webhooks: addresses, without their secrets, and the newest messages."""
        del request
        return self._told()

    async def add(self, request: Request) -> Response:
        """POST /api/desk/webhooks: an address; the answer has its secret, this once."""
        url = (await read_json(request, "webhook")).get("url")
        if not isinstance(url, str):
            raise Malformed("webhook", "expected a url")
        made = self._office.books.hooks.add(url, self._office.clock.now())
        return self._told(201, secret=made.secret)

    async def end(self, request: Request) -> Response:
        """DELETE /api/desk/webhooks/{id}: nothing more is sent there."""
        self._office.books.hooks.end(request.path_params["id"], self._office.clock.now())
        return self._told()

    async def test(self, request: Request) -> Response:
        """POST /api/desk/webhooks/{id}/tests: a message that says it is a test."""
        self._office.books.hooks.test(request.path_params["id"], self._office.clock.now())
        return self._told(201)

    async def replay(self, request: Request) -> Response:
        """POST /api/desk/webhooks/{id}/replays: one message by its `number` again, or whatever was
        made at `since` or later."""
        hooks, now = self._office.books.hooks, self._office.clock.now()
        endpoint = request.path_params["id"]
        match await read_json(request, "replay"):
            case {"number": int(number)} if 0 < number < 2**53 and number is not True:
                hooks.again(number, now, endpoint)
                return self._told(201, again=1)
            case {"since": str(since)}:
                return self._told(201, again=hooks.replay(endpoint, read_time(since), now))
            case _:
                raise Malformed("replay", "expected since, a time, or the number of a message")

    def _told(self, status: int = 200, **more: Any) -> Response:
        hooks = self._office.books.hooks
        return JSONResponse(
            {
                "endpoints": [_endpoint(one) for one in hooks.endpoints() if one.ended is None],
                "deliveries": [one.told for one in hooks.deliveries(SHOWN)],
                "waiting": hooks.waiting(),
                **more,
            },
            status,
        )


def _endpoint(one: Endpoint) -> dict[str, Any]:
    return {"id": one.id, "url": one.url, "made": write_time(one.made)}
