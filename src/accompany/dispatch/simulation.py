"""A duty desk in simulated time: the very `Desk` that serves, with people who behave by chance.

Pure: chance and time come in. What people do is an assumption, and `Habits` says which.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import log

from accompany.dispatch.attendance import Shifts
from accompany.dispatch.load import HOUR, Chance, busiest_hour
from accompany.dispatch.memory import MemoryPresses
from accompany.dispatch.ports import Pressed, Standing
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.rules import MINUTE, SECOND, Rules
from accompany.dispatch.runner import Desk
from accompany.dispatch.staffing import needed
from accompany.errors import Forbidden
from accompany.ids import CardSerial, EncounterId

NOBODY = CardSerial("")


@dataclass(frozen=True, slots=True)
class Habits:
    """What people do, on average, in milliseconds."""

    reach: float = 0.7
    """The chance that somebody who is rung notices and can answer."""
    least: int = 1500
    reaction: int = 3 * SECOND
    """To the answer: *least*, and a time by chance with this mean."""
    on_call: int = 30 * SECOND
    """The same for somebody on call, who has to come to a page first."""
    call: int = 20 * MINUTE
    patience: int | None = 5 * MINUTE
    """How long a caller waits for a voice; None: for ever."""


@dataclass(slots=True)
class Fate:
    """What became of one press."""

    press: Press
    answered: int | None = None
    by: CardSerial | None = None
    spoken: bool = False
    """Whether the one who answered speaks the caller's language."""
    joined: int | None = None
    supported: int | None = None
    """When a responder came, who gives no advice."""
    left: int | None = None
    promised: bool = False

    @property
    def wait(self) -> int | None:
        return None if self.answered is None else self.answered - self.press.pressed


@dataclass(slots=True)
class Outcome:
    fates: list[Fate]
    people: list[OnDuty]
    began: int
    ended: int
    in_call: dict[CardSerial, int] = field(default_factory=lambda: defaultdict(int))
    calls: dict[CardSerial, int] = field(default_factory=lambda: defaultdict(int))
    surge: int = 0
    """Milliseconds of surge."""


