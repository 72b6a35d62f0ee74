"""What attorneys do about whose a case is: handing it over, giving it up, saying what came of it.

A part of the desk (`runner`); what follows from each event is in `ringing`. Not here: keys, which
only the attorney's browser has, and who may ask (`web.handovers`).
"""

from abc import abstractmethod

from accompany.dispatch.asked import Asked
from accompany.dispatch.events import (
    Arrived,
    Beside,
    Concluded,
    Conflicted,
    Entrusted,
    Event,
    Handed,
    Handing,
    Outcome,
    Remained,
    Sealed,
)
from accompany.dispatch.ports import Bells, Standing
from accompany.errors import Forbidden
from accompany.ids import CardSerial, EncounterId


class HandingOver(Asked):
    """A desk at which cases change hands."""

    _bells: Bells

    @abstractmethod
    def append(self, encounter: EncounterId, event: Event) -> Standing:
        """Append *event* and return what follows."""

    def hand(self, encounter: EncounterId, by: CardSerial, to: CardSerial, time: int) -> None:
        """Ring the colleague *to* for the case of *by*; raise Forbidden where they may not."""
        press = self.standing(encounter).press
        if not self.people.qualified(to, press):
            raise Forbidden(f"a hand-over needs a colleague on duty, licensed in {press.state}")
        busy = self.people.record(to).call
        if busy is not None or self.people.listeners(to):
            raise Forbidden("a hand-over needs a colleague who is not in a call")
        ringing = self.append(encounter, Handing(by, to, time)).ringing
        if ringing.hand is None or ringing.hand.to != to:
            raise Forbidden("a hand-over needs the case, and no other hand-over of it")
        self._bells.ring(to, encounter)

    def stand_beside(self, encounter: EncounterId, to: CardSerial, time: int) -> None:
        """The colleague accepts; in a call they come in beside. Raise Forbidden where not rung."""
        standing = self.standing(encounter)
        hand = standing.ringing.hand
        if hand is None or hand.to != to:
            raise Forbidden("to take a case over needs a hand-over to oneself")
        busy = self.people.record(to).call
        if busy is not None and busy != encounter:
            raise Forbidden("to take a case over needs the call before to be over")
        self.append(encounter, Beside(to, time, calling=not standing.ringing.over))

    def arrived(self, encounter: EncounterId, to: CardSerial, time: int) -> None:
        self.append(encounter, Arrived(to, time))

    def remain(self, encounter: EncounterId, time: int) -> None:
        """The hand-over is off; case and call stay where they are."""
        hand = self.standing(encounter).ringing.hand
        if hand is not None:
            self.append(encounter, Remained(hand.to, time))

    def handed(self, encounter: EncounterId, by: CardSerial, time: int) -> bool:
        """The keys are sealed to the colleague; return whether the case is theirs now."""
        ringing = self.standing(encounter).ringing
        if by in ringing.owing:
            self.append(encounter, Sealed(by, time))
            return True
        hand = ringing.hand
        if hand is None:
            return False
        return self.append(encounter, Handed(by, hand.to, time)).last == hand.to

    def entrust(self, encounter: EncounterId, by: CardSerial, to: CardSerial, time: int) -> bool:
        """The custodian has given the keys of the case of *by* to *to*; return whether it is theirs
        now. Only after the call, and never to somebody with a conflict."""
        return self.append(encounter, Entrusted(by, to, time)).last == to

    def conflict(self, encounter: EncounterId, attorney: CardSerial, time: int) -> None:
        """This attorney may not help this caller: everybody else is rung at once."""
        hand = self.standing(encounter).ringing.hand
        if hand is not None and hand.to == attorney:
            self.append(encounter, Remained(attorney, time))
        self.append(encounter, Conflicted(attorney, time))

    def conclude(self, encounter: EncounterId, what: Outcome, more: bool, time: int) -> None:
        """Say what came of a call, and whether somebody should get in touch again (*more*)."""
        self.append(encounter, Concluded(what, more, time))
