"""The gate: requests before they are routed. How many of one address, how many bytes at once.

Behind a proxy all connections are the proxy's, so that addresses count here once more, as the proxy
tells them. Bodies that are coming in may together take so much memory and no more. What passes is
measured. Nothing is written.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from accompany.web.door import Limits, neighbourhood
from accompany.web.headers import Headers
from accompany.web.metrics import Metrics
from accompany.web.problems import problem, respond

BODIES = 512 * 1024 * 1024


@dataclass(slots=True)
class Gate:
    """ASGI around the whole application. *metrics* hears of each request when it has ended."""

    app: ASGIApp
    limits: Limits
    metrics: Metrics
    bodies: int = BODIES
    _under_way: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _held: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        address = neighbourhood(scope["client"][0]) if scope.get("client") else ""
        if not self.enter(address):
            await _refuse(scope, receive, send, 429, "too-many", "too many requests at once")
            return
        try:
            if scope["type"] == "http":
                await self._measured(scope, receive, send)
            else:
                await self.app(scope, receive, send)
        finally:
            self.leave(address)

    def enter(self, address: str) -> bool:
        """Count a request of *address* in, unless it has too many."""
        if self._under_way[address] >= self.limits.of_one_address and not (
            not address or address in self.limits.exempt
        ):
            return False
        self._under_way[address] += 1
        return True

    def leave(self, address: str) -> None:
        self._under_way[address] -= 1
        if not self._under_way[address]:
            del self._under_way[address]

    def hold(self, size: int) -> bool:
        """Count the *size* bytes of a body that is coming in, unless it is too much at once."""
        if self._held > self.bodies:
            return False
        self._held += size
        return True

    def release(self, size: int) -> None:
        self._held -= size

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status, held = time.perf_counter(), 500, 0
        if self._held > self.bodies:
            await _refuse(scope, receive, send, 503, "refused", "too much is coming in at once")
            return

        async def receiving() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            held += size
            self._held += size
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receiving, sending)
        finally:
            self._held -= held
            route = getattr(scope.get("route"), "path", "")
            took = time.perf_counter() - began
            self.metrics.request(scope["method"], route, status, took, held)


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, word: str, detail: str
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    # With its Retry-After, as every refusal that passes.
    answer = respond(problem(status, word, detail, seconds=10))
    await Headers(answer)(scope, receive, send)
