"""Pictures of every state of the pages, to be looked at: see scripts/screenshots."""

import argparse
import base64
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import Page
from screenshots_setup import walk_setup
from screenshots_verify import walk_verify

from browsers import Phone, phones, wait_for
from clips import write_wav
from people import Attorney, Caller, say_in_chat, wait_for_text
from serving import running_server

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / ".screenshots"
PICTURE = ROOT / "docs" / "pictures" / "first-light.png"
STREET = "c0=0x2b4a57:c1=0x8fb3b0:c2=0xd9c7a0:n=3"
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}


def write_scene(path: Path, colours: str) -> Path:
    """Write thirty seconds of slowly moving colours: a picture of nobody."""
    source = f"gradients=s=640x480:r=30:d=30:speed=0.02:{colours}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", source]
    subprocess.run([*command, "-q:v", "3", "-pix_fmt", "yuvj420p", path], check=True)
    return path


def shoot(page: Page, name: str, whole: bool = False) -> None:
    """Take the page as it stands, or the *whole* of it, at both widths, in light and in dark."""
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.wait_for_timeout(250)
            path = TARGET / f"{name}-{size}-{scheme}.png"
            page.screenshot(path=path, full_page=whole)
    page.emulate_media(color_scheme="light")


def walk(make: Callable[..., Phone], folder: Path) -> None:
    audio = write_wav(folder / "beeps.wav", 30)
    street = write_scene(folder / "street.mjpeg", STREET)
    office = write_scene(folder / "office.mjpeg", "c0=0x5b4636:c1=0xc9a27e:c2=0xefe3d0:n=3")
    with running_server(folder / "data", "--hotline", "+1 555 0100") as server:
        desk: Phone = make(folder / "attorney", video=office, audio=audio)
        attorney = Attorney(desk, desk.start(), "Ada Advocate")
        attorney.page.goto(server.links["duty"])
        attorney.page.get_by_label("Your name, as callers see it").wait_for()
        shoot(attorney.page, "attorney-1-invited")
        attorney.enrol(server.links["duty"])
        shoot(attorney.page, "attorney-2-off-duty")
        attorney.go_on_duty()
        shoot(attorney.page, "attorney-3-on-duty")
        phone: Phone = make(folder / "caller", video=street, audio=audio)
        caller = Caller(phone, phone.start())
        caller.page.goto(server.links["caller"])
        caller.page.get_by_role("button", name="Get a lawyer now").wait_for()
        shoot(caller.page, "caller-1-first")
        caller.prepare(server.links["caller"])
        shoot(caller.page, "caller-2-ready")
        caller.press()
        wait_for_text(caller.page, "Ringing")
        shoot(caller.page, "caller-3-ringing")
        shoot(attorney.page, "attorney-4-ringing")
        attorney.answer()
        wait_for_text(caller.page, f"{attorney.name} is with you")
        say_in_chat(caller.page, "Do I have to open the door?")
        wait_for_text(attorney.page, "Do I have to open the door?")
        say_in_chat(attorney.page, "No. Ask them to hold the warrant to the window.")
        wait_for_text(caller.page, "Ask them to hold")
        caller.wait_until_recorded(8)
        shoot(caller.page, "caller-4-call")
        shoot(attorney.page, "attorney-5-call")
        caller.end()
        caller.wait_until_safe()
        shoot(caller.page, "caller-5-after")
        attorney.page.get_by_role("button", name="Open the recording").first.click()
        attorney.page.get_by_test_id("opened").wait_for()
        wait_for(
            lambda: attorney.page.evaluate(
                "() => document.querySelector('[data-testid=player]')?.readyState >= 2"
            ),
            10,
        )
        shoot(attorney.page, "attorney-6-case")


def compose(make: Callable[..., Phone], folder: Path) -> None:
    """Put three pictures side by side, for the README."""
    shown = (
        "caller-2-ready-phone-light",
        "caller-4-call-phone-light",
        "attorney-4-ringing-phone-dark",
    )
    images = "".join(f'<img src="{_inline(TARGET / f"{name}.png")}">' for name in shown)
    style = (
        "body{margin:0;padding:28px;display:flex;gap:28px;background:#e9e4d8;width:max-content}"
        "img{width:300px;border-radius:26px;box-shadow:0 6px 24px #0003}"
    )
    browser: Phone = make(folder / "composer")
    page = browser.start()
    page.set_viewport_size({"width": 1020, "height": 720})
    page.set_content(f"<style>{style}</style>{images}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    page.locator("body").screenshot(path=PICTURE)


def _inline(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def main() -> None:
    parser = argparse.ArgumentParser("scripts/screenshots", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="renew docs/pictures as well")
    given = parser.parse_args()
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, phones() as make:
        walk(make, Path(name))
        walk_verify(make, Path(name), partial(shoot, whole=True))
        street = write_scene(Path(name) / "setup.mjpeg", STREET)
        walk_setup(make, Path(name), partial(shoot, whole=True), street)
        if given.readme:
            compose(make, Path(name))
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
