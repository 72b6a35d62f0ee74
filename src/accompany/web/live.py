"""The two live sockets: phones and consoles (docs/live.md).

Each message is parsed once and handed to the desk or the room; what is sent back is the whole
state, made anew each time. Not here: who is rung (`dispatch`), what signals mean.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from hashlib import sha256
from typing import Any, assert_never
from urllib.parse import urlsplit

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from accompany.config import LANGUAGES, STATES
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.runner import Pressed, Standing
from accompany.errors import AccompanyError, Forbidden, Malformed, Unauthorized, Unknown
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note
from accompany.evidence.statements import KINDS
from accompany.evidence.text import read_base32, read_base64, write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.messages import (
    AnswerMessage,
    DeclineMessage,
    DutyMessage,
    EndMessage,
    FromCaller,
    FromDuty,
    PressMessage,
    RecordingMessage,
    SignalMessage,
    read_caller,
    read_duty,
    signal_of,
)
from accompany.web.office import Office
from accompany.web.problems import problem_of

OUTGOING = 1000
"""Messages that may wait for a slow reader before its socket is closed."""

ABSENT = 15 * 60_000
"""Milliseconds after which a press whose phone does not come back is taken as withdrawn."""

RECORDINGS = 16


class Line:
    """One socket: messages out in order, without holding anybody else up."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue(OUTGOING)
        self._overrun = False

    def send(self, message: dict[str, Any]) -> None:
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._overrun = True

    async def run(self, take: Callable[[str], None]) -> None:
        """Carry messages both ways until either side closes."""
        await self._socket.accept()
        sending = asyncio.create_task(self._send_all())
        try:
            while not self._overrun:
                try:
                    take(await self._socket.receive_text())
                except AccompanyError as error:
                    self.send({"type": "problem", "problem": problem_of(error)})
                except KeyError:
                    # Starlette's word for a binary frame.
                    refusal = Malformed("message", "expected text")
                    self.send({"type": "problem", "problem": problem_of(refusal)})
        except WebSocketDisconnect:
            pass
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await sending

    async def _send_all(self) -> None:
        while True:
            message = await self._waiting.get()
            await self._socket.send_text(msgspec.json.encode(message).decode())


