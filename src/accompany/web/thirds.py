"""The third in a call: an interpreter or a responder who joins, leaves, or whose line is gone.

Sound goes from browser to browser; here is only who sits where. Not here: who is rung for it
(`dispatch`), what signals mean (docs/live.md).
"""

from msgspec.structs import replace

from accompany.accounts.people import Person
from accompany.calls.room import Seat
from accompany.config import LANGUAGES
from accompany.dispatch.ports import Standing
from accompany.errors import Forbidden, Malformed
from accompany.evidence.text import read_base32
from accompany.ids import CardSerial, EncounterId
from accompany.web.consoles import own_encounter, seat_of
from accompany.web.line import Line
from accompany.web.messages import (
    CallerSignal,
    DismissMessage,
    DutySignal,
    FromThird,
    InviteMessage,
    JoinMessage,
    LeaveMessage,
    Seated,
    TakenMessage,
    signal_of,
)
from accompany.web.office import Office


class Thirds:
    """Since when the line of which third is gone."""

    def __init__(self) -> None:
        self._gone: dict[EncounterId, int] = {}

    def tick(self, office: Office, now: int) -> None:
        """Once a second: whoever has been gone as long as an attorney may be has left."""
        gone: dict[EncounterId, int] = {}
        for standing in office.desk.open_standings():
            encounter, third = standing.encounter, standing.third
            if third is None or office.rooms.taken(encounter, "interpreter"):
                continue
            gone[encounter] = self._gone.get(encounter, now)
            if now - gone[encounter] >= office.desk.rules.reconnect:
                office.desk.part(encounter, third, now)
        self._gone = gone


def third_of(office: Office, standing: Standing) -> Seated | None:
    """Return the third as the others see them; without a card while somebody is only rung."""
    if standing.third is not None:
        found = _seated(office, standing, standing.third, "interpreter")
        return replace(found, support=standing.supported)
    if standing.calling or standing.seeking:
        return Seated(None, here=False, support=not standing.calling)
    return None


def attorney_of(office: Office, standing: Standing) -> Seated | None:
    """Return the attorney as the third sees them."""
    if standing.attorney is None:
        return None
    return _seated(office, standing, standing.attorney, "attorney")


def _seated(office: Office, standing: Standing, serial: CardSerial, seat: Seat) -> Seated:
    return Seated(office.card(serial), office.rooms.taken(standing.encounter, seat))


def third_said(office: Office, person: Person, line: Line, message: FromThird, now: int) -> None:
    """Do what an attorney or the third says about the third seat."""
    match message:
        case InviteMessage(_, language):
            if language not in LANGUAGES:
                raise Malformed("invite", "expected a language of this service")
            office.desk.invite(own_encounter(office, person, message), language, now)
        case DismissMessage():
            encounter = own_encounter(office, person, message)
            third = office.desk.standing(encounter).third
            if third is not None:
                office.desk.part(encounter, third, now)
        case LeaveMessage():
            office.desk.part(own_encounter(office, person, message), person.serial, now)
        case JoinMessage():
            _join(office, person, line, EncounterId(read_base32(message.encounter)), now)


def _join(office: Office, person: Person, line: Line, encounter: EncounterId, now: int) -> None:
    if office.desk.standing(encounter).ringing.over:
        raise Forbidden("the encounter is over")
    come = office.desk.support if person.role == "responder" else office.desk.join
    if not come(encounter, person.serial, now):
        line.send(TakenMessage(encounter))
        return
    office.rooms.sit(encounter, "interpreter", line.send)
    office.desk.show(encounter)


def relay_from_console(office: Office, person: Person, message: DutySignal) -> None:
    """Carry a signal of an attorney or the third to the seat it names."""
    encounter = own_encounter(office, person, message)
    standing = office.desk.standing(encounter)
    seat = seat_of(standing, person.serial)
    # The third always names a seat; a colleague and a speaker have nobody but the caller.
    named = message.seat is not None
    astray = named if seat in ("colleague", "speaker") else seat == "interpreter" and not named
    if seat is None or message.seat == seat or astray:
        raise Malformed("signal", "expected the seat of somebody else in the call")
    _relay(office, standing, seat, message.seat or "caller", message)


def relay_from_phone(office: Office, encounter: EncounterId, message: CallerSignal) -> None:
    """Carry a signal of the phone: to the attorney, where it names nobody."""
    if message.seat == "caller":
        raise Malformed("signal", "expected the seat of somebody else in the call")
    standing = office.desk.standing(encounter)
    _relay(office, standing, "caller", message.seat or "attorney", message)


def _relay(
    office: Office,
    standing: Standing,
    sender: Seat,
    seat: Seat,
    message: CallerSignal | DutySignal,
) -> None:
    if seat == "colleague" and standing.colleague is None:
        if not standing.ringing.before:
            return
        # The call became theirs while this was on its way.
        seat = "attorney"
    if seat == "speaker" and standing.speaker is None:
        return
    if seat == "interpreter" and standing.third is None:
        # Whoever left a moment ago needs no answer.
        return
    signal = signal_of(message)
    if seat != "caller":
        signal["encounter"] = standing.encounter
    office.rooms.relay(standing.encounter, sender, seat, signal)
