"""What a console's message may do, and to which encounter: asked before anything is done."""

from accompany.accounts.people import Person
from accompany.accounts.rights import may
from accompany.calls.room import Seat
from accompany.dispatch.ports import Standing
from accompany.errors import Forbidden, Unknown
from accompany.evidence.text import read_base32
from accompany.ids import CardSerial, EncounterId
from accompany.web.callbacks import destroy_if_done
from accompany.web.messages import (
    ArrivedMessage,
    ConflictMessage,
    DismissMessage,
    DutyEnd,
    DutyShown,
    DutySignal,
    FromDuty,
    HandedMessage,
    HandMessage,
    InviteMessage,
    LeaveMessage,
    OutcomeMessage,
    RemainMessage,
    act_of,
)
from accompany.web.office import Office
from accompany.web.rights import wanted


def check_message(person: Person, message: FromDuty) -> None:
    """Raise Forbidden where nobody of this role may say such a thing."""
    act = act_of("duty", message)
    if not may(act, (person.role,), own=True):
        raise Forbidden(f"this needs a session of {wanted(act)}")


Ours = DutySignal | DutyShown | DutyEnd | InviteMessage | DismissMessage | LeaveMessage


def own_encounter(office: Office, person: Person, message: Ours) -> EncounterId:
    """Return the encounter if this person is in its call, and it goes on."""
    found = EncounterId(read_base32(message.encounter))
    standing = office.desk.standing(found)
    seat = seat_of(standing, person.serial)
    # Whoever speaks to many has no call: nothing of it is theirs but the connection.
    own = seat is not None and (seat != "speaker" or isinstance(message, DutySignal))
    if not may(act_of("duty", message), (person.role,), own):
        raise Unknown("encounter")
    if standing.ringing.over:
        raise Forbidden("the encounter is over")
    return found


def seat_of(standing: Standing, serial: CardSerial) -> Seat | None:
    """Return where somebody sits in a call; None where they are not in it."""
    if standing.attorney == serial:
        return "attorney"
    if standing.colleague == serial:
        return "colleague"
    if standing.third == serial:
        return "interpreter"
    return "speaker" if standing.speaker == serial else None


OfCase = (
    HandMessage | HandedMessage | RemainMessage | ArrivedMessage | ConflictMessage | OutcomeMessage
)


def own_case(office: Office, person: Person, message: OfCase) -> EncounterId:
    """Return the encounter, also one that is over, if this attorney has its case, is rung for it,
    or is to take it over."""
    found = EncounterId(read_base32(message.encounter))
    standing = office.desk.standing(found)
    hand = standing.ringing.hand
    own = standing.last == person.serial
    if isinstance(message, HandedMessage):
        own = own or person.serial in standing.ringing.owing
    if isinstance(message, RemainMessage | ArrivedMessage | ConflictMessage):
        own = own or (hand is not None and hand.to == person.serial)
    if isinstance(message, ConflictMessage):
        own = own or person.serial in standing.ringing.rung
    if not may(act_of("duty", message), (person.role,), own):
        raise Unknown("encounter")
    return found


def call_back(
    office: Office, serial: CardSerial, encounter: EncounterId, done: bool, now: int
) -> None:
    """Take over a callback that is owed, or say that it is done: whoever may advise there."""
    standing = office.desk.standing(encounter)
    ticket = standing.ringing.ticket
    if ticket is None:
        raise Unknown("callback that is owed")
    if serial in standing.ringing.conflicted:
        raise Forbidden("a callback needs no conflict of interest said before")
    if ticket.owner != serial and not office.desk.people.qualified(serial, standing.press):
        raise Forbidden(f"a callback needs duty and a license for {standing.press.state}")
    if done:
        office.desk.called_back(encounter, serial, now)
        destroy_if_done(office, office.desk.standing(encounter))
    else:
        office.desk.promise(encounter, serial, now)
