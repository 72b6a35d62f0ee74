"""Routes ask the table of rights here: who shows what, and whether that is enough.

Where a key signs (uploads, deletions) the signature is the right, and is checked where it is read;
where a secret in the body opens one thing (tellings, presses), it is compared there. Everything
else comes by here. Not here: the table (`accounts.rights`), who a session is (`accounts.sessions`).
"""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from accompany.accounts.people import Person
from accompany.accounts.rights import RIGHTS, may
from accompany.errors import Forbidden, Unauthorized
from accompany.web.office import Office

Endpoint = Callable[[Request], Awaitable[Response]]

HARMLESS = ("GET", "HEAD")


def guarded(office: Office, routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    """Return *routes*, those for sessions alone behind one; raise KeyError for one without a row.

    What is behind a session finds whose it is with `person_of`.
    """
    found: list[BaseRoute] = []
    for route in routes:
        if isinstance(route, WebSocketRoute):
            RIGHTS[f"WS {route.path}"]
        elif isinstance(route, Route):
            (method,) = (route.methods or set()) - {"HEAD"}
            act = f"{method} {route.path}"
            if act in COMING_AND_GOING:
                route = Route(route.path, _from_here(route.endpoint), methods=[method])
            elif RIGHTS[act].session:
                route = Route(route.path, _behind(office, act, route.endpoint), methods=[method])
        found.append(route)
    return found


COMING_AND_GOING = frozenset(
    {"POST /api/sessions", "POST /api/sign-in", "POST /api/recovery", "DELETE /api/sessions"}
)
"""Where a session begins or ends: it cannot be asked for there. Still only for pages of ours:
another site's must not sign somebody in as somebody else, or out."""


def _from_here(endpoint: Endpoint) -> Endpoint:
    async def from_here(request: Request) -> Response:
        check_origin(request)
        return await endpoint(request)

    return from_here


def _behind(office: Office, act: str, endpoint: Endpoint) -> Endpoint:
    async def behind(request: Request) -> Response:
        request.state.person = allowed(office, request, act)
        return await endpoint(request)

    return behind


def person_of(request: Request) -> Person:
    """Return whose session it is, behind a session."""
    person: Person = request.state.person
    return person


def allowed(office: Office, connection: HTTPConnection, act: str) -> Person:
    """Return whose session it is that may do *act* to what is theirs.

    Raise Unauthorized without a session, Forbidden with another's role, or where what changes
    something comes from another site's page: a browser sends the cookie by itself.
    """
    person = office.person(connection)
    if person is None:
        raise Unauthorized(f"a session of {wanted(act)}")
    if not any(may(act, (person.role,), own) for own in (True, False)):
        raise Forbidden(f"this needs a session of {wanted(act)}")
    if connection.scope.get("method") not in HARMLESS:
        check_origin(connection)
    return person


def check_origin(connection: HTTPConnection) -> None:
    """Raise Forbidden where another site's page asked."""
    if not same_origin(connection):
        raise Forbidden("this came from another site")


def wanted(act: str) -> str:
    """Return whose session would be enough, in words."""
    return " or ".join(sorted(RIGHTS[act].own | RIGHTS[act].others))


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a browser's page that asked came from here; others state no origin."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")
