"""What can be said of a statement and its bytes before anybody knows what is kept.

SHA-256 and the signature are half of what a segment costs. What comes alone is looked at where it
is: anything else would only make it later. Where much comes, a process of its own looks
(`Elsewhere`), since threads share one interpreter's lock; where there is none, or it has ended, a
thread does. The answer is the same, word by word: what is not in order is judged here again.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import Protocol

from accompany.custody.glances import Glance
from accompany.custody.ports import Blob
from accompany.errors import AccompanyError, Malformed
from accompany.evidence.statements import Following, open_following

MANY = 16
"""Recordings at once from which on it is worth having somebody elsewhere who looks."""
MOST = 32
"""What is given elsewhere in one message."""
PIECE = 8
"""What a thread looks at in one go: the rest of the work goes on with these meanwhile."""


@dataclass(frozen=True, slots=True)
class Seen:
    """*statement* is what the note says, or why it does not hold; none where no note came.

    *size* and *digest* (SHA-256) are the body's; both are none where no body came.
    """

    statement: Following | AccompanyError | None
    size: int | None
    digest: bytes | None

    def following(self) -> Following:
        """Return what the note says; raise why it does not hold."""
        if self.statement is None:
            raise Malformed("statement", "expected a signed note, none came")
        if isinstance(self.statement, AccompanyError):
            raise self.statement
        return self.statement


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be looked at: a signed *note* by *key* and a *body*, either may be missing."""

    key: bytes
    note: bytes | None
    body: Blob | None


class Elsewhere(Protocol):
    """Somebody who looks in a process of their own; called from one event loop.

    What is asked for is answered in the order of the calls.
    """

    def start(self) -> None:
        """Begin to be there; harmless when repeated."""

    def look_at(self, batch: Sequence[Wanted]) -> "tuple[int, asyncio.Future[list[Glance]]] | None":
        """Take as many of *batch* as there is room for, at least one: how many, and the answers.
        These fail where the process has ended. None where nobody is there, or no room now."""

    @property
    def busy(self) -> bool:
        """Whether answers are to come."""


def look(key: bytes, note: bytes | None, body: Blob | None) -> Seen:
    """Look at a signed *note* by *key* and at a *body*, either of which may be missing. Pure."""
    statement: Following | AccompanyError | None = None
    if note is not None:
        try:
            statement = open_following(note, key)
        except AccompanyError as error:
            statement = error
    if body is None:
        return Seen(statement, None, None)
    return Seen(statement, len(body), sha256(body).digest())


def looked_again(wanted: Wanted, glance: Glance) -> Seen:
    """Return what `look` says of what somebody else has glanced at."""
    statement, digest = glance
    size = None if wanted.body is None else len(wanted.body)
    if statement is None and wanted.note is not None:
        return Seen(look(wanted.key, wanted.note, None).statement, size, digest)
    return Seen(statement, size, digest)


@dataclass(slots=True)
class _Asked:
    wanted: Wanted
    seen: "asyncio.Future[Seen]"


@dataclass(slots=True)
class Looking:
    """From one event loop; `look` returns in the order of the calls."""

    elsewhere: Elsewhere | None = None
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="looking")
    )
    _waiting: deque[_Asked] = field(default_factory=deque)
    _soon: bool = False
    _under_way: int = 0
    """Batches that a thread has."""

    def expect(self, recordings: int) -> None:
        """Hear that so many recordings are coming in at once."""
        if recordings >= MANY and self.elsewhere is not None:
            self.elsewhere.start()

    async def look(self, key: bytes, note: bytes | None, body: Blob | None) -> Seen:
        """Return what `look` says; others go on meanwhile."""
        loop = asyncio.get_running_loop()
        asked = _Asked(Wanted(key, note, body), loop.create_future())
        self._waiting.append(asked)
        if not self._soon:
            # Not at once: what else came in this turn of the loop goes along.
            self._soon = True
            loop.call_soon(self._start)
        return await asked.seen

    def _start(self) -> None:
        self._soon = False
        self._send()
        if not self._waiting or self._behind:
            return
        if len(self._waiting) == 1:
            asked = self._waiting.popleft()
            _answer([asked], _look_at_all([asked]))
        else:
            self._in_thread([self._waiting.popleft() for _ in range(self._piece)])

    @property
    def _behind(self) -> bool:
        """Whether what waits would overtake something, if it were looked at here."""
        return self._under_way > 0 or (self.elsewhere is not None and self.elsewhere.busy)

    @property
    def _piece(self) -> int:
        return min(PIECE, len(self._waiting))

    def _send(self) -> None:
        """Give what waits to somebody elsewhere, as far as there is room."""
        elsewhere = self.elsewhere
        alone = len(self._waiting) == 1 and not self._behind
        while elsewhere and self._waiting and not self._under_way and not alone:
            given = elsewhere.look_at([one.wanted for one in islice(self._waiting, MOST)])
            if given is None:
                return
            count, glances = given
            batch = [self._waiting.popleft() for _ in range(count)]
            glances.add_done_callback(partial(self._glanced, batch))

    def _in_thread(self, batch: list[_Asked]) -> None:
        self._under_way += 1
        looking = asyncio.get_running_loop().run_in_executor(self._pool, _look_at_all, batch)
        looking.add_done_callback(partial(self._looked, batch))

    def _looked(self, batch: list[_Asked], done: "asyncio.Future[list[Seen]]") -> None:
        self._under_way -= 1
        seen = done.result()
        if len(self._waiting) > 1:
            # First the next ones on their way, then the work that can be done meanwhile.
            self._start()
        _answer(batch, seen)
        self._start()

    def _glanced(self, batch: list[_Asked], done: "asyncio.Future[list[Glance]]") -> None:
        if done.cancelled() or done.exception() is not None:
            # One thread, one after the other: the order stays.
            self._in_thread(batch)
            return
        self._send()
        found = zip(batch, done.result(), strict=True)
        _answer(batch, [looked_again(asked.wanted, glance) for asked, glance in found])
        self._start()


def _look_at_all(batch: list[_Asked]) -> list[Seen]:
    return [look(one.wanted.key, one.wanted.note, one.wanted.body) for one in batch]


def _answer(batch: list[_Asked], seen: list[Seen]) -> None:
    for one, each in zip(batch, seen, strict=True):
        if not one.seen.done():
            one.seen.set_result(each)
