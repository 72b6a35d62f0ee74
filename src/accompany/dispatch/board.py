"""Which press waits for whom: the indexes that keep a busy night from being looked through whole.

All of it follows from what is held elsewhere, and is made anew for a press whenever that changes.
"""

from collections import defaultdict
from dataclasses import dataclass

from accompany.dispatch.ports import Pressed
from accompany.dispatch.ringing import Ringing
from accompany.dispatch.roster import SUPPORT, pools_for
from accompany.ids import CardSerial, EncounterId


@dataclass(slots=True)
class Held:
    """A press in memory: what it was, what follows from its *count* events, and what rings."""

    pressed: Pressed
    ringing: Ringing
    count: int
    loud: tuple[CardSerial, ...] = ()
    calling: tuple[CardSerial, ...] = ()
    seeking: tuple[CardSerial, ...] = ()
    placed: tuple[str, ...] = ()
    """The pools under which it waits on the board."""
    noted: tuple[CardSerial, ...] = ()
    """Who is noted on the board as rung for it."""

    @property
    def pools(self) -> tuple[str, ...]:
        """Whose coming free matters to this press."""
        press = self.pressed.press
        return (*pools_for(press), f"interpreter {self.ringing.tongue(press.language)}", SUPPORT)

    @property
    def rung(self) -> tuple[CardSerial, ...]:
        return (*self.loud, *self.calling, *self.seeking)


class Board:
    def __init__(self) -> None:
        self.late: set[EncounterId] = set()
        """Who waits longer than two waves."""
        self._turns: dict[EncounterId, tuple[bool, int, EncounterId]] = {}
        """Calls that dropped first, then whoever pressed first. Not the order in which they are put
        here: a press is put anew whenever something about it changes."""
        self._rung_for: dict[CardSerial, dict[EncounterId, None]] = defaultdict(dict)
        self._waiting: dict[str, dict[EncounterId, None]] = defaultdict(dict)

    def put(self, encounter: EncounterId, held: Held, wanting: bool, late: bool) -> None:
        """Note who was rung for a press, whether it wants more people, and whether it is late."""
        ringing = held.ringing
        held.noted = (
            *({**ringing.rung, **ringing.sought} if ringing.open else ()),
            *ringing.called,
        )
        for one in held.noted:
            self._rung_for[one][encounter] = None
        held.placed = held.pools if wanting else ()
        for pool in held.placed:
            self._waiting[pool][encounter] = None
        if late:
            self.late.add(encounter)
        self._turns[encounter] = (ringing.last is None, held.pressed.press.pressed, encounter)

    def take(self, encounter: EncounterId, held: Held) -> None:
        for one in held.noted:
            self._rung_for[one].pop(encounter, None)
        for pool in held.placed:
            self._waiting[pool].pop(encounter, None)
        self.late.discard(encounter)
        self._turns.pop(encounter, None)

    def rung_for(self, serial: CardSerial) -> list[EncounterId]:
        """Return for which presses somebody was rung, and would be again once free, in their
        turn."""
        return sorted(self._rung_for.get(serial, ()), key=self._turns.__getitem__)

    def waiting(self, pools: list[str]) -> list[EncounterId]:
        """Return which presses want somebody out of these pools: calls that dropped, then the
        oldest first."""
        found = {one for pool in pools for one in self._waiting.get(pool, ())}
        return sorted(found, key=self._turns.__getitem__)
