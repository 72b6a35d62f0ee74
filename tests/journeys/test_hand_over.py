"""A case that goes to a colleague in the middle of a call: picture, chat and keys go along."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browsers import FLAGS, Phone, chromium, wait_for
from deskpeople import invitation
from journeys.conftest import Clip
from people import (
    Attorney,
    errors_said,
    file_document,
    picture_number,
    read_document,
    say_in_chat,
    violations,
    wait_for_text,
)
from people import Caller as Person
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.patient]

REMOTE = "[data-testid=remote]"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def browser(make_phone: Callable[..., Phone], tmp_path: Path, clip: Clip) -> Iterator[Browser]:
    """One Chromium for everybody; each person is a context of their own in it."""
    files = (
        f"--use-file-for-fake-video-capture={clip.video}",
        f"--use-file-for-fake-audio-capture={clip.audio}",
    )
    playwright = make_phone(tmp_path / "nobody").playwright
    one = playwright.chromium.launch(
        executable_path=chromium(),
        headless=False,
        args=[*FLAGS, "--use-fake-ui-for-media-stream", *files],
    )
    yield one
    one.close()


def connected(page: Page) -> None:
    """A picture may wait for a better line, and that depends on what else this machine does."""
    page.locator("[data-testid=talk][data-call=connected]").wait_for(timeout=30_000)


def test_a_case_is_handed_over(own_server: RunningServer, browser: Browser, tmp_path: Path) -> None:
    said: list[str] = []

    def opened(size: dict[str, int]) -> Page:
        page = browser.new_context(viewport=size, locale="en-US").new_page()
        page.on("console", lambda one: said.append(f"{one.type}: {one.text} {one.location}"))
        page.on("pageerror", lambda error: said.append(f"pageerror: {error}"))
        return page

    def attorney(name: str, *states: str) -> Attorney:
        one = Attorney(None, opened(DESKTOP), name)
        one.enrol(
            f"{own_server.url}/duty#invitation={invitation(own_server, 'attorney')}", states[0]
        )
        one.go_on_duty()
        return one

    ada = attorney("Ada Advocate", "Texas")
    ben = attorney("Ben Bar", "Texas")
    carla = Person(None, opened(PHONE))
    carla.prepare(own_server.links["caller"])
    carla.press()
    ada.page.get_by_test_id("ring").wait_for()
    ben.page.get_by_test_id("ring").wait_for()
    assert violations(ada.page) == []
    ada.page.screenshot(path=tmp_path / "ring.png")
    ada.page.keyboard.press("Enter")
    wait_for(lambda: picture_number(ada.page, REMOTE) is not None, 60, "for a picture")
    say_in_chat(carla.page, "Do I have to open the door?")
    wait_for_text(ada.page, "Do I have to open the door?")
    say_in_chat(ada.page, "Not without a warrant.")
    wait_for_text(carla.page, "Not without a warrant.")
    ada.page.get_by_text("Hand over to a colleague").click()
    ada.page.get_by_text("licensed there · speaks English · free").wait_for()
    assert violations(ada.page) == []
    ada.page.screenshot(path=tmp_path / "hand.png")
    ada.page.get_by_role("button", name="Ben Bar").click()
    wait_for_text(ben.page, "Hand-over by Ada Advocate")
    ben.page.screenshot(path=tmp_path / "benring.png")
    ada.page.reload()
    wait_for_text(ada.page, "Ben Bar is being rung.")
    connected(ada.page)
    ben.answer()
    connected(ben.page)
    wait_for_text(ada.page, "Ben Bar has the case now.", 30)
    wait_for_text(carla.page, "Ben Bar is with you")
    carla.page.locator("[data-testid=stage][data-call=connected]").wait_for(timeout=30_000)
    wait_for_text(ben.page, "Not without a warrant.")
    assert violations(ben.page) == []
    ben.page.screenshot(path=tmp_path / "ben.png")
    carla.page.screenshot(path=tmp_path / "carla.png")
    carla.wait_until_recorded(3)
    carla.end()
    carla.wait_until_safe()
    ben.page.get_by_role("button", name="Open the recording").first.click()
    ben.page.get_by_test_id("opened").wait_for(timeout=20_000)
    assert ben.page.get_by_test_id("opened").get_attribute("data-holds") == "true"
    ben.page.screenshot(path=tmp_path / "case.png", full_page=True)
    assert ada.page.get_by_test_id("case").count() == 0

    # After the call the case goes back, with what was filed in it.
    ben.page.get_by_role("button", name="Close the recording").click()
    case = ben.page.get_by_test_id("case")
    file_document(case, "stop.txt", "Stopped at nine.")
    case.locator("summary", has_text="Hand over to a colleague").press("Enter")
    case.get_by_role("button", name="Ada Advocate").click()
    wait_for_text(ada.page, "Hand-over by Ben Bar")
    ada.answer()
    read_document(ada.page.get_by_test_id("case"), "stop.txt", "Stopped at nine.")
    assert violations(ada.page) == []
    assert errors_said(said) == []
