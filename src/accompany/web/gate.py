"""The gate: requests before they are routed. How many of one address, how many bytes at once.

Behind a proxy all connections are the proxy's, so that addresses count here once more, as the proxy
tells them. Bodies that are coming in may together take so much memory and no more, and those of one
address an eighth of it: what is there counts for all, what was stated for the address, so that
nobody keeps others out with lengths alone. What passes is measured. Nothing is written.
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
SHARES = 8
"""One address may have announced this part of it."""


@dataclass(slots=True)
class Gate:
    """ASGI around the whole application. *metrics* hears of each request when it has ended."""

    app: ASGIApp
    limits: Limits
    metrics: Metrics
    bodies: int = BODIES
    """Bytes of bodies that may be there at once."""
    _under_way: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _stated: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
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
                await self._measured(address, scope, receive, send)
            else:
                await self.app(scope, receive, send)
        finally:
            self.leave(address)

    def enter(self, address: str) -> bool:
        """Count a request of *address* in, unless it has too many."""
        if self._under_way[address] >= self.limits.of_one_address and not self._exempt(address):
            return False
        self._under_way[address] += 1
        return True

    def leave(self, address: str) -> None:
        self._under_way[address] -= 1
        if not self._under_way[address]:
            del self._under_way[address]

    def _exempt(self, address: str) -> bool:
        return not address or address in self.limits.exempt

    @property
    def full(self) -> bool:
        """Whether so much is coming in already that nothing more may begin."""
        return self._held > self.bodies

    def begin_body(self, address: str, stated: int) -> bool:
        """Count the *stated* bytes of a body in, unless they are too much for *address*: one body
        may always come, and is bounded elsewhere."""
        others = self._stated[address]
        if others and others + stated > self.bodies // SHARES and not self._exempt(address):
            return False
        self._stated[address] = others + stated
        return True

    def came(self, size: int) -> None:
        """Count *size* bytes of a body that are there now."""
        self._held += size

    def end_body(self, address: str, stated: int, came: int) -> None:
        self._held -= came
        self._stated[address] -= stated
        if not self._stated[address]:
            del self._stated[address]

    async def _measured(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        began, status, held = time.perf_counter(), 500, 0
        if self.full:
            await _refuse(scope, receive, send, 503, "refused", "too much is coming in at once")
            return
        stated = _stated_in(scope, self.bodies)
        if not self.begin_body(address, stated):
            much = "too much is coming in from one address at once"
            await _refuse(scope, receive, send, 429, "too-many", much)
            return

        async def receiving() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            held += size
            self.came(size)
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receiving, sending)
        finally:
            self.end_body(address, stated, held)
            route = getattr(scope.get("route"), "path", "")
            took = time.perf_counter() - began
            self.metrics.request(scope["method"], route, status, took, held)


def _stated_in(scope: Scope, most: int) -> int:
    """Return the length that a request states, up to *most*; 0 where it states none."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return min(int(value[:20]), most)
    return 0


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, word: str, detail: str
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    # With its Retry-After, as every refusal that passes.
    answer = respond(problem(status, word, detail, seconds=10))
    await Headers(answer)(scope, receive, send)
