"""Who may come in: a phone with its press, an attorney who goes on duty. Not here: sockets."""

from hashlib import sha256

from accompany.accounts.people import Person
from accompany.config import LANGUAGES, STATES
from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import OnDuty, Press
from accompany.errors import Forbidden, Malformed, Unauthorized, Unknown
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note
from accompany.evidence.text import read_base32, read_base64
from accompany.ids import EncounterId
from accompany.web.messages import PressMessage
from accompany.web.office import Office


def admit(office: Office, message: PressMessage, address: str) -> tuple[Pressed, bool]:
    """Return what is pressed and whether it is new; raise where it may not be."""
    encounter = EncounterId(read_base32(message.encounter))
    if message.state not in STATES or message.language not in LANGUAGES:
        raise Malformed("press", "expected a state and a language of this service")
    now = office.clock.now()
    secret = sha256(read_base64(message.secret, 32)).digest()
    known, guest = _known(office, encounter), True
    if not known:
        token = None if message.token is None else read_base64(message.token, 32)
        guest = office.admission.check(message.guest_code, token, encounter, address, now)
    elif not office.desk.may_return(encounter, secret):
        raise Forbidden("this encounter was begun with another secret")
    press = Press(message.state, message.language, now, guest)
    return Pressed(encounter, press, secret), not known


def on_duty(office: Office, person: Person, languages: list[str], now: int) -> OnDuty:
    """Return *person* as the desk sees them; raise where the card is missing or not valid now."""
    row = office.keeper.card(person.serial)
    if row is None or person.role == "coordinator" or person.role == "custodian":
        raise Unauthorized("a card of this organization")
    card = Card.read(Note.parse(row.data).text)
    if not card.valid_at(now):
        raise Forbidden("the card is not valid any more")
    spoken = tuple(one for one in languages if one in LANGUAGES)
    return OnDuty(person.serial, card.name, card.states, spoken, now, role=person.role)


def _known(office: Office, encounter: EncounterId) -> bool:
    try:
        office.desk.standing(encounter)
    except Unknown:
        return False
    return True
