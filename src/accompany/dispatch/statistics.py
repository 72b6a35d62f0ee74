"""What a duty desk is measured by: how soon presses are answered, by whom, and what came of them.

`course` says what one press came to, a `Tally` adds presses up, `Figures` are tallies by state,
language, hour and way of answering. Adding is all there is, in any order, so days make up months.
After `FINE_DAYS` only a day's `coarse` figures are kept: times rounded up to whole seconds, which
changes no share within 10 or 15 s. Pure; times are milliseconds, hours those of UTC.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from accompany.dispatch.events import (
    Answered,
    Called,
    CalledBack,
    Concluded,
    Conflicted,
    Dropped,
    Ended,
    Event,
    Handed,
    Heard,
    Joined,
    Promised,
    Reopened,
    Returned,
    Supporting,
    Withdrawn,
)
from accompany.dispatch.roster import Press

FINE_DAYS = 30
TAKEN_BACK = 10_000
"""Whoever lets go within this pressed by mistake (the button says so), and abandoned nothing."""

DAY = 24 * 3_600_000
HOUR = 3_600_000
SECOND = 1000
SHARES = (10_000, 15_000)
"""Within these, 90 % should be answered: NFPA 1225, and NENA's standard."""


@dataclass(frozen=True, slots=True)
class Course:
    """What one press came to. Times are since the press, but for *pressed* itself."""

    press: Press
    answered: int | None = None
    by: str = ""
    """Who answered first."""
    way: str = ""
    sound: int | None = None
    gone: int | None = None
    """When the caller let go of a press that nobody had answered."""
    interpreter: int | None = None
    """From ringing interpreters to one who joined."""
    drops: int = 0
    returns: int = 0
    promised: bool = False
    called_back: bool = False
    handed: int = 0
    """How often the case went to a colleague."""
    conflicts: int = 0
    """How many attorneys might not help."""
    outcome: str = ""
    """What came of the call, as its attorney said (`events.Outcome`)."""
    follow_up: bool = False
    supported: int | None = None
    """When a responder came in: support that is not advice."""

    @property
    def taken_back(self) -> bool:
        return self.answered is None and self.gone is not None and self.gone <= TAKEN_BACK

    @property
    def settled(self) -> bool:
        """Whether it counts: it was answered, or let go of."""
        return self.answered is not None or self.gone is not None


def course(press: Press, events: Iterable[Event]) -> Course:
    """Return what follows from the events of a press, in their order."""
    answer: Answered | None = None
    sound = gone = called = joined = supported = None
    drops = returns = handed = conflicts = 0
    outcome, follow_up = "", False
    promised = called_back = False
    for event in events:
        match event:
            case Answered() if answer is None:
                answer = event
            case Heard(time) if sound is None:
                sound = time - press.pressed
            case Withdrawn(time) | Ended(_, time) if answer is None and gone is None:
                gone = time - press.pressed
            case Called(_, time) if called is None:
                called = time
            case Joined(_, time) if joined is None:
                joined = time
            case Supporting(_, time) if supported is None:
                supported = time - press.pressed
            case Dropped():
                drops += 1
            case Returned():
                returns += 1
            case Conflicted(who, _):
                conflicts += 1
                if answer is not None and answer.attorney == who:
                    # Given back: the caller waits for the next, and was not helped by this one.
                    answer, sound = None, None
            case Handed():
                handed += 1
            case Concluded(said, more, _):
                outcome, follow_up = said, more
            case Promised():
                promised = True
            case CalledBack():
                called_back = True
            case Reopened():
                called_back = False
            case _:
                pass
    waited = joined - called if called is not None and joined is not None else None
    if answer is None:
        found = Course(press)
    else:
        found = Course(press, answer.time - press.pressed, answer.attorney, answer.way)
    return Course(
        press, found.answered, found.by, found.way, sound, gone, waited, drops, returns,
        promised, called_back, handed, conflicts, outcome, follow_up, supported,
    )  # fmt: skip


Times = dict[int, int]
"""How often each time came, in milliseconds."""


