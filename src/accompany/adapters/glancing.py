"""What the lookout's process does: it hashes bodies and verifies notes, and says what it found.

It ends when the socket does. Begun in the middle of a surge, it loads no more than that needs: no
event loop, no log. Run as `python -m accompany.adapters.glancing SOCKET MEMORY`, two descriptors.
"""

import mmap
import signal
import socket
import sys

import msgspec

from accompany.custody.glances import glance
from accompany.evidence.statements import SegmentStatement

Fields = tuple[str, int, bytes, int, int, int, int, bytes]


class Question(msgspec.Struct, array_like=True):
    """*size* bytes of a body lie in the shared memory at *at*; -1 where there is no body."""

    key: bytes
    note: bytes | None
    at: int
    size: int


class Said(msgspec.Struct, array_like=True):
    """The fields of a segment's statement in order, or none; the digest of the body, or none."""

    statement: Fields | None
    digest: bytes | None


_encoder = msgspec.msgpack.Encoder()
_questions = msgspec.msgpack.Decoder(list[Question])


def _fields(one: SegmentStatement) -> Fields:
    return (
        one.recording, one.number, one.previous, one.time, one.offset, one.duration, one.size,
        one.sha256,
    )  # fmt: skip


def answer(questions: list[Question], memory: memoryview) -> list[Said]:
    """Return what is said of each question."""
    found = []
    for one in questions:
        body = None if one.size < 0 else memory[one.at : one.at + one.size]
        statement, digest = glance(one.key, one.note, body)
        found.append(Said(None if statement is None else _fields(statement), digest))
    return found


def main() -> None:
    # The server ends it, by closing the socket, when it has taken what it had.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    number, shared = map(int, sys.argv[1:3])
    with (
        socket.socket(fileno=number) as line,
        mmap.mmap(shared, 0, access=mmap.ACCESS_READ) as memory,
        memoryview(memory) as view,
    ):
        line.send(b"\n")
        while data := line.recv(1024 * 1024):
            line.send(_encoder.encode(answer(_questions.decode(data), view)))


if __name__ == "__main__":
    main()
