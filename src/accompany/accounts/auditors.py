"""Auditors: who may follow the live log, each by a token of their own.

A token is 32 random bytes, written in base64 as it goes behind `Bearer`. It is kept as SHA-256
only, under the name it was given for, and can be revoked. It opens the log and nothing else.
"""

import secrets
from dataclasses import dataclass
from typing import Protocol

from accompany.accounts.enrolment import digest_of_secret
from accompany.errors import Malformed
from accompany.evidence.text import write_base64

NAME_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Auditor:
    """Whom a token was made for and when, ms since 1970 UTC; `revoked` is 0 while it is good."""

    name: str
    made: int
    revoked: int


class Auditors(Protocol):
    """Keeps tokens, each under the SHA-256 of its 32 bytes; durable."""

    def add(self, name: str, digest: bytes, now: int) -> bool:
        """Keep it; False where the name has a token already."""

    def revoke(self, name: str, now: int) -> bool:
        """End it; False where the name has none that is good."""

    def holds(self, digest: bytes) -> bool: ...
    def all(self) -> list[Auditor]: ...


def new_token(auditors: Auditors, name: str, now: int) -> str:
    """Return a fresh token for *name*, kept; raise Malformed where the name is taken."""
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise Malformed("name", f"expected 1 to {NAME_LIMIT} printable characters")
    secret = secrets.token_bytes(32)
    if not auditors.add(name, digest_of_secret(secret), now):
        raise Malformed("name", f"{name!r} has a token already; revoke it first")
    return write_base64(secret)
