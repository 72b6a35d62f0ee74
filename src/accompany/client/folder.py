"""A recording's folder on this machine: its keys, its receipts and its head.

    <id>/identity.txt           opens every segment; for its owner's eyes (mode 0600)
    <id>/locator.txt            base64 of the secret that fetches the package (mode 0600)
    <id>/statements/000000.note what was signed, before it is sent
    <id>/receipts/000000.note   what was acknowledged
    <id>/head.json              recording, number and digest of the last acknowledged statement
    <id>/checkpoint             the log's last checkpoint seen
    <id>/report.json            the source, its SHA-256, and how far it got

It is written as the recording goes, each file whole or not at all: a process killed at any moment
loses nothing that was acknowledged. (After a power cut the keys, written through to the disk, are
there; the last seconds of receipts may not be.)
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from accompany.evidence.text import write_base64
from accompany.ids import RecordingId


class Folder:
    """The folder of one recording, at `path`; `Folder.create` makes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, parent: Path, recording: RecordingId, identity: str, secret: bytes) -> "Folder":
        """Make the folder `<parent>/<id>` and write the secrets through to the disk."""
        folder = cls(parent / recording)
        folder.path.mkdir(mode=0o700, parents=True)
        for name in ("statements", "receipts"):
            (folder.path / name).mkdir()
        _write_secret(folder.identity, f"{identity}\n")
        _write_secret(folder.locator, f"{write_base64(secret)}\n")
        _sync_folder(folder.path)
        return folder

    def remove(self) -> None:
        """Take it away again: the server never took the recording that it is of."""
        shutil.rmtree(self.path)

    @property
    def identity(self) -> Path:
        return self.path / "identity.txt"

    @property
    def locator(self) -> Path:
        return self.path / "locator.txt"

    def keep_statement(self, number: int, note: bytes) -> None:
        _write(self.path / "statements" / _name(number), note)

    def statement(self, number: int) -> bytes:
        """Return statement *number* as it was signed."""
        return (self.path / "statements" / _name(number)).read_bytes()

    def keep_receipt(self, recording: RecordingId, number: int, digest: bytes, note: bytes) -> None:
        """Keep the receipt of statement *number*, whose digest becomes the head."""
        _write(self.path / "receipts" / _name(number), note)
        head = {"recording": recording, "number": number, "digest": digest.hex()}
        _write(self.path / "head.json", _json(head))

    def keep_checkpoint(self, note: bytes) -> None:
        _write(self.path / "checkpoint", note)

    def keep_report(self, report: dict[str, Any]) -> None:
        _write(self.path / "report.json", _json(report))


def _name(number: int) -> str:
    return f"{number:06d}.note"


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _write(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(data)
    beside.replace(path)


def _write_secret(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder to sync it.
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
