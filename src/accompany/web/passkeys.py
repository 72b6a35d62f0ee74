"""Coming in over HTTP: passkeys, recovery sheets, and the sessions that follow from them.

Whoever comes in is told who they are, their card, and the keys that their passkey or sheet seals:
these are opened in the browser and nowhere else. What is wrong is answered alike, and slowly.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.passkeys import Passkey, Site
from accompany.accounts.people import Person, Session
from accompany.accounts.sessions import LONGEST
from accompany.errors import Malformed, Unauthorized, Unknown
from accompany.evidence.text import read_base64, write_base64, write_time
from accompany.web.office import COOKIE, Office, address_of
from accompany.web.records import read_json
from accompany.web.rights import person_of


class PasskeyRoutes:
    """The routes under /api/passkeys, /api/sign-in, /api/recovery, and the list of sessions."""

    def __init__(self, office: Office) -> None:
        self._office = office

    # Passkeys of whoever is in.

    async def list(self, request: Request) -> Response:
        """GET /api/passkeys: one's own, and whether there is a recovery sheet."""
        return self._told(person_of(request))

    async def challenge(self, request: Request) -> Response:
        """POST /api/passkeys/challenge: what the browser is to make a passkey for."""
        office, person = self._office, person_of(request)
        self._check_fresh_if_any(request, person)
        organization, now = office.settings.organization, office.clock.now()
        options = office.passkeys.to_register(person, self._site(request), organization, now)
        return JSONResponse(options)

    async def add(self, request: Request) -> Response:
        """POST /api/passkeys: a passkey just made, its name, and keys sealed by it, if it can."""
        office, person = self._office, person_of(request)
        self._check_fresh_if_any(request, person)
        given = await read_json(request, "passkey")
        credential, name, sealed = (given.get(one) for one in ("credential", "name", "sealed"))
        if not isinstance(credential, dict) or not isinstance(name, str):
            raise Malformed("passkey", "expected credential and name")
        keys = _bytes(sealed, "sealed keys")
        now = office.clock.now()
        office.passkeys.register(person, self._site(request), credential, name, keys, now)
        office.sessions.verify(request.cookies.get(COOKIE), now)
        return self._told(person, 201)

    async def remove(self, request: Request) -> Response:
        """DELETE /api/passkeys/{id}: one's own, after proving again who it is."""
        person, now = person_of(request), self._office.clock.now()
        self._office.sessions.check_fresh(request.cookies.get(COOKIE), now)
        wanted = request.path_params["id"]
        kept = self._office.passkeys.kept
        found = next((one for one in kept.of(person.id) if one.written_id == wanted), None)
        if found is None or not kept.remove(person.id, found.id):
            raise Unknown("passkey")
        return self._told(person)

    # Coming in, and proving it again.

    async def ask(self, request: Request) -> Response:
        """GET /api/sign-in: a challenge for any passkey of this site."""
        office = self._office
        return JSONResponse(office.passkeys.to_prove(self._site(request), office.clock.now()))

    async def sign_in(self, request: Request) -> Response:
        """POST /api/sign-in: a challenge signed by a passkey; answers with a cookie."""
        passkey = await self._proved(request)
        person = self._office.people.person(passkey.person)
        if person is None or person.removed:
            raise Unauthorized("a passkey of this organization")
        return self._in(request, person, passkey.sealed)

    async def step_up(self, request: Request) -> Response:
        """POST /api/step-up: the same, by somebody who is in: fresh for five minutes."""
        passkey, person = await self._proved(request), person_of(request)
        if passkey.person != person.id:
            raise Unauthorized("a passkey of this organization")
        self._office.sessions.verify(request.cookies.get(COOKIE), self._office.clock.now())
        return Response(status_code=204)

    async def put_recovery(self, request: Request) -> Response:
        """PUT /api/recovery: a new sheet's token, and the keys sealed to it; the old ends."""
        office, person = self._office, person_of(request)
        self._check_fresh_if_any(request, person)
        given = await read_json(request, "recovery")
        token = _bytes(given.get("token"), "token")
        office.recoveries.keep(
            person, token, _bytes(given.get("sealed"), "sealed keys"), office.clock.now()
        )
        return self._told(person, 201)

    async def recover(self, request: Request) -> Response:
        """POST /api/recovery: a sheet's token; answers with a cookie and the keys sealed to it."""
        token = _bytes((await read_json(request, "recovery")).get("token"), "token")
        office = self._office
        person, sealed = office.recoveries.open(token, address_of(request), office.clock.now())
        return self._in(request, person, sealed)

    # Sessions.

    async def sessions(self, request: Request) -> Response:
        """GET /api/sessions: one's own, this one marked."""
        return self._told_sessions(request)

    async def end_one(self, request: Request) -> Response:
        """DELETE /api/sessions/{number}: one's own; its consoles close within a second."""
        number = request.path_params["number"]
        people, person = self._office.people, person_of(request)
        # "²" is a digit to Python, and no number.
        known = number.isascii() and number.isdigit()
        if not known or not people.end_session_numbered(person.id, int(number[:18])):
            raise Unknown("session")
        return self._told_sessions(request)

    async def end_others(self, request: Request) -> Response:
        """DELETE /api/sessions/others: all of one's own but this one."""
        current = self._session(request)
        if current is not None:
            self._office.people.end_sessions_but(current.person, current.number)
        return self._told_sessions(request)

    # What they share.

    def _session(self, request: Request) -> Session | None:
        return self._office.sessions.find(request.cookies.get(COOKIE), self._office.clock.now())

    def _site(self, request: Request) -> Site:
        return site_of(self._office, request)

    def _check_fresh_if_any(self, request: Request, person: Person) -> None:
        """Raise NotFresh where there is a passkey or a sheet that was not used just now.

        A stolen cookie must not become a passkey.
        """
        office = self._office
        if office.passkeys.kept.of(person.id) or office.recoveries.kept.recovery_of(person.id):
            office.sessions.check_fresh(request.cookies.get(COOKIE), office.clock.now())

    async def _proved(self, request: Request) -> Passkey:
        credential = (await read_json(request, "passkey")).get("credential")
        if not isinstance(credential, dict):
            raise Malformed("passkey", "expected a credential")
        office, address, now = self._office, address_of(request), self._office.clock.now()
        office.tries.check(address, now)
        try:
            return office.passkeys.prove(self._site(request), credential, now)
        except Unauthorized:
            office.tries.wrong(address, now)
            raise

    def _in(self, request: Request, person: Person, sealed: bytes) -> Response:
        office = self._office
        row = office.keeper.card(person.id)
        response = JSONResponse(
            {
                "person": person.id,
                "role": person.role,
                "name": person.name,
                "card": None if row is None else row.data.decode(),
                "sealed": write_base64(sealed) if sealed else None,
            }
        )
        set_cookie(
            office, request, response, office.sessions.open(person, office.clock.now(), True)
        )
        return response

    def _told(self, person: Person, status: int = 200) -> Response:
        office = self._office
        sheet = office.recoveries.kept.recovery_of(person.id)
        passkeys = [_passkey(one) for one in office.passkeys.kept.of(person.id)]
        made = None if sheet is None else write_time(sheet.made)
        return JSONResponse({"passkeys": passkeys, "sheet": made}, status)

    def _told_sessions(self, request: Request) -> Response:
        current, now = self._session(request), self._office.clock.now()
        sessions = self._office.people.sessions(person_of(request).id, now)
        return JSONResponse(
            [
                {
                    "number": one.number,
                    "made": write_time(one.made),
                    "seen": write_time(one.seen),
                    "this": current is not None and one.number == current.number,
                }
                for one in sessions
            ]
        )


def origin_of(office: Office, request: Request) -> str:
    """Return what people open: the address that was set, else the one that was asked at."""
    set_one = office.settings.address.rstrip("/")
    return set_one or f"{request.url.scheme}://{request.url.netloc}"


def site_of(office: Office, request: Request) -> Site:
    """Return where passkeys belong."""
    origin = origin_of(office, request)
    name = origin.partition("://")[2]
    return Site(name if name.endswith("]") else name.rpartition(":")[0] or name, origin)


def set_cookie(office: Office, request: Request, response: Response, secret: str) -> None:
    """Set the session's cookie: no script reads it, no other site sends it, and no line in clear
    carries it, be it our own TLS or that of a proxy that is believed."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=LONGEST // 1000,
        path="/",
        secure=office.settings.secure or request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _bytes(value: Any, what: str) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, str):
        raise Malformed(what, "expected base64")
    return read_base64(value)


def _passkey(one: Passkey) -> dict[str, Any]:
    return {
        "id": one.written_id,
        "name": one.name,
        "made": write_time(one.made),
        "used": write_time(one.used),
        "opens": bool(one.sealed),
    }
