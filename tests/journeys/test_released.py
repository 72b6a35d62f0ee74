"""A recording released, as caller and recipient meet it: somebody named by a link, nothing for them
while the caller is waited for, film that opens and holds once the caller is missed, over a restart;
and nothing any more when the caller says to be safe."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError

from browsers import Phone, wait_for
from people import Caller, violations, wait_for_text
from serving import RunningServer
from thief import holding

pytestmark = [pytest.mark.journey, pytest.mark.patient]
SOON = 3_000
"""Milliseconds after which the caller's time is over, once the server is back."""


def bring_near(server: RunningServer) -> None:
    """Restart the server, with the caller's time nearly over: nobody waits a quarter of an hour."""
    server.stop()
    database = sqlite3.connect(server.data / "accompany.sqlite")
    due = round(time.time() * 1000) + SOON
    with database:
        assert database.execute("UPDATE tellings SET due = ?", (due,)).rowcount == 1
        (withheld,) = database.execute("SELECT count(*) FROM withheld").fetchone()
    database.close()
    assert withheld > 0
    server.start()


def heard(page: Page) -> bool:
    """Whether the page says that somebody could open it; its line is back, so that it asks now and
    not in half a minute."""
    page.evaluate("() => dispatchEvent(new Event('online'))")
    with suppress(TimeoutError):
        page.get_by_text("could open your recording").first.wait_for(timeout=1_000)
        return True
    return False


def released_to(page: Page, link: str) -> None:
    # Another address with the same page: a fragment alone would load nothing.
    page.goto("about:blank")
    page.goto(link)
    page.get_by_test_id("shared").wait_for()


def test_whoever_was_named_gets_the_recording_once_the_caller_is_missed(
    own_server: RunningServer, caller: Caller, make_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    page = caller.page
    page.get_by_role("button", name="People to tell").click()
    page.get_by_label("If I do not say that I am safe").select_option("15")
    page.get_by_role("button", name="Make the link to give them").click()
    link = page.get_by_test_id("release-link").input_value()
    assert violations(page) == []
    page.get_by_role("button", name="I gave it to them").click()
    page.get_by_text("Somebody is named.").wait_for()
    page.get_by_role("button", name="Back to the button").click()

    caller.press()
    # The other browser starts while the caller's page waits whether the press was meant.
    helper = make_phone(tmp_path / "helper")
    theirs = helper.start()
    caller.wait_until_recorded(3)
    wait_for_text(page, "Nobody is told.", 40)
    caller.end()
    caller.wait_until_safe()
    wait_for_text(page, "whoever you named gets your recording", 20)
    secret = link.rpartition("=")[2].encode()
    for folder in (caller.phone.profile, own_server.data):
        assert holding(folder, secret) == []

    released_to(theirs, link)
    theirs.get_by_test_id("shared").get_by_text("Nothing for you.").wait_for()
    assert violations(theirs) == []

    bring_near(own_server)
    wait_for(lambda: heard(page), 60, "for the page to hear that the caller is missed")
    assert violations(page) == []
    released_to(theirs, link)
    theirs.get_by_test_id("released").wait_for()
    one = theirs.locator(f"[data-recording='{caller.reference}']")
    one.get_by_role("button", name="Play").click()
    one.get_by_test_id("opened").wait_for(timeout=20_000)
    assert one.get_by_test_id("opened").get_attribute("data-holds") == "true"
    length = "() => document.querySelector('[data-testid=player]')?.duration"
    wait_for(lambda: (theirs.evaluate(length) or 0) > 1, 30, "for the film")
    assert violations(theirs) == []

    page.get_by_role("button", name="I am safe").click()
    page.get_by_role("button", name="Yes, I am safe").click()
    wait_for_text(page, "Now the link opens nothing any more.", 20)
    released_to(theirs, link)
    theirs.get_by_test_id("shared").get_by_text("Nothing for you.").wait_for()
    helper.close()
