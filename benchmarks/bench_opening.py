"""Opening to "can be pressed", press to recording, on a poor line with a slow processor.

400 kbit/s, 400 ms round trip, CPU four times slower: by a relay, with the connection's own round
trip (see tests/slowline.py), and by Chromium's emulation. Each cold run has a browser that has
never been there; each warm one is a new tab of a browser that has. The press is made in the first
frame that has the button.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from browsers import Phone, phones, wait_for
from clips import write_mjpeg, write_wav
from floors import Floors
from serving import RunningServer, running_server
from slowline import slow_line_to
from webfiles import files_before_press, sent

BITS, ROUND_TRIP, SLOWER = 400_000, 0.4, 4

# The button counts once it does something: it is pressed at once, and the encounter must open.
CHOSEN = """() => {
  localStorage.setItem("accompany.state", "TX");
  localStorage.setItem("accompany.language", "en");
}"""
WATCH = """(wanted) => {
  const press = wanted !== "button";
  const seen = (window.seen = {});
  // Seen, as large as it is to be, and what a finger on it meets.
  const reached = (button) => {
    const { x, y, width, height } = button.getBoundingClientRect();
    const met = document.elementFromPoint(x + width / 2, y + height / 2);
    const shown = button.checkVisibility({ visibilityProperty: true });
    return shown && height >= 120 && button.contains(met);
  };
  let said = false;
  const look = () => {
    const button = document.querySelector("button.press");
    if (button && seen.button === undefined && reached(button)) {
      seen.button = performance.now();
      if (press) button.click();
    }
    const now = performance.now();
    const encounter = document.querySelector("[data-testid=encounter]");
    if (encounter) seen.encounter ??= now; // the press was heard
    if (encounter && encounter.dataset.stage !== "none") seen.rung ??= now;
    const phase = document.querySelector("[data-testid=recording]")?.dataset.phase;
    if (phase === "recording") seen.recording ??= now;
    if (!said && seen[wanted] !== undefined) {
      said = true;
      console.debug("seen", wanted);
    }
    requestAnimationFrame(look);
  };
  look();
}"""
KEPT = """async () => {
  if (!navigator.serviceWorker.controller) return false;
  const page = await caches.match("/");
  return page !== undefined && (await page.text()).includes("data-early");
}"""

Seen = dict[str, float]


def slow(page: Page, emulated: bool, slower: int) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    if emulated:
        bytes_a_second = BITS / 8
        conditions = {
            "offline": False,
            "latency": ROUND_TRIP * 1000,
            "downloadThroughput": bytes_a_second,
            "uploadThroughput": bytes_a_second,
        }
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", conditions)
    return session


def opened(
    page: Page, link: str, wanted: str, emulated: bool = False, slower: int = SLOWER
) -> Seen:
    """Open *link* and press at once; return the moments, in ms since the opening began."""
    page.add_init_script(f"({WATCH})('{wanted}')")
    slow(page, emulated, slower)
    # The page says so itself: to ask it again and again is work that a slow processor has to do.
    said = f"seen {wanted}"
    with page.expect_event("console", lambda message: message.text == said, timeout=60_000):
        page.goto(link, wait_until="commit")
    seen: Seen = page.evaluate("() => window.seen")
    return seen


def cold(make: Callable[[Path], Phone], folder: Path, link: str, emulated: bool) -> Seen:
    phone = make(folder)
    page = phone.start()
    page.add_init_script(f"({CHOSEN})()")
    seen = opened(page, link, "recording", emulated)
    phone.close()
    return seen


def kept(phone: Phone, link: str) -> None:
    """Open *link* on *phone* until its service worker keeps the page, with its first frame."""
    page = phone.start()
    page.add_init_script(f"({CHOSEN})()")
    page.goto(link)
    wait_for(lambda: page.evaluate(KEPT), 60, "for the service worker")
    page.wait_for_timeout(1000)


def warm(phone: Phone, link: str, fast: bool = False) -> Seen:
    assert phone.context is not None
    page = phone.context.new_page()
    seen = opened(page, link, "recording", slower=1 if fast else SLOWER)
    page.close()
    return seen


def measure(
    floors: Floors, make: Callable[[Path], Phone], folder: Path, server: RunningServer, runs: int
) -> None:
    code = server.links["caller"].partition("/#")[2]
    with slow_line_to(server.port, BITS, ROUND_TRIP) as line:
        far = f"http://127.0.0.1:{line.port}/#{code}"
        colds = [cold(make, folder / f"cold-{n}", far, False) for n in range(runs)]
        near = server.links["caller"]
        emulated = [cold(make, folder / f"emulated-{n}", near, True) for n in range(runs)]
        again = make(folder / "again")
        kept(again, far)
        warms = [warm(again, far) for _ in range(runs)]
        quick = [warm(again, far, fast=True) for _ in range(runs)]
        server.kill()
        offline = [warm(again, far) for _ in range(runs)]
    for what, values, floor in [
        ("cold, relay: opening to can be pressed", of(colds, "button"), None),
        ("cold, emulation: opening to can be pressed", of(emulated, "button"), 2000),
        ("cold, relay: press to the server's first word", of(colds, "rung", "button"), None),
        ("cold, relay: press to recording", of(colds, "recording", "button"), 6000),
        ("cold, emulation: press to recording", of(emulated, "recording", "button"), 6000),
        ("warm, relay: opening to can be pressed", of(warms, "button"), 300),
        ("warm, this machine's CPU: opening to can be pressed", of(quick, "button"), 300),
        ("warm, relay: press to the encounter's screen", of(warms, "encounter", "button"), None),
        ("warm, relay: press to recording", of(warms, "recording", "button"), None),
        ("no line: opening to can be pressed", of(offline, "button"), 300),
        ("no line: press to the encounter's screen", of(offline, "encounter", "button"), None),
        ("no line: press to recording", of(offline, "recording", "button"), None),
    ]:
        floors.row(what, values, "ms", 0, floor)


def of(all_seen: list[Seen], what: str, since: str | None = None) -> list[float]:
    return [seen.get(what, float("nan")) - (seen[since] if since else 0) for seen in all_seen]


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench opening", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    names = files_before_press()
    floors = Floors()
    floors.row("before the press, brotli", [sent(names)], "bytes", 0, 40_000)
    floors.row("before the press, gzip", [sent(names, ".gz")], "bytes", 0, 40_000)
    with tempfile.TemporaryDirectory() as name, phones() as make_any:
        folder = Path(name)
        video = write_mjpeg(folder / "clip.mjpeg", 10)
        audio = write_wav(folder / "clip.wav", 10)

        def make(profile: Path) -> Phone:
            return make_any(profile, video=video, audio=audio)

        with running_server(folder / "data", "--hotline", "+1 555 0100") as server:
            measure(floors, make, folder, server, runs)
    raise SystemExit(0 if floors.good else 1)


if __name__ == "__main__":
    main()
