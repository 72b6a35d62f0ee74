"""Cards that count no more: said by the server, signed, and in the log for good.

A phone that already holds the card may still believe it until it expires; whoever holds the card
and the log can see when it was revoked, and packages made from then on say so (`gathering`).
"""

import asyncio

from accompany.custody.leaves import Leaves
from accompany.custody.ports import Clock, Item, Keeper, RevokedKept
from accompany.evidence.notes import Signer
from accompany.evidence.revocations import Revocation, revocation_entry
from accompany.ids import CardSerial


class Revocations:
    """Revokes cards, each once."""

    def __init__(self, keeper: Keeper, leaves: Leaves, receipts: Signer, clock: Clock) -> None:
        self._keeper = keeper
        self._leaves = leaves
        self._receipts = receipts
        self._clock = clock
        # A card has one revocation; a route and the clock's own round may ask at the same time.
        self._one = asyncio.Lock()

    def owed(self, serial: CardSerial) -> bool:
        """Whether there is such a card, not revoked yet."""
        keeper = self._keeper
        return keeper.card(serial) is not None and keeper.revocation(serial) is None

    async def revoke(self, serial: CardSerial, lost: int | None = None) -> None:
        """Log that the card counts no more; durable when this returns, done before: nothing.

        *lost*: since when others may have its key, ms since 1970 UTC; None where nobody says so.
        """
        async with self._one:
            if self.owed(serial):
                await self._revoke(serial, lost)

    async def _revoke(self, serial: CardSerial, lost: int | None) -> None:
        now = self._clock.now()
        since = None if lost is None else min(lost, now)
        note = self._receipts.sign(str(Revocation(serial, now, since)))
        entry = revocation_entry(serial, note)
        index, receipt = self._leaves.give(entry, "kept")
        kept = RevokedKept(index, entry.slot, entry.digest, receipt, serial, note)
        await self._keeper.keep([Item(kept)])
