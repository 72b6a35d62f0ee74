"""The keys of a server, in its data folder: made on first start, kept, never overwritten.

Every role has its own key. The organization's and the custodian's lie here too until coordinators
make them in their browsers (a later issue); every page says so. Files are readable by the owner
only. Not here: attorneys' and callers' keys, which never come near the server.
"""

import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from accompany.adapters.disk import read_text, sync_folder, write_durably
from accompany.errors import Damaged, Malformed
from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import organization_name
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import receipts_name
from accompany.evidence.text import write_base32
from accompany.ids import Origin


@dataclass(frozen=True, slots=True)
class ServerKeys:
    log: Signer
    receipts: Signer
    organization: Signer
    custodian: HybridIdentity

    @property
    def origin(self) -> Origin:
        return Origin(self.log.name)


def load_keys(folder: Path, origin: str, journal_exists: bool) -> ServerKeys:
    """Return the keys in *folder*; make all of them where there are none yet.

    Raise Damaged where some are missing, or where there is a journal but no keys: its receipts
    could never be given again. Raise Malformed where *origin* cannot be a log's name.
    """
    check_origin(origin)
    names = ("log", "receipts", "organization", "custodian")
    there = [name for name in names if (folder / f"{name}.key").exists()]
    if not there:
        if journal_exists:
            raise Damaged(f"{folder}: the journal's keys are missing; restore them from a backup")
        _make(folder, origin or f"{write_base32(secrets.token_bytes(10))[:12]}.accompany.invalid")
    elif len(there) < len(names):
        missing = ", ".join(name for name in names if name not in there)
        raise Damaged(f"{folder}: the keys {missing} are missing; restore them from a backup")
    keys = ServerKeys(
        Signer.parse(_read(folder, "log")),
        Signer.parse(_read(folder, "receipts")),
        Signer.parse(_read(folder, "organization")),
        HybridIdentity.parse(_read(folder, "custodian")),
    )
    if origin and origin != keys.origin:
        raise Damaged(f"{folder}: the log is called {keys.origin}, but {origin} was asked for")
    return keys


def telling_identity(folder: Path) -> HybridIdentity:
    """Return the key that phones seal contacts to; made where there is none yet.

    Without it, contacts sealed before cannot be told any more: phones are set up again.
    """
    path = folder / "telling.key"
    if not path.exists():
        fresh = HybridIdentity.generate()
        write_durably(path, f"# public key: {fresh.recipient}\n{fresh}\n".encode())
    return HybridIdentity.parse(_read(folder, "telling"))


def _make(folder: Path, origin: str) -> None:
    """Make all keys, or none: a first start that ends in the middle is as if it had not been."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    fresh.chmod(0o700)
    signers = {
        "log": Signer.generate(origin),
        "receipts": Signer.generate(receipts_name(origin)),
        "organization": Signer.generate(organization_name(origin)),
    }
    for name, signer in signers.items():
        write_durably(fresh / f"{name}.key", f"{signer.written()}\n".encode())
    custodian = HybridIdentity.generate()
    text = f"# public key: {custodian.recipient}\n{custodian}\n"
    write_durably(fresh / "custodian.key", text.encode())
    # What is there already is no key of these four: nothing of it is lost.
    for other in folder.iterdir() if folder.exists() else ():
        other.rename(fresh / other.name)
    if folder.exists():
        folder.rmdir()
    fresh.rename(folder)
    sync_folder(folder.parent)


def _read(folder: Path, name: str) -> str:
    path = folder / f"{name}.key"
    lines = [line for line in read_text(path).splitlines() if line and line[0] != "#"]
    if len(lines) != 1:
        raise Damaged(f"{path}: expected one line with a key, found {len(lines)}")
    return lines[0]


def check_origin(origin: str) -> None:
    """Raise Malformed unless *origin* can be a log's name, or is empty."""
    if re.search(r"[\s+]", origin) or len(origin) > 255:
        raise Malformed("origin", f"expected no space and no plus, found {origin[:80]!r}")
    if origin.startswith(("recording/", "accompany/", "attorney/", "person/")):
        raise Malformed("origin", f"{origin.partition('/')[0]}/ is for other keys")
