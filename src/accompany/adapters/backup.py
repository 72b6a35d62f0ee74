"""A backup: consistent while the server records, and only what is new is copied.

    backup.json                     what belongs to it, with sizes and SHA-256; written last
    files/<path>-<sha256>           databases, checkpoints, names of what was erased
    journal/<file>/<part>-<sha256>  the journal's files in parts of 16 MiB
    secrets/…                       keys, in clear or sealed to a recipient

The checkpoints are read before the journal, so that the journal holds what they sign. Its files
only grow, so that a part once whole is never copied again, unless something in it was erased: then
it is copied anew, and the old one deleted with everything else that backup.json does not name.
An interrupted backup changes nothing of the one before it. Not here: reading one back (restoring).
"""

import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

from accompany.adapters.checkpoints import kinds_kept, newest_kept
from accompany.adapters.erasures import Erased
from accompany.adapters.frames import HEADER_SIZE
from accompany.adapters.stores import Store
from accompany.adapters.walking import end_in
from accompany.errors import Damaged, Malformed, Unknown
from accompany.evidence.age import HybridRecipient, encrypt
from accompany.evidence.checkpoints import parse_checkpoint
from accompany.evidence.text import write_time

FORMAT = "accompany/backup/v1"
PART = 16 * 1024 * 1024
MANIFEST = "backup.json"
SMALL = ("guest-code", "policy", "witnesses")
SECRETS = ("keys", "tls")

Progress = Callable[[int, int], None]
"""Hears how many bytes of the journal are dealt with, and of how many."""


class Object(msgspec.Struct, frozen=True):
    key: str
    size: int
    sha256: str


