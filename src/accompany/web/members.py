"""Who belongs, for coordinators over HTTP: listed, invited, looked at, removed.

Removing somebody, or inviting whoever could do the same, needs fresh proof of who asks. Not here:
what ends with somebody (`offboarding`).
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.enrolment import NAME_LIMIT, digest_of_secret
from accompany.accounts.people import DAY, Invitation, Person, check_end_stands
from accompany.accounts.rights import ON_CARDS, PERSON_ROLES, PersonRole
from accompany.dispatch.ports import Standing
from accompany.errors import Forbidden, Malformed, Unknown
from accompany.evidence.text import read_time, write_time
from accompany.web.offboarding import members_of, offboard, roster_of
from accompany.web.office import COOKIE, Office
from accompany.web.records import read_json
from accompany.web.rights import person_of

DAYS = (1, 30)
"""How long an invitation may be good."""
LISTED = 500
"""Of how many cases of one person the page is told."""


class MemberRoutes:
    """The routes of /api/people, and those of /api/invitations for coordinators."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def list(self, request: Request) -> Response:
        """GET /api/people: everybody who belongs, or did."""
        now, me = self._office.clock.now(), person_of(request)
        return JSONResponse([self._member(one, me, now) for one in self._office.people.people()])

    async def invite(self, request: Request) -> Response:
        """POST /api/invitations: for one role; answers with the code, which is not kept."""
        given = await read_json(request, "invitation")
        name = given.get("name", "")
        role = _role(given.get("role"))
        if not isinstance(name, str) or len(name) > NAME_LIMIT or not name.isprintable():
            raise Malformed("name", f"expected at most {NAME_LIMIT} printable characters")
        days = given.get("days", 7)
        if type(days) is not int or not DAYS[0] <= days <= DAYS[1]:
            raise Malformed("days", f"expected a whole number from {DAYS[0]} to {DAYS[1]}")
        office, now = self._office, self._office.clock.now()
        if role not in ON_CARDS:
            office.sessions.check_fresh(request.cookies.get(COOKIE), now)
        by = person_of(request).id
        code = office.enrolment.invite(role, by, name.strip(), days * DAY)
        page = "duty" if role in ON_CARDS else "desk"
        path = f"/{page}#invitation={code}"
        until = write_time(now + days * DAY)
        return JSONResponse(
            {
                "id": _id_of(digest_of_secret(code)),
                "code": code,
                "path": path,
                "role": role,
                "until": until,
            },
            201,
        )

    async def invitations(self, request: Request) -> Response:
        """GET /api/invitations: those nobody has used and whose time is not over."""
        del request
        now = self._office.clock.now()
        found = self._office.people.invitations(now)
        return JSONResponse([self._invitation(digest, one) for digest, one in found])

    async def take_back(self, request: Request) -> Response:
        """DELETE /api/invitations/{id}: its link opens nothing from now on."""
        people, now = self._office.people, self._office.clock.now()
        id_ = request.path_params["id"]
        digests = [digest for digest, _ in people.invitations(now) if _id_of(digest) == id_]
        if not digests or not people.drop_invitation(digests[0]):
            raise Unknown("invitation")
        return await self.invitations(request)

    async def show(self, request: Request) -> Response:
        """GET /api/people/{id}: what of somebody would end with them, or has; and what they could
        open, which nothing takes back."""
        office, now = self._office, self._office.clock.now()
        one = office.people.person(request.path_params["id"])
        if one is None:
            raise Unknown("person")
        roster = roster_of(office)
        members = members_of(office, roster, one)
        shifts = [rule for rule in roster.rules if rule.person in members]
        sheet = office.recoveries.kept.recovery_of(one.id)
        told = {
            **self._member(one, person_of(request), now),
            "sheet": sheet is not None,
            "channels": len(office.reach.channels.of(one.serial)),
            "shifts": len(shifts),
            "card": office.keeper.card(one.serial) is not None,
            "revoked": office.keeper.revocation(one.serial) is not None,
            "checked": self._checked(one),
            "cases": [self._case(case) for case in office.desk.cases(one.serial)[:LISTED]],
        }
        return JSONResponse(told)

    async def remove(self, request: Request) -> Response:
        """DELETE /api/people/{id}: sessions, consoles, passkeys, sheet, channels, duty, shifts and
        the card, in one act that can be done again; `?lost=` says since when others may have their
        device or keys, and is refused where another end was said before."""
        office, now = self._office, self._office.clock.now()
        me, id_ = person_of(request), request.path_params["id"]
        if id_ == me.id:
            raise Forbidden("another coordinator removes you")
        office.sessions.check_fresh(request.cookies.get(COOKIE), now)
        lost = _lost(request.query_params.get("lost"), now)
        before = office.people.person(id_)
        if before is None:
            raise Unknown("person")
        check_end_stands(before, lost)
        office.people.remove_person(id_, now, lost)
        await offboard(office, office.people.person(id_) or before)
        return await self.list(request)

    def _member(self, one: Person, me: Person, now: int) -> dict[str, Any]:
        office = self._office
        return {
            "person": one.id,
            "role": one.role,
            "name": one.name,
            "since": write_time(one.made),
            "removed": write_time(one.removed) if one.removed else None,
            "sessions": len(office.people.sessions(one.id, now)),
            "passkeys": len(office.passkeys.kept.of(one.id)),
            "me": one.id == me.id,
        }

    def _invitation(self, digest: bytes, one: Invitation) -> dict[str, Any]:
        maker = self._office.people.person(one.by)
        return {
            "id": _id_of(digest),
            "role": one.role,
            "name": one.name,
            "by": maker.name if maker else "",
            "made": write_time(one.made),
            "until": write_time(one.until),
        }

    def _checked(self, one: Person) -> dict[str, str] | None:
        """Return who looked their license up, where and when; None where nobody had to."""
        check = self._office.applications.check_of(one.id)
        if check is None:
            return None
        by = self._office.people.person(check.by)
        time = write_time(check.time)
        return {"by": by.name if by else "", "where": check.where, "time": time}

    def _case(self, one: Standing) -> dict[str, Any]:
        return {
            "state": one.press.state,
            "pressed": write_time(one.press.pressed),
            "recordings": len(self._office.keeper.by_encounter(one.encounter)),
        }


def _lost(given: str | None, now: int) -> int:
    """Return the time that was given, ms since 1970 UTC, or 0 for none.

    A browser's clock that is fast holds up nobody's removal: no time is later than *now*.
    """
    return 0 if given is None else min(read_time(given), now)


def _id_of(digest: bytes) -> str:
    """Return what names an invitation and does not open it."""
    return digest.hex()[:16]


def _role(value: object) -> PersonRole:
    for role in PERSON_ROLES:
        if role == value:
            return role
    raise Malformed("role", f"expected one of {', '.join(PERSON_ROLES)}")
