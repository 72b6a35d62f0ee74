"""Telling people over HTTP: contacts handed in at the press, "I am safe", and a test at set-up.

A press that was admitted may tell; its check-in has a secret of its own, so that a page that died
can still say "I am safe". Bodies are JSON, and no error here quotes an address or a word.
"""

from hashlib import sha256
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.errors import TooMany, Unauthorized, Unknown
from accompany.evidence.text import read_base32, read_base64, write_time
from accompany.ids import EncounterId
from accompany.telling.contacts import CONTACTS, SEALED_BYTES, TEXT_CHARACTERS, WORDS
from accompany.telling.teller import MINUTES, Standing
from accompany.web.door import neighbourhood
from accompany.web.live import Live
from accompany.web.office import Office, address_of, bearer
from accompany.web.records import read_as

BODY_BYTES = 2 * CONTACTS * SEALED_BYTES


class _Begin(msgspec.Struct, forbid_unknown_fields=True):
    encounter: str
    secret: str
    check_in: str
    contacts: list[str]
    minutes: int


class _Contacts(msgspec.Struct, forbid_unknown_fields=True):
    contacts: list[str]


class _Test(msgspec.Struct, forbid_unknown_fields=True):
    guest_code: str
    contact: str


class TellingRoutes:
    """The routes under /api/tellings."""

    def __init__(self, office: Office, live: Live) -> None:
        self._office = office
        self._live = live

    async def begin(self, request: Request) -> Response:
        """POST /api/tellings: contacts for a press that was admitted; the same again is harmless,
        and hands them in again after a restart."""
        new = await read_as(request, "telling", BODY_BYTES, _Begin)
        encounter = EncounterId(read_base32(new.encounter))
        secret = sha256(read_base64(new.secret, 32)).digest()
        if not self._office.desk.may_return(encounter, secret):
            # As for an encounter nobody knows: an id alone tells nothing.
            raise Unknown("encounter")
        teller, digest = self._office.teller, sha256(read_base64(new.check_in, 32)).digest()
        fresh = teller.of(encounter) is None
        if fresh:
            self._ask(request)
        contacts = [read_base64(one) for one in new.contacts]
        standing = teller.begin(digest, encounter, contacts, new.minutes)
        self._live.show_check_ins()
        return self._told(standing, 201 if fresh else 200)

    async def state(self, request: Request) -> Response:
        """GET /api/tellings: what became of each message; the check-in's secret opens it."""
        return self._told(self._office.teller.standing(digest_of_check_in(request)))

    async def safe(self, request: Request) -> Response:
        """POST /api/tellings/safe: the caller is safe; contacts, should they not wait here."""
        digest = digest_of_check_in(request)
        new = await read_as(request, "telling", BODY_BYTES, _Contacts)
        contacts = [read_base64(one) for one in new.contacts]
        # First, and whatever becomes of the messages: what is given cannot be unseen.
        self._office.releases.end(digest, self._office.clock.now())
        standing = self._office.teller.safe(digest, contacts)
        self._live.show_check_ins()
        return self._told(standing)

    async def hand_in(self, request: Request) -> Response:
        """POST /api/tellings/contacts: the same contacts again, for a server that forgot them."""
        digest = digest_of_check_in(request)
        new = await read_as(request, "telling", BODY_BYTES, _Contacts)
        contacts = [read_base64(one) for one in new.contacts]
        standing = self._office.teller.hand_in(digest, contacts)
        self._live.show_check_ins()
        return self._told(standing)

    async def test(self, request: Request) -> Response:
        """POST /api/tellings/tests: one sealed contact gets its test text, at once."""
        new = await read_as(request, "telling", BODY_BYTES, _Test)
        now = self._office.clock.now()
        self._office.codes.check(new.guest_code, address_of(request), now)
        self._ask(request)
        told = await self._office.teller.test(read_base64(new.contact))
        return JSONResponse({"told": told})

    def _ask(self, request: Request) -> None:
        if not self._office.teller.ask(neighbourhood(address_of(request))):
            raise TooMany("messages from there", 3600)

    def _told(self, standing: Standing, status: int = 200) -> Response:
        return JSONResponse(state_of(self._office, standing), status)


def state_of(office: Office, standing: Standing) -> dict[str, Any]:
    """Return a telling as its phone sees it: contacts by their number."""
    telling, course, now = standing.telling, standing.course, office.clock.now()
    return {
        "stage": course.stage,
        "due": None if telling.due is None else write_time(telling.due),
        "armed": standing.armed,
        "contacts": [
            {word: course.fate(word, number, telling, now) for word in WORDS}
            for number in range(telling.contacts)
        ],
        "release": _release(office, telling.digest),
        "time": write_time(now),
    }


def _release(office: Office, digest: bytes) -> dict[str, Any] | None:
    found = office.releases.of(digest)
    if found is None:
        return None
    given, ended = (None if one is None else write_time(one) for one in (found.given, found.ended))
    return {"given": given, "ended": ended}


def service_part(office: Office) -> dict[str, Any]:
    """Return what GET /api/service says of telling: whom to seal to, and what is offered."""
    return {
        "note": office.telling_note.decode(),
        "channels": list(office.teller.channels),
        "contacts": CONTACTS,
        "characters": TEXT_CHARACTERS,
        "minutes": list(MINUTES),
    }


def digest_of_check_in(request: Request) -> bytes:
    secret = bearer(request)
    if secret is None or len(secret) != 32:
        raise Unauthorized("a check-in's secret")
    return sha256(secret).digest()
