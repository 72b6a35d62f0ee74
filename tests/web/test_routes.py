"""The table of rights names every address and every message of the application, and nothing else;
docs/routes.md shows it. What each role is answered, test_rights asks."""

import runpy
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from accompany.accounts.rights import RIGHTS
from accompany.web.app import create_app
from accompany.web.board_messages import FromDesk
from accompany.web.messages import FromCaller, FromDuty
from accompany.web.rights import guarded

HERE = Path(__file__).resolve().parents[2]


class _Anything:
    """Stands for whatever the routes are handed; no route is called here."""

    def __getattr__(self, name: str) -> "_Anything":
        return self

    def __call__(self, *_: object, **__: object) -> "_Anything":
        return self


def routes(tmp_path: Path) -> set[tuple[str, str]]:
    app: Any = create_app(*(cast(Any, _Anything()) for _ in range(3)), authority=tmp_path)
    while not isinstance(app, Starlette):
        app = next(value for value in vars(app).values() if callable(value))
    found: set[tuple[str, str]] = set()
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            found.add(("WS", route.path))
        elif isinstance(route, Route):
            found |= {(method, route.path) for method in (route.methods or ()) if method != "HEAD"}
    return found


def messages() -> set[str]:
    tags = {"caller": get_args(FromCaller), "duty": get_args(FromDuty), "desk": get_args(FromDesk)}
    return {f"{name} {one.__struct_config__.tag}" for name, ones in tags.items() for one in ones}


def test_every_address_and_every_message_has_its_row(tmp_path: Path) -> None:
    acts = {f"{method} {path}" for method, path in routes(tmp_path)} | messages()
    assert acts | {"the live log"} == set(RIGHTS)


def test_an_address_without_a_row_is_not_served() -> None:
    async def ask(request: Request) -> Response:
        return Response(str(request.url))

    office = cast(Any, _Anything())
    for route in (Route("/api/new", ask), WebSocketRoute("/api/live/new", ask)):
        with pytest.raises(KeyError, match="new"):
            guarded(office, [route])


def test_the_page_shows_the_table() -> None:
    page = runpy.run_path(str(HERE / "scripts" / "routes_page.py"))["page"]
    assert (HERE / "docs" / "routes.md").read_text() == page()
