"""docs/routes.md names every address of the application, and nothing else."""

import re
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from accompany.web.app import create_app

DOCS = Path(__file__).resolve().parents[2] / "docs" / "routes.md"
ROW = re.compile(r"^\| ([A-Z]+) \| `([^`]+)` \| (.+) \|$", re.MULTILINE)


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


def test_every_route_is_documented_with_who_may(tmp_path: Path) -> None:
    documented = [(method, path) for method, path, _ in ROW.findall(DOCS.read_text())]
    assert len(documented) == len(set(documented))
    assert set(documented) == routes(tmp_path)


@pytest.mark.parametrize("row", ROW.findall(DOCS.read_text()), ids=lambda row: f"{row[0]} {row[1]}")
def test_who_may_is_said(row: tuple[str, str, str]) -> None:
    assert len(row[2].strip()) > 3
