"""A TCP relay on loopback, on a thread of its own. How bytes are carried is its kinds' matter.

See cutline, slowline and poorline.
"""

import asyncio
import contextlib
import threading


class Relay:
    """Relays from `port` to the server at the port given. A kind sets up its own before this.

    Itself it carries bytes as they come.
    """

    LIMIT = 2**16
    """Bytes of a connection that are read ahead."""

    TARGET = "127.0.0.1"
    """Where the server is."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._target = port
        self._host = host
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
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._relay, self._host, 0, limit=self.LIMIT)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._connect(reader, writer)
        writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Open the connection to the server and carry both ways until both have ended."""
        back, forth = await asyncio.open_connection(self.TARGET, self._target)
        await asyncio.gather(_copy(reader, forth), _copy(back, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
