"""What a sealed package holds, gathered from what is kept: in any thread, in any process.

It reads only, and far more than anything else does: an hour is some thirty thousand small files,
each with its proof. So it is done apart from whoever takes phones in. Not here: when and for whom
(export), signing, the ZIP (`evidence`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol

import msgspec

from accompany.custody.ports import NamedRow, RecordingRow, StampRow, StatementRow
from accompany.errors import Unknown
from accompany.evidence.cards import Card
from accompany.evidence.checkpoints import Proof, write_consistency
from accompany.evidence.layout import stamp_name
from accompany.evidence.merkle import consistency_proof, inclusion_proofs
from accompany.evidence.notes import Note
from accompany.evidence.package import Blob, CustodyLine, Proved, SealedContents
from accompany.evidence.statements import open_opening


class Order(msgspec.Struct, frozen=True):
    """Which package is wanted: of *recording* up to statement *last*, as it stood at *now*.

    Every proof leads to *checkpoint*, a signed note over *size* entries. *card* is that of the
    attorney who answered.
    """

    recording: str
    last: int
    size: int
    checkpoint: bytes
    policy: bytes
    card: bytes | None
    custody: bool
    now: int


class Shelf(Protocol):
    """What is kept, to be read; a part of `ports.Keeper`, and columns of it as long as they are."""

    def recording(self, recording: str) -> RecordingRow | None: ...
    def statement(self, recording: str, number: int) -> StatementRow | None: ...
    def notes(self, recording: str, last: int) -> Iterator[bytes]:
        """Yield the notes of statements 1 to *last*; so the other columns."""

    def receipts(self, recording: str, last: int) -> Iterator[bytes]: ...
    def leaves(self, recording: str, last: int) -> list[int]: ...
    def segments(self, recording: str, last: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield number, size and SHA-256 of the segments up to *last* whose bytes are here."""

    def grants(self, recording: str) -> list[NamedRow]: ...
    def custody(self, recording: str) -> list[NamedRow]: ...
    def revocation(self, serial: str) -> NamedRow | None: ...
    def stamps(self, after: int, first: int, last: int) -> list[StampRow]: ...
    def node(self, level: int, number: int) -> bytes: ...


class _Column(Collection[bytes]):
    """*count* texts that are read, or made, each time somebody goes through them."""

    def __init__(self, count: int, made: Callable[[], Iterable[bytes]]) -> None:
        self._count = count
        self._made = made

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._made())

    def __contains__(self, item: object) -> bool:
        return any(one == item for one in self)


def gather(shelf: Shelf, order: Order) -> SealedContents:
    """Return what the package of *order* holds, in flat memory; raise Unknown where the recording
    is gone."""
    row = shelf.recording(order.recording)
    if row is None:
        raise Unknown("recording")
    one, last = row.recording, order.last
    leaves = [row.index, *shelf.leaves(one, last)]
    proofs = _Proofs(shelf, order)
    after = open_opening(row.note).after
    custody = None
    if order.custody:
        lines = [line for line in shelf.custody(one) if line.index < order.size]
        pairs = zip(lines, proofs.of([line.index for line in lines]), strict=True)
        custody = tuple(CustodyLine(line.data, proof) for line, proof in pairs)
    bracketing = shelf.stamps(after[0] if after else 0, row.index, leaves[-1])
    return SealedContents(
        one,
        _Column(last + 1, lambda: chain([row.note], shelf.notes(one, last))),
        _Column(last + 1, lambda: chain([row.receipt], shelf.receipts(one, last))),
        _Column(len(leaves), lambda: proofs.of(leaves)),
        {number: Blob(size, digest) for number, size, digest in shelf.segments(one, last)},
        order.checkpoint,
        order.policy,
        proofs.since(after[0]) if after is not None and after[0] <= order.size else None,
        {grant.number: grant.data for grant in shelf.grants(one)},
        card=order.card,
        custody=custody,
        stamps=_stamps(bracketing, proofs),
        revocation=_revocation(shelf, order, proofs),
    )


def _revocation(shelf: Shelf, order: Order, proofs: "_Proofs") -> Proved | None:
    """Return what ended the order's card, as far as its checkpoint covers that."""
    if order.card is None:
        return None
    row = shelf.revocation(Card.read(Note.parse(order.card).text).serial)
    if row is None or row.index >= order.size:
        return None
    (proof,) = proofs.of([row.index])
    return Proved(row.data, proof)


class _Proofs:
    """Proofs that lead to the order's checkpoint."""

    def __init__(self, shelf: Shelf, order: Order) -> None:
        self.size = order.size
        self._checkpoint = order.checkpoint
        self._node = shelf.node

    def of(self, indexes: Sequence[int]) -> Iterator[bytes]:
        paths = zip(indexes, inclusion_proofs(indexes, self.size, self._node), strict=True)
        return (bytes(Proof(index, tuple(path), self._checkpoint)) for index, path in paths)

    def since(self, old: int) -> bytes:
        """Return the consistency proof from a tree of *old* entries."""
        return write_consistency(old, self.size, consistency_proof(old, self.size, self._node))


def _stamps(bracketing: Sequence[StampRow], proofs: _Proofs) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for stamp in bracketing:
        if stamp.size <= proofs.size and stamp.index < proofs.size:
            found |= stamp_files(stamp, proofs.since(stamp.size), *proofs.of([stamp.index]))
    return found


def stamp_files(stamp: StampRow, consistency: bytes, proof: bytes) -> Mapping[str, bytes]:
    """Return the files of a time stamp by their names in data/log/timestamps/."""
    name = stamp_name(stamp.authority, stamp.size)
    return {
        f"{name}.tsr": stamp.token,
        f"{name}.checkpoint": stamp.checkpoint,
        f"{name}.pem": stamp.chain,
        f"{name}.consistency": consistency,
        f"{name}.tlog-proof": proof,
    }
