"""How many messages may go out: an hour's allowance in all, for a sender and for a recipient.

A guest code hangs on a wall, so whoever presses is not believed to mean well. Counted in memory
only, under a key that ends with the process; no time but the one it is given.
"""

import secrets
from collections import deque
from hashlib import blake2b

HOUR = 3_600_000
TO_ONE = 6
"""Messages an hour to one recipient, whoever asks."""

FROM_ONE = 20
"""Tellings and tries an hour from one network address (IPv6: one /64)."""


MOST = 10_000
"""Places and recipients remembered before those of more than an hour ago are looked for."""


class Allowance:
    """Counts in a sliding hour."""

    def __init__(self, in_all: int) -> None:
        self._in_all = in_all
        self._key = secrets.token_bytes(32)
        self._times: dict[bytes, deque[int]] = {}
        self._most = MOST

    def ask(self, neighbourhood: str, now: int) -> bool:
        """Count one telling from there; False where there were too many."""
        return self._take([(b"from " + neighbourhood.encode(), FROM_ONE)], now)

    def send(self, address: str, now: int) -> bool:
        """Count one message to *address*; False where it is one too many, and not counted."""
        return self._take([(b"all", self._in_all), (b"to " + address.encode(), TO_ONE)], now)

    def _take(self, wanted: list[tuple[bytes, int]], now: int) -> bool:
        self._tidy(now)
        held = [(self._recent(what, now), most) for what, most in wanted]
        if any(len(times) >= most for times, most in held):
            return False
        for times, _ in held:
            times.append(now)
        return True

    def _tidy(self, now: int) -> None:
        if len(self._times) > self._most:
            held = self._times.items()
            self._times = {one: times for one, times in held if times and times[-1] > now - HOUR}
            self._most = max(MOST, 2 * len(self._times))

    def _recent(self, what: bytes, now: int) -> deque[int]:
        key = blake2b(what, key=self._key, digest_size=16).digest()
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - HOUR:
            times.popleft()
        return times
