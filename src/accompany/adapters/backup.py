"""A backup: consistent while the server records, and only what is new is copied.

    backup.json                     what belongs to it, with sizes and SHA-256; written last
    files/<path>-<sha256>           databases, checkpoints, the organization's notes, own cards and
                                    voices, names of what was erased
    journal/<file>/<part>-<sha256>  the journal's files in parts of 16 MiB
    journal/closed/<log>/…          the same of logs that were closed
    secrets/…                       keys, in clear or sealed to a recipient

The checkpoints are read before the journal, so that the journal holds what they sign. Its files
only grow, so that a part once whole is never copied again, unless something in it was erased: then
it is copied anew, and the old one deleted with everything else that backup.json does not name.
An interrupted backup changes nothing of the one before it. Not here: reading one back (restoring).
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

from accompany.adapters.checkpoints import kinds_kept, newest_kept
from accompany.adapters.closed_log import last_held
from accompany.adapters.erasures import read_erased
from accompany.adapters.frames import HEADER_SIZE, whole_blocks
from accompany.adapters.manifest import (
    FORMAT,
    MANIFEST,
    ClosedJournal,
    JournalFile,
    Manifest,
    Object,
    objects_of,
    read_manifest,
)
from accompany.adapters.reading import Shelf
from accompany.adapters.stores import Store
from accompany.adapters.walking import end_in
from accompany.errors import Damaged, Malformed, Unknown
from accompany.evidence.age import HybridRecipient, encrypt
from accompany.evidence.checkpoints import parse_checkpoint
from accompany.evidence.text import write_time

PART = 16 * 1024 * 1024
SMALL = ("guest-code", "policy", "witnesses", "keys/organization.json")
FOLDERS = ("authorities", "cards", "voices")
"""What an organization laid there itself, whole."""
SECRETS = ("keys", "tls")

Progress = Callable[[int, int], None]
"""Hears how many bytes of the journal are dealt with, and of how many."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a backup did: bytes and objects copied, entries of the log that it holds."""

    entries: int
    copied: int
    objects: int
    size: int
    closed: int
    """Logs that were closed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One journal file of *folder* to copy up to *end*; *old* is what is held of it."""

    folder: str
    old: JournalFile
    end: int
    done: bool


