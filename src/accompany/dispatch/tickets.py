"""Which presses somebody has to be called back for, and which somebody was called back for lately.

All of it follows from the events; nothing of it is kept anywhere. Not here: whose a ticket is.
"""

from dataclasses import dataclass, field

from accompany.dispatch.events import (
    CalledBack,
    Conflicted,
    Dropped,
    Event,
    Handed,
    Handing,
    Remained,
    Reopened,
)
from accompany.ids import EncounterId


@dataclass(slots=True)
class Tickets:
    owed: set[EncounterId] = field(default_factory=set)
    paid: dict[EncounterId, None] = field(default_factory=dict)
    """The latest last."""
    handing: dict[EncounterId, None] = field(default_factory=dict)
    """Which may be on their way from one attorney to another."""
    owing: dict[EncounterId, None] = field(default_factory=dict)
    """Of which keys may be owed to whoever has the case."""

    def note(self, encounter: EncounterId, event: Event, owed: bool) -> None:
        """Take in what happened to a press, and whether a callback is owed for it now."""
        (self.owed.add if owed else self.owed.discard)(encounter)
        if isinstance(event, Handing):
            self.handing[encounter] = None
        if isinstance(event, Handed | Remained | Dropped | Conflicted):
            self.handing.pop(encounter, None)
        if isinstance(event, Handed) and not event.sealed:
            self.owing[encounter] = None
        if isinstance(event, CalledBack | Reopened):
            self.paid.pop(encounter, None)
        if isinstance(event, CalledBack):
            self.paid[encounter] = None
