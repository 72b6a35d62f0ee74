"""Cards that wait for a person: who asks, with which keys; who checked the license, when, where.

The keys were made in the applicant's browser. A coordinator checks the license and signs the card
in theirs; here it is only compared with what was asked for.
"""

from dataclasses import dataclass
from typing import Protocol

from accompany.accounts.enrolment import YEAR, Applicant
from accompany.accounts.people import DAY, Person
from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.cards import open_card
from accompany.evidence.notes import Verifier
from accompany.evidence.text import write_time
from accompany.ids import PersonId

WHERE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Application:
    person: PersonId
    recipient: str
    states: tuple[str, ...]
    languages: tuple[str, ...]
    made: int


@dataclass(frozen=True, slots=True)
class Check:
    """Who looked somebody's license up, where (a register, in their words), and when."""

    person: PersonId
    by: PersonId
    where: str
    time: int


class Applications(Protocol):
    """Keeps those that wait, and what was checked; durable."""

    def ask(self, person: Person, applicant: Applicant) -> None: ...
    def all(self) -> list[Application]:
        """Return those that wait, the oldest first."""

    def of(self, person: str) -> Application | None: ...
    def settle(self, check: Check) -> None:
        """Keep what was checked, and wait no more; harmless when repeated."""

    def forget(self, person: str) -> None: ...
    def check_of(self, person: str) -> Check | None: ...


def application_of(person: Person, applicant: Applicant) -> Application:
    states = tuple(sorted(set(applicant.states)))
    return Application(person.id, applicant.recipient, states, applicant.languages, person.made)


def check_card(
    note: bytes, organization: Verifier, person: Person, asked: Application, now: int
) -> None:
    """Raise DoesNotHold, Malformed unless *note* is the card that *person* asked for, or less."""
    card = open_card(note, organization, now)
    named = (card.serial, card.name, card.recipient, card.key)
    if named != (person.serial, person.name, asked.recipient, person.key):
        raise DoesNotHold("card", "the name and keys that were asked for", "others")
    if not card.states <= set(asked.states) or (person.role == "attorney" and not card.states):
        raise DoesNotHold("card", f"some of {' '.join(asked.states)}", " ".join(card.states))
    days = {write_time(now + one)[:10] for one in (-DAY, 0, DAY)}
    if any(item.checked not in days for item in card.licenses):
        raise DoesNotHold("card", "licenses checked today", "another day")
    if card.until > now + YEAR + DAY:
        raise DoesNotHold("card", "a year at most", write_time(card.until))


def read_where(value: object, needed: bool) -> str:
    """Return where a license was looked up, in a coordinator's words."""
    where = value.strip() if isinstance(value, str) else ""
    if len(where) > WHERE_LIMIT or not where.isprintable() or (needed and not where):
        raise Malformed("where", f"expected 1 to {WHERE_LIMIT} printable characters")
    return where
