"""People and presses in a real database, opened again to see what was really kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from accompany.adapters.sqlite import Database, SqlitePeople, SqlitePresses
from accompany.dispatch.ports import Pressed
from accompany.dispatch.ringing import Answered, Declined, Ended, Event, Withdrawn
from accompany.dispatch.roster import Press
from accompany.errors import Damaged
from accompany.ids import CardSerial, EncounterId

ADA, BEN = CardSerial("a" * 32), CardSerial("b" * 32)
ONE, TWO = EncounterId("1" * 32), EncounterId("2" * 32)


@contextmanager
def opened(folder: Path) -> Iterator[Database]:
    database = Database(folder / "accompany.sqlite")
    try:
        yield database
    finally:
        database.close()


def pressed(encounter: EncounterId, time: int = 5) -> Pressed:
    return Pressed(encounter, Press("TX", "es", time), b"secret digest")


def test_only_its_owner_reads_it_and_every_write_is_synced(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        assert (tmp_path / "accompany.sqlite").stat().st_mode & 0o777 == 0o600
        assert database.row("PRAGMA synchronous") == (2,)
        assert database.row("PRAGMA journal_mode") == ("wal",)


def test_codes_are_known_once_added(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        assert not people.has_code(b"digest")
        people.add_code(b"digest")
        people.add_code(b"digest")
    with opened(tmp_path) as database:
        assert SqlitePeople(database).has_code(b"digest")


def test_an_invitation_is_used_once(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        assert people.invitation(b"digest") is None
        assert not people.use_invitation(b"digest")
        people.add_invitation(b"digest")
        assert people.invitation(b"digest") is False
        assert people.use_invitation(b"digest")
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        assert people.invitation(b"digest") is True
        assert not people.use_invitation(b"digest")


def test_a_session_holds_until_it_ends(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        people.add_session(b"digest", ADA, 100)
        assert people.session(b"digest", 99) == ADA
        assert people.session(b"digest", 100) is None
        assert people.session(b"another", 0) is None
        people.end_session(b"digest")
        assert people.session(b"digest", 99) is None


def test_a_press_is_begun_once(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        presses = SqlitePresses(database)
        assert presses.begin(pressed(ONE))
        assert not presses.begin(pressed(ONE, 9))
    with opened(tmp_path) as database:
        assert SqlitePresses(database).find(ONE) == pressed(ONE)
        assert SqlitePresses(database).find(TWO) is None


def test_every_event_reads_back_and_a_taken_number_is_refused(tmp_path: Path) -> None:
    events: list[Event] = [
        Declined(BEN, 6), Answered(ADA, 7), Ended("attorney", 8), Withdrawn(9)
    ]  # fmt: skip
    with opened(tmp_path) as database:
        presses = SqlitePresses(database)
        for number, event in enumerate(events):
            assert presses.append(ONE, number, event)
        assert not presses.append(ONE, 1, Answered(BEN, 7))
    with opened(tmp_path) as database:
        assert SqlitePresses(database).events(ONE) == events
        assert SqlitePresses(database).events(TWO) == []


def test_unfinished_presses_are_those_not_ended_or_withdrawn_oldest_first(tmp_path: Path) -> None:
    ids = [EncounterId(word * 32) for word in "2345"]
    with opened(tmp_path) as database:
        presses = SqlitePresses(database)
        for time, encounter in enumerate(ids):
            presses.begin(pressed(encounter, 10 - time))
        presses.append(ids[0], 0, Answered(ADA, 1))
        presses.append(ids[1], 0, Withdrawn(1))
        presses.append(ids[2], 0, Answered(ADA, 1))
        presses.append(ids[2], 1, Ended("caller", 2))
        assert presses.unfinished() == [ids[3], ids[0]]
        assert set(presses.answered_by(ADA)) == {ids[0], ids[2]}
        assert presses.answered_by(BEN) == []


def test_an_event_nobody_here_writes_is_damage(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        database.do("INSERT INTO events VALUES (?, 0, 'fainted', '', 1)", ONE)
        with pytest.raises(Damaged, match="fainted"):
            SqlitePresses(database).events(ONE)
        database.do("UPDATE events SET word = 'answered', time = 'noon'")
        with pytest.raises(Damaged, match="expected a number"):
            SqlitePresses(database).events(ONE)


def test_what_is_kept_of_a_press_names_no_place_and_no_caller(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        columns = {
            str(row[1])
            for table in ("presses", "events", "sessions", "codes", "invitations")
            for row in database.rows(f"PRAGMA table_info({table})")
        }
    assert columns == {
        "encounter", "state", "language", "pressed", "secret", "number", "word", "who", "time",
        "digest", "serial", "until", "used",
    }  # fmt: skip
