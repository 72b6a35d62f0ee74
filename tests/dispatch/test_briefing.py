"""A briefing: one attorney speaks to many who wait, and nobody waits the longer for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from accompany.adapters.sqlite import Database, SqlitePresses
from accompany.dispatch.events import Briefed, Hushed
from accompany.dispatch.memory import MemoryPresses
from accompany.dispatch.ports import NoBells, Pressed, Presses
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.rules import Rules
from accompany.dispatch.runner import Desk
from accompany.dispatch.statistics import course
from accompany.errors import Forbidden
from accompany.ids import CardSerial, EncounterId

ADA, BEN = CardSerial("a" * 32), CardSerial("b" * 32)
RULES = Rules(surge_waiting=2, wrap_up=0, surge_wrap_up=0, misses=1_000)
LATE = RULES.late
ONE, TWO, THREE, FOUR = (EncounterId(f"{n}" * 32) for n in range(1, 5))


def attorney(serial: CardSerial, states: str = "TX", tongues: str = "en") -> OnDuty:
    words = frozenset(states.split())
    return OnDuty(serial, f"Name {serial[0]}", words, tuple(tongues.split()), 0)


def desk_with(
    *people: OnDuty, presses: Presses | None = None, rules: Rules = RULES, now: int = 0
) -> Desk:
    desk = Desk(presses or MemoryPresses(), lambda standing: None, rules, NoBells(), now)
    for one in people:
        desk.go_on_duty(one)
    return desk


def press(desk: Desk, *encounters: EncounterId, at: int = 0, state: str = "TX") -> None:
    for one in encounters:
        desk.begin(Pressed(one, Press(state, "en", at), b""))


def surge(*people: OnDuty, rules: Rules = RULES) -> Desk:
    """Return a desk at which One and Two wait long."""
    desk = desk_with(*people, rules=rules)
    press(desk, ONE, TWO)
    desk.tick(LATE)
    return desk


def test_one_speaks_to_all_who_wait_long_and_everybody_else_rings_on() -> None:
    desk = surge(attorney(ADA), attorney(BEN))
    assert desk.to_brief(ADA) == [ONE, TWO]
    desk.brief(ADA, LATE + 1)
    assert desk.people.listeners(ADA) == [ONE, TWO]
    for one in (ONE, TWO):
        standing = desk.standing(one)
        # It is no answer: others ring, and whoever speaks does not.
        assert (standing.speaker, standing.stage, standing.loud) == (ADA, "ringing", (BEN,))
    assert (desk.to_brief(ADA), desk.to_brief(BEN)) == ([], [])


def test_whoever_is_answered_leaves_it_and_the_others_hear_on() -> None:
    desk = surge(attorney(ADA), attorney(BEN))
    desk.brief(ADA, LATE + 1)
    assert desk.answer(ONE, BEN, LATE + 2)
    assert (desk.standing(ONE).speaker, desk.standing(TWO).speaker) == (None, ADA)
    desk.end(TWO, "caller", LATE + 3)
    # Nobody is left to speak to: it is over by itself, and whoever spoke is free.
    assert desk.people.listeners(ADA) == []
    assert desk.people.free(ADA, LATE + 3)


def test_whoever_begins_to_wait_long_meanwhile_comes_in() -> None:
    desk = surge(attorney(ADA))
    desk.brief(ADA, LATE + 1)
    press(desk, THREE, at=LATE + 2)
    assert desk.standing(THREE).speaker is None
    desk.tick(LATE + 2 + LATE)
    assert desk.standing(THREE).speaker == ADA


def test_hushed_everybody_waits_on_and_whoever_spoke_is_rung_again() -> None:
    desk = surge(attorney(ADA))
    desk.brief(ADA, LATE + 1)
    assert desk.standing(ONE).loud == ()
    desk.hush(ADA, LATE + 2)
    for one in (ONE, TWO):
        assert (desk.standing(one).speaker, desk.standing(one).loud) == (None, (ADA,))
    assert desk.answer(ONE, ADA, LATE + 3)


def test_only_callers_who_may_be_advised_and_understand_are_spoken_to() -> None:
    desk = desk_with(attorney(ADA), attorney(BEN, "CA"))
    press(desk, ONE, TWO)
    press(desk, THREE, state="CA")
    desk.begin(Pressed(FOUR, Press("TX", "es", 0), b""))
    desk.tick(LATE)
    assert (desk.to_brief(ADA), desk.to_brief(BEN)) == ([ONE, TWO], [THREE])
    assert [desk.could_brief(one, desk.unheard()) for one in (ADA, BEN, "c" * 32)] == [2, 1, 0]  # type: ignore[arg-type]
    desk.conflict(TWO, ADA, LATE)
    desk.brief(ADA, LATE)
    assert [desk.standing(one).speaker for one in (ONE, TWO, THREE, FOUR)] == [ADA, *[None] * 3]
    desk.conflict(ONE, ADA, LATE + 1)
    assert desk.standing(ONE).speaker is None


def test_nobody_speaks_to_many_without_a_surge_in_a_call_or_where_it_is_not_wanted() -> None:
    calm = desk_with(attorney(ADA))
    press(calm, ONE)
    calm.tick(LATE)
    with pytest.raises(Forbidden, match="needs a surge"):
        calm.brief(ADA, LATE)
    off = surge(attorney(ADA), rules=replace(RULES, briefing=0))
    with pytest.raises(Forbidden, match="needs a surge"):
        off.brief(ADA, LATE)
    busy = surge(attorney(ADA), attorney(BEN))
    press(busy, THREE)
    busy.tick(LATE)
    assert busy.answer(ONE, ADA, LATE)
    with pytest.raises(Forbidden, match="the call before"):
        busy.brief(ADA, LATE)
    busy.brief(BEN, LATE)
    with pytest.raises(Forbidden, match="the briefing to be over"):
        busy.answer(TWO, BEN, LATE)


def test_to_as_many_as_the_line_carries_whoever_waits_longest_first() -> None:
    desk = desk_with(attorney(ADA), rules=replace(RULES, briefing=2))
    press(desk, THREE, ONE)
    press(desk, TWO, at=1)
    desk.tick(LATE + 1)
    desk.brief(ADA, LATE + 1)
    assert desk.people.listeners(ADA) == [ONE, THREE]
    desk.end(ONE, "caller", LATE + 2)
    # There is room again: whoever waits longest of the others comes in.
    assert desk.people.listeners(ADA) == [TWO, THREE]


def test_going_off_duty_ends_it() -> None:
    desk = surge(attorney(ADA))
    desk.brief(ADA, LATE)
    desk.go_off_duty(ADA)
    assert desk.standing(ONE).speaker is None
    desk.go_on_duty(attorney(ADA))
    assert desk.standing(ONE).loud == (ADA,)


def test_a_restart_knows_who_speaks_and_waits_for_them_as_for_any_line(tmp_path: Path) -> None:
    presses = SqlitePresses(Database(tmp_path / "accompany.sqlite"))
    desk = desk_with(attorney(ADA), presses=presses)
    press(desk, ONE, TWO)
    desk.tick(LATE)
    desk.brief(ADA, LATE)
    back = LATE + 1000
    again = desk_with(presses=presses, now=back)
    assert again.people.listeners(ADA) == [ONE, TWO]
    again.tick(back + RULES.reconnect - 1)
    assert again.standing(ONE).speaker == ADA
    again.go_on_duty(attorney(ADA))
    again.tick(back + 2 * RULES.reconnect)
    assert again.standing(ONE).speaker == ADA
    gone = desk_with(presses=presses, now=back)
    gone.tick(back + RULES.reconnect)
    assert gone.standing(ONE).speaker is None
    assert [one for one in presses.events(ONE) if isinstance(one, Briefed | Hushed)] == [
        Briefed(ADA, LATE), Hushed(ADA, back + RULES.reconnect),
    ]  # fmt: skip


def test_a_briefing_counts_as_no_answer() -> None:
    presses = MemoryPresses()
    desk = desk_with(attorney(ADA), presses=presses)
    press(desk, ONE, TWO)
    desk.tick(LATE)
    desk.brief(ADA, LATE)
    desk.end(ONE, "caller", LATE + 10)
    found = course(Press("TX", "en", 0), presses.events(ONE))
    assert (found.answered, found.gone) == (None, LATE + 10)
