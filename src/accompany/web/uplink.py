"""The uplink: what a phone sends twice a second, straight from ASGI.

PUT /api/recordings/{id}/statements/{n} and …/segments/{n}, as docs/format.md has them. Routing, a
request object and a response object would cost as much as the checks do; nothing is checked less
here than elsewhere. A body is refused before it is read where its stated length is too large or
its recording not known. Not here: what is in form or holds (`custody.intake`).
"""

import logging
from types import SimpleNamespace

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from accompany.errors import AccompanyError, TooLarge
from accompany.evidence.text import read_base64, read_number
from accompany.web.headers import HEADERS, Headers
from accompany.web.office import Office
from accompany.web.problems import on_error, on_fault, on_gone
from accompany.web.records import NOTE_BYTES

ROUTES = {
    word: SimpleNamespace(path=f"/api/recordings/{{id}}/{word}/{{n}}")
    for word in ("statements", "segments")
}
_HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    *HEADERS.items(),
]

logger = logging.getLogger("accompany")


class Uplink:
    """Around the application *app*: takes what is its own, and passes everything else on."""

    def __init__(self, app: ASGIApp, office: Office) -> None:
        self._app = app
        self._office = office

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "PUT":
            parts = scope["path"].split("/")
            if len(parts) == 6 and parts[4] in ROUTES and parts[1:3] == ["api", "recordings"]:
                await self.put(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def put(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one PUT, with its receipt or with a problem."""
        try:
            *_, recording, word, number = scope["path"].split("/")
            scope["route"] = ROUTES[word]
            receipt, fresh = await self._take(recording, word, number, scope, receive)
        except ClientDisconnect as error:
            answer = await on_gone(Request(scope), error)
            await Headers(answer)(scope, receive, send)
        except AccompanyError as error:
            answer = await on_error(Request(scope), error)
            await Headers(answer)(scope, receive, send)
        except Exception as error:
            logger.exception("a fault while something was taken")
            answer = await on_fault(Request(scope), error)
            await Headers(answer)(scope, receive, send)
        else:
            length = (b"content-length", b"%d" % len(receipt))
            status = 201 if fresh else 200
            start = {"type": "http.response.start", "status": status}
            await send({**start, "headers": [length, *_HEADERS]})
            await send({"type": "http.response.body", "body": receipt})

    async def _take(
        self, recording: str, word: str, number: str, scope: Scope, receive: Receive
    ) -> tuple[bytes, bool]:
        intake = self._office.intake
        intake.check_known(recording)
        stated, note = None, None
        for name, value in scope["headers"]:
            if name == b"content-length":
                stated = value
            elif name == b"statement":
                note = value
        if word == "statements":
            body = await _read(receive, "statement", NOTE_BYTES, stated)
            return await intake.statement(recording, read_number(number), body)
        body = await _read(receive, "segment", self._office.settings.segment_bytes, stated)
        statement = None if note is None else read_base64(note.decode("latin-1"))
        return await intake.segment(recording, read_number(number), statement, body)


async def _read(receive: Receive, what: str, limit: int, stated: bytes | None) -> bytes:
    """Return the body; raise TooLarge as soon as more than *limit* bytes are stated or came."""
    if stated is not None and stated.isdigit() and int(stated) > limit:
        raise TooLarge(what, limit, int(stated))
    parts: list[bytes] = []
    total = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        total += len(part)
        if total > limit:
            raise TooLarge(what, limit, total)
        if not message.get("more_body", False):
            return b"".join([*parts, part]) if parts else part
        parts.append(part)
