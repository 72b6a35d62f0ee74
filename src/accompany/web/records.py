"""Recordings over HTTP: parse once, call custody, answer with the receipt.

PROTOCOL "HTTP"; docs/format.md lists requests and answers. A body is refused before it is read
where its stated length is too large or its recording not known. Not here: what is in form or
holds (`custody.intake`, `evidence`).
"""

import asyncio
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from accompany.accounts.rights import may
from accompany.custody.export import Package
from accompany.errors import Malformed, TooLarge, Unknown
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note, Verifier
from accompany.evidence.statements import open_opening
from accompany.evidence.text import (
    TEXT_LIMIT,
    read_base64,
    read_hex,
    read_number,
    write_base64,
    write_time,
)
from accompany.ids import EncounterId, Locator
from accompany.web.handovers import check_recipient_is_asked
from accompany.web.office import Office, address_of, bearer, locator_of

T = TypeVar("T")

JSON_BYTES = 512 * 1024
NOTE_BYTES = TEXT_LIMIT + 1024
GRANT_BYTES = 64 * 1024


class _Admission(msgspec.Struct, forbid_unknown_fields=True):
    guest_code: str | None = None
    token: str | None = None


class _NewRecording(msgspec.Struct, forbid_unknown_fields=True):
    opening: str
    grants: list[str]
    locator: str
    deletion: str | None
    admission: _Admission


_new_recording = msgspec.json.Decoder(_NewRecording)


class _Passing(StreamingResponse):
    """A package on its way out; whoever wanted it may be gone in the middle."""

    def __init__(self, package: Package, headers: dict[str, str]) -> None:
        super().__init__(package.pieces, headers=headers, media_type="application/zip")
        self._package = package

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._package.close()


class Records:
    """The routes under /api/recordings."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def create(self, request: Request) -> Response:
        """POST /api/recordings: an opening and its first grants; spends an admission once."""
        body = await read_body(request, "recording", JSON_BYTES)
        try:
            new = _new_recording.decode(body)
        except msgspec.DecodeError as error:
            raise Malformed("recording", str(error)) from error

        async def admit() -> None:
            shown, now = new.admission, self._office.clock.now()
            token = None if shown.token is None else read_base64(shown.token, 32)
            encounter = open_opening(new.opening.encode()).encounter
            self._office.admission.check(
                shown.guest_code, token, encounter, address_of(request), now
            )

        receipt, fresh = await self._office.intake.open(
            new.opening.encode(),
            [read_base64(grant) for grant in new.grants],
            Locator(read_hex(new.locator, 32)),
            None if new.deletion is None else read_base64(new.deletion, 32),
            admit,
        )
        return _receipt(receipt, fresh)

    async def elsewhere(self, request: Request) -> Response:
        """PUT of statements and segments: `web.uplink` answers them before routes are looked at."""
        raise Unknown(f"address {request.url.path}")

    async def add_grant(self, request: Request) -> Response:
        """POST /api/recordings/{id}/grants: an age file, by note or by the locator's secret."""
        self._office.intake.check_known(request.path_params["id"])
        body = await read_body(request, "grant", GRANT_BYTES)
        secret, note = bearer(request), _statement_header(request)
        holder = await self._holder(request, note)
        receipt = await self._office.intake.grant(
            request.path_params["id"],
            body,
            note,
            locator_of(secret) if secret else None,
            holder,
        )
        return _receipt(receipt, True)

    async def _holder(self, request: Request, note: bytes | None) -> Verifier | None:
        """Return the key of the attorney who hands the case over, where it is them who sign; the
        chain of custody says to whom, before there is anything to open it with."""
        name = _signer_name(note)
        person = self._office.person(request)
        if person is None or name != f"attorney/{person.serial}":
            return None
        row = self._office.recording(request.path_params["id"])
        own = self._office.answered(row.encounter) == person.serial
        own = own or self._office.owes(row.encounter, person.serial)
        card = self._office.keeper.card(person.serial)
        if card is None or not may("POST /api/recordings/{id}/grants", (person.role,), own):
            raise Unknown("recording")
        standing = self._office.desk.standing(EncounterId(row.encounter))
        to = check_recipient_is_asked(standing, person.serial)
        by = f"{person.role} {person.id}"
        await self._office.export.note(row.recording, f"grant to {to}, who takes over", by)
        return Card.read(Note.parse(card.data).text).verifier

    async def grants(self, request: Request) -> Response:
        """GET /api/recordings/{id}/grants: the sealed grants, base64, to whoever may read."""
        row, _ = self._office.readable(
            request, "GET /api/recordings/{id}/grants", request.path_params["id"]
        )
        found = self._office.keeper.grants(row.recording)
        return JSONResponse([write_base64(one.data) for one in found])

    async def state(self, request: Request) -> Response:
        """GET /api/recordings/{id}: where it stands; the id alone is enough."""
        wish = self._office.deletions.waiting(request.path_params["id"])
        if self._office.old.row(request.path_params["id"]) is not None:
            old = self._office.old.state(request.path_params["id"])
            return JSONResponse({**old, "deletion": None if wish is None else write_time(wish.due)})
        state = self._office.intake.state(request.path_params["id"])
        return JSONResponse(
            {
                "opening": state.opening.decode(),
                "last": state.last,
                "digest": state.digest.hex(),
                "missing": state.missing,
                "closing": state.closing,
                "deletion": None if wish is None else write_time(wish.due),
            }
        )

    async def get_segment(self, request: Request) -> Response:
        """GET …/segments/{n}: the sealed bytes, to whoever may read."""
        if self._office.of_old(request, request.path_params["id"]):
            data = await asyncio.to_thread(
                self._office.old.segment, request.path_params["id"], _number(request)
            )
            return Response(data, media_type="application/octet-stream")
        row, by = self._office.readable(
            request, "GET /api/recordings/{id}/segments/{n}", request.path_params["id"]
        )
        number = _number(request)
        found = await asyncio.to_thread(self._office.keeper.segment, row.recording, number)
        if found is None:
            raise Unknown("segment or statement")
        await self._office.export.note(row.recording, f"segment {number}", by)
        return Response(found, media_type="application/octet-stream")

    async def get_proof(self, request: Request) -> Response:
        """GET …/proofs/{n}: a tlog-proof of statement n under a live checkpoint."""
        number = _number(request)
        found = self._office.recording(request.path_params["id"])
        index = found.index
        if number > 0:
            row = self._office.keeper.statement(found.recording, number)
            if row is None:
                raise Unknown("segment or statement")
            index = row.index
        under = await self._office.sequencer.covering(index)
        return PlainTextResponse(self._office.sequencer.proof(index, under))

    async def get_package(self, request: Request) -> Response:
        """GET …/package: the sealed package, streamed, to whoever may read."""
        with_custody = request.query_params.get("custody") != "no"
        if self._office.of_old(request, request.path_params["id"]):
            package = await self._office.old.package(request.path_params["id"], with_custody)
        else:
            row, by = self._office.readable(
                request, "GET /api/recordings/{id}/package", request.path_params["id"]
            )
            package = await self._office.export.package(row.recording, by, with_custody)
        headers = {
            "content-length": str(package.size),
            "content-disposition": f'attachment; filename="{package.name}"',
        }
        return _Passing(package, headers)

    async def limits(self, request: Request) -> Response:
        """GET /api/limits: sizes in bytes."""
        del request
        limits = {
            "segment_bytes": self._office.settings.segment_bytes,
            "statement_bytes": NOTE_BYTES,
            "grant_bytes": GRANT_BYTES,
        }
        return JSONResponse(limits)


