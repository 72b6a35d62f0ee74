"""People and presses in a real database, opened again to see what was really kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from accompany.accounts.people import GuestCode, Invitation, Person, Session
from accompany.adapters.people import SqlitePeople
from accompany.adapters.sqlite import Database, SqlitePresses
from accompany.dispatch.events import Answered, Declined, Ended, Event, Withdrawn
from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import Press
from accompany.errors import Damaged
from accompany.ids import CardSerial, EncounterId, PersonId

ADA, BEN = CardSerial("a" * 32), CardSerial("b" * 32)
ONE, TWO = EncounterId("1" * 32), EncounterId("2" * 32)


@contextmanager
def opened(folder: Path) -> Iterator[Database]:
    database = Database(folder / "accompany.sqlite")
    try:
        yield database
    finally:
        database.close()


def person(serial: CardSerial) -> Person:
    return Person(PersonId(serial), "attorney", "Ada Counsel", 1)


def session(serial: CardSerial, made: int, until: int) -> Session:
    return Session(0, PersonId(serial), made, made, until)


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
        assert people.code(b"digest") is None
        people.add_code(b"digest", GuestCode("library", 5))
        people.add_code(b"digest", GuestCode("another", 6))
    with opened(tmp_path) as database:
        assert SqlitePeople(database).codes() == [(b"digest", GuestCode("library", 5))]


def test_an_invitation_is_used_once(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        ada, ben = person(ADA), person(BEN)
        given = Invitation("attorney", 1, 10, "command line", "Ada")
        assert people.invitation(b"digest") is None
        assert not people.use_invitation(b"digest", 5, ada)
        people.add_invitation(b"digest", given)
        assert people.invitation(b"digest") == given
        assert not people.use_invitation(b"digest", 10, ada), "it has expired"
        assert people.people() == []
        assert people.use_invitation(b"digest", 9, ada)
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        assert people.invitation(b"digest") == replace(given, used=True)
        assert not people.use_invitation(b"digest", 5, ben)
        assert people.people() == [ada]


def test_a_person_is_kept_once_and_removed_once(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        assert people.add_person(person(ADA))
        assert not people.add_person(replace(person(ADA), name="Another"))
        assert people.remove_person(ADA, 7)
        assert not people.remove_person(ADA, 8)
        assert not people.remove_person(BEN, 8)
        assert not people.add_person(person(ADA)), "who left does not come back by themselves"
    with opened(tmp_path) as database:
        assert SqlitePeople(database).person(ADA) == replace(person(ADA), removed=7)
        assert SqlitePeople(database).person(BEN) is None


def test_a_session_holds_until_it_ends(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        people.add_person(person(ADA))
        people.add_session(b"digest", session(ADA, 1, 100))
        assert people.session(b"digest", 99) == replace(session(ADA, 1, 100), number=1)
        assert people.session(b"digest", 100) is None
        assert people.session(b"another", 0) is None
        people.end_session(b"digest")
        assert people.session(b"digest", 99) is None


def test_sessions_are_listed_and_ended_by_their_person_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        people = SqlitePeople(database)
        for one in (ADA, BEN):
            people.add_person(person(one))
        people.add_session(b"first", session(ADA, 1, 100))
        people.add_session(b"second", session(ADA, 2, 50))
        people.add_session(b"other", session(BEN, 3, 100))
        assert [(one.made, one.until) for one in people.sessions(ADA, 49)] == [(1, 100), (2, 50)]
        (first,) = people.sessions(ADA, 50)
        assert not people.end_session_numbered(BEN, first.number)
        assert people.session(b"first", 5) == first
        assert people.end_session_numbered(ADA, first.number)
        assert people.session(b"first", 5) is None
        people.remove_person(BEN, 9)
        assert people.session(b"other", 5) is None
        assert people.sessions(BEN, 5) == []


def test_a_press_is_begun_once(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        presses = SqlitePresses(database)
        assert presses.begin(pressed(ONE))
        assert not presses.begin(pressed(ONE, 9))
    with opened(tmp_path) as database:
        assert SqlitePresses(database).find(ONE) == pressed(ONE)
        assert SqlitePresses(database).find(TWO) is None


def test_a_press_of_before_is_a_guests(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        enrolled = replace(pressed(ONE), press=Press("TX", "en", 5, guest=False))
        SqlitePresses(database).begin(enrolled)
        assert SqlitePresses(database).find(ONE) == enrolled
        database.do("ALTER TABLE presses DROP COLUMN guest")
    with opened(tmp_path) as database:
        found = SqlitePresses(database).find(ONE)
        assert found is not None
        assert found.press.guest


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
            for table in ("presses", "events")
            for row in database.rows(f"PRAGMA table_info({table})")
        }
    assert columns == {
        "encounter", "state", "language", "pressed", "secret", "guest", "number", "word", "who",
            "time",
    }  # fmt: skip
