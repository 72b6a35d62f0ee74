"""Reading a backup back into a data folder, checked: every byte, then the log itself.

The folder appears only when everything holds. Its index is made anew from the journal; its tree has
to have the root that the newest checkpoint in the backup signs, and agree with one that somebody
else has seen. What was erased is erased here, too. Not here: making a backup (backup).
"""

import re
import shutil
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from accompany.adapters.backup import SECRETS, Progress
from accompany.adapters.closed_log import followed, last_held
from accompany.adapters.disk import read_text, write_durably
from accompany.adapters.erasing import overwrite
from accompany.adapters.erasures import read_erased
from accompany.adapters.frames import HEADER_SIZE
from accompany.adapters.keeper import JournalKeeper, check_tree
from accompany.adapters.manifest import (
    ClosedJournal,
    Manifest,
    Object,
    objects_of,
    read_manifest,
)
from accompany.adapters.spans import Span
from accompany.adapters.sqlite import Database
from accompany.adapters.stores import Store
from accompany.adapters.wishes import SqliteWishes
from accompany.custody.deletion import Wish
from accompany.errors import Damaged, Malformed, Unknown
from accompany.evidence.age import Identity, decrypt
from accompany.evidence.checkpoints import Checkpoint, open_checkpoint
from accompany.evidence.merkle import root
from accompany.evidence.notes import Verifier

