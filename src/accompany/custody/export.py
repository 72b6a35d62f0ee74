"""Handing out: a recording's sealed package, streamed, and the custody line that says so.

An export is itself an event of custody: its line is an entry, the checkpoint that covers it and
the last statement is waited for, every proof leads to that one checkpoint, and the signed
package.note becomes an entry too. Not here: who may ask (`accounts.rights`), HTTP.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import msgspec

from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.ports import (
    Clock,
    CustodyKept,
    Item,
    Keeper,
    PackageKept,
    RecordingRow,
    StampRow,
    StatementRow,
)
from accompany.custody.sequencer import Published, Sequencer
from accompany.errors import Damaged
from accompany.evidence.checkpoints import Proof, write_consistency
from accompany.evidence.layout import place
from accompany.evidence.merkle import consistency_proof, inclusion_proofs
from accompany.evidence.notes import Signer
from accompany.evidence.package import (
    Blob,
    CustodyLine,
    PackageFile,
    SealedContents,
    package_entry,
    package_text,
    sealed_files,
    zip_path,
)
from accompany.evidence.receipts import custody_entry
from accompany.evidence.statements import open_opening
from accompany.evidence.text import write_time
from accompany.evidence.timestamps import stamp_name
from accompany.evidence.zipping import zip_size, zip_stream
from accompany.ids import RecordingId

CardOf = Callable[[str], bytes | None]
"""Finds the card of the attorney who answered an encounter."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package ready to be streamed: its name, its size in bytes and its pieces."""

    name: str
    size: int
    pieces: Iterator[bytes]


