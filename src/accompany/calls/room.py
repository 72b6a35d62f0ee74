"""The room of one call: five seats, and the signals for a seat that is empty for a moment. Pure.

The server relays descriptions and candidates and can read none of what is said; notes inside keep
it from sitting in the middle (docs/live.md). Not here: sockets (`signaling`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Seat = Literal["caller", "attorney", "interpreter", "colleague", "speaker"]
Signal = dict[str, Any]

SEATS: tuple[Seat, ...] = get_args(Seat)

WAITING = 200
"""Signals kept for an empty seat by each other one; an offer and its candidates are a few dozen."""

WAITING_BYTES = 1024 * 1024
"""About as many bytes of them."""


@dataclass(frozen=True, slots=True)
class Room:
    """What waits for each seat, by whom it was sent."""

    held: Mapping[tuple[Seat, Seat], tuple[Signal, ...]] = field(default_factory=dict)
    """Oldest first, under (whom it is for, who sent it)."""

    def waiting(self, seat: Seat) -> tuple[Signal, ...]:
        """Return what waits for *seat*: of each sender in order, the attorney's first."""
        first: tuple[Seat, ...] = ("attorney", "caller")
        senders = dict.fromkeys((*first, *SEATS))
        return tuple(one for sender in senders for one in self.held.get((seat, sender), ()))

    def leave(self, seat: Seat, sender: Seat, signal: Signal) -> "Room":
        """Keep *signal* for *seat*. A note begins a new connection: what waited of it is void."""
        before = () if signal.get("note") else self.held.get((seat, sender), ())
        return Room({**self.held, (seat, sender): _newest((*before, signal))})

    def collect(self, seat: Seat) -> "Room":
        return Room({pair: held for pair, held in self.held.items() if pair[0] != seat})

    def vacate(self, seat: Seat) -> "Room":
        """Return the room without anything for *seat* or of it: somebody else will sit there."""
        return Room({pair: held for pair, held in self.held.items() if seat not in pair})

    def promote(self, seat: Seat, to: Seat) -> "Room":
        """Return the room after whoever sat at *seat* took *to*: what waits goes along."""
        names = {seat: to}
        kept = self.vacate(to).held.items()
        return Room({(names.get(a, a), names.get(b, b)): held for (a, b), held in kept})


def _newest(signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    left, kept = WAITING_BYTES, 0
    for signal in reversed(signals[-WAITING:]):
        left -= len(str(signal))
        if left < 0:
            break
        kept += 1
    return signals[len(signals) - kept :]
