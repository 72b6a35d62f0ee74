"""When something was first seen in a page, by the machine's own clock."""

from playwright.sync_api import Page

from browsers import wait_for

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
