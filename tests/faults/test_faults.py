"""The fault run in short: one or a few of each kind; `scripts/faults` is the long form."""

import warnings
from pathlib import Path

import pytest

from faults.bending import Left, flip_bits, lose_the_last_batch, make_holes, tear
from faults.clock import set_the_clock
from faults.erasing import PART, Erasing
from faults.failing import Failing
from faults.filling import fill_on_and_on, fill_the_disk, small_disk
from faults.killing import kill_again_and_again
from faults.restoring import restore_an_older_one
from faults.strace import Fault, strace
from faults.telling import silent

pytestmark = pytest.mark.fault
SEED = 4

IN_SHORT = [
    Fault("journal", "fdatasync", "EIO", 3),
    Fault("index", "fdatasync", "EIO", 1),
]


def test_nothing_acknowledged_is_missing_however_often_the_server_is_killed(tmp_path: Path) -> None:
    assert "killed" in kill_again_and_again(tmp_path, 2, SEED, silent).words


def test_a_call_that_fails_ends_the_server_or_harms_nothing(tmp_path: Path) -> None:
    program = strace()
    if program is None:
        skip_loudly("no strace can be installed or used here: NO SYSTEM CALL WAS LET FAIL")
    failing = Failing(tmp_path, program, SEED)
    failing.later_starts(IN_SHORT, silent)
    failing.first_starts([Fault("keys and small files", "fsync", "EIO", 2)], silent)
    assert failing.injected == len(IN_SHORT) + 1


def test_a_deletion_of_which_a_call_fails_leaves_nothing_of_it_and_all_of_what_lies_beside_it(
    tmp_path: Path,
) -> None:
    program = strace()
    if program is None:
        skip_loudly("no strace can be installed or used here: NO SYSTEM CALL WAS LET FAIL")
    erasing = Erasing(tmp_path, program, SEED)
    erasing.fail([Fault(PART, "pwrite64", "EIO", 2), Fault(PART, "fallocate", "ENOSPC", 1)], silent)
    assert erasing.results == {"ended, and said why": 1, "went on": 1}


def test_what_is_bent_on_the_disk_is_noticed_or_harmless(tmp_path: Path) -> None:
    left = Left.by_a_kill(tmp_path, SEED)
    tear(left, silent, step=97)
    make_holes(left, silent, most=2)
    lose_the_last_batch(left, silent)
    flip_bits(left, 1, SEED, silent, only=("the journal",))


def test_a_clock_set_back_an_hour_shows_in_no_receipt(tmp_path: Path) -> None:
    assert "an hour" in set_the_clock(tmp_path, silent).words


def test_a_full_disk_refuses_bytes_takes_statements_and_recovers(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        if disk is None:
            skip_loudly("no small disk can be mounted here: NO DISK WAS FILLED")
        assert "507" in fill_the_disk(tmp_path, disk, silent).words


def test_a_disk_that_others_go_on_filling_takes_the_statements_that_are_promised(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path, "ext4") as disk:
        if disk is None:
            skip_loudly("no small disk can be mounted here: NO DISK WAS KEPT FULL")
        assert "went on filling" in fill_on_and_on(tmp_path, disk, silent).words


def test_an_older_backup_is_refused_and_a_new_log_leaves_the_old_one_readable(
    tmp_path: Path,
) -> None:
    assert "refused" in restore_an_older_one(tmp_path, silent, thorough=False).words


def skip_loudly(why: str) -> None:
    warnings.warn(why, stacklevel=2)
    pytest.skip(why)
