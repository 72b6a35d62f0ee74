"""An attorney's case in a house, and a colleague on duty beside her."""

from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import OnDuty, Press
from accompany.evidence.age import HybridRecipient
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note
from accompany.ids import CardSerial, EncounterId
from house import Attorney, House, new_id


def recipient_of(attorney: Attorney) -> HybridRecipient:
    """Return to whom *attorney*'s card says that things are sealed."""
    return HybridRecipient.parse(Card.read(Note.parse(attorney.card).text).recipient)


class AnsweredCase:
    """Ada answered it; Ben is on duty beside her."""

    def __init__(self, held: House, ada: Attorney, ben: Attorney) -> None:
        self.held, self.ada, self.ben = held, ada, ben
        self.desk, self.now = held.server.office.desk, held.server.office.clock.now()
        for one in (ada, ben):
            on = OnDuty(CardSerial(one.serial), "x", frozenset({"TX"}), ("en",), self.now)
            self.desk.go_on_duty(on)
        self.encounter = EncounterId(new_id())
        self.desk.begin(Pressed(self.encounter, Press("TX", "en", self.now), b"secret"))
        assert self.desk.answer(self.encounter, CardSerial(ada.serial), self.now)

    def hand(self) -> None:
        """Ben accepts; he has not arrived."""
        ada, ben = CardSerial(self.ada.serial), CardSerial(self.ben.serial)
        self.desk.hand(self.encounter, ada, ben, self.now)
        self.desk.stand_beside(self.encounter, ben, self.now)
