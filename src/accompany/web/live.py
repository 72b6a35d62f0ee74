"""The two live sockets: phones and consoles (docs/live.md).

Each message is parsed once and handed to the desk or the room; what is sent back is the whole
state, made anew each time. Not here: who is rung (`dispatch`), what signals mean.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import assert_never

from starlette.websockets import WebSocket

from accompany.accounts.people import Person
from accompany.dispatch.looks import concerned
from accompany.dispatch.ports import Pressed, Standing
from accompany.errors import Forbidden, Malformed
from accompany.evidence.statements import KINDS
from accompany.evidence.text import read_base32, write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.admitting import admit, on_duty
from accompany.web.briefings import Speakers, speaker_of
from accompany.web.callbacks import callback_told, destroy_if_done, owe_who_left_one
from accompany.web.comings import Comings
from accompany.web.consoles import call_back, check_message, own_encounter, seat_of
from accompany.web.engagement import Shown
from accompany.web.handovers import Colleagues, colleague_of, said_of_case
from accompany.web.line import Line
from accompany.web.messages import (
    AheadMessage,
    AnswerMessage,
    BriefMessage,
    CallbackMessage,
    CallerEnd,
    CallerHeard,
    CallerShown,
    CallerSignal,
    DeclineMessage,
    DutyEnd,
    DutyMessage,
    DutyShown,
    DutySignal,
    EndedMessage,
    ExtendMessage,
    FromCaller,
    FromDuty,
    FromHolder,
    FromThird,
    PressMessage,
    ReadyMessage,
    RecordingMessage,
    StandingMessage,
    TakenMessage,
    read_caller,
    read_duty,
)
from accompany.web.office import Office, address_of
from accompany.web.on_call import OnCall
from accompany.web.rights import same_origin
from accompany.web.showing import Showing
from accompany.web.signed_in import SignedIn
from accompany.web.thirds import (
    Thirds,
    relay_from_console,
    relay_from_phone,
    third_of,
    third_said,
)
from accompany.web.waiting import tell_missed

ABSENT = 15 * 60_000
"""Milliseconds after which a press whose phone does not come back is taken as withdrawn."""

RECORDINGS = 16


class Live:
    """Who is connected, and what each should see now."""

    def __init__(self) -> None:
        self._phones: dict[EncounterId, set[Line]] = defaultdict(set)
        self._showing = Showing()
        self.signed_in = SignedIn()
        self._absent: dict[EncounterId, int] = {}
        self._comings = Comings()
        self._thirds = Thirds()
        self._speakers = Speakers()
        self._on_call = OnCall(self.has_console)
        self._colleagues = Colleagues()
        self._engagement = Shown()
        self.office: Office

    def open(self, office: Office) -> None:
        """Begin, with all that is worked with."""
        self.office = self._showing.office = office

    def watched_by(self, watch: Callable[[], None]) -> None:
        """Call *watch* once a second, and whenever anything changed."""
        self._showing.watches.append(watch)

    def has_console(self, serial: CardSerial) -> bool:
        return serial in self._showing

    # What the desk calls: show one encounter to everybody whom it concerns.

    def show(self, standing: Standing) -> None:
        self._colleagues.settle(self.office, standing)
        self._showing.aheads.settle(standing)
        self._speakers.settle(self.office, standing)
        message = self._standing(standing)
        for line in self._phones.get(standing.encounter, ()):
            line.send(message)
        if standing.ringing.over:
            ended = EndedMessage(standing.encounter, standing.ringing.ended_by or "")
            for member in (standing.attorney, standing.third):
                if member is not None:
                    self._showing.tell(member, ended)
        if standing.third is None:
            self.office.rooms.vacate(standing.encounter, "interpreter")
        if standing.ringing.over:
            destroy_if_done(self.office, standing)
            self.office.rooms.close(standing.encounter)
            self._engagement.over(self.office, standing.encounter)
            self._showing.announced.pop(standing.encounter, None)
        # A caller who is waited for is shown to whoever has the case.
        if self.office.teller.waits_for(standing.encounter):
            self._showing.everybody()
        self._showing.soon()

    def close(self) -> None:
        self._showing.close()

    def _standing(self, standing: Standing) -> StandingMessage:
        office, ringing = self.office, standing.ringing
        return StandingMessage(
            encounter=standing.encounter,
            stage=standing.stage,
            rung=office.desk.names(standing.loud),
            card=office.card(standing.attorney),
            attorney_here=office.rooms.taken(standing.encounter, "attorney"),
            third=third_of(office, standing),
            colleague=colleague_of(office, standing),
            speaker=speaker_of(office, standing),
            ended_by=ringing.ended_by,
            callback=callback_told(office, standing),
            time=write_time(office.clock.now()),
        )

    def show_callbacks(self) -> None:
        """A number was left or destroyed: consoles and the board show it."""
        self._showing.everybody()
        for watch in self._showing.watches:
            watch()

    def show_check_ins(self) -> None:
        """A telling may have changed: consoles show it."""
        self._showing.everybody()

    def tick(self) -> None:
        """Once a second: calls that lost a side, presses whose phone has been gone too long,
        callers who are missed."""
        now = self.office.clock.now()
        self.signed_in.close_ended(self.office, now)
        self._thirds.tick(self.office, now)
        self._on_call.tick(self.office, now)
        self._colleagues.tick(self.office, now)
        for watch in self._showing.watches:
            watch()
        if tell_missed(self.office):
            self._showing.everybody()
        desk, rooms = self.office.desk, self.office.rooms
        due = desk.due()
        if due is not None and due <= now:
            self._showing.on_time()
        self._showing.second()
        alone = []
        for standing in desk.open_standings():
            encounter = standing.encounter
            caller = rooms.taken(encounter, "caller")
            if not caller:
                alone.append(encounter)
            # While the caller is away as well, nobody else could be put through.
            here = rooms.taken(encounter, "attorney")
            if caller and standing.attorney and not here:
                desk.line_lost(encounter, now)
            else:
                desk.line_back(encounter, now if here else None)
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
                pressed, new = admit(self.office, message, address_of(socket))
                if at == [pressed.encounter] and not new:
                    # Said again on the same socket: it asks whether anybody is there.
                    line.send(self._standing(self.office.desk.standing(pressed.encounter)))
                    return
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
            self._here(encounter)
        at.clear()

    def _seat(self, line: Line, pressed: Pressed, new: bool) -> None:
        office, encounter = self.office, pressed.encounter
        if not new and not self._phones.get(encounter):
            # Before it is told: it is told once.
            office.desk.returned(encounter, "caller", office.clock.now())
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
            self._here(encounter)

    def _here(self, encounter: EncounterId) -> None:
        """The phone came or went: whoever is in its call is shown it."""
        self.office.desk.looks.note(*concerned(self.office.desk.standing(encounter).ringing))
        self._showing.soon()

    def _from_caller(self, encounter: EncounterId, message: FromCaller) -> None:
        office = self.office
        if isinstance(message, CallerEnd):
            owe_who_left_one(office, encounter, office.clock.now())
            office.desk.end(encounter, "caller", office.clock.now())
            return
        if office.desk.standing(encounter).ringing.over:
            raise Forbidden("the encounter is over")
        match message:
            case RecordingMessage(recording, kind):
                if kind not in KINDS:
                    raise Malformed("recording", f"expected a kind, found {kind[:40]!r}")
                announced = self._showing.announced[encounter]
                known = read_base32(recording)
                if known not in announced and len(announced) < RECORDINGS:
                    announced.append(known)
                self._here(encounter)
            case CallerHeard():
                office.desk.heard(encounter, office.clock.now())
            case CallerShown(digest):
                self._engagement.shown(office, encounter, digest, "caller")
            case AheadMessage():
                standing = office.desk.standing(encounter)
                self._showing.aheads.say(standing, message)
                self._showing.soon(*standing.loud)
            case CallerSignal():
                relay_from_phone(office, encounter, message)
            case PressMessage():
                raise Malformed("message", "a press came before")
            case _:
                assert_never(message)

    # The console.

    async def duty(self, socket: WebSocket) -> None:
        admitted = await self.signed_in.admit(self.office, socket, "WS /api/live/duty")
        if admitted is None:
            return
        person, line = admitted
        serial = person.serial
        if serial not in self._showing:
            self._comings.come(serial, self.office.clock.now())
        # A page that was loaded anew says nothing of duty: it asks whether it is on.
        self.office.desk.console_back(serial)
        self._showing.come(serial, line)
        try:
            self._sit_again(serial, line)
            await line.run(lambda data: self._from_duty(person, line, read_duty(data)))
        finally:
            self._console_gone(serial, line)

    def _console_gone(self, serial: CardSerial, line: Line) -> None:
        self.signed_in.leave(line)
        self._speakers.leave(serial, line)
        last = self._showing.leave(serial, line)
        for standing in self.office.desk.open_standings():
            seat = seat_of(standing, serial)
            if seat is not None:
                self.office.rooms.rise(standing.encounter, seat, line.send)
                self.office.desk.show(standing.encounter)
        if last:
            self._comings.gone(serial)
            if serial not in self._on_call:
                self.office.desk.console_gone(serial, self.office.clock.now())
            self._showing.soon()

    def _sit_again(self, serial: CardSerial, line: Line) -> None:
        """A console that comes back takes its seat in the call that is still open."""
        self._speakers.come(serial, line)
        for standing in self.office.desk.open_standings():
            seat = seat_of(standing, serial)
            if seat is not None:
                self.office.rooms.sit(standing.encounter, seat, line.send)
                self.office.desk.show(standing.encounter)

    def _from_duty(self, person: Person, line: Line, message: FromDuty) -> None:
        office, serial = self.office, person.serial
        now = office.clock.now()
        check_message(person, message)
        if isinstance(message, FromThird):
            third_said(office, person, line, message, now)
            return
        if isinstance(message, FromHolder):
            said_of_case(office, person, line, message, now)
            self._showing.soon(serial)
            return
        match message:
            case DutyMessage(True, languages):
                self._on_call.rested(office, serial)
                office.desk.go_on_duty(on_duty(office, person, languages, now))
                # Told anew, though it says nothing new: a console may ask whether anybody is there.
                self._showing.again(serial)
            case DutyMessage():
                self._on_call.rest(office, serial, now)
                office.desk.go_off_duty(serial)
                self._showing.soon(serial)
            case AnswerMessage():
                self._answer(serial, line, message, now)
            case DeclineMessage(named):
                office.desk.decline(EncounterId(read_base32(named)), serial, now)
            case DutySignal():
                relay_from_console(office, person, message)
            case DutyEnd():
                encounter = own_encounter(office, person, message)
                if office.desk.standing(encounter).colleague == serial:
                    office.desk.remain(encounter, now)
                else:
                    office.desk.end(encounter, "attorney", now)
            case DutyShown(_, digest):
                encounter = own_encounter(office, person, message)
                by = f"{person.role} {person.id}"
                self._engagement.shown(office, encounter, digest, by)
            case ExtendMessage():
                office.desk.extend(serial, now)
                self._showing.soon(serial)
            case ReadyMessage():
                office.desk.ready(serial, now)
                self._showing.soon(serial)
            case BriefMessage():
                self._speakers.said(office, person, line, message, now)
                self._showing.soon(serial)
            case CallbackMessage(encounter, done):
                call_back(office, serial, EncounterId(read_base32(encounter)), done, now)
                self._showing.soon(serial)
            case _:
                assert_never(message)

    def _answer(self, serial: CardSerial, line: Line, message: AnswerMessage, now: int) -> None:
        office = self.office
        encounter = EncounterId(read_base32(message.encounter))
        if office.desk.standing(encounter).ringing.over:
            raise Forbidden("the encounter is over")
        way = self._comings.way(office.desk.standing(encounter).ringing, serial)
        if not office.desk.answer(encounter, serial, now, way):
            line.send(TakenMessage(encounter))
            return
        office.rooms.sit(encounter, "attorney", line.send)
        offer = {"type": "signal", "note": message.note, "description": message.description}
        office.desk.show(encounter)
        office.rooms.relay(encounter, "attorney", "caller", offer)
