"""What must load before the press is small, and what follows is not far behind."""

import re

import pytest

from webfiles import IMPORTED, STATIC, files_before_press, sent

BEFORE_PRESS = 40_000
KIT = 150_000
"""Recorder, call and cryptography, with the worker that seals: bytes compressed."""

ASSET = r'"(/assets/[^"]+)":"[A-Za-z0-9+/]{43}="'
"""In the service worker: a file that it keeps, and its hash."""


def test_what_loads_before_the_press_is_under_40_kb() -> None:
    names = files_before_press()
    assert "</script>\n  </body>" in (STATIC / "index.html").read_text()
    sizes = {name: sent({name}) for name in sorted(names)}
    assert sum(sizes.values()) < BEFORE_PRESS, sizes


def test_the_first_recording_waits_for_little_more() -> None:
    names = {
        f"assets/{path.name}"
        for pattern in ("kit-*.js", "call-*.js", "recorder.worker-*.js")
        for path in STATIC.glob(f"assets/{pattern}")
    }
    assert len(names) >= 2
    assert sent(names) < KIT, {name: sent({name}) for name in sorted(names)}


@pytest.mark.parametrize(
    "code",
    ['import{a as b}from"./x-1.js";', 'import"./x-1.js";', 'let a=1;import e from"./x-1.js";'],
)
def test_an_import_is_followed(code: str) -> None:
    assert IMPORTED.findall(code) == ["x-1.js"]


def test_what_comes_later_is_not_counted() -> None:
    assert IMPORTED.findall('let a=()=>import("./x-1.js");') == []


def test_the_service_worker_stands_alone_and_keeps_what_is_there() -> None:
    code = (STATIC / "sw.js").read_text()
    assert IMPORTED.findall(code) == []
    kept = set(re.findall(ASSET, code))
    assert {f"/{name}" for name in files_before_press() if name != "index.html"} <= kept
    assert all((STATIC / name.lstrip("/")).is_file() for name in kept)
    first, later = (set(re.findall(ASSET, one)) for one in code.split('"later":', 1))
    assert any("recorder.worker" in name for name in first)
    assert not any("duty" in name or "verify" in name or "studio" in name for name in first)
    assert not any("duty" in name for name in later)
    assert "__KEPT__" not in code


def test_every_file_has_its_compressed_twins() -> None:
    files = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css", ".html", ".svg")]
    assert files
    for path in files:
        assert path.with_name(path.name + ".br").is_file(), path.name
        assert path.with_name(path.name + ".gz").is_file(), path.name
