"""What an organization is, to this server: its key, and what that key has signed.

A first start makes a demonstration: the server has the key itself and signs cards. A coordinator's
browser can found a real one, once: its key and its custodian's stay there; the server keeps the
notes it signed, and their keys only as age files that it cannot open. Not here: keeping them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from accompany.errors import DoesNotHold, Malformed, Unauthorized
from accompany.evidence.age import HybridRecipient
from accompany.evidence.cards import Organization, organization_name
from accompany.evidence.notes import Signer, Verifier, open_note
from accompany.evidence.text import Lines, read_base32, read_time
from accompany.ids import PersonId

SEALED_BYTES = 16 * 1024
HOLDING = "accompany/holding/v1"
HOLDING_LASTS = 24 * 3600_000
"""A browser's clock may be wrong; beside the note stands a session that was proved just now."""
SHEET = "sheet"


@dataclass(frozen=True, slots=True)
class Founded:
    """What a founding leaves: the organization's key and the two notes it signed."""

    key: Verifier
    note: bytes
    telling: bytes


@dataclass(frozen=True, slots=True)
class SealedKeys:
    """The organization's keys as an age file, under `sheet` or the id of a passkey of *person*."""

    id: str
    person: PersonId
    made: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Proved:
    """Somebody had the keys in their browser: by whom and when, ms since 1970 UTC."""

    person: PersonId
    time: int


class KeptKeys(Protocol):
    """Keeps the organization's sealed keys, and when a recovery was last tried; durable."""

    def put(self, keys: SealedKeys) -> None: ...
    def all(self) -> list[SealedKeys]: ...
    def forget(self, person: str) -> None:
        """Drop what somebody's passkeys open; the sheet is the organization's and stays."""

    def prove(self, proved: Proved) -> None: ...
    def proved(self) -> Proved | None: ...


class Charter:
    """One for each server; what it says changes once, when the organization is founded."""

    def __init__(
        self,
        signer: Signer,
        demonstration: Organization,
        telling: str,
        founded: Founded | None,
        policy: Callable[[Verifier], str],
    ) -> None:
        self._signer = signer
        self._demonstration = demonstration
        self._signed = (signer.sign(str(demonstration)), signer.sign(telling))
        self._policy = policy
        self.telling_text = telling
        """What the key signs of the service that tells contacts; the server's alone to write."""
        self.founded = founded

    @property
    def demonstration(self) -> bool:
        return self.founded is None

    @property
    def signer(self) -> Signer | None:
        """Return the key, where the server has it: in a demonstration only."""
        return self._signer if self.founded is None else None

    @property
    def key(self) -> Verifier:
        return self._signer.verifier if self.founded is None else self.founded.key

    @property
    def note(self) -> bytes:
        return self._signed[0] if self.founded is None else self.founded.note

    @property
    def telling(self) -> bytes:
        return self._signed[1] if self.founded is None else self.founded.telling

    @property
    def policy(self) -> str:
        return self._policy(self.key)

    @property
    def said(self) -> Organization:
        return Organization.read(open_note(self.note, self.key, "organization"))

    def check(self, founded: Founded) -> None:
        """Raise DoesNotHold, Malformed unless a phone would take what was signed."""
        if self.founded is not None:
            raise DoesNotHold("organization", "a demonstration", "one that was founded before")
        own = self._demonstration
        expected = organization_name(own.origin)
        if founded.key.name != expected:
            raise DoesNotHold("organization's key name", expected, founded.key.name)
        if founded.key.key == self._signer.verifier.key:
            raise DoesNotHold("organization's key", "a new one", "the demonstration's")
        said = Organization.read(open_note(founded.note, founded.key, "organization"))
        HybridRecipient.parse(said.custodian)
        if said.custodian == own.custodian:
            raise DoesNotHold("custodian", "a new one", "the demonstration's")
        if (str(said.log), str(said.receipts)) != (str(own.log), str(own.receipts)):
            raise DoesNotHold("organization", "this server's log", "another's")
        if open_note(founded.telling, founded.key, "telling") != self.telling_text:
            raise DoesNotHold("telling", "this server's key for contacts", "another's")


def check_holding(note: bytes, key: Verifier, person: PersonId, now: int) -> None:
    """Raise unless *person* had the organization's key just now: it signed that they do."""
    lines = Lines("holding", HOLDING, open_note(note, key, "holding"))
    named, time = read_base32(lines.take("person")), read_time(lines.take("time"))
    lines.end()
    if named != person or abs(now - time) > HOLDING_LASTS:
        raise Unauthorized("the organization's key, used just now")


def check_sealed(sealed: bytes) -> None:
    if not sealed.startswith(b"age-encryption.org/v1\n") or len(sealed) > SEALED_BYTES:
        raise Malformed("sealed keys", f"expected an age file of at most {SEALED_BYTES} bytes")
