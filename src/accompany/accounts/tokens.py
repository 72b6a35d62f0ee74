"""Press tokens: what an enrolled phone shows instead of a guest code, each good for one encounter.

Kept are the SHA-256 of a token and the month in which it ends, in one pool without an order:
nothing says whose they are, or which came together. A token that is spent leaves the pool; what
stays is SHA-256 over token and encounter, so that the encounter's other recordings are let in with
it, and nothing that is kept joins it to the pool or to another encounter. Not here: codes, HTTP.
"""

import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

from accompany.accounts.tries import Tries
from accompany.errors import DoesNotHold, Malformed, Unauthorized

BATCH = 64
"""Tokens that are handed in together."""

MONTHS = 18
"""After how many months tokens end that were never spent."""

MOST = 20_000_000
"""Tokens in the pool at most: two and a half gigabytes."""


class Pool(Protocol):
    """Keeps tokens under the SHA-256 of each; durable."""

    def add(self, digests: Sequence[bytes], until: int) -> bool:
        """Keep all of them up to the month *until*; none, and False, where one is there already."""

    def spend(self, digest: bytes, mark: bytes, until: int) -> bool:
        """Take one out and keep *mark* for it; False, and nothing, where it is not there."""

    def has(self, digest: bytes, month: int) -> bool: ...
    def marked(self, mark: bytes) -> bool: ...
    def count(self) -> int: ...
    def forget_before(self, month: int) -> None: ...


class Tokens:
    """Takes tokens in, and lets encounters in by them; wrong ones are counted by address."""

    def __init__(self, pool: Pool, tries: Tries) -> None:
        self._pool = pool
        self._tries = tries

    def hand_in(self, digests: Sequence[bytes], now: int) -> None:
        """Keep a batch; raise DoesNotHold where one of them is known, or where there is no room."""
        if len(digests) != BATCH or len(set(digests)) != BATCH or {len(d) for d in digests} != {32}:
            raise Malformed("tokens", f"expected {BATCH} digests of 32 bytes, all different")
        month = month_of(now)
        self._pool.forget_before(month)
        if self._pool.count() > MOST:
            raise DoesNotHold("tokens", f"at most {MOST} that nobody has spent", "more")
        # In an order that says nothing.
        if not self._pool.add(sorted(digests), month + MONTHS):
            raise DoesNotHold("tokens", "new ones", "some that are known")

    def admit(self, token: bytes, encounter: str, address: str, now: int) -> None:
        """Spend *token* on *encounter*, or find it spent on it; raise Unauthorized, or TooMany."""
        self._tries.check(address, now)
        mark, digest = _mark(token, encounter), sha256(token).digest()
        month = month_of(now)
        if self._pool.marked(mark):
            return
        if self._pool.has(digest, month) and self._pool.spend(digest, mark, month + MONTHS):
            return
        self._tries.wrong(address, now)
        raise Unauthorized("a press token of this organization")

    def holds(self, token: bytes, now: int) -> bool:
        """Whether *token* is one that nobody has spent."""
        return self._pool.has(sha256(token).digest(), month_of(now))


def month_of(now: int) -> int:
    """Return the month of *now*, ms since 1970 UTC, counted from the year 0."""
    found = time.gmtime(now // 1000)
    return found.tm_year * 12 + found.tm_mon - 1


def _mark(token: bytes, encounter: str) -> bytes:
    return sha256(b"accompany/admitted/v1\n" + token + encounter.encode()).digest()
