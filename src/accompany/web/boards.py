"""The coordinators' socket: the whole board, sent again where it says anything new.

What each press and each person stands at follows from the desk; nothing is kept here but who looks.
Not here: figures (`desk`), who may (`accounts.rights`).
"""

import asyncio

import msgspec
from starlette.websockets import WebSocket

from accompany.accounts.people import Person
from accompany.custody.lags import last_heard
from accompany.dispatch.ports import Standing
from accompany.dispatch.roster import OnDuty
from accompany.errors import Unknown
from accompany.evidence.text import read_base32, write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.board_messages import (
    BoardCallback,
    BoardKeys,
    BoardMessage,
    BoardPerson,
    BoardPress,
    BoardSilent,
    FromDesk,
    LookMessage,
    read_desk,
)
from accompany.web.callbacks import destroy_if_done
from accompany.web.line import Line, written
from accompany.web.live import Live
from accompany.web.office import Office

SHOWN = 200
"""Presses, people and callbacks that are shown at once, the most urgent first."""

DONE = 10

APART = 0.2
"""Seconds between two boards: one names everybody, and every press changes it."""


class Boards:
    """Everybody who looks at the board."""

    def __init__(self, office: Office, live: Live) -> None:
        self._office = office
        self._live = live
        self._lines: set[Line] = set()
        self._told: BoardMessage | None = None
        self._due = False
        self._next = 0.0
        live.watched_by(self.show)

    async def desk(self, socket: WebSocket) -> None:
        """WS /api/live/desk."""
        admitted = await self._live.signed_in.admit(self._office, socket, "WS /api/live/desk")
        if admitted is None:
            return
        person, line = admitted
        self._lines.add(line)
        try:
            line.send(self._board())
            await line.run(lambda data: self._take(person, line, read_desk(data)))
        finally:
            self._lines.discard(line)
            self._live.signed_in.leave(line)

    def show(self) -> None:
        """Show the board soon, once for all that changes meanwhile."""
        if self._lines and not self._due:
            self._due = True
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time(), self._next), self._show)

    def _show(self) -> None:
        """Send the board to everybody who looks, where it says anything new."""
        self._due = False
        self._next = asyncio.get_running_loop().time() + APART
        if not self._lines:
            self._told = None
            return
        board = self._board()
        if self._told is None or msgspec.structs.replace(self._told, time=board.time) != board:
            self._told, text = board, written(board)
            for line in self._lines:
                line.send(text)

    def _take(self, person: Person, line: Line, message: FromDesk) -> None:
        if isinstance(message, LookMessage):
            line.send(self._board())
            return
        desk, now = self._office.desk, self._office.clock.now()
        encounter = EncounterId(read_base32(message.encounter))
        ringing = desk.standing(encounter).ringing
        if (ringing.called_back if message.what == "undone" else ringing.ticket) is None:
            raise Unknown("callback that is owed")
        match message.what:
            case "done":
                desk.called_back(encounter, person.serial, now)
                destroy_if_done(self._office, desk.standing(encounter))
            case "undone":
                desk.reopen(encounter, person.serial, now)
            case "mine":
                desk.promise(encounter, person.serial, now)
        self.show()

    # What is shown.

    def _board(self) -> BoardMessage:
        office = self._office
        desk = office.desk
        standings = sorted(desk.open_standings(), key=_urgency)
        people = sorted(desk.people, key=lambda one: (one.role, one.name, one.serial))
        done = desk.called_back_lately(DONE)
        return BoardMessage(
            presses=[self._press(one) for one in standings[:SHOWN]],
            people=[self._person(one) for one in people[:SHOWN]],
            callbacks=[self._callback(one) for one in [*desk.owed()[:SHOWN], *done]],
            silent=self._silent(),
            keys=[one for owed in desk.owing()[:SHOWN] for one in self._keys(owed)],
            surge=desk.people.surge,
            webhooks=office.books.hooks.waiting(),
            settled=desk.settled,
            time=write_time(office.clock.now()),
        )

    def _silent(self) -> list[BoardSilent]:
        """Return whose channels fail of those off duty, and who is on call without one."""
        office, found = self._office, []
        for serial, (channels, failing) in sorted(office.reach.channels.owners().items()):
            person = office.people.person(serial)
            if (
                failing
                and person is not None
                and not person.removed
                and serial not in office.desk.people
            ):
                name = name_of(office, serial)
                found.append(BoardSilent(name, person.role, channels, failing))
        # On call, and nothing that could ring them.
        names = {one.name for one in office.desk.people} | {one.name for one in found}
        for member, _ in office.desk.people.called(office.clock.now()):
            if member.name not in names:
                found.append(BoardSilent(member.name, member.role, 0, 0))
        return found[:SHOWN]

    def _press(self, standing: Standing) -> BoardPress:
        ringing, press = standing.ringing, standing.press
        heard = last_heard(self._office.keeper, standing.encounter)
        return BoardPress(
            encounter=standing.encounter,
            state=press.state,
            language=press.language,
            pressed=write_time(press.pressed),
            stage=standing.stage,
            rung=len(standing.loud),
            support=self._support(standing),
            attorney=name_of(self._office, standing.attorney) if standing.attorney else None,
            answered=write_time(ringing.answered.time) if ringing.answered else None,
            callback_due=write_time(ringing.ticket.deadline) if ringing.ticket else None,
            heard=write_time(heard) if heard else None,
            here=self._office.rooms.taken(standing.encounter, "caller"),
        )

    def _support(self, standing: Standing) -> str | None:
        """Return which responder is with the caller."""
        third = standing.third if standing.supported else None
        return name_of(self._office, third) if third else None

    def _person(self, person: OnDuty) -> BoardPerson:
        doing, until = self._doing(person)
        channels = self._office.reach.channels.of(person.serial)
        return BoardPerson(
            name=person.name,
            role=person.role,
            doing=doing,
            until=write_time(until) if until else None,
            states=sorted(person.states),
            languages=list(person.languages),
            channels=len(channels),
            failing=sum(one.failing for one in channels),
            console=self._live.has_console(person.serial),
            on_call=person.on_call,
            partner=person.partner,
        )

    def _doing(self, person: OnDuty) -> tuple[str, int | None]:
        """Return why somebody is rung now or not, and until when."""
        people, now = self._office.desk.people, self._office.clock.now()
        record = people.record(person.serial)
        if record.call is not None:
            return "in_call", None
        if people.listeners(person.serial):
            return "briefing", None
        if people.rings.get(person.serial):
            return "rung", None
        wrap_up = record.wrap_up_until(people.rules, people.surge)
        if wrap_up > now:
            return "wrap_up", wrap_up
        paused = record.paused_until(people.rules)
        if paused > now:
            return "paused", paused
        on_shift, until = people.shift(person.serial, now)
        return ("free", None) if on_shift else ("off_shift", until)

    def _callback(self, standing: Standing) -> BoardCallback:
        ringing, press = standing.ringing, standing.press
        promised, done = ringing.promised, ringing.called_back
        return BoardCallback(
            encounter=standing.encounter,
            state=press.state,
            language=press.language,
            pressed=write_time(press.pressed),
            deadline=write_time(promised.deadline if promised else press.pressed),
            owner=name_of(self._office, promised.owner) if promised and promised.owner else None,
            waiting=ringing.open,
            number=standing.encounter in self._office.numbers.left(),
            done=write_time(done.time) if done else None,
        )

    def _keys(self, standing: Standing) -> list[BoardKeys]:
        office, press, to = self._office, standing.press, standing.last
        return [
            BoardKeys(
                encounter=standing.encounter,
                state=press.state,
                language=press.language,
                by=name_of(office, by),
                to=name_of(office, to),
            )
            for by in sorted(standing.ringing.owing)
            if to is not None
        ]


def name_of(office: Office, serial: str) -> str:
    """Return what somebody is called, on duty or not; else the beginning of their id."""
    on_duty = office.desk.people.person(CardSerial(serial))
    if on_duty is not None:
        return on_duty.name
    person = office.people.person(serial)
    return person.name if person is not None and person.name else serial[:8]


def _urgency(standing: Standing) -> tuple[bool, bool, int]:
    """Nobody is left to ring, then ringing, then in a call; whoever waits longest first."""
    answered = standing.ringing.answered is not None
    return answered, standing.ringing.promised is None, standing.press.pressed
