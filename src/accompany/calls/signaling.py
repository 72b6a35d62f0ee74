"""Carrying signals between the seats of a call, as they are, but for whose they are.

A seat is a way to send; several consoles of one person may watch, the last one seated speaks.
Between caller and attorney a signal says nothing of seats; one from or to an interpreter names the
other seat, as does one from or to somebody who speaks to many; one from a colleague who takes over
says so. Not here: who may sit where (`web.live`
asks the desk), what signals mean.
"""

from collections.abc import Callable

from accompany.calls.room import SEATS, Room, Seat, Signal
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

    def vacate(self, encounter: EncounterId, seat: Seat) -> None:
        """Whoever sat there is in the call no more: nothing of theirs or for them waits."""
        self._seats.pop((encounter, seat), None)
        if encounter in self._rooms:
            self._rooms[encounter] = self._rooms[encounter].vacate(seat)

    def promote(self, encounter: EncounterId, seat: Seat, to: Seat) -> None:
        """Whoever sits at *seat* takes *to*, whoever sat there; their connection goes on."""
        send = self._seats.pop((encounter, seat), None)
        self._seats.pop((encounter, to), None)
        if send is not None:
            self._seats[encounter, to] = send
        if encounter in self._rooms:
            self._rooms[encounter] = self._rooms[encounter].promote(seat, to)

    def taken(self, encounter: EncounterId, seat: Seat) -> bool:
        return (encounter, seat) in self._seats

    def relay(self, encounter: EncounterId, sender: Seat, seat: Seat, signal: Signal) -> None:
        """Hand *signal* to *seat*, now or when it is taken again."""
        if not {"interpreter", "speaker"}.isdisjoint((sender, seat)) or sender == "colleague":
            signal = {**signal, "seat": sender}
        send = self._seats.get((encounter, seat))
        if send is not None:
            send(signal)
        else:
            room = self._rooms.get(encounter, Room())
            self._rooms[encounter] = room.leave(seat, sender, signal)

    def close(self, encounter: EncounterId) -> None:
        self._rooms.pop(encounter, None)
        for seat in SEATS:
            self._seats.pop((encounter, seat), None)
