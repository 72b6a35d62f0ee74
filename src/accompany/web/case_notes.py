"""Notes of a case and names for a conflict check over HTTP: age files in, the same out.

They are typed, sealed, opened and compared in attorneys' browsers. A note goes along with a
hand-over: whoever has the case seals it to the colleague who accepted. Not here: what is in one.
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.rights import may
from accompany.custody.checks import check_sealed
from accompany.dispatch.documents import Document
from accompany.dispatch.papers import CUSTODIAN, NAMES, Paper
from accompany.dispatch.ports import Standing
from accompany.errors import Forbidden, TooLarge, Unknown
from accompany.evidence.text import read_base32, read_base64, write_base64, write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.handovers import check_recipient_is_asked
from accompany.web.office import Office
from accompany.web.records import read_as
from accompany.web.rights import person_of

SEALED_BYTES = 256 * 1024
BODY_BYTES = 2 * (SEALED_BYTES // 3 * 4) + 1024
"""Of a note: its author's copy and the custodian's."""


class _Note(msgspec.Struct, forbid_unknown_fields=True):
    """Sealed to *holder*; empty: forget what the author wrote."""

    holder: str
    author: str
    sealed: str
    custodian: str = ""
    """The same by its author, sealed to the organization's custodian."""


class _Names(msgspec.Struct, forbid_unknown_fields=True):
    sealed: str


class CaseNotes:
    """The routes for what attorneys write."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def notes(self, request: Request) -> Response:
        """GET /api/cases/{encounter}/notes: what was written about this case, sealed to me."""
        standing, serial = case_of(self._office, request, "GET /api/cases/{encounter}/notes")
        papers = self._office.papers.of(standing.encounter, serial)
        return JSONResponse([written_told(self._office, one) for one in papers])

    async def write(self, request: Request) -> Response:
        """PUT /api/cases/{encounter}/notes: my own text, sealed to me and to the custodian; or,
        where I hand the case over, a note I hold, sealed to the colleague who accepted."""
        standing, serial = case_of(self._office, request, "PUT /api/cases/{encounter}/notes")
        new = await read_as(request, "note", BODY_BYTES, _Note)
        holder, author = (CardSerial(read_base32(one)) for one in (new.holder, new.author))
        papers, encounter = self._office.papers, standing.encounter
        if holder != serial:
            if holder != check_recipient_is_asked(standing, serial):
                raise Forbidden("a note needs the colleague who takes the case over")
            if author not in [one.author for one in papers.of(encounter, serial)]:
                raise Forbidden("a note that is given on needs to be held")
        elif author != serial:
            raise Forbidden("nobody writes another's notes")
        sealed = sealed_paper("note", new.sealed)
        copy = custodians_copy(self._office, "note", new.custodian)
        if copy and holder != serial:
            raise Forbidden("a note is sealed to the custodian by its author")
        now = self._office.clock.now()
        if sealed:
            papers.put(Paper(encounter, holder, author, now, sealed))
            if copy:
                papers.put(Paper(encounter, CUSTODIAN, author, now, copy))
        elif author == serial:
            papers.remove(encounter, author)
        return Response(status_code=204)

    async def names(self, request: Request) -> Response:
        """GET /api/conflicts: my own list of names, sealed to me; null where there is none."""
        serial = person_of(request).serial
        found = [write_base64(one.sealed) for one in self._office.papers.of(NAMES, serial)]
        return JSONResponse({"sealed": next(iter(found), None)})

    async def keep_names(self, request: Request) -> Response:
        """PUT /api/conflicts: my list in the place of the one before; empty: forget it."""
        serial = person_of(request).serial
        sealed = sealed_paper("names", (await read_as(request, "names", BODY_BYTES, _Names)).sealed)
        if sealed:
            now = self._office.clock.now()
            self._office.papers.put(Paper(NAMES, serial, serial, now, sealed))
        else:
            self._office.papers.remove(NAMES, serial)
        return Response(status_code=204)


def written_told(office: Office, one: Paper | Document) -> dict[str, Any]:
    """Return what is told of something sealed: who wrote it by which card, when, and itself."""
    named = office.people.person(one.author)
    return {
        "author": one.author,
        "name": named.name if named else "",
        "card": office.card(one.author),
        "time": write_time(one.time),
        "sealed": write_base64(one.sealed),
    }


def case_of(office: Office, request: Request, act: str) -> tuple[Standing, CardSerial]:
    """Return the case and who asks; raise Unknown where it is not theirs."""
    person = person_of(request)
    encounter = EncounterId(read_base32(request.path_params["encounter"]))
    standing = office.desk.standing(encounter)
    # Whoever owes keys gives what was written with them.
    own = standing.last == person.serial or person.serial in standing.ringing.owing
    if not may(act, (person.role,), own):
        raise Unknown("encounter")
    return standing, person.serial


def custodians_copy(office: Office, what: str, text: str) -> bytes:
    """Return what is sealed to the custodian; raise Forbidden where that key lies on the server."""
    if text and office.charter.demonstration:
        raise Forbidden("in a demonstration the custodian's key lies on the server")
    return sealed_paper(what, text)


def sealed_paper(what: str, text: str) -> bytes:
    """Return the age file in *text*, base64, or nothing; raise where it is no age file."""
    data = read_base64(text) if text else b""
    if len(data) > SEALED_BYTES:
        raise TooLarge(what, SEALED_BYTES, len(data))
    if data:
        check_sealed(what, data)
    return data