@dataclass
class Backup:
    """One run from the data folder *data* to *store*. *seal_to* seals the keys; *keys* takes them
    along at all."""

    data: Path
    store: Store
    seal_to: HybridRecipient | None = None
    keys: bool = True
    progress: Progress = lambda done, total: None
    _new: list[str] = field(default_factory=list)
    _copied: int = 0
    _done: int = 0
    _total: int = 0

    def run(self) -> Done:
        """Copy what is new; return once all of it would survive, as far as that is ours to see.

        Raise Unknown where *data* is no data folder, Damaged where *store* holds another's backup.
        """
        before = read_manifest(self.store)
        self._check(before)
        # Before the journal: what they sign is then in it.
        small, secrets = self._of_one_organization()
        for name in self._closed():
            small |= self._small_of_closed(name)
        erased = self._erased()
        held_before = {one.number: one for one in before.journal} if before else {}
        plans = self._plans(held_before, *self._position())
        closed_plans = {name: self._closed_plans(name, before) for name in self._closed()}
        everything = [*plans, *(plan for some in closed_plans.values() for plan in some)]
        self._total = sum(plan.end for plan in everything)
        stale = self._stale(before, erased)
        files = [self._copied_file(plan, stale) for plan in plans]
        closed = {
            name: ClosedJournal(
                [self._copied_file(plan, stale) for plan in some], *self._last(name)
            )
            for name, some in closed_plans.items()
        }
        # What was erased meanwhile may have been read as zeros: its name belongs to it.
        small |= {name: (self.data / name).read_bytes() for name in self._erased()}
        held = {path: self._put_file(path, data, before) for path, data in small.items()}
        how, digest = self._put_secrets(secrets)
        checkpoint = parse_checkpoint(small["checkpoints/live"])[0]
        made = write_time(time.time_ns() // 1_000_000)
        manifest = Manifest(
            FORMAT,
            made,
            checkpoint.origin,
            checkpoint.size,
            held,
            files,
            erased,
            how,
            closed,
            digest,
        )
        self.store.settle(self._new)
        self.store.put(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        self.store.settle([MANIFEST])
        self._forget(manifest)
        size = sum(one.size for one in objects_of(manifest))
        return Done(manifest.entries, self._copied, len(self._new), size, len(closed))

    def _check(self, before: Manifest | None) -> None:
        if not (self.data / "journal" / "uuid").exists():
            raise Unknown(f"server's data folder as {self.data}")
        if before is None:
            return
        held = self.store.get(before.files["journal/uuid"].key)
        if held != (self.data / "journal" / "uuid").read_bytes():
            raise Damaged(f"{self.store.where} holds the backup of another server")

    def _of_one_organization(self) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Return what `_small` and `_secrets` do, both from before an organization was founded or
        both from after that: its notes without its sealed keys would be its end."""
        secrets = self._secrets()
        while True:
            small, again = self._small(), self._secrets()
            if again == secrets:
                return small, secrets
            secrets = again

    def _small(self) -> dict[str, bytes]:
        """Return everything but journal and keys, by its path; the databases as one moment has
        them."""
        place = self.data / "checkpoints"
        newest = {kind: newest_kept(place, None, kind) for kind in kinds_kept(place)}
        found = {f"checkpoints/{kind}": note for kind, note in newest.items() if note}
        for name in ("checkpoints/checkpoints.sqlite", "accompany.sqlite"):
            found[name] = copy_of(self.data / name)
        for path in [self.data / "journal" / "uuid", *(self.data / name for name in SMALL)]:
            if path.exists():
                found[str(path.relative_to(self.data))] = path.read_bytes()
        for path in sorted(path for name in FOLDERS for path in (self.data / name).rglob("*")):
            if path.is_file():
                found[str(path.relative_to(self.data))] = path.read_bytes()
        return found

    def _secrets(self) -> dict[str, bytes]:
        names = (*SECRETS, "closed/*/keys")
        paths = (path for name in names for path in sorted(self.data.glob(f"{name}/*")))
        kept = (path for path in paths if path.suffix != ".new")
        return {str(path.relative_to(self.data)): path.read_bytes() for path in kept}

    def _position(self) -> tuple[int, int]:
        """Return the file and offset up to which the journal is durable, whole and indexed."""
        index = sqlite3.connect(f"file:{self.data / 'index.sqlite'}?mode=ro", uri=True)
        try:
            row = index.execute("SELECT file, offset FROM position").fetchone()
        finally:
            index.close()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def _closed(self) -> list[str]:
        """Return the names of the logs that were closed here."""
        return sorted(path.name for path in (self.data / "closed").glob("*") if path.is_dir())

    def _small_of_closed(self, name: str) -> dict[str, bytes]:
        """Return everything of a closed log but journal and keys, by its path."""
        folder = self.data / "closed" / name
        place = folder / "checkpoints"
        newest = {kind: newest_kept(place, None, kind) for kind in kinds_kept(place)}
        found = {place / kind: note for kind, note in newest.items() if note}
        for path in (place / "checkpoints.sqlite", folder / "accompany.sqlite"):
            if path.exists():
                found[path] = copy_of(path)
        for path in (folder / "journal" / "uuid", folder / "policy", folder / "deleted"):
            if path.exists():
                found[path] = path.read_bytes()
        return {str(path.relative_to(self.data)): data for path, data in found.items()}

    def _last(self, name: str) -> tuple[int, str]:
        """Return size and root of the last checkpoint that a closed log's index holds."""
        folder = self.data / "closed" / name
        if not (folder / "index.sqlite").exists():
            return 0, ""
        shelf = Shelf(folder)
        try:
            last = last_held(shelf, folder, None)
        finally:
            shelf.close()
        return (last.checkpoint.size, last.checkpoint.root.hex()) if last else (0, "")

    def _erased(self) -> list[str]:
        found = [
            *self.data.glob("journal/erased/*.json"),
            *self.data.glob("closed/*/journal/erased/*.json"),
        ]
        return sorted(str(path.relative_to(self.data)) for path in found)

    def _plans(self, held: dict[int, JournalFile], last: int, offset: int) -> list[Plan]:
        """Return what is to be copied of the journal, up to what the index has followed."""
        plans = []
        for path in sorted(self.data.glob("journal/*.journal")):
            number = int(path.stem)
            if number > last:
                break
            old = held.get(number, JournalFile(number, False, []))
            known = sum(one.size for one in old.parts)
            end = offset if number == last else known if old.done else end_in(path)
            plans.append(Plan("journal", old, end, number < last))
        return plans

    def _closed_plans(self, name: str, before: Manifest | None) -> list[Plan]:
        """Return what is to be copied of a closed log: all that is left, whole or not."""
        old = before.closed.get(name) if before else None
        held = {one.number: one for one in old.files} if old else {}
        plans = []
        for path in sorted((self.data / "closed" / name).glob("journal/*.journal")):
            one = held.get(int(path.stem), JournalFile(int(path.stem), False, []))
            end = sum(part.size for part in one.parts) if one.done else _written_in(path)
            plans.append(Plan(f"closed/{name}/journal", one, end, True))
        return plans

    def _copied_file(self, plan: Plan, stale: set[tuple[str, int, int]]) -> JournalFile:
        number = plan.old.number
        key = "/".join(["journal", *plan.folder.split("/")[:-1], f"{number:06d}"])
        parts = []
        with (self.data / plan.folder / f"{number:06d}.journal").open("rb") as source:
            for part, start in enumerate(range(0, plan.end, PART)):
                size = min(PART, plan.end - start)
                one = plan.old.parts[part] if part < len(plan.old.parts) else None
                if one is None or one.size != size or (plan.folder, number, part) in stale:
                    source.seek(start)
                    one = self._put(f"{key}/{part:06d}", source.read(size))
                parts.append(one)
                self._done += size
                self.progress(self._done, self._total)
        return JournalFile(number, plan.done, parts)

    def _stale(self, before: Manifest | None, erased: list[str]) -> set[tuple[str, int, int]]:
        """Return the parts of journal files, by folder, number and part, in which something was
        erased since they were put."""
        known = set(before.erased) if before else set()
        found: set[tuple[str, int, int]] = set()
        for name in erased:
            if name in known:
                continue
            folder, _, file = name.partition("/erased/")
            number = int(file.partition("-")[0])
            rows = read_erased(self.data / name)
            for row in rows:
                base = row.offset + HEADER_SIZE
                for start, size in row.ranges:
                    last = (base + start + size) // PART
                    parts = range((base + start) // PART, last + 1)
                    found.update((folder, number, part) for part in parts)
        return found

    def _put(self, name: str, data: bytes) -> Object:
        digest = sha256(data).hexdigest()
        one = Object(f"{name}-{digest[:32]}", len(data), digest)
        self.store.put(one.key, data)
        self._new.append(one.key)
        self._copied += len(data)
        return one

    def _put_file(self, path: str, data: bytes, before: Manifest | None) -> Object:
        held = before.files.get(path) if before else None
        if held is not None and held.sha256 == sha256(data).hexdigest():
            return held
        return self._put(f"files/{path}", data)

    def _put_secrets(self, secrets: dict[str, bytes]) -> tuple[str, str]:
        """Put the keys where they are wanted at all; return how they lie there, and the SHA-256."""
        if not self.keys:
            return "none", ""
        if self.store.remote and self.seal_to is None:
            raise Malformed(
                "arguments",
                "the keys would lie in clear on somebody else's machine: expected --seal-to "
                "RECIPIENT, or --without-keys, and the folder keys/ kept elsewhere",
            )
        # JSON has no bytes: they become base64.
        data = msgspec.json.encode(secrets)
        how, name = ("sealed", "sealed.age") if self.seal_to else ("clear", "clear.json")
        if self.seal_to is not None:
            data = encrypt(data, [self.seal_to])
        self.store.put(f"secrets/{name}", data)
        self._new.append(f"secrets/{name}")
        if how == "clear" and self.store.folder is not None:
            (self.store.folder / "secrets").chmod(0o700)
        return how, sha256(data).hexdigest()

    def _forget(self, manifest: Manifest) -> None:
        """Delete what is named no more: replaced parts, and with them what was erased."""
        keys = {one.key for one in objects_of(manifest)}
        names = [*self.store.names("journal"), *self.store.names("files")]
        gone = [name for name in names if name not in keys]
        other = {"clear": "sealed.age", "sealed": "clear.json"}.get(manifest.secrets)
        if other is not None:
            gone += [name for name in self.store.names("secrets") if name.endswith(other)]
        self.store.delete(gone)


def _written_in(path: Path) -> int:
    """Return where what was ever written in a journal file ends, damaged or not."""
    end, size = 0, path.stat().st_size
    with path.open("rb") as source:
        for start in reversed(range(0, size, PART)):
            source.seek(start)
            data = source.read(PART).rstrip(b"\0")
            if data:
                end = start + len(data)
                break
    # What was erased at its end is zeros, and yet a part of its frame.
    return min(size, max(whole_blocks(end), end_in(path)))


def copy_of(path: Path) -> bytes:
    """Return a database as one moment has it, whoever writes to it meanwhile."""
    if not path.exists():
        raise Unknown(f"database as {path}")
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    target = sqlite3.connect(":memory:")
    try:
        source.backup(target)
        return target.serialize()
    finally:
        source.close()
        target.close()
