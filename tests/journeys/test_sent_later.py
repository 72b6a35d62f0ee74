"""No page is open any more: the browser wakes the service worker, and it sends what waits."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browsers import Phone, wait_for
from cutline import line_to
from people import Caller
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.patient]

KEPT = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return registration.active?.state === "activated" && !!navigator.serviceWorker.controller;
}"""
ASKED = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.sync.getTags()).includes("accompany-leftovers");
}"""
NOBODY = "async () => (await navigator.locks.query()).held.length === 0"
# What lies whole in the queue: a file that the page's end left empty is nobody's to send. Nothing
# is read or sent by asking.
WAITING = """async () => {
  // Gone is what was sent between the two questions.
  const sizeOf = (file) => file.getFile().then((found) => found.size, () => 0);
  const root = await navigator.storage.getDirectory();
  let found = 0;
  for await (const folder of (await root.getDirectoryHandle("accompany-queue")).values()) {
    if (folder.kind !== "directory") continue;
    for await (const file of folder.values())
      if (file.name.endsWith(".item") && (await sizeOf(file)) > 0) found += 1;
  }
  return found;
}"""


def test_what_waits_is_sent_although_no_page_is_open(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip
) -> None:
    with line_to(own_server.port) as line:
        link = own_server.links["caller"].replace(f":{own_server.port}/", f":{line.port}/")
        phone = make_phone(tmp_path / "later", video=clip.video, audio=clip.audio)
        caller = Caller(phone, phone.start())
        assert phone.context is not None
        looker = phone.context.new_page()
        # A file of ours without a page of ours: it is in the same storage and runs nothing.
        looker.goto(f"http://127.0.0.1:{line.port}/log/policy")
        caller.prepare(link)
        wait_for(lambda: caller.page.evaluate(KEPT), 60, "for the service worker")
        caller.page.bring_to_front()
        caller.press()
        caller.wait_until_recorded(3)
        line.cut()
        wait_for(lambda: caller.page.evaluate(ASKED), 60, "for the browser to be asked")
        # It believes that there is a line and tries at once; what is left, it is to come again for.
        caller.page.wait_for_timeout(1_000)
        assert caller.page.evaluate(ASKED)
        caller.page.close()
        line.mend()
        # What a page still makes is that page's to send: the browser would only come again.
        wait_for(lambda: looker.evaluate(NOBODY), 30, "for the page to be gone")
        assert looker.evaluate(WAITING) > 0
        dispatch(looker)
        wait_for(lambda: looker.evaluate(WAITING) == 0, 60, "for everything to be sent")
        phone.close()


def dispatch(page: Page) -> None:
    """Wake the service worker as the browser does once there is a line."""
    devtools = page.context.new_cdp_session(page)
    found: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: found.extend(one["registrationId"] for one in said["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    wait_for(lambda: page.wait_for_timeout(50) or found, 30, "for the registration")
    origin = re.match(r"https?://[^/]+", page.url)
    assert origin
    told = {"origin": origin[0], "registrationId": found[-1]}
    devtools.send(
        "ServiceWorker.dispatchSyncEvent",
        {**told, "tag": "accompany-leftovers", "lastChance": False},
    )
