"""derivation.json: from what, how and with what each item came about, for a court to follow.

    source     the sealed original: the package as received, and each piece by its SHA-256
    result     the decrypted original: data/media/recording.*
    derived    the derived film: data/media/court-copy.mp4, or why there is none

Three items, as Federal Rules of Evidence 1001 to 1003 tell an original from a copy. Values in, text
out. Not here: making any of them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accompany import __version__
from accompany.client.court_copy import Made
from accompany.client.sealed_package import SealedPackage
from accompany.evidence.filekeys import FileKey
from accompany.evidence.text import write_time


@dataclass(frozen=True, slots=True)
class Weighed:
    """A file: where it lies, its size in bytes, and its SHA-256."""

    path: str
    size: int
    sha256: bytes

    def said(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "sha256": self.sha256.hex()}


@dataclass(frozen=True, slots=True)
class Copied:
    """The court copy, how it was made and with which tools; or *why* there is none."""

    file: Weighed | None
    made: Made | None
    tools: Mapping[str, str]
    why: str = ""


def withheld_as_said(keys: Sequence[FileKey]) -> list[tuple[str, str]]:
    """Return numbers as people write them, `3-9`, and the reason, for each stretch withheld."""
    said: list[tuple[list[int], str]] = []
    before: FileKey | None = None
    for key in keys:
        if key.key is None:
            if before is not None and before.key is None and before.reason == key.reason:
                said[-1][0].append(key.number)
            else:
                said.append(([key.number], key.reason))
        before = key
    return [(_stretch(numbers), reason) for numbers, reason in said]


def _stretch(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"


def derivation(
    package: SealedPackage,
    received: Weighed,
    keys: Sequence[FileKey],
    media: Weighed,
    copied: Copied,
    now: int,
) -> bytes:
    """Return derivation.json; *received* is the sealed package's own file."""
    shown = {key.number for key in keys if key.key is not None}
    said: dict[str, Any] = {
        "form": "accompany/derivation/v1",
        "recording": package.opening.recording,
        "time": write_time(now),
        "tool": {"name": "accompany", "version": __version__},
        "source": {
            "what": "sealed segments (age v1), each named by a signed statement of the device",
            "package": {
                "name": received.path,
                "size": received.size,
                "sha256": received.sha256.hex(),
            },
            "last_statement": package.last,
            "last_statement_sha256": package.last_digest.hex(),
            "segments": [
                {"number": item.number, "size": item.size, "sha256": item.sha256.hex()}
                for item in package.segments
                if item.number in shown
            ],
            "withheld": [
                {"segments": numbers, "reason": reason}
                for numbers, reason in withheld_as_said(keys)
            ],
        },
        "steps": [
            "each segment decrypted with its file key (data/filekeys.txt), c2sp.org/age",
            "the plaintexts put one after the other in the order of their numbers, unchanged",
        ],
        "result": {**media.said(), "media": package.opening.media},
        "derived": _derived(media, copied, now),
        "location": "not collected",
    }
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def _derived(media: Weighed, copied: Copied, now: int) -> dict[str, Any]:
    if copied.file is None or copied.made is None:
        return {"none": copied.why}
    return {
        **copied.file.said(),
        "media": "video/mp4",
        "from": {"path": media.path, "sha256": media.sha256.hex()},
        "time": write_time(now),
        "tools": dict(copied.tools),
        "film": copied.made.film,
        "sound": copied.made.sound,
        "left_out": list(copied.made.left_out),
        "form": "mp4, index first (faststart)",
        "marked": "its comment names the recording and the original's SHA-256",
    }
