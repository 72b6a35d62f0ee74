"""Sessions: a key over a challenge proves once who it is; then a secret in a cookie says so.

There are no passwords. A session ends by its clock, by whoever has it, and with its person.
"""

import secrets
from collections.abc import Callable

from accompany.accounts.enrolment import digest_of_secret
from accompany.accounts.people import People, Person, Session
from accompany.errors import NotFresh, Unauthorized
from accompany.evidence.cards import open_card
from accompany.evidence.notes import Note, Verifier
from accompany.evidence.text import Lines, read_base32, read_base64, read_time, write_base64
from accompany.ids import PersonId

CHALLENGE_LASTS = 60_000
CHALLENGES = 10_000
RENEWED_AFTER = 5 * 60_000
"""Milliseconds without use after which using a session is written down again."""
LONGEST = 7 * 24 * 3600 * 1000
FRESH = 5 * 60_000


def person_verifier(id_: str, key: bytes) -> Verifier:
    """Return what the notes of somebody without a card are checked with."""
    return Verifier(f"person/{id_}", key)


class Sessions:
    """Sessions of people: a challenge signed by their key, then a secret in a cookie."""

    MAGIC = "accompany/session/v1"

    def __init__(self, people: People, organization: Callable[[], Verifier], lasts: int) -> None:
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
        signed_as = parsed.signatures[0].name.partition("/")[0] if parsed.signatures else ""
        person, verifier = self._signer(serial, signed_as, card, now)
        parsed.only_by(verifier, "session")
        return self.open(person, now)

    def open(self, person: Person, now: int, verified: bool = False) -> str:
        """Return the secret of a new session for *person*, who was proved to be there; *verified*
        where a passkey or a recovery sheet proved it."""
        secret = write_base64(secrets.token_bytes(32))
        until = now + self._lasts
        fresh = Session(0, person.id, now, now, until, now if verified else 0)
        self._people.add_session(digest_of_secret(secret), fresh)
        return secret

    def _signer(
        self, serial: str, signed_as: str, card: Callable[[str], bytes | None], now: int
    ) -> tuple[Person, Verifier]:
        """Return who signs as *serial*; raise Unauthorized for the unknown and the removed."""
        person = self._people.person(serial)
        if person is not None and person.removed:
            raise Unauthorized("a card of this organization")
        held = card(serial)
        if person is not None and person.key and (held is None or signed_as != "attorney"):
            # Who waited for a card may not know yet that it is there: its key is the same.
            return person, person_verifier(person.id, person.key)
        if held is None:
            raise Unauthorized("a card of this organization")
        found = open_card(held, self._organization(), now)
        if person is None:
            # A card from before people were kept apart from cards.
            person = Person(PersonId(found.serial), "attorney", found.name, now)
            self._people.add_person(person)
        return person, found.verifier

    def who(self, secret: str | None, now: int) -> Person | None:
        """Return whose session *secret* is, while it lasts and they belong."""
        found = self.find(secret, now)
        return None if found is None else self._people.person(found.person)

    def find(self, secret: str | None, now: int) -> Session | None:
        """Return the session, which lasts the longer for being used, up to a week."""
        if not secret:
            return None
        found = self._people.session(digest_of_secret(secret), now)
        if found is not None and now - found.seen > RENEWED_AFTER:
            until = max(found.until, min(now + self._lasts, found.made + LONGEST))
            self._people.renew_session(found.number, now, until)
        return found

    def check_fresh(self, secret: str | None, now: int) -> None:
        """Raise NotFresh unless it was proved in the last minutes who this is."""
        found = self.find(secret, now)
        if found is None or now - found.verified >= FRESH:
            raise NotFresh("this needs a passkey used in the last five minutes")

    def verify(self, secret: str | None, now: int) -> None:
        """Say of the session that it was proved just now who this is."""
        found = self.find(secret, now)
        if found is not None:
            self._people.verify_session(found.number, now)

    def end(self, secret: str) -> None:
        self._people.end_session(digest_of_secret(secret))
