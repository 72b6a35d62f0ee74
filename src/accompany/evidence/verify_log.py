"""Checking what the server and the log said: keys, checkpoint, receipts, proofs, consistency.

Pure. Not here: the statements themselves (verify_chain), time stamps (later), asking a live log.
"""

from dataclasses import dataclass, field

from accompany.errors import AccompanyError
from accompany.evidence import layout
from accompany.evidence.checkpoints import (
    CHECKPOINT_LIMIT,
    Checkpoint,
    Policy,
    Proof,
    parse_checkpoint,
    read_consistency,
)
from accompany.evidence.contents import Contents
from accompany.evidence.findings import Findings
from accompany.evidence.merkle import check_consistency
from accompany.evidence.notes import Note, Verifier
from accompany.evidence.receipts import Entry, Receipt, receipts_name
from accompany.evidence.statements import Opening
from accompany.evidence.text import quoted
from accompany.ids import Origin


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose signatures are looked for: by key name, from the policy given or the package's own.

    `receipts` and `log` may be several, where a policy names more than one of a name; `believed`
    is the policy that decides on witnesses and organizations; `outside` whether it was given.
    """

    origin: Origin
    log: tuple[Verifier, ...] = ()
    receipts: tuple[Verifier, ...] = ()
    believed: Policy = field(default_factory=Policy)
    own: Policy = field(default_factory=Policy)
    outside: bool = False

    def of_another_log(self, note: Note) -> Verifier | None:
        """Return the receipts key by which *note* says it is signed, of a log that is believed and
        is not this one."""
        named = {(line.name, line.id) for line in note.signatures}
        others = {receipts_name(key.name) for key in self.believed.logs if key.name != self.origin}
        known = (key for key in self.believed.receipts if key.name in others)
        return next((key for key in known if (key.name, key.id) in named), None)


def pick(keys: tuple[Verifier, ...], note: Note) -> Verifier | None:
    """Return the key among *keys* that *note* says it is signed by; else the first."""
    named = {(line.name, line.id) for line in note.signatures}
    return next((key for key in keys if (key.name, key.id) in named), keys[0] if keys else None)


def settle_keys(
    contents: Contents, policy: Policy | None, origin: Origin, findings: Findings
) -> Keys:
    """Return the keys to check the log *origin* with, and say how far they can be believed."""
    own = Policy()
    data = contents.need(layout.POLICY)
    if data is not None:
        with findings.under("form", layout.POLICY):
            own = Policy.parse(data)
    own_log, own_receipts = _of(own, origin)
    if policy is None:
        findings.add("policy-none")
        return Keys(origin, own_log, own_receipts, own, own)
    log, receipts = _of(policy, origin)
    if not log:
        known = ", ".join(key.name for key in policy.logs) or "none"
        findings.add("log-unknown", layout.POLICY, f"one of {known}", origin or "none")
        return Keys(origin, own_log, own_receipts, policy, own, outside=True)
    _compare(log, own_log, findings)
    if receipts:
        _compare(receipts, own_receipts, findings)
        findings.add("log-known", origin=origin)
    else:
        findings.add("receipts-key")
    return Keys(origin, log, receipts or own_receipts, policy, own, outside=True)


def _of(policy: Policy, origin: Origin) -> tuple[tuple[Verifier, ...], tuple[Verifier, ...]]:
    log = tuple(key for key in policy.logs if key.name == origin)
    receipts = tuple(key for key in policy.receipts if key.name == receipts_name(origin))
    return log, receipts


def _compare(given: tuple[Verifier, ...], stated: tuple[Verifier, ...], findings: Findings) -> None:
    if not set(given) & set(stated):
        expected = ", ".join(map(str, given))
        found = ", ".join(map(str, stated)) or "none of that name"
        findings.add("policy-differs", layout.POLICY, expected, found)


def check_checkpoint(data: bytes | None, keys: Keys, findings: Findings) -> Checkpoint | None:
    """Return the checkpoint if it is in form; signature, origin and quorum are findings."""
    path = layout.CHECKPOINT
    checkpoint: Checkpoint | None = None
    if data is None:
        return None
    with findings.under("checkpoint-signature", path):
        checkpoint, note = parse_checkpoint(data)
        if checkpoint.origin != keys.origin:
            findings.add("checkpoint-origin", path, keys.origin, checkpoint.origin)
        key = pick(keys.log, note)
        if key is None:
            findings.add("keys-unknown", path, role="the log")
            return checkpoint
        note.signed_by(key, path)
        findings.add("checkpoint-holds", size=checkpoint.size)
        _check_quorum(note, keys.believed, findings)
    return checkpoint


def _check_quorum(note: Note, policy: Policy, findings: Findings) -> None:
    names = ", ".join(sorted(policy.cosigned(note))) or "none"
    if not policy.quorum_holds(note):
        findings.add("quorum", layout.CHECKPOINT, f"the quorum {quoted(policy.quorum)}", names)
    elif policy.quorum != "none":
        findings.add("quorum-holds", names=names)


def check_after(
    contents: Contents, opening: Opening, checkpoint: Checkpoint | None, findings: Findings
) -> None:
    """Check that the log only grew from the checkpoint the opening names to the package's."""
    path = layout.AFTER
    if opening.after is None:
        if path in contents:
            findings.add("after-unexpected", path, "none, as the opening says", "a proof")
        return
    size, root = opening.after
    data = contents.need(path)
    if data is None or checkpoint is None:
        return
    with findings.under("after", path):
        old, new, hashes = read_consistency(data)
        if (old, new) != (size, checkpoint.size):
            expected = f"old {size}, new {checkpoint.size}"
            findings.add("after-sizes", path, expected, f"old {old}, new {new}")
            return
        check_consistency(old, new, root, checkpoint.root, hashes)
        findings.add("after-holds", size=size)


