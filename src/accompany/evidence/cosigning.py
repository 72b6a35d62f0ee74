"""Cosigning: what a witness decides and signs (c2sp.org/tlog-witness, tlog-cosignature).

A witness keeps, for every log, the largest checkpoint it cosigned, and signs only what continues
it: never two trees of one size, never a smaller after a larger one. Here is the decision, as
values; it binds only if the new head is kept, compared and swapped, before the answer leaves.
Pure. Not here: keeping (client.witnessing), HTTP (web.witness, adapters.witnesses).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accompany.errors import AccompanyError, DoesNotHold, Malformed, Unknown
from accompany.evidence.checkpoints import CHECKPOINT_LIMIT, Checkpoint, parse_checkpoint
from accompany.evidence.merkle import EMPTY_ROOT, check_consistency
from accompany.evidence.notes import (
    COSIGNATURE,
    Note,
    Signature,
    Signer,
    Verifier,
    check_public_key,
    signature_line,
)
from accompany.evidence.text import read_base64, read_number, write_base64

REQUEST_LIMIT = CHECKPOINT_LIMIT + 8 * 1024
PROOF_LINES = 63


class Conflict(AccompanyError):
    """The witness's last checkpoint has another size than the request says: *size* entries."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the last checkpoint cosigned has {size} entries")
        self.size = size


class Contradiction(AccompanyError):
    """Two trees of one size, both signed by the log: the proof that it shows two histories."""

    def __init__(self, origin: str, size: int, kept: bytes, found: bytes) -> None:
        super().__init__(
            f"{origin} signed two different trees of {size} entries: root {kept.hex()} and root "
            f"{found.hex()}"
        )
        self.origin = origin
        self.size = size
        self.kept = kept
        self.found = found


@dataclass(frozen=True, slots=True)
class Head:
    """The largest tree of a log that was cosigned: its size and root."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The body of an `add-checkpoint` request."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        hashes = "".join(f"{write_base64(one)}\n" for one in self.proof)
        return f"old {self.old}\n{hashes}\n".encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> "AddCheckpoint":
        head, separator, checkpoint = data.partition(b"\n\n")
        try:
            first, *hashes = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("add-checkpoint", "expected ASCII before the checkpoint") from error
        if not separator or not first.startswith("old ") or len(hashes) > PROOF_LINES:
            raise Malformed("add-checkpoint", f"expected old, hashes, a note: {first[:80]!r}")
        proof = tuple(read_base64(line, 32) for line in hashes)
        return cls(read_number(first[4:]), proof, checkpoint)


def judge(request: AddCheckpoint, logs: Mapping[str, Verifier], head: Head) -> Checkpoint:
    """Return the checkpoint to keep and cosign, given the *head* kept of that log.

    Raise Unknown (404) for another log, DoesNotHold for a signature (403), Malformed (400),
    Conflict (409) where `old` is not the size kept, Contradiction (409) for two trees of one
    size, and BadProof (422) where the proof does not lead from the one tree to the other.
    """
    checkpoint = trusted(request.checkpoint, logs)
    if request.old > checkpoint.size:
        raise Malformed("add-checkpoint", f"old {request.old} is past {checkpoint.size} entries")
    if request.old != head.size:
        raise Conflict(head.size)
    if head.size == checkpoint.size and head.root != checkpoint.root:
        raise Contradiction(checkpoint.origin, head.size, head.root, checkpoint.root)
    try:
        check_consistency(
            head.size, checkpoint.size, head.root, checkpoint.root, list(request.proof)
        )
    except DoesNotHold as error:
        raise BadProof(error.what, error.expected, error.found) from error
    return checkpoint


class BadProof(DoesNotHold):
    """A consistency proof that does not lead from the tree kept to the one shown."""


def trusted(note: bytes, logs: Mapping[str, Verifier]) -> Checkpoint:
    """Return the checkpoint in *note*, signed by the key among *logs* of its origin."""
    checkpoint, parsed = parse_checkpoint(note)
    key = logs.get(checkpoint.origin)
    if key is None:
        raise Unknown(f"log as {checkpoint.origin}")
    parsed.signed_by(key, "checkpoint")
    return checkpoint


def witness_key(name: str, key: bytes) -> Verifier:
    """Return a witness's verifier, type 0x04, for `witness` lines of a policy."""
    return Verifier(name, check_public_key(key), COSIGNATURE)


def cosign(signer: Signer, text: str, seconds: int) -> str:
    """Return the signature line of a cosignature/v1 over a checkpoint's *text* at POSIX time."""
    if not 0 <= seconds < 2**63:
        raise Malformed("cosignature", f"expected a time, found {seconds}")
    verifier = witness_key(signer.name, signer.verifier.key)
    signature = signer.private.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    return signature_line(verifier, seconds.to_bytes(8, "big") + signature)


def read_lines(data: bytes, text: str) -> tuple[Signature, ...]:
    """Return the signature lines in an answer of `add-checkpoint` to a checkpoint of *text*."""
    if not data or len(data) > 16 * 1024:
        raise Malformed("cosignatures", f"expected signature lines, found {len(data)} bytes")
    return Note.parse(text.encode() + b"\n" + data, CHECKPOINT_LIMIT).signatures


def cosigned_at(text: str, line: Signature, key: Verifier) -> int | None:
    """Return the POSIX seconds of *key*'s cosignature on *text* if *line* is one, else None."""
    if (line.name, line.id) != (key.name, key.id) or len(line.value) != 72:
        return None
    seconds = int.from_bytes(line.value[:8], "big")
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    return seconds if seconds < 2**63 and key.holds(message, line.value[8:]) else None


def with_cosignatures(note: bytes, lines: Iterable[Signature], keys: Iterable[Verifier]) -> bytes:
    """Return *note* with those of *lines* that are cosignatures of *keys*; others are ignored.

    A witness's later line takes the place of its earlier one; its order is by name.
    """
    parsed = Note.parse(note, CHECKPOINT_LIMIT)
    known = {(key.name, key.id): key for key in keys}
    own = [line for line in parsed.signatures if (line.name, line.id) not in known]
    held: dict[tuple[str, bytes], tuple[int, Signature]] = {}
    for line in [*parsed.signatures, *lines]:
        key = known.get((line.name, line.id))
        seconds = cosigned_at(parsed.text, line, key) if key else None
        at = (line.name, line.id)
        if seconds is not None and (at not in held or held[at][0] <= seconds):
            held[at] = (seconds, line)
    cosignatures = [held[at][1] for at in sorted(held)]
    return bytes(Note(parsed.text, (*own, *cosignatures)))