class Live:
    """Who is connected, and what each should see now."""

    def __init__(self) -> None:
        self._phones: dict[EncounterId, set[Line]] = defaultdict(set)
        self._consoles: dict[CardSerial, set[Line]] = defaultdict(set)
        self._announced: dict[EncounterId, list[str]] = defaultdict(list)
        self._absent: dict[EncounterId, int] = {}
        self.office: Office

    # What the desk calls: show one encounter to everybody whom it concerns.

    def show(self, standing: Standing) -> None:
        if not hasattr(self, "office"):
            return
        message = self._standing(standing)
        for line in self._phones.get(standing.encounter, ()):
            line.send(message)
        if standing.ringing.over and standing.attorney is not None:
            ended = {
                "type": "ended",
                "encounter": standing.encounter,
                "by": standing.ringing.ended_by,
            }
            for line in self._consoles.get(standing.attorney, ()):
                line.send(ended)
        if standing.ringing.over:
            self.office.rooms.close(standing.encounter)
            self._announced.pop(standing.encounter, None)
        self._show_desks()

    def _show_desks(self) -> None:
        for serial, lines in self._consoles.items():
            if lines:
                message = self._desk(serial)
                for line in lines:
                    line.send(message)

    def _standing(self, standing: Standing) -> dict[str, Any]:
        office, ringing = self.office, standing.ringing
        card = office.keeper.card(standing.attorney) if standing.attorney else None
        return {
            "type": "standing",
            "encounter": standing.encounter,
            "stage": standing.stage,
            "rung": office.desk.names(standing.loud),
            "card": card.data.decode() if card else None,
            "attorney_here": office.rooms.taken(standing.encounter, "attorney"),
            "ended_by": ringing.ended_by,
            "time": write_time(office.clock.now()),
        }

    def _desk(self, serial: CardSerial) -> dict[str, Any]:
        office = self.office
        standings = office.desk.open_standings()
        rings = [
            {
                "encounter": one.encounter,
                "state": one.press.state,
                "language": one.press.language,
                "pressed": write_time(one.press.pressed),
            }
            for one in standings
            if serial in one.loud
        ]
        calls = [one for one in standings if one.attorney == serial]
        return {
            "type": "desk",
            "on": office.desk.is_on_duty(serial),
            "rings": rings,
            "call": self._call(calls[-1]) if calls else None,
            "time": write_time(office.clock.now()),
        }

    def _call(self, standing: Standing) -> dict[str, Any]:
        answered = standing.ringing.answered
        kept = [row.recording for row in self.office.keeper.by_encounter(standing.encounter)]
        announced = self._announced.get(standing.encounter, [])
        return {
            "encounter": standing.encounter,
            "state": standing.press.state,
            "language": standing.press.language,
            "answered": write_time(answered.time) if answered else None,
            "recordings": list(dict.fromkeys([*announced, *kept])),
            "caller_here": self.office.rooms.taken(standing.encounter, "caller"),
        }

    def tick(self) -> None:
        """Once a second: duty that lapsed, presses whose phone has been gone too long."""
        now = self.office.clock.now()
        self.office.desk.tick(now)
        for standing in self.office.desk.open_standings():
            encounter = standing.encounter
            if self.office.rooms.taken(encounter, "caller"):
                self._absent.pop(encounter, None)
            elif now - self._absent.setdefault(encounter, now) > ABSENT:
                del self._absent[encounter]
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
                self._leave(line, at)
                self._press(line, message, socket.client.host if socket.client else "")
                at.append(EncounterId(message.encounter))
                self.office.desk.show(at[0])
            elif not at:
                raise Malformed("message", "expected a press first")
            else:
                self._from_caller(at[0], message)

        await line.run(take)
        self._leave(line, at)

    def _leave(self, line: Line, at: list[EncounterId]) -> None:
        for encounter in at:
            self._phones[encounter].discard(line)
            if not self._phones[encounter]:
                del self._phones[encounter]
            self.office.rooms.rise(encounter, "caller", line.send)
        at.clear()
        self._show_desks()

    def _press(self, line: Line, message: PressMessage, address: str) -> None:
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
        # Seated before the press is shown, so that the first standing is not missed.
        self._phones[encounter].add(line)
        office.rooms.sit(encounter, "caller", line.send)
        office.desk.begin(Pressed(encounter, press, secret))

    def _from_caller(self, encounter: EncounterId, message: FromCaller) -> None:
        office = self.office
        match message:
            case RecordingMessage(recording, kind):
                if kind not in KINDS:
                    raise Malformed("recording", f"expected a kind, found {kind[:40]!r}")
                announced = self._announced[encounter]
                known = read_base32(recording)
                if known not in announced and len(announced) < RECORDINGS:
                    announced.append(known)
                self._show_desks()
            case SignalMessage():
                if office.desk.standing(encounter).ringing.over:
                    raise Forbidden("the encounter is over")
                office.rooms.relay(
                    encounter, "caller", {**signal_of(message), "encounter": encounter}
                )
            case EndMessage():
                office.desk.end(encounter, "caller", office.clock.now())
            case PressMessage():
                raise Malformed("message", "a press came before")
            case _:
                assert_never(message)

    # The console.

    async def duty(self, socket: WebSocket) -> None:
        serial = self.office.attorney(socket)
        if serial is None or not same_origin(socket):
            await socket.accept()
            refusal = problem_of(Unauthorized("a session of an attorney"))
            await socket.send_json({"type": "problem", "problem": refusal})
            await socket.close(4401)
            return
        line = Line(socket)
        self._consoles[serial].add(line)
        self._sit_again(serial, line)
        line.send(self._desk(serial))
        await line.run(lambda data: self._from_duty(serial, line, read_duty(data)))
        self._consoles[serial].discard(line)
        for standing in self.office.desk.open_standings():
            if standing.attorney == serial:
                self.office.rooms.rise(standing.encounter, "attorney", line.send)
                self.office.desk.show(standing.encounter)
        if not self._consoles[serial]:
            del self._consoles[serial]
            self.office.desk.console_gone(serial, self.office.clock.now())

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
            case SignalMessage():
                encounter = self._own(serial, message.encounter)
                office.rooms.relay(encounter, "attorney", signal_of(message))
            case EndMessage():
                office.desk.end(self._own(serial, message.encounter), "attorney", now)
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
            line.send({"type": "taken", "encounter": encounter})
            return
        office.rooms.sit(encounter, "attorney", line.send)
        offer = {"type": "signal", "note": message.note, "description": message.description}
        office.desk.show(encounter)
        office.rooms.relay(encounter, "attorney", offer)

    def _own(self, serial: CardSerial, encounter: str | None) -> EncounterId:
        """Return the encounter if this attorney answered it and it goes on."""
        found = EncounterId(read_base32(encounter or ""))
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


def same_origin(socket: WebSocket) -> bool:
    """Whether a browser's page that opened the socket came from here; others state no origin."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")
