"""The ASGI application: routes, pages, and the headers that keep a page to itself.

No address is logged, no third party is named, nothing is cached that is not public.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from accompany.errors import AccompanyError
from accompany.web.deletion import DeletionRoutes
from accompany.web.health import HealthRoutes
from accompany.web.live import Live
from accompany.web.log import Log
from accompany.web.metrics import Metrics
from accompany.web.office import Office
from accompany.web.people import PeopleRoutes
from accompany.web.problems import on_error, on_fault, on_gone, on_status
from accompany.web.records import Records

Endpoint = Callable[[Request], Awaitable[Response]]

STATIC = Path(__file__).parent / "static"

POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"permissions-policy": b"camera=(self), microphone=(self), geolocation=(), interest-cohort=()",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}


def create_app(
    office: Office, live: Live, metrics: Metrics, authority: Path | None = None
) -> ASGIApp:
    """Return the application; *authority* is the certificate to offer where `--tls` made one."""
    records, log, people = Records(office), Log(office), PeopleRoutes(office)
    deletion, health = DeletionRoutes(office), HealthRoutes(office, metrics)
    routes: list[BaseRoute] = [
        Route("/api/recordings", records.create, methods=["POST"]),
        Route("/api/recordings/{id}", records.state),
        Route("/api/recordings/{id}", deletion.ask, methods=["DELETE"]),
        Route("/api/recordings/{id}/deletion", deletion.take_back, methods=["DELETE"]),
        Route("/api/recordings/{id}/statements/{n}", records.put_statement, methods=["PUT"]),
        Route("/api/recordings/{id}/segments/{n}", records.put_segment, methods=["PUT"]),
        Route("/api/recordings/{id}/segments/{n}", records.get_segment),
        Route("/api/recordings/{id}/proofs/{n}", records.get_proof),
        Route("/api/recordings/{id}/grants", records.add_grant, methods=["POST"]),
        Route("/api/recordings/{id}/package", records.get_package),
        Route("/api/limits", records.limits),
        Route("/api/service", people.service),
        Route("/api/invitations/{code}", people.invitation),
        Route("/api/invitations/{code}", people.accept, methods=["POST"]),
        Route("/api/sessions/challenge", people.challenge),
        Route("/api/sessions", people.begin_session, methods=["POST"]),
        Route("/api/sessions", people.end_session, methods=["DELETE"]),
        Route("/api/cases", people.cases),
        WebSocketRoute("/api/live/caller", live.caller),
        WebSocketRoute("/api/live/duty", live.duty),
        Route("/log/checkpoint", log.checkpoint),
        Route("/log/policy", log.policy),
        Route("/log/offered", log.offered),
        Route("/log/cosignatures", log.cosignatures, methods=["POST"]),
        Route("/log/tile/entries/{path:path}", log.entries),
        Route("/log/tile/{level}/{path:path}", log.tile),
        Route("/health", health.health),
        Route("/metrics", health.metrics),
        Route("/", _page("index.html")),
        Route("/duty", _page("duty.html")),
        Route("/verify", _page("verify.html")),
    ]
    if authority is not None:
        routes.append(Route("/authority.crt", _file(authority, "application/x-x509-ca-cert")))
    handlers = {
        AccompanyError: on_error,
        HTTPException: on_status,
        ClientDisconnect: on_gone,
        Exception: on_fault,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    if STATIC.is_dir():
        # Not a route: as one it would answer for every address that exists for another method.
        app.router.default = StaticFiles(directory=STATIC)
    return Headers(app)


def _page(name: str) -> Endpoint:
    async def page(request: Request) -> Response:
        del request
        path = STATIC / name
        if not path.exists():
            return PlainTextResponse("The web app is not built: run scripts/serve.", 503)
        return FileResponse(path, headers={"cache-control": "no-cache"})

    return page


def _file(path: Path, media_type: str) -> Endpoint:
    async def file(request: Request) -> Response:
        del request
        return FileResponse(path, media_type=media_type)

    return file


class Headers:
    """Adds the security headers to every answer; assets with a hash in their name are kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                path = scope["path"]
                if b"cache-control" not in given:
                    forever = path.startswith("/assets/")
                    value = b"public, max-age=31536000, immutable" if forever else b"no-store"
                    message["headers"].append((b"cache-control", value))
                message["headers"].extend(HEADERS.items())
            await send(message)

        await self._app(scope, receive, sending)
