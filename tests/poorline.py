"""A line with little rate, a long way and losses: a TCP relay on loopback, shaped upwards.

Loss is what TCP makes of it: now and then everything waits for one more round trip. A call's UDP
does not pass here, so what the film does to a call's round trip cannot be seen with it.
"""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PACKET = 1_448
READ = 16_384


@dataclass(frozen=True)
class Shape:
    """*rate*: bits a second upwards, None for no limit; *way*: seconds in each direction."""

    rate: float | None = None
    way: float = 0.0
    loss: float = 0.0


class PoorLine:
    """Relays to *port*; `up` counts the bytes that went to the server."""

    def __init__(self, port: int, shape: Shape) -> None:
        self._target, self._shape = port, shape
        self._chance = random.Random(1)
        self._free = 0.0
        self.up = 0
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0, limit=READ)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.sleep(2 * self._shape.way)  # A handshake is a way there and back.
            back, forth = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(self._carry(reader, forth, True), self._carry(back, writer, False))
        writer.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, up: bool
    ) -> None:
        """Deliver in order, each piece when its last bit would have arrived."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)
        deliver = asyncio.create_task(self._deliver(on_the_way, writer, up))
        try:
            while data := await reader.read(READ):
                arrives = self._arrival(len(data)) if up else time.monotonic() + self._shape.way
                await on_the_way.put((arrives, data))
                # No more is taken than the narrow place lets through: its queue is the sender's.
                await asyncio.sleep(max(0.0, arrives - self._shape.way - time.monotonic()))
        except OSError:
            pass
        finally:
            await on_the_way.put((0.0, b""))
            await deliver
            writer.close()

    def _arrival(self, size: int) -> float:
        shape, now = self._shape, time.monotonic()
        begin = max(now, self._free)
        self._free = begin + (size * 8 / shape.rate if shape.rate else 0.0)
        packets = -(-size // PACKET)
        if any(self._chance.random() < shape.loss for _ in range(packets)):
            self._free += 2 * shape.way
        return self._free + shape.way

    async def _deliver(
        self,
        on_the_way: "asyncio.Queue[tuple[float, bytes]]",
        writer: asyncio.StreamWriter,
        up: bool,
    ) -> None:
        with contextlib.suppress(OSError):
            while True:
                arrives, data = await on_the_way.get()
                if not data:
                    return
                await asyncio.sleep(max(0.0, arrives - time.monotonic()))
                writer.write(data)
                await writer.drain()
                if up:
                    self.up += len(data)


@contextmanager
def poor_line(port: int, shape: Shape) -> Iterator[PoorLine]:
    line = PoorLine(port, shape)
    try:
        yield line
    finally:
        line.close()
