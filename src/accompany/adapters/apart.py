"""Readings: packages read out by processes of their own (`reading`), a few at once.

What they write comes through a pipe and is passed on as it is asked for, so that who receives it
slowly slows them too. A process that nobody listens to any more is ended at once. Not here: what a
package holds (custody).
"""

import asyncio
import fcntl
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from accompany.custody.courtesy import Courtesy
from accompany.custody.gathering import Order
from accompany.errors import Damaged, TooMany

MOST = 8
"""Packages that are read out at once; each takes some 40 MB."""

AGAIN = 30
PIECE = 256 * 1024
_PIPE = 1024 * 1024
_SAID = 4096
_FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "262144"}
"""What glibc's allocator is told: large texts are given back once they are not needed."""


class Readings:
    """Begins readings of the data folder *folder*; one per server."""

    def __init__(self, folder: Path, courtesy: Courtesy) -> None:
        self._folder = folder
        self._courtesy = courtesy
        self._begun = 0

    async def begin(self, order: Order) -> "Reading":
        """Have *order* gathered; raise TooMany, or Damaged with what it said. Close what comes."""
        if self._begun >= MOST:
            raise TooMany("packages at once", AGAIN)
        self._begun += 1
        try:
            reading = Reading(*await _started(self._folder), self._courtesy, self._ended)
        except BaseException:
            self._ended()
            raise
        try:
            await reading.gather(order)
        except BaseException:
            await reading.close()
            raise
        return reading

    def _ended(self) -> None:
        self._begun -= 1


async def _started(folder: Path) -> tuple[asyncio.subprocess.Process, int]:
    """Return the process and the end of its pipe to read from."""
    pipe, end = os.pipe()
    os.set_blocking(pipe, False)
    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "accompany.adapters.reading", str(folder),
            stdin=asyncio.subprocess.PIPE, stdout=end, stderr=asyncio.subprocess.PIPE,
            env=os.environ | _FRUGAL,
        )  # fmt: skip
    except BaseException:
        os.close(pipe)
        raise
    finally:
        os.close(end)
    return process, pipe


class Reading:
    """One package being read out: *text* is to be signed, `confirm`ed, then come the pieces."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        pipe: int,
        courtesy: Courtesy,
        ended: Callable[[], None],
    ) -> None:
        self._process = process
        self._pipe = pipe
        self._courtesy = courtesy
        self._ended = ended
        self.text = b""
        self.size = 0

    async def gather(self, order: Order) -> None:
        await self._tell(msgspec.msgpack.encode(order))
        self.text = await self._take(await self._number())

    async def confirm(self, note: bytes) -> None:
        """Give the signed note; from now on `size`, the bytes of the ZIP, is known."""
        await self._tell(note)
        self.size = await self._number()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the ZIP, as fast as phones leave time for; raise Damaged where it breaks off."""
        left = self.size
        while left:
            data = await self._some(PIECE)
            left -= len(data)
            yield data
            if rest := self._courtesy.rest(len(data)):
                await asyncio.sleep(rest)

    async def close(self) -> None:
        """End it, whatever it is doing; harmless when repeated."""
        if self._pipe < 0:
            return
        os.close(self._pipe)
        self._pipe = -1
        self._ended()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _tell(self, data: bytes) -> None:
        if self._process.stdin is None:
            return
        self._process.stdin.write(len(data).to_bytes(8, "big") + data)
        # Where it has ended, its last words are heard when something is wanted of it.
        with suppress(ConnectionError):
            await self._process.stdin.drain()

    async def _number(self) -> int:
        return int.from_bytes(await self._take(8), "big")

    async def _take(self, size: int) -> bytes:
        parts = []
        while size:
            parts.append(await self._some(size))
            size -= len(parts[-1])
        return b"".join(parts)

    async def _some(self, most: int) -> bytes:
        """Return up to *most* bytes, at least one."""
        while True:
            try:
                data = os.read(self._pipe, most)
            except BlockingIOError:
                await self._readable()
                continue
            if not data:
                raise Damaged(f"a package was not read out: {await self._last_words()}")
            return data

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(self._pipe, _wake, ready)
        try:
            await ready
        finally:
            loop.remove_reader(self._pipe)

    async def _last_words(self) -> str:
        said = await self._process.stderr.read(_SAID) if self._process.stderr else b""
        status = await self._process.wait()
        return said.decode(errors="replace").strip() or f"it ended with {status}"


def _wake(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
