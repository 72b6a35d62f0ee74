"""Press to ringing on the attorney's page, answer to first picture: medians of ten."""

import argparse
import time

from playwright.sync_api import Page

from browsers import wait_for
from people import picture_number
from stage import row, stage

NOW = "() => performance.timeOrigin + performance.now()"

# Both clocks are this machine's: moments taken inside the pages can be subtracted.
WATCH_FOR_RING = """() => {
  window.rung = null;
  const look = () => {
    const button = [...document.querySelectorAll("button")].find(
      (one) => one.textContent.trim().startsWith("Answer"));
    if (button && window.rung === null) window.rung = performance.timeOrigin + performance.now();
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}"""
# The element may be made anew as the screen changes: whichever is there is looked at.
WATCH_FOR_PICTURE = """() => {
  window.seen = null;
  const look = () => {
    const video = document.querySelector("[data-testid=remote]");
    if (video && video.readyState >= 2 && video.videoWidth > 0) {
      window.seen = performance.timeOrigin + performance.now();
    } else setTimeout(look, 5);
  };
  look();
}"""


def moment(page: Page, name: str, seconds: float) -> float:
    return float(wait_for(lambda: page.evaluate(f"() => window.{name}"), seconds, f"for {name}"))


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench call", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    ringing: list[float] = []
    caller_sees: list[float] = []
    attorney_sees: list[float] = []
    with stage() as one:
        caller, attorney = one.caller, one.attorney
        for _ in range(runs):
            attorney.page.evaluate(WATCH_FOR_RING)
            pressed = caller.page.evaluate(
                """() => {
                  const at = performance.timeOrigin + performance.now();
                  [...document.querySelectorAll("button")].find(
                    (one) => one.textContent.includes("Get a lawyer now")).click();
                  return at;
                }"""
            )
            ringing.append(moment(attorney.page, "rung", 10) - pressed)
            caller.page.evaluate(WATCH_FOR_PICTURE)
            answered = attorney.page.evaluate(
                """() => {
                  const at = performance.timeOrigin + performance.now();
                  [...document.querySelectorAll("button")].find(
                    (one) => one.textContent.trim().startsWith("Answer")).click();
                  return at;
                }"""
            )
            attorney.page.evaluate(WATCH_FOR_PICTURE)
            caller_sees.append(moment(caller.page, "seen", 15) - answered)
            attorney_sees.append(moment(attorney.page, "seen", 15) - answered)
            wait_for(lambda: picture_number(caller.page, "[data-testid=remote]") is not None, 10)
            caller.end()
            caller.wait_until_safe()
            caller.page.get_by_role("button", name="Back to the start").click()
            time.sleep(0.5)
    print(row("press -> ringing", ringing, "ms", 0))
    print(row("answer -> caller's picture", caller_sees, "ms", 0))
    print(row("answer -> attorney's picture", attorney_sees, "ms", 0))


if __name__ == "__main__":
    main()
