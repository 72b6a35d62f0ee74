"""The two live sockets: phones and consoles (docs/live.md).

Each message is parsed once and handed to the desk or the room; what is sent back is the whole
state, made anew each time. Not here: who is rung (`dispatch`), what signals mean.
"""

import asyncio
from collections import defaultdict
from hashlib import sha256
from typing import assert_never

import msgspec
from starlette.websockets import WebSocket

from accompany.config import LANGUAGES, STATES
from accompany.dispatch.ports import Pressed, Standing
from accompany.dispatch.roster import OnDuty, Press
from accompany.errors import (
    Forbidden,
    Malformed,
    Unauthorized,
    Unknown,
)
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note
from accompany.evidence.statements import KINDS
from accompany.evidence.text import read_base32, read_base64, write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.desks import Desks
from accompany.web.line import Line, same_origin
from accompany.web.messages import (
    AnswerMessage,
    CallbackMessage,
    CallerEnd,
    CallerSignal,
    DeclineMessage,
    DeskMessage,
    DutyEnd,
    DutyMessage,
    DutySignal,
    EndedMessage,
    ExtendMessage,
    FromCaller,
    FromDuty,
    PressMessage,
    ProblemMessage,
    ReadyMessage,
    RecordingMessage,
    StandingMessage,
    TakenMessage,
    read_caller,
    read_duty,
    signal_of,
)
from accompany.web.office import Office, address_of
from accompany.web.problems import problem_of
from accompany.web.waiting import tell_missed

ABSENT = 15 * 60_000
"""Milliseconds after which a press whose phone does not come back is taken as withdrawn."""

RECORDINGS = 16

SOON = 10
"""Milliseconds: what is due is done after whatever else came in meanwhile."""


