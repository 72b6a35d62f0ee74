"""What may lie in a package and under which name (PROTOCOL "The package").

    data/statements/000007.note   place("data/statements/000007.note") == Place("statement", 7)

Paths here begin at the bag's folder. No two names mean one thing, and a name not known here has no
place in a package. Pure. Not here: what the files say (package, listing), the ZIP (zipping).
"""

import re
from dataclasses import dataclass

README = "data/README.txt"
CHECKPOINT = "data/log/checkpoint"
AFTER = "data/log/after.proof"
POLICY = "data/log/policy"
CARD = "data/card.note"
REVOCATION = "data/card-revocation.note"
REVOCATION_PROOF = "data/proofs/card-revocation.tlog-proof"
CUSTODY = "data/custody.jsonl"
PACKAGE_NOTE = "data/package.note"
FILEKEYS = "data/filekeys.txt"
DERIVATION = "data/media/derivation.json"
COURT_COPY = "data/media/court-copy.mp4"
CERTIFICATION = "data/certification.pdf"
OPENED_NOTE = "data/opened.note"

BAGIT = "bagit.txt"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
BAG_FILES = (BAGIT, BAG_INFO, MANIFEST, TAG_MANIFEST)

STAMP_PARTS = ("tsr", "checkpoint", "pem", "consistency", "tlog-proof")
"""What stands beside each other for one time stamp."""

_SINGLE = {
    README: "readme",
    CHECKPOINT: "checkpoint",
    AFTER: "after",
    POLICY: "policy",
    CARD: "card",
    REVOCATION: "revocation",
    REVOCATION_PROOF: "revocation-proof",
    CUSTODY: "custody",
    PACKAGE_NOTE: "package-note",
    FILEKEYS: "filekeys",
    DERIVATION: "derivation",
    COURT_COPY: "court-copy",
    CERTIFICATION: "certification",
    OPENED_NOTE: "opened-note",
    **dict.fromkeys(BAG_FILES, "bag"),
}
_OPENED = frozenset(
    {"filekeys", "recording", "derivation", "court-copy", "certification", "opened-note"}
)
_STAMP = re.compile(r"data/log/timestamps/([A-Za-z0-9._-]{1,64}-(?:0|[1-9][0-9]{0,14}))\.([a-z-]+)")
_RECORDING = re.compile(r"data/media/recording\.[a-z0-9]{2,5}")
_NUMBER = "0|[1-9][0-9]{0,14}"

MEDIA_EXTENSIONS = {
    "video/mp4": "mp4",
    "audio/mp4": "m4a",
    "video/webm": "webm",
    "audio/webm": "webm",
    "video/quicktime": "mov",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
    "video/mp2t": "ts",
    "text/plain": "txt",
    "application/json": "json",
    "application/x-ndjson": "jsonl",
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a file is, and its number where its kind has numbers."""

    kind: str
    number: int = 0
    stamp: str = ""

    @property
    def of_opening(self) -> bool:
        """Whether only an opened package has it: opened.note lists it, package.note does not."""
        return self.kind in _OPENED


def statement_path(number: int) -> str:
    return f"data/statements/{number:06d}.note"


def segment_path(number: int) -> str:
    return f"data/segments/{number:06d}.age"


def receipt_path(number: int) -> str:
    return f"data/receipts/{number:06d}.note"


def proof_path(number: int) -> str:
    return f"data/proofs/{number:06d}.tlog-proof"


def custody_proof_path(line: int) -> str:
    """*line* counts from 1 and is not padded."""
    return f"data/proofs/custody-{line}.tlog-proof"


def grant_path(number: int) -> str:
    """Grants count from 0 and are not padded: `0.age` is the first of the opening's list."""
    return f"data/grants/{number}.age"


def stamp_name(authority: str, size: int) -> str:
    """Return `<authority>-<size covered>`: the name of a stamp's files and of its entry."""
    return f"{authority}-{size}"


def stamp_path(stamp: str, part: str) -> str:
    return f"data/log/timestamps/{stamp}.{part}"


_NUMBERED = {
    "statement": (re.compile(r"data/statements/([0-9]{6,15})\.note"), statement_path),
    "segment": (re.compile(r"data/segments/([0-9]{6,15})\.age"), segment_path),
    "receipt": (re.compile(r"data/receipts/([0-9]{6,15})\.note"), receipt_path),
    "proof": (re.compile(r"data/proofs/([0-9]{6,15})\.tlog-proof"), proof_path),
    "custody-proof": (
        re.compile(rf"data/proofs/custody-({_NUMBER})\.tlog-proof"),
        custody_proof_path,
    ),
    "grant": (re.compile(rf"data/grants/({_NUMBER})\.age"), grant_path),
}


def media_path(media: str) -> str:
    """Return where the decrypted film, sound or text of a MIME type lies: recording.mp4 …"""
    plain = media.partition(";")[0].strip().lower()
    return f"data/media/recording.{MEDIA_EXTENSIONS.get(plain, 'bin')}"


def place(path: str) -> Place | None:
    """Return what *path* is, or None if nothing in a package is called so."""
    if path in _SINGLE:
        return Place(_SINGLE[path])
    for kind, (pattern, write) in _NUMBERED.items():
        match = pattern.fullmatch(path)
        if match:
            number = int(match[1])
            return Place(kind, number) if write(number) == path else None
    stamp = _STAMP.fullmatch(path)
    if stamp and stamp[2] in STAMP_PARTS:
        return Place("stamp", stamp=stamp[1])
    return Place("recording") if _RECORDING.fullmatch(path) else None