class JournalFile(msgspec.Struct, frozen=True):
    """*done*: nothing is appended to it any more; then its parts are looked at no more."""

    number: int
    done: bool
    parts: list[Object]


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is. *erased* are the erasings that every part of the journal here shows."""

    format: str
    made: str
    origin: str
    entries: int
    files: dict[str, Object]
    journal: list[JournalFile]
    erased: list[str]
    secrets: str
    """none, clear or sealed"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a backup did: bytes and objects copied, entries of the log that it holds."""

    entries: int
    copied: int
    objects: int
    size: int


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
        small = self._small()
        erased = self._erased()
        files = self._journal(before, erased)
        # What was erased meanwhile may have been read as zeros: its name belongs to it.
        small |= {name: (self.data / name).read_bytes() for name in self._erased()}
        held = {path: self._put_file(path, data, before) for path, data in small.items()}
        secrets = self._put_secrets()
        checkpoint = parse_checkpoint(small["checkpoints/live"])[0]
        made = write_time(time.time_ns() // 1_000_000)
        manifest = Manifest(
            FORMAT, made, checkpoint.origin, checkpoint.size, held, files, erased, secrets
        )
        self.store.settle(self._new)
        self.store.put(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        self.store.settle([MANIFEST])
        self._forget(manifest)
        size = sum(one.size for one in objects_of(manifest))
        return Done(manifest.entries, self._copied, len(self._new), size)

    def _check(self, before: Manifest | None) -> None:
        if not (self.data / "journal" / "uuid").exists():
            raise Unknown(f"server's data folder as {self.data}")
        if before is None:
            return
        held = self.store.get(before.files["journal/uuid"].key)
        if held != (self.data / "journal" / "uuid").read_bytes():
            raise Damaged(f"{self.store.where} holds the backup of another server")

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
        for path in sorted((self.data / "authorities").rglob("*")):
            if path.is_file():
                found[str(path.relative_to(self.data))] = path.read_bytes()
        return found

    def _position(self) -> tuple[int, int]:
        """Return the file and offset up to which the journal is durable, whole and indexed."""
        index = sqlite3.connect(f"file:{self.data / 'index.sqlite'}?mode=ro", uri=True)
        try:
            row = index.execute("SELECT file, offset FROM position").fetchone()
        finally:
            index.close()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    @property
    def _folder(self) -> Path:
        return self.data / "journal"

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.journal"

    def _erased(self) -> list[str]:
        return sorted(f"journal/erased/{one.name}" for one in self._folder.glob("erased/*.json"))

    def _journal(self, before: Manifest | None, erased: list[str]) -> list[JournalFile]:
        """Copy what is new of the journal, up to what the index has followed."""
        held = {one.number: one for one in before.journal} if before else {}
        last, offset = self._position()
        plans = []
        for number in sorted(int(path.stem) for path in self._folder.glob("*.journal")):
            if number > last:
                break
            old = held.get(number, JournalFile(number, False, []))
            known = sum(one.size for one in old.parts)
            end = offset if number == last else known if old.done else end_in(self._path(number))
            plans.append((old, end, self._stale(number, before, erased)))
        self._total = sum(end for _, end, _ in plans)
        return [
            JournalFile(old.number, old.number < last, self._parts(old, end, stale))
            for old, end, stale in plans
        ]

    def _parts(self, old: JournalFile, end: int, stale: set[int]) -> list[Object]:
        parts = []
        with self._path(old.number).open("rb") as source:
            for part, start in enumerate(range(0, end, PART)):
                size = min(PART, end - start)
                one = old.parts[part] if part < len(old.parts) else None
                if one is None or one.size != size or part in stale:
                    source.seek(start)
                    one = self._put(f"journal/{old.number:06d}/{part:06d}", source.read(size))
                parts.append(one)
                self._done += size
                self.progress(self._done, self._total)
        return parts

    def _stale(self, number: int, before: Manifest | None, erased: list[str]) -> set[int]:
        """Return the parts of a journal file in which something was erased since they were put."""
        known = set(before.erased) if before else set()
        found: set[int] = set()
        for name in erased:
            if name in known or not name.startswith(f"journal/erased/{number:06d}-"):
                continue
            rows = msgspec.json.decode((self.data / name).read_bytes(), type=list[Erased])
            for row in rows:
                base = row.offset + HEADER_SIZE
                for start, size in row.ranges:
                    found.update(range((base + start) // PART, (base + start + size) // PART + 1))
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

    def _put_secrets(self) -> str:
        if not self.keys:
            return "none"
        if self.store.remote and self.seal_to is None:
            raise Malformed(
                "arguments",
                "the keys would lie in clear on somebody else's machine: expected --seal-to "
                "RECIPIENT, or --without-keys, and the folder keys/ kept elsewhere",
            )
        found = {
            str(path.relative_to(self.data)): b64encode(path.read_bytes()).decode()
            for name in SECRETS
            for path in sorted((self.data / name).glob("*"))
        }
        data = msgspec.json.encode(found)
        if self.seal_to is None:
            self.store.put("secrets/clear.json", data)
            self._new.append("secrets/clear.json")
            if self.store.folder is not None:
                (self.store.folder / "secrets").chmod(0o700)
            return "clear"
        self.store.put("secrets/sealed.age", encrypt(data, [self.seal_to]))
        self._new.append("secrets/sealed.age")
        return "sealed"

    def _forget(self, manifest: Manifest) -> None:
        """Delete what is named no more: replaced parts, and with them what was erased."""
        keys = {one.key for one in objects_of(manifest)}
        names = [*self.store.names("journal"), *self.store.names("files")]
        gone = [name for name in names if name not in keys]
        other = {"clear": "sealed.age", "sealed": "clear.json"}.get(manifest.secrets)
        if other is not None:
            gone += [name for name in self.store.names("secrets") if name.endswith(other)]
        self.store.delete(gone)


def objects_of(manifest: Manifest) -> Iterator[Object]:
    yield from manifest.files.values()
    for file in manifest.journal:
        yield from file.parts


def read_manifest(store: Store) -> Manifest | None:
    """Return what the last whole backup in *store* is, or None where there is none."""
    data = store.get(MANIFEST)
    if data is None:
        return None
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise Malformed(MANIFEST, str(error)) from error
    if manifest.format != FORMAT:
        raise Malformed(MANIFEST, f"expected {FORMAT}, found {manifest.format[:40]!r}")
    return manifest


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
