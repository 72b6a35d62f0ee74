"""People over HTTP: what the service is, invitations, sessions, and an attorney's cases."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.enrolment import read_applicant
from accompany.config import LANGUAGES, STATES
from accompany.custody.intake import State
from accompany.custody.leaves import Leaves
from accompany.custody.ports import CardKept, Item, RecordingRow
from accompany.dispatch.ports import Standing
from accompany.errors import Malformed, Unauthorized
from accompany.evidence.receipts import named_entry
from accompany.evidence.text import write_time
from accompany.ids import CardSerial
from accompany.web.office import COOKIE, Office
from accompany.web.records import read_json
from accompany.web.telling import service_part


class PeopleRoutes:
    """The routes of attorneys, and what every page asks first."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def service(self, request: Request) -> Response:
        """GET /api/service: all a page has to know about the server before anything else."""
        del request
        office = self._office
        urls = office.settings.ice.split()
        return JSONResponse(
            {
                "origin": office.leaves.origin,
                "organization_key": office.organization_key,
                "organization": office.organization.decode(),
                "policy": office.policy,
                "demonstration": True,
                "hotline": office.settings.hotline or None,
                "hotline_sms": office.settings.hotline_sms or None,
                "officer_card": office.officer_card,
                "states": list(STATES),
                "languages": list(LANGUAGES),
                "ice": [{"urls": urls}] if urls else [],
                "telling": service_part(office),
                "time": write_time(office.clock.now()),
            }
        )

    async def invitation(self, request: Request) -> Response:
        used = self._office.enrolment.used(request.path_params["code"])
        return JSONResponse({"organization": self._office.settings.organization, "used": used})

    async def accept(self, request: Request) -> Response:
        """POST /api/invitations/{code}: the applicant's keys; answers with the signed card."""
        applicant = read_applicant(await read_json(request, "application"), STATES)
        serial, note = self._office.enrolment.accept(request.path_params["code"], applicant)
        await keep_card(self._office, serial, note)
        return JSONResponse({"card": note.decode()}, 201)

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
        response.set_cookie(
            COOKIE,
            secret,
            max_age=office.settings.session_hours * 3600,
            path="/",
            secure=office.settings.secure,
            httponly=True,
            samesite="strict",
        )
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
        attorney = self._office.attorney(request)
        if attorney is None:
            raise Unauthorized("a session of an attorney")
        return JSONResponse([self._case(one) for one in self._office.desk.cases(attorney)])

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
