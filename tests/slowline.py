"""A slow line: a TCP relay on loopback with so many bits a second and so long a round trip.

One direction is one queue for all connections, as on a phone's line, and a new connection costs a
round trip before its first byte. It holds for everything a browser sends, workers and sockets too,
which Chromium's own emulation does not. No loss: TCP's answer to it is not modelled.
"""

import asyncio
import contextlib
from contextlib import closing

from relay import Relay

PIECE = 1460


class Way:
    """One direction: bytes leave one after the other at *rate*, and arrive *delay* s later."""

    def __init__(self, rate: float, delay: float) -> None:
        self._rate, self._delay = rate, delay
        self._free = 0.0

    def arrival(self, size: int, now: float) -> float:
        """Return when *size* bytes given at *now* have arrived, in the loop's seconds."""
        self._free = max(self._free, now) + size / self._rate
        return self._free + self._delay


class SlowLine(Relay):
    def __init__(self, port: int, bits: float, round_trip: float) -> None:
        self._round_trip = round_trip
        self._up, self._down = (Way(bits / 8, round_trip / 2) for _ in range(2))
        super().__init__(port)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._round_trip)
        back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        up = self._carry(reader, forth, self._up)
        await asyncio.gather(up, self._carry(back, writer, self._down))

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way
    ) -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        delivering = asyncio.create_task(self._deliver(on_the_way, writer))
        with contextlib.suppress(OSError):
            while data := await reader.read(PIECE):
                await on_the_way.put((way.arrival(len(data), self._loop.time()), data))
        await on_the_way.put((self._loop.time(), b""))
        await delivering

    async def _deliver(
        self, on_the_way: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while True:
                when, data = await on_the_way.get()
                await asyncio.sleep(max(0.0, when - self._loop.time()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
        writer.close()


def slow_line_to(port: int, bits: float, round_trip: float) -> closing[SlowLine]:
    """Return a line of *bits* a second each way and *round_trip* seconds to the server."""
    return closing(SlowLine(port, bits, round_trip))
