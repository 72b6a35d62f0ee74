"""The door: connections before they are requests. The slow, the huge and the many get an answer.

uvicorn parses and answers; here is only what it has no limits for: headers that do not end, bodies
that stand still, answers that nobody reads, and too many connections from one address or at all.
Addresses are counted in memory while somebody is connected, IPv6 by /64, and never written. One
sweep a second looks at all connections, so that a request costs nothing more.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from accompany.web.problems import problem


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes and counts. *exempt* are the addresses of this machine and its proxies."""

    connections: int = 8192
    of_one_address: int = 256
    exempt: Collection[str] = ("127.0.0.1", "::1")
    header_seconds: float = 10.0
    header_bytes: int = 64 * 1024
    body_grace: float = 30.0
    """A body may take as long, and then as long as it comes at *body_rate*, looked at anew after
    each second such time: a fast beginning pays for no standing still."""
    body_rate: float = 500.0
    unread_seconds: float = 60.0
    """An answer of which nothing is read for so long is not wanted any more."""
    idle_seconds: int = 75
    sweep_seconds: float = 1.0


@dataclass(slots=True)
class Door:
    """All connections of one server. `refused` counts those that were sent away, by why."""

    limits: Limits
    inside: "set[Guarded]" = field(default_factory=set)
    addresses: Counter[str] = field(default_factory=Counter)
    sockets: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> str | None:
        """Count a connection in; return why it has to go, or None."""
        self.addresses[address] += 1
        if self.addresses.total() > self.limits.connections:
            return "full"
        exempt = address in self.limits.exempt or address == ""
        return None if exempt or self.addresses[address] <= self.limits.of_one_address else "many"

    def leave(self, address: str) -> None:
        self.addresses[address] -= 1
        if self.addresses[address] <= 0:
            del self.addresses[address]

    async def sweep(self) -> None:
        """Send the slow ones away, every so often, for ever."""
        while True:
            await asyncio.sleep(self.limits.sweep_seconds)
            now = asyncio.get_running_loop().time()
            for one in list(self.inside):
                one.look(now)


def neighbourhood(host: str) -> str:
    """Return what counts as one address: all of an IPv4 address, the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv4Address) or found.ipv4_mapped or found.is_loopback:
        return str(getattr(found, "ipv4_mapped", None) or found)
    return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


class Guarded(HttpToolsProtocol):
    """A connection that speaks HTTP/1.1, with the times at which it was last any good."""

    def __init__(self, *, door: Door, **given: Any) -> None:
        super().__init__(**given)
        self._door = door
        self._address = ""
        self._heads: float | None = None
        """Since when a head is awaited, or coming."""
        self._head_bytes = 0
        self._body: float | None = None
        """Since when a body is coming, and how much of it has come."""
        self._body_bytes = 0
        self._unread = (0, 0.0)
        self._refusal: tuple[int, str, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._heads = self.loop.time()
        self._address = neighbourhood(self.client[0]) if self.client else ""
        self._door.inside.add(self)
        match self._door.enter(self._address):
            case "many":
                self._refuse(429, "too-many", "too many connections from one address")
            case "full":
                self._refuse(503, "refused", "this server has too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._door.inside:
            self._door.inside.discard(self)
            self._door.leave(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._heads is None and self._body is None and self._idle:
            # Uvicorn stops its own clock at any byte, an empty line among them.
            self._heads, self._head_bytes = self.loop.time(), 0
        super().data_received(data)

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._heads, self._head_bytes = self.loop.time(), 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._door.limits.header_bytes:
            self._refusal = (431, "refused", "the head of this request is too large")
            raise ValueError("too large a head")

    def on_headers_complete(self) -> None:
        self._heads = None
        self._body, self._body_bytes = self.loop.time(), 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._body = None
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._heads = self._body = None
        # The socket counts for this address from before this stops to: never both not.
        super().handle_websocket_upgrade()
        self._door.inside.discard(self)
        self._door.leave(self._address)

    def send_400_response(self, msg: str) -> None:
        self._refuse(*(self._refusal or (400, "malformed", "this is no HTTP request")))

    def look(self, now: float) -> None:
        """Send this connection away if it holds things up; *now* is the loop's time."""
        if self.transport.is_closing():
            return
        limits = self._door.limits
        if self._heads is not None and now - self._heads > limits.header_seconds:
            self._refuse(408, "refused", "the head of the request did not come in time")
        elif self._body is not None and not self.flow.read_paused:
            late = now - self._body - limits.body_grace
            if late > 0 and self._body_bytes < late * limits.body_rate:
                self._refuse(408, "refused", "the body of the request came too slowly")
            elif late > limits.body_grace:
                self._body, self._body_bytes = now, 0
        else:
            self._look_at_answer(now)

    def _look_at_answer(self, now: float) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting == 0 or waiting != self._unread[0]:
            self._unread = (waiting, now)
        elif now - self._unread[1] > self._door.limits.unread_seconds:
            self._door.refused["unread"] += 1
            self.transport.abort()

    def _refuse(self, status: int, word: str, detail: str) -> None:
        """Answer with a problem, unless an answer has begun, and close."""
        self._door.refused[str(status)] += 1
        self._heads = self._body = None
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            passing = {"seconds": 10} if status in (429, 503) else {}
            document = problem(status, word, detail, **passing)
            body = msgspec.json.encode(document)
            lines = [
                f"HTTP/1.1 {status} {document['title']}",
                "content-type: application/problem+json",
                f"content-length: {len(body)}",
                "connection: close",
                *(["retry-after: 10"] if passing else []),
            ]
            self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()
        if self.cycle is not None and not self.cycle.response_complete:
            # Whoever waits for the rest of the body hears that it will not come.
            self.cycle.disconnected = True
            self.cycle.message_event.set()


class GuardedSocket(WebSocketsSansIOProtocol):
    """A WebSocket: counted with the connections of its address for as long as it is open."""

    def __init__(self, *, door: Door, **given: Any) -> None:
        super().__init__(**given)
        self._door = door
        self._address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = neighbourhood(self.client[0]) if self.client else ""
        # The connection was let in before it became a socket.
        self._door.enter(self._address)
        self._door.sockets += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.leave(self._address)
        self._door.sockets -= 1
        super().connection_lost(exc)


def config_for(
    app: ASGIApp, door: Door, connection: Callable[..., Guarded] = Guarded, **more: Any
) -> uvicorn.Config:
    """Return how uvicorn serves *app* behind *door*; proxies are believed about addresses."""
    return uvicorn.Config(
        app,
        http=partial(connection, door=door),  # type: ignore[arg-type]
        ws=partial(GuardedSocket, door=door),  # type: ignore[arg-type]
        ws_max_size=256 * 1024,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(door.limits.exempt),
        timeout_keep_alive=door.limits.idle_seconds,
        **more,
    )
