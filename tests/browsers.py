"""Real browsers for journeys: Chromium with a film of our own as camera, killable like a phone.

Each `Phone` is a browser process with a profile of its own, so that a kill -9 takes exactly one
person's browser and its storage survives for the next start.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, WebSocket, sync_playwright

# The last of two such switches wins: what Playwright would turn off, and then the address bar's
# pop-ups, which are pages of their own that no phone has: more than half of what a start costs.
WITHOUT = [
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints",
    "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup",
]  # fmt: skip
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    f"--disable-features={','.join(WITHOUT)}",
]


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("ACCOMPANY_CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
    assert found, "no Chromium here: scripts/browser says what to install"
    return found


@dataclass
class Phone:
    """A browser on a profile; `start` may be called again after `kill`."""

    playwright: Playwright
    profile: Path
    video: Path | None = None
    audio: Path | None = None
    camera: bool = True
    """Whether camera and microphone are given to whoever asks."""
    browser: Path | None = None
    """What is started instead of the browser itself: it may put it elsewhere."""
    flags: tuple[str, ...] = ()
    """More of the command line."""
    options: dict[str, object] = field(default_factory=dict)
    context: BrowserContext | None = None
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Every address that its pages and workers asked for."""

    def start(self) -> Page:
        flags = [*FLAGS, *self.flags]
        flags.append(
            "--use-fake-ui-for-media-stream" if self.camera else "--deny-permission-prompts"
        )
        if self.video:
            flags.append(f"--use-file-for-fake-video-capture={self.video}")
        if self.audio:
            flags.append(f"--use-file-for-fake-audio-capture={self.audio}")
        # Motion is for eyes: without a graphics chip, drawing it is the most that a browser does.
        # And axe measures contrast: a button on its way to its colour has none.
        size = {"width": 390, "height": 844}
        usual = {"viewport": size, "locale": "en-US", "reduced_motion": "reduce"}
        options = {**usual, **self.options}
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=self.browser or chromium(),
            headless=False,
            args=flags,
            ignore_default_args=["--disable-extensions"],
            **options,  # type: ignore[arg-type]
        )
        self.context.on("request", lambda request: self.requests.append(request.url))
        page = self.context.pages[0]
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))
        return page

    def kill(self) -> float:
        """End the whole browser with SIGKILL; return when, in seconds since 1970."""
        needle = f"--user-data-dir={self.profile}".encode()
        found = [pid for pid in _processes() if needle in _arguments(pid)]
        assert found, "no browser process of this profile"
        moment = time.time()
        for pid in found:
            with _gone_already():
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(needle in _arguments(pid) for pid in found), 10)
        self.context = None
        (self.profile / "SingletonLock").unlink(missing_ok=True)
        return moment

    def close(self) -> None:
        if self.context is not None:
            self.context.close()
            self.context = None


@contextmanager
def phones() -> Iterator[Callable[..., Phone]]:
    """Yield a maker of phones; all of them are closed at the end."""
    made: list[Phone] = []
    with sync_playwright() as playwright:

        def make(profile: Path, **options: object) -> Phone:
            phone = Phone(playwright, profile, **options)  # type: ignore[arg-type]
            made.append(phone)
            return phone

        try:
            yield make
        finally:
            for phone in made:
                phone.close()


def heard_from_now_on(page: Page) -> Callable[[], list[str]]:
    """Return what sockets that this page opens from now on were told, whenever it is asked."""
    heard: list[str] = []

    def hear(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: heard.append(str(data)))

    page.on("websocket", hear)

    def so_far() -> list[str]:
        # Only a word to the page lets what it did meanwhile be told here.
        page.evaluate("() => true")
        return heard

    return so_far


def wait_for(condition: Callable[[], object], seconds: float, what: str = "") -> object:
    """Return the first true value of *condition*; fail after *seconds*."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s in vain {what}"
        time.sleep(0.05)


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _arguments(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


@contextmanager
def _gone_already() -> Iterator[None]:
    with suppress(ProcessLookupError):
        yield
