"""The pages as they are built: nothing in them asks where somebody is, or calls anybody else."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from accompany.web.headers import Headers
from accompany.web.pages import Pages

STATIC = Path(__file__).resolve().parents[2] / "src" / "accompany" / "web" / "static"

# Namespaces and the license texts of libraries: named, never asked for.
KNOWN = re.compile(
    rb"https?://(www\.w3\.org/|c2sp\.org|github\.com/|mozilla\.org/|paulmillr\.com"
    rb"|www\.webmproject\.org/|aomediacodec\.github\.io/)"
)
# The caller's page alone is one file: a style, a script at its end, and what hears a press before.
ONE_FILE = re.compile(
    r'<style>.*?</style>|<script type="module">.*?</script>(?=\s*</body>)'
    r'|(?<=<div id="app"></div>\n    )<script>.*?</script>',
    re.DOTALL,
)
SHARED = "--hour-hatch:"
NEVER = (b"geolocation", b"sendBeacon", b"google-analytics", b"DeviceOrientation")


def built() -> list[Path]:
    return [path for path in STATIC.rglob("*") if path.suffix in (".js", ".html", ".css")]


def test_the_pages_are_built() -> None:
    names = {path.name for path in STATIC.glob("*.html")}
    assert {"index.html", "duty.html"} <= names, "run scripts/prepare"


@pytest.mark.parametrize("name", ["desk", "duty", "verify"])
def test_what_a_page_says_of_its_looks_comes_after_what_all_share(name: str) -> None:
    page = (STATIC / f"{name}.html").read_text()
    first, *others = re.findall(r'<link rel="stylesheet"[^>]* href="/(assets/[^"]+)"', page)
    assert SHARED in (STATIC / first).read_text()
    assert others
    assert [one for one in others if SHARED in (STATIC / one).read_text()] == []


@pytest.mark.parametrize("word", NEVER, ids=lambda word: word.decode())
def test_no_page_can_locate_or_report_anybody(word: bytes) -> None:
    assert [path.name for path in built() if word in path.read_bytes()] == []


def test_no_page_names_an_address_of_others() -> None:
    named = {
        (path.name, match[0])
        for path in built()
        for match in re.finditer(rb"https?://[^\s\"'`)<>\\]+", path.read_bytes())
        if not KNOWN.match(match[0])
    }
    assert named == set()


def test_no_page_carries_a_script_or_style_in_its_text() -> None:
    for path in STATIC.glob("*.html"):
        text = ONE_FILE.sub("", path.read_text()) if path.name == "index.html" else path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), path.name


def test_every_file_that_is_named_is_there() -> None:
    named = {
        (path.name, match[0].decode())
        for path in built()
        for match in re.finditer(rb"assets/[\w.-]+\.(?:js|css|svg)\b", path.read_bytes())
    }
    assert len(named) > 20
    assert {(by, name) for by, name in named if not (STATIC / name).is_file()} == set()


def test_what_stands_in_the_callers_page_is_named_by_its_hash_and_nothing_else_may() -> None:
    app = Starlette(routes=[Route("/", Pages(STATIC).caller)])
    answer = TestClient(Headers(app)).get("/")
    within = re.findall(r"<(script|style)[^>]*>(.*?)</", answer.text, re.DOTALL)
    assert [name for name, _ in within] == ["style", "script", "script"]
    style, early, script = (
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for _, text in within
    )
    rules = answer.headers["content-security-policy"].split("; ")
    assert f"script-src 'self' 'wasm-unsafe-eval' {early} {script}" in rules
    assert f"style-src 'self' {style}" in rules
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
