"""Where the roster covers a state in a language, hour by hour, and who could where it does not.

Pure. An hour is covered by whoever is on shift for all of it; attorneys of partner organizations,
who are rung last, do not count. Times are milliseconds UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from zoneinfo import ZoneInfo

from accompany.dispatch.shifts import DAY, Member, Roster, Span, off_on
from accompany.evidence.text import write_time

HOUR = 3_600_000


class Level(IntEnum):
    NOBODY = 0
    """No attorney with a license for the state."""
    WITHOUT = 1
    """An attorney, but nobody who speaks the language."""
    INTERPRETED = 2
    SPOKEN = 3


@dataclass(frozen=True, slots=True)
class Gap:
    state: str
    language: str
    start: int
    end: int
    level: Level
    could: tuple[str, ...]
    """Persons who are off shift and could: volunteers first."""

    def told(self, could: Sequence[str]) -> dict[str, object]:
        """Return it for others to read; *could* is who could, by whatever name they go there."""
        return {
            "state": self.state,
            "language": self.language,
            "from": write_time(self.start),
            "until": write_time(self.end),
            "level": Level(self.level).name.lower(),
            "could": list(could),
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """Levels by state and language, an hour each from *start*."""

    start: int
    hours: int
    levels: dict[tuple[str, str], tuple[Level, ...]]

    @property
    def states(self) -> list[str]:
        return list(dict.fromkeys(state for state, _ in self.levels))

    @property
    def languages(self) -> list[str]:
        return list(dict.fromkeys(language for _, language in self.levels))


def cover(
    roster: Roster, now: int, days: int, states: Sequence[str] = (), languages: Sequence[str] = ()
) -> Coverage:
    """Return the coverage of the next *days*, from the hour that runs now.

    Without states or languages: those that anybody in the roster is licensed for or speaks.
    """
    start = now // HOUR * HOUR
    on_shift = _on_shift(roster, start, 24 * days)
    members = {one.person: one for one in roster.members}
    states = states or sorted({state for one in roster.members for state in one.states})
    languages = languages or _spoken(roster)
    levels: dict[tuple[str, str], list[Level]] = {
        (state, language): [] for state in states for language in languages
    }
    for people in on_shift:
        attorneys = [
            members[one]
            for one in people
            if members[one].role == "attorney" and not members[one].partner
        ]
        interpreted = {
            language
            for one in people
            if members[one].role == "interpreter"
            for language in members[one].languages
        }
        for state in states:
            licensed = [one for one in attorneys if state in one.states]
            spoken = {language for one in licensed for language in one.languages}
            for language in languages:
                level = _level(bool(licensed), language in spoken, language in interpreted)
                levels[state, language].append(level)
    return Coverage(start, 24 * days, {key: tuple(row) for key, row in levels.items()})


def _level(licensed: bool, spoken: bool, interpreted: bool) -> Level:
    if not licensed:
        return Level.NOBODY
    if spoken:
        return Level.SPOKEN
    return Level.INTERPRETED if interpreted else Level.WITHOUT


def _spoken(roster: Roster) -> list[str]:
    """The languages of this roster, those that most people speak first."""
    counts: dict[str, int] = {}
    for one in roster.members:
        for language in one.languages:
            counts[language] = counts.get(language, 0) + 1
    return sorted(counts, key=lambda language: (-counts[language], language))


def _on_shift(roster: Roster, start: int, hours: int) -> list[list[str]]:
    """Return who is on shift, for each hour from *start*."""
    first = datetime.fromtimestamp(start / 1000, UTC).date()
    spans = roster.spans(first - 2 * DAY, first + (hours // 24 + 1) * DAY)
    found: list[list[str]] = [[] for _ in range(hours)]
    for person, theirs in spans.items():
        for begin, end in _either(theirs):
            first_hour = max(0, -(-(begin - start) // HOUR))
            for hour in range(first_hour, min(hours, (end - start) // HOUR)):
                found[hour].append(person)
    return found


def _either(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Return the spans as times alone, those that meet joined, at the console or on call."""
    found: list[tuple[int, int]] = []
    for one in sorted(spans, key=lambda each: each.start):
        if found and one.start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], one.end))
        else:
            found.append((one.start, one.end))
    return found


def gaps(roster: Roster, coverage: Coverage, below: Level = Level.INTERPRETED) -> list[Gap]:
    """Return each stretch of hours whose coverage is under *below*, and who could take it."""
    on_shift = _on_shift(roster, coverage.start, coverage.hours)
    found = []
    for (state, language), levels in coverage.levels.items():
        hour = 0
        while hour < len(levels):
            end = hour
            while end < len(levels) and levels[end] == levels[hour]:
                end += 1
            if levels[hour] < below:
                start = coverage.start + hour * HOUR
                busy = {one for people in on_shift[hour:end] for one in people}
                could = _could(roster, state, language, start, busy)
                found.append(
                    Gap(state, language, start, coverage.start + end * HOUR, levels[hour], could)
                )
            hour = end
    return found


def _could(
    roster: Roster, state: str, language: str, start: int, busy: set[str]
) -> tuple[str, ...]:
    """Return who is licensed, not on shift for any of it, and not off on the day it begins."""

    def order(member: Member) -> tuple[bool, bool, str]:
        return language not in member.languages, not member.volunteer, member.person

    return tuple(
        member.person
        for member in sorted(roster.members, key=order)
        if member.role == "attorney"
        and not member.partner
        and state in member.states
        and member.person not in busy
        and not off_on(roster, member.person, _day(start, member.zone))
    )


def _day(time: int, zone: str) -> date:
    return datetime.fromtimestamp(time / 1000, ZoneInfo(zone)).date()