async def read_body(request: Request, what: str, limit: int) -> bytes:
    """Return the body; raise TooLarge as soon as more than *limit* bytes are stated or came."""
    stated = request.headers.get("content-length")
    if stated is not None and stated.isdigit() and int(stated) > limit:
        raise TooLarge(what, limit, int(stated))
    parts: list[bytes] = []
    total = 0
    async for part in request.stream():
        parts.append(part)
        total += len(part)
        if total > limit:
            raise TooLarge(what, limit, total)
    return b"".join(parts)


def decoded(body: bytes, what: str, kind: Any = Any) -> Any:
    """Return JSON as a value of *kind*, a msgspec type; raise Malformed with what was expected."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(what, str(error)) from error


async def read_as(request: Request, what: str, limit: int, kind: type[T]) -> T:
    """Return the body, JSON, as a *kind*; raise Malformed or TooLarge."""
    found: T = decoded(await read_body(request, what, limit), what, kind)
    return found


async def read_json(request: Request, what: str, limit: int = 64 * 1024) -> dict[str, Any]:
    value = decoded(await read_body(request, what, limit), what)
    if not isinstance(value, dict):
        raise Malformed(what, "expected a JSON object")
    return value


def _number(request: Request) -> int:
    return read_number(request.path_params["n"])


def _signer_name(note: bytes | None) -> str | None:
    """Return under which name a note is signed, where it has one signature."""
    if note is None:
        return None
    signatures = Note.parse(note).signatures
    return signatures[0].name if len(signatures) == 1 else None


def _statement_header(request: Request) -> bytes | None:
    value = request.headers.get("statement")
    return None if value is None else read_base64(value)


def _receipt(receipt: bytes, fresh: bool) -> Response:
    return PlainTextResponse(receipt, 201 if fresh else 200)
