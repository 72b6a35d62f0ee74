"""Coming in: codes, invitations, cards and sessions; the clock is a parameter."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accompany.accounts import sessions as sessions_module
from accompany.accounts.enrolment import (
    YEAR,
    Applicant,
    Codes,
    Enrolment,
    canonical_code,
    digest_of_secret,
    new_code,
    read_applicant,
)
from accompany.accounts.people import Person
from accompany.accounts.sessions import CHALLENGE_LASTS, Sessions
from accompany.adapters.people import SqlitePeople
from accompany.adapters.sqlite import Database
from accompany.errors import AccompanyError, DoesNotHold, Malformed, TooMany, Unauthorized, Unknown
from accompany.evidence.age import HybridIdentity, X25519Identity
from accompany.evidence.cards import open_card
from accompany.evidence.notes import Signer
from accompany.evidence.text import write_base64, write_lines, write_time
from custodial import LOG, NOW, ORGANIZATION

HOUR = 3_600_000
RECIPIENT = str(HybridIdentity(bytes(32)).recipient)


@pytest.fixture
def people(tmp_path: Path) -> SqlitePeople:
    return SqlitePeople(Database(tmp_path / "accompany.sqlite"))


# Guest codes.


def test_a_new_code_is_easily_read_out_and_canonical() -> None:
    codes = {new_code() for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert canonical_code(code) == code
        assert not set(code) & set("il1o0")


@pytest.mark.parametrize("typed", ["abcd-efgh", "ABCD EFGH", "abcdefgh", " Abcd – efgh\n"])
def test_however_a_code_is_typed_it_is_the_same(typed: str) -> None:
    assert canonical_code(typed) == "abcd-efgh"


@pytest.mark.parametrize("typed", ["", "abcd", "abcd-efghj", "ab0d-efgh", "\ud800"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert canonical_code(typed) == ""


def test_a_right_code_is_admitted_and_a_wrong_one_is_not(people: SqlitePeople) -> None:
    codes = Codes(people, 10)
    people.add_code(digest_of_secret("abcd-efgh"))
    codes.check("ABCDEFGH", "address", NOW)
    for wrong in ("abcd-efgj", "", "abcd"):
        with pytest.raises(Unauthorized, match="guest code"):
            codes.check(wrong, "address", NOW)


def test_wrong_codes_are_limited_by_address_for_a_minute(people: SqlitePeople) -> None:
    codes = Codes(people, 3)
    people.add_code(digest_of_secret("abcd-efgh"))
    for _ in range(3):
        with pytest.raises(Unauthorized):
            codes.check("abcd-efgj", "one", NOW)
    for code in ("abcd-efgj", "abcd-efgh"):
        with pytest.raises(TooMany, match="60 s"):
            codes.check(code, "one", NOW + 59_999)
    codes.check("abcd-efgh", "another", NOW)
    codes.check("abcd-efgh", "one", NOW + 60_000)


def test_right_codes_are_not_counted(people: SqlitePeople) -> None:
    codes = Codes(people, 3)
    people.add_code(digest_of_secret("abcd-efgh"))
    for _ in range(20):
        codes.check("abcd-efgh", "one", NOW)


def test_addresses_do_not_pile_up(people: SqlitePeople) -> None:
    codes = Codes(people, 3)
    for number in range(12_000):
        with pytest.raises(Unauthorized):
            codes.check("wrong", f"address {number}", NOW)
    assert len(codes._wrong) <= 10_001


# Invitations and cards.


def applicant(**bent: Any) -> Applicant:
    key = Signer.from_seed("x", bytes(32)).verifier.key
    given = {
        "name": "Ada Counsel", "recipient": RECIPIENT, "key": key, "states": ("TX", "CA", "TX"),
        "languages": ("en",),
    }  # fmt: skip
    return Applicant(**{**given, **bent})


def enrolling(people: SqlitePeople) -> Enrolment:
    return Enrolment(people, Demonstration(), NoneWaits(), lambda: NOW)


class Demonstration:
    signer = ORGANIZATION


class NoneWaits:
    def ask(self, person: Person, applicant: Applicant) -> None:
        raise AssertionError("a demonstration signs at once")


def test_an_invitation_becomes_a_card_by_the_organizations_key(people: SqlitePeople) -> None:
    enrolment = enrolling(people)
    code = enrolment.invite()
    assert not enrolment.used(code)
    person, note = enrolment.accept(code, applicant())
    assert note is not None
    card = open_card(note, ORGANIZATION.verifier, NOW)
    assert (card.serial, card.name, card.recipient) == (person.serial, "Ada Counsel", RECIPIENT)
    assert [(one.state, one.checked) for one in card.licenses] == [
        ("CA", "2026-11-21"),
        ("TX", "2026-11-21"),
    ]
    assert (card.since, card.until) == (NOW, NOW + YEAR)
    assert enrolment.used(code)


def test_an_invitation_is_good_once(people: SqlitePeople) -> None:
    enrolment = enrolling(people)
    code = enrolment.invite()
    enrolment.accept(code, applicant())
    with pytest.raises(DoesNotHold, match="used before"):
        enrolment.accept(code, applicant(name="Ben"))


def test_an_unknown_invitation_is_unknown(people: SqlitePeople) -> None:
    enrolment = enrolling(people)
    for ask in (lambda: enrolment.used("x"), lambda: enrolment.accept("x", applicant())):
        with pytest.raises(Unknown, match="invitation"):
            ask()


@pytest.mark.parametrize(
    "bent",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 121},
        {"recipient": "age1"},
        {"key": bytes(32)},
    ],
)
def test_an_applicant_no_phone_would_take_leaves_the_invitation_unused(
    people: SqlitePeople, bent: dict[str, Any]
) -> None:
    enrolment = enrolling(people)
    code = enrolment.invite()
    with pytest.raises((Malformed, DoesNotHold)):
        enrolment.accept(code, applicant(**bent))
    assert not enrolment.used(code)


def test_an_application_is_read(people: SqlitePeople) -> None:
    assert read_applicant(_application(), ("TX", "CA")) == applicant(states=("TX",))


@pytest.mark.parametrize(
    ("bent", "expected"),
    [
        ({"name": None}, Malformed),
        ({"recipient": 5}, Malformed),
        ({"key": "AAAA"}, Malformed),
        ({"key": "not base64"}, Malformed),
        ({"licenses": []}, Malformed),
        ({"licenses": "TX"}, Malformed),
        ({"licenses": ["ZZ"]}, Malformed),
        ({"licenses": [1]}, Malformed),
        ({"languages": None}, Malformed),
        ({"languages": [None]}, Malformed),
        ({"recipient": RECIPIENT[:-1] + "q"}, Malformed),
        ({"recipient": str(X25519Identity.generate().recipient)}, Malformed),
    ],
)
def test_an_application_not_in_form_is_refused(
    bent: dict[str, Any], expected: type[AccompanyError]
) -> None:
    with pytest.raises(expected):
        read_applicant({**_application(), **bent}, ("TX", "CA"))


def _application() -> dict[str, object]:
    return {
        "name": " Ada Counsel ",
        "recipient": RECIPIENT,
        "key": write_base64(Signer.from_seed("x", bytes(32)).verifier.key),
        "licenses": ["TX"],
        "languages": ["en"],
    }


# Sessions.


class Door:
    """Sessions, and one attorney who wants in."""

    def __init__(self, people: SqlitePeople) -> None:
        self.people = people
        self.sessions = Sessions(people, lambda: ORGANIZATION.verifier, HOUR)
        self.signer = Signer.generate("attorney")
        enrolment = enrolling(people)
        key = self.signer.verifier.key
        person, self.card = enrolment.accept(enrolment.invite(), applicant(key=key))
        self.serial = person.serial
        self.signer = Signer(f"attorney/{self.serial}", self.signer.private)

    def find(self, serial: str) -> bytes | None:
        return self.card if serial == self.serial else None

    def text(self, challenge: str, serial: str | None = None) -> str:
        lines = [
            ("serial", serial or self.serial),
            ("challenge", challenge),
            ("time", write_time(NOW)),
        ]
        return write_lines(Sessions.MAGIC, lines)

    def begin(self, note: bytes, now: int = NOW) -> str:
        return self.sessions.begin(note, self.find, now)


@pytest.fixture
def door(people: SqlitePeople) -> Door:
    return Door(people)


def test_a_challenge_signed_by_the_cards_key_begins_a_session(door: Door) -> None:
    note = door.signer.sign(door.text(door.sessions.challenge(NOW)))
    secret = door.begin(note)
    who = door.sessions.who(secret, NOW)
    assert who is not None
    assert (who.serial, who.role, who.name) == (door.serial, "attorney", "Ada Counsel")
    assert door.sessions.who(secret, NOW + HOUR) is None
    for wrong in (None, "", secret[:-1], "x"):
        assert door.sessions.who(wrong, NOW) is None
    door.sessions.end(secret)
    assert door.sessions.who(secret, NOW) is None


def test_a_session_is_kept_as_a_digest_only(door: Door) -> None:
    secret = door.begin(door.signer.sign(door.text(door.sessions.challenge(NOW))))
    rows = door.people._database.rows("SELECT digest FROM signed_in")
    assert rows == [(digest_of_secret(secret),)]


def test_a_challenge_is_good_once_and_for_a_minute(door: Door) -> None:
    note = door.signer.sign(door.text(door.sessions.challenge(NOW)))
    door.begin(note, NOW + CHALLENGE_LASTS - 1)
    late = door.signer.sign(door.text(door.sessions.challenge(NOW)))
    for again, now in ((note, NOW), (late, NOW + CHALLENGE_LASTS)):
        with pytest.raises(Unauthorized, match="challenge"):
            door.begin(again, now)


def test_a_challenge_nobody_gave_begins_nothing(door: Door) -> None:
    with pytest.raises(Unauthorized, match="challenge"):
        door.begin(door.signer.sign(door.text(write_base64(bytes(32)))))


def test_somebody_elses_key_or_card_begins_nothing(door: Door) -> None:
    other = Signer(door.signer.name, Signer.generate("x").private)
    refused: list[tuple[Callable[[str], bytes], type[AccompanyError]]] = [
        (lambda c: other.sign(door.text(c)), DoesNotHold),
        (lambda c: LOG.sign(door.text(c)), DoesNotHold),
        (lambda c: door.signer.sign(door.text(c, "z" * 32)), Unauthorized),
        (lambda c: door.signer.sign(door.text(c).replace("session", "offer")), Malformed),
        (lambda c: door.signer.sign(door.text(c) + "more 1\n"), Malformed),
    ]
    for signing, expected in refused:
        with pytest.raises(expected):
            door.begin(signing(door.sessions.challenge(NOW)))


def test_an_expired_card_begins_nothing(door: Door) -> None:
    late = NOW + YEAR
    note = door.signer.sign(door.text(door.sessions.challenge(late)))
    with pytest.raises(DoesNotHold, match="valid"):
        door.begin(note, late)


def test_thousands_of_challenges_keep_nobody_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions_module, "CHALLENGES", 50)
    for _ in range(500):
        door.sessions.challenge(NOW)
    mine = door.sessions.challenge(NOW)
    for _ in range(49):
        door.sessions.challenge(NOW)
    assert len(door.sessions._challenges) == 50
    door.begin(door.signer.sign(door.text(mine)))