@dataclass(slots=True)
class Tally:
    """Presses added up. *presses* are those that were answered or let go of, mistakes left out."""

    presses: int = 0
    answered: int = 0
    abandoned: int = 0
    taken_back: int = 0
    supported: int = 0
    """A responder came in, whether or not an attorney answered as well."""
    promised: int = 0
    called_back: int = 0
    drops: int = 0
    returns: int = 0
    handed: int = 0
    conflicts: int = 0
    follow_ups: int = 0
    advised: int = 0
    referred: int = 0
    support: int = 0
    not_reached: int = 0
    mistake: int = 0
    answer: Times = field(default_factory=dict)
    sound: Times = field(default_factory=dict)
    interpreter: Times = field(default_factory=dict)
    lag: Times = field(default_factory=dict)
    """From a piece's own time to its receipt."""

    def count(self, one: Course, lags: Mapping[int, int] = {}) -> None:
        """Add one press; what is not settled yet adds nothing."""
        if not one.settled:
            return
        if one.taken_back:
            self.taken_back += 1
            return
        self.presses += 1
        self.answered += one.answered is not None
        self.abandoned += one.answered is None
        self.supported += one.supported is not None
        self.promised += one.promised
        self.called_back += one.called_back
        self.drops += one.drops
        self.returns += one.returns
        self.handed += one.handed
        self.conflicts += one.conflicts
        self.follow_ups += one.follow_up
        if one.outcome:
            setattr(self, one.outcome, getattr(self, one.outcome) + 1)
        _note(self.answer, one.answered)
        _note(self.sound, one.sound)
        _note(self.interpreter, one.interpreter)
        _merge(self.lag, lags)

    def add(self, other: "Tally") -> None:
        for each in fields(Tally):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, dict):
                _merge(mine, theirs)
            else:
                setattr(self, each.name, mine + theirs)

    def coarse(self) -> "Tally":
        """Return the same with times rounded up to whole seconds."""
        found = Tally()
        for each in fields(Tally):
            mine = getattr(self, each.name)
            if isinstance(mine, dict):
                _merge(getattr(found, each.name), _rounded(mine))
            else:
                setattr(found, each.name, mine)
        return found

    def within(self, limit: int) -> int:
        """Return how many were answered within *limit*."""
        return sum(count for time, count in self.answer.items() if time <= limit)


def percentile(times: Mapping[int, int], share: int) -> int | None:
    """Return the least time within which *share* per cent lie (nearest rank); None for none."""
    left = -(-share * sum(times.values()) // 100)
    for time in sorted(times):
        left -= times[time]
        if left <= 0:
            return time
    return None


def _note(times: Times, time: int | None) -> None:
    if time is not None:
        times[max(0, time)] = times.get(max(0, time), 0) + 1


def _merge(into: Times, other: Mapping[int, int]) -> None:
    for time, count in other.items():
        into[time] = into.get(time, 0) + count


def _rounded(times: Mapping[int, int]) -> Times:
    found: Counter[int] = Counter()
    for time, count in times.items():
        found[-(-time // SECOND) * SECOND] += count
    return dict(found)


@dataclass(slots=True)
class Figures:
    """Tallies of the same presses: all, and by each of what may tell them apart."""

    all: Tally = field(default_factory=Tally)
    state: dict[str, Tally] = field(default_factory=dict)
    language: dict[str, Tally] = field(default_factory=dict)
    hour: dict[str, Tally] = field(default_factory=dict)
    """Hour of the day, `00` to `23`, UTC."""
    channel: dict[str, Tally] = field(default_factory=dict)
    """What brought whoever answered; presses that nobody answered have none."""
    people: dict[str, int] = field(default_factory=dict)
    """How many each person answered."""

    def count(self, one: Course, lags: Mapping[int, int] = {}) -> None:
        """Add one press."""
        self.all.count(one, lags)
        if not one.settled:
            return
        hour = f"{one.press.pressed % DAY // HOUR:02}"
        named = (
            (self.state, one.press.state), (self.language, one.press.language),
            (self.hour, hour), (self.channel, one.way),
        )  # fmt: skip
        for tallies, name in named:
            if name:
                tallies.setdefault(name, Tally()).count(one, lags)
        if one.by:
            self.people[one.by] = self.people.get(one.by, 0) + 1

    def add(self, other: "Figures") -> None:
        self.all.add(other.all)
        for mine, theirs in zip(self._named(), other._named(), strict=True):
            for name, tally in theirs.items():
                mine.setdefault(name, Tally()).add(tally)
        for person, count in other.people.items():
            self.people[person] = self.people.get(person, 0) + count

    def coarse(self) -> "Figures":
        """Return what is kept of a day once it is older than `FINE_DAYS`."""
        found = Figures(self.all.coarse(), people=dict(self.people))
        for mine, theirs in zip(found._named(), self._named(), strict=True):
            mine.update({name: tally.coarse() for name, tally in theirs.items()})
        return found

    def _named(self) -> tuple[dict[str, Tally], ...]:
        return self.state, self.language, self.hour, self.channel


def day_of(time: int) -> int:
    """Return when the day of *time* began, UTC."""
    return time // DAY * DAY


def folded_before(now: int) -> int:
    """Return the first moment that is still kept finely: `FINE_DAYS` whole days, and today."""
    return day_of(now) - FINE_DAYS * DAY
