"""What attorneys wrote, sealed in their browsers to whoever may read it: opaque to the server.

A *note* is one author's text about one case, a copy for each holder; a *list* is an attorney's own,
about no case: the names for their conflict check. Not here: rows, HTTP, keys.
"""

from dataclasses import dataclass
from typing import Protocol

from accompany.ids import CardSerial, EncounterId

NAMES = EncounterId("")
"""What a list of names is about: no case."""

CALLER = CardSerial("")
"""To whom a letter is sealed: no card."""


CUSTODIAN = CardSerial("custodian")
"""To whom a copy is sealed that waits for a case without its attorney: the organization's key."""


def letter_of(recording: str) -> EncounterId:
    """Return what a letter to the caller of *recording* is about: no note, and forgotten apart."""
    return EncounterId(f"letter {recording}")


@dataclass(frozen=True, slots=True)
class Paper:
    about: EncounterId
    holder: CardSerial
    """To whose card it is sealed, and who alone is given it."""
    author: CardSerial
    time: int
    sealed: bytes


class Papers(Protocol):
    """Keeps papers; what it returned from is durable."""

    def put(self, paper: Paper) -> None:
        """Keep it in the place of the one before it of the same author for the same holder."""

    def of(self, about: EncounterId, holder: CardSerial) -> list[Paper]: ...
    def authors(self, about: EncounterId) -> set[CardSerial]:
        """Return who wrote about it, to whomever it is sealed."""

    def remove(self, about: EncounterId, author: CardSerial) -> None:
        """Forget what *author* wrote about it, all copies."""
