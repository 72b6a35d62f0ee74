"""The pages' files over HTTP: compressed, kept or asked for again, the early ones named ahead."""

import gzip
import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from accompany.web.headers import Headers
from accompany.web.pages import Pages, accepts

SCRIPT = b"console.log('hello');" * 50


WITHIN = "let said = 'hello';"
EARLY = "let early = 1;"
PAGE = f"""<!doctype html>
<link rel="icon" href="/assets/mark-1.svg">
<script type="module" crossorigin src="/assets/caller-1.js"></script>
<link rel="stylesheet" crossorigin href="/assets/caller-2.css">
<script>{EARLY}</script>
<script type="module">{WITHIN}</script>
"""


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a-1234.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "a-1234.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "assets" / "a-1234.js.br").write_bytes(b"stands for brotli")
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "sw.js").write_text("self")
    languages = {"en": "/assets/en-1.js", "es": "/assets/es-1.js", "pt-BR": "/assets/pt-1.js"}
    (tmp_path / "languages.json").write_text(json.dumps(languages))
    pages = Pages(tmp_path)
    app = Starlette(routes=[Route("/", pages.caller), Route("/sw.js", pages.worker)])
    app.router.default = pages
    return TestClient(Headers(app))


def asset(client: TestClient, accepted: str, **more: str) -> tuple[int, dict[str, str], bytes]:
    headers = {"accept-encoding": accepted, **more}
    with client.stream("GET", "/assets/a-1234.js", headers=headers) as answer:
        return answer.status_code, dict(answer.headers), b"".join(answer.iter_raw())


def test_the_best_coding_that_is_accepted_is_sent(client: TestClient) -> None:
    status, headers, body = asset(client, "gzip, deflate, br")
    assert (status, headers["content-encoding"], body) == (200, "br", b"stands for brotli")
    status, headers, body = asset(client, "gzip, br;q=0")
    assert (status, headers["content-encoding"], gzip.decompress(body)) == (200, "gzip", SCRIPT)
    assert headers["content-type"].startswith("text/javascript")
    assert headers["vary"] == "accept-encoding"


def test_who_accepts_none_gets_the_file_itself(client: TestClient) -> None:
    status, headers, body = asset(client, "identity")
    assert (status, body, "content-encoding" in headers) == (200, SCRIPT, False)


def test_a_file_with_a_hash_in_its_name_is_kept_for_ever(client: TestClient) -> None:
    _, headers, _ = asset(client, "gzip")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_file_that_is_not_there_is_not_kept(client: TestClient) -> None:
    assert client.get("/assets/gone.js").headers["cache-control"] == "no-store"


def test_what_was_not_changed_is_not_sent_again(client: TestClient) -> None:
    _, headers, _ = asset(client, "gzip")
    status, _, body = asset(client, "gzip", **{"if-none-match": headers["etag"]})
    assert (status, body) == (304, b"")


@pytest.mark.parametrize("path", ["/", "/sw.js"])
def test_page_and_service_worker_are_asked_for_each_time(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "early"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "/assets/es-1.js"),
        ("pt-BR", "/assets/pt-1.js"),
        ("pt-PT, en", "/assets/pt-1.js"),
        ("xx, yy;q=0.3", "/assets/en-1.js"),
        ("", "/assets/en-1.js"),
    ],
)
def test_the_language_asked_for_is_named_ahead_of_the_page(
    client: TestClient, accepted: str, early: str
) -> None:
    link = client.get("/", headers={"accept-language": accepted}).headers["link"]
    assert f"<{early}>; rel=preload; as=script; crossorigin" in link
    assert "</api/service>; rel=preload; as=fetch; crossorigin" in link


@pytest.mark.parametrize(
    ("header", "found"),
    [("br", True), ("gzip;q=0.5, BR", True), ("br;q=0", False), ("br;q=0.0", False), ("", False)],
)
def test_a_coding_weighed_with_nothing_is_not_accepted(header: str, found: bool) -> None:
    assert accepts(header, "br") is found


def test_what_the_page_needs_is_fetched_before_the_page_is_read(client: TestClient) -> None:
    links = client.get("/").headers["link"].split(", ")
    assert "</assets/caller-1.js>; rel=preload; as=script; crossorigin" in links
    assert "</assets/caller-2.css>; rel=preload; as=style; crossorigin" in links
    assert not any("mark" in link for link in links)


def test_what_stands_in_the_page_runs_by_its_hash_whether_sent_or_kept(client: TestClient) -> None:
    early, hashed = (b64encode(sha256(text.encode()).digest()).decode() for text in (EARLY, WITHIN))
    first = client.get("/")
    rules = first.headers["content-security-policy"].split("; ")
    assert f"script-src 'self' 'wasm-unsafe-eval' 'sha256-{early}' 'sha256-{hashed}'" in rules
    assert "style-src 'self'" in rules
    # A browser takes the headers of a 304 in the place of those it has kept.
    again = client.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.headers["content-security-policy"].split("; ")) == (304, rules)
    assert hashed not in client.get("/sw.js").headers["content-security-policy"]
