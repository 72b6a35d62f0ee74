"""The uplink: what a phone sends twice a second, straight from ASGI.

PUT /api/recordings/{id}/statements/{n} and …/segments/{n}, as docs/format.md has them. Routing, a
request object and a response object would cost as much as the checks do; nothing is checked less
here than elsewhere. A body is refused before it is read where its stated length is too large or
its recording not known. Most come by a shorter way yet (`web.lane`), to the same `answer`.
Not here: what is in form or holds (`custody.intake`).
"""

import logging
from types import SimpleNamespace
from typing import NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from accompany.custody.ports import Blob
from accompany.errors import AccompanyError, TooLarge
from accompany.evidence.text import read_base64, read_number
from accompany.web.headers import HEADERS, Headers
from accompany.web.office import Office
from accompany.web.problems import on_gone, problem, problem_of, respond
from accompany.web.records import NOTE_BYTES

ROUTES = {
    word: SimpleNamespace(path=f"/api/recordings/{{id}}/{word}/{{n}}")
    for word in ("statements", "segments")
}
_COMMON = [(b"cache-control", b"no-store"), *HEADERS.items()]
RECEIPT = [(b"content-type", b"text/plain; charset=utf-8"), *_COMMON]

logger = logging.getLogger("accompany")


class Answer(NamedTuple):
    """What goes back: a receipt or a problem, with all its headers but the length."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Uplink:
    """Around the application *app*: takes what is its own, and passes everything else on."""

    def __init__(self, app: ASGIApp, office: Office) -> None:
        self._app = app
        self._intake = office.intake
        self._most = {"statements": NOTE_BYTES, "segments": office.settings.segment_bytes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "PUT":
            parts = scope["path"].split("/")
            if len(parts) == 6 and parts[4] in ROUTES and parts[1:3] == ["api", "recordings"]:
                await self.put(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def most(self, word: str) -> int:
        """Return how many bytes a body may have."""
        return self._most[word]

    def check_known(self, recording: str) -> None:
        """Raise Malformed or Unknown where nothing can be taken for *recording*."""
        self._intake.check_known(recording)

    async def put(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one PUT, with its receipt or with a problem."""
        *_, recording, word, number = scope["path"].split("/")
        scope["route"] = ROUTES[word]
        try:
            self.check_known(recording)
            stated, note = None, None
            for name, value in scope["headers"]:
                if name == b"content-length":
                    stated = value
                elif name == b"statement":
                    note = value
            body = await _read(receive, word.removesuffix("s"), self.most(word), stated)
        except ClientDisconnect as error:
            await Headers(await on_gone(Request(scope), error))(scope, receive, send)
            return
        except AccompanyError as error:
            answer = _problem(error)
        else:
            answer = await self.answer(recording, word, number, note, body)
        length = (b"content-length", b"%d" % len(answer.body))
        start = {"type": "http.response.start", "status": answer.status}
        await send({**start, "headers": [length, *answer.headers]})
        await send({"type": "http.response.body", "body": answer.body})

    async def answer(
        self, recording: str, word: str, number: str, note: bytes | None, body: Blob
    ) -> Answer:
        """Take one body, *note* being what its `Statement:` header says; never raises."""
        try:
            if word == "statements":
                receipt, fresh = await self._intake.statement(
                    recording, read_number(number), bytes(body)
                )
            else:
                statement = None if note is None else read_base64(note.decode("latin-1"))
                receipt, fresh = await self._intake.segment(
                    recording, read_number(number), statement, body
                )
        except AccompanyError as error:
            return _problem(error)
        except Exception:
            logger.exception("a fault while something was taken")
            return _told(respond(problem(500, "internal", "something went wrong here; try again")))
        return Answer(201 if fresh else 200, RECEIPT, receipt)


def _problem(error: AccompanyError) -> Answer:
    document = problem_of(error)
    if document["status"] == 500:
        # Damage on the disk: whoever runs this has to hear of it.
        logger.error("%s", error)
    return _told(respond(document))


def _told(response: Response) -> Answer:
    headers = [header for header in response.raw_headers if header[0] != b"content-length"]
    return Answer(response.status_code, [*headers, *_COMMON], bytes(response.body))


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
