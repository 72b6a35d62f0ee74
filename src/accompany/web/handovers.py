"""A case that goes from one attorney to another, is given up, or concluded: what consoles say.

Who may take it, and who sits where meanwhile. The keys go from browser to browser as sealed files
(`records`): here is nothing that opens anything. Not here: what follows from it (`dispatch`).
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.people import Person
from accompany.accounts.rights import may
from accompany.dispatch.ports import Standing
from accompany.errors import Forbidden, Malformed, Unknown
from accompany.evidence.text import read_base32
from accompany.ids import CardSerial, EncounterId
from accompany.web.consoles import own_case
from accompany.web.desk_messages import Awaited, Handover, Stage, Wrapping
from accompany.web.line import Line
from accompany.web.messages import (
    ArrivedMessage,
    ConflictMessage,
    FromHolder,
    HandedMessage,
    HandMessage,
    OutcomeMessage,
    RemainMessage,
    Seated,
    TakeMessage,
)
from accompany.web.office import Office
from accompany.web.rights import person_of


class Colleagues:
    """Who sits beside an attorney to take a call over, and since when a line is gone."""

    def __init__(self) -> None:
        self._beside: dict[EncounterId, CardSerial] = {}
        self._gone: dict[EncounterId, int] = {}

    def settle(self, office: Office, standing: Standing) -> None:
        """Give the colleague the attorney's seat once the call is theirs, or free their own."""
        encounter, beside = standing.encounter, self._beside.get(standing.encounter)
        if standing.colleague is not None:
            self._beside[encounter] = standing.colleague
        elif beside is not None:
            del self._beside[encounter]
            if standing.attorney == beside:
                office.rooms.promote(encounter, "colleague", "attorney")
            else:
                office.rooms.vacate(encounter, "colleague")

    def tick(self, office: Office, now: int) -> None:
        """Once a second: a colleague who has been gone as long as an attorney may be has left."""
        gone: dict[EncounterId, int] = {}
        for standing in office.desk.handings():
            encounter = standing.encounter
            if standing.colleague is None or office.rooms.taken(encounter, "colleague"):
                continue
            gone[encounter] = self._gone.get(encounter, now)
            if now - gone[encounter] >= office.desk.rules.reconnect:
                office.desk.remain(encounter, now)
        self._gone = gone


def said_of_case(office: Office, person: Person, line: Line, message: FromHolder, now: int) -> None:
    """Do what an attorney says about whose a case is, or what came of it."""
    desk = office.desk
    if isinstance(message, TakeMessage):
        _take(office, person, line, message, now)
        return
    encounter = own_case(office, person, message)
    match message:
        case HandMessage(_, to):
            desk.hand(encounter, person.serial, CardSerial(read_base32(to)), now)
        case ArrivedMessage():
            desk.arrived(encounter, person.serial, now)
        case RemainMessage():
            desk.remain(encounter, now)
        case HandedMessage():
            desk.handed(encounter, person.serial, now)
        case ConflictMessage():
            desk.conflict(encounter, person.serial, now)
            office.rooms.vacate(encounter, "attorney")
        case OutcomeMessage(_, outcome, follow_up):
            desk.conclude(encounter, outcome, follow_up, now)


def _take(office: Office, person: Person, line: Line, message: TakeMessage, now: int) -> None:
    encounter = EncounterId(read_base32(message.encounter))
    desk = office.desk
    hand = desk.standing(encounter).ringing.hand
    own = hand is not None and hand.to == person.serial
    if not may("duty take", (person.role,), own):
        raise Unknown("encounter")
    over = desk.standing(encounter).ringing.over
    if not over and (message.note is None or message.description is None):
        raise Malformed("take", "expected a signed offer: the call goes on")
    desk.stand_beside(encounter, person.serial, now)
    if over:
        return
    office.rooms.sit(encounter, "colleague", line.send)
    offer = {"type": "signal", "note": message.note, "description": message.description}
    # Who comes is shown before what they offer: the phone judges the offer by their card.
    desk.show(encounter)
    office.rooms.relay(encounter, "colleague", "caller", offer)


