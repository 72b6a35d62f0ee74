"""The events of a press as rows: a word, who or what, a time in milliseconds UTC."""

from typing import assert_never, get_args

from accompany.dispatch.events import (
    Answered,
    Arrived,
    Beside,
    Briefed,
    Called,
    CalledBack,
    Concluded,
    Conflicted,
    Declined,
    Dropped,
    Ended,
    Entrusted,
    Event,
    Extended,
    Handed,
    Handing,
    Heard,
    Hushed,
    Invited,
    Joined,
    Missed,
    Outcome,
    Parted,
    Promised,
    Ready,
    Remained,
    Reopened,
    Resumed,
    Returned,
    Rung,
    Sealed,
    Sought,
    Supporting,
    Way,
    Withdrawn,
)
from accompany.errors import Damaged
from accompany.ids import CardSerial

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
WAYS: dict[Way, str] = {"console": "answered", "own channel": "answered elsewhere"}


def write_event(event: Event) -> tuple[str, str, int]:
    match event:
        case Rung(people, time):
            return "rung", " ".join(people), time
        case Called(people, time):
            return "called", " ".join(people), time
        case Sought(people, time):
            return "sought", " ".join(people), time
        case Answered(attorney, time, way):
            return WAYS[way], attorney, time
        case Joined(interpreter, time):
            return "joined", interpreter, time
        case Supporting(responder, time):
            return "supporting", responder, time
        case Invited(language, time):
            return "invited", language, time
        case Parted(interpreter, time):
            return "parted", interpreter, time
        case Briefed(attorney, time):
            return "briefed", attorney, time
        case Hushed(attorney, time):
            return "hushed", attorney, time
        case Declined(attorney, time):
            return "declined", attorney, time
        case Missed(attorney, time):
            return "missed", attorney, time
        case Dropped(until, time):
            return "dropped", str(until), time
        case Heard(time):
            return "heard", "", time
        case Returned(who, time):
            return "returned", who, time
        case Promised(owner, deadline, time):
            return "promised", f"{deadline} {owner}", time
        case CalledBack(by, time):
            return "called back", by, time
        case Reopened(by, time):
            return "reopened", by, time
        case Withdrawn(time):
            return "withdrawn", "", time
        case Ended(by, time):
            return "ended", by, time
        case Extended(until, time, attorney):
            return "extended", f"{until} {attorney}".rstrip(), time
        case Ready(time, attorney):
            return "ready", attorney, time
        case Conflicted(attorney, time):
            return "conflicted", attorney, time
        case Handing(by, to, time):
            return "handing", f"{by} {to}", time
        case Beside(to, time, calling):
            return "beside" if calling else "agreed", to, time
        case Arrived(to, time):
            return "arrived", to, time
        case Remained(to, time):
            return "remained", to, time
        case Handed(by, to, time, sealed):
            return "handed" if sealed else "handed unsealed", f"{by} {to}", time
        case Sealed(by, time):
            return "sealed", by, time
        case Entrusted(by, to, time):
            return "entrusted", f"{by} {to}", time
        case Concluded(outcome, follow_up, time):
            return "concluded", f"{outcome}{' follow-up' if follow_up else ''}", time
        case Resumed(attorney, time):
            return "resumed", attorney, time
        case _:
            assert_never(event)


def read_event(word: object, who: object, time: object) -> Event:
    """Return the event in a row; raise Damaged for what nothing here writes."""
    at, text = read_int(time), str(who)
    match word:
        case "rung":
            return Rung(tuple(CardSerial(one) for one in text.split(" ")), at)
        case "called":
            return Called(tuple(CardSerial(one) for one in text.split(" ")), at)
        case "sought":
            return Sought(tuple(CardSerial(one) for one in text.split(" ")), at)
        case "supporting":
            return Supporting(CardSerial(text), at)
        case "dropped":
            return Dropped(_number(text), at)
        case "promised":
            deadline, _, owner = text.partition(" ")
            return Promised(CardSerial(owner), _number(deadline), at)
        case "withdrawn":
            return Withdrawn(at)
        case "ended":
            return Ended(text, at)
        case "extended":
            until, _, attorney = text.partition(" ")
            return Extended(_number(until), at, CardSerial(attorney))
        case "ready":
            return Ready(at, CardSerial(text))
        case "conflicted":
            return Conflicted(CardSerial(text), at)
        case "handing":
            by, _, to = text.partition(" ")
            return Handing(CardSerial(by), CardSerial(to), at)
        case "beside" | "agreed":
            return Beside(CardSerial(text), at, word == "beside")
        case "arrived":
            return Arrived(CardSerial(text), at)
        case "remained":
            return Remained(CardSerial(text), at)
        case "handed" | "handed unsealed":
            by, _, to = text.partition(" ")
            return Handed(CardSerial(by), CardSerial(to), at, word == "handed")
        case "sealed":
            return Sealed(CardSerial(text), at)
        case "entrusted":
            by, _, to = text.partition(" ")
            return Entrusted(CardSerial(by), CardSerial(to), at)
        case "concluded":
            return _concluded(text, at)
        case "answered":
            return Answered(CardSerial(text), at)
        case "answered elsewhere":
            return Answered(CardSerial(text), at, "own channel")
        case "heard":
            return Heard(at)
        case "returned":
            return Returned(text, at)
        case "joined":
            return Joined(CardSerial(text), at)
        case "invited":
            return Invited(text, at)
        case "parted":
            return Parted(CardSerial(text), at)
        case "briefed":
            return Briefed(CardSerial(text), at)
        case "hushed":
            return Hushed(CardSerial(text), at)
        case "declined":
            return Declined(CardSerial(text), at)
        case "missed":
            return Missed(CardSerial(text), at)
        case "called back":
            return CalledBack(CardSerial(text), at)
        case "reopened":
            return Reopened(CardSerial(text), at)
        case "resumed":
            return Resumed(CardSerial(text), at)
        case _:
            raise Damaged(f"an event called {word!r} is kept, which nothing here writes")


def _concluded(text: str, time: int) -> Concluded:
    word, _, follow_up = text.partition(" ")
    for outcome in OUTCOMES:
        if outcome == word:
            return Concluded(outcome, follow_up == "follow-up", time)
    raise Damaged(f"an outcome called {word!r} is kept, which nothing here writes")


def read_int(value: object) -> int:
    if not isinstance(value, int):
        raise Damaged(f"expected a number in the database, found {value!r}")
    return value


def _number(text: str) -> int:
    if not text.isdigit():
        raise Damaged(f"expected a time in the database, found {text!r}")
    return int(text)
