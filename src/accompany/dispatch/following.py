"""What is due for one press at a moment: the next event to append, if any. No clock, no storage.

Asked again after each event until nothing is due; so it does not matter what was missed meanwhile,
a tick or a whole restart.
"""

from dataclasses import dataclass, field

from accompany.dispatch.attendance import Attendance
from accompany.dispatch.ringing import Called, Dropped, Event, Missed, Promised, Ringing, Rung
from accompany.dispatch.roster import Press
from accompany.ids import CardSerial


@dataclass(slots=True)
class Moment:
    """The people at a time, and since when each of them could hear a ring."""

    people: Attendance
    now: int = 0
    here: dict[CardSerial, int] = field(default_factory=dict)

    def free(self, person: CardSerial) -> bool:
        return self.people.free(person, self.now)

    def follows(self, ringing: Ringing, press: Press, lost: int | None) -> Event | None:
        """Return what is due; *lost* says since when the attorney's line is gone."""
        return (
            self._drop(ringing, lost)
            or self._miss(ringing)
            or self._alarm(ringing, press)
            or self._ring(ringing, press)
            or self._call(ringing, press)
        )

    def next(self, ringing: Ringing) -> int | None:
        """Return when the clock alone makes something due."""
        times = [
            self._missing_at(ringing, one)
            for one in ringing.loud(self.free)
            if one not in ringing.missed
        ]
        boundary = ringing.boundary(self.now, self.people.rules)
        return min([*times, *([] if boundary is None else [boundary])], default=None)

    def short(self, ringing: Ringing) -> bool:
        """Whether more consoles should ring than there are."""
        wanted = ringing.width(self.now, self.people.rules)
        return ringing.open and len(ringing.loud(self.free)) < wanted

    def interpreter_wanted(self, ringing: Ringing, press: Press) -> bool:
        """Whether nobody who rings or has answered speaks the caller's language."""
        if ringing.over or ringing.joined or not self.people.rules.interpreters:
            return False
        if ringing.answered is not None:
            attorney = ringing.answered.attorney
            return attorney in self.people and not self.people.speaks(attorney, press.language)
        return not any(self.people.speaks(one, press.language) for one in ringing.loud(self.free))

    def _drop(self, ringing: Ringing, lost: int | None) -> Event | None:
        rules = self.people.rules
        if lost is None or ringing.answered is None or ringing.over:
            return None
        if self.now < lost + rules.reconnect:
            return None
        return Dropped(self.now + rules.hold, self.now)

    def _missing_at(self, ringing: Ringing, person: CardSerial) -> int:
        """Return when somebody who says nothing has missed it: not before they could hear it."""
        return max(ringing.rung[person], self.here.get(person, 0)) + self.people.rules.miss

    def _miss(self, ringing: Ringing) -> Event | None:
        for one in ringing.loud(self.free):
            if one not in ringing.missed and self.now >= self._missing_at(ringing, one):
                return Missed(one, self.now)
        return None

    def _alarm(self, ringing: Ringing, press: Press) -> Event | None:
        rules = self.people.rules
        if not ringing.alarming(self.now, rules):
            return None
        return Promised(self.people.owner(press), self.now + rules.callback, self.now)

    def _ring(self, ringing: Ringing, press: Press) -> Event | None:
        if not ringing.open:
            return None
        alone = ringing.held_for(self.now)
        if alone is not None:
            return None if alone in ringing.rung else Rung((alone,), self.now)
        missing = ringing.width(self.now, self.people.rules) - len(ringing.loud(self.free))
        if missing <= 0:
            return None
        found = self.people.line(press, self.now, ringing.rung, missing)
        return Rung(found, self.now) if found else None

    def _call(self, ringing: Ringing, press: Press) -> Event | None:
        if not self.interpreter_wanted(ringing, press):
            return None
        missing = self.people.rules.width - len(ringing.calling(self.free))
        if missing <= 0:
            return None
        found = self.people.interpreters(press, self.now, ringing.called, missing)
        return Called(found, self.now) if found else None
