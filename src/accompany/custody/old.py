"""Recordings of logs that ended: shown, handed out and deleted, and nothing signed in their name.

Their statements, receipts and checkpoints were signed while the log lived, and prove what they
proved. A package is gathered under the last checkpoint that is left; its list of files is signed by
the log that goes on, which had nothing to do with them: a verifier says so, as one thing that it
could not check, and all else holds. A deletion takes the bytes off the disk; its tombstone stands
in the log that goes on. Not here: the closing (`adapters.closing`), HTTP.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from accompany.custody.export import Handing, Package, Reading
from accompany.custody.gathering import Order
from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.ports import (
    Clock,
    Keeper,
    RecordingRow,
    StatementRow,
)
from accompany.custody.sequencer import Ended
from accompany.errors import Unknown
from accompany.evidence.notes import Signer
from accompany.evidence.statements import digest_of


class EndedLog(Ended, Protocol):
    """A log that ended, and the recordings in it."""

    def recording(self, recording: str) -> RecordingRow | None: ...
    def last_statement(self, recording: str, size: int) -> StatementRow | None:
        """Return the last statement among the log's first *size* entries."""

    def missing(self, recording: str) -> list[int]: ...
    def segment(self, recording: str, number: int) -> bytes | None:
        """Return a segment's sealed bytes; raise Damaged if they are not what was kept."""

    async def begin(self, order: Order) -> Reading:
        """Have a package gathered; as `export.Reader`."""

    def erase(self, recordings: Sequence[str]) -> None:
        """Forget *recordings* and take their bytes off the disk; durable, harmless when repeated.

        It reads much: call it in a thread.
        """


class Old:
    """All logs that ended, by their file names; one per server."""

    def __init__(
        self,
        logs: Mapping[str, EndedLog],
        keeper: Keeper,
        leaves: Leaves,
        receipts: Signer,
        policy: Callable[[], str],
        clock: Clock,
        leaving: Leaving,
    ) -> None:
        self.logs = logs
        self._keeper = keeper
        self._policy = policy
        self._clock = clock
        self._leaving = leaving
        self._handing = Handing(keeper, leaves, receipts, leaving)

    def row(self, recording: str) -> RecordingRow | None:
        """Return a recording of a log that ended; None for all others, and where it is deleted."""
        found = self._find(recording)
        return None if found is None else found[2]

    def _find(self, recording: str) -> tuple[str, EndedLog, RecordingRow] | None:
        if not self.logs or self._leaving.going(recording) or self._keeper.tombstone(recording):
            return None
        for name, log in self.logs.items():
            row = log.recording(recording)
            if row is not None:
                return name, log, row
        return None

    def _found(self, recording: str) -> tuple[str, EndedLog, RecordingRow]:
        found = self._find(recording)
        if found is None:
            raise self._leaving.why(recording)
        return found

    def state(self, recording: str) -> dict[str, object]:
        """Return where it stands, as of the present log's, and *log*, the closed one's name."""
        name, log, row = self._found(recording)
        last = log.last_statement(recording, 2**62)
        return {
            "opening": row.note.decode(),
            "last": last.number if last else 0,
            "digest": digest_of(last.note if last else row.note).hex(),
            "missing": log.missing(recording),
            "closing": None,
            "log": name,
        }

    def segment(self, recording: str, number: int) -> bytes:
        """Return a segment's sealed bytes; raise Unknown, or Damaged if they are not as kept."""
        data = self._found(recording)[1].segment(recording, number)
        if data is None:
            raise Unknown("segment or statement")
        return data

    async def package(self, recording: str, with_custody: bool) -> Package:
        """Return what is left of it, as far as the last checkpoint that is left covers it."""
        _, log, row = self._found(recording)
        under = log.last
        if under is None or row.index >= under.checkpoint.size:
            raise Unknown("checkpoint that covers this recording: its log was closed before one")
        last = log.last_statement(recording, under.checkpoint.size)
        number = last.number if last else 0
        order = Order(
            row.recording, number, under.checkpoint.size, under.note, self._policy().encode(), None,
            with_custody, self._clock.now(),
        )  # fmt: skip
        return await self._handing.out(row.recording, number, await log.begin(order))

    def erase(self, recordings: Sequence[str]) -> None:
        for log in self.logs.values():
            log.erase(recordings)
