"""docs/threats.md names tests that exist, by words of their own names."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PAGE = ROOT / "docs/threats.md"
HEADING = "taken or turned"


def rows() -> list[tuple[str, str]]:
    """What is taken, and what shows it, of each line."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert all(len(line) == 4 for line in cells), "a line of the page has another form"
    return [(line[0], line[3]) for line in cells if line[0] != HEADING]


def named() -> Iterator[tuple[str, str]]:
    """Yield each file that is named, and words of a test in it."""
    for _, shown in rows():
        said = re.sub(r"\([^()]*\)", "", shown)
        for file, colon, words in re.findall(r"`([^`]+)`(:?)([^`]*)", said):
            for one in words.split(";") if colon else [""]:
                if one.strip() or not colon:
                    yield file, one.strip()


def names_in(file: str) -> list[str]:
    """The names of the tests in a file of Python, or a file or folder of TypeScript, in words."""
    if not file.startswith("webapp/"):
        found = re.findall(r"def test_(\w+)", (TESTS / f"{file}.py").read_text("utf-8"))
        return [name.replace("_", " ") for name in found]
    folder = ROOT / file
    files = folder.glob("*.ts") if folder.is_dir() else [ROOT / f"{file}.test.ts"]
    said = "".join(path.read_text("utf-8") for path in files)
    return re.findall(r"\b(?:test|it)(?:\.each\(.*\))?\(\s*\"([^\"]+)\"", said)


@pytest.mark.parametrize(("file", "words"), sorted(set(named())))
def test_every_test_that_the_page_names_is_there(file: str, words: str) -> None:
    assert words, "words of the test's name are missing"
    assert any(words in name for name in names_in(file)), (file, words)


def test_every_line_names_what_shows_it() -> None:
    assert len(rows()) > 40
    unshown = [taken for taken, shown in rows() if "test_" not in shown]
    # What a turned server writes down, a page on the web, the browser: the page says so itself.
    assert len(unshown) == 3
