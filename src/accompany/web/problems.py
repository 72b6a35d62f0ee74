"""Every error as one shape: RFC 9457 problem documents with a stable `type`.

`type` is `/problems/<word>`; docs/problems.md says what each means and what to do.
"""

import logging
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.errors import (
    AccompanyError,
    Deleted,
    DiskFull,
    DoesNotHold,
    Forbidden,
    Malformed,
    NotFresh,
    OutOfOrder,
    TooLarge,
    TooMany,
    Unauthorized,
    Unknown,
)
from accompany.evidence.age import AgeError

TYPES: dict[type[AccompanyError], tuple[int, str]] = {
    Malformed: (400, "malformed"),
    Unauthorized: (401, "unauthorized"),
    NotFresh: (403, "not-fresh"),
    Forbidden: (403, "forbidden"),
    Unknown: (404, "unknown"),
    OutOfOrder: (409, "out-of-order"),
    Deleted: (410, "deleted"),
    TooLarge: (413, "too-large"),
    DoesNotHold: (422, "does-not-hold"),
    AgeError: (422, "not-sealed"),
    TooMany: (429, "too-many"),
    DiskFull: (507, "disk-full"),
}


logger = logging.getLogger("accompany")


def problem(status: int, word: str, detail: str, **more: Any) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {
        "type": f"/problems/{word}",
        "title": title,
        "status": status,
        "detail": detail,
        **more,
    }


def problem_of(error: AccompanyError) -> dict[str, Any]:
    """Return the problem that says what was expected and what came."""
    for kind, (status, word) in TYPES.items():
        if isinstance(error, kind):
            return problem(status, word, str(error), **_more(error))
    return problem(500, "internal", "something went wrong here; nothing was acknowledged")


def _more(error: AccompanyError) -> dict[str, Any]:
    match error:
        case OutOfOrder():
            return {"last": error.last, "digest": error.digest.hex()}
        case Deleted():
            return {"tombstone": error.tombstone}
        case Malformed() if error.faults:
            return {"faults": [asdict(one) for one in error.faults]}
        case TooLarge():
            return {"limit": error.limit}
        case TooMany():
            return {"seconds": error.seconds}
        case DoesNotHold():
            return {"what": error.what, "expected": error.expected, "found": error.found}
        case _:
            return {}


def respond(document: dict[str, Any]) -> Response:
    headers = {"retry-after": str(document["seconds"])} if "seconds" in document else None
    return JSONResponse(document, document["status"], headers, "application/problem+json")


async def on_error(request: Request, error: Exception) -> Response:
    """The application's own errors; anything else is a fault of ours and says so."""
    del request
    assert isinstance(error, AccompanyError)  # noqa: S101 - registered for these alone
    document = problem_of(error)
    if document["status"] == 500:
        # Damage on the disk: whoever runs this has to hear of it.
        logger.error("%s", error)
    return respond(document)


async def on_status(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: unknown addresses, wrong methods."""
    del request
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these alone
    word = {404: "unknown", 405: "wrong-method"}.get(error.status_code, "refused")
    response = respond(problem(error.status_code, word, error.detail))
    response.headers.update(error.headers or {})
    return response


async def on_gone(request: Request, error: Exception) -> Response:
    """Whoever asked went away in the middle of a body: on a bad line, nothing unusual."""
    del request, error
    return Response(status_code=400)


async def on_fault(request: Request, error: Exception) -> Response:
    del request, error
    return respond(problem(500, "internal", "something went wrong here; try again"))
