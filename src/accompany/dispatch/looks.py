"""Whose console may have something new to show: so that not every desk is made for every event.

Noted too often costs a look; noted too rarely would leave a console behind: a property of any night
says that nothing a console shows changes without its being noted here.
"""

from dataclasses import dataclass, field

from accompany.dispatch.ringing import Ringing
from accompany.ids import CardSerial


@dataclass(slots=True)
class Looks:
    people: set[CardSerial] = field(default_factory=set)
    everybody: bool = False

    def note(self, *people: CardSerial) -> None:
        self.people.update(people)

    def take(self) -> set[CardSerial] | None:
        """Return who has to look, since this was last asked; None: everybody."""
        found = None if self.everybody else self.people
        self.people, self.everybody = set(), False
        return found


def concerned(ringing: Ringing) -> set[CardSerial]:
    """Return who shows more of a press than that it rings: who is in its call, or has the case."""
    hand, third = ringing.hand, ringing.third
    found = {one.attorney for one in (ringing.answered, ringing.last) if one is not None}
    if third is not None:
        found.add(third)
    if ringing.briefed is not None:
        found.add(ringing.briefed.attorney)
    if hand is not None:
        found |= {hand.by, hand.to}
    return found | ringing.owing
