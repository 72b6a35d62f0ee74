"""`accompany audit`: follow a log, and alarm if it ever contradicts itself.

Each look fetches the checkpoint and what is new under it, rebuilds every tile from the entries,
and only then keeps the checkpoint as the one that the next must continue. A contradiction is
written to a file with both checkpoints, as the log signed them: anybody can check it.

Exit 0: all holds. 1: alarm, or a signature does not hold. 2: it could not be checked (no answer,
no right, no key).
"""

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accompany.client.arguments import server_address
from accompany.client.durable import write_durably
from accompany.client.growing import Differs, Grown, check_tile
from accompany.client.line import open_client
from accompany.client.tiles import TileNodes, Tiles
from accompany.errors import AccompanyError, Damaged, DoesNotHold, Malformed
from accompany.evidence.checkpoints import (
    Checkpoint,
    Policy,
    file_name_of,
    open_checkpoint,
    parse_checkpoint,
)
from accompany.evidence.merkle import check_consistency, consistency_proof
from accompany.evidence.notes import Verifier
from accompany.evidence.text import write_time

Say = Callable[[str], None]


class Alarm(AccompanyError):
    """The log contradicts itself; *evidence* is the text that shows it, *file* where it lies."""

    def __init__(self, why: str, evidence: str) -> None:
        super().__init__(why)
        self.evidence = evidence
        self.file: Path | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint that held, as signed, and the edge of its tree."""

    note: bytes
    checkpoint: Checkpoint
    grown: Grown


class Memory:
    """The auditor's folder: the last checkpoint of each view, the log's key, contradictions."""

    def __init__(self, folder: Path, live: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        # With a token the log is shown further than without: each view grows by itself.
        self._path = folder / ("live.json" if live else "public.json")

    def seen(self) -> Seen | None:
        if not self._path.exists():
            return None
        try:
            held = json.loads(self._path.read_bytes())
            note = held["checkpoint"].encode()
            checkpoint = parse_checkpoint(note)[0]
            grown = Grown.read(checkpoint.size, held["edge"])
        except (ValueError, KeyError, TypeError, AttributeError, AccompanyError) as error:
            raise Damaged(f"{self._path} cannot be read: {error}") from error
        if grown.root() != checkpoint.root:
            raise Damaged(f"{self._path}: what was kept does not make the checkpoint kept")
        return Seen(note, checkpoint, grown)

    def keep(self, note: bytes, grown: Grown) -> None:
        """Keep what the next look must continue; return once it would survive a power cut."""
        held = {"checkpoint": note.decode(), "edge": grown.written()}
        write_durably(self._path, json.dumps(held).encode())

    def key(self) -> Verifier | None:
        path = self.folder / "log.vkey"
        return Verifier.parse(path.read_text().strip()) if path.exists() else None

    def keep_key(self, key: Verifier) -> None:
        write_durably(self.folder / "log.vkey", f"{key}\n".encode())

    def keep_alarm(self, alarm: Alarm, now: int) -> Path:
        stamp = write_time(now)[:19].replace(":", "")
        path = self.folder / f"contradiction-{stamp}Z.txt"
        head = f"Found by accompany audit at {write_time(now)}.\n\n{alarm}\n\n"
        write_durably(path, (head + alarm.evidence).encode())
        return path


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: sizes before and now; how far strangers are shown, if it was asked."""

    origin: str
    before: int
    size: int
    public: int | None = None


def look(tiles: Tiles, memory: Memory, key: Verifier, strangers: Tiles | None = None) -> Look:
    """Take one look at the log; keep what was seen, if all of it holds.

    Raise Alarm where the log contradicts itself or what it showed before; then nothing is kept.
    *strangers* is the same log without a token: it must be the beginning of the live one.
    """
    note = tiles.checkpoint()
    checkpoint = open_checkpoint(note, key)
    seen = memory.seen()
    if seen is not None:
        _compare(seen, checkpoint, note)
    grown = Grown.read(seen.checkpoint.size, seen.grown.written()) if seen else Grown()
    _grow(tiles, grown, checkpoint, seen, note)
    public = _compare_strangers(tiles, strangers, checkpoint, note, key) if strangers else None
    memory.keep(note, grown)
    before = seen.checkpoint.size if seen else 0
    return Look(checkpoint.origin, before, checkpoint.size, public)


