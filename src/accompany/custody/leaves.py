"""Giving out leaves: the next index, the time, and the signed receipt, in one step.

An index is given exactly once and in the order in which items are handed to the keeper; the
process must not go on if the keeper fails, since the next index would then leave a hole.
"""

from accompany.custody.ports import Clock, Keeper
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import Entry, Receipt
from accompany.ids import Origin


class Leaves:
    """The log's end, as far as it has been given out (not all of it is durable yet)."""

    def __init__(self, origin: Origin, signer: Signer, keeper: Keeper, clock: Clock) -> None:
        self.origin = origin
        self._signer = signer
        self._clock = clock
        self._keeper = keeper
        self._next = keeper.size

    @property
    def given(self) -> int:
        return self._next

    def give(self, entry: Entry, bytes_: str) -> tuple[int, bytes]:
        """Return the entry's index and its receipt; the receipt is for after `keep` only.

        Raise DiskFull, nothing given, where there is no room for one record; whoever gives out
        many, or keeps bytes with them, asks for all their room before.
        """
        self._keeper.check_room(0)
        index = self._next
        self._next += 1
        return index, self.receipt(index, entry, bytes_)

    def receipt(self, index: int, entry: Entry, bytes_: str) -> bytes:
        receipt = Receipt(self.origin, index, entry, bytes_, self._clock.now())
        return self._signer.sign(str(receipt))
