"""The organization over HTTP, for coordinators: founded, its sealed keys, drills, cards to sign.

Every secret stays in a coordinator's browser; what comes here is signed, or sealed.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.applications import Check, check_card, read_where
from accompany.accounts.charter import (
    SHEET,
    Founded,
    Proved,
    SealedKeys,
    check_holding,
    check_sealed,
)
from accompany.accounts.rights import ON_CARDS
from accompany.errors import Malformed, Unknown
from accompany.evidence.cards import fingerprint
from accompany.evidence.notes import Verifier
from accompany.evidence.text import read_base64, write_base64, write_time
from accompany.web.offboarding import offboard
from accompany.web.office import COOKIE, Office
from accompany.web.people import keep_card
from accompany.web.records import read_json
from accompany.web.rights import person_of


class CharterRoutes:
    """The routes at /api/organization and /api/desk/cards."""

    def __init__(self, office: Office) -> None:
        self._office = office
        # Founded once, and one card for each: two coordinators may press at the same moment.
        self._one = asyncio.Lock()

    async def show(self, request: Request) -> Response:
        """GET /api/organization: what it is, who holds its keys, sealed keys to open."""
        return JSONResponse(self._told(request))

    async def found(self, request: Request) -> Response:
        """POST /api/organization: the notes signed in the browser, and the keys sealed to a sheet.

        What was tried out in the demonstration stays; whoever had a card of its key is removed.
        """
        office, person, now = self._office, person_of(request), self._office.clock.now()
        office.sessions.check_fresh(request.cookies.get(COOKIE), now)
        given = await read_json(request, "organization")
        key, note, telling, proof = (
            _text(given.get(one), one) for one in ("key", "organization", "telling", "proof")
        )
        founded = Founded(Verifier.parse(key), note.encode(), telling.encode())
        sealed = _sealed(given.get("sealed"))
        async with self._one:
            office.charter.check(founded)
            check_holding(proof.encode(), founded.key, person.id, now)
            office.holding.put(SealedKeys(SHEET, person.id, now, sealed))
            office.found(founded)
            office.holding.prove(Proved(person.id, now))
            for digest, _ in office.people.invitations(now):
                office.people.drop_invitation(digest)
            for one in office.people.people():
                if not one.removed and one.role in ON_CARDS:
                    office.people.remove_person(one.id, now)
                    await offboard(office, one)
        return JSONResponse(self._told(request), 201)

    async def keep(self, request: Request) -> Response:
        """PUT /api/organization/keys: the keys sealed to one's passkey, or to a new sheet; shown by
        a note that whoever sends it has them."""
        office, person, now = self._office, person_of(request), self._office.clock.now()
        office.sessions.check_fresh(request.cookies.get(COOKIE), now)
        given = await read_json(request, "keys")
        self._prove(given, person.id, now)
        sealed, passkey = _sealed(given.get("sealed")), given.get("passkey")
        if passkey is not None:
            own = [one.written_id for one in office.passkeys.kept.of(person.id)]
            if passkey not in own:
                raise Unknown("passkey")
        id_ = SHEET if passkey is None else str(passkey)
        office.holding.put(SealedKeys(id_, person.id, now, sealed))
        return JSONResponse(self._told(request))

    async def drill(self, request: Request) -> Response:
        """POST /api/organization/drills: the sheet's words brought the keys back just now."""
        given, person = await read_json(request, "drill"), person_of(request)
        now = self._office.clock.now()
        self._prove(given, person.id, now)
        self._office.holding.prove(Proved(person.id, now))
        return JSONResponse(self._told(request))

    async def waiting(self, request: Request) -> Response:
        """GET /api/desk/cards: who asks for a card, the oldest first."""
        del request
        return JSONResponse(self._queue())

    async def sign(self, request: Request) -> Response:
        """POST /api/desk/cards/{id}: a card signed in the coordinator's browser, and where the
        license was looked up; logged, kept, and in force when this answers."""
        office, now, me = self._office, self._office.clock.now(), person_of(request)
        given = await read_json(request, "card")
        note = _text(given.get("card"), "card").encode()
        async with self._one:
            asked = office.applications.of(request.path_params["id"])
            person = None if asked is None else office.people.person(asked.person)
            if asked is None or person is None or person.removed:
                raise Unknown("application")
            where = read_where(given.get("where"), person.role == "attorney")
            check_card(note, office.charter.key, person, asked, now)
            # Logged before, and not settled: a crash in between. One person has one card.
            if office.keeper.card(person.serial) is None:
                await keep_card(office, person.serial, note)
            office.applications.settle(Check(person.id, me.id, where, now))
        return JSONResponse(self._queue(), 201)

    def _prove(self, given: dict[str, Any], person: Any, now: int) -> None:
        note = _text(given.get("proof"), "proof").encode()
        check_holding(note, self._office.charter.key, person, now)

    def _queue(self) -> list[dict[str, Any]]:
        found = []
        for one in self._office.applications.all():
            person = self._office.people.person(one.person)
            if person is None or person.removed:
                continue
            found.append(
                {
                    "person": person.id,
                    "name": person.name,
                    "role": person.role,
                    "key": write_base64(person.key),
                    "recipient": one.recipient,
                    "states": list(one.states),
                    "languages": list(one.languages),
                    "made": write_time(one.made),
                }
            )
        return found

    def _told(self, request: Request) -> dict[str, Any]:
        office, me = self._office, person_of(request)
        charter, own = office.charter, [one.written_id for one in office.passkeys.kept.of(me.id)]
        said, kept, proved = charter.said, office.holding.all(), office.holding.proved()
        sheet = next((one for one in kept if one.id == SHEET), None)
        holders = {one.person for one in kept if one.id != SHEET}
        return {
            "me": me.id,
            "demonstration": charter.demonstration,
            "name": said.name,
            "origin": said.origin,
            "key": str(charter.key),
            "pin": fingerprint(charter.key),
            "custodian": said.custodian,
            "log": str(said.log),
            "receipts": str(said.receipts),
            "telling": charter.telling_text,
            "sheet": None if sheet is None else write_time(sheet.made),
            "sheet_sealed": None if sheet is None else write_base64(sheet.sealed),
            "sealed": {one.id: write_base64(one.sealed) for one in kept if one.id in own},
            "holders": sorted(self._name(one) for one in holders),
            "proved": None if proved is None else write_time(proved.time),
            "proved_by": None if proved is None else self._name(proved.person),
        }

    def _name(self, id_: str) -> str:
        person = self._office.people.person(id_)
        return person.name if person else ""


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Malformed(what, "expected text")
    return value


def _sealed(value: object) -> bytes:
    sealed = read_base64(_text(value, "sealed keys"))
    check_sealed(sealed)
    return sealed
