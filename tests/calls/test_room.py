"""Three seats, and what waits for one that is empty for a moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.calls.room import SEATS, WAITING, WAITING_BYTES, Room, Seat, Signal
from accompany.calls.signaling import Rooms
from accompany.ids import EncounterId

ONE = EncounterId("1" * 32)
pairs = st.tuples(st.sampled_from(SEATS), st.sampled_from(SEATS)).filter(
    lambda one: one[0] != one[1]
)


@given(st.lists(st.tuples(pairs, st.integers()), max_size=30))
def test_signals_wait_for_their_seat_in_the_order_of_each_sender(
    left: list[tuple[tuple[Seat, Seat], int]],
) -> None:
    room = Room()
    for (seat, sender), number in left:
        room = room.leave(seat, sender, {"from": sender, "candidate": number})
    for seat in SEATS:
        waits = room.waiting(seat)
        for sender in SEATS:
            expected = [number for (to, by), number in left if (to, by) == (seat, sender)]
            assert [one["candidate"] for one in waits if one["from"] == sender] == expected
        assert room.collect(seat).waiting(seat) == ()
        for other in SEATS:
            if other != seat:
                assert room.collect(seat).waiting(other) == room.waiting(other)


def test_a_note_begins_a_new_connection_and_voids_what_waited_of_its_sender() -> None:
    room = Room().leave("caller", "attorney", {"candidate": 1})
    room = room.leave("attorney", "caller", {"candidate": 2})
    room = room.leave("caller", "interpreter", {"candidate": 3})
    room = room.leave("caller", "attorney", {"note": "offer"})
    room = room.leave("caller", "attorney", {"candidate": 4})
    assert room.waiting("caller") == ({"note": "offer"}, {"candidate": 4}, {"candidate": 3})
    assert room.waiting("attorney") == ({"candidate": 2},)


def test_nothing_waits_for_who_left_nor_of_them() -> None:
    room = Room().leave("caller", "interpreter", {"candidate": 1})
    room = room.leave("interpreter", "attorney", {"candidate": 2})
    room = room.leave("caller", "attorney", {"candidate": 3}).vacate("interpreter")
    assert [room.waiting(seat) for seat in SEATS] == [({"candidate": 3},), (), (), (), ()]


def test_only_the_newest_signals_wait() -> None:
    room = Room()
    for number in range(WAITING + 50):
        room = room.leave("caller", "attorney", {"candidate": number})
    assert [one["candidate"] for one in room.waiting("caller")] == list(range(50, WAITING + 50))


def test_signals_that_wait_are_bounded_in_bytes() -> None:
    room = Room()
    large = "x" * 60_000
    for number in range(WAITING):
        room = room.leave("caller", "attorney", {"candidate": {"n": number, "text": large}})
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


def test_a_signal_between_the_two_goes_over_as_it_is(rooms: Rooms) -> None:
    caller, attorney = Line(), Line()
    rooms.sit(ONE, "caller", caller.send)
    rooms.sit(ONE, "attorney", attorney.send)
    rooms.relay(ONE, "caller", "attorney", {"note": "answer"})
    rooms.relay(ONE, "attorney", "caller", {"note": "offer"})
    assert (caller.got, attorney.got) == ([{"note": "offer"}], [{"note": "answer"}])


def test_a_signal_from_or_to_an_interpreter_says_whose_it_is(rooms: Rooms) -> None:
    caller, attorney, interpreter = Line(), Line(), Line()
    rooms.sit(ONE, "caller", caller.send)
    rooms.sit(ONE, "attorney", attorney.send)
    rooms.relay(ONE, "attorney", "interpreter", {"candidate": 1})
    rooms.sit(ONE, "interpreter", interpreter.send)
    rooms.relay(ONE, "caller", "interpreter", {"candidate": 2})
    rooms.relay(ONE, "interpreter", "caller", {"candidate": 3, "seat": "attorney"})
    rooms.relay(ONE, "interpreter", "attorney", {"candidate": 4})
    assert caller.got == [{"candidate": 3, "seat": "interpreter"}]
    assert attorney.got == [{"candidate": 4, "seat": "interpreter"}]
    assert interpreter.got == [
        {"candidate": 1, "seat": "attorney"},
        {"candidate": 2, "seat": "caller"},
    ]


def test_a_seat_that_is_vacated_is_empty_and_forgets_what_waited(rooms: Rooms) -> None:
    first, next_one = Line(), Line()
    rooms.sit(ONE, "interpreter", first.send)
    rooms.relay(ONE, "interpreter", "caller", {"note": "offer"})
    rooms.vacate(ONE, "interpreter")
    assert not rooms.taken(ONE, "interpreter")
    rooms.relay(ONE, "caller", "interpreter", {"candidate": 1})
    caller = Line()
    rooms.sit(ONE, "caller", caller.send)
    rooms.sit(ONE, "interpreter", next_one.send)
    assert (first.got, caller.got) == ([], [])
    assert next_one.got == [{"candidate": 1, "seat": "caller"}]


def test_an_empty_seat_gets_what_waited_once(rooms: Rooms) -> None:
    attorney = Line()
    rooms.sit(ONE, "attorney", attorney.send)
    rooms.relay(ONE, "attorney", "caller", {"note": "offer"})
    rooms.relay(ONE, "attorney", "caller", {"candidate": 1})
    first, again = Line(), Line()
    rooms.sit(ONE, "caller", first.send)
    rooms.sit(ONE, "caller", again.send)
    assert first.got == [{"note": "offer"}, {"candidate": 1}]
    assert again.got == []


def test_the_last_one_seated_speaks_and_only_they_leave_it_empty(rooms: Rooms) -> None:
    old, new = Line(), Line()
    rooms.sit(ONE, "caller", old.send)
    rooms.sit(ONE, "caller", new.send)
    rooms.relay(ONE, "attorney", "caller", {"candidate": 1})
    assert (old.got, new.got) == ([], [{"candidate": 1}])
    rooms.rise(ONE, "caller", old.send)
    assert rooms.taken(ONE, "caller")
    rooms.rise(ONE, "caller", new.send)
    assert not rooms.taken(ONE, "caller")


def test_a_closed_room_holds_nothing(rooms: Rooms) -> None:
    caller, late = Line(), Line()
    rooms.sit(ONE, "caller", caller.send)
    rooms.relay(ONE, "caller", "attorney", {"candidate": 1})
    rooms.close(ONE)
    assert not rooms.taken(ONE, "caller")
    rooms.sit(ONE, "attorney", late.send)
    assert late.got == []
