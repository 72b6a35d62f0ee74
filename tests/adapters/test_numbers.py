"""Sealed numbers on the disk: kept, and gone from every file once they are forgotten."""

import secrets
from pathlib import Path

import pytest

from accompany.adapters.numbers import SqliteNumbers
from accompany.adapters.sqlite import Database
from accompany.dispatch.numbers import SealedNumber
from accompany.errors import Damaged
from accompany.ids import CardSerial, EncounterId
from thief import holding

HERE, THERE = EncounterId("a" * 32), EncounterId("b" * 32)
ADA, CUSTODIAN = CardSerial("c" * 32), CardSerial("custodian")


def copy(holder: CardSerial = ADA, encounter: EncounterId = HERE) -> SealedNumber:
    return SealedNumber(encounter, holder, secrets.token_bytes(3000))


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    database = Database(tmp_path / "one.sqlite")
    numbers = SqliteNumbers(database)
    ours, ada, theirs = copy(CUSTODIAN), copy(), copy(encounter=THERE)
    numbers.put([ours])
    numbers.give(ada)
    numbers.put([theirs])
    # As killed: nothing is closed.
    again = SqliteNumbers(Database(tmp_path / "one.sqlite"))
    for one in (numbers, again):
        assert one.of(HERE) == {CUSTODIAN: ours.sealed, ADA: ada.sealed}
        assert one.of(THERE) == {ADA: theirs.sealed}
        assert one.left() == {HERE, THERE}


def test_another_number_takes_the_place_of_all_copies_of_the_one_before(tmp_path: Path) -> None:
    numbers = SqliteNumbers(Database(tmp_path / "one.sqlite"))
    before, after = [copy(), copy(CUSTODIAN)], copy()
    numbers.put(before)
    numbers.put([after])
    assert numbers.of(HERE) == {ADA: after.sealed}
    assert all(holding(tmp_path, one.sealed[:64], exact=True) == [] for one in before)


def test_what_is_forgotten_is_in_no_file_any_more(tmp_path: Path) -> None:
    numbers = SqliteNumbers(Database(tmp_path / "one.sqlite"))
    one, other = copy(), copy(encounter=THERE)
    numbers.put([one])
    numbers.put([other])
    assert holding(tmp_path, one.sealed[:64], exact=True) != []
    assert numbers.forget(HERE)
    assert holding(tmp_path, one.sealed[:64], exact=True) == []
    assert not numbers.forget(HERE)
    assert (numbers.left(), numbers.of(HERE)) == ({THERE}, {})
    assert numbers.of(THERE) == {ADA: other.sealed}


def test_a_crash_between_forgetting_and_emptying_leaves_nothing_after_the_next_start(
    tmp_path: Path,
) -> None:
    database = Database(tmp_path / "one.sqlite")
    numbers, one = SqliteNumbers(database), copy()
    numbers.put([one])
    numbers.give(one)
    database.do("DELETE FROM callback_numbers")
    assert holding(tmp_path, one.sealed[:64], exact=True) != []
    SqliteNumbers(Database(tmp_path / "one.sqlite"))
    assert holding(tmp_path, one.sealed[:64], exact=True) == []


def test_a_row_that_nothing_here_writes_is_said(tmp_path: Path) -> None:
    database = Database(tmp_path / "one.sqlite")
    numbers = SqliteNumbers(database)
    database.do("INSERT INTO callback_numbers VALUES (?, ?, ?)", HERE, ADA, "text")
    with pytest.raises(Damaged):
        numbers.of(HERE)