def _compare(seen: Seen, checkpoint: Checkpoint, note: bytes) -> None:
    kept = seen.checkpoint
    if checkpoint.origin != kept.origin:
        raise DoesNotHold("checkpoint", f"the log {kept.origin}", checkpoint.origin)
    if checkpoint.size == kept.size and checkpoint.root != kept.root:
        why = f"{kept.origin} signed two different trees of {kept.size} entries."
        raise Alarm(why, both_checkpoints(seen.note, note, "One size, two roots."))
    if checkpoint.size < kept.size:
        why = (
            f"{kept.origin} shows {checkpoint.size} entries, but it has signed {kept.size} before: "
            "it went back."
        )
        raise Alarm(why, both_checkpoints(seen.note, note, "It shows less than it did."))


def _grow(
    tiles: Tiles, grown: Grown, checkpoint: Checkpoint, seen: Seen | None, note: bytes
) -> None:
    """Let *grown* become the tree of *checkpoint*, every tile compared on the way."""
    kept = seen.note if seen else None
    try:
        if checkpoint.size > grown.size:
            for number, entries, tile in tiles.bundles(grown.bundle, checkpoint.size):
                for level, above, hashes in grown.take(number, entries, tile):
                    check_tile(level, above, hashes, tiles.tile(level, above, len(hashes)))
            for level, above, hashes in grown.partial():
                check_tile(level, above, hashes, tiles.tile(level, above, len(hashes)))
    except Differs as error:
        why = f"{checkpoint.origin} serves what does not fit together: {error}."
        raise Alarm(why, both_checkpoints(kept, note, f"{error}.")) from error
    if grown.root() != checkpoint.root:
        computed = f"The entries and tiles served make the root {grown.root().hex()}, not the one "
        computed += "signed: the new tree does not continue the old one with what is served."
        why = (
            f"{checkpoint.origin} signed a tree of {checkpoint.size} that its entries do not make."
        )
        raise Alarm(why, both_checkpoints(kept, note, computed))


def _compare_strangers(
    tiles: Tiles, strangers: Tiles, live: Checkpoint, note: bytes, key: Verifier
) -> int:
    """Return how far strangers are shown; raise Alarm where it is not the same log."""
    shown = strangers.checkpoint()
    public = open_checkpoint(shown, key)
    if public.size > live.size:
        # It was published between the two requests; the next look compares it.
        return public.size
    try:
        check_grows(tiles, public, live)
    except DoesNotHold as error:
        why = f"{live.origin} shows strangers another log than auditors."
        raise Alarm(why, both_checkpoints(shown, note, f"{error}.")) from error
    return public.size


def check_grows(tiles: Tiles, old: Checkpoint, new: Checkpoint) -> list[bytes]:
    """Return the proof, from *tiles* of the tree *new*, that it continues *old*.

    Raise DoesNotHold where the tiles show no such thing.
    """
    proof = consistency_proof(old.size, new.size, TileNodes(tiles, new.size))
    check_consistency(old.size, new.size, old.root, new.root, proof)
    return proof


def both_checkpoints(kept: bytes | None, found: bytes, computed: str) -> str:
    """Return the text of evidence: both checkpoints as signed, and what was computed."""
    parts = []
    if kept is not None:
        parts.append(f"The checkpoint kept before, as the log signed it:\n\n{kept.decode()}")
    parts.append(f"The checkpoint found now, as the log signed it:\n\n{found.decode()}")
    parts.append(f"Computed: {computed}\n")
    parts.append(
        "Each is a C2SP signed note; anybody who has the log's public key can check them.\n"
    )
    return "\n".join(parts)


def settle_key(tiles: Tiles, memory: Memory, policy: Path | None, say: Say) -> Verifier:
    """Return the log's key: by the policy given, else the one kept, else the first one shown.

    A policy that names another key than the one kept raises DoesNotHold.
    """
    kept = memory.key()
    if policy is not None:
        logs = Policy.parse(policy.read_bytes()).logs
        if len(logs) != 1 and kept is None:
            # One that states closed logs as well: whose checkpoint is shown says which is meant.
            origin = parse_checkpoint(tiles.checkpoint())[0].origin
            logs = tuple(log for log in logs if log.name == origin)
            if len(logs) != 1:
                raise Malformed("policy", f"expected one log called {origin}, found {len(logs)}")
        key = next((log for log in logs if log == kept), logs[0] if logs else None)
        if key is None or (kept is not None and key != kept):
            raise DoesNotHold("log's key", str(kept), "another one in the policy")
    elif kept is not None:
        return kept
    else:
        logs = Policy.parse(tiles.get("policy", 1024 * 1024)).logs
        if not logs:
            raise Malformed("policy of the log", "expected a log, found none")
        # Logs that ended stand behind the one that is written now.
        key = logs[0]
        say(
            "WHOSE LOG THIS IS, NOBODY HAS TOLD: without --policy, the key it shows now is "
            f"believed from here on:\n  {key}\nCompare it with the organization's own word."
        )
    memory.keep_key(key)
    return key


