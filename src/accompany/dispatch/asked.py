"""What can be asked of a desk: it changes nothing. The desk itself is in `runner`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from accompany.dispatch.attendance import Attendance
from accompany.dispatch.board import Held
from accompany.dispatch.ports import Presses, Standing
from accompany.dispatch.tickets import Tickets
from accompany.ids import CardSerial, EncounterId


class Asked(ABC):
    """A desk as those see it who only look."""

    people: Attendance
    _presses: Presses
    _open: dict[EncounterId, Held]
    _tickets: Tickets

    @abstractmethod
    def _load(self, encounter: EncounterId) -> Held:
        """Return a press as it is; raise Unknown."""

    def standing(self, encounter: EncounterId) -> Standing:
        held = self._load(encounter)
        return Standing(
            encounter, held.pressed.press, held.ringing, held.loud, held.calling, held.seeking
        )

    @property
    def on_duty(self) -> int:
        """How many people are on duty."""
        return len(self.people)

    def is_on_duty(self, attorney: CardSerial) -> bool:
        return attorney in self.people

    def names(self, serials: Sequence[CardSerial]) -> list[str]:
        people = [self.people.person(one) for one in serials]
        return [one.name for one in people if one is not None]

    def open_standings(self) -> list[Standing]:
        return [self.standing(encounter) for encounter in list(self._open)]

    def owed(self) -> list[Standing]:
        """Return the encounters that somebody has to be called back for, the most urgent first."""
        found = [self.standing(encounter) for encounter in self._tickets.owed]
        return sorted(found, key=lambda one: one.ringing.promised.deadline)  # type: ignore[union-attr]

    def handings(self) -> list[Standing]:
        """Return the encounters that are on their way from one attorney to another."""
        found = [self.standing(encounter) for encounter in list(self._tickets.handing)]
        return [one for one in found if one.ringing.hand is not None]

    def owing(self) -> list[Standing]:
        """Return the encounters of which somebody owes keys to whoever has the case."""
        found = [self.standing(encounter) for encounter in list(self._tickets.owing)]
        return [one for one in found if one.ringing.owing]

    def called_back_lately(self, count: int) -> list[Standing]:
        """Return the encounters that somebody was called back for, the latest first: of this life
        of the desk, and the day before it."""
        return [
            self.standing(encounter) for encounter in list(self._tickets.paid)[: -count - 1 : -1]
        ]

    def cases(self, attorney: CardSerial) -> list[Standing]:
        """Return the encounters whose case this attorney has, newest first."""
        standings = [self.standing(one) for one in self._presses.answered_by(attorney)]
        theirs = [one for one in standings if one.last == attorney]
        return sorted(theirs, key=lambda one: one.press.pressed, reverse=True)

    def may_return(self, encounter: EncounterId, secret: bytes) -> bool:
        return self._load(encounter).pressed.secret == secret
