"""Recovery sheets: a secret on paper, of which the server keeps what it cannot open.

The browser derives two things from the paper's secret: a token, of which SHA-256 is kept here, and
the age identity that the person's keys are sealed to. Showing the token begins a session and gives
the sealed keys back. A new sheet makes the old one worthless.
"""

from dataclasses import dataclass
from typing import Protocol

from accompany.accounts.enrolment import digest_of_secret
from accompany.accounts.people import People, Person
from accompany.accounts.tries import Tries
from accompany.errors import Malformed, Unauthorized
from accompany.ids import PersonId

TOKEN_BYTES = 32
SEALED_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Recovery:
    person: PersonId
    digest: bytes
    sealed: bytes
    made: int


class KeptRecoveries(Protocol):
    """Keeps one sheet's token and sealed keys for each person; durable."""

    def put_recovery(self, recovery: Recovery) -> None: ...
    def recovery(self, digest: bytes) -> Recovery | None: ...
    def recovery_of(self, person: str) -> Recovery | None: ...
    def forget(self, person: str) -> None: ...


class Recoveries:
    """Takes new sheets and lets people in by them."""

    def __init__(self, kept: KeptRecoveries, people: People, tries: Tries) -> None:
        self.kept = kept
        self._people = people
        self._tries = tries

    def keep(self, person: Person, token: bytes, sealed: bytes, now: int) -> None:
        if len(token) != TOKEN_BYTES or len(sealed) > SEALED_BYTES:
            raise Malformed("recovery", f"expected {TOKEN_BYTES} bytes, and keys sealed")
        self.kept.put_recovery(Recovery(person.id, digest_of_secret(token), sealed, now))

    def open(self, token: bytes, address: str, now: int) -> tuple[Person, bytes]:
        """Return whose sheet it is and their sealed keys; raise Unauthorized, TooMany."""
        self._tries.check(address, now)
        found = self.kept.recovery(digest_of_secret(token))
        person = None if found is None else self._people.person(found.person)
        if found is None or person is None or person.removed:
            self._tries.wrong(address, now)
            raise Unauthorized("the words of a recovery sheet")
        return person, found.sealed
