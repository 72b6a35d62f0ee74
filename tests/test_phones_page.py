"""docs/phones.md says what tests show: each of them is there, and every row has something."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "phones.md").read_text()


def test_every_test_that_the_page_names_is_there() -> None:
    names = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(names) > 10
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in names if f"def {name}(" not in sources} == set()
    told = re.findall(r'"([^"]+)" \(`(webapp/tests/[\w./-]+)`', PAGE)
    assert len(told) > 4
    assert [one for one, path in told if f'test("{one}"' not in (ROOT / path).read_text()] == []
    files = set(re.findall(r"`((?:webapp/)?tests/[\w./-]+)`", PAGE))
    assert {name for name in files if not (ROOT / name).is_file()} == set()


def test_every_row_says_what_is_shown_and_what_to_do_by_hand() -> None:
    table = PAGE.split("## Row by row")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| ")][
        1:
    ]
    assert len(rows) >= 17
    assert [row for row in rows if len(row) != 3 or not all(cell.strip() for cell in row)] == []
    unshown = [what for what, shown, _ in rows if not re.search(r"`[\w/.]*test[\w/.]*`", shown)]
    assert unshown == []
