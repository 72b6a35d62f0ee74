"""The press without a line: the page opens from what it kept, records, and catches up later."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route

from browsers import Phone, wait_for
from people import Caller, wait_for_text
from serving import RunningServer, running_server

pytestmark = [pytest.mark.journey, pytest.mark.patient]

KEPT = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  if (!registration?.active || !navigator.serviceWorker.controller) return [];
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      found.push(new URL(request.url).pathname);
  return found;
}"""


KEPT_FRAME = """async () => {
  const page = await caches.match("/");
  return page !== undefined && (await page.text()).includes("data-early");
}"""
# In the first frame that has the button, before there is a script that could hear it.
PRESS_FIRST = """() => {
  const look = () => {
    const button = document.querySelector("[data-early] button.press");
    if (button === null) return requestAnimationFrame(look);
    const shown = button.checkVisibility({ visibilityProperty: true });
    window.early = shown && button.clientHeight >= 120;
    button.click();
  };
  look();
}"""

# Every text that stood where what was left is told; and whether the page heard from its server.
NOTES_WHAT_IS_SAID = """() => {
  const left = document.querySelector("[data-testid=leftovers]");
  const told = () => JSON.parse(localStorage.getItem("accompany.service")).service.time;
  const before = told();
  window.said = [left.innerText];
  const follow = new MutationObserver(() => window.said.push(left.innerText));
  follow.observe(left, { childList: true, characterData: true, subtree: true });
  window.heardAnew = () => told() !== before;
}"""

# Drawn, and then everything done that the page left until it has nothing else to do.
AT_LEISURE = """() => new Promise((done) =>
  requestAnimationFrame(() => setTimeout(() => requestIdleCallback(done, { timeout: 10_000 }))))"""


def wait_until_kept(caller: Caller) -> list[str]:
    """Wait for the service worker; return the addresses that it keeps."""

    def kept() -> list[str]:
        found: list[str] = caller.page.evaluate(KEPT)
        return found if "/" in found and any("/kit-" in path for path in found) else []

    found = wait_for(kept, 30, "for the service worker to keep the page")
    assert isinstance(found, list)
    return found


def test_pressed_without_a_line_it_records_and_catches_up(
    make_phone: Callable[..., Phone], tmp_path: Path, clip
) -> None:
    with running_server(tmp_path / "data", "--hotline", "+1 555 0100") as server:
        phone = make_phone(tmp_path / "caller", video=clip.video, audio=clip.audio)
        caller = Caller(phone, phone.start())
        caller.prepare(server.links["caller"])
        kept = wait_until_kept(caller)
        others = [one for one in kept if one != "/" and not one.startswith("/assets/")]
        # Which prompts the organization recorded; nothing else that the server said.
        assert others == ["/api/voices/en"]
        wait_for(lambda: caller.page.evaluate(KEPT_FRAME), 30, "for the first frame to be kept")
        _press_without(server, caller)
        phone.close()


def _press_without(server: RunningServer, caller: Caller) -> None:
    server.kill()
    caller.page.goto(f"{server.url}/")
    hotline = caller.page.get_by_role("link", name="+1 555 0100").first
    assert (hotline.get_attribute("href") or "").startswith("tel:+15550100")
    caller.page.add_init_script(f"({PRESS_FIRST})()")
    caller.page.reload()
    caller.wait_until_recorded(3)
    assert caller.page.evaluate("() => window.early") is True
    wait_for_text(caller.page, "No connection. Trying again")
    server.start()
    wait_for(
        lambda: caller.page.get_by_test_id("encounter").get_attribute("data-stage") != "none",
        30,
        "for the press to be heard",
    )
    caller.end()
    caller.wait_until_safe()


def test_what_a_crash_left_is_sent_and_that_stays_said(
    own_server: RunningServer, caller: Caller
) -> None:
    wait_until_kept(caller)
    own_server.kill()
    caller.press()
    caller.wait_until_recorded(6)
    caller.phone.kill()
    page = caller.phone.start()
    asked: list[Route] = []
    page.route("**/api/service", lambda route: asked.append(route))
    page.goto(own_server.links["caller"])
    left = page.get_by_test_id("leftovers")
    wait_for(lambda: int(left.get_attribute("data-waiting") or 0) > 0, 60, "for what was left")
    own_server.start()
    sent = left.filter(has_text="They are safe")
    sent.wait_for(timeout=90_000)
    assert left.get_attribute("data-waiting") == "0"
    page.locator(".foot > p").wait_for()
    page.evaluate(NOTES_WHAT_IS_SAID)
    # Only now the page hears from the server who it is, and looks whose server that is once more.
    with page.expect_response("**/api/service"):
        asked[-1].continue_()
    page.wait_for_function("() => window.heardAnew()", timeout=30_000)
    page.evaluate(AT_LEISURE)
    said = page.evaluate("() => window.said")
    assert said
    assert all("They are safe" in one for one in said)
    assert sent.is_visible()
