"""For who cannot hear: vibration and flashes; for who cannot read: prompts, recorded or spoken.

The page's own code runs; the browser's vibration, voice and player are listened to.
"""

import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from browsers import Phone, wait_for
from people import Attorney, Caller, say_in_chat
from serving import RunningServer, running_server

pytestmark = [pytest.mark.journey, pytest.mark.patient]

LISTENS = """
  window.felt = [];
  window.told = [];
  window.played = [];
  navigator.vibrate = (pattern) => felt.push([].concat(pattern).join(" ")) > 0;
  // A browser without a screen has no voice of its own: one that says what it was given.
  const voice = { lang: "en-US", localService: true, name: "a voice of this phone" };
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  speechSynthesis.getVoices = () => [voice];
  speechSynthesis.speak = ({ text, voice: by }) => told.push(`${by.name}: ${text}`);
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this instanceof HTMLAudioElement) {
      const { src } = this;
      this.addEventListener("loadedmetadata", () => played.push({ src, seconds: this.duration }));
    }
    return play.call(this);
  };
"""
FLASH = """() => {
  const at = document.querySelector("[data-testid=flash]");
  return at && {
    signal: at.dataset.signal,
    turns: at.getAnimations().map(({ effect }) => ({ ...effect.getComputedTiming() })),
    width: parseFloat(getComputedStyle(at).borderTopWidth),
  };
}"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server whose organization recorded one prompt in English, half a second of it."""
    folder = tmp_path / "data" / "voices" / "en"
    folder.mkdir(parents=True)
    with wave.open(str(folder / "here.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(bytes(8000))
    with running_server(tmp_path / "data") as running:
        yield running


@pytest.fixture
def ada(server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip) -> Attorney:
    phone = make_phone(tmp_path / "attorney", video=clip.video, audio=clip.audio)
    attorney = Attorney(phone, phone.start())
    attorney.enrol(server.links["duty"])
    attorney.go_on_duty()
    return attorney


@pytest.fixture
def carla(server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip) -> Caller:
    moves = {"reduced_motion": "no-preference"}
    phone = make_phone(tmp_path / "caller", video=clip.video, audio=clip.audio, options=moves)
    caller = Caller(phone, phone.start())
    caller.page.add_init_script(f"{{{LISTENS}}}")
    caller.prepare(server.links["caller"])
    kept = "async () => (await (await caches.open('accompany-voices')).keys()).length"
    wait_for(lambda: caller.page.evaluate(kept), 20, "for the recorded prompts")
    return caller


def flash(page: Page, signal: str) -> dict[str, Any]:
    """Wait for the flash of *signal*; return what it is made of."""

    def seen() -> dict[str, Any] | None:
        found: dict[str, Any] | None = page.evaluate(FLASH)
        return found if found and found["signal"] == signal else None

    found = wait_for(seen, 20, f"for the flash of {signal}")
    assert isinstance(found, dict)
    return found


def test_what_happens_is_felt_seen_and_spoken(
    server: RunningServer, ada: Attorney, carla: Caller
) -> None:
    page = carla.page
    carla.press()
    ada.answer()
    answered = flash(page, "answer")
    (turns,) = answered["turns"]
    # WCAG 2.3.1: no more than three flashes in any second.
    assert turns["duration"] >= 1000 / 3
    assert turns["endTime"] < 3000
    wait_for(lambda: page.evaluate("() => felt").count("300 120 300 120 600"), 30, "for the answer")
    assert "80" in page.evaluate("() => felt")

    # The prompt that the organization recorded is played; the others the phone's own voice says.
    (sound,) = wait_for(lambda: page.evaluate("() => played"), 30, "for the recorded prompt")
    assert sound["src"].startswith("blob:")
    assert sound["seconds"] == pytest.approx(0.5, abs=0.05)
    told = page.evaluate("() => told")
    assert "a voice of this phone: Recording has started." in told
    assert [one for one in told if "with you" in one] == []

    say_in_chat(ada.page, "I am here.")
    wait_for(lambda: "150 100 150" in page.evaluate("() => felt"), 30, "for the message to be felt")

    # Less motion: the edge is there, and stands still.
    page.emulate_media(reduced_motion="reduce")
    wait_for(lambda: page.evaluate(FLASH) is None, 30, "for the flash to end")
    say_in_chat(ada.page, "Stay calm.")
    still = flash(page, "message")
    assert still["turns"] == []
    assert still["width"] >= 8

    # Silent: felt only.
    page.get_by_role("button", name="Silent", exact=True).click()
    before = page.evaluate("() => [felt.length, told.length, played.length]")
    ada.end()
    wait_for(lambda: page.evaluate("() => felt.length") > before[0], 30, "for the end to be felt")
    assert page.evaluate("() => felt.at(-1)") == "600"
    assert page.evaluate(FLASH) is None
    assert page.evaluate("() => [told.length, played.length]") == before[1:]
    carla.end()
    carla.wait_until_safe()
