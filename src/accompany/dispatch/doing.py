"""What people do about a press: answer, decline, end, own what is left over.

A part of the desk (`runner`); what follows from each event is in `ringing`. Not here: who may ask
(`web`), cases that change hands (`handing`), who sits third (`third_seat`).
"""

from accompany.dispatch.briefing import Briefings
from accompany.dispatch.events import (
    Answered,
    CalledBack,
    Declined,
    Ended,
    Extended,
    Heard,
    Promised,
    Ready,
    Reopened,
    Resumed,
    Returned,
    Way,
    Withdrawn,
)
from accompany.dispatch.handing import HandingOver
from accompany.dispatch.rules import Rules
from accompany.dispatch.third_seat import ThirdSeat
from accompany.errors import Forbidden, Unknown
from accompany.ids import CardSerial, EncounterId


class Doing(HandingOver, ThirdSeat, Briefings):
    """A desk at which somebody does something."""

    rules: Rules

    def answer(
        self, encounter: EncounterId, attorney: CardSerial, time: int, way: Way = "console"
    ) -> bool:
        """Return whether this attorney has the press; the first one appended does."""
        held = self._load(encounter)
        press = held.pressed.press
        if attorney in held.ringing.conflicted:
            raise Forbidden("an answer needs no conflict of interest said before")
        if not self.people.qualified(attorney, press):
            raise Forbidden(f"an answer needs duty and a license for {press.state}")
        busy = self.people.record(attorney).call
        if held.ringing.open and busy is not None and busy != encounter:
            raise Forbidden("an answer needs the call before to be over")
        if held.ringing.open and self.people.listeners(attorney):
            raise Forbidden("an answer needs the briefing to be over")
        return self.append(encounter, Answered(attorney, time, way)).attorney == attorney

    def heard(self, encounter: EncounterId, time: int) -> None:
        """The caller hears the attorney; the first time that this is said counts."""
        self.append(encounter, Heard(time))

    def decline(self, encounter: EncounterId, attorney: CardSerial, time: int) -> None:
        self.append(encounter, Declined(attorney, time))

    def end(self, encounter: EncounterId, by: str, time: int) -> None:
        answered = self.standing(encounter).attorney is not None
        if answered:
            self.append(encounter, Ended(by, time))
        elif by == "caller":
            self.append(encounter, Withdrawn(time))

    def extend(self, attorney: CardSerial, time: int) -> None:
        """Give somebody in wrap-up as long again, from now."""
        wrapping = self.people.record(attorney).wrapping
        if wrapping is not None:
            self.append(wrapping, Extended(time + self.rules.wrap_up, time, attorney))

    def ready(self, attorney: CardSerial, time: int) -> None:
        """Somebody is there: wrap-up and pause are over."""
        record = self.people.record(attorney)
        if record.wrapping is not None:
            self.append(record.wrapping, Ready(time, attorney))
        if record.missed_last is not None and record.misses:
            self.append(record.missed_last, Resumed(attorney, time))

    def promise(self, encounter: EncounterId, owner: CardSerial, time: int) -> None:
        """Let somebody own a callback that is owed; its deadline stays."""
        ticket = self.standing(encounter).ringing.ticket
        if ticket is None:
            raise Unknown("callback that is owed")
        self.append(encounter, Promised(owner, ticket.deadline, time))

    def owe(self, encounter: EncounterId, time: int) -> None:
        """Owe a callback now, and not only once the last wave is over; where one is owed, or
        somebody answered, this changes nothing."""
        standing = self.standing(encounter)
        ringing = standing.ringing
        if ringing.open and ringing.ticket is None:
            owner = self.people.owner(standing.press, ringing.conflicted)
            self.append(encounter, Promised(owner, time + self.rules.callback, time))

    def called_back(self, encounter: EncounterId, by: CardSerial, time: int) -> None:
        self.append(encounter, CalledBack(by, time))

    def reopen(self, encounter: EncounterId, by: CardSerial, time: int) -> None:
        """Take back that somebody was called back."""
        self.append(encounter, Reopened(by, time))

    def returned(self, encounter: EncounterId, who: str, time: int) -> None:
        """A line that was gone is back, and the encounter goes on."""
        self.append(encounter, Returned(who, time))
