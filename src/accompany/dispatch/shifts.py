"""The roster: people, what they may and can do, and when they are on shift. Pure.

A shift is a weekly pattern in its person's own time zone. Where clocks change, it begins at the
earliest and ends at the latest moment that its times can mean: shifts that meet leave no gap.
Times are milliseconds UTC. Not here: the file it comes from (`roster_csv`), gaps (`coverage`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from accompany.dispatch.roster import OnDuty, Role
from accompany.ids import CardSerial

Mode = Literal["console", "on call"]
DAY = timedelta(days=1)
MIDNIGHT = 24 * 60
AHEAD = 8
"""Days that are looked ahead for the next change of a shift."""


@dataclass(frozen=True, slots=True)
class License:
    state: str
    checked: date


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the roster. *card* is the serial of their card, where it is known."""

    person: str
    name: str
    role: Role
    zone: str
    languages: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    licenses: tuple[License, ...] = ()
    volunteer: bool = False
    card: str = ""
    partner: str = ""
    """The partner organization that they belong to; none: this one."""

    @property
    def states(self) -> frozenset[str]:
        return frozenset(one.state for one in self.licenses)


@dataclass(frozen=True, slots=True)
class Hours:
    """From *start* to *end*, minutes since local midnight; past midnight where end <= start."""

    start: int
    end: int
    mode: Mode = "console"


@dataclass(frozen=True, slots=True)
class Dates:
    """From *first* to *last*, both included; None: without end."""

    first: date | None = None
    last: date | None = None

    def hold(self, day: date) -> bool:
        begun = self.first is None or self.first <= day
        return begun and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Weekly:
    person: str
    days: frozenset[int]
    """0 is Monday."""
    hours: Hours
    dates: Dates = field(default_factory=Dates)


@dataclass(frozen=True, slots=True)
class Off:
    person: str
    dates: Dates


@dataclass(frozen=True, slots=True)
class Extra:
    person: str
    hours: Hours
    dates: Dates


@dataclass(frozen=True, slots=True)
class Swap:
    """*other* takes the weekly shifts of *person* that begin on these dates."""

    person: str
    other: str
    dates: Dates


Rule = Weekly | Off | Extra | Swap


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    mode: Mode


@dataclass(frozen=True, slots=True)
class Roster:
    members: tuple[Member, ...] = ()
    rules: tuple[Rule, ...] = ()

    def spans(self, first: date, last: date) -> dict[str, list[Span]]:
        """Return the shifts that begin from *first* to *last*, by person, in order."""
        found: dict[str, list[Span]] = defaultdict(list)
        zones = {member.person: member.zone for member in self.members}
        rules = _Sorted(self.rules)
        for day in days(first, last):
            for person, owner, hours in rules.on(day):
                found[person].append(span(day, hours, zones[owner]))
        return {person: joined(spans) for person, spans in found.items()}

    def without(self, gone: frozenset[str]) -> "Roster":
        """Return the roster once these people left: what they had swapped is the others' again."""
        return Roster(
            tuple(one for one in self.members if one.person not in gone),
            tuple(one for one in self.rules if gone.isdisjoint(_named_in(one))),
        )


def _named_in(rule: Rule) -> tuple[str, ...]:
    return (rule.person, rule.other) if isinstance(rule, Swap) else (rule.person,)


