"""In reach beside the button: hotline, officer card, silence, lock, and taking it back."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from browsers import Phone, wait_for
from people import Attorney, Caller, violations, wait_for_text
from serving import RunningServer, running_server
from walking_moments import KEEPS_STREAMS
from walking_troubles import ON_HOME_SCREEN

pytestmark = [pytest.mark.journey, pytest.mark.patient]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("tools")
    lines = ("--hotline", "+1 555 0100", "--hotline_sms", "+1 555 0101")
    with running_server(folder / "data", *lines) as running:
        yield running


@pytest.fixture
def carla(
    server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip
) -> Iterator[Caller]:
    phone = make_phone(tmp_path / "caller", video=clip.video, audio=clip.audio)
    caller = Caller(phone, phone.start())
    caller.prepare(server.links["caller"])
    yield caller
    phone.close()


def tool(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def test_hotline_and_message_are_there_before_the_press(carla: Caller) -> None:
    page = carla.page
    assert page.get_by_role("link", name="Call +1 555 0100").get_attribute("href") == (
        "tel:+15550100"
    )
    text = page.get_by_role("link", name="Text +1 555 0101").get_attribute("href") or ""
    assert unquote(text) == "sms:+15550101?&body=I need a lawyer now. State: Texas."
    press = page.get_by_role("button", name="Get a lawyer now").bounding_box()
    assert press
    assert min(press["width"], press["height"]) >= 120
    assert violations(page) == []


def test_two_choices_in_one_breath_are_both_kept(carla: Caller) -> None:
    """As a slow phone delivers them: both before the page is drawn again. It may be gone next."""
    page = carla.page
    kept = page.evaluate(
        """() => {
          for (const [name, value] of [["state", "CA"], ["language", "es"]]) {
            const list = document.querySelector(`#choice-${name}`);
            list.value = value;
            list.dispatchEvent(new Event("change", { bubbles: true }));
          }
          return ["state", "language"].map((name) => localStorage.getItem(`accompany.${name}`));
        }"""
    )
    assert kept == ["CA", "es"]
    expect(page.locator("#choice-language")).to_have_value("es")
    expect(page.locator("#choice-state")).to_have_value("CA")
    page.reload()
    expect(page.locator("#choice-language")).to_have_value("es")
    expect(page.locator("#choice-state")).to_have_value("CA")


def test_the_officers_card_speaks_two_languages_turned_around(carla: Caller) -> None:
    page = carla.page
    page.get_by_label("Page language").select_option("es")
    show = tool(page, "Mostrar al agente")
    show.click()
    card = page.get_by_test_id("officer-card")
    card.get_by_text("I do not consent to a search.").wait_for()
    card.get_by_text("No consiento ningún registro.").wait_for()
    assert card.locator(".words").evaluate("(one) => getComputedStyle(one).rotate") == "180deg"
    assert violations(page) == []
    tool(page, "Girar").click()
    assert card.locator(".words").evaluate("(one) => getComputedStyle(one).rotate") == "none"
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(show).to_be_focused()


def test_silent_is_dark_without_a_sound_and_stays(carla: Caller) -> None:
    page = carla.page
    before = page.evaluate("getComputedStyle(document.body).colorScheme")
    assert "light" in before
    tool(page, "Silent").click()
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(paper)
    assert sum(int(part) for part in dark[4:-1].split(",")) < 150, dark
    page.reload()
    expect(tool(page, "Silent")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(paper) == dark
    assert violations(page) == []
    carla.press()
    page.get_by_test_id("encounter").wait_for()
    assert page.get_by_test_id("remote").evaluate("(video) => video.muted") is True
    tool(page, "Silent").click()
    assert page.get_by_test_id("remote").evaluate("(video) => video.muted") is False
    carla.end()


def test_locked_it_shows_only_that_it_records_and_the_code_leads_back(carla: Caller) -> None:
    page = carla.page
    page.get_by_text("This phone", exact=True).click()
    page.get_by_label("Code to come back").fill("4711")
    page.get_by_role("button", name="Keep the code").click()
    page.get_by_text("A code is kept.").wait_for()
    assert "4711" not in page.evaluate("JSON.stringify(localStorage)")
    carla.press()
    carla.wait_until_recorded(2)
    tool(page, "Lock now").click()
    cover = page.get_by_test_id("cover")
    cover.get_by_text("Locked. Recording goes on.").wait_for()
    assert violations(page) == []
    assert page.get_by_role("button").all_inner_texts() == ["Go back"]
    before = cover.inner_text()
    wait_for(lambda: cover.inner_text() != before, 20, "for the recording to go on")
    page.get_by_label("Your code").fill("1234")
    page.get_by_role("button", name="Go back").click()
    page.get_by_text("That is not the code.").first.wait_for()
    page.get_by_label("Your code").fill("4711")
    page.keyboard.press("Enter")
    expect(cover).to_have_count(0)
    carla.end()
    carla.wait_until_safe()


def test_a_press_by_mistake_is_taken_back(
    server: RunningServer, carla: Caller, make_phone: Callable[..., Phone], tmp_path: Path, clip
) -> None:
    desk = make_phone(tmp_path / "attorney", video=clip.video, audio=clip.audio)
    attorney = Attorney(desk, desk.start())
    attorney.enrol(server.links["duty"])
    attorney.go_on_duty()
    carla.press()
    attorney.page.get_by_role("button", name="Answer").wait_for()
    carla.page.get_by_test_id("recording").and_(
        carla.page.locator("[data-phase=recording]")
    ).wait_for()
    carla.page.get_by_role("button", name="Pressed by mistake: cancel").click()
    wait_for_text(carla.page, "Cancelled")
    wait_for_text(carla.page, "Your contacts are not told.")
    expect(attorney.page.get_by_role("button", name="Answer")).to_have_count(0)
    carla.wait_until_safe()
    assert violations(carla.page) == []
    state = carla.page.request.get(f"{server.url}/api/recordings/{carla.reference}").json()
    assert state["closing"] == "stopped"
    desk.close()


WITHOUT_WAY_BACK = """() => {
  const end = document.querySelector(".wayout .ink");
  const below = () => Math.round(end.getBoundingClientRect().bottom);
  const before = below();
  const back = document.querySelector("[data-testid=mistake]");
  if (back !== null) back.style.display = "none";
  return [before <= innerHeight, below() - before];
}"""
"""Whether "End" is in sight, and how far it moves when the press can be taken back no longer."""


def test_the_way_out_is_in_sight_and_stays_whatever_is_said(carla: Caller) -> None:
    """With the most there is to say: on an iPhone's home screen, and the camera is gone."""
    page = carla.page
    page.add_init_script(f"{{{KEEPS_STREAMS}}}")
    page.reload()
    page.evaluate(ON_HOME_SCREEN, True)
    carla.press()
    page.locator("[data-testid=recording][data-phase=recording]").wait_for()
    page.evaluate("() => given.at(-1).getVideoTracks()[0].stop()")
    page.get_by_role("button", name="Go on recording").wait_for()
    page.get_by_role("link", name="Open in Safari").wait_for()
    assert page.evaluate(WITHOUT_WAY_BACK) == [True, 0]
    carla.end()
    carla.wait_until_safe()


def test_pressed_in_another_page_the_first_says_so_and_can_be_ended(
    server: RunningServer, carla: Caller
) -> None:
    carla.press()
    carla.wait_until_recorded(1)
    assert carla.phone.context is not None
    other = Caller(carla.phone, carla.phone.context.new_page())
    other.prepare(server.links["caller"])
    expect(carla.page.get_by_test_id("again")).to_have_count(0)
    other.press()
    other.wait_until_recorded(1)
    carla.page.bring_to_front()
    wait_for_text(carla.page, "You pressed in another page too; this one goes on.")
    assert violations(carla.page) == []
    expect(other.page.get_by_test_id("again")).to_have_count(0)
    tool(carla.page, "End this one").click()
    carla.wait_until_safe()
    other.page.bring_to_front()
    expect(other.page.get_by_test_id("recording")).to_have_attribute("data-phase", "recording")
    other.end()
    other.wait_until_safe()
