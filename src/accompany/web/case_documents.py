"""Documents of a case over HTTP: age files in, the same out.

A document is sealed in the attorney's browser to a key made for it; with the case, that key goes to
the colleague who accepted. Not here: what is in one, the limits (dispatch.documents).
"""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.custody.checks import check_sealed
from accompany.dispatch.documents import (
    CASE_BYTES,
    CASE_DOCUMENTS,
    DOCUMENT_BYTES,
    Document,
    DocumentId,
)
from accompany.dispatch.papers import CUSTODIAN
from accompany.errors import Forbidden, TooLarge, Unknown
from accompany.evidence.text import read_base32, read_base64, write_base32
from accompany.ids import CardSerial
from accompany.web.case_notes import case_of, custodians_copy, written_told
from accompany.web.handovers import check_recipient_is_asked
from accompany.web.office import Office
from accompany.web.records import read_as, read_body

KEY_BYTES = 16 * 1024
"""A document's key, name and kind, sealed."""

BODY_BYTES = KEY_BYTES // 3 * 4 + 1024


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    """The key of a document, sealed to *holder*."""

    holder: str
    sealed: str


class CaseDocuments:
    """The routes for what attorneys file."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def list(self, request: Request) -> Response:
        """GET /api/cases/{encounter}/documents: what lies in this case, keys sealed to me."""
        act = "GET /api/cases/{encounter}/documents"
        standing, serial = case_of(self._office, request, act)
        found = self._office.documents.of(standing.encounter, serial)
        return JSONResponse([self._told(one) for one in found])

    async def add(self, request: Request) -> Response:
        """POST /api/cases/{encounter}/documents: a sealed document; its key, sealed to me, in the
        header `Document`, and sealed to the custodian in the header `Custodian`."""
        act = "POST /api/cases/{encounter}/documents"
        standing, serial = case_of(self._office, request, act)
        key = _key(request.headers.get("document", ""))
        said = request.headers.get("custodian", "")
        copy = _bounded(custodians_copy(self._office, "a document's key", said))
        data = await read_body(request, "document", DOCUMENT_BYTES)
        check_sealed("document", data)
        one = DocumentId(write_base32(sha256(data).digest()[:20]))
        documents, encounter = self._office.documents, standing.encounter
        count, size = documents.amount(encounter)
        if documents.data(encounter, one) is None:
            if count >= CASE_DOCUMENTS:
                raise TooLarge("a case's documents", CASE_DOCUMENTS, count + 1)
            if size + len(data) > CASE_BYTES:
                raise TooLarge("a case's documents", CASE_BYTES, size + len(data))
        elif one not in [each.id for each in documents.of(encounter, serial)]:
            raise Forbidden("a document of somebody before is not one's own")
        now = self._office.clock.now()
        document = Document(one, encounter, serial, serial, now, len(data), key)
        documents.put(document, data)
        if copy:
            documents.give(replace(document, holder=CUSTODIAN, sealed=copy))
        return JSONResponse(self._told(document), status_code=201)

    async def get(self, request: Request) -> Response:
        """GET /api/cases/{encounter}/documents/{document}: the sealed document."""
        act = "GET /api/cases/{encounter}/documents/{document}"
        data = self._office.documents.data(*_place(self._held(request, act)))
        if data is None:
            raise Unknown("document")
        return Response(data, media_type="application/octet-stream")

    async def give(self, request: Request) -> Response:
        """PUT /api/cases/{encounter}/documents/{document}: its key, sealed to me anew, or to the
        colleague who accepted the case."""
        act = "PUT /api/cases/{encounter}/documents/{document}"
        one = self._held(request, act)
        standing, serial = case_of(self._office, request, act)
        given = await read_as(request, "document", BODY_BYTES, _Given)
        holder = CardSerial(read_base32(given.holder))
        if holder != serial and holder != check_recipient_is_asked(standing, serial):
            raise Forbidden("a document needs the colleague who takes the case over")
        key = _key(given.sealed)
        given_on = Document(one.id, one.about, holder, one.author, one.time, one.size, key)
        self._office.documents.give(given_on)
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        """DELETE /api/cases/{encounter}/documents/{document}: forget it, whoever filed it."""
        act = "DELETE /api/cases/{encounter}/documents/{document}"
        self._office.documents.remove(*_place(self._held(request, act)))
        return Response(status_code=204)

    def _held(self, request: Request, act: str) -> Document:
        """Return the document asked for; raise Unknown where its key is not this attorney's."""
        standing, serial = case_of(self._office, request, act)
        named = read_base32(request.path_params["document"])
        for one in self._office.documents.of(standing.encounter, serial):
            if one.id == named:
                return one
        raise Unknown("document")

    def _told(self, one: Document) -> dict[str, Any]:
        return {"id": one.id, "size": one.size, **written_told(self._office, one)}


def _place(one: Document) -> tuple[Any, DocumentId]:
    return one.about, one.id


def _key(text: str) -> bytes:
    data = _bounded(read_base64(text))
    check_sealed("a document's key", data)
    return data


def _bounded(data: bytes) -> bytes:
    if len(data) > KEY_BYTES:
        raise TooLarge("a document's key", KEY_BYTES, len(data))
    return data
