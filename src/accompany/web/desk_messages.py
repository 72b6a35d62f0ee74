"""What a console is told: its desk, whole (docs/live.md); webapp/src/live-contracts.ts too."""

from typing import Any, Literal

import msgspec

from accompany.calls.room import Seat
from accompany.web.messages import (
    DutySignal,
    EndedMessage,
    Outgoing,
    ProblemMessage,
    Seated,
    TakenMessage,
)


class Offered(msgspec.Struct, frozen=True):
    """What the phone offers to whoever answers."""

    note: str
    opening: str
    description: dict[str, Any]


class Ring(msgspec.Struct, frozen=True):
    encounter: str
    seat: Seat
    state: str
    language: str
    pressed: str
    by: str | None
    over: bool
    guest: bool
    ahead: Offered | None
    support: bool = False
    """Rung for the third seat as a responder: for support that is not advice."""


class Call(msgspec.Struct, frozen=True):
    encounter: str
    state: str
    language: str
    answered: str
    recordings: list[str]
    caller_here: bool
    seat: Seat
    attorney: Seated | None
    third: Seated | None
    support: bool = False
    """Whether this console is in it as a responder."""


Stage = Literal["rung", "beside", "arrived", "owed"]
"""How far a hand-over is; *owed*: the case has gone, and the keys have not."""


class Handover(msgspec.Struct, frozen=True):
    """A case on its way from this console to a colleague's."""

    encounter: str
    state: str
    language: str
    name: str
    card: str
    stage: Stage
    recordings: list[str]
    over: bool


class Awaited(msgspec.Struct, frozen=True):
    """A case of this console whose keys somebody owes: their name."""

    encounter: str
    by: str


class Wrapping(msgspec.Struct, frozen=True):
    """The call that the wrap-up belongs to, and what was said to have come of it."""

    encounter: str
    outcome: str | None
    follow_up: bool


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
    number: bool
    """Whether the caller left one to be called back on."""


class Listener(msgspec.Struct, frozen=True):
    """Somebody who waits, and to whom this console speaks."""

    encounter: str
    here: bool


class DeskMessage(Outgoing, frozen=True, tag="desk"):
    on: bool
    on_shift: bool
    on_call: str | None
    rings: list[Ring]
    call: Call | None
    check_ins: list[CheckIn]
    handovers: list[Handover]
    awaited: list[Awaited]
    wrapping: Wrapping | None
    wrap_up: str | None
    paused: str | None
    callbacks: list[Callback]
    to_brief: int
    listeners: list[Listener]
    time: str


ToDuty = DeskMessage | TakenMessage | EndedMessage | DutySignal | ProblemMessage
