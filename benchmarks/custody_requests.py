"""What is sent to each server under measure: requests as bytes, signed and built beforehand.

A segment is one request: PUT with its statement in the header (PROTOCOL "HTTP"). The sealed bodies
are shared by all phones, since sealing is the phones' work; each phone has its own recording and
key, and signs its own chain.
"""

import functools
import json
import os
import time
from dataclasses import dataclass, field
from hashlib import sha256

from accompany.evidence.age import HybridIdentity, encrypt
from accompany.evidence.notes import Signer
from accompany.evidence.statements import (
    Opening,
    SegmentStatement,
    digest_of,
    recording_id,
    recording_signer,
)
from accompany.evidence.text import write_base32, write_base64
from accompany.ids import EncounterId, Origin


@dataclass(frozen=True, slots=True)
class Job:
    """What to send: to whom, over how many connections, how much in one, for how long.

    *every* is a connection's interval in seconds; without it, each sends as fast as it is answered.
    """

    kind: str
    port: int
    size: int
    connections: int
    segments: int
    seconds: float
    every: float | None = None
    origin: str = ""
    code: str = ""
    name: str = ""
    host: str = "127.0.0.1"


@dataclass(slots=True)
class Source:
    """The requests of one connection."""

    heads: list[bytes]
    bodies: list[bytes]
    opening: bytes = b""
    note: int = 0
    """Bytes of each signed statement."""
    tus: bool = False
    location: bytes = field(default=b"")

    @property
    def count(self) -> int:
        return len(self.heads)

    @property
    def size(self) -> int:
        """Bytes of a body: all have the same."""
        return len(self.bodies[0])

    def request(self, number: int) -> tuple[bytes, bytes]:
        head = self.heads[number]
        return (self.location + head if self.tus else head), self.bodies[number % len(self.bodies)]

    def opened(self, answer: bytes) -> None:
        """Take from the answer to the opening what the requests need."""
        assert answer[9:12] == b"201", answer[:2000]
        if self.tus:
            at = answer.lower().index(b"\r\nlocation: ") + 12
            path = answer[at : answer.index(b"\r", at)].partition(b"://")[2].partition(b"/")[2]
            self.location = b"PATCH /" + path


@functools.cache
def identity() -> HybridIdentity:
    return HybridIdentity.generate()


@functools.cache
def bodies_of(size: int, count: int) -> list[bytes]:
    """Return sealed bodies of just *size* bytes; only the header is real, nobody will open them."""
    head = encrypt(b"", [identity().recipient])
    return [head + os.urandom(size - len(head)) for _ in range(count)]


@functools.cache
def digests_of(size: int, count: int) -> list[bytes]:
    return [sha256(body).digest() for body in bodies_of(size, count)]


def phone(origin: str, code: str, host: str, size: int, count: int) -> Source:
    """Sign one recording of *count* segments of *size* bytes."""
    signer = recording_signer(Signer.generate("recording"))
    recording = recording_id(signer.verifier.key)
    now = time.time_ns() // 1_000_000
    opening = Opening(
        recording, now, signer.verifier.key, "film", "video/mp4", str(identity().recipient),
        sha256(b"").digest(), EncounterId(write_base32(os.urandom(20))), None,
        Origin(origin), None, "bench/1 none",
    )  # fmt: skip
    note = signer.sign(str(opening))
    new = json.dumps(
        {
            "opening": note.decode(),
            "grants": [],
            "locator": os.urandom(32).hex(),
            "deletion": None,
            "admission": {"guest_code": code},
        }
    ).encode()
    heads = []
    digests = digests_of(size, count)
    previous, signed = digest_of(note), b""
    for number in range(1, count + 1):
        offset = 500 * max(number - 2, 0)
        statement = SegmentStatement(
            recording, number, previous, now + offset, offset, 500 if number > 1 else 0,
            size, digests[number - 1],
        )  # fmt: skip
        signed = signer.sign(str(statement))
        previous = digest_of(signed)
        heads.append(
            f"PUT /api/recordings/{recording}/segments/{number} HTTP/1.1\r\nhost: {host}\r\n"
            f"content-length: {size}\r\nstatement: {write_base64(signed)}\r\n\r\n".encode()
        )
    first = f"POST /api/recordings HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(new)}\r\n\r\n"
    return Source(heads, bodies_of(size, count), first.encode() + new, len(signed))


def tus(host: str, size: int, count: int) -> Source:
    """One upload a connection, to which each PATCH adds *size* bytes at the end."""
    opening = (
        f"POST /files HTTP/1.1\r\nhost: {host}\r\ntus-resumable: 1.0.0\r\n"
        f"upload-length: {size * count}\r\ncontent-length: 0\r\n\r\n"
    )
    heads = [
        (
            f" HTTP/1.1\r\nhost: {host}\r\ntus-resumable: 1.0.0\r\nupload-offset: {size * n}\r\n"
            f"content-type: application/offset+octet-stream\r\ncontent-length: {size}\r\n\r\n"
        ).encode()
        for n in range(count)
    ]
    return Source(heads, bodies_of(size, count), opening.encode(), tus=True)


def dav(host: str, size: int, count: int, name: str) -> Source:
    """A PUT of a file of its own for each segment."""
    heads = [
        f"PUT /{name}-{n} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {size}\r\n\r\n".encode()
        for n in range(count)
    ]
    return Source(heads, bodies_of(size, count))


def sources_for(job: Job) -> list[Source]:
    """Return one source a connection."""
    host, size, count = f"{job.host}:{job.port}", job.size, job.segments
    match job.kind:
        case "accompany":
            return [phone(job.origin, job.code, host, size, count) for _ in range(job.connections)]
        case "tus":
            return [tus(host, size, count) for _ in range(job.connections)]
        case "dav":
            names = (f"{job.name}-{n}" for n in range(job.connections))
            return [dav(host, size, count, name) for name in names]
        case other:
            raise ValueError(f"no kind {other!r}")
