"""The roster as a CSV file: people, and what is planned for them, a line each. Pure.

    kind    further columns
    person  person name role card zone languages areas licenses volunteer partner
    shift   person days start end mode from to
    off     person from to
    extra   person start end mode from to
    swap    person with from to

Columns may stand in any order and be left out where nothing is in them. Reading says everything
that is wrong, by line; what was read is written in one form.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accompany.config import LANGUAGES, STATES
from accompany.dispatch.roster import Role
from accompany.dispatch.shifts import (
    MIDNIGHT,
    Dates,
    Extra,
    Hours,
    License,
    Member,
    Mode,
    Off,
    Roster,
    Rule,
    Swap,
    Weekly,
)
from accompany.errors import Fault, Malformed

COLUMNS = (
    "kind person name role card zone languages areas licenses volunteer partner days start end "
    "mode from to with"
).split()
WEEK = "mon tue wed thu fri sat sun".split()
LIMIT = 1_000_000
Row = Mapping[str, str]
T = TypeVar("T")


class Wrong(Exception):
    """What is wrong with one line, in words and as a fault whose line is not known yet."""

    def __init__(
        self, words: str, code: str, column: str = "", expected: str = "", found: str = ""
    ) -> None:
        super().__init__(words)
        self._fault = Fault(code, 0, column, expected, found)

    def at(self, line: int) -> tuple[str, Fault]:
        return f"line {line}: {self}", replace(self._fault, line=line)


def _refuse(wrong: Sequence[tuple[str, Fault]]) -> Malformed:
    return Malformed(
        "roster", "\n".join(words for words, _ in wrong), [fault for _, fault in wrong]
    )


def read_roster(text: str) -> Roster:
    """Return the roster in *text*; raise Malformed with every line that is wrong."""
    members: dict[str, Member] = {}
    rules: list[tuple[int, Rule]] = []
    wrong: list[tuple[str, Fault]] = []
    for line, row in _rows(text, wrong):
        try:
            if row["kind"] == "person":
                member = _member(row)
                if member.person in members:
                    words = f"person {member.person} stands in an earlier line, too"
                    raise Wrong(words, "twice", found=member.person)
                members[member.person] = member
            else:
                rules.append((line, _rule(row)))
        except Wrong as error:
            wrong.append(error.at(line))
    for line, rule in rules:
        names = [rule.person, *([rule.other] if isinstance(rule, Swap) else [])]
        wrong += [
            Wrong(f"there is no person {name!r} in this file", "nobody", found=name).at(line)
            for name in names
            if name not in members
        ]
    if wrong:
        raise _refuse(wrong)
    return Roster(tuple(members.values()), tuple(rule for _, rule in rules))


def _rows(text: str, wrong: list[tuple[str, Fault]]) -> list[tuple[int, Row]]:
    if len(text) > 64 * LIMIT:
        words = f"expected at most {64 * LIMIT} characters"
        raise Malformed("roster", words, [Fault("long", expected=str(64 * LIMIT))])
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        unknown = [name for name in header if name not in COLUMNS]
        if unknown or not {"kind", "person"} <= set(header) or len(set(header)) != len(header):
            names, found_names = ", ".join(COLUMNS), ", ".join(header) or "none"
            words = f"expected each of these columns once at most: {names}; found {found_names}"
            raise _refuse([Wrong(words, "columns", "", names, found_names).at(1)])
        found: list[tuple[int, Row]] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                many, room = str(len(cells)), str(len(header))
                words = f"{many} cells under {room} columns; is a comma not in quotes?"
                wrong.append(Wrong(words, "cells", "", room, many).at(reader.line_num))
                continue
            given = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            found.append((reader.line_num, {name: given.get(name, "") for name in COLUMNS}))
    except csv.Error as error:
        raise _refuse([Wrong(str(error), "csv").at(reader.line_num)]) from error
    return found


def _member(row: Row) -> Member:
    role, partner = _role(row["role"]), row["partner"]
    if partner and role != "attorney":
        words = f"a partner organization's people are attorneys; found role {role}"
        raise Wrong(words, "partner", "role", "attorney", role)
    return Member(
        person=_needed(row, "person"),
        name=_needed(row, "name"),
        role=role,
        zone=_zone(_needed(row, "zone")),
        languages=_words("languages", row["languages"], LANGUAGES),
        areas=tuple(row["areas"].split()),
        licenses=_each(row["licenses"], _license),
        volunteer=_yes(row["volunteer"]),
        card=row["card"],
        partner=partner,
    )


def _rule(row: Row) -> Rule:
    person, kind = _needed(row, "person"), row["kind"]
    match kind:
        case "shift":
            days = frozenset(WEEK.index(day) for day in _words("days", row["days"], WEEK))
            if not days:
                raise Wrong(f"a shift needs days: {' '.join(WEEK)}", "missing", "days")
            return Weekly(person, days, _hours(row), _dates(row, open_ended=True))
        case "off":
            return Off(person, _dates(row))
        case "extra":
            return Extra(person, _hours(row), _dates(row))
        case "swap":
            return Swap(person, _needed(row, "with"), _dates(row))
        case _:
            raise _one_of("kind", "person shift off extra swap".split(), kind)


def _needed(row: Row, name: str) -> str:
    if not row[name]:
        raise Wrong(f"{name} is missing", "missing", name)
    return row[name]


def _one_of(column: str, known: Sequence[str], found: str) -> Wrong:
    words = f"{column} is one of {', '.join(known)}; found {found!r}"
    return Wrong(words, "one_of", column, ", ".join(known), found)


def _form(words: str, column: str, form: str, found: str) -> Wrong:
    return Wrong(f"{words}; found {found!r}", "form", column, form, found)


def _role(text: str) -> Role:
    found: Role | None = next((one for one in get_args(Role) if one == (text or "attorney")), None)
    if found is None:
        raise _one_of("role", get_args(Role), text)
    return found


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        words = "zone is a name such as America/Chicago"
        raise _form(words, "zone", "America/Chicago", text) from error
    return text


def _words(name: str, text: str, known: "tuple[str, ...] | list[str]") -> tuple[str, ...]:
    words = tuple(dict.fromkeys(text.lower().split()))
    unknown = [word for word in words if word not in known]
    if unknown:
        all_known, found = " ".join(known), " ".join(unknown)
        raise Wrong(f"{name} are of {all_known}; found {found}", "one_of", name, all_known, found)
    return words


def _each(text: str, read: Callable[[str], T]) -> tuple[T, ...]:
    return tuple(read(part.strip()) for part in text.split(";") if part.strip())


def _license(text: str) -> License:
    state, _, checked = text.partition(" ")
    if state.upper() not in STATES:
        words = "a license is a state and the date it was checked"
        raise _form(words, "licenses", "TX 2026-11-22", text)
    what = "the date a license was checked"
    return License(state.upper(), _date(what, "licenses", checked.strip()))


def _date(what: str, column: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _form(f"{what} is as 2026-11-22", column, "2026-11-22", text) from error


def _dates(row: Row, open_ended: bool = False) -> Dates:
    first = _date("from", "from", row["from"]) if row["from"] else None
    last = _date("to", "to", row["to"]) if row["to"] else None
    if not open_ended:
        if first is None:
            raise Wrong("from is missing: the first date it is for", "missing", "from")
        last = last or first
    if first is not None and last is not None and last < first:
        words = f"to ({last}) comes before from ({first})"
        raise Wrong(words, "order", "to", str(first), str(last))
    return Dates(first, last)


def _hours(row: Row) -> Hours:
    given = row["mode"] or "console"
    mode: Mode | None = next((one for one in get_args(Mode) if one == given), None)
    if mode is None:
        words = f"mode is console or on call; found {given!r}"
        raise Wrong(words, "one_of", "mode", ", ".join(get_args(Mode)), given)
    return Hours(_minutes("start", row["start"]), _minutes("end", row["end"]), mode)


def _minutes(name: str, text: str) -> int:
    hours, colon, minutes = text.partition(":")
    if colon and len(minutes) == 2 and hours.isdigit() and minutes.isdigit() and len(hours) <= 2:
        found = 60 * int(hours) + int(minutes)
        if int(minutes) < 60 and (found < MIDNIGHT or (found == MIDNIGHT and name == "end")):
            return found
    words = f"{name} is a time from 00:00 to 23:59 (an end up to 24:00)"
    raise _form(words, name, "09:30", text)


def _yes(text: str) -> bool:
    if text.lower() not in ("", "yes", "no"):
        words = f"volunteer is yes or no; found {text!r}"
        raise Wrong(words, "one_of", "volunteer", "yes, no", text)
    return text.lower() == "yes"


def write_roster(roster: Roster) -> str:
    """Return *roster* as a file that reads as the same."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for member in roster.members:
        writer.writerow(_written(member))
    for rule in roster.rules:
        writer.writerow(_planned(rule))
    return out.getvalue()


def _written(member: Member) -> Row:
    return {
        "kind": "person",
        "person": member.person,
        "name": member.name,
        "role": member.role,
        "card": member.card,
        "zone": member.zone,
        "languages": " ".join(member.languages),
        "areas": " ".join(member.areas),
        "licenses": "; ".join(f"{one.state} {one.checked}" for one in member.licenses),
        "volunteer": "yes" if member.volunteer else "no",
        "partner": member.partner,
    }


def _planned(rule: Rule) -> Row:
    dates = {"from": str(rule.dates.first or ""), "to": str(rule.dates.last or "")}
    match rule:
        case Weekly(person, days, hours, _):
            named = " ".join(WEEK[day] for day in sorted(days))
            more = {"kind": "shift", "person": person, "days": named, **_clock(hours)}
        case Extra(person, hours, _):
            more = {"kind": "extra", "person": person, **_clock(hours)}
        case Off(person, _):
            more = {"kind": "off", "person": person}
        case Swap(person, other, _):
            more = {"kind": "swap", "person": person, "with": other}
    return {**more, **dates}


def _clock(hours: Hours) -> Row:
    def told(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    return {"start": told(hours.start), "end": told(hours.end), "mode": hours.mode}
