"""The room of one call: two seats, and the signals for a seat that is empty for a moment. Pure.

The server relays descriptions and candidates and can read none of what is said; notes inside keep
it from sitting in the middle (docs/live.md). Not here: sockets (`signaling`).
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

Seat = Literal["caller", "attorney"]
Signal = dict[str, Any]

WAITING = 200
"""Signals kept for an empty seat; an offer and its candidates are a few dozen at most."""

WAITING_BYTES = 1024 * 1024
"""About as many bytes of them."""


def other(seat: Seat) -> Seat:
    return "attorney" if seat == "caller" else "caller"


@dataclass(frozen=True, slots=True)
class Room:
    """What waits for each seat, oldest first."""

    for_caller: tuple[Signal, ...] = ()
    for_attorney: tuple[Signal, ...] = ()

    def waiting(self, seat: Seat) -> tuple[Signal, ...]:
        return self.for_caller if seat == "caller" else self.for_attorney

    def leave(self, seat: Seat, signal: Signal) -> "Room":
        """Keep *signal* for *seat*. A note begins a new connection: what waited is void."""
        held = () if signal.get("note") else self.waiting(seat)
        return self._with(seat, _newest((*held, signal)))

    def collect(self, seat: Seat) -> "Room":
        return self._with(seat, ())

    def _with(self, seat: Seat, signals: tuple[Signal, ...]) -> "Room":
        if seat == "caller":
            return replace(self, for_caller=signals)
        return replace(self, for_attorney=signals)


def _newest(signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    left, kept = WAITING_BYTES, 0
    for signal in reversed(signals[-WAITING:]):
        left -= len(str(signal))
        if left < 0:
            break
        kept += 1
    return signals[len(signals) - kept :]
