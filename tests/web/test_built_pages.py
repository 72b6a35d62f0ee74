"""The pages as they are built: nothing in them asks where somebody is, or calls anybody else."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "src" / "accompany" / "web" / "static"

# Namespaces and the license texts of libraries: named, never asked for.
KNOWN = re.compile(
    rb"https?://(www\.w3\.org/|c2sp\.org|github\.com/|mozilla\.org/|paulmillr\.com"
    rb"|www\.webmproject\.org/|aomediacodec\.github\.io/)"
)
NEVER = (b"geolocation", b"sendBeacon", b"google-analytics", b"DeviceOrientation")


def built() -> list[Path]:
    return [path for path in STATIC.rglob("*") if path.suffix in (".js", ".html", ".css")]


def test_the_pages_are_built() -> None:
    names = {path.name for path in STATIC.glob("*.html")}
    assert {"index.html", "duty.html"} <= names, "run scripts/prepare"


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
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), path.name