class Live:
    """Who is connected, and what each should see now."""

    def __init__(self) -> None:
        self._phones: dict[EncounterId, set[Line]] = defaultdict(set)
        self._consoles: dict[CardSerial, set[Line]] = defaultdict(set)
        self._announced: dict[EncounterId, list[str]] = defaultdict(list)
        self._absent: dict[EncounterId, int] = {}
        self._desks_due = False
        self._told: dict[CardSerial, DeskMessage] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.office: Office

    # What the desk calls: show one encounter to everybody whom it concerns.

    def show(self, standing: Standing) -> None:
        message = self._standing(standing)
        for line in self._phones.get(standing.encounter, ()):
            line.send(message)
        if standing.ringing.over and standing.attorney is not None:
            ended = EndedMessage(standing.encounter, standing.ringing.ended_by or "")
            for line in self._consoles.get(standing.attorney, ()):
                line.send(ended)
        if standing.ringing.over:
            self.office.rooms.close(standing.encounter)
            self._announced.pop(standing.encounter, None)
        self._show_desks()

    def _show_desks(self) -> None:
        """Show every console its desk, once for all that changes now."""
        if not self._desks_due:
            self._desks_due = True
            asyncio.get_running_loop().call_soon(self._show_desks_now)

    def _show_desks_now(self) -> None:
        """Send each console its desk, where it shows anything new; and wait for what is due."""
        self._desks_due = False
        desks = self._desks()
        for serial, lines in self._consoles.items():
            message = desks.of(serial)
            told = self._told.get(serial)
            if told is not None and msgspec.structs.replace(told, time=message.time) == message:
                continue
            self._told[serial] = message
            for line in lines:
                line.send(message)
        self._arm()

    def _desks(self) -> Desks:
        return Desks(self.office, self._announced)

    def _arm(self) -> None:
        """Wake when the desk has something to do by the clock."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.office.desk.due()
        if due is not None:
            wait = max(SOON, due - self.office.clock.now()) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait, self._on_time)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_time(self) -> None:
        self.office.desk.tick(self.office.clock.now())
        self._show_desks()

    def _standing(self, standing: Standing) -> StandingMessage:
        office, ringing = self.office, standing.ringing
        card = office.keeper.card(standing.attorney) if standing.attorney else None
        return StandingMessage(
            encounter=standing.encounter,
            stage=standing.stage,
            rung=office.desk.names(standing.loud),
            card=card.data.decode() if card else None,
            attorney_here=office.rooms.taken(standing.encounter, "attorney"),
            ended_by=ringing.ended_by,
            time=write_time(office.clock.now()),
        )

    def show_check_ins(self) -> None:
        """A telling may have changed: consoles show it."""
        self._show_desks()

    def tick(self) -> None:
        """Once a second: calls that lost a side, presses whose phone has been gone too long,
        callers who are missed."""
        now = self.office.clock.now()
        if tell_missed(self.office):
            self._show_desks()
        desk, rooms = self.office.desk, self.office.rooms
        due = desk.due()
        if due is not None and due <= now:
            self._on_time()
        elif self._timer is None:
            self._arm()
        alone = []
        for standing in desk.open_standings():
            encounter = standing.encounter
            caller = rooms.taken(encounter, "caller")
            if not caller:
                alone.append(encounter)
            # While the caller is away as well, nobody else could be put through.
            if caller and standing.attorney and not rooms.taken(encounter, "attorney"):
                desk.line_lost(encounter, now)
            else:
                desk.line_back(encounter)
        self._absent = {one: self._absent.get(one, now) for one in alone}
        for encounter, since in self._absent.items():
            if now - since > ABSENT:
                self.office.desk.end(encounter, "caller", now)

    # The phone.

    async def caller(self, socket: WebSocket) -> None:
        if not same_origin(socket):
            await socket.close(4403)
            return
        line = Line(socket)
        at: list[EncounterId] = []

        def take(data: str) -> None:
            message = read_caller(data)
            if isinstance(message, PressMessage):
                pressed, new = self._admit(message, address_of(socket))
                self._leave(line, at)
                at.append(pressed.encounter)
                self._seat(line, pressed, new)
            elif not at:
                raise Malformed("message", "expected a press first")
            else:
                self._from_caller(at[0], message)

        try:
            await line.run(take)
        finally:
            self._leave(line, at)

    def _leave(self, line: Line, at: list[EncounterId]) -> None:
        for encounter in at:
            self._phones[encounter].discard(line)
            if not self._phones[encounter]:
                del self._phones[encounter]
            self.office.rooms.rise(encounter, "caller", line.send)
        at.clear()
        self._show_desks()

    def _admit(self, message: PressMessage, address: str) -> tuple[Pressed, bool]:
        """Return what is pressed and whether it is new; raise where it may not be."""
        office = self.office
        encounter = EncounterId(read_base32(message.encounter))
        if message.state not in STATES or message.language not in LANGUAGES:
            raise Malformed("press", "expected a state and a language of this service")
        now = office.clock.now()
        press = Press(message.state, message.language, now)
        secret = sha256(read_base64(message.secret, 32)).digest()
        known = _known(office, encounter)
        if not known:
            office.codes.check(message.guest_code, address, now)
        elif not office.desk.may_return(encounter, secret):
            raise Forbidden("this encounter was begun with another secret")
        return Pressed(encounter, press, secret), not known

    def _seat(self, line: Line, pressed: Pressed, new: bool) -> None:
        office, encounter = self.office, pressed.encounter
        self._phones[encounter].add(line)
        if new:
            # Seated before the press is shown, so that the first standing is not missed.
            office.rooms.sit(encounter, "caller", line.send)
            office.desk.begin(pressed)
            return
        standing = office.desk.standing(encounter)
        line.send(self._standing(standing))
        # An offer that waited can be judged only by whoever has been told of the card.
        if not standing.ringing.over:
            office.rooms.sit(encounter, "caller", line.send)
            self._show_desks()

    def _from_caller(self, encounter: EncounterId, message: FromCaller) -> None:
        office = self.office
        if isinstance(message, CallerEnd):
            office.desk.end(encounter, "caller", office.clock.now())
            return
        if office.desk.standing(encounter).ringing.over:
            raise Forbidden("the encounter is over")
        match message:
            case RecordingMessage(recording, kind):
                if kind not in KINDS:
                    raise Malformed("recording", f"expected a kind, found {kind[:40]!r}")
                announced = self._announced[encounter]
                known = read_base32(recording)
                if known not in announced and len(announced) < RECORDINGS:
                    announced.append(known)
                self._show_desks()
            case CallerSignal():
                signal = {**signal_of(message), "encounter": encounter}
                office.rooms.relay(encounter, "caller", signal)
            case PressMessage():
                raise Malformed("message", "a press came before")
            case _:
                assert_never(message)

    # The console.

    async def duty(self, socket: WebSocket) -> None:
        serial = self.office.attorney(socket)
        if serial is None or not same_origin(socket):
            await socket.accept()
            refusal = ProblemMessage(problem_of(Unauthorized("a session of an attorney")))
            await socket.send_text(msgspec.json.encode(refusal).decode())
            await socket.close(4401)
            return
        line = Line(socket)
        self._consoles[serial].add(line)
        try:
            line.send(self._desks().of(serial))
            self._sit_again(serial, line)
            await line.run(lambda data: self._from_duty(serial, line, read_duty(data)))
        finally:
            self._console_gone(serial, line)

    def _console_gone(self, serial: CardSerial, line: Line) -> None:
        self._consoles[serial].discard(line)
        for standing in self.office.desk.open_standings():
            if standing.attorney == serial:
                self.office.rooms.rise(standing.encounter, "attorney", line.send)
                self.office.desk.show(standing.encounter)
        if not self._consoles[serial]:
            del self._consoles[serial]
            self._told.pop(serial, None)
            self.office.desk.console_gone(serial, self.office.clock.now())
            self._show_desks()

    def _sit_again(self, serial: CardSerial, line: Line) -> None:
        """A console that comes back takes its seat in the call that is still open."""
        for standing in self.office.desk.open_standings():
            if standing.attorney == serial:
                self.office.rooms.sit(standing.encounter, "attorney", line.send)
                self.office.desk.show(standing.encounter)

    def _from_duty(self, serial: CardSerial, line: Line, message: FromDuty) -> None:
        office = self.office
        now = office.clock.now()
        match message:
            case DutyMessage(True, languages):
                office.desk.go_on_duty(self._on_duty(serial, languages, now))
                self._show_desks()
            case DutyMessage():
                office.desk.go_off_duty(serial)
                self._show_desks()
            case AnswerMessage():
                self._answer(serial, line, message, now)
            case DeclineMessage(encounter):
                office.desk.decline(EncounterId(read_base32(encounter)), serial, now)
            case DutySignal():
                encounter = self._own(serial, message.encounter)
                office.rooms.relay(encounter, "attorney", signal_of(message))
            case DutyEnd():
                office.desk.end(self._own(serial, message.encounter), "attorney", now)
            case ExtendMessage():
                office.desk.extend(serial, now)
                self._show_desks()
            case ReadyMessage():
                office.desk.ready(serial, now)
                self._show_desks()
            case CallbackMessage(encounter, done):
                self._call_back(serial, EncounterId(read_base32(encounter)), done, now)
            case _:
                assert_never(message)

    def _on_duty(self, serial: CardSerial, languages: list[str], now: int) -> OnDuty:
        row = self.office.keeper.card(serial)
        if row is None:
            raise Unauthorized("a card of this organization")
        card = Card.read(Note.parse(row.data).text)
        if not card.valid_at(now):
            raise Forbidden("the card is not valid any more")
        spoken = tuple(one for one in languages if one in LANGUAGES)
        return OnDuty(serial, card.name, card.states, spoken, now)

    def _answer(self, serial: CardSerial, line: Line, message: AnswerMessage, now: int) -> None:
        office = self.office
        encounter = EncounterId(read_base32(message.encounter))
        if office.desk.standing(encounter).ringing.over:
            raise Forbidden("the encounter is over")
        if not office.desk.answer(encounter, serial, now):
            line.send(TakenMessage(encounter))
            return
        office.rooms.sit(encounter, "attorney", line.send)
        offer = {"type": "signal", "note": message.note, "description": message.description}
        office.desk.show(encounter)
        office.rooms.relay(encounter, "attorney", offer)

    def _call_back(self, serial: CardSerial, encounter: EncounterId, done: bool, now: int) -> None:
        """Take over a callback that is owed, or say that it is done: whoever may advise there."""
        desk = self.office.desk
        standing = desk.standing(encounter)
        ticket = standing.ringing.ticket
        if ticket is None:
            raise Unknown("callback that is owed")
        if ticket.owner != serial and not desk.people.qualified(serial, standing.press):
            raise Forbidden(f"a callback needs duty and a license for {standing.press.state}")
        if done:
            desk.called_back(encounter, serial, now)
        else:
            desk.promise(encounter, serial, now)
        self._show_desks()

    def _own(self, serial: CardSerial, encounter: str) -> EncounterId:
        """Return the encounter if this attorney answered it and it goes on."""
        found = EncounterId(read_base32(encounter))
        standing = self.office.desk.standing(found)
        if standing.attorney != serial:
            raise Unknown("encounter")
        if standing.ringing.over:
            raise Forbidden("the encounter is over")
        return found


def _known(office: Office, encounter: EncounterId) -> bool:
    try:
        office.desk.standing(encounter)
    except Unknown:
        return False
    return True
