"""What a console should show now: what rings there, the call, what is owed.

Not here: sockets (`live`), the forms of the messages (`messages`).
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from accompany.calls.room import Seat
from accompany.dispatch.events import Promised
from accompany.dispatch.ports import Standing
from accompany.evidence.text import write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.aheads import Aheads
from accompany.web.briefings import listeners_of
from accompany.web.consoles import seat_of
from accompany.web.desk_messages import Call, Callback, DeskMessage, Handover, Offered, Ring
from accompany.web.handovers import awaited_by, handovers_of, owed_by, wrapping_of
from accompany.web.office import Office
from accompany.web.thirds import attorney_of, third_of
from accompany.web.waiting import Waiting

CALLBACKS = 20
"""So many callbacks are shown at once, the most urgent first."""


class Desks:
    """The desks at one moment."""

    def __init__(
        self,
        office: Office,
        announced: Mapping[EncounterId, Sequence[str]],
        aheads: Aheads,
        waits: Waiting,
    ) -> None:
        self._office = office
        self._announced = announced
        self._aheads = aheads
        self._now = office.clock.now()
        self._time = write_time(self._now)
        self._waits = waits
        self._handings = office.desk.handings()
        self._owing = office.desk.owing()
        self._unheard = office.desk.unheard()
        self._owed = list(_owed(office.desk.owed()))

    def of(self, serial: CardSerial) -> DeskMessage:
        people = self._office.desk.people
        record = people.record(serial)
        return DeskMessage(
            on=serial in people,
            on_shift=serial not in people or people.shift(serial, self._now)[0],
            on_call=self._on_call(serial),
            rings=self._rings(serial),
            call=self._call(record.call, serial) if record.call else None,
            handovers=self._handovers(serial),
            awaited=awaited_by(self._office, self._owing, serial),
            wrapping=wrapping_of(self._office, serial),
            wrap_up=self._until(record.wrap_up_until(people.rules, people.surge)),
            paused=self._until(record.paused_until(people.rules)),
            callbacks=self._callbacks(serial),
            to_brief=self._office.desk.could_brief(serial, self._unheard),
            listeners=listeners_of(self._office, serial),
            check_ins=self._waits.seen_by(serial),
            time=self._time,
        )

    def _rings(self, serial: CardSerial) -> list[Ring]:
        """Return what rings here: what is to be handed over first, then a dropped call, then
        whoever waits longest."""
        found = [
            _ring(one, "colleague", one.press.language, self._name(hand.by))
            for one in self._handings[::-1]
            if (hand := one.ringing.hand) and not hand.accepted and hand.to == serial
        ]
        standings = map(self._office.desk.standing, self._office.desk.people.rings.get(serial, ()))
        for one in sorted(standings, key=lambda one: (one.ringing.last is None, one.press.pressed)):
            if serial in one.loud:
                ahead = self._aheads.of(one.encounter)
                found.append(_ring(one, "attorney", one.press.language, ahead=ahead))
            if serial in one.calling:
                tongue = one.ringing.tongue(one.press.language)
                found.append(_ring(one, "interpreter", tongue))
            if serial in one.seeking:
                ring = _ring(one, "interpreter", one.press.language)
                found.append(replace(ring, support=True))
        return found

    def _handovers(self, serial: CardSerial) -> list[Handover]:
        going = [
            shown
            for one in self._handings
            if one.ringing.hand is not None and one.ringing.hand.by == serial
            for shown in handovers_of(self._office, one, self._recordings(one))
        ]
        owed = [
            shown
            for one in self._owing
            if serial in one.ringing.owing
            for shown in owed_by(self._office, one, self._recordings(one))
        ]
        return [*going, *owed]

    def _on_call(self, serial: CardSerial) -> str | None:
        """Return until when their own channels ring, with no page open."""
        until = self._office.desk.people.on_call_until(serial, self._now)
        if until is None or not self._office.reach.channels.of(serial):
            return None
        return write_time(until)

    def _until(self, time: int) -> str | None:
        return write_time(time) if time > self._now else None

    def _callbacks(self, serial: CardSerial) -> list[Callback]:
        people = self._office.desk.people
        mine = [
            (standing, ticket)
            for standing, ticket in self._owed
            if serial not in standing.ringing.conflicted
            and (ticket.owner == serial or people.qualified(serial, standing.press))
        ]
        return [
            Callback(
                encounter=standing.encounter,
                state=standing.press.state,
                language=standing.press.language,
                pressed=write_time(standing.press.pressed),
                deadline=write_time(ticket.deadline),
                owner=self._name(ticket.owner),
                mine=ticket.owner == serial,
                waiting=standing.ringing.open,
                number=standing.encounter in self._office.numbers.left(),
            )
            for standing, ticket in mine[:CALLBACKS]
        ]

    def _name(self, serial: CardSerial) -> str | None:
        return next(iter(self._office.desk.names([serial])), None)

    def _call(self, encounter: EncounterId, serial: CardSerial) -> Call | None:
        standing = self._office.desk.standing(encounter)
        seat = None if standing.ringing.over else seat_of(standing, serial)
        ringing, office = standing.ringing, self._office
        third = seat == "interpreter"
        came = (ringing.joined or ringing.supporting) if third else ringing.answered
        if seat is None or came is None:
            return None
        return Call(
            encounter=standing.encounter,
            state=standing.press.state,
            language=standing.press.language,
            answered=write_time(came.time),
            recordings=self._recordings(standing) if seat == "attorney" else [],
            caller_here=office.rooms.taken(standing.encounter, "caller"),
            seat=seat,
            attorney=None if seat == "attorney" else attorney_of(office, standing),
            third=third_of(office, standing) if seat == "attorney" else None,
            support=third and standing.supported,
        )

    def _recordings(self, standing: Standing) -> list[str]:
        kept = [row.recording for row in self._office.keeper.by_encounter(standing.encounter)]
        announced = self._announced.get(standing.encounter, [])
        return list(dict.fromkeys([*announced, *kept]))


def _ring(
    standing: Standing,
    seat: Seat,
    language: str,
    by: str | None = None,
    ahead: Offered | None = None,
) -> Ring:
    press = standing.press
    return Ring(
        encounter=standing.encounter,
        seat=seat,
        state=press.state,
        language=language,
        pressed=write_time(press.pressed),
        by=by,
        over=standing.ringing.over,
        guest=press.guest,
        ahead=ahead,
    )


def _owed(standings: Iterable[Standing]) -> Iterable[tuple[Standing, Promised]]:
    for one in standings:
        if one.ringing.ticket is not None:
            yield one, one.ringing.ticket
