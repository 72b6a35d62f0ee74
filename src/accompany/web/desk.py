"""For coordinators over HTTP: figures, coverage, and everything of a desk as CSV files.

Small numbers: every route here is behind a coordinator's session. Figures are counted in a thread.
"""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.dispatch.calendar_file import write_calendar
from accompany.dispatch.coverage import Coverage, Gap, Level, cover, gaps
from accompany.dispatch.coverage_picture import draw_hours
from accompany.dispatch.roster_csv import read_roster, write_roster
from accompany.dispatch.shifts import DAY as ONE_DAY
from accompany.dispatch.shifts import Roster
from accompany.dispatch.statistics import DAY, FINE_DAYS, Figures, day_of
from accompany.dispatch.statistics_report import (
    told_figures,
    told_tally,
    write_csv,
    write_days,
    write_figures,
    write_presses,
)
from accompany.errors import Malformed, Unknown
from accompany.evidence.text import write_time
from accompany.web.boards import name_of
from accompany.web.office import Office

AHEAD = 14
"""Days of coverage."""

MOST_DAYS = 366
CALENDAR_DAYS = 60
GAPS = 200
PAST_LASTS = 10 * 60_000
"""Milliseconds for which the figures of days that are over are not counted again."""

DELIVERIES = 10_000


