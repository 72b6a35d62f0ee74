"""What is due for one press at a moment: the next event to append, if any. No clock, no storage.

Asked again after each event until nothing is due; so it does not matter what was missed meanwhile,
a tick or a whole restart.
"""

from dataclasses import dataclass, field, replace

from accompany.dispatch.attendance import Attendance
from accompany.dispatch.events import (
    Briefed,
    Called,
    Dropped,
    Event,
    Handed,
    Hushed,
    Missed,
    Promised,
    Rung,
    Sought,
)
from accompany.dispatch.ringing import Ringing
from accompany.dispatch.roster import Press
from accompany.ids import CardSerial

People = tuple[CardSerial, ...]


@dataclass(slots=True)
class Moment:
    """The people at a time, and since when each of them could hear a ring."""

    people: Attendance
    now: int = 0
    here: dict[CardSerial, int] = field(default_factory=dict)
    began: int = 0
    """When this life of the desk began: before that nobody could come."""

    def __post_init__(self) -> None:
        self.began = self.now

    def free(self, person: CardSerial) -> bool:
        return self.people.free(person, self.now)

    def follows(self, ringing: Ringing, press: Press, lost: int | None) -> Event | None:
        """Return what is due; *lost* says since when the attorney's line is gone."""
        dropped = self._drop(ringing, lost)
        if dropped is not None:
            return dropped
        # Asked for once: nothing changes before the next event.
        loud = ringing.loud(self.free)
        return (
            self._miss(ringing, loud)
            or self._alarm(ringing, press)
            or self._ring(ringing, press, loud)
            or self._call(ringing, press, loud)
            or self._seek(ringing, press)
            or self._hush(ringing)
            or self._brief(ringing, press)
        )

    def next(self, ringing: Ringing, loud: People) -> int | None:
        """Return when the clock alone makes something due; *loud* is who rings."""
        times = [self._missing_at(ringing, one) for one in loud if one not in ringing.missed]
        alone = self._alone_at(ringing)
        if alone is not None and alone > self.now:
            times.append(alone)
        boundary = ringing.boundary(self.now, self.people.rules)
        return min([*times, *([] if boundary is None else [boundary])], default=None)

    def short(self, ringing: Ringing, loud: People) -> bool:
        """Whether more consoles should ring than there are."""
        wanted = ringing.width(self.now, self.people.rules)
        return ringing.open and len(loud) < wanted

    def support_wanted(self, ringing: Ringing) -> bool:
        """Whether more responders should ring than there are."""
        rules = self.people.rules
        wanted = ringing.seeking_width(self.now, rules)
        return ringing.support_due(self.now, rules) and len(ringing.seeking(self.free)) < wanted

    def interpreter_wanted(self, ringing: Ringing, press: Press, loud: People) -> bool:
        """Whether nobody who rings or has answered speaks the caller's language."""
        if ringing.over or ringing.joined:
            return False
        if ringing.invited:
            return True
        if ringing.parted or not self.people.rules.interpreters:
            return False
        if ringing.answered is not None:
            attorney = ringing.answered.attorney
            return attorney in self.people and not self.people.speaks(attorney, press.language)
        return not any(self.people.speaks(one, press.language) for one in loud)

    def _drop(self, ringing: Ringing, lost: int | None) -> Event | None:
        rules = self.people.rules
        if lost is None or ringing.answered is None or ringing.over:
            return None
        if self.now < lost + rules.reconnect:
            return None
        hand = ringing.hand
        if hand is not None and hand.arrived:
            # Somebody is with the caller: nobody has to be rung for whoever was leaving.
            return Handed(hand.by, hand.to, self.now, sealed=False)
        return Dropped(self.now + rules.hold, self.now)

    def _missing_at(self, ringing: Ringing, person: CardSerial) -> int:
        """Return when somebody who says nothing has missed it: not before they could hear it."""
        found, rules = self.people.person(person), self.people.rules
        miss = rules.miss_on_call if found and found.on_call else rules.miss
        return max(ringing.rung[person], self.here.get(person, 0)) + miss

    def _miss(self, ringing: Ringing, loud: People) -> Event | None:
        for one in loud:
            if one not in ringing.missed and self.now >= self._missing_at(ringing, one):
                return Missed(one, self.now)
        return None

    def _alarm(self, ringing: Ringing, press: Press) -> Event | None:
        rules = self.people.rules
        if not ringing.alarming(self.now, rules):
            return None
        owner = self.people.owner(press, ringing.conflicted)
        return Promised(owner, self.now + rules.callback, self.now)

    def _ring(self, ringing: Ringing, press: Press, loud: People) -> Event | None:
        if not ringing.open:
            return None
        alone = ringing.held_for(self.now)
        if alone is not None:
            return None if alone in ringing.rung else Rung((alone,), self.now)
        missing = ringing.width(self.now, self.people.rules) - len(loud)
        if missing <= 0:
            return None
        without = {*ringing.rung, *ringing.conflicted}
        partners = ringing.partners_due(self.now, self.people.rules)
        found = self.people.line(press, self.now, without, missing, partners)
        return Rung(found, self.now) if found else None

    def _call(self, ringing: Ringing, press: Press, loud: People) -> Event | None:
        if not self.interpreter_wanted(ringing, press, loud):
            return None
        wanted = ringing.calling_width(self.now, self.people.rules)
        missing = wanted - len(ringing.calling(self.free))
        if missing <= 0:
            return None
        press = replace(press, language=ringing.tongue(press.language))
        found = self.people.interpreters(press, self.now, ringing.called, missing)
        return Called(found, self.now) if found else None

    def _seek(self, ringing: Ringing, press: Press) -> Event | None:
        if not self.support_wanted(ringing):
            return None
        wanted = ringing.seeking_width(self.now, self.people.rules)
        missing = wanted - len(ringing.seeking(self.free))
        without = {*ringing.sought, *ringing.declined}
        found = self.people.responders(press, self.now, without, missing)
        return Sought(found, self.now) if found else None

    def _alone_at(self, ringing: Ringing) -> int | None:
        """Return when a speaker who did not come back over a restart has left."""
        briefed = ringing.briefed
        if briefed is None or not ringing.open or briefed.attorney in self.people:
            return None
        return max(briefed.time, self.began) + self.people.rules.reconnect

    def _hush(self, ringing: Ringing) -> Event | None:
        alone = self._alone_at(ringing)
        if alone is None or ringing.briefed is None or self.now < alone:
            return None
        return Hushed(ringing.briefed.attorney, self.now)

    def _brief(self, ringing: Ringing, press: Press) -> Event | None:
        """Whoever waits long while somebody speaks is spoken to as well."""
        if not self.people.briefing or not ringing.briefing_due(self.now, self.people.rules):
            return None
        speaker = self.people.speaker(press, ringing.conflicted)
        return None if speaker is None else Briefed(speaker, self.now)
