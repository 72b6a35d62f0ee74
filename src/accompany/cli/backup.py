"""`accompany backup` and `accompany restore`: a server's data folder, to a folder or a bucket."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from accompany.adapters.backup import Backup, Progress
from accompany.adapters.restoring import Restored, Restoring
from accompany.adapters.stores import Store
from accompany.config import Settings
from accompany.errors import Malformed
from accompany.evidence.age import HybridIdentity, HybridRecipient
from accompany.evidence.text import read_base32

WHERE = "a folder, or s3://bucket/prefix with the credentials in AWS_… variables"


def configure_backup(parser: ArgumentParser) -> None:
    """Describe `accompany backup` to *parser*."""
    parser.description = (
        "Copy a server's data folder, the server running or not. The first run copies all of it, "
        "every other one what is new; what was deleted meanwhile is deleted there as well. Run it "
        "as often as you could bear to lose."
    )
    add = parser.add_argument
    add("--data", metavar="DIR", type=Path, help="the server's data folder")
    add("--to", metavar="WHERE", required=True, help=WHERE)
    add("--seal-to", metavar="RECIPIENT", help="an age1pq… recipient to which the keys are sealed")
    add("--without-keys", action="store_true", help="leave the keys out: you keep them yourself")
    add("--json", action="store_true", help="print one line of JSON, nothing else")


def configure_restore(parser: ArgumentParser) -> None:
    """Describe `accompany restore` to *parser*."""
    parser.description = (
        "Make a data folder from a backup, and check it against the log: every byte, the tree, the "
        "checkpoint. Nothing is ever overwritten. What the old server acknowledged after the "
        "backup is not in it: read docs/operating.md before you start a server on it."
    )
    add = parser.add_argument
    add("--from", metavar="WHERE", required=True, dest="source", help=WHERE)
    add("--data", metavar="DIR", type=Path, required=True, help="the folder to make")
    add("--identity", metavar="FILE", type=Path, help="the identity that opens sealed keys")
    add("--seen", metavar="FILE", type=Path, help="a checkpoint that an auditor or a phone kept")
    add("--deleted", metavar="FILE", type=Path, help="ids of recordings to delete again, a line "
        "each, as `accompany delete --list` prints them")  # fmt: skip
    add("--json", action="store_true", help="print one line of JSON, nothing else")


def run_backup(given: Namespace) -> int:
    """Do `accompany backup`; return the exit status."""
    settings = Settings.from_environment(os.environ)
    if given.data is not None:
        settings = settings.having("data", str(given.data))
    seal_to = HybridRecipient.parse(given.seal_to) if given.seal_to else None
    with _bar(given.json) as progress:
        store = Store(given.to)
        done = Backup(settings.data, store, seal_to, not given.without_keys, progress).run()
    if given.json:
        told = {"entries": done.entries, "copied": done.copied, "size": done.size,
                "closed": done.closed}  # fmt: skip
        print(json.dumps(told))
        return 0
    print(f"{given.to} holds {done.entries} entries in {_size(done.size)}; new: "
          f"{_size(done.copied)} in {done.objects} objects")  # fmt: skip
    if given.without_keys:
        print(f"The keys are not in it: keep a copy of {settings.data / 'keys'} elsewhere.")
    if done.closed:
        print(f"Logs that were closed and are in it, too: {done.closed}.")
    if not given.without_keys and seal_to is None:
        print("The keys lie in it in clear: whoever has it can sign as you and open what guests "
              "recorded. Keep it as you keep the server, or use --seal-to.")  # fmt: skip
    return 0


def run_restore(given: Namespace) -> int:
    """Do `accompany restore`; return the exit status."""
    identity = _identity(given.identity) if given.identity else None
    seen = _read(given.seen) if given.seen else None
    deleted = _ids(_read(given.deleted)) if given.deleted else []
    with _bar(given.json) as progress:
        store = Store(given.source)
        restored = Restoring(store, given.data, identity, seen, deleted, progress).run()
    if given.json:
        told = {"made": restored.made, "entries": restored.entries, "keys": restored.keys,
                "closed": restored.closed}  # fmt: skip
        print(json.dumps(told))
    else:
        _tell(restored, given)
    return 0


def _tell(restored: Restored, given: Namespace) -> None:
    print(f"{given.data} is as it was at {restored.made}: {restored.entries} entries; every byte, "
          "the tree and the checkpoints hold.")  # fmt: skip
    if restored.closed:
        print(f"Logs that were closed: {restored.closed}, each with what the backup held of it.")
    if not restored.keys:
        print(f"The keys are not in this backup: put them into {given.data / 'keys'}.")
    if given.seen is None:
        print("If the old server acknowledged anything after that, its log must not be continued "
              "with this: get the newest checkpoint that anybody saw (an auditor, a witness, an "
              "attorney's console) and restore with --seen.")  # fmt: skip
    if given.deleted is None:
        print("Recordings that were deleted after that are back: delete them again, or restore "
              "with --deleted.")  # fmt: skip
    print("Whoever was removed after that is back: remove them again.")


def _identity(path: Path) -> HybridIdentity:
    lines = [line for line in _read(path).decode().splitlines() if line and line[0] != "#"]
    if len(lines) != 1:
        raise Malformed("--identity", f"expected one line with an identity, found {len(lines)}")
    return HybridIdentity.parse(lines[0])


def _ids(data: bytes) -> list[str]:
    return [read_base32(line.split()[0]) for line in data.decode().splitlines() if line.split()]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Malformed("arguments", f"{path}: {error.strerror}") from error


@contextmanager
def _bar(silent: bool) -> Iterator[Progress]:
    quiet = silent or not sys.stderr.isatty()
    with tqdm(unit="B", unit_scale=True, disable=quiet, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


def _size(count: int) -> str:
    return str(tqdm.format_sizeof(count, "B"))