class DeskRoutes:
    """The routes under /api/desk that only show."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._counting = asyncio.Lock()
        self._past: dict[tuple[int, int], tuple[int, list[tuple[int, Figures]]]] = {}

    async def figures(self, request: Request) -> Response:
        """GET /api/desk/figures?days=N: all, by each of what tells presses apart, and by day."""
        now = self._office.clock.now()
        days = await self._days(_number(request, "days", FINE_DAYS, MOST_DAYS), now)
        return JSONResponse(
            {
                **told_figures(_added(days), self._name),
                "days": [{"day": write_time(day)[:10], **told_tally(one.all)} for day, one in days],
                "open": len(self._office.desk.owed()),
                "time": write_time(now),
            }
        )

    async def coverage(self, request: Request) -> Response:
        """GET /api/desk/coverage: where nobody is on shift in the next 14 days, and who could."""
        del request
        now = self._office.clock.now()
        roster = self._roster()
        if roster is None:
            return JSONResponse(
                {"roster": False, "number": 0, "gaps": [], "hours": 0, "covered": 0}
            )
        coverage, found = await asyncio.to_thread(_covered, roster, now)
        names = {one.person: one.name for one in roster.members}
        levels = [level for row in coverage.levels.values() for level in row]
        return JSONResponse(
            {
                "roster": True,
                "number": self._office.books.rosters.number(),
                "gaps": [one.told([names[who] for who in one.could]) for one in found[:GAPS]],
                "hours": len(levels),
                "covered": sum(level >= Level.INTERPRETED for level in levels),
            }
        )

    async def picture(self, request: Request) -> Response:
        """GET /api/desk/coverage.svg?zone=America/Chicago: without words, which the page says."""
        roster = self._roster()
        if roster is None:
            raise Unknown("roster")
        zone = request.query_params.get("zone", "UTC")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise Malformed("zone", "expected a name such as America/Chicago") from error
        coverage, _ = await asyncio.to_thread(_covered, roster, self._office.clock.now())
        drawn = draw_hours(coverage, zone)
        # A picture by itself: its style stands in it, and nothing else is loaded.
        return Response(drawn, media_type="image/svg+xml")

    async def file(self, request: Request) -> Response:
        """GET /api/desk/files/{name}.csv: one of everything that the desk has."""
        name = request.path_params["name"]
        if name == "calendar.ics":
            return self._calendar(request.query_params.get("person", ""))
        text = await self._written(name, request)
        day = f"{datetime.fromtimestamp(self._office.clock.now() / 1000, UTC):%Y-%m-%d}"
        headers = {"content-disposition": f'attachment; filename="{name[:-4]}-{day}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

    def _calendar(self, person: str) -> Response:
        """Return somebody's shifts of the next weeks as an iCalendar file."""
        roster, now = self._roster() or Roster(), self._office.clock.now()
        named = next((one for one in roster.members if one.person == person), None)
        if named is None:
            raise Unknown("person of the roster")
        today = datetime.fromtimestamp(now / 1000, UTC).date()
        spans = roster.spans(today, today + CALENDAR_DAYS * ONE_DAY).get(person, [])
        text = write_calendar(named.name, person, spans, now)
        headers = {"content-disposition": 'attachment; filename="shifts.ics"'}
        return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)

    async def _written(self, name: str, request: Request) -> str:
        now = self._office.clock.now()
        count = _number(request, "days", FINE_DAYS, MOST_DAYS)
        match name:
            case "figures.csv":
                return write_figures(_added(await self._days(count, now)), self._name)
            case "days.csv":
                return write_days(await self._days(count, now))
            case "presses.csv":
                since = day_of(now) - FINE_DAYS * DAY
                found = await asyncio.to_thread(self._office.books.figures.courses, since, now + 1)
                return write_presses(found, self._name)
            case "callbacks.csv":
                return self._callbacks()
            case "roster.csv":
                return write_roster(self._roster() or Roster())
            case "gaps.csv":
                roster = self._roster() or Roster()
                _, found_gaps = await asyncio.to_thread(_covered, roster, now)
                names = {one.person: one.name for one in roster.members}
                rows = [
                    {**one.told(()), "could": "; ".join(names[who] for who in one.could)}
                    for one in found_gaps
                ]
                return write_csv(("state", "language", "from", "until", "level", "could"), rows)
            case "webhooks.csv":
                return self._deliveries()
            case _:
                raise Unknown("file")

    def _callbacks(self) -> str:
        desk = self._office.desk
        rows = []
        for one in [*desk.owed(), *desk.called_back_lately(1000)]:
            promised, done = one.ringing.promised, one.ringing.called_back
            rows.append(
                {
                    "encounter": one.encounter,
                    "state": one.press.state,
                    "language": one.press.language,
                    "pressed": write_time(one.press.pressed),
                    "owner": self._name(promised.owner) if promised and promised.owner else "",
                    "deadline": write_time(promised.deadline) if promised else "",
                    "done": write_time(done.time) if done else "",
                    "done_by": self._name(done.by) if done else "",
                }
            )
        return write_csv(
            "encounter state language pressed owner deadline done done_by".split(), rows
        )

    def _deliveries(self) -> str:
        rows = [
            {
                "number": one.number,
                "endpoint": one.endpoint,
                "message": one.message,
                "type": one.type,
                "made": write_time(one.made),
                "tries": one.tries,
                "taken": write_time(one.done) if one.done else "",
                "problem": one.problem,
            }
            for one in self._office.books.hooks.deliveries(DELIVERIES)
        ]
        return write_csv("number endpoint message type made tries taken problem".split(), rows)

    async def _days(self, count: int, now: int) -> list[tuple[int, Figures]]:
        """Return the figures of each day; those of days that are over are counted rarely."""
        figures, today = self._office.books.figures, day_of(now)
        key = (today - (count - 1) * DAY, today)
        async with self._counting:
            counted, past = self._past.get(key, (0, []))
            if now - counted > PAST_LASTS:
                past = list(await asyncio.to_thread(figures.days, *key))
                few = {one: self._past[one] for one in list(self._past)[-3:]}
                self._past = {**few, key: (now, past)}
            return [*past, *await asyncio.to_thread(figures.days, today, now + 1)]

    def _roster(self) -> Roster | None:
        text = self._office.books.rosters.newest()
        return None if text is None else read_roster(text)

    def _name(self, serial: str) -> str:
        return name_of(self._office, serial)


def _covered(roster: Roster, now: int) -> tuple[Coverage, list[Gap]]:
    coverage = cover(roster, now, AHEAD)
    return coverage, gaps(roster, coverage)


def _added(days: list[tuple[int, Figures]]) -> Figures:
    found = Figures()
    for _, one in days:
        found.add(one)
    return found


def _number(request: Request, name: str, usual: int, most: int) -> int:
    text = request.query_params.get(name, str(usual))
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not 1 <= int(text) <= most:
        raise Malformed(name, f"expected 1 to {most}, found {text[:20]!r}")
    return int(text)
