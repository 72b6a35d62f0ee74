"""The main job, end to end: press, ring, answer, talk, end, package, verify, open, compare."""

from pathlib import Path

import pytest

from browsers import wait_for
from evidencefiles import open_film, unstated_holes, verify
from people import (
    Attorney,
    Caller,
    picture_number,
    save_package,
    say_in_chat,
    violations,
    wait_for_text,
)
from serving import RunningServer

pytestmark = pytest.mark.journey

REMOTE = "[data-testid=remote]"


def test_a_press_becomes_a_call_and_evidence_that_verifies(
    own_server: RunningServer, attorney: Attorney, caller: Caller, tmp_path: Path, clip
) -> None:
    assert violations(caller.page) == []
    assert violations(attorney.page) == []

    caller.press()
    attorney.page.get_by_role("button", name="Answer").wait_for(timeout=10_000)
    wait_for_text(caller.page, attorney.name)
    assert violations(attorney.page) == []
    attorney.answer()

    # Both see each other's pictures: frames of the clip, not just some picture.
    for page in (attorney.page, caller.page):
        wait_for(lambda page=page: picture_number(page, REMOTE) is not None, 15, "for a picture")
    wait_for_text(caller.page, f"{attorney.name} is with you")
    assert violations(caller.page) == []
    assert violations(attorney.page) == []

    say_in_chat(caller.page, "Do I have to open the door?")
    wait_for_text(attorney.page, "Do I have to open the door?")
    say_in_chat(attorney.page, "Not without a warrant signed by a judge.")
    wait_for_text(caller.page, "Not without a warrant signed by a judge.")

    caller.wait_until_recorded(12)
    caller.end()
    caller.wait_until_safe()
    assert violations(caller.page) == []

    # The case, opened in the attorney's own browser with the attorney's grant.
    attorney.page.get_by_role("button", name="Open the recording").first.click()
    attorney.page.get_by_test_id("opened").wait_for(timeout=20_000)
    assert attorney.page.get_by_test_id("opened").get_attribute("data-holds") == "true"
    wait_for(
        lambda: picture_number(attorney.page, "[data-testid=opened] video") is not None,
        10,
        "for the opened film",
    )
    assert violations(attorney.page) == []

    package = save_package(attorney, tmp_path / "case.zip")
    verdict = verify(package, own_server.links["policy"])
    assert verdict.status == 0, verdict.words

    film = open_film(own_server, package, clip.frames)
    assert film.seconds > 11
    assert film.backwards() == []
    assert unstated_holes(film, package) == []

    # Nothing was asked of anybody but this server.
    asked = caller.phone.requests + attorney.phone.requests
    ours = (own_server.url, "blob:", "data:", "about:")
    assert asked
    assert [url for url in asked if not url.startswith(ours)] == []

    errors = [line for line in caller.phone.console + attorney.phone.console if "error" in line]
    assert errors == []
