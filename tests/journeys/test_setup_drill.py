"""Set-up in a minute, the drill at its end, readiness and rights cards: as a person walks them."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browsers import Phone, wait_for
from people import Attorney, violations, wait_for_text
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.patient]

DAY = 24 * 3600 * 1000


def step(page: Page, name: str) -> None:
    """Wait until the step *name* is on the screen, and look at it as axe does."""
    page.locator(f"[data-step={name}]").wait_for()
    assert violations(page) == [], name


def onward(page: Page, name: str = "Next") -> None:
    page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def new_phone(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip
) -> Iterator[Phone]:
    """A phone that has never seen the page, and whose camera films the clip."""
    phone = make_phone(tmp_path / "new", video=clip.video, audio=clip.audio)
    yield phone
    phone.close()


def test_a_phone_is_set_up_and_drilled_and_nobody_is_rung(
    own_server: RunningServer, attorney: Attorney, new_phone: Phone
) -> None:
    page = new_phone.start()
    page.goto(own_server.links["caller"])
    page.get_by_role("button", name="Set up this phone: one minute").click()

    step(page, "language")
    # In its own script, and the page follows at once.
    page.get_by_role("radio", name="العربية").check()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_role("heading", name="لغتك")).to_be_visible()
    page.get_by_role("radio", name="English").check()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    onward(page)

    step(page, "state")
    # Nobody can be rung without a state: the way on is shut, and there is none around it.
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    expect(page.get_by_role("button", name="Skip")).to_have_count(0)
    page.get_by_label("State", exact=True).select_option("TX")
    onward(page)

    step(page, "organization")
    expect(page.get_by_text("You are with")).to_be_visible()
    onward(page)

    # Left in the middle and opened again, it goes on where it was.
    step(page, "devices")
    page.goto("about:blank")
    page.goto(own_server.url)
    page.get_by_role("button", name="Go on with the set-up").click()
    step(page, "devices")
    page.get_by_role("button", name="Allow camera and microphone").click()
    wait_for_text(page, "Both work.")
    onward(page)

    step(page, "contacts")
    page.get_by_role("link", name="Write an SMS").wait_for()
    onward(page)
    step(page, "recovery")
    onward(page)

    step(page, "drill")
    page.get_by_role("button", name="Start the drill").click()
    drill = page.get_by_test_id("drill")
    wait_for(lambda: int(drill.get_attribute("data-arrived") or 0) > 3, 30, "for receipts")
    assert violations(page) == []
    drill.get_by_text("It works.", exact=True).wait_for(timeout=60_000)
    assert drill.get_attribute("data-sealed") == drill.get_attribute("data-arrived")
    expect(page.get_by_text("Film and sound arrived.")).to_be_visible()
    expect(page.get_by_text("Until then it holds sealed bytes.")).to_be_visible()
    assert violations(page) == []

    # Nobody was rung, no press is in any book, and the deletion waits.
    expect(attorney.page.get_by_role("button", name="Answer")).to_have_count(0)
    made = rows(own_server, "SELECT id FROM recordings ORDER BY id", "index.sqlite")
    wished = "SELECT recording FROM deletions WHERE by = 'caller' ORDER BY recording"
    assert made
    assert rows(own_server, wished) == made
    assert rows(own_server, "SELECT encounter FROM presses") == []

    onward(page)
    page.get_by_role("heading", name="Is this phone ready?").wait_for()
    marks = page.get_by_test_id("marks")
    for aspect in ("choices", "organization", "camera", "microphone", "drill"):
        expect(marks.locator(f"[data-aspect={aspect}]")).to_have_attribute("data-mark", "good")
    expect(marks.locator("[data-aspect=battery]")).to_have_attribute("data-mark", "unseen")
    assert violations(page) == []

    # What was recorded is nowhere on the phone, and the press is one tap away.
    page.get_by_role("button", name="Back to the button").click()
    page.get_by_role("button", name="Get a lawyer now").wait_for()
    expect(page.get_by_role("button", name="Is this phone ready?")).to_be_visible()
    assert violations(page) == []

    grow_old(page)
    page.reload()
    page.get_by_role("button", name="Your last drill is old. Try again.").click()
    expect(marks.locator("[data-aspect=drill]")).to_have_attribute("data-mark", "care")
    page.get_by_role("button", name="Start a drill").click()
    step(page, "drill")


def rows(
    server: RunningServer, query: str, book: str = "accompany.sqlite"
) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{server.data / book}?mode=ro", uri=True) as opened:
        return opened.execute(query).fetchall()


def grow_old(page: Page) -> None:
    page.evaluate(
        """(day) => {
          const drill = JSON.parse(localStorage.getItem("accompany.drill"));
          drill.at -= 91 * day;
          localStorage.setItem("accompany.drill", JSON.stringify(drill));
        }""",
        DAY,
    )


def test_without_camera_and_microphone_the_drill_says_so(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    phone = make_phone(tmp_path / "refused", camera=False)
    page = phone.start()
    page.goto(own_server.links["caller"])
    # What the page keeps at its beginning is kept by then.
    page.locator("#choice-state option").nth(50).wait_for(state="attached")
    page.evaluate(
        """() => {
          localStorage.setItem("accompany.state", "TX");
          localStorage.setItem("accompany.language", "en");
          const behind = ["language", "state", "organization", "contacts", "recovery"];
          localStorage.setItem("accompany.setup", JSON.stringify({ behind }));
        }"""
    )
    page.reload()
    page.get_by_role("button", name="Go on with the set-up").click()
    step(page, "devices")
    page.get_by_role("button", name="Allow camera and microphone").click()
    wait_for_text(page, "Both are refused.")
    onward(page, "Skip")
    step(page, "contacts")
    page.get_by_role("link", name="Write an SMS").wait_for()
    onward(page)
    onward(page)
    step(page, "drill")
    page.get_by_role("button", name="Start the drill").click()
    wait_for_text(page, "Nothing was recorded: no camera and no microphone.", 60)
    assert violations(page) == []
    onward(page, "Skip")
    expect(page.locator("[data-aspect=drill]")).to_have_attribute("data-mark", "open")
    assert violations(page) == []
    phone.close()


def test_rights_cards_are_read_without_a_line_and_run_no_markup(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    cards = own_server.data / "cards" / "en"
    cards.mkdir(parents=True)
    bad = '<img src=x onerror="document.title=1"> [a](javascript:alert(1)) **Ask.**'
    head = "title: Our own card\ndate: 2026-11-22\nsource: Us, 2026\n"
    (cards / "1-own.md").write_text(f"---\n{head}---\n{bad}\n")
    phone = make_phone(tmp_path / "reader")
    page = phone.start()
    page.goto(own_server.links["caller"])
    page.get_by_label("State", exact=True).select_option("CA")
    page.get_by_role("button", name="Know your rights").click()
    page.get_by_role("heading", name="Our own card").wait_for()
    shown = page.get_by_test_id("cards")
    assert (
        '<img src=x onerror="document.title=1"> [a](javascript:alert(1)) Ask.' in shown.inner_text()
    )
    assert shown.locator("img, a, script").count() == 0
    expect(page.get_by_text("Us, 2026")).to_be_visible()
    expect(page.get_by_text("As of November 22, 2026.")).to_be_visible()
    assert violations(page) == []

    page.get_by_label("Page language").select_option("es")
    expect(page.get_by_role("heading", name="Puede guardar silencio")).to_be_visible()
    # The law of the state that was chosen, and of no other.
    expect(page.get_by_text("California Penal Code § 632")).to_be_visible()
    expect(page.get_by_text("Florida Statutes § 934.03")).to_have_count(0)
    assert violations(page) == []

    assert phone.context is not None
    phone.context.set_offline(True)
    page.get_by_role("button", name="Volver al botón").click()
    page.get_by_role("button", name="Conozca sus derechos").click()
    expect(page.get_by_role("heading", name="Puede guardar silencio")).to_be_visible()
    phone.close()
