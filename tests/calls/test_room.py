"""Two seats, and what waits for one that is empty for a moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.calls.room import WAITING, WAITING_BYTES, Room, Seat, Signal, other
from accompany.calls.signaling import Rooms
from accompany.ids import EncounterId

ONE = EncounterId("1" * 32)
SEATS: tuple[Seat, Seat] = ("caller", "attorney")


def test_each_seat_has_the_other_one() -> None:
    assert [other(seat) for seat in SEATS] == ["attorney", "caller"]


@given(st.lists(st.tuples(st.sampled_from(SEATS), st.integers()), max_size=30))
def test_signals_wait_for_their_seat_in_order(left: list[tuple[Seat, int]]) -> None:
    room = Room()
    for seat, number in left:
        room = room.leave(seat, {"candidate": number})
    for seat in SEATS:
        expected = tuple({"candidate": number} for to, number in left if to == seat)
        assert room.waiting(seat) == expected
        assert room.collect(seat).waiting(seat) == ()
        assert room.collect(seat).waiting(other(seat)) == room.waiting(other(seat))


def test_a_note_begins_a_new_connection_and_voids_what_waited() -> None:
    room = Room().leave("caller", {"candidate": 1}).leave("attorney", {"candidate": 2})
    room = room.leave("caller", {"note": "offer"}).leave("caller", {"candidate": 3})
    assert room.waiting("caller") == ({"note": "offer"}, {"candidate": 3})
    assert room.waiting("attorney") == ({"candidate": 2},)


def test_only_the_newest_signals_wait() -> None:
    room = Room()
    for number in range(WAITING + 50):
        room = room.leave("caller", {"candidate": number})
    assert [one["candidate"] for one in room.waiting("caller")] == list(range(50, WAITING + 50))


def test_signals_that_wait_are_bounded_in_bytes() -> None:
    room = Room()
    large = "x" * 60_000
    for number in range(WAITING):
        room = room.leave("caller", {"candidate": {"n": number, "text": large}})
    held = room.waiting("caller")
    assert sum(len(str(one)) for one in held) <= WAITING_BYTES
    assert held[-1]["candidate"]["n"] == WAITING - 1
    assert len(held) > 10


class Line:
    def __init__(self) -> None:
        self.got: list[Signal] = []

    def send(self, signal: Signal) -> None:
        self.got.append(signal)


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


def test_a_signal_goes_to_the_other_seat(rooms: Rooms) -> None:
    caller, attorney = Line(), Line()
    rooms.sit(ONE, "caller", caller.send)
    rooms.sit(ONE, "attorney", attorney.send)
    rooms.relay(ONE, "caller", {"note": "answer"})
    rooms.relay(ONE, "attorney", {"note": "offer"})
    assert (caller.got, attorney.got) == ([{"note": "offer"}], [{"note": "answer"}])


def test_an_empty_seat_gets_what_waited_once(rooms: Rooms) -> None:
    attorney = Line()
    rooms.sit(ONE, "attorney", attorney.send)
    rooms.relay(ONE, "attorney", {"note": "offer"})
    rooms.relay(ONE, "attorney", {"candidate": 1})
    first, again = Line(), Line()
    rooms.sit(ONE, "caller", first.send)
    rooms.sit(ONE, "caller", again.send)
    assert first.got == [{"note": "offer"}, {"candidate": 1}]
    assert again.got == []


def test_the_last_one_seated_speaks_and_only_they_leave_it_empty(rooms: Rooms) -> None:
    old, new = Line(), Line()
    rooms.sit(ONE, "caller", old.send)
    rooms.sit(ONE, "caller", new.send)
    rooms.relay(ONE, "attorney", {"candidate": 1})
    assert (old.got, new.got) == ([], [{"candidate": 1}])
    rooms.rise(ONE, "caller", old.send)
    assert rooms.taken(ONE, "caller")
    rooms.rise(ONE, "caller", new.send)
    assert not rooms.taken(ONE, "caller")


def test_a_closed_room_holds_nothing(rooms: Rooms) -> None:
    caller, late = Line(), Line()
    rooms.sit(ONE, "caller", caller.send)
    rooms.relay(ONE, "caller", {"candidate": 1})
    rooms.close(ONE)
    assert not rooms.taken(ONE, "caller")
    rooms.sit(ONE, "attorney", late.send)
    assert late.got == []
