"""The files of a bag as a verifier reads them: each once, whole or in pieces, hashed on the way.

Pure. Not here: what the files say (verify_*), how they lie in a ZIP (unzipping).
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Protocol

from accompany.errors import DoesNotHold
from accompany.evidence import layout
from accompany.evidence.findings import Findings
from accompany.evidence.layout import Place, place
from accompany.evidence.listing import LISTING_LIMIT

_KB, _MB, _GB = 1024, 1024**2, 1024**3
SEGMENT_LIMIT = 64 * _MB
"""Bytes in a sealed segment that a verifier takes; servers take 8 MiB unless set otherwise."""

_LIMITS = {
    "statement": 16 * _KB,
    "receipt": 16 * _KB,
    "proof": 128 * _KB,
    "custody-proof": 128 * _KB,
    "checkpoint": 80 * _KB,
    "after": 16 * _KB,
    "policy": _MB,
    "stamp": _MB,
    "grant": 256 * _KB,
    "card": 16 * _KB,
    "revocation": 16 * _KB,
    "revocation-proof": 128 * _KB,
    "custody": 64 * _MB,
    "package-note": LISTING_LIMIT + 16 * _KB,
    "opened-note": LISTING_LIMIT + 16 * _KB,
    "filekeys": 64 * _MB,
    "readme": _MB,
    "bag": LISTING_LIMIT,
    "derivation": 64 * _MB,
    "certification": 64 * _MB,
    "segment": SEGMENT_LIMIT,
    "recording": 1024 * _GB,
    "court-copy": 1024 * _GB,
}


class Unreadable(DoesNotHold):
    """A file that cannot be unpacked to what its directory says: it counts as if it were empty."""


class Files(Protocol):
    """Where the files come from: a ZIP, or a folder in a test. Paths begin at the bag's folder."""

    def sizes(self) -> dict[str, int]:
        """Return each path and its size in bytes."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield a file's bytes in pieces; raise DoesNotHold at the end if it is damaged.

        Unreadable where what came is not even as long as it should be: it may come at any point.
        """


class Contents:
    """A bag's files by path; `digests` grows as they are read.

    A file of a kind that may not be so large, or of no kind at all, is a finding, and unread.
    """

    def __init__(
        self, files: Files, findings: Findings, watch: Callable[[int], None] = lambda _: None
    ) -> None:
        self._files = files
        self._findings = findings
        self._watch = watch
        self.digests: dict[str, bytes] = {}
        self.unreadable: set[str] = set()
        self.places: dict[str, Place] = {}
        self.sizes: dict[str, int] = {}
        self._numbers: dict[str, list[int]] = {}
        for path, size in files.sizes().items():
            self._admit(path, size)

    def _admit(self, path: str, size: int) -> None:
        found = place(path)
        if found is None:
            self._findings.add("file-unknown", path, "no such file", f"{size} bytes")
            return
        if size > _LIMITS[found.kind]:
            self._findings.add("file-size", path, f"at most {_LIMITS[found.kind]}", str(size))
            return
        self.places[path] = found
        self.sizes[path] = size
        self._numbers.setdefault(found.kind, []).append(found.number)

    def __contains__(self, path: str) -> bool:
        return path in self.places

    def numbers(self, kind: str) -> list[int]:
        """Return the numbers of the files of a *kind*, in order."""
        return sorted(self._numbers.get(kind, []))

    def of_kind(self, kind: str) -> list[str]:
        return sorted(path for path, place in self.places.items() if place.kind == kind)

    @property
    def opened(self) -> bool:
        """Whether it claims to be an opened package."""
        return any(place.of_opening for place in self.places.values())

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file; its digest is known once they are through.

        Damage is a finding, not an error. Afterwards `unreadable` says whether they were worth
        nothing.
        """
        digest = None if path in self.digests else sha256()
        try:
            for chunk in self._files.chunks(path):
                if digest is not None:
                    digest.update(chunk)
                self._watch(len(chunk))
                yield chunk
        except DoesNotHold as error:
            self._findings.add("zip-damaged", path, error.expected, error.found)
            if isinstance(error, Unreadable):
                self.unreadable.add(path)
                digest = sha256()
        if digest is not None:
            self.digests[path] = digest.digest()

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None if there is none."""
        if path not in self.places:
            return None
        data = b"".join(self.chunks(path))
        return b"" if path in self.unreadable else data

    def need(self, path: str) -> bytes | None:
        """Return the bytes of a file; that there is none is a finding."""
        data = self.read(path)
        if data is None:
            self._findings.add("file-missing", path, "the file", "none")
        return data

    def hash_rest(self, paths: Iterable[str] | None = None) -> None:
        """Read what has not been read, so that every file under data/ has a digest."""
        for path in self.payload if paths is None else paths:
            if path not in self.digests:
                for _ in self.chunks(path):
                    pass

    @property
    def payload(self) -> list[str]:
        """The paths under data/."""
        return [path for path in self.places if path not in layout.BAG_FILES]
