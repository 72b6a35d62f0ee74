"""The ASGI application: routes and pages, the uplink before them. No address is logged."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from accompany.errors import AccompanyError
from accompany.web.channels import ChannelRoutes
from accompany.web.closed import ClosedLogs
from accompany.web.deletion import DeletionRoutes
from accompany.web.headers import Headers
from accompany.web.health import HealthRoutes
from accompany.web.live import Live
from accompany.web.log import Log
from accompany.web.metrics import Metrics
from accompany.web.office import Office
from accompany.web.pages import Pages
from accompany.web.people import PeopleRoutes
from accompany.web.problems import on_error, on_fault, on_gone, on_status
from accompany.web.records import Records
from accompany.web.rights_cards import CardRoutes
from accompany.web.telling import TellingRoutes
from accompany.web.uplink import Uplink

Endpoint = Callable[[Request], Awaitable[Response]]

STATIC = Path(__file__).parent / "static"


def create_app(
    office: Office, live: Live, metrics: Metrics, authority: Path | None = None
) -> Uplink:
    """Return the application; *authority* is the certificate to offer where `--tls` made one."""
    records, log, people = Records(office), Log(office), PeopleRoutes(office)
    deletion, health = DeletionRoutes(office), HealthRoutes(office, metrics)
    closed = ClosedLogs(office)
    telling, channels = TellingRoutes(office, live), ChannelRoutes(office)
    pages, cards = Pages(STATIC), CardRoutes(office)
    routes: list[BaseRoute] = [
        Route("/api/recordings", records.create, methods=["POST"]),
        Route("/api/recordings/{id}", records.state),
        Route("/api/recordings/{id}", deletion.ask, methods=["DELETE"]),
        Route("/api/recordings/{id}/deletion", deletion.take_back, methods=["DELETE"]),
        # Taken by the uplink before they come here; named so that other methods are refused.
        Route("/api/recordings/{id}/statements/{n}", records.elsewhere, methods=["PUT"]),
        Route("/api/recordings/{id}/segments/{n}", records.elsewhere, methods=["PUT"]),
        Route("/api/recordings/{id}/segments/{n}", records.get_segment),
        Route("/api/recordings/{id}/proofs/{n}", records.get_proof),
        Route("/api/recordings/{id}/grants", records.add_grant, methods=["POST"]),
        Route("/api/recordings/{id}/package", records.get_package),
        Route("/api/tellings", telling.begin, methods=["POST"]),
        Route("/api/tellings", telling.state),
        Route("/api/tellings/safe", telling.safe, methods=["POST"]),
        Route("/api/tellings/contacts", telling.hand_in, methods=["POST"]),
        Route("/api/tellings/tests", telling.test, methods=["POST"]),
        Route("/api/channels", channels.list),
        Route("/api/channels", channels.add, methods=["POST"]),
        Route("/api/channels/tests", channels.test, methods=["POST"]),
        Route("/api/channels/{id}", channels.remove, methods=["DELETE"]),
        Route("/api/limits", records.limits),
        Route("/api/service", people.service),
        Route("/api/cards/{language}", cards.cards),
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
        Route("/log/closed", closed.names),
        Route("/log/closed/{log}/checkpoint", closed.checkpoint),
        Route("/log/closed/{log}/policy", closed.policy),
        Route("/log/closed/{log}/tile/entries/{path:path}", closed.entries),
        Route("/log/closed/{log}/tile/{level}/{path:path}", closed.tile),
        Route("/log/offered", log.offered),
        Route("/log/cosignatures", log.cosignatures, methods=["POST"]),
        Route("/log/tile/entries/{path:path}", log.entries),
        Route("/log/tile/{level}/{path:path}", log.tile),
        Route("/health", health.health),
        Route("/metrics", health.metrics),
        Route("/", pages.caller),
        Route("/duty", pages.duty),
        Route("/verify", pages.verify),
        Route("/sw.js", pages.worker),
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
    # Not a route: as one it would answer for every address that exists for another method.
    app.router.default = pages
    return Uplink(Headers(app), office)


def _file(path: Path, media_type: str) -> Endpoint:
    async def file(request: Request) -> Response:
        del request
        return FileResponse(path, media_type=media_type)

    return file
