"""Guest codes for coordinators over HTTP: listed with what came by each, made, replaced, changed.

What came by a code is counted in memory alone, for a minute: there is no list of it.
"""

from dataclasses import replace
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.guest_codes import check_code, make_code, replace_code
from accompany.accounts.people import GuestCode
from accompany.errors import Unknown
from accompany.evidence.text import read_time, write_time
from accompany.web.office import Office
from accompany.web.records import read_as

BODY_BYTES = 4 * 1024


class _New(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    a_minute: int = 0


class _Replaced(msgspec.Struct, forbid_unknown_fields=True):
    days: int
    a_minute: int = 0


class _Changed(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    a_minute: int
    ends: str | None


class CodeRoutes:
    """The routes of /api/desk/codes."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def show(self, request: Request) -> Response:
        """GET /api/desk/codes: every code by its name, never the code itself."""
        del request
        return JSONResponse(self._told())

    async def make(self, request: Request) -> Response:
        """POST /api/desk/codes: one for a place; the only answer that shows it."""
        new = await read_as(request, "code", BODY_BYTES, _New)
        office = self._office
        code = make_code(office.people, new.name.strip(), new.a_minute, office.clock.now())
        return JSONResponse({"code": code, "codes": self._told()}, 201)

    async def replace(self, request: Request) -> Response:
        """POST /api/desk/codes/{id}/replacements: a new one; the old one is good for some days."""
        new = await read_as(request, "code", BODY_BYTES, _Replaced)
        office, digest = self._office, self._digest(request)
        now = office.clock.now()
        code = replace_code(office.people, digest, new.days, new.a_minute, now)
        return JSONResponse({"code": code, "codes": self._told()}, 201)

    async def change(self, request: Request) -> Response:
        """PUT /api/desk/codes/{id}: its name, limit and end; with what it was before, undone."""
        new = await read_as(request, "code", BODY_BYTES, _Changed)
        office, digest = self._office, self._digest(request)
        old, now = office.people.code(digest) or GuestCode(), office.clock.now()
        ends = 0 if new.ends is None else read_time(new.ends)
        changed = replace(old, name=new.name.strip(), a_minute=new.a_minute, ends=ends)
        check_code(office.people, changed, digest, now)
        office.people.change_code(digest, changed)
        return JSONResponse(self._told())

    def _digest(self, request: Request) -> bytes:
        for digest, _ in self._office.people.codes():
            if _id_of(digest) == request.path_params["id"]:
                return digest
        raise Unknown("code")

    def _told(self) -> list[dict[str, Any]]:
        office, now = self._office, self._office.clock.now()
        return [
            {
                "id": _id_of(digest),
                "name": code.name,
                "made": write_time(code.made),
                "ends": write_time(code.ends) if code.ends else None,
                "good": code.good(now),
                "a_minute": code.a_minute,
                "limit": code.a_minute or office.settings.code_encounters_a_minute,
                "came": office.codes.came(digest, now),
            }
            for digest, code in office.people.codes()
        ]


def _id_of(digest: bytes) -> str:
    """Return what names a code and does not let in by it."""
    return digest.hex()[:16]
