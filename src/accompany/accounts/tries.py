"""How often one address may be wrong in a minute; addresses live in memory only."""

from accompany.errors import TooMany

MINUTE = 60_000
ADDRESSES = 10_000


class Tries:
    """Counts what was wrong, by address; what was right is not counted."""

    def __init__(self, what: str, a_minute: int) -> None:
        self._what = what
        self._limit = a_minute
        self._wrong: dict[str, list[int]] = {}

    def check(self, address: str, now: int) -> None:
        """Raise TooMany where this address was wrong too often in the last minute."""
        if len(self._recent(address, now)) >= self._limit:
            raise TooMany(self._what, 60)

    def wrong(self, address: str, now: int) -> None:
        if len(self._wrong) > ADDRESSES:
            self._wrong.clear()
        self._wrong[address] = [*self._recent(address, now), now]

    def _recent(self, address: str, now: int) -> list[int]:
        return [time for time in self._wrong.get(address, ()) if time > now - MINUTE]

    def __contains__(self, address: str) -> bool:
        return address in self._wrong

    def __len__(self) -> int:
        return len(self._wrong)
