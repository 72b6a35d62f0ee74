"""A number to be called back on, from the phone to who calls: left, changed without a line, found
again by a page that was opened anew, opened on the console, destroyed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from browsers import wait_for
from people import Attorney, Caller, violations
from serving import RunningServer, running_server
from thief import holding

pytestmark = pytest.mark.journey

NUMBER, CHANGED = "+15550107071", "5550107199"
LONG = 30_000


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A callback is owed a second and a half after a press that nobody answers."""
    more = {"ACCOMPANY_WAVE_SECONDS": "0.5"}
    with running_server(tmp_path / "data", more=more) as server:
        yield server


def looked_at(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert violations(page) == [], name


def is_left(panel: Locator, waits: str = "") -> None:
    panel.and_(panel.page.locator(f"[data-left=true][data-waits='{waits}']")).wait_for(timeout=LONG)


def test_a_number_is_left_changed_opened_by_who_calls_and_destroyed(
    own_server: RunningServer, attorney: Attorney, caller: Caller, tmp_path: Path
) -> None:
    phone, console = caller.page, attorney.page
    caller.press()
    phone.get_by_role("button", name="Leave a number").click(timeout=LONG)
    over = phone.get_by_role("dialog", name="A number to call you back")
    over.get_by_text("the server cannot read it", exact=False).wait_for()
    over.get_by_label("Telephone number").fill("911")
    over.get_by_role("button", name="Seal and leave it").click()
    over.get_by_text("A number has 7 to 15 digits.").first.wait_for()
    looked_at(phone, tmp_path, "number-wrong")
    over.get_by_label("Telephone number").fill("+1 (555) 010-7071")
    over.get_by_label("No", exact=True).check()
    over.get_by_label("When is a good time?", exact=False).fill("after six")
    over.get_by_role("button", name="Seal and leave it").click()
    panel = phone.get_by_test_id("callback-number")
    is_left(panel)
    looked_at(phone, tmp_path, "number-left")
    phone.keyboard.press("Escape")
    phone.get_by_role("button", name="Number left").wait_for()
    looked_at(phone, tmp_path, "call-number-left")
    caller.end()
    caller.wait_until_safe()

    # Changed without a line: it waits here, sealed, and goes once there is one.
    is_left(panel)
    phone.context.set_offline(True)
    panel.get_by_role("button", name="Change it").click()
    panel.get_by_label("Telephone number").fill(CHANGED)
    panel.get_by_role("button", name="Seal and leave it").click()
    is_left(panel, "left")
    looked_at(phone, tmp_path, "after-number-waits")
    phone.context.set_offline(False)
    is_left(panel)

    # Whoever is to call opens it; the form says what the caller said last.
    owed = console.get_by_test_id("callbacks")
    owed.get_by_role("button", name=re.compile("^Show the number")).click(timeout=LONG)
    shown = owed.get_by_test_id("shown-number")
    assert shown.locator(".digits").inner_text() == CHANGED
    assert shown.get_by_role("link").get_attribute("href") == f"tel:{CHANGED}"
    shown.get_by_text("Nothing was said of messages.").wait_for()
    looked_at(console, tmp_path, "console-number")

    # A page that was opened anew still has it to take back; no file anywhere has its digits.
    phone.reload()
    panel = phone.get_by_test_id("callback-number")
    is_left(panel)
    looked_at(phone, tmp_path, "start-number")
    for one in (NUMBER, CHANGED):
        assert holding(own_server.data, one.encode(), exact=True) == []
        assert holding(tmp_path / "caller", one.encode(), exact=True) == []

    # Called back: destroyed, and both pages say so.
    owed.get_by_role("button", name="Done").click()
    owed.get_by_text("Called back: the number was destroyed.").first.wait_for()
    looked_at(console, tmp_path, "console-destroyed")
    panel.get_by_role("button", name="Take it back").click()
    panel.get_by_text("Nothing of your number is kept any more.").first.wait_for()
    kept = "() => localStorage.getItem('accompany.callbacks')"
    wait_for(lambda: phone.evaluate(kept) is None, 10, "for the phone to forget it")