class LogReader:
    """Takes the receipt and the proof of each entry, and compares them with one another."""

    def __init__(
        self, keys: Keys, checkpoint: Checkpoint | None, note: bytes | None, findings: Findings
    ) -> None:
        self._keys = keys
        self.checkpoint = checkpoint
        self._note = note
        self._findings = findings
        self._places: dict[int, tuple[Entry, str]] = {}
        self._keyless = False

    def take_receipt(
        self, path: str, data: bytes, entry: Entry | None, allowed: tuple[str, ...]
    ) -> Receipt | None:
        """Check a receipt for *entry* whose bytes may be *allowed*; return it if it is in form."""
        receipt: Receipt | None = None
        with self._findings.under("receipt-signature", path):
            note = Note.parse(data)
            receipt = Receipt.read(note.text)
            self._compare(path, receipt, entry, allowed)
            key = pick(self._keys.receipts, note)
            if key is None:
                self._say_keyless()
            else:
                note.only_by(key, path)
        return receipt

    def _say_keyless(self) -> None:
        if not self._keyless:
            self._findings.add("keys-unknown", layout.POLICY, role="receipts")
        self._keyless = True

    def _compare(
        self, path: str, receipt: Receipt, entry: Entry | None, allowed: tuple[str, ...]
    ) -> None:
        if receipt.log != self._keys.origin:
            self._findings.add("receipt-log", path, self._keys.origin, receipt.log)
        if entry is not None and receipt.entry != entry:
            self._findings.add("receipt-entry", path, _hex(entry), _hex(receipt.entry))
        if receipt.bytes_ not in allowed:
            expected = " or ".join(allowed)
            self._findings.add("receipt-bytes", path, expected, receipt.bytes_)
        self._place(path, receipt.index, receipt.entry)

    def _place(self, path: str, index: int, entry: Entry) -> None:
        other, where = self._places.setdefault(index, (entry, path))
        if other != entry:
            expected = f"{_hex(other)} at {index}, as {where} says"
            self._findings.add("receipt-index", path, expected, _hex(entry))

    def take_proof(
        self, path: str, data: bytes, entry: Entry | None, receipt: Receipt | None
    ) -> int | None:
        """Check a proof of *entry*; return its index if it is in form."""
        index: int | None = None
        with self._findings.under("proof", path):
            proof = Proof.parse(data)
            index = proof.index
            if receipt is not None and proof.index != receipt.index:
                expected = f"index {receipt.index}"
                self._findings.add("proof-index", path, expected, f"index {proof.index}")
            if self._note is not None and proof.checkpoint != self._note:
                expected = f"{layout.CHECKPOINT} byte for byte"
                self._findings.add("proof-checkpoint", path, expected, _first_line(proof))
            if entry is not None and self.checkpoint is not None:
                proof.check(entry, self.checkpoint)
                self._place(path, proof.index, entry)
        return index


def check_place_of_opening(opening: Opening, index: int, findings: Findings) -> None:
    """The opening names a checkpoint it came after: it cannot stand among the entries before."""
    if opening.after is not None and index < opening.after[0]:
        path = layout.receipt_path(0)
        findings.add("opening-early", path, f"an index from {opening.after[0]}", str(index))


def _hex(entry: Entry) -> str:
    return f"{entry.slot.hex()} {entry.digest.hex()}"


def _first_line(proof: Proof) -> str:
    try:
        checkpoint, _ = parse_checkpoint(proof.checkpoint[: 2 * CHECKPOINT_LIMIT])
    except AccompanyError:
        return "another"
    return f"one over {checkpoint.size} entries"
