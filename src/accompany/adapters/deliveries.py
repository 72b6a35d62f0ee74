"""Sends what webhooks are owed: signed, one attempt at a time for each message, for ever retried
within the schedule. Nothing waits for it.

A name is resolved here, its address is judged, and the one that was judged is called: a name that
means something else a moment later changes nothing. No redirect is followed, no proxy asked, and of
an answer only its status is read. A receiver that is slow holds up nobody but itself.
"""

import asyncio
import logging
import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING

from accompany.adapters.webhooks import SqliteHooks
from accompany.custody.ports import Clock
from accompany.dispatch.webhooks import Delivery, Endpoint, check_address, check_url, sign
from accompany.errors import Malformed

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger("accompany")

TIMEOUT = 15.0
AT_ONCE = 4
BREATH = 0.05
LOOK = 5.0
"""Seconds after which it looks by itself: `accompany webhooks` writes beside the server."""

AGENT = "Accompany webhooks (Standard Webhooks 1.0.0)"


class Refused(Exception):
    """The receiver did not take it: why, and how long it asked to be left alone (ms)."""

    def __init__(self, why: str, asked: int = 0, gone: bool = False) -> None:
        super().__init__(why)
        self.asked = asked
        self.gone = gone


class Deliveries:
    """Runs beside everything else; *hooks* says what is due, *trust* which authorities count, this
    machine's by default."""

    def __init__(
        self, hooks: SqliteHooks, clock: Clock, trust: ssl.SSLContext | None = None
    ) -> None:
        self._hooks = hooks
        self._clock = clock
        self._trust = trust
        self._new = asyncio.Event()
        self._at_work: dict[str, asyncio.Task[None]] = {}
        hooks.wake = self._new.set
        # Each request would be logged with its address.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    async def run(self) -> None:
        """Send until cancelled; what was under way then is sent again after the next start."""
        while not self._hooks.due_at(self._clock.now()):
            # Most organizations have no webhooks: a start need not load what they take.
            self._new.clear()
            await self._wait()
        import httpx

        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(
            verify=self._trust or ssl.create_default_context(),
            trust_env=False,
            timeout=TIMEOUT,
            limits=limits,
        ) as client:
            try:
                while True:
                    self._new.clear()
                    self._hooks.forget(self._clock.now())
                    for endpoint in self._hooks.due_at(self._clock.now()):
                        if endpoint.id not in self._at_work:
                            self._begin(client, endpoint)
                    await self._wait()
            finally:
                for task in self._at_work.values():
                    task.cancel()
                await asyncio.gather(*self._at_work.values(), return_exceptions=True)

    def _begin(self, client: "httpx.AsyncClient", endpoint: Endpoint) -> None:
        task = asyncio.create_task(self._serve(client, endpoint))
        self._at_work[endpoint.id] = task

        def ended(_: "asyncio.Task[None]") -> None:
            del self._at_work[endpoint.id]
            # What came in its last moment is seen to now.
            self._new.set()

        task.add_done_callback(ended)

    async def _serve(self, client: "httpx.AsyncClient", endpoint: Endpoint) -> None:
        """Send all that is due to one receiver, a few at once."""
        try:
            while due := self._hooks.due(endpoint.id, self._clock.now(), AT_ONCE):
                await asyncio.gather(*(self._try(client, endpoint, one) for one in due))
        except Exception:
            logger.exception("sending webhooks failed; it is tried again")

    async def _wait(self) -> None:
        """Wait for something new, or what is due next; a receiver at work sees to itself."""
        due = self._hooks.next_due(self._at_work)
        seconds = LOOK if due is None else max(BREATH, (due - self._clock.now()) / 1000)
        try:
            async with asyncio.timeout(min(LOOK, seconds)):
                await self._new.wait()
        except TimeoutError:
            return

    async def _try(self, client: "httpx.AsyncClient", endpoint: Endpoint, one: Delivery) -> None:
        try:
            await self._send(client, endpoint, one)
        except Refused as error:
            self._hooks.failed(one, str(error), self._clock.now(), error.asked)
            if error.gone:
                self._hooks.end(endpoint.id, self._clock.now())
        else:
            self._hooks.taken(one, self._clock.now())

    async def _send(self, client: "httpx.AsyncClient", endpoint: Endpoint, one: Delivery) -> None:
        """Return once it was taken; raise Refused."""
        import httpx

        try:
            async with asyncio.timeout(TIMEOUT):
                scheme, host, port = check_url(endpoint.url, self._hooks.allowed)
                address = await _resolved(host, port)
                check_address(ip_address(address), scheme, self._hooks.allowed)
                url = httpx.URL(endpoint.url).copy_with(host=address)
                named = host if port == (443 if scheme == "https" else 80) else f"{host}:{port}"
                headers = {
                    **sign(endpoint.secret, one.message, self._clock.now(), one.body),
                    "content-type": "application/json",
                    "user-agent": AGENT,
                    "host": f"[{named}]" if ":" in host else named,
                }
                async with client.stream(
                    "POST", url, content=one.body.encode(), headers=headers,
                    extensions={"sni_hostname": host},
                ) as answer:  # fmt: skip
                    status, asked = answer.status_code, answer.headers.get("retry-after", "")
        except (Malformed, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            why = str(error) if isinstance(error, Malformed) else type(error).__name__
            raise Refused(why) from error
        if not 200 <= status < 300:
            wait = int(asked) * 1000 if asked.isdigit() and len(asked) < 7 else 0
            raise Refused(f"answered {status}", wait, status == 410)


async def _resolved(host: str, port: int) -> str:
    """Return an address of *host*; every one that it has would do, so the first is taken."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return str(found[0][4][0])
