"""Coming in: guest codes, invitations for a role, attorney cards.

Secrets are kept as SHA-256 only. In a demonstration the organization's key is in the server's hands
and cards are signed at once; otherwise they wait for a coordinator (`applications`). Not here:
who may invite (`rights`), sessions (`sessions`).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from accompany.accounts.people import INVITATION_LASTS, Invitation, People, Person
from accompany.accounts.rights import ON_CARDS, PersonRole
from accompany.accounts.tries import MINUTE, Tries
from accompany.errors import DoesNotHold, Malformed, TooMany, Unauthorized, Unknown
from accompany.evidence.age import HybridRecipient
from accompany.evidence.cards import Card, License, open_card
from accompany.evidence.notes import Signer, check_public_key
from accompany.evidence.text import read_base64, write_base32, write_time
from accompany.ids import CardSerial, PersonId

YEAR = 365 * 24 * 3600 * 1000
NAME_LIMIT = 120
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Applicant:
    """What somebody invited brings: name, age recipient, signing key, states, languages.

    Without a card (a coordinator, a custodian) there are no recipient, states and languages.
    """

    name: str
    recipient: str
    key: bytes
    states: tuple[str, ...]
    languages: tuple[str, ...]


def new_code() -> str:
    """Return a guest code of eight letters and digits that cannot be mistaken for others."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def canonical_code(text: str) -> str:
    """Return a guest code as written, whatever case or spaces somebody typed it with."""
    letters = "".join(letter for letter in text.lower() if letter in _ALPHABET)
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == 8 else ""


def digest_of_secret(secret: str | bytes) -> bytes:
    return sha256(secret.encode() if isinstance(secret, str) else secret).digest()


class Codes:
    """Guest codes, with a limit on wrong ones per address, and on encounters per code.

    What one code lets in counts for that code alone, so that a flood with one holds up no other.
    Addresses, and what counts, live in memory only.
    """

    def __init__(self, people: People, wrong_a_minute: int, a_minute: int = 1_000_000) -> None:
        self._people = people
        self._wrong = Tries("wrong codes", wrong_a_minute)
        self._a_minute = a_minute
        self._let_in: dict[bytes, dict[str, int]] = {}

    def check(self, code: str, address: str, now: int, encounter: str = "") -> None:
        """Raise Unauthorized for a wrong code or one that ended, TooMany after too many of them,
        or where too many encounters came by this code within a minute; one that came may go on."""
        self._wrong.check(address, now)
        known = canonical_code(code)
        digest = digest_of_secret(known)
        found = self._people.code(digest) if known else None
        if found is None or not found.good(now):
            self._wrong.wrong(address, now)
            raise Unauthorized("a guest code of this organization")
        if encounter:
            self._count(digest, found.a_minute or self._a_minute, encounter, now)

    def holds(self, code: str, now: int) -> bool:
        known = canonical_code(code)
        found = self._people.code(digest_of_secret(known)) if known else None
        return found is not None and found.good(now)

    def came(self, digest: bytes, now: int) -> int:
        """Return how many encounters came by this code within a minute."""
        times = self._let_in.get(digest, {}).values()
        return sum(time > now - MINUTE for time in times)

    def _count(self, digest: bytes, limit: int, encounter: str, now: int) -> None:
        recent = self._let_in.setdefault(digest, {})
        for old in [one for one, time in recent.items() if time <= now - MINUTE]:
            del recent[old]
        if encounter not in recent and len(recent) >= limit:
            raise TooMany("encounters by this guest code", 60)
        recent.setdefault(encounter, now)


def new_invitation(
    people: People, role: PersonRole, by: str, name: str, now: int, lasts: int = INVITATION_LASTS
) -> str:
    """Return the code of a fresh invitation: good once, and for *lasts* ms."""
    code = write_base32(secrets.token_bytes(20))
    people.add_invitation(digest_of_secret(code), Invitation(role, now, now + lasts, by, name))
    return code


class Signing(Protocol):
    """Whether the server signs cards itself: in a demonstration; else a coordinator does."""

    @property
    def signer(self) -> Signer | None: ...


class Waiting(Protocol):
    """Where an application for a card waits for a coordinator; durable."""

    def ask(self, person: Person, applicant: Applicant) -> None: ...


