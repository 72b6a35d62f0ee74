"""Checkpoints, proofs and policies: what a log commits to, and whose log is believed.

c2sp.org/tlog-checkpoint, tlog-proof, tlog-cosignature and tlog-policy. A policy of ours names two
more keys in comment lines: `# receipts <vkey>` and `# organization <vkey>`. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence.merkle import check_inclusion, leaf_hash
from accompany.evidence.notes import COSIGNATURE, ED25519, Note, Signer, Verifier
from accompany.evidence.receipts import Entry
from accompany.evidence.text import quoted, read_base64, read_number, write_base64
from accompany.ids import Origin

PROOF_MAGIC = "c2sp.org/tlog-proof@v1"
CONSISTENCY_MAGIC = "accompany/consistency/v1"
CHECKPOINT_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log's origin, its size in entries, and its root, 32 bytes."""

    origin: Origin
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{write_base64(self.root)}\n"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise Malformed("checkpoint", "expected origin, size and root, a line each")
        return cls(Origin(lines[0]), read_number(lines[1]), read_base64(lines[2], 32))

    def sign(self, signer: Signer) -> bytes:
        return signer.sign(str(self))


def file_name_of(log: Verifier) -> str:
    """Return a name for what belongs to *log*, fit for files and addresses: no other has it."""
    return f"{re.sub(r'[^0-9A-Za-z.-]', '_', log.name)}-{log.id.hex()}"


def parse_checkpoint(data: bytes) -> tuple[Checkpoint, Note]:
    """Return what a signed checkpoint states, and the note; its signatures are not yet checked."""
    note = Note.parse(data, CHECKPOINT_LIMIT)
    return Checkpoint.read(note.text), note


def open_checkpoint(data: bytes, verifier: Verifier) -> Checkpoint:
    """Return the checkpoint in a note that the log *verifier* signed; others may have cosigned."""
    note = Note.parse(data, CHECKPOINT_LIMIT)
    checkpoint = Checkpoint.read(note.signed_by(verifier, "checkpoint"))
    if checkpoint.origin != verifier.name:
        raise DoesNotHold("checkpoint", f"origin {verifier.name}", checkpoint.origin)
    return checkpoint


