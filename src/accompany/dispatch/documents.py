"""Documents in a case, sealed in attorneys' browsers: opaque to the server.

A document's bytes are sealed once, to a key made for it; that key, with name and kind, is sealed
to each attorney who has the case: what goes along with a hand-over is small. Not here: rows, HTTP.
"""

from dataclasses import dataclass
from typing import NewType, Protocol

from accompany.ids import CardSerial, EncounterId

DocumentId = NewType("DocumentId", str)
"""32 base32 characters: the beginning of the SHA-256 of the sealed bytes."""

DOCUMENT_BYTES = 8 * 1024 * 1024
"""Sealed bytes of one document."""

CASE_BYTES = 64 * 1024 * 1024
CASE_DOCUMENTS = 40


@dataclass(frozen=True, slots=True)
class Document:
    id: DocumentId
    about: EncounterId
    holder: CardSerial
    """To whose card *sealed* is sealed, and who alone is given it."""
    author: CardSerial
    time: int
    size: int
    """Of the sealed document, in bytes."""
    sealed: bytes
    """Its key, name and kind."""


class Documents(Protocol):
    """Keeps documents; what it returned from is durable."""

    def put(self, document: Document, data: bytes) -> None:
        """Keep it with its bytes; the same again changes nothing."""

    def give(self, document: Document) -> None:
        """Keep it for one holder more, or in the place of what that holder had."""

    def of(self, about: EncounterId, holder: CardSerial) -> list[Document]: ...
    def data(self, about: EncounterId, one: DocumentId) -> bytes | None: ...
    def amount(self, about: EncounterId) -> tuple[int, int]:
        """Return how many documents a case has, and their bytes."""

    def remove(self, about: EncounterId, one: DocumentId) -> None:
        """Forget it, all copies of its key and its bytes, written over."""
