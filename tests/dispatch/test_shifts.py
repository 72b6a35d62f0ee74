"""Shifts: weekly patterns, exceptions, swaps, and what clocks do to them."""

from datetime import UTC, date, datetime

import pytest

from accompany.dispatch.roster import OnDuty
from accompany.dispatch.shifts import (
    Dates,
    Extra,
    Hours,
    License,
    Member,
    Off,
    Roster,
    RosterShifts,
    Rule,
    Span,
    Swap,
    Weekly,
    span,
)
from accompany.ids import CardSerial

CHICAGO = "America/Chicago"
NIGHT = Hours(22 * 60, 6 * 60)
DAYTIME = Hours(9 * 60, 17 * 60)
EVERY_DAY = frozenset(range(7))
MON = date(2026, 11, 23)
ADA = Member("ada", "Ada", "attorney", CHICAGO, ("en",), (), (License("TX", MON),))
BEN = Member("ben", "Ben", "attorney", "America/New_York", volunteer=True)


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def spans(*rules: Rule, person: str = "ada", first: date = MON, last: date = MON) -> list[Span]:
    return Roster((ADA, BEN), rules).spans(first, last).get(person, [])


def dates(first: str, last: str | None = None) -> Dates:
    return Dates(date.fromisoformat(first), date.fromisoformat(last or first))


def test_a_weekly_shift_is_told_in_its_persons_time_and_may_cross_midnight() -> None:
    weekly = Weekly("ada", frozenset({0}), NIGHT)
    assert spans(weekly, last=date(2026, 12, 1)) == [
        Span(utc("2026-11-24T04:00"), utc("2026-11-24T12:00"), "console"),
        Span(utc("2026-12-01T04:00"), utc("2026-12-01T12:00"), "console"),
    ]
    whole = Weekly("ada", EVERY_DAY, Hours(0, 24 * 60))
    assert spans(whole, last=date(2026, 11, 24)) == [
        Span(utc("2026-11-23T06:00"), utc("2026-11-25T06:00"), "console")
    ]


@pytest.mark.parametrize(
    ("day", "hours", "start", "end"),
    [
        # 8 March 2026: 02:00 to 03:00 is left out. A night is an hour shorter.
        ((2026, 3, 7), NIGHT, "2026-03-08T04:00", "2026-03-08T11:00"),
        # What begins or ends in the hour left out begins or ends where the clocks jump.
        ((2026, 3, 8), Hours(150, 240), "2026-03-08T08:00", "2026-03-08T09:00"),
        ((2026, 3, 8), Hours(60, 150), "2026-03-08T07:00", "2026-03-08T08:00"),
        # 1 November 2026: 01:00 to 02:00 comes twice. A night is an hour longer.
        ((2026, 10, 31), NIGHT, "2026-11-01T03:00", "2026-11-01T12:00"),
        # Begins at the first 01:30, ends at the second: no gap between two who meet there.
        ((2026, 11, 1), Hours(90, 240), "2026-11-01T06:30", "2026-11-01T10:00"),
        ((2026, 11, 1), Hours(0, 90), "2026-11-01T05:00", "2026-11-01T07:30"),
    ],
)
def test_clock_changes_lengthen_and_shorten_and_leave_no_gap(
    day: tuple[int, int, int], hours: Hours, start: str, end: str
) -> None:
    found = span(date(*day), hours, CHICAGO)
    assert (found.start, found.end) == (utc(start), utc(end))


def test_exceptions_take_days_and_extras_give_them() -> None:
    weekly = Weekly("ada", EVERY_DAY, DAYTIME, Dates(MON, date(2026, 11, 26)))
    off = Off("ada", dates("2026-11-24", "2026-11-25"))
    extra = Extra("ada", Hours(0, 60, "on call"), dates("2026-11-25"))
    found = spans(weekly, off, extra, first=date(2026, 11, 20), last=date(2026, 11, 30))
    assert [(one.start, one.mode) for one in found] == [
        (utc("2026-11-23T15:00"), "console"),
        (utc("2026-11-25T06:00"), "on call"),
        (utc("2026-11-26T15:00"), "console"),
    ]


