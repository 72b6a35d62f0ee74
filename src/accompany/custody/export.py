"""Handing out: a recording's sealed package, streamed, and the custody line that says so.

An export is itself an event of custody: its line is an entry, the checkpoint that covers it and
the last statement is waited for, every proof leads to that one checkpoint, and the signed
package.note becomes an entry too. Not here: who may ask (`accounts.rights`), HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from accompany.custody.gathering import Order
from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.ports import Clock, CustodyKept, Item, Keeper, PackageKept
from accompany.custody.sequencer import Published, Sequencer
from accompany.evidence.notes import Signer
from accompany.evidence.package import package_entry
from accompany.evidence.receipts import custody_entry
from accompany.evidence.text import write_time
from accompany.ids import RecordingId

CardOf = Callable[[str], bytes | None]
"""Finds the card of the attorney who answered an encounter."""


class Reading(Protocol):
    """One package being read out somewhere else; to be closed, whatever happens."""

    @property
    def text(self) -> bytes:
        """The text of package.note, to be signed."""

    async def confirm(self, note: bytes) -> None:
        """Give the signed note; only then is `size` known."""

    @property
    def size(self) -> int:
        """The bytes of the whole ZIP."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the ZIP; raise Damaged in the middle where bytes are not those that were kept."""

    async def close(self) -> None: ...


Reader = Callable[[Order], Awaitable[Reading]]
"""Has a package gathered; raises TooMany where too many are being read out."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package ready to be streamed: its name, its size in bytes, its pieces; to be closed."""

    name: str
    size: int
    pieces: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


class Handing:
    """How every package goes out, whichever log its recording is in: its list of files is signed,
    becomes an entry of the log that goes on, and nothing passes once a deletion has begun."""

    def __init__(self, keeper: Keeper, leaves: Leaves, receipts: Signer, leaving: Leaving) -> None:
        self._keeper = keeper
        self._leaves = leaves
        self._receipts = receipts
        self._leaving = leaving

    def check(self, recording: RecordingId) -> None:
        """Raise Deleted where nothing may be kept of it any more: its deletion has begun."""
        if self._leaving.going(recording):
            raise self._leaving.why(recording)

    async def out(self, recording: RecordingId, last: int, reading: Reading) -> Package:
        """Return the package that *reading* gathers, to statement *last*; closed on failure."""
        try:
            note = self._receipts.sign(reading.text.decode())
            await self._log(recording, last, note)
            await reading.confirm(note)
        except BaseException:
            await reading.close()
            raise
        pieces = self._pieces(recording, reading)
        return Package(f"{recording}.zip", reading.size, pieces, reading.close)

    async def _pieces(self, recording: RecordingId, reading: Reading) -> AsyncIterator[bytes]:
        async for piece in reading.pieces():
            # Once its deletion has begun, not a byte more of it is shown.
            self.check(recording)
            yield piece

    async def _log(self, recording: RecordingId, last: int, note: bytes) -> None:
        self.check(recording)
        self._keeper.check_room(len(note))
        entry = package_entry(recording, last, note)
        index, receipt = self._leaves.give(entry, "kept")
        kept = PackageKept(index, entry.slot, entry.digest, receipt, recording, last, note)
        await self._keeper.keep([Item(kept)])


class Export:
    def __init__(
        self,
        keeper: Keeper,
        leaves: Leaves,
        sequencer: Sequencer,
        receipts: Signer,
        policy: Callable[[], str],
        card_of: CardOf,
        clock: Clock,
        read: Reader,
        cosigned: Callable[[], Published | None] = lambda: None,
        leaving: Leaving | None = None,
    ) -> None:
        self._keeper = keeper
        self._leaves = leaves
        self._sequencer = sequencer
        self._policy = policy
        self._card_of = card_of
        self._clock = clock
        self._read = read
        self._cosigned = cosigned
        self._leaving = leaving or Leaving(keeper)
        self._handing = Handing(keeper, leaves, receipts, self._leaving)
        self._numbering = asyncio.Lock()

    async def note(self, recording: RecordingId, what: str, by: str) -> int:
        """Append a line to the custody log of a recording; return its leaf index."""
        # Lines are numbered from what is kept: two exports at once take turns.
        async with self._numbering:
            self._handing.check(recording)
            line = len(self._keeper.custody(recording)) + 1
            event = {"line": line, "time": write_time(self._clock.now()), "what": what, "by": by}
            data = msgspec.json.encode(event) + b"\n"
            entry = custody_entry(recording, line, data)
            index, receipt = self._leaves.give(entry, "kept")
            kept = CustodyKept(index, entry.slot, entry.digest, receipt, recording, line, data)
            await self._keeper.keep([Item(kept)])
            return index

    async def package(self, recording: str, by: str, with_custody: bool = True) -> Package:
        """Return the sealed package as it stands now; *by* is who asked, for the custody log.

        Raise Unknown where there is no such recording, Deleted where it was deleted, TooMany where
        too many are being read out.
        """
        row = self._keeper.recording(recording)
        if row is None:
            raise self._leaving.why(recording)
        index = await self.note(row.recording, "export", by)
        statement = self._keeper.last_statement(recording)
        last = statement.number if statement else 0
        under = await self._under(statement.index if statement else row.index, index)
        order = Order(
            row.recording, last, under.checkpoint.size, under.note, self._policy().encode(),
            self._card_of(row.encounter), with_custody, self._clock.now(),
        )  # fmt: skip
        return await self._handing.out(row.recording, last, await self._read(order))

    async def _under(self, last: int, export: int) -> Published:
        """Return the checkpoint that all proofs lead to: a cosigned one if it covers statement
        *last*, though it leaves out what custody noted since; else a live one over *export* too.
        """
        cosigned = self._cosigned()
        if cosigned is not None and last < cosigned.checkpoint.size:
            return cosigned
        return await self._sequencer.covering(max(last, export))
