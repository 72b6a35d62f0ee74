"""Every state of every page: axe, a ruler, colours, motion, and keys alone; in two directions.

Four walks: what callers see, what desks see, desks at night, when much goes on at once, and callers
whom lawyer, server or browser fail. At
each state axe looks, in light or in dark by turns, and a ruler in English and in Arabic where a
page is narrowest; at some of each page, so do every window, every scheme of colours, a keyboard,
and axe in Arabic, as at all that fails a caller. ACCOMPANY_EVERY_STATE=whole looks at each state
so, and walks through the moments that take their time.
"""

import os
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browsers import Phone
from looking import (
    NOTES_SHIFTS,
    by_keys,
    shifted,
    spoken,
    still_moving,
    too_faint,
    too_tight,
    too_tight_in,
)
from serving import RunningServer
from walking import Walk, walking_server
from words import Words

pytestmark = [pytest.mark.journey, pytest.mark.patient]
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
ALL = os.environ.get("ACCOMPANY_EVERY_STATE") == "whole"
STATES = {"callers": 89 if ALL else 79, "desks": 71, "night": 34, "troubles": 14}
CONTRAST = ["color-contrast"]
WHOLE = {
    "start-missing", "officer-card", "setup-contact-wrong", "readiness", "people-release", "call",
    "after-safe", "mine-sharing", "shared", "verify-altered", "desk-missing", "desk-notes",
    "desk-case", "copy-boxes", "sign-in-wrong", "third-on-duty", "board-now",
    "board-roster-preview", "board-leaving", "board-codes", "board-account", "board-organization",
}  # fmt: skip
"""Of each page the state where most of it is shown."""


@pytest.fixture
def side() -> str:
    """Whose pages are walked through; a page that only loads is any of them."""
    return "callers"


@pytest.fixture
def server(tmp_path: Path, side: str) -> Iterator[RunningServer]:
    with walking_server(tmp_path / "states", side) as running:
        yield running


class Looks:
    """What was wrong, state by state: one failure does not hide the next."""

    def __init__(self, side: str) -> None:
        self._shortly = in_two_tongues if side == "troubles" else in_short
        self._day = cycle(("light", "dark"))
        self.seen: list[str] = []
        self.wrong: list[str] = []

    def __call__(self, page: Page, state: str) -> None:
        self.seen.append(state)
        looks = in_whole if ALL or state in WHOLE else self._shortly
        self.wrong += [f"{state}: {one}" for one in looks(page, next(self._day))]


def in_whole(page: Page, day: str) -> list[str]:
    night = "light" if day == "dark" else "dark"
    contrasts = {"more contrast": CONTRAST, "more contrast, dark": CONTRAST}
    colours = {day: None, night: CONTRAST, **contrasts, "forced colours": None}
    found = [*too_faint(page, colours), *too_tight(page), *still_moving(page), *by_keys(page)]
    with spoken(page, "ar"):
        assert page.locator("html").get_attribute("dir") == "rtl"
        there = [*too_faint(page, {night: None}), *too_tight(page, ("320 px",))]
        found += [f"in ar: {one}" for one in there]
    return found


def in_short(page: Page, day: str) -> list[str]:
    return [*too_faint(page, {day: None}), *still_moving(page), *too_tight_in(page, "ar")]


def in_two_tongues(page: Page, day: str) -> list[str]:
    """In short, and axe from right to left as well: these states are few, and full of notices."""
    found = in_short(page, day)
    with spoken(page, "ar"):
        found += [f"in ar: {one}" for one in too_faint(page, {day: None})]
    return found


@pytest.mark.parametrize("side", list(STATES))
def test_every_state_can_be_read_reached_and_used(
    server: RunningServer,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip,
    side: str,
) -> None:
    phone = make_phone(tmp_path / "phone", video=clip.video, audio=clip.audio)
    desk = make_phone(tmp_path / "desk", video=clip.video, audio=clip.audio, options=DESKTOP)
    looks = Looks(side)
    walk = Walk(server, phone, desk, Words("en"), looks, by_keyboard=True, bad=ALL)
    getattr(walk, side)()
    assert not looks.wrong, "\n".join(looks.wrong)
    assert len(set(looks.seen)) == len(looks.seen) == STATES[side]
    phone.close()
    desk.close()


POOR = {"offline": False, "latency": 400, "downloadThroughput": 2e5, "uploadThroughput": 1e5}


def first_opened(phone: Phone) -> Page:
    """Open a browser that has nothing yet, on a line whose answers come late."""
    page = phone.start()
    page.add_init_script(f"{{{NOTES_SHIFTS}}}")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", POOR)
    return page


def test_nothing_moves_while_a_page_loads(
    server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    """Each page for the first time, on a phone and beside it on a desktop: no finger misses."""
    moves = {"reduced_motion": "no-preference"}
    sizes: dict[str, dict[str, object]] = {"phone": moves, "desktop": DESKTOP}
    phones = {
        size: make_phone(tmp_path / size, options={**wide, "service_workers": "block"})
        for size, wide in sizes.items()
    }
    pages = {size: first_opened(phone) for size, phone in phones.items()}
    moved = {}
    for name, link in (*server.links.items(), ("verify", f"{server.url}/verify")):
        if not link.startswith("http"):
            continue
        for page in pages.values():
            page.goto(link, wait_until="commit")
        for size, page in pages.items():
            page.wait_for_load_state("networkidle")
            page.locator("h1").first.wait_for(state="attached")
            moved[f"{name}, {size}"] = shifted(page, 0.01)
    seen = {f"{name}, {size}" for name in ("caller", "desk", "duty", "verify") for size in sizes}
    assert seen <= set(moved)
    assert {name: found for name, found in moved.items() if found} == {}
    for phone in phones.values():
        phone.close()