class Enrolment:
    """Turns an invitation and an applicant into a person; a demonstration signs their card."""

    def __init__(
        self,
        people: People,
        charter: Signing,
        waiting: Waiting,
        now: Callable[[], int],
    ) -> None:
        self._people = people
        self._charter = charter
        self._waiting = waiting
        self._now = now

    def invite(
        self,
        role: PersonRole = "attorney",
        by: str = "first start",
        name: str = "",
        lasts: int = INVITATION_LASTS,
    ) -> str:
        """Return the code of a fresh invitation: good once, and for *lasts* ms."""
        return new_invitation(self._people, role, by, name, self._now(), lasts)

    def invitation(self, code: str) -> Invitation:
        """Return it, used or not; raise Unknown where there is none, or where it has expired."""
        found = self._people.invitation(digest_of_secret(code))
        if found is None or (not found.used and found.until <= self._now()):
            raise Unknown("invitation")
        return found

    def used(self, code: str) -> bool:
        return self.invitation(code).used

    def accept(self, code: str, applicant: Applicant) -> tuple[Person, bytes | None]:
        """Use up the invitation; return who came by it, and their card if they go on duty.

        Raise Unknown where there is no such invitation, DoesNotHold where it was used.
        """
        role, now = self.invitation(code).role, self._now()
        signer = self._charter.signer if role in ON_CARDS else None
        if signer is not None:
            serial, note = _write_card(signer, applicant, now)
            person = Person(PersonId(serial), role, applicant.name, now)
        else:
            note = None
            own = PersonId(write_base32(secrets.token_bytes(20)))
            key = check_public_key(applicant.key)
            person = Person(own, role, applicant.name, now, key)
            if role in ON_CARDS:
                # Before the person: an application without one is nobody's, and never shown.
                self._waiting.ask(person, applicant)
        if not self._people.use_invitation(digest_of_secret(code), now, person):
            raise DoesNotHold("invitation", "one not used yet", "one used before")
        return person, note


def _write_card(signer: Signer, applicant: Applicant, now: int) -> tuple[CardSerial, bytes]:
    """Return a card as a demonstration signs it: by itself, without a check by anybody."""
    serial = CardSerial(write_base32(secrets.token_bytes(20)))
    day = write_time(now)[:10]
    licenses = tuple(License(state, day) for state in sorted(set(applicant.states)))
    card = Card(
        serial, applicant.name, applicant.recipient, applicant.key, licenses, now, now + YEAR
    )
    note = signer.sign(str(card))
    # What was signed must be what a phone will take.
    open_card(note, signer.verifier, now)
    return serial, note


def read_applicant(
    given: dict[str, object], states: tuple[str, ...], role: PersonRole = "attorney"
) -> Applicant:
    """Return who applies, from parsed JSON; raise Malformed with what was expected."""
    name, key = given.get("name"), given.get("key")
    if not (isinstance(name, str) and isinstance(key, str)):
        raise Malformed("application", "expected name and key as text")
    name = name.strip()
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise Malformed("name", f"expected 1 to {NAME_LIMIT} printable characters")
    if role not in ON_CARDS:
        return Applicant(name, "", read_base64(key, 32), (), ())
    recipient = given.get("recipient")
    if not isinstance(recipient, str):
        raise Malformed("application", "expected the recipient as text")
    licenses, languages = given.get("licenses"), given.get("languages")
    if not _texts(licenses) or not _texts(languages):
        raise Malformed("application", "expected licenses and languages as lists of text")
    chosen = tuple(str(item) for item in licenses)  # type: ignore[attr-defined]
    unknown = [item for item in chosen if item not in states]
    if unknown or (not chosen and role == "attorney"):
        raise Malformed("licenses", f"expected states of this service, found {unknown or 'none'}")
    spoken = tuple(str(item) for item in languages)  # type: ignore[attr-defined]
    # A phone will seal to it in the moment of use: that has to work.
    HybridRecipient.parse(recipient)
    # Only an attorney advises: nobody else's card names a state.
    licensed = chosen if role == "attorney" else ()
    return Applicant(name, recipient, read_base64(key, 32), licensed, spoken)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
