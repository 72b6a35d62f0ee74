"""Taking in: openings, statements, segments and grants, each checked, kept, and receipted.

The signature is the right to append: no session is asked for. Everything is checked before a leaf
is given; a receipt is returned only after the keeper has it durably. The same thing sent again
gets the same receipt. Not here: where each recording ends (`ends`), HTTP, who may open one
(`accounts`), reading out (`export`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from accompany.custody.checks import check_body, check_grant_note, check_sealed, word_of
from accompany.custody.ends import Ends, Live, on_its_way
from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.looking import Looking, Seen
from accompany.custody.ports import (
    Arrived,
    Blob,
    GrantKept,
    Item,
    Keeper,
    OpeningKept,
    RecordingRow,
    StatementKept,
    StatementRow,
)
from accompany.errors import DoesNotHold, Malformed, OutOfOrder, Unknown
from accompany.evidence.notes import Verifier, check_public_key
from accompany.evidence.receipts import grant_entry, statement_entry
from accompany.evidence.statements import (
    Closing,
    Following,
    Opening,
    SegmentStatement,
    digest_of,
    open_following,
    open_opening,
)
from accompany.ids import Locator, RecordingId

_RECORD = 1024
"""Bytes a record takes at most, what it is a record of aside."""

Admit = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class State:
    """Where a recording stands: GET /api/recordings/{id}."""

    opening: bytes
    last: int
    digest: bytes
    segments: int
    missing: list[int]
    closing: str | None


class Intake:
    def __init__(
        self,
        keeper: Keeper,
        leaves: Leaves,
        segment_bytes: int,
        leaving: Leaving | None = None,
        looking: Looking | None = None,
    ) -> None:
        self._keeper = keeper
        self._leaving = leaving or Leaving(keeper)
        self._leaves = leaves
        self._segment_bytes = segment_bytes
        self._ends = Ends(keeper, self._leaving)
        self._opening: dict[RecordingId, asyncio.Future[None]] = {}
        self._looking = looking or Looking()
        self._opened = 0

    async def open(
        self,
        note: bytes,
        grants: Sequence[bytes],
        locator: Locator,
        deletion: bytes | None,
        admit: Admit,
    ) -> tuple[bytes, bool]:
        """Open a recording; return its receipt and whether it is new.

        *admit* is called once for a new recording, after everything else was found in order.
        Raise DoesNotHold where signature, id, log or grants are wrong.
        """
        opening = open_opening(note)
        while (arriving := self._opening.get(opening.recording)) is not None:
            await asyncio.wait([arriving])
        known = self._keeper.recording(opening.recording)
        if known is not None:
            return self._same_opening(known, note), False
        self._leaving.check(opening.recording)
        self._check_opening(opening, grants, deletion)
        with on_its_way(self._opening, opening.recording):
            await admit()
            receipt = await self._keep_opening(opening, note, grants, locator, deletion)
        self._ends.remember(opening, note, locator, len(grants))
        self._opened += 1
        self._looking.expect(self._opened)
        return receipt, True

    def check_known(self, recording: str) -> None:
        """Raise Malformed or Unknown where nothing can be taken for *recording*."""
        self._ends.find(recording)

    def _same_opening(self, known: RecordingRow, note: bytes) -> bytes:
        if known.note != note:
            last = self._ends.find(known.recording).chain
            raise OutOfOrder("another opening of this recording is kept", last.last, last.digest)
        return known.receipt

    def _check_opening(
        self, opening: Opening, grants: Sequence[bytes], deletion: bytes | None
    ) -> None:
        if opening.log != self._leaves.origin:
            raise DoesNotHold("log", self._leaves.origin, opening.log)
        found = sha256(b"".join(grants)).digest()
        if found != opening.grants:
            raise DoesNotHold("grants", opening.grants.hex(), found.hex())
        for grant in grants:
            check_sealed("grant", grant)
        if deletion is not None:
            check_public_key(deletion)

    async def _keep_opening(
        self,
        opening: Opening,
        note: bytes,
        grants: Sequence[bytes],
        locator: Locator,
        deletion: bytes | None,
    ) -> bytes:
        self._keeper.check_room(sum(len(grant) + _RECORD for grant in grants))
        entry = statement_entry(note, 0, note)
        index, receipt = self._leaves.give(entry, "none")
        kept = OpeningKept(
            index,
            entry.slot,
            entry.digest,
            receipt,
            opening.recording,
            note,
            bytes(locator),
            deletion,
            opening.encounter,
            opening.kind,
        )
        items = [Item(kept)]
        items += [self._grant(opening.recording, n, grant)[0] for n, grant in enumerate(grants)]
        await self._keeper.keep(items)
        return receipt

    async def statement(self, recording: str, number: int, note: bytes) -> tuple[bytes, bool]:
        """Take a statement without bytes; return its receipt and whether it is new."""
        return await self._take(recording, number, note, None)

    async def segment(
        self, recording: str, number: int, note: bytes | None, body: Blob
    ) -> tuple[bytes, bool]:
        """Take a segment's sealed bytes, with its statement unless that came before."""
        return await self._take(recording, number, note, body)

    async def _take(
        self, recording: str, number: int, note: bytes | None, body: Blob | None
    ) -> tuple[bytes, bool]:
        seen = await self._looking.look(self._ends.find(recording).opening.key, note, body)
        live = await self._ends.settled(recording, number)
        # Behind the chain's end nothing is kept.
        row = self._keeper.statement(recording, number) if number <= live.chain.last else None
        if row is not None:
            return await self._again(live, row, note, body, seen)
        if note is None:
            raise Malformed("Statement header", "expected the segment's statement, none came")
        return await self._take_new(live, number, note, body, seen), True

    async def _again(
        self, live: Live, row: StatementRow, note: bytes | None, body: Blob | None, seen: Seen
    ) -> tuple[bytes, bool]:
        """What is kept already gets its receipt again; awaited bytes are taken now."""
        if note is not None and note != row.note:
            chain = live.chain
            why = f"statement {row.number} is taken by another one"
            raise OutOfOrder(why, chain.last, chain.digest)
        if body is None or row.here:
            if body is not None:
                check_body(row.sha256, row.size, seen)
            return row.receipt, False
        if row.word != "segment":
            raise DoesNotHold("segment", "a segment statement", f"a {row.word}")
        _check_segment(row.sha256, row.size, body, seen)
        self._keeper.check_room(len(body), segment=True)
        entry = statement_entry(live.note, row.number, row.note)
        receipt = self._leaves.receipt(row.index, entry, "kept")
        item = Item(Arrived(live.opening.recording, row.number, receipt), body)
        await self._keep(live, row.number, item)
        return receipt, True

    async def _take_new(
        self, live: Live, number: int, note: bytes, body: Blob | None, seen: Seen
    ) -> bytes:
        statement = seen.following()
        if statement.number != number:
            raise DoesNotHold("number", str(number), str(statement.number))
        chain = live.chain.follow(statement, note)
        size, digest = self._check_new(live, statement, body, seen)
        # Bytes and answer: from here to the keeper nothing may wait, or the order would break.
        entry = statement_entry(live.note, number, note)
        awaited = isinstance(statement, SegmentStatement) and body is None
        bytes_ = "awaited" if awaited else "none" if body is None else "kept"
        index, receipt = self._leaves.give(entry, bytes_)
        kept = StatementKept(
            index,
            entry.slot,
            entry.digest,
            receipt,
            live.opening.recording,
            number,
            note,
            word_of(statement),
            digest,
            size,
            body is not None,
        )
        live.chain = chain
        if digest is not None:
            live.hashes.add(digest)
        await self._keep(live, number, Item(kept, body or b""))
        return receipt

    def _check_new(
        self, live: Live, statement: Following, body: Blob | None, seen: Seen
    ) -> tuple[int, bytes | None]:
        if not isinstance(statement, SegmentStatement):
            if body is not None:
                raise DoesNotHold("segment", "a segment statement", f"a {word_of(statement)}")
            return 0, None
        if statement.size > self._segment_bytes:
            raise DoesNotHold("size", f"at most {self._segment_bytes}", str(statement.size))
        if statement.sha256 in live.hashes:
            raise DoesNotHold("sha256", "one no other segment has", statement.sha256.hex())
        if body is not None:
            _check_segment(statement.sha256, statement.size, body, seen)
            self._keeper.check_room(len(body), segment=True)
        return statement.size, statement.sha256

    async def _keep(self, live: Live, what: int | bytes, item: Item) -> None:
        with on_its_way(live.arriving, what):
            await self._keeper.keep([item])

    def arriving(self, recording: RecordingId) -> "asyncio.Future[None] | None":
        """Return something of *recording* that is on its way to the disk; with none, forget it."""
        return self._ends.arriving(recording)

    async def grant(
        self, recording: str, data: bytes, note: bytes | None, by: bytes | None,
        holder: Verifier | None = None,
    ) -> bytes:  # fmt: skip
        """Add a grant: *data* is the age file; either *note* by the recording's key, or the
        *holder*'s, or the locator *by* whoever showed its secret. Return the receipt, `kept`."""
        digest = sha256(data).digest()
        live = await self._ends.settled(recording, digest)
        check_sealed("grant", data)
        if note is not None:
            check_grant_note(live.opening, note, data, holder)
        elif by is None or by != live.locator:
            raise Unknown("recording")
        for row in self._keeper.grants(recording):
            if row.data == data:
                return row.receipt
        item, receipt = self._grant(live.opening.recording, live.grants, data)
        live.grants += 1
        await self._keep(live, digest, item)
        return receipt

    def _grant(self, recording: RecordingId, number: int, data: bytes) -> tuple[Item, bytes]:
        self._keeper.check_room(len(data))
        entry = grant_entry(recording, number, data)
        index, receipt = self._leaves.give(entry, "kept")
        kept = GrantKept(index, entry.slot, entry.digest, receipt, recording, number, data)
        return Item(kept), receipt

    def state(self, recording: str) -> State:
        live = self._ends.find(recording)
        last = self._keeper.last_statement(recording)
        closing = None
        if last is not None and last.word == "closing":
            found = open_following(last.note, live.chain.key)
            closing = found.reason if isinstance(found, Closing) else None
        number, digest = (
            (0, digest_of(live.note))
            if last is None
            else (
                last.number,
                digest_of(last.note),
            )
        )
        missing = self._keeper.missing(recording)
        return State(live.note, number, digest, live.chain.segments, missing, closing)


def _check_segment(digest: bytes | None, size: int, body: Blob, seen: Seen) -> None:
    check_body(digest, size, seen)
    check_sealed("segment", body)
