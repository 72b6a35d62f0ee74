"""Live messages, typed and parsed once; docs/live.md describes them, webapp/src/contracts.ts too.

What a signal carries is relayed as it is: only its outer form and its size are looked at.
Signals go out in the form they came in, but for the encounter that a console is told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from accompany.errors import Malformed

MESSAGE_BYTES = 64 * 1024


class Incoming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Anything a phone or a console may say."""


class PressMessage(Incoming, frozen=True, tag="press"):
    encounter: str
    secret: str
    state: str
    language: str
    guest_code: str


class RecordingMessage(Incoming, frozen=True, tag="recording"):
    recording: str
    kind: str


class CallerSignal(Incoming, frozen=True, tag="signal"):
    note: str | None = None
    opening: str | None = None
    description: dict[str, Any] | None = None
    candidate: dict[str, Any] | None = None


class CallerEnd(Incoming, frozen=True, tag="end"):
    pass


class DutyMessage(Incoming, frozen=True, tag="duty"):
    on: bool
    languages: list[str]


class AnswerMessage(Incoming, frozen=True, tag="answer"):
    encounter: str
    note: str
    description: dict[str, Any]


class DeclineMessage(Incoming, frozen=True, tag="decline"):
    encounter: str


class DutySignal(Incoming, frozen=True, tag="signal"):
    encounter: str
    note: str | None = None
    opening: str | None = None
    description: dict[str, Any] | None = None
    candidate: dict[str, Any] | None = None


class DutyEnd(Incoming, frozen=True, tag="end"):
    encounter: str


class ExtendMessage(Incoming, frozen=True, tag="extend"):
    """More time after a call."""


class ReadyMessage(Incoming, frozen=True, tag="ready"):
    """I am here: wrap-up and pause are over."""


class CallbackMessage(Incoming, frozen=True, tag="callback"):
    """A callback that is owed: mine from now on, or done."""

    encounter: str
    done: bool


class Outgoing(msgspec.Struct, frozen=True):
    """Anything the server says."""


class ProblemMessage(Outgoing, frozen=True, tag="problem"):
    problem: dict[str, Any]


class StandingMessage(Outgoing, frozen=True, tag="standing"):
    encounter: str
    stage: str
    rung: list[str]
    card: str | None
    attorney_here: bool
    ended_by: str | None
    time: str


class Ring(msgspec.Struct, frozen=True):
    encounter: str
    state: str
    language: str
    pressed: str


class Call(msgspec.Struct, frozen=True):
    encounter: str
    state: str
    language: str
    answered: str
    recordings: list[str]
    caller_here: bool


class CheckIn(msgspec.Struct, frozen=True):
    encounter: str
    state: str
    stage: str
    due: str
    contacts: int
    told: int
    armed: bool


class Callback(msgspec.Struct, frozen=True):
    encounter: str
    state: str
    language: str
    pressed: str
    deadline: str
    owner: str | None
    mine: bool
    waiting: bool


class DeskMessage(Outgoing, frozen=True, tag="desk"):
    on: bool
    on_shift: bool
    rings: list[Ring]
    call: Call | None
    check_ins: list[CheckIn]
    wrap_up: str | None
    paused: str | None
    callbacks: list[Callback]
    time: str


class TakenMessage(Outgoing, frozen=True, tag="taken"):
    encounter: str


class EndedMessage(Outgoing, frozen=True, tag="ended"):
    encounter: str
    by: str


FromCaller = PressMessage | RecordingMessage | CallerSignal | CallerEnd
FromDuty = (
    DutyMessage
    | AnswerMessage
    | DeclineMessage
    | DutySignal
    | DutyEnd
    | ExtendMessage
    | ReadyMessage
    | CallbackMessage
)
ToCaller = StandingMessage | CallerSignal | ProblemMessage
ToDuty = DeskMessage | TakenMessage | EndedMessage | DutySignal | ProblemMessage

_caller: msgspec.json.Decoder[FromCaller] = msgspec.json.Decoder(FromCaller)
_duty: msgspec.json.Decoder[FromDuty] = msgspec.json.Decoder(FromDuty)


def read_caller(data: str) -> FromCaller:
    """Return the phone's message in *data*; raise Malformed with what was expected."""
    with _as_malformed(data):
        return _caller.decode(data)


def read_duty(data: str) -> FromDuty:
    """Return the console's message in *data*; raise Malformed with what was expected."""
    with _as_malformed(data):
        return _duty.decode(data)


def signal_of(message: CallerSignal | DutySignal) -> dict[str, Any]:
    """Return what is relayed: the fields that came, and nothing else."""
    fields = {
        "note": message.note,
        "opening": message.opening,
        "description": message.description,
        "candidate": message.candidate,
    }
    return {"type": "signal", **{name: value for name, value in fields.items() if value}}


@contextmanager
def _as_malformed(data: str) -> Iterator[None]:
    if len(data) > MESSAGE_BYTES:
        raise Malformed("message", f"expected at most {MESSAGE_BYTES} bytes, found {len(data)}")
    try:
        yield
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise Malformed("message", str(error)) from error
