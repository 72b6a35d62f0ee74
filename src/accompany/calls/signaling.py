"""Carrying signals between the two seats of a call, as they are.

A seat is a way to send; several consoles of one attorney may watch, the last one seated speaks.
Not here: who may sit where (`web.live` asks the desk), what signals mean (the two ends know).
"""

from collections.abc import Callable

from accompany.calls.room import Room, Seat, Signal, other
from accompany.ids import EncounterId

Send = Callable[[Signal], None]


class Rooms:
    def __init__(self) -> None:
        self._rooms: dict[EncounterId, Room] = {}
        self._seats: dict[tuple[EncounterId, Seat], Send] = {}

    def sit(self, encounter: EncounterId, seat: Seat, send: Send) -> None:
        """Take a seat and receive what waited for it."""
        self._seats[encounter, seat] = send
        room = self._rooms.get(encounter, Room())
        self._rooms[encounter] = room.collect(seat)
        for signal in room.waiting(seat):
            send(signal)

    def rise(self, encounter: EncounterId, seat: Seat, send: Send) -> None:
        """Leave a seat, unless another connection has taken it since."""
        if self._seats.get((encounter, seat)) == send:
            del self._seats[encounter, seat]

    def taken(self, encounter: EncounterId, seat: Seat) -> bool:
        return (encounter, seat) in self._seats

    def relay(self, encounter: EncounterId, sender: Seat, signal: Signal) -> None:
        """Hand *signal* to the other seat, now or when it is taken again."""
        seat = other(sender)
        send = self._seats.get((encounter, seat))
        if send is not None:
            send(signal)
        else:
            room = self._rooms.get(encounter, Room())
            self._rooms[encounter] = room.leave(seat, signal)

    def close(self, encounter: EncounterId) -> None:
        self._rooms.pop(encounter, None)
        self._seats.pop((encounter, "caller"), None)
        self._seats.pop((encounter, "attorney"), None)
