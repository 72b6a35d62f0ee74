"""A briefing: in a surge one attorney speaks to several callers who wait, one way and all at once.

It is no answer: everybody rings on, and whoever is answered leaves it. A part of the desk
(`runner`). Not here: sound, which goes from browser to browser; who joins later (`following`).
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from accompany.dispatch.asked import Asked
from accompany.dispatch.board import Board
from accompany.dispatch.events import Briefed, Event, Hushed
from accompany.dispatch.roster import Press
from accompany.errors import Forbidden
from accompany.ids import CardSerial, EncounterId

Waiting = Mapping[tuple[str, str, frozenset[CardSerial]], Sequence[tuple[int, EncounterId]]]
"""Who waits long and is spoken to by nobody, each with when they pressed; by state, language and
whom they may not be helped by: in a surge many wait for the same."""


class Briefings(Asked):
    """A desk at which somebody may speak to all who wait."""

    _board: Board

    @abstractmethod
    def append_all(self, events: Sequence[tuple[EncounterId, Event]]) -> None:
        """Append these, and only then see what follows."""

    def unheard(self) -> Waiting:
        """Return who could be spoken to by somebody, once for all who may: both are many."""
        found: dict[tuple[str, str, frozenset[CardSerial]], list[tuple[int, EncounterId]]]
        found = defaultdict(list)
        if not self.people.surge or self.people.rules.briefing == 0:
            return found
        for encounter in self._board.late:
            held = self._open[encounter]
            if held.ringing.briefed is None:
                press = held.pressed.press
                alike = found[press.state, press.language, held.ringing.conflicted]
                alike.append((press.pressed, encounter))
        return found

    def to_brief(self, attorney: CardSerial) -> list[EncounterId]:
        """Return who waits long in a surge and could be spoken to, whoever waits longest first."""
        theirs = self._theirs(attorney, self.unheard())
        return [encounter for _, encounter in sorted(one for alike in theirs for one in alike)]

    def could_brief(self, attorney: CardSerial, waiting: Waiting) -> int:
        """Return to how many of *waiting* somebody could speak; 0 in a call, or off duty."""
        if not waiting or self.people.record(attorney).call is not None:
            return 0
        return sum(len(alike) for alike in self._theirs(attorney, waiting))

    def _theirs(
        self, attorney: CardSerial, waiting: Waiting
    ) -> Iterator[Sequence[tuple[int, EncounterId]]]:
        for (state, language, without), alike in waiting.items():
            may = attorney not in without
            if may and self.people.may_brief(attorney, Press(state, language, 0)):
                yield alike

    def brief(self, attorney: CardSerial, time: int) -> None:
        """Let *attorney* speak to everybody who waits long and may be spoken to by them."""
        if self.people.record(attorney).call is not None:
            raise Forbidden("a briefing needs the call before to be over")
        room = self.people.rules.briefing - len(self.people.listeners(attorney))
        found = self.to_brief(attorney)[: max(0, room)]
        if not found:
            raise Forbidden("a briefing needs a surge, and somebody who waits and may be spoken to")
        self.append_all([(one, Briefed(attorney, time)) for one in found])

    def hush(self, attorney: CardSerial, time: int) -> None:
        """Their briefing is over: whoever heard it waits on."""
        heard = self.people.listeners(attorney)
        self.append_all([(one, Hushed(attorney, time)) for one in heard])