def test_a_swap_gives_the_shift_to_another_at_its_own_times_unless_they_are_off() -> None:
    weekly = Weekly("ada", EVERY_DAY, DAYTIME)
    swap = Swap("ada", "ben", dates("2026-11-24"))
    tuesday = date(2026, 11, 24)
    assert spans(weekly, swap, first=tuesday, last=tuesday) == []
    assert spans(weekly, swap, person="ben", first=tuesday, last=tuesday) == [
        Span(utc("2026-11-24T15:00"), utc("2026-11-24T23:00"), "console")
    ]
    off = Off("ben", dates("2026-11-24"))
    assert spans(weekly, swap, off, person="ben", first=tuesday, last=tuesday) == []


def on_duty(name: str, serial: str = "x", states: str = "TX CA") -> OnDuty:
    return OnDuty(CardSerial(serial), name, frozenset(states.split()), ("en",), 0)


def test_who_is_on_shift_and_until_when_that_stays_so() -> None:
    shifts = RosterShifts(Roster((ADA, BEN), (Weekly("ada", frozenset({0}), DAYTIME),)))
    nine, five = utc("2026-11-23T15:00"), utc("2026-11-23T23:00")
    assert shifts.on_shift(on_duty("Ada"), nine - 1) == (False, nine)
    assert shifts.on_shift(on_duty("Ada"), nine) == (True, five)
    assert shifts.on_shift(on_duty("Ada"), five - 1) == (True, five)
    on, until = shifts.on_shift(on_duty("Ada"), five)
    assert (on, until) == (False, utc("2026-11-30T15:00"))
    # Weeks later the roster is looked through anew.
    later = utc("2027-01-04T16:00")
    assert shifts.on_shift(on_duty("Ada"), later) == (True, utc("2027-01-04T23:00"))


def test_whom_the_roster_does_not_name_is_on_shift_when_on_duty() -> None:
    shifts = RosterShifts(Roster((ADA,), ()))
    assert shifts.on_shift(on_duty("Somebody"), 0) == (True, None)
    assert shifts.refine(on_duty("Somebody")) == on_duty("Somebody")


def test_the_roster_takes_from_the_card_and_never_adds_to_it() -> None:
    shifts = RosterShifts(Roster((ADA, BEN), ()))
    assert shifts.refine(on_duty("Ada")).states == {"TX"}
    assert shifts.refine(on_duty("Ada", states="CA")).states == frozenset()
    assert shifts.refine(on_duty("Ben")).states == {"TX", "CA"}
    assert [shifts.volunteers(on_duty(name)) for name in ("Ada", "Ben")] == [False, True]


def test_a_card_counts_before_a_name() -> None:
    carded = Member("ada", "Ada", "interpreter", "UTC", card="c")
    shifts = RosterShifts(Roster((carded,), ()))
    assert shifts.refine(on_duty("Other name", "c")).role == "interpreter"
    assert shifts.refine(on_duty("Ada", "x")).role == "attorney"


def test_on_call_is_told_apart_from_the_console_and_until_when() -> None:
    rules = (
        Weekly("ada", EVERY_DAY, Hours(22 * 60, 6 * 60, "on call")),
        Weekly("ada", EVERY_DAY, DAYTIME),
        Weekly("ben", EVERY_DAY, DAYTIME),
    )
    shifts = RosterShifts(Roster((ADA, BEN), rules))
    ada = OnDuty(CardSerial("a" * 32), "Ada", frozenset({"TX"}), ("en",), 0)
    night, noon = utc("2026-11-24T05:00"), utc("2026-11-24T18:00")
    assert shifts.called(night) == [(ADA, utc("2026-11-24T12:00"))]
    assert shifts.on_call(ada, night) == utc("2026-11-24T12:00")
    assert shifts.called(noon) == []
    assert shifts.on_call(ada, noon) is None
    assert shifts.on_shift(ada, noon)[0]