class Export:
    def __init__(
        self,
        keeper: Keeper,
        leaves: Leaves,
        sequencer: Sequencer,
        receipts: Signer,
        policy: str,
        card_of: CardOf,
        clock: Clock,
        cosigned: Callable[[], Published | None] = lambda: None,
        leaving: Leaving | None = None,
    ) -> None:
        self._keeper = keeper
        self._leaves = leaves
        self._sequencer = sequencer
        self._receipts = receipts
        self._policy = policy.encode()
        self._card_of = card_of
        self._clock = clock
        self._cosigned = cosigned
        self._leaving = leaving or Leaving(keeper)
        self._numbering = asyncio.Lock()

    async def note(self, recording: RecordingId, what: str, by: str) -> int:
        """Append a line to the custody log of a recording; return its leaf index."""
        # Lines are numbered from what is kept: two exports at once take turns.
        async with self._numbering:
            self._check(recording)
            line = len(self._keeper.custody(recording)) + 1
            event = {"line": line, "time": write_time(self._clock.now()), "what": what, "by": by}
            data = msgspec.json.encode(event) + b"\n"
            entry = custody_entry(recording, line, data)
            index, receipt = self._leaves.give(entry, "kept")
            kept = CustodyKept(index, entry.slot, entry.digest, receipt, recording, line, data)
            await self._keeper.keep([Item(kept)])
            return index

    def _check(self, recording: RecordingId) -> None:
        """Raise Deleted where nothing may be kept of it any more: its deletion has begun."""
        if self._leaving.going(recording):
            raise self._leaving.why(recording)

    async def package(self, recording: str, by: str, with_custody: bool = True) -> Package:
        """Return the sealed package as it stands now; *by* is who asked, for the custody log.

        Raise Unknown where there is no such recording, Deleted where it was deleted.
        """
        row = self._keeper.recording(recording)
        if row is None:
            raise self._leaving.why(recording)
        index = await self.note(row.recording, "export", by)
        last = self._keeper.last_statement(recording)
        under = await self._under(last.index if last else row.index, index)
        card, now = self._card_of(row.encounter), self._clock.now()

        def made() -> tuple[bytes, list[PackageFile], int]:
            contents = self._gather(row, last, under, card, with_custody)
            note = self._receipts.sign(package_text(contents, now))
            files = sealed_files(contents, note, now)
            size = zip_size((zip_path(row.recording, file.path), file.size) for file in files)
            return note, files, size

        # An hour of film is some twenty thousand small files: seconds, for which nobody must wait.
        note, files, size = await asyncio.to_thread(made)
        await self._log(row.recording, last.number if last else 0, note)
        return Package(f"{row.recording}.zip", size, self._stream(row.recording, files))

    async def _under(self, last: int, export: int) -> Published:
        """Return the checkpoint that all proofs lead to: a cosigned one if it covers statement
        *last*, though it leaves out what custody noted since; else a live one over *export* too.
        """
        cosigned = self._cosigned()
        if cosigned is not None and last < cosigned.checkpoint.size:
            return cosigned
        return await self._sequencer.covering(max(last, export))

    def _gather(
        self,
        row: RecordingRow,
        last: StatementRow | None,
        under: Published,
        card: bytes | None,
        with_custody: bool,
    ) -> SealedContents:
        end = last.number if last else 0
        kept = [one for one in self._keeper.statements(row.recording) if one.number <= end]
        node = cache(self._keeper.node)
        size = under.checkpoint.size

        def proofs(indexes: Sequence[int]) -> tuple[bytes, ...]:
            paths = zip(indexes, inclusion_proofs(indexes, size, node), strict=True)
            return tuple(bytes(Proof(index, tuple(path), under.note)) for index, path in paths)

        grants = {grant.number: grant.data for grant in self._keeper.grants(row.recording)}
        after = open_opening(row.note).after
        consistency = None
        if after is not None and after[0] <= size:
            consistency = write_consistency(after[0], size, consistency_proof(after[0], size, node))
        custody = None
        if with_custody:
            lines = [line for line in self._keeper.custody(row.recording) if line.index < size]
            shown = proofs([line.index for line in lines])
            pairs = zip(lines, shown, strict=True)
            custody = tuple(CustodyLine(line.data, proof) for line, proof in pairs)
        bracketing = self._keeper.stamps(
            after[0] if after else 0, row.index, kept[-1].index if kept else row.index
        )
        stamps: dict[str, bytes] = {}
        for stamp in bracketing:
            if stamp.size <= size and stamp.index < size:
                hashes = consistency_proof(stamp.size, size, node)
                consistency_file = write_consistency(stamp.size, size, hashes)
                stamps |= stamp_files(stamp, consistency_file, *proofs([stamp.index]))
        return SealedContents(
            row.recording,
            (row.note, *(one.note for one in kept)),
            (row.receipt, *(one.receipt for one in kept)),
            proofs([row.index, *(one.index for one in kept)]),
            {one.number: Blob(one.size, one.sha256) for one in kept if one.here and one.sha256},
            under.note,
            self._policy,
            consistency,
            grants,
            card=card,
            custody=custody,
            stamps=stamps,
        )

    async def _log(self, recording: RecordingId, last: int, note: bytes) -> None:
        self._check(recording)
        self._keeper.check_room(len(note))
        entry = package_entry(recording, last, note)
        index, receipt = self._leaves.give(entry, "kept")
        kept = PackageKept(index, entry.slot, entry.digest, receipt, recording, last, note)
        await self._keeper.keep([Item(kept)])

    def _stream(self, recording: RecordingId, files: list[PackageFile]) -> Iterator[bytes]:
        return zip_stream(
            (zip_path(recording, file.path), file.size, self._pieces(recording, file))
            for file in files
        )

    def _pieces(self, recording: RecordingId, file: PackageFile) -> Iterator[bytes]:
        if not isinstance(file.content, Blob):
            yield file.content
            return
        found = place(file.path)
        data = self._keeper.segment(recording, found.number) if found else None
        if data is None:
            raise Damaged(f"{file.path}: its bytes are not here any more")
        yield data


def stamp_files(stamp: StampRow, consistency: bytes, proof: bytes) -> dict[str, bytes]:
    """Return the files of a time stamp by their names in data/log/timestamps/."""
    name = stamp_name(stamp.authority, stamp.size)
    return {
        f"{name}.tsr": stamp.token,
        f"{name}.checkpoint": stamp.checkpoint,
        f"{name}.pem": stamp.chain,
        f"{name}.consistency": consistency,
        f"{name}.tlog-proof": proof,
    }
