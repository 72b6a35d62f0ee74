"""The roster over HTTP, for coordinators: looked at, tried, taken over, undone."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.dispatch.coverage import Level, cover
from accompany.dispatch.roster_csv import read_roster, write_roster
from accompany.dispatch.shifts import Member, Roster
from accompany.errors import Fault, Forbidden, Malformed, Unknown
from accompany.evidence.text import write_time
from accompany.web.office import Office
from accompany.web.records import read_json

BODY_BYTES = 8 * 1024 * 1024
DAYS = 14


class RosterRoutes:
    """The routes at /api/desk/roster."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def show(self, request: Request) -> Response:
        """GET /api/desk/roster: who is in it, and when each is on shift next."""
        del request
        return JSONResponse(self._told())

    async def take(self, request: Request) -> Response:
        """POST /api/desk/roster: `text` as a file has it. Without `keep` it is only looked at.

        `number` is which roster it was compared with: Forbidden where another was taken over
        meanwhile.
        """
        given = await read_json(request, "roster", BODY_BYTES)
        text, keep, number = given.get("text"), given.get("keep"), given.get("number")
        if not isinstance(text, str) or not isinstance(keep, bool) or not isinstance(number, int):
            raise Malformed("roster", "expected text, keep and number")
        roster = read_roster(text)
        if not roster.members:
            raise Malformed("roster", "expected a person at least", [Fault("empty")])
        if not keep:
            return JSONResponse(self._changes(roster))
        self._check(number)
        self._office.books.rosters.add(write_roster(roster), self._office.clock.now())
        return JSONResponse(self._told(), 201)

    async def undo(self, request: Request) -> Response:
        """DELETE /api/desk/roster: the roster before is the roster again; once more undoes that."""
        rosters = self._office.books.rosters
        number = request.query_params.get("number", "")
        self._check(int(number) if number.isascii() and number.isdigit() else -1)
        before = rosters.before()
        if before is None:
            raise Unknown("earlier roster")
        rosters.add(before, self._office.clock.now())
        return JSONResponse(self._told())

    def _check(self, number: int) -> None:
        if number != self._office.books.rosters.number():
            raise Forbidden("somebody took over another roster meanwhile: look at it first")

    def _roster(self) -> Roster:
        text = self._office.books.rosters.newest()
        return Roster() if text is None else read_roster(text)

    def _told(self) -> dict[str, Any]:
        rosters = self._office.books.rosters
        roster = self._roster()
        return {
            "number": rosters.number(),
            "undo": rosters.before() is not None,
            "people": [_person(one) for one in roster.members],
            "rules": len(roster.rules),
            "time": write_time(self._office.clock.now()),
        }

    def _changes(self, new: Roster) -> dict[str, Any]:
        """Return what would be another with *new*."""
        old, now = self._roster(), self._office.clock.now()
        before = {one.person: one for one in old.members}
        after = {one.person: one for one in new.members}
        return {
            "people": len(new.members),
            "rules": len(new.rules),
            "added": [after[one].name for one in after if one not in before],
            "removed": [before[one].name for one in before if one not in after],
            "changed": [
                after[one].name for one in after if one in before and after[one] != before[one]
            ],
            "rules_added": len(set(new.rules) - set(old.rules)),
            "rules_removed": len(set(old.rules) - set(new.rules)),
            "bare_before": _bare(old, now),
            "bare_after": _bare(new, now),
        }


def _person(member: Member) -> dict[str, Any]:
    return {
        "person": member.person,
        "name": member.name,
        "role": member.role,
        "zone": member.zone,
        "languages": list(member.languages),
        "areas": list(member.areas),
        "licenses": [{"state": one.state, "checked": str(one.checked)} for one in member.licenses],
        "volunteer": member.volunteer,
        "partner": member.partner,
    }


def _bare(roster: Roster, now: int) -> int:
    """Return how many hours, by state and language, nobody covers in the next days."""
    levels = cover(roster, now, DAYS).levels.values()
    return sum(level < Level.INTERPRETED for row in levels for level in row)
