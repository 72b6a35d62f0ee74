"""One live socket: messages out in order, in at a bounded pace, nobody held up by anybody.

Not here: what messages mean (`live`), their forms (`messages`).
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from accompany.errors import AccompanyError, Malformed, TooMany
from accompany.web.messages import Outgoing, ProblemMessage
from accompany.web.problems import problem_of

OUTGOING = 1000
"""Messages that may wait for a slow reader before its socket is closed."""

BURST = 200
PACE = 50
"""Messages a socket may send at once, and a second from then on: what comes of them waits in
memory for somebody else."""


def written(message: Outgoing | dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()


class Line:
    """One socket: messages out in order, without holding anybody else up."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._waiting: asyncio.Queue[Outgoing | dict[str, Any] | str] = asyncio.Queue(OUTGOING)
        self._overrun = asyncio.Event()

    def close(self) -> None:
        """End it from here; whoever may still come in opens another."""
        self._overrun.set()

    def send(self, message: Outgoing | dict[str, Any] | str) -> None:
        """Send a message soon, in its turn; one for many is `written` once."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._overrun.set()

    async def run(self, take: Callable[[str], None]) -> None:
        """Carry messages both ways until either side closes, or the other reads too slowly."""
        await self._socket.accept()
        ways = [
            asyncio.create_task(self._receive_all(take)),
            asyncio.create_task(self._send_all()),
            asyncio.create_task(self._overrun.wait()),
        ]
        try:
            ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        with contextlib.suppress(WebSocketDisconnect):
            for way in ended:
                way.result()

    async def _receive_all(self, take: Callable[[str], None]) -> None:
        clock = asyncio.get_running_loop().time
        last, allowed = clock(), float(BURST)
        while True:
            try:
                text = await self._receive()
                now = clock()
                last, allowed = now, min(BURST, allowed + (now - last) * PACE)
                if allowed < 1:
                    raise TooMany("messages", 1)
                allowed -= 1
                take(text)
            except AccompanyError as error:
                self.send(ProblemMessage(problem_of(error)))

    async def _receive(self) -> str:
        try:
            return await self._socket.receive_text()
        except KeyError as error:
            # Starlette's word for a binary frame.
            raise Malformed("message", "expected text") from error

    async def _send_all(self) -> None:
        while True:
            message = await self._waiting.get()
            await self._socket.send_text(message if isinstance(message, str) else written(message))