def configure_audit(parser: ArgumentParser) -> None:
    """Describe `accompany audit` to *parser*."""
    parser.description = (
        "Follow a log: every checkpoint must continue the last one seen, every tile is rebuilt "
        "from the entries. Exit status 0: all holds. 1: the log contradicts itself; both "
        "checkpoints are in a file then. 2: it could not be checked."
    )
    add_log(parser)
    add = parser.add_argument
    add("--folder", metavar="DIR", type=Path, help="where to keep what was seen "
        "(default: accompany-audit)", default=Path("accompany-audit"))  # fmt: skip
    often = parser.add_mutually_exclusive_group()
    often.add_argument("--once", action="store_true", help="look once (the default)")
    often.add_argument("--every", metavar="SECONDS", type=float, help="look again and again")
    add("--json", action="store_true", help="print a line of JSON for every look")


def add_log(parser: ArgumentParser, optional: bool = False) -> None:
    """The options that name a log, whose it is, and what opens it."""
    add = parser.add_argument
    add("url", metavar="URL", type=server_address, nargs="?" if optional else None,
        help="the server's address, as callers open it; its log lies under /log")  # fmt: skip
    add("--policy", metavar="FILE", type=Path, help="the log's key, from somebody you trust")
    token = parser.add_mutually_exclusive_group()
    token.add_argument("--token", metavar="T", help="a token of `accompany token`: the live log")
    token.add_argument("--token-file", metavar="FILE", type=Path, help="a file that holds it")
    add("--ca", metavar="FILE", type=Path, help="certificates of the server's own authority (PEM)")


def token_given(given: Namespace) -> str | None:
    if given.token_file is not None:
        return str(given.token_file.read_text().strip())
    return given.token if given.token is None else str(given.token)


def run_audit(given: Namespace) -> int:
    """Do `accompany audit`; return the exit status."""
    while True:
        status = _look_once(given)
        if given.every is None or status == 1:
            return status
        time.sleep(given.every)


def _look_once(given: Namespace) -> int:
    now = time.time_ns() // 1_000_000
    try:
        token = token_given(given)
        memory = Memory(given.folder, token is not None)
        try:
            found = _look(given, memory, token)
        except Alarm as alarm:
            alarm.file = memory.keep_alarm(alarm, now)
            return _alarm(given, alarm)
    except DoesNotHold as error:
        return _report(given, {"result": "fails", "why": str(error)}, f"FAILS: {error}", 1)
    except (AccompanyError, OSError) as error:
        values = {"result": "unchecked", "why": str(error)}
        return _report(given, values, f"not checked: {error}", 2)
    result = {"result": "holds", "log": found.origin, "before": found.before, "size": found.size}
    grew = f"{found.size} entries" + (f", {found.size - found.before} new" if found.before else "")
    public = "" if found.public is None else f"; strangers see the first {found.public}"
    words = f"{write_time(now)} {found.origin}: {grew}, every tile rebuilt, all holds{public}"
    return _report(given, {**result, "public": found.public}, words, 0)


def _look(given: Namespace, memory: Memory, token: str | None) -> Look:
    with open_client(given.url, given.ca) as client:
        tiles = Tiles(client, "/log", token)
        key = settle_key(tiles, memory, given.policy, lambda text: print(text, file=sys.stderr))
        strangers = Tiles(client, "/log") if token else None
        shown = parse_checkpoint(tiles.checkpoint())[0].origin
        if shown != key.name:
            closed = look(Tiles(client, f"/log/closed/{file_name_of(key)}"), memory, key)
            raise DoesNotHold(
                "log", key.name, f"{shown}: {key.name} was closed for good, and what is left of it "
                f"holds, {closed.size} entries; follow {shown} in another --folder"
            )  # fmt: skip
        return look(tiles, memory, key, strangers)


def _alarm(given: Namespace, alarm: Alarm) -> int:
    line = "!" * 72
    print(
        f"{line}\nALARM: {alarm}\nThe log has broken its promise, or somebody stands between. "
        f"Both checkpoints are in\n  {alarm.file}\nKeep that file, tell the organization and "
        f"whoever relies on its log. Nothing newer was kept.\n{line}",
        file=sys.stderr,
    )
    values = {"result": "contradiction", "why": str(alarm), "file": str(alarm.file)}
    return _report(given, values, "", 1)


def _report(given: Namespace, values: dict[str, Any], words: str, status: int) -> int:
    if given.json:
        print(json.dumps(values), flush=True)
    elif words:
        print(words, file=sys.stderr if status else sys.stdout, flush=True)
    return status
