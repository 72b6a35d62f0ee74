"""`accompany roster`: who is on shift, as a file in and out, and where nobody is.

It writes to the database of a data folder, the server running or not; a server looks at it every
second. The file's form is in docs/roster.md.
"""

import json
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accompany.adapters.rosters import SqliteRosters
from accompany.adapters.sqlite import database_of
from accompany.config import LANGUAGES, STATES, Settings
from accompany.dispatch.calendar_file import write_calendar
from accompany.dispatch.coverage import cover, gaps
from accompany.dispatch.coverage_picture import WORDS, draw_coverage
from accompany.dispatch.roster_csv import read_roster, write_roster
from accompany.dispatch.shifts import DAY, Member, Roster, Span
from accompany.errors import Malformed, Unknown
from accompany.evidence.text import write_time

STALE = 365
"""Days after which a license should be looked at again."""


def configure_roster(parser: ArgumentParser) -> None:
    """Describe `accompany roster` to *parser*."""
    parser.description = (
        "Import, export and look at the roster: people, licenses, languages, shifts. Without one, "
        "whoever goes on duty is on shift. The server may be running meanwhile."
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="the server's data folder")
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    one = what.add_parser("import", help="take a CSV file as the roster from now on")
    one.add_argument("file", type=Path, help="the file; - reads what is piped in")
    what.add_parser("export", help="write the roster as CSV")
    one = what.add_parser("show", help="say who is on shift now and next, and what is due")
    one.add_argument("--json", action="store_true", help="as JSON")
    one = what.add_parser("gaps", help="say where nobody is on shift, and who could")
    one.add_argument("--days", type=int, default=14, help="how far ahead (14)")
    one.add_argument("--states", nargs="+", metavar="TX", default=[], help="only these")
    one.add_argument("--languages", nargs="+", metavar="es", default=[], help="only these")
    one.add_argument("--zone", default="UTC", help="the time zone to tell times in (UTC)")
    one.add_argument("--picture", metavar="SVG", type=Path, help="draw it, too")
    one.add_argument("--json", action="store_true", help="as JSON")
    one = what.add_parser("calendar", help="write somebody's shifts as an iCalendar file")
    one.add_argument("person", help="as the roster names them")
    one.add_argument("--days", type=int, default=60, help="how far ahead (60)")


def run_roster(given: Namespace) -> int:
    """Do `accompany roster`; return the exit status: 1 where `gaps` found any."""
    folder = given.data or Settings.from_environment(os.environ).data
    now = time.time_ns() // 1_000_000
    with database_of(folder) as database:
        rosters = SqliteRosters(database)
        if given.what == "import":
            return _import(given.file, rosters, now)
        text = rosters.newest()
    if text is None:
        raise Unknown("roster: none was imported, whoever goes on duty is on shift")
    roster = read_roster(text)
    match given.what:
        case "export":
            print(write_roster(roster), end="")
        case "show":
            _show(roster, now, given.json)
        case "gaps":
            return _gaps(roster, now, given)
        case _:
            _calendar(roster, given.person, given.days, now)
    return 0


def _import(file: Path, rosters: SqliteRosters, now: int) -> int:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed("roster", f"{file} cannot be read: {error}") from error
    roster = read_roster(text)
    rosters.add(write_roster(roster), now)
    print(f"{len(roster.members)} people and {len(roster.rules)} rules are the roster from now on")
    return 0


def _show(roster: Roster, now: int, as_json: bool) -> None:
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    spans = roster.spans(today - 2 * DAY, today + 14 * DAY)
    told = []
    for member in roster.members:
        coming = next((one for one in spans.get(member.person, ()) if one.end > now), None)
        check = _to_check(member, today)
        if not as_json:
            due = f"; check the license: {' '.join(check)}" if check else ""
            print(f"{member.name} ({member.role}): {_turn(coming, now)}{due}")
        told.append(
            {
                "person": member.person,
                "name": member.name,
                "role": member.role,
                "on_shift": coming is not None and coming.start <= now,
                "from": write_time(coming.start) if coming else None,
                "until": write_time(coming.end) if coming else None,
                "mode": coming.mode if coming else None,
                "check": check,
            }
        )
    if as_json:
        print(json.dumps(told, ensure_ascii=False))


def _turn(coming: Span | None, now: int) -> str:
    if coming is None:
        return "no shift in 14 days"
    until = f"until {write_time(coming.end)} ({coming.mode})"
    return (
        f"on shift {until}"
        if coming.start <= now
        else (f"next from {write_time(coming.start)} {until}")
    )


def _to_check(member: Member, today: date) -> list[str]:
    """Return the states whose license was last checked too long ago."""
    return [one.state for one in member.licenses if (today - one.checked).days > STALE]


def _gaps(roster: Roster, now: int, given: Namespace) -> int:
    zone = _zone(given.zone)
    for name, chosen, known in (
        ("states", given.states, STATES), ("languages", given.languages, LANGUAGES),
    ):  # fmt: skip
        unknown = [one for one in chosen if one not in known]
        if unknown:
            raise Malformed(name, f"expected those of this service, found {' '.join(unknown)}")
    if not 1 <= given.days <= 60:
        raise Malformed("days", f"expected 1 to 60, found {given.days}")
    coverage = cover(roster, now, given.days, given.states, given.languages)
    found = gaps(roster, coverage)
    names = {member.person: member.name for member in roster.members}
    if given.picture:
        title = f"Who can be rung, the next {given.days} days"
        given.picture.write_text(draw_coverage(coverage, given.zone, title), "utf-8")
    if given.json:
        print(json.dumps([one.told(one.could) for one in found], ensure_ascii=False))
        return 1 if found else 0
    for one in found:
        could = ", ".join(names[person] for person in one.could) or "nobody in the roster"
        print(
            f"{one.state} {one.language}  {_clock(one.start, zone)} to {_clock(one.end, zone)}  "
            f"{WORDS[one.level]}; could: {could}"
        )
    hours = sum(one.end - one.start for one in found) // 3_600_000
    total = sum(len(row) for row in coverage.levels.values())
    print(f"{len(found)} gaps, {hours} of {total} hours by state and language")
    return 1 if found else 0


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Malformed(
            "zone", f"expected a name such as America/Chicago, found {name!r}"
        ) from error


def _clock(moment: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, zone):%a %Y-%m-%d %H:%M}"


def _calendar(roster: Roster, person: str, days: int, now: int) -> None:
    member = next((one for one in roster.members if one.person == person), None)
    if member is None:
        raise Unknown(f"person {person!r} in the roster")
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    spans = roster.spans(today - DAY, today + days * DAY).get(person, [])
    sys.stdout.write(write_calendar(f"Duty of {member.name}", person, spans, now))
