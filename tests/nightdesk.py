"""Every number on a desk's page of figures, added up here from the lines of its presses.

Counted anew, by the words of docs/desk.md and none of the server's code. A time is shown to a tenth
of a second, and compared as shown.
"""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from fractions import Fraction

import httpx
from playwright.sync_api import Locator, Page

from accompany.evidence.notes import Note
from accompany.evidence.receipts import Receipt
from accompany.evidence.text import read_time
from nightbook import Row

SHARES = (50, 90, 95)
SAMPLES = 20
"""Pieces of a recording of which the desk knows how late they came."""
TENTH = 0.051
LAG_STEP = 0.1
"""Seconds that a lag is rounded up to."""
SEGMENT = "accompany/segment/v1\n"


def percentiles(values: Sequence[int]) -> list[float | None]:
    """By nearest rank, in seconds; None where there is nothing."""
    if not values:
        return [None] * len(SHARES)
    ranked = sorted(values)
    return [ranked[-(-share * len(ranked) // 100) - 1] / 1000 for share in SHARES]


def share(part: int, all: int) -> int | None:
    """Per cent, halves up; None of nothing."""
    return int(Fraction(100 * part, all) + Fraction(1, 2)) if all else None


def _known(rows: Sequence[Row], name: str) -> list[int]:
    return [value for row in rows if (value := row.number(name)) is not None]


class Counted:
    """Presses added up; those taken back are left out and counted apart."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.taken_back = sum(row.taken_back for row in rows)
        self.rows = [row for row in rows if not row.taken_back]
        self.presses = len(self.rows)
        self.times = _known(self.rows, "answer")
        self.answered = len(self.times)
        self.abandoned = self.presses - self.answered

    def within(self, seconds: int) -> int:
        return sum(time <= 1000 * seconds for time in self.times)

    def sum(self, name: str) -> int:
        return sum(int(row.told[name]) for row in self.rows)

    def yes(self, name: str) -> int:
        return sum(row.told[name] == "yes" for row in self.rows)

    def facts(self) -> dict[str, tuple[int, int | None]]:
        """What stands at the top of the page, each with its share where one is shown."""

        def of_all(count: int) -> tuple[int, int | None]:
            return count, share(count, self.presses)

        alone = {
            "presses.count": self.presses, "taken_back": self.taken_back,
            "supported": len(_known(self.rows, "support")), "owed": self.yes("promised"),
            "called_back": self.yes("called_back"), "drops": self.sum("drops"),
            "returns": self.sum("returns"), "handed": self.sum("handed"),
            "conflicts": self.sum("conflicts"), "follow_ups": self.yes("follow_up"),
        }  # fmt: skip
        return {
            **{f"dd.{name}": (count, None) for name, count in alone.items()},
            "dd.answered": of_all(self.answered), "dd.abandoned": of_all(self.abandoned),
            "dd.within 10": of_all(self.within(10)), "dd.within 15": of_all(self.within(15)),
        }  # fmt: skip

    def cells(self) -> list[list[float | None]]:
        """One line of a table: presses, answered, within 10 s with its share, abandoned, times."""
        soon = self.within(10)
        return [
            [self.presses], [self.answered], [soon, share(soon, self.presses)], [self.abandoned],
            *([one] for one in percentiles(self.times)),
        ]  # fmt: skip


def numbers(text: str) -> list[float | None]:
    """Return the numbers in a text as it is shown; None for the dash of none."""
    found = re.findall(r"–|\d[\d,]*(?:\.\d+)?", text)
    return [None if one == "–" else float(one.replace(",", "")) for one in found]


def close(shown: Sequence[float | None], known: Sequence[float | None], off: float) -> bool:
    return len(shown) == len(known) and all(
        one is other if one is None or other is None else abs(one - other) < off
        for one, other in zip(shown, known, strict=True)
    )


def check_facts(page: Page, rows: Sequence[Row], open_callbacks: int) -> None:
    facts = {**Counted(rows).facts(), "dd.open": (open_callbacks, None)}
    shown = {
        str(fact.get_attribute("data-fact")): numbers(fact.locator("dd").inner_text())
        for fact in page.locator("[data-fact]").all()
    }
    known = {
        name: [count] if part is None else [count, part] for name, (count, part) in facts.items()
    }
    assert shown == known


def check_times(page: Page, rows: Sequence[Row], lags: Sequence[int]) -> None:
    counted = Counted(rows).rows
    for name in ("answer", "sound", "interpreter"):
        cells = page.locator(f"tr[data-times='dd.{name}'] td").all_inner_texts()
        shown = [numbers(one)[0] for one in cells]
        known = percentiles(_known(counted, name))
        assert close(shown, known, TENTH), (name, shown, known)
    cells = page.locator("tr[data-times='dd.lag'] td").all_inner_texts()
    shown, known = [numbers(one)[0] for one in cells], percentiles(lags)
    assert close(shown, known, LAG_STEP + TENTH), ("lag", shown, known)


def check_tables(page: Page, rows: Sequence[Row]) -> None:
    """Each line of each table, in its order, and the pictures of days and hours."""
    tables: list[tuple[str, Callable[[Row], str], bool]] = [
        ("Presses by day", lambda row: row.day, True),
        ("Presses by hour of the day", lambda row: row.hour, True),
        ("By state", lambda row: row.told["state"], False),
        ("By language", lambda row: row.told["language"], False),
        ("By what brought the answer", lambda row: row.told["way"], False),
    ]
    for caption, name_of, by_name in tables:
        names = {name for row in rows if (name := name_of(row))}
        counted = {name: Counted([row for row in rows if name_of(row) == name]) for name in names}
        order = sorted(names, key=lambda one: (0 if by_name else -counted[one].presses, one))
        table = page.locator("table").filter(has=page.locator("caption", has_text=caption))
        lines = table.locator("tbody tr").all()
        assert [line.get_attribute("data-row") for line in lines] == order, caption
        for name, line in zip(order, lines, strict=True):
            _check_line(line, counted[name], f"{caption}: {name}")
        if by_name:
            _check_picture(page, caption, [counted[name] for name in order])


def _check_line(line: Locator, counted: Counted, what: str) -> None:
    # Of what is folded away, too: what is not shown has no inner text.
    cells = [numbers(one) for one in line.locator("td").all_text_contents()]
    known = counted.cells()
    assert len(cells) == len(known), what
    for shown, expected in zip(cells, known, strict=True):
        assert close(shown, expected, TENTH), (what, cells, known)


def _check_picture(page: Page, title: str, columns: Sequence[Counted]) -> None:
    picture = page.locator("svg").filter(has=page.locator("title", has_text=title))
    counts = [int(one) for one in picture.locator("text.count").all_text_contents()]
    assert counts == [one.presses for one in columns if one.presses], title
    told = numbers(picture.locator("desc").text_content() or "")
    known = [sum(found) for found in zip(
        *((one.presses, one.within(10), one.abandoned) for one in columns), strict=True
    )]  # fmt: skip
    assert [told[0], told[1], told[3]] == known, (title, told, known)


def check_people(page: Page, rows: Sequence[Row], outcomes: Sequence[str]) -> None:
    """Who answered how many, and what came of the calls."""
    names = [row.told["answered_by"] for row in rows if row.told["answered_by"]]
    for name in set(names):
        cell = page.get_by_role("row", name=name).locator("td")
        assert int(cell.inner_text()) == names.count(name), name
    found = [row.told["outcome"] for row in rows]
    for name in outcomes:
        cell = page.locator(f"tr[data-row={name}] td")
        assert int(cell.inner_text()) == found.count(name), name


def late_pieces(url: str, cookie: str, case: str) -> list[int]:
    """Return how late the pieces of a case came, by its packages."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as web:
        web.headers["cookie"] = cookie
        (found,) = [one for one in web.get("/api/cases").json() if one["encounter"] == case]
        at = [f"/api/recordings/{one['recording']}/package" for one in found["recordings"]]
        lags = [lag for one in at for lag in lags_of(web.get(one).content)]
    assert len(lags) > 10, "of film and of sound"
    return lags


def lags_of(package: bytes) -> list[int]:
    """Return how late pieces of a recording came, by what its package says: from the time that the
    phone states to that of its receipt, of twenty that are spread evenly over all statements."""
    with zipfile.ZipFile(io.BytesIO(package)) as bag:
        files = {name: bag.read(name) for name in bag.namelist()}
    statements = {
        int(name[-11:-5]): Note.parse(data).text
        for name, data in files.items() if "/data/statements/" in name
    }  # fmt: skip
    last = max(statements)
    found = []
    for number in sorted({1 + n * last // SAMPLES for n in range(SAMPLES)}):
        text = statements[number]
        if text.startswith(SEGMENT):
            (receipt,) = [
                data for name, data in files.items()
                if name.endswith(f"/data/receipts/{number:06d}.note")
            ]  # fmt: skip
            stated = read_time(re.findall(r"^time (\S+)$", text, re.MULTILINE)[0])
            received = Receipt.read(Note.parse(receipt).text).time
            found.append(max(0, received - stated))
    return found
