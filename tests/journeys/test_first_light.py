"""The main job, end to end: press, ring, answer, talk, end, package, verify, open, compare."""

import json
import re
import subprocess
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page

from browsers import wait_for
from evidencefiles import open_film, since_opening, unstated_holes, verify
from people import (
    Attorney,
    Caller,
    errors_said,
    picture_number,
    save_package,
    say_in_chat,
    violations,
    wait_for_text,
)
from serving import RunningServer, accompany, environment

pytestmark = pytest.mark.journey

REMOTE = "[data-testid=remote]"
# On an iPhone a second one would end the first.
COUNTS_DEVICES = """() => {
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  window.asked = [];
  devices.getUserMedia = (wanted) => {
    asked.push(Object.keys(wanted).sort().join());
    return ask(wanted);
  };
}"""


def test_a_press_becomes_a_call_and_evidence_that_verifies(
    own_server: RunningServer, attorney: Attorney, caller: Caller, tmp_path: Path, clip
) -> None:
    assert violations(caller.page) == []
    assert violations(attorney.page) == []

    caller.page.evaluate(COUNTS_DEVICES)
    caller.press()
    attorney.page.get_by_role("button", name="Answer").wait_for(timeout=10_000)
    wait_for_text(caller.page, attorney.name)
    assert violations(attorney.page) == []
    attorney.answer()

    # Both see each other's pictures: frames of the clip, not just some picture.
    for page in (attorney.page, caller.page):
        wait_for(lambda page=page: picture_number(page, REMOTE) is not None, 30, "for a picture")
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
    assert caller.page.evaluate("() => asked") == ["audio,video"]

    # The case, opened in the attorney's own browser with the attorney's grant.
    attorney.page.get_by_role("button", name="Open the recording").first.click()
    attorney.page.get_by_test_id("opened").wait_for(timeout=20_000)
    assert attorney.page.get_by_test_id("opened").get_attribute("data-holds") == "true"
    wait_for(
        lambda: picture_number(attorney.page, "[data-testid=opened] video") is not None,
        10,
        "for the opened film",
    )
    # Everything is checked while it plays, with what this console heard in the call.
    checking = attorney.page.locator("[data-testid=checking][data-is=checked]")
    checking.wait_for(timeout=30_000)
    assert checking.get_attribute("data-exit") == "0", checking.inner_text()
    assert attorney.page.get_by_test_id("playing-now").get_attribute("data-good") == "true"
    attorney.page.get_by_text("Who had it in hand").click()
    attorney.page.get_by_text("Closing letter").click()
    letter = attorney.page.get_by_test_id("letter").get_by_role("textbox").input_value()
    assert attorney.name in letter
    assert "[what was done]" in letter
    assert violations(attorney.page) == []
    given_out_in_part(attorney.page, own_server, tmp_path)

    package = save_package(attorney, tmp_path / "case.zip")
    verdict = verify(package, own_server.links["policy"])
    assert verdict.status == 0, verdict.words

    film = open_film(own_server, package, clip.frames)
    assert film.seconds > 11
    assert film.backwards() == []
    assert unstated_holes(film, package) == []

    # The desk counted it, up to the first sound that the caller's page heard.
    command = accompany("desk", "--data", own_server.data, "figures", "--json")
    said = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    counted = json.loads(said.stdout)["all"]
    assert (counted["presses"], counted["answered"], counted["abandoned"]) == (1, 1, 0)
    assert counted["sound"]["p50"] > counted["answer"]["p50"] > 0

    # Nothing was asked of anybody but this server.
    asked = caller.phone.requests + attorney.phone.requests
    ours = (own_server.url, "blob:", "data:", "about:")
    assert asked
    assert [url for url in asked if not url.startswith(ours)] == []

    assert errors_said(caller.phone.console + attorney.phone.console) == []


ANOTHER_REASON = """
async (field) => {
  field.value = "person";
  field.dispatchEvent(new Event("change"));
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
"""
"""Chosen without taking the focus from where somebody types."""


def given_out_in_part(page: Page, server: RunningServer, folder: Path) -> None:
    """What the attorney marks is left out of the opened package, and who checks it reads from when
    to when; the rest holds. By keyboard alone."""
    page.get_by_test_id("export").press("Enter")
    part = page.get_by_test_id("disclosure")
    # Its heading takes the focus a frame after it stands there, and a key that comes between.
    part.locator(":focus").wait_for()
    part.get_by_label("Opened").press("Space")
    part.get_by_text("The caller has not said").wait_for()
    film = page.locator("[data-testid=opened] video")
    for name, second in (("Withhold from here", 2), ("To here", 4)):
        film.evaluate("(film, second) => { film.pause(); film.currentTime = second; }", second)
        part.get_by_role("button", name=name).press("Enter")
    first = part.get_by_role("group", name="Stretch 1")
    first.get_by_label("To second").fill("90")
    # What draws the page anew while somebody types takes away nothing.
    part.get_by_label("Why").evaluate(ANOTHER_REASON)
    first.get_by_label("To second").press("Tab")
    # Too much: taken back, and a little more than before by number.
    part.get_by_role("button", name="Undo").press("Enter")
    wait_for(lambda: first.get_by_label("To second").input_value()[0] in "34", 30, "for the undo")
    first.get_by_label("To second").fill("5")
    first.get_by_label("To second").press("Tab")
    assert part.get_by_role("button", name="Make the opened package").is_disabled()
    part.get_by_label("I looked through it").press("Space")
    assert violations(page) == []
    part.get_by_role("button", name="Make the opened package").press("Enter")
    ready = page.get_by_test_id("disclosed")
    ready.wait_for(timeout=60_000)
    assert ready.get_attribute("data-exit") == "0", ready.inner_text()
    told = page.get_by_test_id("withheld").inner_text()
    assert violations(page) == []
    page.screenshot(path=folder / "disclosed.png", full_page=True)
    saved = {}
    for name in ("Save the opened package", "Save the film or sound alone", "Save the report"):
        with page.expect_download() as download:
            ready.get_by_role("button", name=name).press("Enter")
        saved[name] = folder / download.value.suggested_filename
        download.value.save_as(saved[name])
    opened, film_file, report = saved.values()

    # Its signature is the one on the attorney's card: no word about whose it is has to be given.
    verdict = verify(opened, server.links["policy"])
    assert verdict.status == 0, verdict.words
    assert told in verdict.words
    found = re.findall(r"from ([0-9.]+) to ([0-9.]+) s", told)[0]
    # Told since the opening, marked by the film's own time: they agree to within two pictures.
    start, end = (float(one) - since_opening(opened, 0) / 1000 for one in found)
    assert start <= 2.07 < 4.93 <= end
    assert told in report.read_text()
    with av.open(str(film_file)) as copy:
        times = sorted(
            float(one.pts * one.time_base) for one in copy.demux(video=0) if one.pts is not None
        )
    assert times[0] < 1
    assert not [one for one in times if start + 0.6 < one < end - 0.6]
    page.get_by_role("button", name="Close the recording").first.click()

    # Whoever comes back to it finds the marks as they were.
    page.reload()
    page.get_by_role("button", name="Open the recording").first.click()
    page.get_by_test_id("opened").wait_for(timeout=20_000)
    page.get_by_test_id("export").click()
    part.get_by_label("Opened").check()
    first.get_by_label("To second").wait_for()
    assert first.get_by_label("To second").input_value() == "5"
    page.get_by_role("button", name="Close the recording").first.click()
