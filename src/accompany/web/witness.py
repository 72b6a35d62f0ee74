"""A witness over HTTP: `POST /add-checkpoint` (c2sp.org/tlog-witness).

Anybody may ask; the log's signature is the right to. Not here: the decision and its memory
(client.witnessing).
"""

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from accompany.client.witnessing import Witness
from accompany.errors import AccompanyError, DoesNotHold, Malformed, TooLarge, Unknown
from accompany.evidence.cosigning import REQUEST_LIMIT, BadProof, Conflict, Contradiction
from accompany.web.records import read_body


def create_witness_app(witness: Witness, now: Callable[[], int]) -> Starlette:
    """Return the application; *now* gives POSIX seconds."""
    turn = asyncio.Lock()

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await read_body(request, "add-checkpoint", REQUEST_LIMIT)
            # One at a time: comparing with the last checkpoint and keeping the new one is one step.
            async with turn:
                line = await asyncio.to_thread(witness.answer, body, now())
        except AccompanyError as error:
            return refuse(error)
        return PlainTextResponse(line)

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


def refuse(error: AccompanyError) -> Response:
    """Return the status that the specification gives to each refusal."""
    match error:
        case Conflict():
            return _size(error.size)
        case Contradiction():
            return _size(error.size)
        case BadProof():
            status = 422
        case Unknown():
            status = 404
        case DoesNotHold():
            status = 403
        case TooLarge():
            status = 413
        case Malformed():
            status = 400
        case _:
            status = 500
    return PlainTextResponse(f"{error}\n", status)


def _size(size: int) -> Response:
    headers = {"content-type": "text/x.tlog.size"}
    return Response(f"{size}\n", 409, headers)
