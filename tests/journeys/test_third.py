"""An interpreter is rung beside a rare language, joins by sound alone, is let go, has no case."""

import re
import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from browsers import Phone, wait_for
from clips import RATE, sound_in
from evidencefiles import open_media, verify
from middle import Middle
from people import Attorney, Caller, errors_said, save_package, violations, wait_for_text
from serving import RunningServer, accompany, environment

pytestmark = [pytest.mark.journey, pytest.mark.patient]

TONE = 2500
"""What the interpreter's microphone hears without end, in hertz; no beep of the clip is near it."""

# The loudest of what an element plays, over two seconds.
LOUDEST = """async (selector) => {
  const context = new AudioContext();
  const meter = context.createAnalyser();
  const heard = document.querySelector(selector).srcObject;
  context.createMediaStreamSource(heard).connect(meter);
  const samples = new Float32Array(meter.fftSize);
  let loudest = 0;
  for (const began = performance.now(); performance.now() - began < 2000; ) {
    meter.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await context.close();
  return [loudest, heard.getVideoTracks().length];
}"""


TRACKS = """(selector) => document.querySelector(selector)?.srcObject?.getTracks().length ?? 0"""


def write_tone(target: Path) -> Path:
    samples = 0.3 * np.sin(2 * np.pi * TONE * np.arange(48_000 * 4) / 48_000)
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return target