FILE_BYTES = 1024 * 1024 * 1024
_NAME = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]{0,254}")
_SECRET = re.compile(rf"(?:(?:{'|'.join(SECRETS)})|closed/{_NAME.pattern}/keys)/[^/.][^/]*")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: when the backup was made, entries of the log, whether the keys are there,
    how many logs that were closed."""

    made: str
    entries: int
    keys: bool
    closed: int = 0


@dataclass
class Restoring:
    """One run from *store* to the folder *data*, which must not be there, or be empty.

    *identity* opens sealed keys; *seen* is a checkpoint somebody else has kept; *deleted* are
    recordings known to have been deleted, whatever the backup says.
    """

    store: Store
    data: Path
    identity: Identity | None = None
    seen: bytes | None = None
    deleted: Sequence[str] = ()
    progress: Progress = lambda done, total: None

    def run(self) -> Restored:
        manifest = read_manifest(self.store)
        if manifest is None:
            raise Unknown(f"backup as {self.store.where}")
        if self.data.exists() and any(self.data.iterdir()):
            raise Malformed("--data", f"{self.data} holds something: nothing is ever overwritten")
        folder = self.data.with_name(f"{self.data.name}.restoring")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        self._fetch(manifest, folder)
        keys = self._secrets(manifest, folder)
        self._erase(manifest, folder)
        entries = self._check(folder)
        for name, closed in manifest.closed.items():
            _check_closed(folder / "closed" / name, closed)
        self._delete_again(folder)
        if self.data.exists():
            self.data.rmdir()
        folder.rename(self.data)
        return Restored(manifest.made, entries, keys, len(manifest.closed))

    def _fetch(self, manifest: Manifest, folder: Path) -> None:
        total = sum(one.size for one in objects_of(manifest))
        done = 0
        for path, one in manifest.files.items():
            target = folder / path
            if not target.resolve().is_relative_to(folder.resolve()):
                raise Malformed("backup", f"it names a file outside itself: {path[:80]!r}")
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(target, self._get(one))
            done += one.size
        journals = {"journal": manifest.journal}
        for name, closed in manifest.closed.items():
            journals[f"closed/{_log_name(name)}/journal"] = closed.files
        for path, files in journals.items():
            (folder / path).mkdir(exist_ok=True)
            for file in files:
                with (folder / path / f"{file.number:06d}.journal").open("wb") as target_file:
                    for one in file.parts:
                        target_file.write(self._get(one))
                        done += one.size
                        self.progress(done, total)

    def _get(self, one: Object) -> bytes:
        data = self.store.get(one.key)
        if data is None:
            raise Damaged(f"{self.store.where}: {one.key} is missing")
        found = sha256(data).hexdigest()
        if found != one.sha256:
            raise Damaged(
                f"{self.store.where}: {one.key}: expected SHA-256 {one.sha256}, found {found}"
            )
        return data

    def _secrets(self, manifest: Manifest, folder: Path) -> bool:
        if manifest.secrets == "none":
            return False
        name = "clear.json" if manifest.secrets == "clear" else "sealed.age"
        data = self.store.get(f"secrets/{name}")
        if data is None:
            raise Damaged(f"{self.store.where}: secrets/{name} is missing")
        found = sha256(data).hexdigest()
        if manifest.secrets_sha256 not in ("", found):
            raise Damaged(
                f"{self.store.where}: secrets/{name}: expected SHA-256 {manifest.secrets_sha256}, "
                f"found {found}"
            )
        if manifest.secrets == "sealed":
            if self.identity is None:
                raise Malformed("arguments", "the keys are sealed: expected --identity FILE")
            data = decrypt(data, [self.identity])
        for path, content in msgspec.json.decode(data, type=dict[str, str]).items():
            if not _SECRET.fullmatch(path):
                raise Malformed("backup", f"expected a key's file, found {path[:80]!r}")
            (folder / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(folder / path, b64decode(content))
        return True

    def _erase(self, manifest: Manifest, folder: Path) -> None:
        """Write zeros over what was being erased when the backup was made."""
        for name in manifest.files:
            journal, erased, file = name.partition("/erased/")
            if not erased:
                continue
            rows = read_erased(folder / name)
            path = folder / journal / f"{file.partition('-')[0]}.journal"
            if path.exists():
                spans = [
                    Span(row.offset + HEADER_SIZE + start, row.offset + HEADER_SIZE + start + size)
                    for row in rows
                    for start, size in row.ranges
                ]
                end = path.stat().st_size
                overwrite(path, [Span(a, min(b, end)) for a, b in spans if a < end])

    def _check(self, folder: Path) -> int:
        """Return how many entries the log has; raise Damaged where its tree is another one."""
        log = _log_key(folder)
        failures: list[str] = []
        keeper = JournalKeeper(folder, FILE_BYTES, failures.append)
        try:
            for kind in ("live", "public"):
                note = (folder / "checkpoints" / kind).read_bytes()
                _compare(keeper, open_checkpoint(note, log))
            if self.seen is not None:
                _compare(keeper, open_checkpoint(self.seen, log))
            return keeper.size
        finally:
            keeper.close()

    def _delete_again(self, folder: Path) -> None:
        database = Database(folder / "accompany.sqlite")
        try:
            wishes = SqliteWishes(database)
            for recording in self.deleted:
                wishes.ask(Wish(recording, 0, 0, "organization", None, "deleted before"))
        finally:
            database.close()


def _log_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Malformed("backup", f"expected a closed log's name, found {name[:80]!r}")
    return name


def _check_closed(folder: Path, held: ClosedJournal) -> None:
    """Raise Damaged where what is left of a closed log holds less than it did in the backup."""
    index = followed(folder)
    try:
        last = last_held(index, folder, None)
    finally:
        index.close()
    found = (last.checkpoint.size, last.checkpoint.root.hex()) if last else (0, "")
    if found != (held.size, held.root):
        raise Damaged(
            f"{folder.name}, a closed log: expected what holds a checkpoint over {held.size} "
            f"entries with root {held.root or 'none'}, found {found[0]} with {found[1] or 'none'}"
        )


def _log_key(folder: Path) -> Verifier:
    """Return the log's key as the policy in the backup states it."""
    for line in read_text(folder / "policy").splitlines():
        match line.split():
            case ["log", vkey, *_]:
                return Verifier.parse(vkey)
    raise Damaged(f"{folder / 'policy'} names no log")


def _compare(keeper: JournalKeeper, signed: Checkpoint) -> None:
    found = root(signed.size, keeper.node) if signed.size <= keeper.size else None
    check_tree(keeper, signed.size, signed.root, found)
