"""How late the pieces of an encounter came: from the time a statement states to its receipt.

The phone's clock is the statement's; one that is wrong shows as a lag, or as none. A piece whose
bytes have not come counts when they have.
"""

from accompany.custody.ports import Keeper
from accompany.evidence.notes import Note
from accompany.evidence.receipts import Receipt
from accompany.evidence.statements import SegmentStatement

SAMPLES = 20
"""Pieces of a recording that are looked at, spread evenly."""

STEP = 100
"""Milliseconds that a lag is rounded up to."""


def lags_of(keeper: Keeper, encounter: str) -> dict[int, int]:
    """Return how often each lag came, of a sample of the encounter's pieces."""
    found: dict[int, int] = {}
    for row in keeper.by_encounter(encounter):
        last = keeper.last_statement(row.recording)
        if last is None:
            continue
        for number in sorted({1 + n * last.number // SAMPLES for n in range(SAMPLES)}):
            lag = _lag(keeper, row.recording, number)
            if lag is not None:
                found[lag] = found.get(lag, 0) + 1
    return found


def last_heard(keeper: Keeper, encounter: str) -> int | None:
    """Return when the newest statement of an encounter was received; None before any was."""
    lasts = [keeper.last_statement(row.recording) for row in keeper.by_encounter(encounter)]
    return max((_received(one.receipt) for one in lasts if one is not None), default=None)


def _lag(keeper: Keeper, recording: str, number: int) -> int | None:
    row = keeper.statement(recording, number)
    if row is None or row.word != "segment" or not row.here:
        return None
    stated = SegmentStatement.read(Note.parse(row.note).text).time
    late = max(0, _received(row.receipt) - stated)
    return -(-late // STEP) * STEP


def _received(receipt: bytes) -> int:
    return Receipt.read(Note.parse(receipt).text).time
