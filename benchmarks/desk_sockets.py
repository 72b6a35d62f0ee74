"""A WebSocket client that costs next to nothing: hundreds of them leave the machine to the server.

Text frames over loopback, as RFC 6455 says; masked with zeros, which masks nothing. Not here: what
is said.
"""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlsplit

_SHORT, _LONG = 126, 127
_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A


class Socket(asyncio.Protocol):
    """Calls *hears* with each text; `closed` is set once nothing more comes."""

    def __init__(self, hello: bytes, hears: Callable[[bytes], None]) -> None:
        self._hello = hello
        self._hears = hears
        self._came = bytearray()
        self._open = False
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionResetError("closed before it was open"))
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        self._came += data
        if not self._open and not self._answered():
            return
        while (frame := self._frame()) is not None:
            kind, body = frame
            if kind == _TEXT:
                self._hears(body)
            elif kind == _PING:
                self._send(_PONG, body)
            elif kind == _CLOSE:
                self.close()

    def _answered(self) -> bool:
        head, end, rest = bytes(self._came).partition(b"\r\n\r\n")
        if not end:
            return False
        self._came = bytearray(rest)
        self._open = head.startswith(b"HTTP/1.1 101")
        if self._open:
            self.opened.set_result(None)
        elif not self.opened.done():
            self.opened.set_exception(ConnectionRefusedError(head.decode()))
        return self._open

    def _frame(self) -> tuple[int, bytes] | None:
        came = self._came
        if len(came) < 2:
            return None
        size, start = came[1], 2
        if size >= _SHORT:
            start = 4 if size == _SHORT else 10
            if len(came) < start:
                return None
            size = int.from_bytes(came[2:start])
        if len(came) < start + size:
            return None
        kind, body = came[0], bytes(came[start : start + size])
        del came[: start + size]
        return kind, body

    def say(self, text: bytes) -> None:
        self._send(_TEXT, text)

    def _send(self, kind: int, body: bytes) -> None:
        size = len(body)
        if size < _SHORT:
            head = bytes([kind, 0x80 | size])
        elif size < 1 << 16:
            head = bytes([kind, 0x80 | _SHORT]) + size.to_bytes(2)
        else:
            head = bytes([kind, 0x80 | _LONG]) + size.to_bytes(8)
        assert self._transport is not None
        self._transport.write(head + b"\0\0\0\0" + body)

    def close(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._send(_CLOSE, (1000).to_bytes(2))
            self._transport.close()


async def open_socket(url: str, hears: Callable[[bytes], None], cookie: str = "") -> Socket:
    """Return a socket that is open; raise OSError where it does not open within 10 s."""
    there = urlsplit(url)
    key = b64encode(secrets.token_bytes(16)).decode()
    lines = [
        f"GET {there.path} HTTP/1.1", f"Host: {there.netloc}", "Upgrade: websocket",
        "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
        *([f"Cookie: {cookie}"] if cookie else []), "", "",
    ]  # fmt: skip
    hello = "\r\n".join(lines).encode()
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        lambda: Socket(hello, hears), there.hostname, there.port
    )
    await asyncio.wait_for(socket.opened, 10)
    return socket
