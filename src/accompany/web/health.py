"""Health and metrics, for whoever runs the server: from this machine, or with a token.

Strangers get the same answer as for an address that does not exist. A proxy in front makes every
request come from this machine; so one that was passed on is a stranger's, too (`deploy/` shuts both
addresses at the proxy as well).
"""

import asyncio
import contextlib
import hmac
import ipaddress
import time

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.rights import Role, may
from accompany.errors import AccompanyError
from accompany.web.metrics import Metrics
from accompany.web.office import Office, Probe

LATE = 5.0
"""Seconds without a checkpoint over all that is durable, or for one write, that are too many."""

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class HealthRoutes:
    """GET /health and GET /metrics."""

    def __init__(self, office: Office, metrics: Metrics) -> None:
        self._office = office
        self._metrics = metrics
        self._probing: asyncio.Task[float] | None = None

    async def health(self, request: Request) -> Response:
        """GET /health: 200 while checkpoints are signed and writes are synced; otherwise 503."""
        self._check(request, "GET /health")
        age = time.monotonic() - self._office.sequencer.stepped
        wrote = await self._write()
        well = age < LATE and wrote is not None
        told = {
            "status": "ok" if well else "failing",
            "checkpoint_seconds": round(age, 3),
            "write_seconds": None if wrote is None else round(wrote, 4),
        }
        return JSONResponse(told, 200 if well else 503)

    async def metrics(self, request: Request) -> Response:
        """GET /metrics: the Prometheus text format."""
        self._check(request, "GET /metrics")
        return Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    async def _write(self) -> float | None:
        """Return how long a synced write took; None where it fails or takes too long."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(asyncio.to_thread(_timed, self._office.probe))
        # A write that hangs is not started a second time.
        with contextlib.suppress(OSError, TimeoutError, AccompanyError):
            return await asyncio.wait_for(asyncio.shield(self._probing), LATE)
        return None

    def _check(self, request: Request, act: str) -> None:
        role: Role = "operator" if self._is_operator(request) else "stranger"
        if not may(act, (role,), own=True):
            raise HTTPException(404)

    def _is_operator(self, request: Request) -> bool:
        token = self._office.settings.metrics_token
        if token:
            given = request.headers.get("authorization", "")
            return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
        if any(name in request.headers for name in FORWARDED):
            return False
        try:
            return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
        except ValueError:
            return False


def _timed(probe: Probe) -> float:
    began = time.perf_counter()
    probe()
    return time.perf_counter() - began
