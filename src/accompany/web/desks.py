"""What each console should show now, made once for all of them from the standings.

Not here: sockets (`live`), the forms of the messages (`messages`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from accompany.dispatch.ports import Standing
from accompany.dispatch.ringing import Answered, Promised
from accompany.evidence.text import write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.messages import Call, Callback, DeskMessage, Ring
from accompany.web.office import Office
from accompany.web.waiting import waiting

CALLBACKS = 20
"""So many callbacks are shown at once, the most urgent first."""


class Desks:
    """The desks at one moment."""

    def __init__(self, office: Office, announced: Mapping[EncounterId, Sequence[str]]) -> None:
        self._office = office
        self._announced = announced
        self._now = office.clock.now()
        self._rings: dict[CardSerial, list[Ring]] = defaultdict(list)
        self._calls: dict[CardSerial, Standing] = {}
        self._waits = waiting(office)
        self._owed = list(_owed(office.desk.owed()))
        # A dropped call goes first, then whoever waits longest.
        standings = sorted(
            office.desk.open_standings(),
            key=lambda one: (one.ringing.last is None, one.press.pressed),
        )
        for one in standings:
            for serial in one.loud:
                self._rings[serial].append(_ring(one))
            if one.attorney is not None:
                self._calls[one.attorney] = one

    def of(self, serial: CardSerial) -> DeskMessage:
        people = self._office.desk.people
        record = people.record(serial)
        call = self._calls.get(serial)
        return DeskMessage(
            on=serial in people,
            on_shift=serial not in people or people.shift(serial, self._now)[0],
            rings=self._rings.get(serial, []),
            call=self._call(call, call.ringing.answered)
            if call and call.ringing.answered
            else None,
            wrap_up=self._until(record.wrap_up_until(people.rules, people.surge)),
            paused=self._until(record.paused_until(people.rules)),
            callbacks=self._callbacks(serial),
            check_ins=self._waits.seen_by(serial),
            time=write_time(self._now),
        )

    def _until(self, time: int) -> str | None:
        return write_time(time) if time > self._now else None

    def _callbacks(self, serial: CardSerial) -> list[Callback]:
        people = self._office.desk.people
        mine = [
            (standing, ticket)
            for standing, ticket in self._owed
            if ticket.owner == serial or people.qualified(serial, standing.press)
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
            )
            for standing, ticket in mine[:CALLBACKS]
        ]

    def _name(self, serial: CardSerial) -> str | None:
        return next(iter(self._office.desk.names([serial])), None)

    def _call(self, standing: Standing, answered: Answered) -> Call:
        kept = [row.recording for row in self._office.keeper.by_encounter(standing.encounter)]
        announced = self._announced.get(standing.encounter, [])
        return Call(
            encounter=standing.encounter,
            state=standing.press.state,
            language=standing.press.language,
            answered=write_time(answered.time),
            recordings=list(dict.fromkeys([*announced, *kept])),
            caller_here=self._office.rooms.taken(standing.encounter, "caller"),
        )


def _ring(standing: Standing) -> Ring:
    press = standing.press
    return Ring(standing.encounter, press.state, press.language, write_time(press.pressed))


def _owed(standings: Iterable[Standing]) -> Iterable[tuple[Standing, Promised]]:
    for one in standings:
        if one.ringing.ticket is not None:
            yield one, one.ringing.ticket
