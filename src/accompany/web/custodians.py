"""Cases whose attorney is gone, or came to them without keys: given to somebody by the custodian.

The custodian's browser opens the grant that is sealed to the organization and seals it to another
card; what comes here is a sealed file, and a note by the organization's key that means it. Notes
and keys of documents that were sealed to the custodian go the same way. Nothing here opens
anything, and no film is shown. The form stands in docs/format.md. Not here: the event
(`dispatch.handing`), hand-overs between two attorneys (`handovers`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.people import Person
from accompany.custody.checks import check_grant_note, check_sealed
from accompany.custody.ports import RecordingRow
from accompany.dispatch.documents import CASE_DOCUMENTS, Document
from accompany.dispatch.papers import CUSTODIAN, Paper
from accompany.dispatch.ports import Standing
from accompany.errors import DoesNotHold, Unknown
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note
from accompany.evidence.statements import open_opening
from accompany.evidence.text import read_base32, read_base64, write_base64, write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.case_documents import KEY_BYTES
from accompany.web.case_notes import SEALED_BYTES, sealed_paper
from accompany.web.office import Office
from accompany.web.records import GRANT_BYTES, read_as
from accompany.web.rights import person_of

RECORDINGS = 64
"""Of one case at most, in one request."""

NOTES = 16
"""Of one case at most, in one request: one by each of its attorneys."""

BODY_BYTES = 2 * (RECORDINGS * GRANT_BYTES + NOTES * SEALED_BYTES + CASE_DOCUMENTS * KEY_BYTES)

Why = Literal["gone", "keys"]
_Held = TypeVar("_Held", Paper, Document)


class _Grant(msgspec.Struct, forbid_unknown_fields=True):
    recording: str
    grant: str
    note: str


class _Note(msgspec.Struct, forbid_unknown_fields=True):
    author: str
    sealed: str


class _Key(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    sealed: str


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    to: str
    grants: list[_Grant]
    notes: list[_Note] = []
    documents: list[_Key] = []


class CustodianRoutes:
    """The routes of /api/custody."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def cases(self, request: Request) -> Response:
        """GET /api/custody/cases: those that need the custodian, and to whom they can be given."""
        del request
        return JSONResponse(
            {
                "cases": [self._case(one, why) for one, why in self._waiting()],
                "attorneys": [self._attorney(*one) for one in self._attorneys()],
            }
        )

    async def grants(self, request: Request) -> Response:
        """GET /api/custody/cases/{encounter}: its recordings' openings and sealed grants, its notes
        and keys of documents that are sealed to the custodian, and how many are not."""
        office, person = self._office, person_of(request)
        standing, _ = self._one(request)
        rows = self._rows(standing)
        by = f"{person.role} {person.id}"
        for row in rows:
            await office.export.note(row.recording, "grants shown, to be given on", by)
        notes, documents, alone = self._papers(standing.encounter)
        return JSONResponse(
            {
                "recordings": [self._recording(row) for row in rows],
                "notes": [
                    {"author": one.author, "sealed": write_base64(one.sealed)} for one in notes
                ],
                "documents": [
                    {"id": one.id, "sealed": write_base64(one.sealed)} for one in documents
                ],
                "alone": alone,
            }
        )

    async def give(self, request: Request) -> Response:
        """POST /api/custody/cases/{encounter}: grants by the organization's key to one attorney,
        whose case it is from then on, and what was written and filed there. All of them hold, or
        nothing is kept."""
        office, person = self._office, person_of(request)
        standing, _ = self._one(request)
        given = await read_as(request, "grants", BODY_BYTES, _Given)
        to = self._recipient(CardSerial(read_base32(given.to)), standing)
        rows = {row.recording: row for row in self._rows(standing)}
        checked = [self._checked(one, rows) for one in given.grants]
        if not checked:
            raise DoesNotHold("grants", "one for each recording that can be opened", "none")
        notes, documents = self._sealed_anew(standing.encounter, to, given)
        by, key = f"{person.role} {person.id}", office.charter.key
        for row, grant, note in checked:
            await office.export.note(row.recording, f"grant to {to}, by the custodian", by)
            await office.intake.grant(row.recording, grant, note, None, key)
        for note_of in notes:
            office.papers.put(note_of)
        for key_of in documents:
            office.documents.give(key_of)
        by_whom = standing.last
        if by_whom is not None:
            office.desk.entrust(standing.encounter, by_whom, to, office.clock.now())
        return Response(status_code=204)

    def _checked(
        self, given: _Grant, rows: dict[Any, RecordingRow]
    ) -> tuple[RecordingRow, bytes, bytes]:
        row = rows.get(given.recording)
        if row is None:
            raise Unknown("recording of this case")
        grant, note = read_base64(given.grant), read_base64(given.note)
        check_sealed("grant", grant)
        check_grant_note(open_opening(row.note), note, grant, self._office.charter.key)
        return row, grant, note

    def _papers(self, about: EncounterId) -> tuple[list[Paper], list[Document], int]:
        """Return notes and documents sealed to the custodian, and how many there are besides."""
        papers, filed = self._office.papers, self._office.documents
        notes, documents = papers.of(about, CUSTODIAN), filed.of(about, CUSTODIAN)
        alone = len(papers.authors(about)) - len(notes) + filed.amount(about)[0] - len(documents)
        return notes, documents, alone

    def _sealed_anew(
        self, about: EncounterId, to: CardSerial, given: _Given
    ) -> tuple[list[Paper], list[Document]]:
        """Return what the custodian sealed to *to*; raise Unknown for what was never theirs."""
        notes, documents, _ = self._papers(about)
        by_author = {one.author: one for one in notes}
        by_id = {one.id: one for one in documents}
        written = [
            replace(_one_of(by_author, each.author, "note"), holder=to,
                    sealed=sealed_paper("note", each.sealed))
            for each in given.notes
        ]  # fmt: skip
        filed = [
            replace(_one_of(by_id, each.id, "document"), holder=to,
                    sealed=sealed_paper("a document's key", each.sealed))
            for each in given.documents
        ]  # fmt: skip
        if not all(one.sealed for one in written) or not all(one.sealed for one in filed):
            raise DoesNotHold("papers", "an age file for each", "nothing")
        return written, filed

    def _recipient(self, to: CardSerial, standing: Standing) -> CardSerial:
        """Return who may have the case: belongs, licensed there, and without a conflict."""
        for person, card in self._attorneys():
            licensed = [one.state for one in card.licenses]
            if person.serial == to and standing.press.state in licensed:
                if to in standing.ringing.conflicted:
                    raise DoesNotHold("attorney", "one without a conflict", "one who said so")
                return to
        raise DoesNotHold("attorney", f"one with a good card for {standing.press.state}", to)

    def _one(self, request: Request) -> tuple[Standing, Why]:
        encounter = EncounterId(read_base32(request.path_params["encounter"]))
        for standing, why in self._waiting():
            if standing.encounter == encounter:
                return standing, why
        raise Unknown("case that needs the custodian")

    def _waiting(self) -> list[tuple[Standing, Why]]:
        """Return every case that needs the custodian, newest first."""
        found: list[tuple[Standing, Why]] = []
        for person in self._office.people.people():
            if person.role != "attorney":
                continue
            for standing in self._office.desk.cases(person.serial):
                # Before its end, a line that is gone has everybody rung again.
                if not standing.ringing.over or not self._rows(standing):
                    continue
                if person.removed:
                    found.append((standing, "gone"))
                elif standing.ringing.owing:
                    found.append((standing, "keys"))
        return sorted(found, key=lambda one: one[0].press.pressed, reverse=True)

    def _rows(self, standing: Standing) -> list[RecordingRow]:
        office = self._office
        rows = office.keeper.by_encounter(standing.encounter)
        return [row for row in rows if not office.leaving.going(row.recording)]

    def _attorneys(self) -> list[tuple[Person, Card]]:
        """Return everybody who belongs and whose card is good now."""
        office, now = self._office, self._office.clock.now()
        found = []
        for person in office.people.people():
            row = None if person.removed else office.keeper.card(person.serial)
            if person.role != "attorney" or row is None or office.keeper.revocation(person.serial):
                continue
            card = Card.read(Note.parse(row.data).text)
            if card.since <= now < card.until:
                found.append((person, card))
        return found

    def _recording(self, row: RecordingRow) -> dict[str, Any]:
        grants = self._office.keeper.grants(row.recording)
        return {
            "recording": row.recording,
            "kind": row.kind,
            "opening": row.note.decode(),
            "grants": [write_base64(one.data) for one in grants],
        }

    def _case(self, standing: Standing, why: Why) -> dict[str, Any]:
        last = standing.last or CardSerial("")
        person = self._office.people.person(last)
        return {
            "encounter": standing.encounter,
            "state": standing.press.state,
            "pressed": write_time(standing.press.pressed),
            "why": why,
            "serial": last,
            "name": person.name if person else "",
            "recordings": len(self._rows(standing)),
        }

    def _attorney(self, person: Person, card: Card) -> dict[str, Any]:
        return {
            "serial": person.serial,
            "name": person.name,
            "states": sorted(one.state for one in card.licenses),
            "card": self._office.card(person.serial) or "",
        }


def _one_of(held: Mapping[Any, _Held], name: str, what: str) -> _Held:
    found = held.get(name)
    if found is None:
        raise Unknown(f"{what} sealed to the custodian")
    return found
