"""The lookout: a process of its own that hashes bodies and verifies notes (`custody.looking`).

Bodies go over in memory that both share, notes and answers over a socket, one message a batch.
It holds no key and keeps nothing; it ends when the server does. What it finds in order is believed;
of anything else it says nothing. It is begun when many phones send, not before. Where there is one
processor, or no Linux, or it has ended, nobody is there, and a thread looks as well.
Not here: what that process does (`glancing`).
"""

import asyncio
import logging
import mmap
import os
import socket
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from accompany.adapters.glancing import Question, Said
from accompany.custody.glances import Glance
from accompany.custody.looking import Wanted
from accompany.evidence.statements import SegmentStatement

MEMORY = 16 * 1024 * 1024
_NOTES = 64 * 1024
"""Bytes of notes in one message: a socket takes so much in one piece, everywhere."""
_ANSWER = 256 * 1024

logger = logging.getLogger("accompany")


_encoder = msgspec.msgpack.Encoder()
_answers = msgspec.msgpack.Decoder(list[Said])


@dataclass(slots=True)
class _Out:
    """A batch that is being looked at; *at* is where its bodies begin."""

    at: int
    answer: "asyncio.Future[list[Glance]]"


class Lookout:
    """A `custody.looking.Elsewhere`. `close` at the end, in the event loop it was used from."""

    def __init__(self, processors: int | None = None, memory: int = MEMORY) -> None:
        count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
        self._wanted = (count if processors is None else processors) > 1
        self._size = memory
        self._memory: mmap.mmap | None = None
        self._socket: socket.socket | None = None
        self._starting: asyncio.Task[None] | None = None
        self.process: asyncio.subprocess.Process | None = None
        self._out: deque[_Out] = deque()
        self._next = 0

    def start(self) -> None:
        if self._wanted and self._starting is None:
            self._starting = asyncio.create_task(self._start())

    async def settled(self) -> None:
        """Return once what was started is there, or will not be."""
        if self._starting is not None:
            await asyncio.wait([self._starting])

    @property
    def there(self) -> bool:
        """Whether somebody can be asked."""
        return self._socket is not None

    @property
    def busy(self) -> bool:
        return bool(self._out)

    def look_at(self, batch: Sequence[Wanted]) -> "tuple[int, asyncio.Future[list[Glance]]] | None":
        if self._socket is None or self._memory is None:
            return None
        began = at = self._next
        notes = 0
        questions: list[Question] = []
        for one in batch:
            size = 0 if one.body is None else len(one.body)
            notes += len(one.note or b"")
            if notes > _NOTES:
                break
            place = self._place(at, size, began if questions else None)
            if place is None:
                break
            if one.body is not None:
                self._memory[place : place + size] = one.body
            if not questions:
                began = place
            at = place + size
            absent = one.body is None
            questions.append(Question(one.key, one.note, place, -1 if absent else size))
        if not questions:
            return None
        try:
            self._socket.send(_encoder.encode(questions))
        except BlockingIOError:
            return None
        except OSError as error:
            self._ended(error)
            return None
        self._next = at
        answer: asyncio.Future[list[Glance]] = asyncio.get_running_loop().create_future()
        self._out.append(_Out(began, answer))
        return len(questions), answer

    def _place(self, at: int, size: int, began: int | None) -> int | None:
        """Return where *size* bytes have room from *at* on, in a ring of which all from the oldest
        batch on is taken; None where there is none. *began* is where this batch's own begin."""
        oldest = self._out[0].at if self._out else began
        if oldest is None:
            return 0 if size <= self._size else None
        if at >= oldest:
            if at + size <= self._size:
                return at
            return 0 if size < oldest else None
        return at if at + size < oldest else None

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        shared = os.memfd_create("accompany-lookout")
        try:
            os.ftruncate(shared, self._size)
            memory = mmap.mmap(shared, self._size)
            given = theirs.fileno(), shared
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "accompany.adapters.glancing", *map(str, given),
                stdin=asyncio.subprocess.DEVNULL, pass_fds=given,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            logger.warning("no process of its own can be begun to look at segments: %s", error)
            return
        finally:
            theirs.close()
            os.close(shared)
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(ours, _wake, ready)
        try:
            await ready
        finally:
            loop.remove_reader(ours)
        if not ours.recv(1):
            ours.close()
            logger.warning("the process that looks at segments ended before it was there")
            return
        self._memory, self._socket = memory, ours
        loop.add_reader(ours, self._hear)

    def _hear(self) -> None:
        line = self._socket
        if line is None:
            return
        try:
            data = line.recv(_ANSWER)
        except BlockingIOError:
            return
        except OSError as error:
            self._ended(error)
            return
        if not data:
            self._ended(ConnectionError("it has ended"))
            return
        out = self._out.popleft()
        found = _answers.decode(data)
        out.answer.set_result([(_statement(one), one.digest) for one in found])

    def _ended(self, error: OSError) -> None:
        """Go on without; whoever waits for an answer looks again."""
        made, self._socket = self._socket, None
        if made is not None:
            asyncio.get_running_loop().remove_reader(made)
            made.close()
            logger.warning("the process that looks at segments: %s; a thread looks now", error)
        out, self._out = self._out, deque()
        for one in out:
            one.answer.set_exception(error)

    async def close(self) -> None:
        """End it; nobody may be waiting for an answer."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        made, self._socket = self._socket, None
        if made is not None:
            asyncio.get_running_loop().remove_reader(made)
            made.close()
        if self.process is not None:
            # It holds nothing that could be lost.
            if self.process.returncode is None:
                self.process.kill()
            await self.process.wait()


def _wake(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def _statement(said: Said) -> SegmentStatement | None:
    if said.statement is None:
        return None
    return SegmentStatement(*said.statement)  # type: ignore[arg-type]
