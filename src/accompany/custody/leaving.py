"""Recordings that are being deleted: from the moment it begins, nothing of them is taken or shown.

Shared by intake, export and deletion, which would else keep something behind the tombstone.
"""

from accompany.custody.ports import Keeper
from accompany.errors import AccompanyError, Deleted, Unknown


class Leaving:
    """Which recordings are gone, or about to go; a start begins with what is kept."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._now: set[str] = set()

    def begin(self, recording: str) -> None:
        self._now.add(recording)

    def going(self, recording: str) -> bool:
        """Whether its deletion has begun in this life of the server."""
        return recording in self._now

    def check(self, recording: str) -> None:
        """Raise Deleted for what is gone or going."""
        if recording in self._now or self._keeper.tombstone(recording) is not None:
            raise self.why(recording)

    def why(self, recording: str) -> AccompanyError:
        """Return why *recording*, of which nothing is kept, is not here."""
        row = self._keeper.tombstone(recording)
        if row is not None:
            return Deleted(row.data.decode())
        return Deleted("") if recording in self._now else Unknown("recording")