class Night:
    """One run; it rings people as a `ports.Bells` and lets them answer, or not."""

    def __init__(self, rules: Rules, habits: Habits, chance: Chance) -> None:
        self._habits = habits
        self._chance = chance
        self._now = 0
        self._coming: list[tuple[int, int, str, EncounterId, CardSerial]] = []
        self._number = count()
        self._fates: dict[EncounterId, Fate] = {}
        self._over: set[EncounterId] = set()
        self._surge_since: int | None = None
        self._desk = Desk(MemoryPresses(), self._shown, rules, self)
        self._outcome = Outcome([], [], 0, 0)

    def run(
        self, presses: Sequence[Press], people: Iterable[OnDuty], shifts: Shifts | None = None
    ) -> Outcome:
        """Return what becomes of *presses*, which are in order."""
        outcome, desk = self._outcome, self._desk
        outcome.began = self._now = presses[0].pressed if presses else 0
        desk.plan(shifts, self._now)
        for person in people:
            desk.go_on_duty(person)
            outcome.people.append(person)
        for n, press in enumerate(presses):
            self._until(press.pressed)
            encounter = EncounterId(str(n))
            self._fates[encounter] = Fate(press)
            if self._habits.patience is not None:
                patience = self._drawn(self._habits.patience)
                self._later(patience, "leave", encounter)
            desk.begin(Pressed(encounter, press, b""))
        self._until(None)
        outcome.ended = self._now
        outcome.fates = list(self._fates.values())
        return outcome

    # What the desk calls.

    def ring(self, person: CardSerial, encounter: EncounterId) -> None:
        if self._chance() < self._habits.reach:
            called = self._desk.people.on_call_until(person, self._now) is not None
            mean = self._habits.on_call if called else self._habits.reaction
            self._later(self._habits.least + self._drawn(mean), "answer", encounter, person)

    def alarm(self, encounter: EncounterId) -> None:
        self._fates[encounter].promised = True

    def surge(self, on: bool, volunteers: Sequence[CardSerial]) -> None:
        if on:
            self._surge_since = self._now
        elif self._surge_since is not None:
            self._outcome.surge += self._now - self._surge_since

    def _shown(self, standing: Standing) -> None:
        pass

    # Time.

    def _drawn(self, mean: int) -> int:
        return round(-log(1 - self._chance()) * mean)

    def _later(
        self, wait: int, what: str, encounter: EncounterId, who: CardSerial = NOBODY
    ) -> None:
        heappush(self._coming, (self._now + wait, next(self._number), what, encounter, who))

    def _until(self, time: int | None) -> None:
        """Let everything happen up to *time*; None: until nothing is left to happen."""
        while True:
            due = self._desk.due()
            coming = self._coming[0][0] if self._coming else None
            if (
                coming is not None
                and (time is None or coming <= time)
                and (due is None or coming < due)
            ):
                self._now, _, what, encounter, who = heappop(self._coming)
                self._happen(what, encounter, who)
            elif (
                due is not None
                and (time is not None or self._waiting)
                and (time is None or due <= time)
            ):
                self._now = max(self._now, due)
                self._desk.tick(self._now)
            else:
                break
        if time is not None:
            self._now = time

    @property
    def _waiting(self) -> bool:
        """Whether anybody still waits or talks: the desk's own clock alone never ends."""
        return bool(self._coming)

    def _happen(self, what: str, encounter: EncounterId, who: CardSerial) -> None:
        fate = self._fates[encounter]
        if encounter in self._over or (what == "leave" and fate.answered is not None):
            return
        if what != "answer":
            fate.left = self._now if what == "leave" else None
            self._over.add(encounter)
            self._desk.end(encounter, "caller", self._now)
            return
        standing = self._desk.standing(encounter)
        if who in standing.loud:
            self._answer(encounter, who)
        elif who in standing.calling and self._desk.join(encounter, who, self._now):
            self._fates[encounter].joined = self._now
        elif who in standing.seeking and self._desk.support(encounter, who, self._now):
            self._fates[encounter].supported = self._now

    def _answer(self, encounter: EncounterId, who: CardSerial) -> None:
        try:
            won = self._desk.answer(encounter, who, self._now)
        except Forbidden:
            won = False
        if not won:
            return
        fate, outcome = self._fates[encounter], self._outcome
        fate.answered, fate.by = self._now, who
        fate.spoken = self._desk.people.speaks(who, fate.press.language)
        takes = self._drawn(self._habits.call)
        outcome.in_call[who] += takes
        outcome.calls[who] += 1
        self._later(takes, "end", encounter)


def people_for(presses: Sequence[Press], rules: Rules, habits: Habits) -> list[OnDuty]:
    """Return a made-up desk that is large enough for the busiest hour, by Erlang C.

    Attorneys have one state each: as many as let 97 in 100 presses find one free within two
    seconds, and the first wave besides. Of them so many speak Spanish as callers do; for every
    other language there are interpreters, for all states together.
    """
    found: list[OnDuty] = []
    peak = busiest_hour(presses) / max(1, len(presses))
    takes = habits.call + rules.wrap_up
    states, tongues = (
        _counted(one.state for one in presses),
        _counted(one.language for one in presses),
    )
    spanish = tongues.get("es", 0) / max(1, len(presses))
    for state, number in sorted(states.items()):
        load = number * peak / HOUR * takes
        seats = needed(load, takes, 2 * SECOND, 0.97) + rules.width
        for seat in range(seats):
            languages = ("en", "es") if seat < spanish * seats else ("en",)
            serial = CardSerial(f"{state}-{seat:04}")
            found.append(OnDuty(serial, serial, frozenset({state}), languages, 0))
    for language, number in sorted(tongues.items()):
        if language in ("en", "es"):
            continue
        load = number * peak / HOUR * takes
        for seat in range(needed(load, takes, 10 * SECOND, 0.95) + rules.width):
            serial = CardSerial(f"interpreter-{language}-{seat:04}")
            found.append(OnDuty(serial, serial, frozenset(), (language,), 0, role="interpreter"))
    return found


def _counted(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return dict(counts)