def tone_in(path: Path) -> float:
    """Return how loud the interpreter's tone is in a recording, at its loudest; 1 is full scale."""
    _, samples = sound_in(path)
    size = RATE // 4
    phase = np.exp(-2j * np.pi * TONE * np.arange(size) / RATE) * np.hanning(size)
    blocks = samples[: len(samples) // size * size].reshape(-1, size) / 32768
    assert len(blocks) > 8
    return float(np.abs(blocks @ phase).max() * 4 / size)


def invited(server: RunningServer, role: str) -> str:
    """Return the link that `accompany people invite` prints for *role*."""
    command = accompany("people", "--data", server.data, "invite", role, "--url", server.url)
    found = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return found.stdout.strip()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    """Here one who waits for four seconds is a surge, and there is no wrap-up."""
    rules = {
        "ACCOMPANY_WAVE_SECONDS": "2",
        "ACCOMPANY_SURGE_WAITING": "1",
        "ACCOMPANY_WRAP_UP_MINUTES": "0",
        "ACCOMPANY_SURGE_WRAP_UP_MINUTES": "0",
    }
    server = RunningServer(tmp_path / "data", more=rules)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def interpreter(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path
) -> Iterator[Attorney]:
    """Ines, who interprets Haitian Creole, on duty; her microphone hears one tone."""
    size = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    tone = write_tone(tmp_path / "tone.wav")
    phone = make_phone(tmp_path / "interpreter", audio=tone, options=size)
    ines = Attorney(phone, phone.start(), "Ines Interpreter")
    page = ines.page
    page.goto(invited(own_server, "interpreter"))
    page.get_by_label("Your name, as callers see it").fill(ines.name)
    assert page.get_by_label("Texas", exact=True).count() == 0
    if page.get_by_label("English", exact=True).is_checked():
        page.get_by_label("English", exact=True).uncheck()
    page.get_by_label(re.compile("^Haitian Creole|^Kreyòl")).check()
    assert violations(page) == []
    page.get_by_role("button", name="Make my keys and join").click()
    ines.go_on_duty()
    yield ines
    phone.close()


def connected(page: Page, what: str) -> None:
    page.locator(f"[data-testid={what}][data-call=connected]").wait_for()


def test_an_interpreter_joins_by_sound_and_is_let_go(
    own_server: RunningServer,
    attorney: Attorney,
    caller: Caller,
    interpreter: Attorney,
    tmp_path: Path,
) -> None:
    middle = Middle(caller.page, seat="interpreter")
    caller.page.reload()
    caller.page.get_by_label("Language to speak").select_option("ht")
    caller.press()
    ring = interpreter.page.get_by_test_id("ring")
    ring.get_by_text("An interpreter is needed").wait_for()
    assert violations(interpreter.page) == []
    attorney.answer()
    wait_for_text(caller.page, "An interpreter is being called.")
    interpreter.answer()

    # The server puts itself in the interpreter's place: nobody is heard, and the page says why.
    refused = caller.page.get_by_test_id("third").get_by_text("Somebody may be in the line.")
    refused.wait_for()
    assert caller.page.locator("[data-testid=third][data-call=connected]").count() == 0
    assert caller.page.evaluate(TRACKS, "[data-testid=voice-third]") == 0
    # The interpreter's page offers again by itself; now nobody meddles.
    middle.meddling = False
    for page in (caller.page, attorney.page):
        connected(page, "third")
        wait_for_text(page, "Ines Interpreter, interpreter, not a lawyer")
    for seat in ("caller", "attorney"):
        connected(interpreter.page, f"heard-{seat}")
    wait_for_text(interpreter.page, f"{attorney.name}, attorney")
    heard = [
        (caller.page, "[data-testid=voice-third]"),
        (attorney.page, "[data-testid=voice-third]"),
        (interpreter.page, "[data-testid=voice-caller]"),
        (interpreter.page, "[data-testid=voice-attorney]"),
    ]
    for page, selector in heard:
        loudest, pictures = page.evaluate(LOUDEST, selector)
        assert loudest > 0.05, selector
        assert pictures == 0
    for page, name in ((caller.page, "caller"), (attorney.page, "attorney")):
        page.screenshot(path=tmp_path / f"{name}.png")
        assert violations(page) == [], name
    interpreter.page.screenshot(path=tmp_path / "interpreter.png")
    assert violations(interpreter.page) == []

    # A page that was loaded anew is back with both: its connection before is not waited for.
    attorney.page.reload()
    connected(attorney.page, "third")
    connected(interpreter.page, "heard-attorney")
    connected(interpreter.page, "heard-caller")

    attorney.page.get_by_role("button", name="Let the interpreter go").click()
    interpreter.page.get_by_test_id("desk").wait_for()
    caller.page.get_by_test_id("third").wait_for(state="detached")
    wait_for_text(caller.page, f"{attorney.name} is with you")

    attorney.page.get_by_text("Invite interpreter").click()
    assert violations(attorney.page) == []
    attorney.page.get_by_role("button", name="Call an interpreter").click()
    interpreter.answer()
    for page in (caller.page, attorney.page):
        connected(page, "third")
    interpreter.page.get_by_role("button", name="Leave the call").click()
    interpreter.page.get_by_test_id("desk").wait_for()
    attorney.page.get_by_test_id("third").wait_for(state="detached")

    caller.wait_until_recorded(caller.recorded + 2)
    caller.end()
    caller.wait_until_safe()
    status = "async () => (await fetch('/api/cases')).status"
    assert interpreter.page.evaluate(status) == 403
    package = save_package(attorney, tmp_path / "case.zip")
    verdict = verify(package, own_server.links["policy"])
    assert verdict.status == 0, verdict.words
    assert tone_in(open_media(own_server, package)) < 0.02
    speak_to_all(attorney, caller, tmp_path)
    said = [line for one in (caller, attorney, interpreter) for line in one.phone.console]
    assert [line for line in errors_said(said) if "403" not in line] == []
    wait_for(lambda: interpreter.page.get_by_role("button", name="Go off duty").is_visible(), 30)


COVERED = """() => {
  const said = document.querySelector(".stage .sentence").getBoundingClientRect();
  return [...document.querySelectorAll(".over > *")].filter((one) => {
    const over = one.getBoundingClientRect();
    return over.height > 0 && over.top < said.bottom && said.top < over.bottom
      && over.left < said.right && said.left < over.right;
  }).map((one) => one.textContent);
}"""
"""What stands over the one sentence about the ringing and the call."""


def speak_to_all(attorney: Attorney, caller: Caller, folder: Path) -> None:
    """In a surge the attorney speaks to whoever waits: heard, hearing nobody; then it rings on."""
    caller.page.reload()
    caller.page.get_by_label("Language to speak").select_option("en")
    caller.press()
    attorney.page.get_by_role("button", name="Speak to 1 caller who waits").click()
    attorney.page.locator("[data-testid=briefing][data-heard='1']").wait_for()
    connected(caller.page, "speaker")
    wait_for_text(caller.page, "speaks to everybody who waits")
    # So soon after the press the way back from a mistake is there, too: each can be read.
    assert caller.page.evaluate(COVERED) == []
    loudest, pictures = caller.page.evaluate(LOUDEST, "[data-testid=voice-speaker]")
    assert (loudest > 0.05, pictures) == (True, 0)
    assert attorney.page.locator("audio, video").count() == 0
    attorney.page.screenshot(path=folder / "briefing.png")
    caller.page.screenshot(path=folder / "briefed.png")
    for page in (attorney.page, caller.page):
        assert violations(page) == []
    attorney.page.get_by_role("button", name="End the briefing").click()
    caller.page.get_by_test_id("speaker").wait_for(state="detached")
    attorney.answer()
    connected(caller.page, "stage")
    caller.end()
