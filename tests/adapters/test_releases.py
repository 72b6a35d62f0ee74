"""Releases as they are kept: what is looked at every second, and what is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accompany.adapters.releases import PENDING, SqliteReleases
from accompany.adapters.sqlite import Database
from accompany.ids import EncounterId, RecordingId
from accompany.telling.release import Release, Withheld


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "accompany.sqlite")
    yield database
    database.close()


def begun(releases: SqliteReleases, number: int, given: bool = False) -> bytes:
    """Keep a release with one grant; one that was *given* has handed it out."""
    check_in = number.to_bytes(32, "big")
    recording = RecordingId(f"recording {number}")
    releases.begin(Release(check_in, EncounterId(f"encounter {number}"), check_in[::-1]))
    releases.withhold(check_in, Withheld(recording, b"grant", b"note"))
    if given:
        assert releases.give(check_in, number)
        releases.drop(check_in, recording)
    return check_in


def pending(releases: SqliteReleases) -> set[bytes]:
    return {one.check_in for one in releases.pending()}


def test_pending_is_who_may_still_be_missed_and_what_a_crash_left(database: Database) -> None:
    releases = SqliteReleases(database)
    waiting, given, half, ended = (begun(releases, n, given=n == 1) for n in range(4))
    # Decided, and the power went before its grant was handed out.
    assert releases.give(half, 7)
    releases.end(ended, 7)
    assert pending(releases) == {waiting, half}
    assert given not in pending(releases)
    releases.drop(half, RecordingId("recording 2"))
    assert pending(releases) == {waiting}
    # Nothing is withheld yet, or any more: it can still be missed, and a recording may follow.
    releases.drop(waiting, RecordingId("recording 0"))
    assert pending(releases) == {waiting}
    assert len(releases.all()) == 4


def test_what_is_kept_for_thirty_days_is_not_gone_through_every_second(database: Database) -> None:
    releases = SqliteReleases(database)
    for number in range(300):
        begun(releases, number, given=True)
    assert pending(releases) == set()
    plan = [str(row[3]) for row in database.rows(f"EXPLAIN QUERY PLAN {PENDING}")]
    assert any("USING INDEX releases_waiting" in step for step in plan), plan
    # Found by their keys; nothing goes through the whole table.
    assert not any(step.startswith("SCAN releases") and "INDEX" not in step for step in plan), plan
