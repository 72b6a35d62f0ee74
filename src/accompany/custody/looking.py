"""What can be said of a statement and its bytes before anybody knows what is kept: in a thread.

SHA-256 and the signature are half of what a segment costs, and neither needs the interpreter's
lock. Whatever has gathered while the last ones were looked at is looked at next, together; what
comes alone is looked at where it is, since a thread would only make it later.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256

from accompany.errors import AccompanyError, Malformed
from accompany.evidence.statements import Following, open_following


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


def look(key: bytes, note: bytes | None, body: bytes | None) -> Seen:
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


@dataclass(slots=True)
class _Wanted:
    key: bytes
    note: bytes | None
    body: bytes | None
    seen: "asyncio.Future[Seen]"


@dataclass(slots=True)
class Looking:
    """From one event loop; `look` returns in the order of the calls."""

    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="looking")
    )
    _waiting: list[_Wanted] = field(default_factory=list)
    _soon: bool = False
    _under_way: bool = False

    async def look(self, key: bytes, note: bytes | None, body: bytes | None) -> Seen:
        """Return what `look` says; others go on meanwhile."""
        loop = asyncio.get_running_loop()
        wanted = _Wanted(key, note, body, loop.create_future())
        self._waiting.append(wanted)
        if not self._soon and not self._under_way:
            # Not at once: what else came in this turn of the loop goes along.
            self._soon = True
            loop.call_soon(self._start, loop)
        return await wanted.seen

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._soon = False
        batch, self._waiting = self._waiting, []
        if len(batch) == 1:
            _answer(batch, [look(one.key, one.note, one.body) for one in batch])
        elif batch:
            self._under_way = True
            looking = loop.run_in_executor(self._pool, _look_at_all, batch)
            looking.add_done_callback(lambda done: self._looked(loop, batch, done))

    def _looked(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[_Wanted],
        done: "asyncio.Future[list[Seen]]",
    ) -> None:
        self._under_way = False
        # First the next ones on their way, then the work that can be done meanwhile.
        self._start(loop)
        _answer(batch, done.result())


def _look_at_all(batch: list[_Wanted]) -> list[Seen]:
    return [look(one.key, one.note, one.body) for one in batch]


def _answer(batch: list[_Wanted], seen: list[Seen]) -> None:
    for one, each in zip(batch, seen, strict=True):
        if not one.seen.done():
            one.seen.set_result(each)
