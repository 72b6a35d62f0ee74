"""The people of a journey: a caller and an attorney, each with a browser, doing what people do.

Everything is reached by role and name, as with a screen reader; test ids only where a state has no
words of its own. Not here: what a journey asserts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import CDPSession, Locator, Page

from browsers import Phone, wait_for
from clips import read_number

AXE = Path(__file__).parent.parent / "webapp" / "node_modules" / "axe-core" / "axe.min.js"


AT_REST = """() => document.getAnimations().every((one) =>
  one.effect.getComputedTiming().endTime === Infinity || one.playState === "finished")"""
"""Whether nothing is on its way: a colour becoming another is none that anybody reads by."""


def violations(page: Page) -> list[str]:
    """Return what axe finds on the page as it stands: rule and target of each."""
    wait_for(lambda: page.evaluate(AT_REST), 20, "for what moves to come to rest")
    # Evaluated in the page: a script tag would be refused by the page's own policy.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {one['nodes'][0]['target']} {one['help']}" for one in found["violations"]
    ]


LEFT_BY_THE_BROWSER = "A VideoFrame was garbage collected without being closed"
"""The picture that waited when a pipe was ended (WHATWG Streams, `pipeTo` with a signal) is
nobody's: the browser says so if it collects it before the page is gone."""


def errors_said(console: Sequence[str]) -> list[str]:
    """Return the errors among what pages and workers said, as `Phone.console` has them."""
    errors = [one for one in console if one.startswith(("error", "pageerror"))]
    return [one for one in errors if LEFT_BY_THE_BROWSER not in one]


def picture_number(page: Page, selector: str) -> int | None:
    """Return the number in the frame a video element shows now; None where it shows none."""
    pixels = page.evaluate(
        """(selector) => {
          const video = document.querySelector(selector);
          if (!video || video.readyState < 2 || !video.videoWidth) return null;
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [160, 120];
          const context = canvas.getContext("2d", { willReadFrequently: true });
          context.drawImage(video, 0, 0, 160, 120);
          const data = context.getImageData(0, 0, 160, 120).data;
          return Array.from({ length: 160 * 120 }, (_, n) => data[4 * n]);
        }""",
        selector,
    )
    if pixels is None:
        return None
    return read_number(np.array(pixels, dtype=np.uint8).reshape(120, 160))


@dataclass
class Attorney:
    phone: Phone
    page: Page
    name: str = "Ada Advocate"

    def enrol(
        self, duty: str, state: str = "Texas", language: str = "English", more: Sequence[str] = ()
    ) -> None:
        page = self.page
        page.goto(duty)
        page.get_by_label("Your name, as callers see it").fill(self.name)
        for one in (state, *more):
            page.get_by_label(one, exact=True).check()
        page.get_by_label(language, exact=True).check()
        page.get_by_role("button", name="Make my keys and join").click()
        page.get_by_role("button", name="Go on duty").wait_for()

    def go_on_duty(self) -> None:
        self.page.get_by_role("button", name="Go on duty").click()
        self.page.get_by_role("button", name="Go off duty").wait_for()

    def answer(self) -> None:
        self.page.get_by_role("button", name="Answer").click()

    def end(self) -> None:
        self.page.get_by_role("button", name="End", exact=True).click()


@dataclass
class Caller:
    phone: Phone
    page: Page

    def prepare(self, link: str, state: str = "TX", language: str = "en") -> None:
        page = self.page
        page.goto(link)
        page.get_by_label("State", exact=True).select_option(state)
        page.get_by_label("Language to speak").select_option(language)

    def press(self) -> None:
        self.page.get_by_role("button", name="Get a lawyer now").click()

    def end(self) -> None:
        self.page.get_by_role("button", name="End", exact=True).click()

    @property
    def recorded(self) -> float:
        """Seconds recorded, as the page shows them."""
        text = self.page.get_by_test_id("recording").inner_text()
        found = re.search(r"(\d+):(\d\d)", text)
        return int(found[1]) * 60 + int(found[2]) if found else 0

    def wait_until_recorded(self, seconds: float, within: float = 60) -> None:
        wait_for(lambda: self.recorded >= seconds, within, f"for {seconds} s of recording")

    def wait_until_safe(self, within: float = 60) -> None:
        after = self.page.get_by_test_id("after")
        after.wait_for()
        wait_for(
            lambda: (
                after.get_attribute("data-waiting") == "0"
                and after.get_attribute("data-phase") == "finished"
            ),
            within,
            "for everything to be safe",
        )

    @property
    def reference(self) -> str:
        """The recording's id, as the last screen shows it."""
        text = self.page.locator(".reference").inner_text()
        return text.split()[-1]


def add_authenticator(page: Page, prf: bool) -> tuple[CDPSession, str]:
    """Give the browser a passkey device of its own, which says yes; return how to speak to it."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal",
        "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True, "hasPrf": prf,
    }  # fmt: skip
    added = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return cdp, added["authenticatorId"]


def to_the_key(page: Page) -> None:
    """Go to where a caller makes a key of their own, as one comes there in set-up."""
    page.get_by_role("button", name="Set up this phone: one minute").click()
    for name in ("Next", "Next", "Next", "Skip", "Next"):
        page.get_by_role("button", name=name, exact=True).click()
    page.locator("[data-step=recovery]").wait_for()
    page.get_by_role("button", name="Make my key").wait_for()
    assert violations(page) == []


def say_in_chat(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()


def wait_for_text(page: Page, text: str, seconds: float = 45) -> None:
    """Wait until the page says *text*; as long as for all else where nothing promises it sooner."""
    page.get_by_text(text).first.wait_for(timeout=seconds * 1000)


def file_document(case: Locator, name: str, text: str) -> None:
    """File a text in a case, and wait until nothing there moves any more."""
    case.get_by_text("Documents", exact=True).click()
    file = case.locator("input[type=file]")
    file.set_input_files([{"name": name, "mimeType": "text/plain", "buffer": text.encode()}])
    case.get_by_test_id("document").get_by_text(name, exact=True).wait_for()
    case.locator("input[type=file]:enabled").wait_for()


def read_document(case: Locator, name: str, text: str) -> None:
    """Open a text that was filed in a case, and read it."""
    case.get_by_text("Documents", exact=True).click()
    case.get_by_role("button", name=f"Open {name}").click()
    case.get_by_text(text).wait_for()


def save_package(attorney: Attorney, target: Path, recording: str | None = None) -> Path:
    """Let the attorney download a sealed package of the newest case: its film, or *recording*."""
    shown = attorney.page.get_by_test_id("case").first
    if recording is not None:
        shown = shown.locator(f"[data-recording='{recording}']")
    with attorney.page.expect_download() as download:
        shown.get_by_role("button", name="Download the sealed package").first.click()
    download.value.save_as(target)
    return target


def recordings_of(attorney: Attorney) -> list[tuple[str, str, str | None]]:
    """Return kind, id and closing of each recording of the newest case, films first."""
    cases = attorney.page.evaluate("async () => (await fetch('/api/cases')).json()")
    return [(one["kind"], one["recording"], one["closing"]) for one in cases[0]["recordings"]]
