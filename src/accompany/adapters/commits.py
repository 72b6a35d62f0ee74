"""Group commit: whatever has gathered while the last batch was synced becomes the next one.

One frame is in flight, in a thread of its own that does nothing but write and sync. All else
happens in the event loop's thread: gathering, then letting the index follow, while the next batch
is being synced already, then answering. So nobody reads half a batch, and nobody is answered
before both. Where the journal fails, nothing more is acknowledged and `on_failure` is called:
leaf indexes were given out, so the process has to start again and read.
"""

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accompany.adapters.frames import Encoded, framed_size, lay_out
from accompany.adapters.journal import Journal
from accompany.adapters.scanning import Batch
from accompany.custody.ports import Item
from accompany.errors import DiskFull

BATCH_BYTES = 32 * 1024 * 1024
RETRY = 0.25
"""Seconds after which an index that has no room is asked to follow again."""


class _Settling(asyncio.Future[None]):
    """Waited for even by those who are cancelled meanwhile; they hear of that afterwards.

    What is handed over is being written, whoever goes away: nobody may number the next thing by
    what is kept, or take a repetition for something new, before it is.
    """

    def cancel(self, msg: object = None) -> bool:
        del msg
        return False


@dataclass(slots=True)
class _Wanted:
    encoded: list[Encoded]
    length: int
    done: _Settling


class Commits:
    """*follow* lets the index follow a durable batch; where it raises DiskFull, *make_room* is
    asked once, and then it is tried until there is room: the batch itself is safe."""

    def __init__(
        self,
        journal: Journal,
        follow: Callable[[Batch], None],
        make_room: Callable[[], bool],
        on_failure: Callable[[str], None],
    ) -> None:
        self._journal = journal
        self._follow = follow
        self._make_room = make_room
        self._on_failure = on_failure
        self.promised = 0
        """Bytes of frames that were handed over and are not answered yet."""
        self._failure: Exception | None = None
        self._waiting: deque[_Wanted] = deque()
        self._writing: list[_Wanted] = []
        self._durable: deque[tuple[Batch, list[_Wanted]]] = deque()
        self._soon = False
        self._retrying = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._jobs: queue.SimpleQueue[list[_Wanted]] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Batch | Exception] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def stuck(self) -> bool:
        """Whether a batch waits for the index to have room."""
        return self._retrying

    async def commit(self, items: Sequence[Item]) -> None:
        """Return once *items* would survive a power cut and the index has them."""
        self._loop = asyncio.get_running_loop()
        encoded = [Encoded.of(item) for item in items]
        length = sum(one.size for one in encoded)
        wanted = _Wanted(encoded, length, _Settling(loop=self._loop))
        room = framed_size(length)
        self.promised += room
        self._waiting.append(wanted)
        if not self._soon and not self._writing:
            # Not at once: what else came in this turn of the loop goes into the same batch.
            self._soon = True
            self._loop.call_soon(self._hand_over)
        try:
            await wanted.done
        finally:
            self.promised -= room
            # Of two reasons the cancellation is told; the other one has been looked at.
            wanted.done.exception()

    def close(self) -> None:
        """Finish what is waiting, then stop; returns once the last batch is synced."""
        while self._writing or self._waiting:
            self._hand_over()
            if self._writing:
                self._took(self._results.get())
        while self._durable:
            _answer(self._durable.popleft()[1], DiskFull("the index has no room to follow"))
        self._jobs.put([])
        self._thread.join()

    def _run(self) -> None:
        while wanted := self._jobs.get():
            try:
                parts, placed = lay_out(one for each in wanted for one in each.encoded)
                result: Batch | Exception = self._journal.append_payload(parts, placed)
            except Exception as error:
                result = error
            self._results.put(result)
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._collect)

    def _hand_over(self) -> None:
        self._soon = False
        if self._failure is not None:
            _answer(self._waiting, self._failure)
            self._waiting.clear()
        if self._writing or not self._waiting:
            return
        gathered: list[_Wanted] = []
        length = 0
        while self._waiting and length < BATCH_BYTES:
            whole = length + self._waiting[0].length
            if gathered and not self._journal.fits(whole):
                break
            gathered.append(self._waiting.popleft())
            length = whole
        self._writing = gathered
        self._jobs.put(gathered)

    def _collect(self) -> None:
        while not self._results.empty():
            self._took(self._results.get())

    def _took(self, result: Batch | Exception) -> None:
        wanted, self._writing = self._writing, []
        if isinstance(result, Exception):
            self._fail(result, wanted)
            return
        self._durable.append((result, wanted))
        # First the next batch on its way, then the work that can be done meanwhile.
        self._hand_over()
        self._let_follow()

    def _let_follow(self) -> None:
        while self._durable:
            batch, wanted = self._durable[0]
            try:
                if self._failure is None:
                    self._follow(batch)
            except DiskFull:
                if self._make_room():
                    continue
                self._try_again()
                return
            except Exception as error:
                self._durable.popleft()
                self._fail(error, wanted)
                return
            self._durable.popleft()
            _answer(wanted, self._failure)

    def _try_again(self) -> None:
        def again() -> None:
            self._retrying = False
            self._let_follow()

        if not self._retrying and self._loop is not None:
            self._retrying = True
            self._loop.call_later(RETRY, again)

    def _fail(self, error: Exception, wanted: list[_Wanted]) -> None:
        first = self._failure is None
        self._failure = self._failure or error
        _answer(wanted, error)
        self._hand_over()
        if first:
            self._on_failure(f"nothing more can be kept: {error}")


def _answer(wanted: "Sequence[_Wanted] | deque[_Wanted]", error: Exception | None) -> None:
    for one in wanted:
        if one.done.done():
            continue
        if error is None:
            one.done.set_result(None)
        else:
            one.done.set_exception(error)
