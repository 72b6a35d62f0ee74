"""Live messages, typed and parsed once (docs/live.md); webapp/src/live-contracts.ts has them, too.

What a signal carries is relayed as it is: only its outer form and its size are looked at.
Signals go out in the form they came in, but for the encounter that a console is told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from accompany.calls.room import Seat
from accompany.dispatch.events import Outcome
from accompany.errors import Malformed

MESSAGE_BYTES = 64 * 1024


class Incoming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Anything a phone or a console may say."""


class Named(Incoming, frozen=True):
    """A message about one encounter."""

    encounter: str


class PressMessage(Incoming, frozen=True, tag="press"):
    encounter: str
    secret: str
    state: str
    language: str
    guest_code: str
    token: str | None = None


class RecordingMessage(Incoming, frozen=True, tag="recording"):
    recording: str
    kind: str


class CallerSignal(Incoming, frozen=True, tag="signal"):
    note: str | None = None
    opening: str | None = None
    description: dict[str, Any] | None = None
    candidate: dict[str, Any] | None = None
    seat: Seat | None = None


class AheadMessage(Incoming, frozen=True, tag="ahead"):
    """An offer for whoever will answer: without an address."""

    note: str
    opening: str
    description: dict[str, Any]


class CallerHeard(Incoming, frozen=True, tag="heard"):
    """The attorney's sound is heard."""


class CallerShown(Incoming, frozen=True, tag="shown"):
    """The words of the engagement were shown: the hex SHA-256 of which."""

    digest: str


class CallerEnd(Incoming, frozen=True, tag="end"):
    pass


class DutyMessage(Incoming, frozen=True, tag="duty"):
    on: bool
    languages: list[str]


class AnswerMessage(Incoming, frozen=True, tag="answer"):
    encounter: str
    note: str
    description: dict[str, Any]


class DeclineMessage(Named, frozen=True, tag="decline"):
    pass


class DutySignal(Incoming, frozen=True, tag="signal"):
    encounter: str
    note: str | None = None
    opening: str | None = None
    description: dict[str, Any] | None = None
    candidate: dict[str, Any] | None = None
    seat: Seat | None = None


class DutyEnd(Named, frozen=True, tag="end"):
    pass


class InviteMessage(Incoming, frozen=True, tag="invite"):
    """An interpreter of *language* is wanted in this call."""

    encounter: str
    language: str


class DismissMessage(Named, frozen=True, tag="dismiss"):
    """The interpreter is let go; the call goes on."""


class JoinMessage(Named, frozen=True, tag="join"):
    """An interpreter accepts."""


class LeaveMessage(Named, frozen=True, tag="leave"):
    """The interpreter goes; the call goes on."""


class ExtendMessage(Incoming, frozen=True, tag="extend"):
    """More time after a call."""


class ReadyMessage(Incoming, frozen=True, tag="ready"):
    """I am here: wrap-up and pause are over."""


class HandMessage(Incoming, frozen=True, tag="hand"):
    """The colleague *to*, a card's serial, is to take the case over."""

    encounter: str
    to: str


class TakeMessage(Incoming, frozen=True, tag="take"):
    """A colleague accepts; in a call, with a signed offer of their own."""

    encounter: str
    note: str | None = None
    description: dict[str, Any] | None = None


class ArrivedMessage(Named, frozen=True, tag="arrived"):
    """The colleague has the caller's sound and picture."""


class RemainMessage(Named, frozen=True, tag="remain"):
    """The hand-over is off: called off, or the colleague does not want it."""


class HandedMessage(Named, frozen=True, tag="handed"):
    """The keys are sealed to the colleague: call and case are theirs."""


class ConflictMessage(Named, frozen=True, tag="conflict"):
    """This attorney may not help this caller."""


class OutcomeMessage(Incoming, frozen=True, tag="outcome"):
    """What came of a call; nothing of what it was about."""

    encounter: str
    outcome: Outcome
    follow_up: bool


class DutyShown(Named, frozen=True, tag="shown"):
    """The same, on the attorney's screen."""

    digest: str


class BriefMessage(Incoming, frozen=True, tag="brief"):
    """In a surge: I speak to all who wait, from now on or no longer."""

    on: bool


class CallbackMessage(Incoming, frozen=True, tag="callback"):
    """A callback that is owed: mine from now on, or done."""

    encounter: str
    done: bool


class Outgoing(msgspec.Struct, frozen=True):
    """Anything the server says."""


class ProblemMessage(Outgoing, frozen=True, tag="problem"):
    problem: dict[str, Any]


class Seated(msgspec.Struct, frozen=True):
    """Somebody else in the call: card null while they are only rung.

    *support*: a responder, who gives no legal advice; else, third, an interpreter.
    """

    card: str | None
    here: bool
    support: bool = False


class StandingMessage(Outgoing, frozen=True, tag="standing"):
    encounter: str
    stage: str
    rung: list[str]
    card: str | None
    attorney_here: bool
    third: Seated | None
    colleague: Seated | None
    speaker: Seated | None
    ended_by: str | None
    callback: dict[str, Any] | None
    """As `GET /api/callbacks/{encounter}` tells it."""
    time: str


class TakenMessage(Outgoing, frozen=True, tag="taken"):
    encounter: str


class EndedMessage(Outgoing, frozen=True, tag="ended"):
    encounter: str
    by: str


FromCaller = (
    PressMessage | RecordingMessage | CallerSignal | AheadMessage
    | CallerHeard | CallerShown | CallerEnd
)  # fmt: skip
FromThird = InviteMessage | DismissMessage | JoinMessage | LeaveMessage
"""What is said about the third seat, by the attorney or from it."""
FromHolder = (
    HandMessage
    | TakeMessage
    | ArrivedMessage
    | RemainMessage
    | HandedMessage
    | ConflictMessage
    | OutcomeMessage
)
"""What is said of a case that changes hands, or ends."""
FromDuty = (
    DutyMessage
    | AnswerMessage
    | DeclineMessage
    | DutySignal
    | DutyEnd
    | FromThird
    | ExtendMessage
    | ReadyMessage
    | FromHolder
    | DutyShown
    | BriefMessage
    | CallbackMessage
)
ToCaller = StandingMessage | CallerSignal | ProblemMessage

_caller: msgspec.json.Decoder[FromCaller] = msgspec.json.Decoder(FromCaller)
_duty: msgspec.json.Decoder[FromDuty] = msgspec.json.Decoder(FromDuty)


def read_caller(data: str) -> FromCaller:
    """Return the phone's message in *data*; raise Malformed with what was expected."""
    with as_malformed(data):
        return _caller.decode(data)


def read_duty(data: str) -> FromDuty:
    """Return the console's message in *data*; raise Malformed with what was expected."""
    with as_malformed(data):
        return _duty.decode(data)


def act_of(socket: str, message: Incoming) -> str:
    """Return the name of what *message* asks for in the table of rights (`accounts.rights`)."""
    return f"{socket} {message.__struct_config__.tag}"


def signal_of(message: CallerSignal | DutySignal) -> dict[str, Any]:
    """Return what is relayed: the fields that came, but for the seat, which `calls` names."""
    fields = {
        "note": message.note,
        "opening": message.opening,
        "description": message.description,
        "candidate": message.candidate,
    }
    return {"type": "signal", **{name: value for name, value in fields.items() if value}}


@contextmanager
def as_malformed(data: str) -> Iterator[None]:
    if len(data) > MESSAGE_BYTES:
        raise Malformed("message", f"expected at most {MESSAGE_BYTES} bytes, found {len(data)}")
    try:
        yield
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise Malformed("message", str(error)) from error
