"""What a person on duty has done lately, as far as it counts for the next press. Pure.

    free ─ in a call ─ wrap-up ─ free          missed, missed ─ paused ─ free

A record follows from the events of all presses, in their order; nothing of it is kept anywhere.
"""

from dataclasses import dataclass, replace

from accompany.dispatch.events import (
    Answered,
    Beside,
    Conflicted,
    Declined,
    Dropped,
    Ended,
    Event,
    Extended,
    Handed,
    Joined,
    Missed,
    Parted,
    Ready,
    Remained,
    Resumed,
    Supporting,
    Withdrawn,
)
from accompany.dispatch.rules import Rules
from accompany.ids import EncounterId

UNKNOWN = 1 << 62


@dataclass(frozen=True, slots=True)
class Record:
    call: EncounterId | None = None
    third: bool = False
    """Whether they are in the call as its interpreter, or for support."""
    wrapping: EncounterId | None = None
    """The encounter that the last wrap-up belongs to; it may be over."""
    ended: int = 0
    extended: int | None = None
    misses: int = 0
    """One after another, without a word in between."""
    missed: int = 0
    missed_last: EncounterId | None = None
    idle: int = 0
    """Since when without a call."""
    calls: int = 0

    def wrap_up_until(self, rules: Rules, surge: bool) -> int:
        """Return until when this person writes down what was said; 0 where they do not."""
        if self.wrapping is None:
            return 0
        if self.extended is not None:
            return self.extended
        return self.ended + (rules.surge_wrap_up if surge else rules.wrap_up)

    def paused_until(self, rules: Rules) -> int:
        """Return until when nobody rings them: they did not seem to be there."""
        return self.missed + rules.pause if self.misses >= rules.misses else 0

    def busy_until(self, rules: Rules, surge: bool) -> int:
        """Return until when nobody may ring them; a call has no end that is known."""
        if self.call is not None:
            return UNKNOWN
        return max(self.wrap_up_until(rules, surge), self.paused_until(rules))

    def free(self, now: int, rules: Rules, surge: bool) -> bool:
        return self.busy_until(rules, surge) <= now


FRESH = Record()


def record_after(record: Record, encounter: EncounterId, event: Event, rules: Rules) -> Record:
    """Return what follows from *event* for a person it is about."""
    match event:
        case Answered() | Beside():
            return Record(call=encounter, idle=record.idle, calls=record.calls + 1)
        case Joined() | Supporting():
            return Record(call=encounter, third=True, idle=record.idle, calls=record.calls + 1)
        case Parted(_, time) | Remained(_, time) if record.call == encounter:
            return replace(record, call=None, third=False, idle=time)
        case Ended(_, time) if record.call == encounter and record.third:
            # The third writes nothing down: there is no case of theirs.
            return replace(record, call=None, third=False, idle=time)
        case Ended(_, time) | Handed(_, _, time) if record.call == encounter:
            return replace(record, call=None, wrapping=encounter, ended=time, idle=time)
        case Dropped() | Withdrawn() if record.call == encounter:
            return replace(record, call=None, third=False)
        case Extended(until, _) if record.wrapping == encounter:
            return replace(record, extended=until)
        case Ready() if record.wrapping == encounter:
            return replace(record, wrapping=None, extended=None)
        case Conflicted() if record.call == encounter:
            return replace(record, call=None, third=False)
        case Declined() | Conflicted():
            return replace(record, misses=0)
        case Missed(_, time):
            # A pause that was served is not held against anybody.
            served = 0 < record.paused_until(rules) <= time
            misses = 1 if served else record.misses + 1
            return replace(record, misses=misses, missed=time, missed_last=encounter)
        case Resumed():
            return replace(record, misses=0)
        case _:
            return record
