"""What a coordinator's board is told, and what is said on it (docs/live.md).

webapp/src/live-contracts.ts has the same.
"""

from typing import Literal

import msgspec

from accompany.web.messages import Incoming, Outgoing, ProblemMessage, as_malformed


class LookMessage(Incoming, frozen=True, tag="look"):
    """What is there now? A page that hears nothing asks so whether anybody is there."""


class OwedMessage(Incoming, frozen=True, tag="owed"):
    """A callback: done, not done after all, or mine from now on."""

    encounter: str
    what: Literal["done", "undone", "mine"]


class BoardPress(msgspec.Struct, frozen=True):
    encounter: str
    state: str
    language: str
    pressed: str
    stage: str
    rung: int
    attorney: str | None
    answered: str | None
    callback_due: str | None
    heard: str | None
    here: bool
    support: str | None = None
    """Which responder is with the caller."""


class BoardPerson(msgspec.Struct, frozen=True):
    name: str
    role: str
    doing: str
    until: str | None
    states: list[str]
    languages: list[str]
    channels: int
    failing: int
    console: bool
    on_call: bool
    """Rung on channels of their own: no page has to be open."""
    partner: str = ""
    """The partner organization whose they are."""


class BoardCallback(msgspec.Struct, frozen=True):
    encounter: str
    state: str
    language: str
    pressed: str
    deadline: str
    owner: str | None
    waiting: bool
    number: bool
    """Whether the caller left one to be called back on."""
    done: str | None


class BoardKeys(msgspec.Struct, frozen=True):
    """Keys of recordings that *by* has not sealed to *to*, who has the case."""

    encounter: str
    state: str
    language: str
    by: str
    to: str


class BoardSilent(msgspec.Struct, frozen=True):
    """Somebody who is not on duty, and whose own channels failed when they were last used."""

    name: str
    role: str
    channels: int
    failing: int


class BoardMessage(Outgoing, frozen=True, tag="board"):
    presses: list[BoardPress]
    people: list[BoardPerson]
    callbacks: list[BoardCallback]
    silent: list[BoardSilent]
    keys: list[BoardKeys]
    surge: bool
    webhooks: int
    settled: int
    time: str


FromDesk = LookMessage | OwedMessage
ToDesk = BoardMessage | ProblemMessage

_desk: msgspec.json.Decoder[FromDesk] = msgspec.json.Decoder(FromDesk)


def read_desk(data: str) -> FromDesk:
    """Return the coordinator's message in *data*; raise Malformed with what was expected."""
    with as_malformed(data):
        return _desk.decode(data)
