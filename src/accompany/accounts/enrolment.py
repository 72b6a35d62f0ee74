"""Coming in: guest codes, invitations, attorney cards and sessions.

Secrets are kept as SHA-256 only. A session is proved by the card's key over a challenge; there are
no passwords. Passkeys, press tokens and roles come in a later issue; so does the coordinator's
browser: here the organization's key is in the server's hands, and every page says so.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from accompany.errors import DoesNotHold, Malformed, TooMany, Unauthorized, Unknown
from accompany.evidence.age import HybridRecipient
from accompany.evidence.cards import Card, License, open_card
from accompany.evidence.notes import Note, Signer, Verifier
from accompany.evidence.text import (
    Lines,
    read_base32,
    read_base64,
    read_time,
    write_base32,
    write_base64,
    write_time,
)
from accompany.ids import CardSerial

YEAR = 365 * 24 * 3600 * 1000
CHALLENGE_LASTS = 60_000
CHALLENGES = 10_000
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class People(Protocol):
    """Keeps codes, invitations and sessions, each under the SHA-256 of its secret; durable."""

    def add_code(self, digest: bytes) -> None: ...
    def has_code(self, digest: bytes) -> bool: ...
    def add_invitation(self, digest: bytes) -> None: ...
    def invitation(self, digest: bytes) -> bool | None:
        """Return whether it was used; None where there is no such invitation."""

    def use_invitation(self, digest: bytes) -> bool:
        """Use it up; False where that was done before, or there is none."""

    def add_session(self, digest: bytes, serial: CardSerial, until: int) -> None: ...
    def session(self, digest: bytes, now: int) -> CardSerial | None: ...
    def end_session(self, digest: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Applicant:
    """What somebody invited brings: name, age recipient, signing key, states, languages."""

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
    """Guest codes, with a limit on wrong ones per address; addresses live in memory only."""

    def __init__(self, people: People, wrong_a_minute: int) -> None:
        self._people = people
        self._limit = wrong_a_minute
        self._wrong: dict[str, list[int]] = {}

    def check(self, code: str, address: str, now: int) -> None:
        """Raise Unauthorized for a wrong code, TooMany after too many of them."""
        recent = [time for time in self._wrong.get(address, []) if time > now - 60_000]
        if len(recent) >= self._limit:
            raise TooMany("wrong codes", 60)
        known = canonical_code(code)
        if known and self._people.has_code(digest_of_secret(known)):
            return
        if len(self._wrong) > 10_000:
            self._wrong.clear()
        self._wrong[address] = [*recent, now]
        raise Unauthorized("a guest code of this organization")

    def holds(self, code: str) -> bool:
        known = canonical_code(code)
        return bool(known) and self._people.has_code(digest_of_secret(known))


class Enrolment:
    """Turns an invitation and an applicant into a card signed by the organization's key."""

    def __init__(self, people: People, organization: Signer, now: Callable[[], int]) -> None:
        self._people = people
        self._organization = organization
        self._now = now

    def invite(self) -> str:
        code = write_base32(secrets.token_bytes(20))
        self._people.add_invitation(digest_of_secret(code))
        return code

    def used(self, code: str) -> bool:
        used = self._people.invitation(digest_of_secret(code))
        if used is None:
            raise Unknown("invitation")
        return used

    def accept(self, code: str, applicant: Applicant) -> tuple[CardSerial, bytes]:
        """Use up the invitation; return the new card's serial and note.

        Raise Unknown where there is no such invitation, DoesNotHold where it was used.
        """
        serial, note = self._write_card(applicant)
        if self.used(code) or not self._people.use_invitation(digest_of_secret(code)):
            raise DoesNotHold("invitation", "one not used yet", "one used before")
        return serial, note

    def _write_card(self, applicant: Applicant) -> tuple[CardSerial, bytes]:
        now = self._now()
        serial = CardSerial(write_base32(secrets.token_bytes(20)))
        day = write_time(now)[:10]
        licenses = tuple(License(state, day) for state in sorted(set(applicant.states)))
        card = Card(
            serial,
            applicant.name,
            applicant.recipient,
            applicant.key,
            licenses,
            now,
            now + YEAR,
        )
        note = self._organization.sign(str(card))
        # What was signed must be what a phone will take.
        open_card(note, self._organization.verifier, now)
        return serial, note


class Sessions:
    """Sessions of attorneys: a challenge signed by the card's key, then a secret in a cookie."""

    MAGIC = "accompany/session/v1"

    def __init__(self, people: People, organization: Verifier, lasts: int) -> None:
        self._people = people
        self._organization = organization
        self._lasts = lasts
        self._challenges: dict[str, int] = {}

    def challenge(self, now: int) -> str:
        # The oldest goes: whoever asks for thousands must not keep attorneys from coming in.
        if len(self._challenges) >= CHALLENGES:
            del self._challenges[next(iter(self._challenges))]
        fresh = write_base64(secrets.token_bytes(32))
        self._challenges[fresh] = now + CHALLENGE_LASTS
        return fresh

    def begin(self, note: bytes, card: Callable[[str], bytes | None], now: int) -> str:
        """Return the secret of a new session for whoever signed *note*; *card* finds cards."""
        parsed = Note.parse(note)
        lines = Lines("session", self.MAGIC, parsed.text)
        serial = read_base32(lines.take("serial"))
        challenge = lines.take("challenge")
        read_base64(challenge, 32)
        read_time(lines.take("time"))
        lines.end()
        if self._challenges.pop(challenge, 0) <= now:
            raise Unauthorized("a challenge given in the last minute")
        held = card(serial)
        if held is None:
            raise Unauthorized("a card of this organization")
        found = open_card(held, self._organization, now)
        parsed.only_by(found.verifier, "session")
        secret = write_base64(secrets.token_bytes(32))
        self._people.add_session(digest_of_secret(secret), found.serial, now + self._lasts)
        return secret

    def who(self, secret: str | None, now: int) -> CardSerial | None:
        if not secret:
            return None
        return self._people.session(digest_of_secret(secret), now)

    def end(self, secret: str) -> None:
        self._people.end_session(digest_of_secret(secret))


def read_applicant(given: dict[str, object], states: tuple[str, ...]) -> Applicant:
    """Return who applies, from parsed JSON; raise Malformed with what was expected."""
    name, recipient, key = given.get("name"), given.get("recipient"), given.get("key")
    licenses, languages = given.get("licenses"), given.get("languages")
    if not (isinstance(name, str) and isinstance(recipient, str) and isinstance(key, str)):
        raise Malformed("application", "expected name, recipient and key as text")
    if not _texts(licenses) or not _texts(languages):
        raise Malformed("application", "expected licenses and languages as lists of text")
    chosen = tuple(str(item) for item in licenses)  # type: ignore[attr-defined]
    unknown = [item for item in chosen if item not in states]
    if unknown or not chosen:
        raise Malformed("licenses", f"expected states of this service, found {unknown or 'none'}")
    spoken = tuple(str(item) for item in languages)  # type: ignore[attr-defined]
    # A phone will seal to it in the moment of use: that has to work.
    HybridRecipient.parse(recipient)
    return Applicant(name.strip(), recipient, read_base64(key, 32), chosen, spoken)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