@dataclass(frozen=True, slots=True)
class Proof:
    """A tlog-proof: entry *index*, the inclusion path, and the signed checkpoint it leads to."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        hashes = "".join(f"{write_base64(item)}\n" for item in self.path)
        return f"{PROOF_MAGIC}\nindex {self.index}\n{hashes}\n".encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> "Proof":
        head, separator, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("proof", "expected ASCII before the checkpoint") from error
        if not separator or lines[0] != PROOF_MAGIC or len(lines) < 2:
            raise Malformed("proof", f"expected {quoted(PROOF_MAGIC)}, found {quoted(lines[0])}")
        name, _, index = lines[1].partition(" ")
        if name != "index" or len(lines) > 66:
            raise Malformed("proof", f"expected index and at most 64 hashes, found {quoted(name)}")
        # Magic, number and base64 have one written form each, and so has all that is made of them.
        path = tuple(read_base64(line, 32) for line in lines[2:])
        return cls(read_number(index), path, checkpoint)

    def check(self, entry: Entry, checkpoint: Checkpoint) -> None:
        """Raise DoesNotHold unless *entry* is number `index` of the tree of *checkpoint*."""
        leaf = leaf_hash(bytes(entry))
        check_inclusion(self.index, checkpoint.size, leaf, list(self.path), checkpoint.root)


def write_consistency(old: int, new: int, hashes: Iterable[bytes]) -> bytes:
    lines = "".join(f"{write_base64(item)}\n" for item in hashes)
    return f"{CONSISTENCY_MAGIC}\nold {old}\nnew {new}\n{lines}".encode()


def read_consistency(data: bytes) -> tuple[int, int, list[bytes]]:
    """Return (old, new, hashes) of an `accompany/consistency/v1` file."""
    try:
        magic, old, new, *hashes, end = data.decode("ascii").split("\n")
    except ValueError as error:
        raise Malformed("consistency proof", "expected a magic line, old and new") from error
    if magic != CONSISTENCY_MAGIC or end or not (old[:4], new[:4]) == ("old ", "new "):
        raise Malformed("consistency proof", f"expected old and new, found {quoted(magic)}")
    if len(hashes) > 128:
        raise Malformed("consistency proof", f"expected at most 128 hashes, found {len(hashes)}")
    return read_number(old[4:]), read_number(new[4:]), [read_base64(h, 32) for h in hashes]


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose signatures are believed: logs, witnesses and their quorum (c2sp.org/tlog-policy)."""

    logs: tuple[Verifier, ...] = ()
    witnesses: Mapping[str, Verifier] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = "none"
    receipts: tuple[Verifier, ...] = ()
    organizations: tuple[Verifier, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> "Policy":
        """Return the policy that *data* writes; raise Malformed for anything unclear."""
        return _PolicyReader().read(data)

    def log(self, origin: str) -> Verifier | None:
        return next((log for log in self.logs if log.name == origin), None)

    def receipts_key(self, origin: str) -> Verifier | None:
        return next((key for key in self.receipts if key.name == f"{origin}/receipts"), None)

    def cosigned(self, note: Note) -> frozenset[str]:
        """Return the names of the witnesses whose cosignature on *note* holds."""
        return frozenset(name for name, key in self.witnesses.items() if _cosigned(note, key))

    def quorum_holds(self, note: Note) -> bool:
        """Whether enough witnesses cosigned *note*; groups stand after what they are made of."""
        met = {"none", *self.cosigned(note)}
        for name, (needed, members) in self.groups.items():
            if sum(member in met for member in members) >= needed:
                met.add(name)
        return self.quorum in met


def write_policy(
    log: Verifier, receipts: Verifier, organization: Verifier, witnesses: str = ""
) -> str:
    """Return the policy that a server states of itself, with the lines of *witnesses*, a policy:
    its witnesses, groups and quorum; without it there are none."""
    words = ("witness", "group", "quorum")
    lines = [line for line in witnesses.splitlines() if line.strip().startswith(words)]
    own = [f"# receipts {receipts}", f"# organization {organization}", f"log {log}"]
    return "".join(f"{line}\n" for line in [*own, *(lines or ["quorum none"])])


class _PolicyReader:
    """Reads a policy line by line; a name is used only after its own line."""

    def __init__(self) -> None:
        self.logs: list[Verifier] = []
        self.witnesses: dict[str, Verifier] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.members: set[str] = set()
        self.quorum: str | None = None
        self.comments: dict[str, list[Verifier]] = {"receipts": [], "organization": []}

    def read(self, data: bytes) -> Policy:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("policy", "expected UTF-8") from error
        for number, line in enumerate(text.split("\n"), 1):
            try:
                self._line(line.replace("\t", " ").split())
            except AccompanyError as error:
                raise Malformed("policy", f"line {number}: {error}") from error
        if self.quorum is None:
            raise Malformed("policy", "expected one quorum line, found none")
        receipts, organizations = self.comments["receipts"], self.comments["organization"]
        return Policy(
            tuple(self.logs),
            self.witnesses,
            self.groups,
            self.quorum,
            tuple(receipts),
            tuple(organizations),
        )

    def _line(self, words: list[str]) -> None:
        match words:
            case ["#", ("receipts" | "organization") as role, vkey]:
                self.comments[role].append(Verifier.parse(vkey))
            case [] | ["#", *_]:
                return
            case [first, *_] if first.startswith("#"):
                return
            case ["log", vkey] | ["log", vkey, _]:
                self._add_log(_of_kind(vkey, ED25519))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._new(name)
                self.witnesses[name] = _of_kind(vkey, COSIGNATURE)
            case ["group", name, threshold, *members] if members:
                self._add_group(name, threshold, members)
            case ["quorum", name]:
                self._set_quorum(name)
            case _:
                raise Malformed("policy line", f"found {quoted(' '.join(words))}")

    def _add_log(self, log: Verifier) -> None:
        if any(log.key == other.key for other in self.logs):
            raise Malformed("log", "the same key twice")
        self.logs.append(log)

    def _new(self, name: str) -> None:
        if name in self.witnesses or name in self.groups or name == "none":
            raise Malformed("name", f"{quoted(name)} is taken")

    def _add_group(self, name: str, threshold: str, members: list[str]) -> None:
        self._new(name)
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise Malformed("group", f"{quoted(member)} has no line before")
            if member in self.members:
                raise Malformed("group", f"{quoted(member)} is a member twice")
            self.members.add(member)
        count = {"any": 1, "all": len(members)}.get(threshold)
        needed = count if count is not None else read_number(threshold)
        if not 1 <= needed <= len(members):
            raise Malformed("group", f"expected 1 to {len(members)}, found {needed}")
        self.groups[name] = (needed, tuple(members))

    def _set_quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise Malformed("quorum", "a second line")
        if name != "none" and name not in self.witnesses and name not in self.groups:
            raise Malformed("quorum", f"{quoted(name)} has no line before")
        self.quorum = name


def _of_kind(vkey: str, kind: int) -> Verifier:
    verifier = Verifier.parse(vkey)
    if verifier.kind != kind:
        raise Malformed("vkey", f"expected type {kind}, found {verifier.kind}")
    return verifier


def _cosigned(note: Note, key: Verifier) -> bool:
    """Whether a tlog-cosignature v1 of *key* on *note* holds: 8 bytes of time, 64 of signature."""
    for line in note.signatures:
        if (line.name, line.id) == (key.name, key.id) and len(line.value) == 72:
            seconds = int.from_bytes(line.value[:8], "big")
            message = f"cosignature/v1\ntime {seconds}\n{note.text}".encode()
            if key.holds(message, line.value[8:]):
                return True
    return False
