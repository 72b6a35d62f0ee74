"""A line that can be cut: a TCP relay on loopback between a browser and the server.

`cut()` lets nothing through any more, as a dead spot does: open connections stall and new ones
hang. `mend()` drops what hung, so that both ends notice, and lets new connections through.
"""

import asyncio
from contextlib import closing

from relay import Relay


class Line(Relay):
    def __init__(self, port: int) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        super().__init__(port)

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        self._loop.call_soon_threadsafe(self._mend)

    def _mend(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._open.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._open.wait()
            back, forth = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(forth)
            await asyncio.gather(self._carry(reader, forth), self._carry(back, writer))
        finally:
            self._writers.discard(writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


def line_to(port: int) -> closing[Line]:
    return closing(Line(port))
