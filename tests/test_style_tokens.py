"""The values of the design stand in one file: no other style sheet names a colour of its own."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parent.parent / "webapp" / "src" / "styles"
TOKENS = STYLES / "tokens.css"
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(|(?<![\w-])(?:white|black)(?![\w-])"
)
DEFINED = re.compile(r"(--[\w-]+):")
USED = re.compile(r"var\((--[\w-]+)")


def rules(path: Path) -> str:
    return COMMENT.sub("", path.read_text())


@pytest.mark.parametrize("path", sorted(STYLES.glob("*.css")), ids=lambda path: path.name)
def test_colours_are_named_in_the_tokens_and_nowhere_else(path: Path) -> None:
    text = rules(path)
    if path != TOKENS:
        assert COLOUR.findall(text) == []
    defined = {*DEFINED.findall(rules(TOKENS)), *DEFINED.findall(text)}
    assert set(USED.findall(text)) - defined == set()


def test_the_check_above_finds_a_colour() -> None:
    for bent in ("color: #fff;", "color: rgb(0 0 0);", "color: white;", "background: black"):
        assert COLOUR.search(bent), bent
    assert not COLOUR.search("white-space: nowrap; color: var(--white)")
