"""Figures from a real database: fine, then folded by a moved clock; nothing is lost or repeated."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accompany.adapters.figures import SqliteFigures
from accompany.adapters.sqlite import Database, SqlitePresses
from accompany.dispatch.events import (
    Answered,
    CalledBack,
    Ended,
    Event,
    Heard,
    Promised,
    Returned,
    Rung,
    Withdrawn,
)
from accompany.dispatch.ports import Pressed
from accompany.dispatch.replaying import replay
from accompany.dispatch.roster import Press
from accompany.dispatch.statistics import DAY, FINE_DAYS, Figures
from accompany.ids import CardSerial, EncounterId

ADA, BEN = CardSerial("a" * 32), CardSerial("b" * 32)
MONDAY = 20_000 * DAY
NOW = MONDAY + DAY // 2
LATER = MONDAY + (FINE_DAYS + 1) * DAY


class Night:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "accompany.sqlite"
        self.database = Database(self.path)
        self.presses = SqlitePresses(self.database)
        self.figures = SqliteFigures(self.database, self.path)
        self._begun = 0

    def press(self, at: int, *events: Event, state: str = "TX") -> EncounterId:
        self._begun += 1
        encounter = EncounterId(f"{self._begun:032}")
        self.presses.begin(Pressed(encounter, Press(state, "es", at), b"secret"))
        for number, event in enumerate(events):
            assert self.presses.append(encounter, number, event)
        return encounter

    def answered(self, at: int, after: int, by: CardSerial = ADA) -> EncounterId:
        return self.press(
            at, Rung((ADA, BEN), at), Answered(by, at + after, "own channel"),
            Heard(at + after + 700), Returned("caller", at + 60_000), Ended("caller", at + 90_000),
        )  # fmt: skip

    def all(self) -> Figures:
        found = Figures()
        for _, day in self.figures.days(0, LATER * 2):
            found.add(day)
        return found

    def fold(self, now: int) -> int:
        return sum(self.figures.fold(now))


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    one = Night(tmp_path)
    yield one
    one.database.close()


def test_what_happened_is_counted_by_day(night: Night) -> None:
    night.answered(NOW, 4200)
    night.answered(NOW + DAY, 12_000, BEN)
    night.press(NOW, Withdrawn(NOW + 20_000), state="CA")
    night.press(NOW, Rung((ADA,), NOW))
    (first, monday), (second, tuesday) = night.figures.days(NOW, NOW + 2 * DAY)
    assert (first, second) == (MONDAY, MONDAY + DAY)
    assert (monday.all.presses, monday.all.answered, monday.all.abandoned) == (2, 1, 1)
    assert monday.all.answer == {4200: 1}
    assert monday.all.sound == {4900: 1}
    assert set(monday.state) == {"TX", "CA"}
    assert monday.channel["own channel"].answered == 1
    assert monday.people == {ADA: 1}
    assert tuesday.people == {BEN: 1}
    assert [found for found, _, _ in night.figures.courses(NOW + DAY, NOW + 2 * DAY)] == (
        [EncounterId(f"{2:032}")]
    )


def test_lags_are_part_of_it(night: Night) -> None:
    one = night.answered(NOW, 4200)
    assert night.figures.without_lags(NOW, NOW + DAY) == [one]
    night.figures.keep_lags(one, {200: 3, 1500: 1})
    assert night.figures.without_lags(NOW, NOW + DAY) == []
    assert night.all().all.lag == {200: 3, 1500: 1}


def test_after_thirty_days_only_the_day_is_left(night: Night) -> None:
    case = night.answered(NOW, 4200)
    night.figures.keep_lags(case, {1500: 1})
    gone = night.press(NOW, Withdrawn(NOW + 20_000))
    before = night.all()
    assert night.fold(NOW + FINE_DAYS * DAY) == 0, "the thirtieth day is whole"
    assert night.fold(LATER) == 2
    assert night.all() == before.coarse()
    assert night.fold(LATER) == 0
    assert night.all() == before.coarse()
    assert night.figures.courses(0, LATER) == []
    # What an attorney's case needs is still there, by the day.
    pressed = night.presses.find(case)
    assert pressed is not None
    assert (pressed.press, pressed.secret) == (Press("TX", "es", MONDAY), b"secret")
    assert night.presses.events(case) == [Answered(ADA, MONDAY), Ended("caller", MONDAY)]
    assert night.presses.answered_by(ADA) == [case]
    assert replay(MONDAY, night.presses.events(gone)).over
    assert not night.presses.begin(Pressed(case, Press("TX", "es", LATER), b"other"))


def test_no_fine_time_is_left_in_the_file(night: Night) -> None:
    night.answered(NOW, 4321)
    needles = [(NOW + time).to_bytes(8, "big")[2:] for time in (4321, 5021, 60_000)]
    night.database.row("PRAGMA wal_checkpoint(TRUNCATE)")
    assert all(one in night.path.read_bytes() for one in needles)
    assert night.fold(LATER) == 1
    night.database.row("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = night.path.read_bytes()
    assert not any(one in kept for one in needles)


def test_a_callback_that_is_owed_waits_for_whoever_owes_it(night: Night) -> None:
    owed = night.press(
        NOW, Promised(ADA, NOW + DAY, NOW + 24_000), Withdrawn(NOW + 30_000)
    )  # fmt: skip
    assert night.fold(LATER) == 0
    assert night.presses.promised() == [owed]
    night.presses.append(owed, 2, CalledBack(ADA, LATER))
    assert night.fold(LATER) == 1
    assert (night.all().all.promised, night.all().all.called_back) == (1, 1)
    assert night.presses.promised() == []


def test_what_comes_late_is_added_to_its_day(night: Night) -> None:
    night.answered(NOW, 4000)
    assert night.fold(LATER) == 1
    night.answered(NOW + 1, 6000, BEN)
    assert night.fold(LATER) == 1
    assert night.all().all.answer == {4000: 1, 6000: 1}
    assert night.all().people == {ADA: 1, BEN: 1}


def test_a_crash_while_folding_loses_and_repeats_nothing(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        night.answered(NOW + n, 4000 + n)
    before = night.all()
    whole = night.figures._forget
    calls = 0

    def crashing(*given: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError("power is gone")
        whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(night.figures, "_forget", crashing)
    with pytest.raises(RuntimeError):
        night.fold(LATER)
    assert night.all() == before
    assert night.fold(LATER) == 5
    assert night.all() == before.coarse()


def test_many_presses_are_folded_a_few_at_a_time(night: Night) -> None:
    for n in range(25):
        night.answered(NOW + n, 4000)
    assert list(night.figures.fold(LATER)) == [10, 10, 5]
    assert night.all().all.answer == {4000: 25}


def test_a_database_of_before_has_figures_at_once(tmp_path: Path) -> None:
    """A server that was made new finds the presses of its last life, and folds them."""
    first = Database(tmp_path / "accompany.sqlite")
    presses = SqlitePresses(first)
    presses.begin(Pressed(EncounterId("1" * 32), Press("TX", "es", NOW), b"secret"))
    presses.append(EncounterId("1" * 32), 0, Answered(ADA, NOW + 3000))
    presses.append(EncounterId("1" * 32), 1, Ended("attorney", NOW + 9000))
    first.close()
    night = Night(tmp_path)
    assert night.all().all.answer == {3000: 1}
    assert night.fold(LATER) == 1
    night.database.close()
    again = Night(tmp_path)
    assert again.all().all.answer == {3000: 1}
    again.database.close()
