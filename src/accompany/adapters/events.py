"""The events of a press as rows: a word, who or what, a time in milliseconds UTC."""

from typing import assert_never

from accompany.dispatch.ringing import (
    Answered,
    Called,
    CalledBack,
    Declined,
    Dropped,
    Ended,
    Event,
    Extended,
    Joined,
    Missed,
    Promised,
    Ready,
    Resumed,
    Rung,
    Withdrawn,
)
from accompany.errors import Damaged
from accompany.ids import CardSerial


def write_event(event: Event) -> tuple[str, str, int]:
    match event:
        case Rung(people, time):
            return "rung", " ".join(people), time
        case Called(people, time):
            return "called", " ".join(people), time
        case Answered(attorney, time):
            return "answered", attorney, time
        case Joined(interpreter, time):
            return "joined", interpreter, time
        case Declined(attorney, time):
            return "declined", attorney, time
        case Missed(attorney, time):
            return "missed", attorney, time
        case Dropped(until, time):
            return "dropped", str(until), time
        case Promised(owner, deadline, time):
            return "promised", f"{deadline} {owner}", time
        case CalledBack(by, time):
            return "called back", by, time
        case Withdrawn(time):
            return "withdrawn", "", time
        case Ended(by, time):
            return "ended", by, time
        case Extended(until, time):
            return "extended", str(until), time
        case Ready(time):
            return "ready", "", time
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
            return Extended(_number(text), at)
        case "ready":
            return Ready(at)
        case "answered":
            return Answered(CardSerial(text), at)
        case "joined":
            return Joined(CardSerial(text), at)
        case "declined":
            return Declined(CardSerial(text), at)
        case "missed":
            return Missed(CardSerial(text), at)
        case "called back":
            return CalledBack(CardSerial(text), at)
        case "resumed":
            return Resumed(CardSerial(text), at)
        case _:
            raise Damaged(f"an event called {word!r} is kept, which nothing here writes")


def read_int(value: object) -> int:
    if not isinstance(value, int):
        raise Damaged(f"expected a number in the database, found {value!r}")
    return value


def _number(text: str) -> int:
    if not text.isdigit():
        raise Damaged(f"expected a time in the database, found {text!r}")
    return int(text)