class _Sorted:
    """The rules of a roster, found by day."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._weekly = [one for one in rules if isinstance(one, Weekly)]
        self._extra = [one for one in rules if isinstance(one, Extra)]
        self._off: dict[str, list[Off]] = defaultdict(list)
        self._swaps: dict[str, list[Swap]] = defaultdict(list)
        for one in rules:
            if isinstance(one, Off):
                self._off[one.person].append(one)
            elif isinstance(one, Swap):
                self._swaps[one.person].append(one)

    def on(self, day: date) -> Iterator[tuple[str, str, Hours]]:
        """Yield who works on *day*, whose times these are, and which."""
        for weekly in self._weekly:
            if day.weekday() in weekly.days and weekly.dates.hold(day):
                swap = next(
                    (one for one in self._swaps[weekly.person] if one.dates.hold(day)), None
                )
                who = swap.other if swap else weekly.person
                if not self.off(who, day):
                    yield who, weekly.person, weekly.hours
        for extra in self._extra:
            # Whoever is asked for a day of its own has said yes to it, free or not.
            if extra.dates.hold(day):
                yield extra.person, extra.person, extra.hours

    def off(self, person: str, day: date) -> bool:
        return any(one.dates.hold(day) for one in self._off[person])


def off_on(roster: Roster, person: str, day: date) -> bool:
    return _Sorted(roster.rules).off(person, day)


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


def span(day: date, hours: Hours, zone: str) -> Span:
    """Return when this shift begins and ends."""
    end_day = day if hours.start < hours.end else day + DAY
    start = moment(day, hours.start, zone, latest=False)
    return Span(start, max(start, moment(end_day, hours.end, zone, latest=True)), hours.mode)


@lru_cache(maxsize=65536)
def moment(day: date, minutes: int, zone: str, latest: bool) -> int:
    """Return when the clocks of *zone* show this, in milliseconds UTC.

    An hour that comes twice is the first, or the *latest*; one that is left out begins where the
    clocks jump, and so ends there.
    """
    if minutes == MIDNIGHT:
        day, minutes = day + DAY, 0
    tz = ZoneInfo(zone)
    told = datetime.combine(day, time(minutes // 60, minutes % 60), tz)
    times = sorted(round(told.replace(fold=fold).timestamp() * 1000) for fold in (0, 1))
    back = datetime.fromtimestamp(times[0] / 1000, tz)
    if back.replace(tzinfo=None, fold=0) != told.replace(tzinfo=None, fold=0):
        return _jump(times[0], times[1], tz)
    return times[1] if latest else times[0]


def _jump(before: int, after: int, tz: ZoneInfo) -> int:
    """Return the moment between the two at which the clocks jump, to the second."""
    offset = datetime.fromtimestamp(before / 1000, tz).utcoffset()
    while after - before > 1000:
        middle = (before + after) // 2000 * 1000
        if datetime.fromtimestamp(middle / 1000, tz).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def joined(spans: Sequence[Span]) -> list[Span]:
    """Return the same hours in order, where those that meet or overlap in one mode are one."""
    found: list[Span] = []
    for one in sorted(spans, key=lambda each: (each.start, each.end)):
        if found and found[-1].mode == one.mode and one.start <= found[-1].end:
            found[-1] = replace(found[-1], end=max(found[-1].end, one.end))
        elif one.end > one.start:
            found.append(one)
    return found


class RosterShifts:
    """An `attendance.Shifts`: who is on shift by this roster.

    Somebody whom it does not name is on shift whenever they are on duty: a name misspelt in a file
    must not leave a caller alone.
    """

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._by_card = {one.card: one for one in roster.members if one.card}
        self._by_name = {one.name: one for one in roster.members if not one.card}
        self._by_person = {one.person: one for one in roster.members}
        self._spans: dict[str, list[Span]] = {}
        self._calls: dict[str, list[Span]] = {}
        self._known: tuple[int, int] = (0, 0)

    def member(self, serial: CardSerial, name: str) -> Member | None:
        return self._by_card.get(serial) or self._by_name.get(name)

    def refine(self, person: OnDuty) -> OnDuty:
        member = self.member(person.serial, person.name)
        if member is None:
            return person
        # The card is what a phone believes; the roster can only take from it.
        states = person.states & member.states if member.licenses else person.states
        return replace(
            person,
            states=states,
            areas=frozenset(member.areas),
            role=member.role,
            partner=member.partner,
        )

    def volunteers(self, person: OnDuty) -> bool:
        member = self.member(person.serial, person.name)
        return member is None or member.volunteer

    def to_call_in(self) -> list[CardSerial]:
        return [CardSerial(one.card) for one in self._by_card.values() if one.volunteer]

    def on_shift(self, person: OnDuty, now: int) -> tuple[bool, int | None]:
        member = self.member(person.serial, person.name)
        if member is None:
            return True, None
        self._look_ahead(now)
        for one in self._spans.get(member.person, ()):
            if one.end > now:
                return (True, one.end) if one.start <= now else (False, one.start)
        return False, self._known[1]

    def on_call(self, person: OnDuty, now: int) -> int | None:
        member = self.member(person.serial, person.name)
        return None if member is None else self._called_until(member.person, now)

    def called(self, now: int) -> list[tuple[Member, int]]:
        self._look_ahead(now)
        found = ((person, self._called_until(person, now)) for person in self._calls)
        return [(self._by_person[one], until) for one, until in found if until is not None]

    def _called_until(self, person: str, now: int) -> int | None:
        self._look_ahead(now)
        spans = self._calls.get(person, ())
        return next((one.end for one in spans if one.start <= now < one.end), None)

    def _look_ahead(self, now: int) -> None:
        first, last = self._known
        if first <= now < last:
            return
        today = datetime.fromtimestamp(now / 1000, ZoneInfo("UTC")).date()
        found = self._roster.spans(today - 2 * DAY, today + AHEAD * DAY)
        self._spans = {person: _either(spans) for person, spans in found.items()}
        self._calls = {
            person: [one for one in spans if one.mode == "on call"]
            for person, spans in found.items()
        }
        self._known = (now, now + (AHEAD - 2) * 86_400_000)


def _either(spans: list[Span]) -> list[Span]:
    return joined([replace(one, mode="console") for one in spans])
