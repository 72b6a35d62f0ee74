"""What happens to a press, as events: what one desk tells the next life of itself.

Times are milliseconds UTC. Pure. Not here: what follows from them (`ringing`), rows
(`adapters.events`).
"""

from dataclasses import dataclass
from typing import Literal

from accompany.ids import CardSerial

NOBODY = CardSerial("")


@dataclass(frozen=True, slots=True)
class Rung:
    """These, too, are rung from now on."""

    people: tuple[CardSerial, ...]
    time: int


@dataclass(frozen=True, slots=True)
class Called:
    """These interpreters are rung beside the attorneys."""

    people: tuple[CardSerial, ...]
    time: int


@dataclass(frozen=True, slots=True)
class Sought:
    """These responders are rung: they may stay with the caller, for support that is not advice."""

    people: tuple[CardSerial, ...]
    time: int


Way = Literal["console", "own channel"]
"""What brought somebody to answer: a console that was open, or a channel of their own."""


@dataclass(frozen=True, slots=True)
class Answered:
    attorney: CardSerial
    time: int
    way: Way = "console"


@dataclass(frozen=True, slots=True)
class Joined:
    """An interpreter comes in as the third."""

    interpreter: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Supporting:
    """A responder comes in as the third, while no interpreter is there: no advice, and said so."""

    responder: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Invited:
    """The attorney wants an interpreter of *language* beside them, whoever speaks what."""

    language: str
    time: int


@dataclass(frozen=True, slots=True)
class Parted:
    """The third leaves, is let go, or their line did not come back; the call goes on."""

    interpreter: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Briefed:
    """*attorney* speaks to this caller, and to others who wait, until somebody answers: one way."""

    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Hushed:
    """That is over; the caller waits on."""

    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Declined:
    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Rung for long enough, and no word."""

    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """The attorney's line did not come back; *until* then only the same attorney is rung."""

    until: int
    time: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The phone plays the attorney's sound, for the first time."""

    time: int


@dataclass(frozen=True, slots=True)
class Returned:
    """A line that was gone is back: that of the `caller` or of the `attorney`."""

    who: str
    time: int


@dataclass(frozen=True, slots=True)
class Promised:
    """A callback ticket: its owner is a person, or `` for the coordinator."""

    owner: CardSerial
    deadline: int
    time: int


@dataclass(frozen=True, slots=True)
class CalledBack:
    by: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Reopened:
    """That somebody was called back was said by mistake: it is owed again."""

    by: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The caller let go."""

    time: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over; *by* is `caller` or `attorney`."""

    by: str
    time: int


@dataclass(frozen=True, slots=True)
class Extended:
    """After the call: its attorney needs until then."""

    until: int
    time: int
    attorney: CardSerial = NOBODY
    """Of several who had the call one after the other; empty in old events: whoever had it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """After the call: its attorney takes presses again."""

    time: int
    attorney: CardSerial = NOBODY


@dataclass(frozen=True, slots=True)
class Resumed:
    """Somebody who missed this press says: I am here."""

    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Conflicted:
    """This attorney may not help this caller; nobody is named. Never rung for this press again."""

    attorney: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Handing:
    """*by*, who has the case, wants the colleague *to* to take it over: they are rung."""

    by: CardSerial
    to: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Beside:
    """The colleague accepts; where the call goes on (*calling*), they come in beside."""

    to: CardSerial
    time: int
    calling: bool = True


@dataclass(frozen=True, slots=True)
class Arrived:
    """The colleague has the caller's sound and picture."""

    to: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Remained:
    """The hand-over to this colleague is off: they said no, left, or were called off."""

    to: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Handed:
    """From now on call and case are *to*'s; *sealed*: and so are the recordings' keys."""

    by: CardSerial
    to: CardSerial
    time: int
    sealed: bool = True


@dataclass(frozen=True, slots=True)
class Sealed:
    """The keys that *by* owed are sealed to whoever has the case."""

    by: CardSerial
    time: int


@dataclass(frozen=True, slots=True)
class Entrusted:
    """After the call: *by*, who had the case, is gone or has lost the keys; the organization's
    custodian gave them to *to*, whose the case is from now on. Both may be the same."""

    by: CardSerial
    to: CardSerial
    time: int


Outcome = Literal["advised", "referred", "support", "not_reached", "mistake"]
"""What came of a call, as the desk counts it: nothing of what it was about."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """After the call: what came of it; said again, the last word counts."""

    outcome: Outcome
    follow_up: bool
    """Whether somebody should get in touch again."""
    time: int


OverTo = Handing | Beside | Arrived | Remained | Handed
Aftermath = Extended | Ready | Resumed
Event = (
    Rung
    | Called
    | Sought
    | Answered
    | Joined
    | Supporting
    | Invited
    | Parted
    | Briefed
    | Hushed
    | Declined
    | Missed
    | Dropped
    | Heard
    | Returned
    | Promised
    | CalledBack
    | Reopened
    | Withdrawn
    | Ended
    | Conflicted
    | OverTo
    | Sealed
    | Entrusted
    | Concluded
    | Aftermath
)
