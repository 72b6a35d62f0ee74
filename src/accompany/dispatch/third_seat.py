"""The third seat of a call: an interpreter, or a responder whose support is not advice.

A part of the desk (`runner`); who is rung for it is in `following`. Not here: sound, which goes
from browser to browser, and who may ask (`web.thirds`).
"""

from abc import abstractmethod

from accompany.dispatch.asked import Asked
from accompany.dispatch.events import Event, Invited, Joined, Parted, Supporting
from accompany.dispatch.ports import Standing
from accompany.errors import Forbidden
from accompany.ids import CardSerial, EncounterId


class ThirdSeat(Asked):
    """A desk at whose calls somebody may sit third."""

    @abstractmethod
    def append(self, encounter: EncounterId, event: Event) -> Standing:
        """Append *event* and return what follows."""

    def join(self, encounter: EncounterId, interpreter: CardSerial, time: int) -> bool:
        """Return whether this interpreter is the third; the first one appended is."""
        standing = self.standing(encounter)
        language = standing.ringing.tongue(standing.press.language)
        if not self.people.interprets(interpreter, language):
            raise Forbidden(f"to join needs duty as an interpreter for {language}")
        self._only_one_call(encounter, interpreter)
        if standing.supported and standing.third is not None:
            # Whoever is understood comes first: there is one third seat.
            self.append(encounter, Parted(standing.third, time))
        return self.append(encounter, Joined(interpreter, time)).third == interpreter

    def support(self, encounter: EncounterId, responder: CardSerial, time: int) -> bool:
        """Return whether this responder is the third; the first one appended is."""
        if not self.people.supports(responder):
            raise Forbidden("to support needs duty as a responder")
        if responder not in self.standing(encounter).ringing.sought:
            raise Forbidden("to support needs to be rung for it")
        self._only_one_call(encounter, responder)
        return self.append(encounter, Supporting(responder, time)).third == responder

    def _only_one_call(self, encounter: EncounterId, person: CardSerial) -> None:
        busy = self.people.record(person).call
        if busy is not None and busy != encounter:
            raise Forbidden("to join needs the call before to be over")

    def invite(self, encounter: EncounterId, language: str, time: int) -> None:
        """Ring interpreters of *language* for a call, whoever speaks what."""
        self.append(encounter, Invited(language, time))

    def part(self, encounter: EncounterId, third: CardSerial, time: int) -> None:
        """The third is in the call no more; the call goes on."""
        self.append(encounter, Parted(third, time))