def colleague_of(office: Office, standing: Standing) -> Seated | None:
    """Return who comes in to take the call over, as the phone sees them."""
    if standing.colleague is None:
        return None
    here = office.rooms.taken(standing.encounter, "colleague")
    return Seated(office.card(standing.colleague), here)


def handovers_of(office: Office, standing: Standing, recordings: Sequence[str]) -> list[Handover]:
    """Return the hand-over as the console shows it that the case comes from."""
    hand = standing.ringing.hand
    if hand is None:
        return []
    stage: Stage = "arrived" if hand.arrived else "beside" if hand.accepted else "rung"
    return _handover(office, standing, hand.to, stage, recordings)


def owed_by(office: Office, standing: Standing, recordings: Sequence[str]) -> list[Handover]:
    """Return what whoever owes a case's keys has still to seal to whoever has it."""
    to = standing.last
    return [] if to is None else _handover(office, standing, to, "owed", recordings)


def _handover(
    office: Office, standing: Standing, to: CardSerial, stage: Stage, recordings: Sequence[str]
) -> list[Handover]:
    card, named = office.card(to), office.people.person(to)
    if card is None:
        return []
    return [
        Handover(
            encounter=standing.encounter,
            state=standing.press.state,
            language=standing.press.language,
            name=named.name if named else "",
            card=card,
            stage=stage,
            recordings=list(recordings),
            over=standing.ringing.over,
        )
    ]


def awaited_by(office: Office, owing: Sequence[Standing], serial: CardSerial) -> list[Awaited]:
    """Return the cases of *serial*, of those with keys *owing*, and who owes them."""
    return [
        Awaited(standing.encounter, named.name if named else "")
        for standing in owing
        if standing.last == serial
        for by in sorted(standing.ringing.owing)
        for named in [office.people.person(by)]
    ]


def wrapping_of(office: Office, serial: CardSerial) -> Wrapping | None:
    """Return the call that somebody's wrap-up belongs to, while its case is theirs."""
    encounter = office.desk.people.record(serial).wrapping
    if encounter is None:
        return None
    standing = office.desk.standing(encounter)
    said = standing.ringing.concluded
    if standing.last != serial or not standing.ringing.was_called:
        return None
    return Wrapping(encounter, said.outcome if said else None, said is not None and said.follow_up)


class Colleagued:
    """The route that says who could take a case over."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def colleagues(self, request: Request) -> Response:
        """GET /api/cases/{encounter}/colleagues: whom this case could be handed to, and why or why
        not, best fit first."""
        office, person = self._office, person_of(request)
        desk, now = office.desk, office.clock.now()
        encounter = EncounterId(read_base32(request.path_params["encounter"]))
        standing = desk.standing(encounter)
        own = standing.last == person.serial
        if not may("GET /api/cases/{encounter}/colleagues", (person.role,), own):
            raise Unknown("encounter")
        without = {person.serial, *standing.ringing.conflicted}
        found = desk.people.fitting(standing.press, without)
        names = desk.names(found)
        return JSONResponse(
            [
                {
                    "serial": one,
                    "name": name,
                    "speaks": desk.people.speaks(one, standing.press.language),
                    "doing": _doing(office, one, now),
                }
                for one, name in zip(found, names, strict=True)
            ]
        )


def _doing(office: Office, serial: CardSerial, now: int) -> str:
    people = office.desk.people
    record = people.record(serial)
    if record.call is not None:
        return "in_call"
    if record.wrap_up_until(people.rules, people.surge) > now:
        return "wrap_up"
    return "free" if people.free(serial, now) else "away"


def check_recipient_is_asked(standing: Standing, serial: CardSerial) -> CardSerial:
    """Return to whom the case goes that *serial* has, or has gone before the keys; raise Forbidden
    where nobody accepted it."""
    hand = standing.ringing.hand
    if serial in standing.ringing.owing and standing.last is not None:
        return standing.last
    if hand is None or hand.by != serial or not hand.accepted:
        raise Forbidden("a grant by an attorney needs a colleague who accepted the hand-over")
    return hand.to
