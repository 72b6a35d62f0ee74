"""Every error has one documented shape, and no answer goes without its headers."""

import inspect
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from starlette.routing import Route

from accompany import errors
from accompany.errors import AccompanyError, Damaged, DiskFailed, Fault, InUse
from accompany.evidence.age import AgeError
from accompany.web.headers import HEADERS
from accompany.web.problems import TYPES, problem_of
from house import SECRET, House, bearing, house, new_id, routed

pytestmark = pytest.mark.anyio
DOCS = (Path(__file__).resolve().parents[2] / "docs/problems.md").read_text()
ALSO = {("wrong-method", "405"), ("internal", "500"), ("refused", "")}
"""Problems that no error of ours stands for."""
OF_THE_DISK = {Damaged, DiskFailed, InUse}
"""A stranger need not know what the disk looks like."""


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("problems")) as held:
        yield held


def documented() -> list[list[str]]:
    rows = re.findall(r"^\| `/problems/([a-z-]+)` \| *(\d*) *\| (.+?) \| (.+?) \|$", DOCS, re.M)
    return [list(row) for row in rows]


def own_errors() -> list[type[AccompanyError]]:
    return [
        one
        for _, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, AccompanyError) and one is not AccompanyError
    ]


def made(kind: type[AccompanyError]) -> AccompanyError:
    """Return an error of *kind*, whatever it is made from."""
    hints = get_type_hints(kind.__init__) if "__init__" in vars(kind) else {}
    hints.pop("return", None)
    values = {str: "word", int: 7, bytes: b"\xab" * 32}
    values[Sequence[Fault]] = (Fault("form", 2, "zone", "UTC", "Nowhere"),)
    return kind(*(values[hint] for hint in hints.values()))


def test_every_error_of_ours_has_one_problem_and_the_page_says_so() -> None:
    in_code = {(word, str(status)) for status, word in TYPES.values()} | ALSO
    in_docs = {(word, status) for word, status, *_ in documented()}
    assert in_docs == in_code
    assert len(documented()) == len(in_docs)
    assert set(own_errors()) - set(TYPES) == OF_THE_DISK
    assert len({word for _, word in TYPES.values()}) == len(TYPES)


@pytest.mark.parametrize("kind", own_errors(), ids=lambda kind: kind.__name__)
def test_a_problem_says_what_its_error_says(kind: type[AccompanyError]) -> None:
    error = made(kind)
    document = problem_of(error)
    status, word = TYPES.get(kind, (500, "internal"))
    assert (document["type"], document["status"]) == (f"/problems/{word}", status)
    if kind in OF_THE_DISK:
        assert "word" not in document["detail"]
    else:
        assert document["detail"] == str(error)
    fields = set(document) - {"type", "title", "status", "detail"}
    row = next(row for row in documented() if row[0] == word)
    assert fields <= set(re.findall(r"`(\w+)`", f"{row[2]} {row[3]}"))


def test_a_problem_of_a_family_is_that_of_its_nearest() -> None:
    class Odd(AgeError):
        pass

    assert problem_of(Odd("odd"))["type"] == "/problems/not-sealed"


def routes(held: House) -> list[Route]:
    return [route for route in routed(held.server.app).routes if isinstance(route, Route)]


def address(route: Route) -> str:
    """Return an address that the route takes, of something that is not there."""
    filled = route.path.replace("{id}", new_id()).replace("{n}", "1").replace("{code}", new_id())
    return filled.replace("{level}", "0").replace("{path:path}", "999")


def check_headers(answer: Any) -> None:
    for name, value in HEADERS.items():
        found = answer.headers[name.decode()]
        if answer.request.url.path == "/" and name == b"content-security-policy":
            # What stands in the page is named by its hash, nothing else (test_built_pages).
            found = re.sub(r" 'sha256-[\w+/]{43}='", "", found)
        assert found == value.decode(), name
    assert answer.headers["cache-control"]


def check_problem(answer: Any) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["type"].startswith("/problems/")


async def test_every_route_refuses_in_the_one_shape(held: House) -> None:
    for route in routes(held):
        # Some address may be that of another route's parameter.
        at = [one for one in routes(held) if one.path_regex.match(address(route))]
        taken = set[str]().union(*(one.methods or () for one in at))
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"):
            answer = await held.request(method, address(route))
            check_headers(answer)
            if method not in taken:
                assert answer.status_code == 405, (method, route.path)
                assert answer.json()["type"] == "/problems/wrong-method"
                assert set(answer.headers["allow"].split(", ")) <= taken
            if answer.status_code >= 400 and answer.status_code != 503:
                check_problem(answer)
            assert answer.status_code != 500, (method, route.path)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/api", "/api/", "/api/nothing", "/api/recordings/", "/log", "/log/tile",
     "/assets/../../cli.py", "/%2e%2e/%2e%2e/pyproject.toml", "//etc/passwd", "/\x00", "/%00",
     "/duty/", "/api/live/caller", "/problems/unknown"],
)  # fmt: skip
async def test_an_unknown_address_is_a_problem(held: House, path: str) -> None:
    answer = await held.get(path.replace("\x00", "%00"))
    assert answer.status_code == 404
    check_problem(answer)
    check_headers(answer)


async def test_good_answers_carry_the_headers_too(held: House) -> None:
    device = await held.opened(segments=1)
    for path in (
        "/", "/duty", "/api/service", "/api/limits", "/log/checkpoint", "/log/policy",
        f"/api/recordings/{device.recording}",
        f"/api/recordings/{device.recording}/segments/1",
        f"/api/recordings/{device.recording}/package",
    ):  # fmt: skip
        answer = await held.get(path, headers=bearing(SECRET))
        check_headers(answer)
        assert answer.headers.get("access-control-allow-origin") is None
        assert "set-cookie" not in answer.headers


async def test_the_page_may_load_nothing_from_elsewhere(held: House) -> None:
    policy = (await held.get("/api/service")).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert not re.search(r"https?:|\*|'unsafe-inline'|'unsafe-eval'", policy)
    permissions = (await held.get("/")).headers["permissions-policy"]
    assert "geolocation=()" in permissions


async def test_a_fault_of_ours_is_a_problem_that_tells_nothing(
    held: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise RuntimeError("the inside of the house")

    # Of that answer alone: without a clock, what runs each second beside it would end the server.
    monkeypatch.setattr("accompany.web.people.write_time", broken)
    answer = await held.get("/api/service")
    assert answer.status_code == 500
    check_problem(answer)
    check_headers(answer)
    assert "inside" not in answer.text
