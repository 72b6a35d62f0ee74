"""A line with little rate, a long way and losses: a TCP relay on loopback, shaped upwards.

Loss is what TCP makes of it: now and then everything waits for one more round trip. A call's UDP
does not pass here, so what the film does to a call's round trip cannot be seen with it.
"""

import asyncio
import contextlib
import random
import time
from contextlib import closing
from dataclasses import dataclass

from relay import Relay

PACKET = 1_448
READ = 16_384


@dataclass(frozen=True)
class Shape:
    """*rate*: bits a second upwards, None for no limit; *way*: seconds in each direction."""

    rate: float | None = None
    way: float = 0.0
    loss: float = 0.0


class PoorLine(Relay):
    """Relays to *port*; `up` counts the bytes that went to the server."""

    LIMIT = READ

    def __init__(self, port: int, shape: Shape) -> None:
        self._shape = shape
        self._chance = random.Random(1)
        self._free = 0.0
        self.up = 0
        super().__init__(port)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * self._shape.way)  # A handshake is a way there and back.
        back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._carry(reader, forth, True), self._carry(back, writer, False))

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


def poor_line(port: int, shape: Shape) -> closing[PoorLine]:
    return closing(PoorLine(port, shape))
