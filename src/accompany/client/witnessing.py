"""A witness of other organizations' logs: its key, what it keeps, and what it signs.

    <folder>/key              PRIVATE+KEY+…, made on the first start; the vkey goes to the logs
    <folder>/witness.sqlite   of every log, the largest checkpoint cosigned

The checkpoint is kept, compared with the one before and swapped in one transaction, and would
survive a power cut, before a signature leaves: so two processes on one folder, a crash or a
restart never make it sign two histories. That holds as long as the file does: without it the key
is not used again. Not here: the decision (evidence.cosigning), serving it (web.witness).
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accompany.client.auditing import Alarm, both_checkpoints, check_grows
from accompany.client.durable import write_durably
from accompany.client.line import Refused
from accompany.client.tiles import Tiles
from accompany.errors import Damaged, DoesNotHold
from accompany.evidence.checkpoints import CHECKPOINT_LIMIT, Checkpoint, parse_checkpoint
from accompany.evidence.cosigning import (
    AddCheckpoint,
    Contradiction,
    Head,
    cosign,
    judge,
    trusted,
    witness_key,
)
from accompany.evidence.notes import Note, Signer, Verifier

_SCHEMA = """
CREATE TABLE IF NOT EXISTS heads (origin TEXT PRIMARY KEY, size INTEGER NOT NULL,
    root BLOB NOT NULL, note BLOB NOT NULL) WITHOUT ROWID
"""


class Heads:
    """Of every log, the largest checkpoint cosigned: durable, compared and swapped."""

    def __init__(self, path: Path) -> None:
        self._tables = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A rollback journal in full: nothing may be signed that a power cut would forget.
        self._tables.execute("PRAGMA synchronous = EXTRA")
        self._tables.execute(_SCHEMA)
        path.chmod(0o600)

    def close(self) -> None:
        self._tables.close()

    def head(self, origin: str) -> Head:
        """Return what was cosigned last of the log *origin*; a tree of size 0 if nothing was."""
        row = self._tables.execute("SELECT size, root FROM heads WHERE origin = ?", (origin,))
        found = row.fetchone()
        return Head(found[0], found[1]) if found else Head()

    def note(self, origin: str) -> bytes | None:
        row = self._tables.execute("SELECT note FROM heads WHERE origin = ?", (origin,))
        found = row.fetchone()
        return found[0] if found else None

    def add(self, request: AddCheckpoint, logs: Mapping[str, Verifier]) -> Checkpoint:
        """Judge *request* and keep its checkpoint, in one step; raise as `judge` does."""
        origin = trusted(request.checkpoint, logs).origin
        self._tables.execute("BEGIN IMMEDIATE")
        try:
            checkpoint = judge(request, logs, self.head(origin))
            self._tables.execute(
                "INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)",
                (origin, checkpoint.size, checkpoint.root, request.checkpoint),
            )
            self._tables.execute("COMMIT")
        except BaseException:
            self._tables.execute("ROLLBACK")
            raise
        return checkpoint


@dataclass(frozen=True, slots=True)
class Witness:
    """A key and its memory; *logs* are those it cosigns, by origin."""

    folder: Path
    signer: Signer
    heads: Heads
    logs: Mapping[str, Verifier]

    @property
    def verifier(self) -> Verifier:
        return witness_key(self.signer.name, self.signer.verifier.key)

    def answer(self, body: bytes, seconds: int) -> str:
        """Return the cosignature for an `add-checkpoint` body, once its checkpoint is kept.

        *seconds* is the POSIX time. Raise as `judge` does; two trees of one size leave a file.
        """
        request = AddCheckpoint.parse(body)
        try:
            checkpoint = self.heads.add(request, self.logs)
        except Contradiction as contradiction:
            self._keep_contradiction(contradiction, request.checkpoint)
            raise
        del checkpoint
        return cosign(self.signer, Note.parse(request.checkpoint, CHECKPOINT_LIMIT).text, seconds)

    def _keep_contradiction(self, contradiction: Contradiction, found: bytes) -> Path:
        kept = self.heads.note(contradiction.origin)
        text = both_checkpoints(kept, found, f"{contradiction}.")
        # Named by what was found, so that sending it again fills no disk.
        path = self.folder / f"contradiction-{contradiction.found.hex()[:16]}.txt"
        if not path.exists():
            write_durably(path, text.encode())
        return path

    def visit(self, tiles: Tiles, seconds: int) -> "Visit":
        """Fetch what a log offers to witnesses, cosign it, bring the cosignature back.

        Raise Alarm, with both checkpoints, where it does not continue what was cosigned before.
        """
        note = self._offered(tiles)
        checkpoint = trusted(note, self.logs)
        head = self.heads.head(checkpoint.origin)
        if checkpoint.size < head.size:
            return Visit(checkpoint.origin, head.size, False)
        old = Checkpoint(checkpoint.origin, head.size, head.root)
        kept = self.heads.note(checkpoint.origin)
        try:
            proof = check_grows(tiles, old, checkpoint)
        except (DoesNotHold, LookupError) as error:
            why = f"{checkpoint.origin} does not continue the log that was cosigned."
            raise Alarm(why, both_checkpoints(kept, note, f"{error}.")) from error
        line = self.answer(bytes(AddCheckpoint(head.size, tuple(proof), note)), seconds)
        tiles.post("cosignatures", self._bare(note) + line.encode())
        return Visit(checkpoint.origin, checkpoint.size, True)

    def _bare(self, note: bytes) -> bytes:
        """Return the note with the log's own signature alone: nobody else's word is passed on."""
        parsed = Note.parse(note, CHECKPOINT_LIMIT)
        log = self.logs[parse_checkpoint(note)[0].origin]
        own = [line for line in parsed.signatures if (line.name, line.id) == (log.name, log.id)]
        return bytes(Note(parsed.text, tuple(own)))

    def _offered(self, tiles: Tiles) -> bytes:
        """What a log offers to witnesses; the checkpoint it shows, where it offers nothing."""
        try:
            return tiles.get("offered", 128 * 1024)
        except Refused as refused:
            if refused.status != 404:
                raise
            return tiles.checkpoint()


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: *size* is what stands cosigned now; whether a cosignature was brought."""

    origin: str
    size: int
    cosigned: bool


def open_witness(folder: Path, name: str | None, logs: Mapping[str, Verifier]) -> Witness:
    """Return the witness whose key and memory lie in *folder*; made there, called *name*, if new.

    Raise Damaged where one of the two is missing: without its memory a key is never used again.
    """
    key, memory = folder / "key", folder / "witness.sqlite"
    if key.exists() != memory.exists():
        missing = memory if key.exists() else key
        raise Damaged(
            f"{missing} is missing: nothing is signed. A witness that lost what it signed must "
            "begin anew in another folder, with a new key, and tell the logs"
        )
    if not key.exists():
        if not name:
            raise Damaged(f"{folder} holds no witness yet: give --name to make one")
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        Heads(memory).close()
        # The key last: a crash before it leaves a folder that says so.
        write_durably(key, f"{Signer.generate(name).written()}\n".encode())
    signer = Signer.parse(key.read_text())
    if name and name != signer.name:
        raise Damaged(f"{folder} holds the witness {signer.name}, but {name} was asked for")
    return Witness(folder, signer, Heads(memory), logs)
