"""Pictures of what is beside the press: set-up, readiness and rights cards, in three languages."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Locator, Page

from browsers import Phone, wait_for
from clips import write_wav
from serving import running_server

LANGUAGES = ("en", "es", "ar")
STEPS = ("language", "state", "organization", "devices", "contacts", "recovery", "drill")


def walk_setup(
    make: Callable[..., Phone], folder: Path, shoot: Callable[[Page, str], None], video: Path
) -> None:
    """Take every step, and the drill when it is over; words are asked by role, not by language."""
    audio = write_wav(folder / "setup.wav", 30)
    with running_server(folder / "setup", "--hotline", "+1 555 0100") as server:
        for language in LANGUAGES:
            phone: Phone = make(folder / f"setup-{language}", video=video, audio=audio)
            page = phone.start()
            page.goto(server.links["caller"])
            page.evaluate("(tag) => localStorage.setItem('accompany.page-language', tag)", language)
            page.reload()
            page.locator(".doors .button").first.wait_for()
            shoot(page, f"setup-{language}-0-start")
            page.locator(".doors .button").first.click()
            _walk_steps(page, language, shoot)
            page.get_by_test_id("marks").locator("li").first.wait_for()
            shoot(page, f"setup-{language}-8-ready")
            page.locator(".prepare .out .button").click()
            page.locator(".doors .button").nth(1).click()
            page.locator(".rights article").first.wait_for()
            shoot(page, f"setup-{language}-9-rights")
            phone.close()


def _arrived(drill: Locator, more_than: int) -> bool:
    return int(drill.get_attribute("data-arrived") or 0) > more_than


def _walk_steps(page: Page, language: str, shoot: Callable[[Page, str], None]) -> None:
    for number, step in enumerate(STEPS, 1):
        if step == "contacts" and page.locator("[data-step=contacts]").count() == 0:
            continue
        page.locator(f"[data-step={step}]").wait_for()
        if step == "state":
            page.locator("#setup-state").select_option("CA")
        if step == "devices":
            page.locator(".step p .button").click()
            page.locator(".step .notice").wait_for()
        shoot(page, f"setup-{language}-{number}-{step}")
        if step == "drill":
            page.locator(".step p .button").click()
            drill = page.get_by_test_id("drill")
            wait_for(partial(_arrived, drill, 5), 30)
            shoot(page, f"setup-{language}-7-drilling")
            page.locator(".drill .notice").wait_for(timeout=60_000)
            shoot(page, f"setup-{language}-7-drilled")
        page.locator(".step .ways .button").first.click()
