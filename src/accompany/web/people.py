"""People over HTTP: what the service is, invitations, sessions, and an attorney's cases."""

import gzip
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.enrolment import read_applicant
from accompany.config import LANGUAGES, STATES
from accompany.custody.intake import State
from accompany.custody.leaves import Leaves
from accompany.custody.ports import CardKept, Item, RecordingRow
from accompany.dispatch.ports import Standing
from accompany.errors import Malformed
from accompany.evidence.receipts import named_entry
from accompany.evidence.text import write_time
from accompany.ids import CardSerial
from accompany.web.case_letters import letters_sent
from accompany.web.office import COOKIE, Office
from accompany.web.pages import accepts
from accompany.web.passkeys import set_cookie
from accompany.web.records import read_json
from accompany.web.rights import person_of
from accompany.web.telling import service_part


class PeopleRoutes:
    """The routes of attorneys, and what every page asks first."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def service(self, request: Request) -> Response:
        """GET /api/service: all a page has to know about the server before anything else."""
        office = self._office
        answer = JSONResponse(
            {
                "origin": office.leaves.origin,
                "organization_key": office.organization_key,
                "organization": office.organization.decode(),
                "policy": office.policy,
                "demonstration": office.charter.demonstration,
                "hotline": office.settings.hotline or None,
                "hotline_sms": office.settings.hotline_sms or None,
                "officer_card": office.officer_card,
                "engagement": office.engagement,
                "states": list(STATES),
                "languages": list(LANGUAGES),
                "ice": office.relay.open,
                "relay": bool(office.relay.turn),
                "telling": service_part(office),
                "time": write_time(office.clock.now()),
            },
            headers={"vary": "accept-encoding"},
        )
        if not accepts(request.headers.get("accept-encoding", ""), "gzip"):
            return answer
        # A phone on a poor line waits for it before the press: two kilobytes are 40 ms there.
        coded = {"content-encoding": "gzip", "vary": "accept-encoding"}
        return Response(gzip.compress(answer.body), 200, coded, "application/json")

    async def invitation(self, request: Request) -> Response:
        """GET /api/invitations/{code}: for whom it is, and whether it was used."""
        found = self._office.enrolment.invitation(request.path_params["code"])
        organization = self._office.settings.organization
        return JSONResponse({"organization": organization, "used": found.used, "role": found.role})

    async def accept(self, request: Request) -> Response:
        """POST /api/invitations/{code}: the applicant's keys; answers with who they are now, and
        the signed card of whoever goes on duty."""
        given = await read_json(request, "application")
        code, enrolment = request.path_params["code"], self._office.enrolment
        applicant = read_applicant(given, STATES, enrolment.invitation(code).role)
        person, note = enrolment.accept(code, applicant)
        if note is not None:
            await keep_card(self._office, person.serial, note)
        card = None if note is None else note.decode()
        return JSONResponse({"card": card, "person": person.id, "role": person.role}, 201)

    async def me(self, request: Request) -> Response:
        """GET /api/me: whose session this is."""
        person = person_of(request)
        card = self._card(person.id)
        told = {"person": person.id, "role": person.role, "name": person.name}
        return JSONResponse({**told, "card": None if card is None else card.decode()})

    async def challenge(self, request: Request) -> Response:
        del request
        return JSONResponse(
            {"challenge": self._office.sessions.challenge(self._office.clock.now())}
        )

    async def begin_session(self, request: Request) -> Response:
        """POST /api/sessions: a challenge signed by the card's key; answers with a cookie."""
        note = (await read_json(request, "session")).get("note")
        if not isinstance(note, str):
            raise Malformed("session", "expected a note as text")
        office = self._office
        secret = office.sessions.begin(note.encode(), self._card, office.clock.now())
        response = Response(status_code=204)
        set_cookie(office, request, response, secret)
        return response

    async def end_session(self, request: Request) -> Response:
        secret = request.cookies.get(COOKIE)
        if secret:
            self._office.sessions.end(secret)
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, path="/")
        return response

    async def cases(self, request: Request) -> Response:
        """GET /api/cases: the encounters this attorney answered, newest first."""
        cases = self._office.desk.cases(person_of(request).serial)
        return JSONResponse([self._case(one) for one in cases])

    def _case(self, standing: Standing) -> dict[str, Any]:
        answered, ended = standing.ringing.last, standing.ringing.ended
        rows = self._office.keeper.by_encounter(standing.encounter)
        # What is asked for first is the film; the sound beside it says the same with less.
        rows = sorted(rows, key=lambda row: row.kind != "film")
        return {
            "encounter": standing.encounter,
            "state": standing.press.state,
            "language": standing.press.language,
            "pressed": write_time(standing.press.pressed),
            "answered": write_time(answered.time) if answered else None,
            "ended": write_time(ended.time) if ended else None,
            "letters": [one for row in rows for one in letters_sent(self._office, row.recording)],
            "recordings": [
                _recording(row, self._office.intake.state(row.recording)) for row in rows
            ],
        }

    def _card(self, serial: str) -> bytes | None:
        row = self._office.keeper.card(serial)
        return None if row is None else row.data


async def keep_card(office: Office, serial: CardSerial, note: bytes) -> None:
    """Log a card and keep it; durable when this returns."""
    leaves: Leaves = office.leaves
    entry = named_entry("card", serial, note)
    index, receipt = leaves.give(entry, "kept")
    kept = CardKept(index, entry.slot, entry.digest, receipt, serial, note)
    await office.keeper.keep([Item(kept)])


def _recording(row: RecordingRow, state: State) -> dict[str, Any]:
    return {
        "recording": row.recording,
        "kind": row.kind,
        "last": state.last,
        "segments": state.segments,
        "missing": len(state.missing),
        "closing": state.closing,
    }
