"""Pictures of every state of the pages, to be looked at: see scripts/screenshots."""

import argparse
import base64
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import Page
from screenshots_verify import walk_verify

from browsers import Phone, phones
from clips import write_wav
from looking import misfits, spoken, violations
from walking import Walk, walking_server
from words import Words

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / ".screenshots"
PICTURE = ROOT / "docs" / "pictures" / "first-light.png"
STREET = "c0=0x2b4a57:c1=0x8fb3b0:c2=0xd9c7a0:n=3"
LANGUAGES = ("en", "es", "ar")
SIDES = ("callers", "troubles", "desks", "night", "stamps")
LONG = {
    "copy-boxes", "copy-made", "desk-callbacks", "desk-case", "desk-case-cut",
    "desk-case-open-ended", "desk-channels", "desk-keys-owed", "desk-number", "desk-off-duty",
    "desk-on-duty",
    "desk-opened", "desk-papers", "readiness", "readiness-old", "rights", "third-on-duty",
    "this-phone",
}  # fmt: skip
PARTS = (
    "after-",
    "board-",
    "export",
    "mine",
    "people",
    "released",
    "shared",
    "start",
    "verify",
    "setup-",
    "own-",
)
"""States that may be longer than a screen: taken whole."""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
WITHOUT_FLASH = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".flash { display: none } .demo { position: static !important }");
  document.adoptedStyleSheets = [sheet];
}"""
"""A flash lasts two seconds and lies over the edge of everything."""
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
SCHEMES = ("light", "dark")


def write_scene(path: Path, colours: str) -> Path:
    """Write thirty seconds of slowly moving colours: a picture of nobody."""
    source = f"gradients=s=640x480:r=30:d=30:speed=0.02:{colours}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", source]
    subprocess.run([*command, "-q:v", "3", "-pix_fmt", "yuvj420p", path], check=True)
    return path


def is_long(state: str) -> bool:
    return state in LONG or state.startswith(PARTS)


class Camera:
    """Takes each state as it stands, or the whole of it: in languages, windows, light and dark."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._languages: Sequence[str] = given.language or LANGUAGES
        self._views = list(product(given.window or SIZES, given.scheme or SCHEMES))
        self._only = re.compile(given.only)
        self._judges: bool = given.judge
        self.wrong: list[str] = []

    def __call__(self, page: Page, state: str) -> None:
        if not self._only.search(state):
            return
        before = page.viewport_size
        page.evaluate(WITHOUT_FLASH)
        for language in self._languages:
            with spoken(page, language):
                for size, scheme in self._views:
                    name = f"{language}-{state}-{size}-{scheme}"
                    page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    page.evaluate(PAINTED)
                    page.screenshot(path=TARGET / f"{name}.png", full_page=is_long(state))
                    if self._judges:
                        found = [*violations(page), *misfits(page)]
                        self.wrong += [f"{name}: {one}" for one in found]
        page.emulate_media(color_scheme="light")
        if before is not None:
            page.set_viewport_size(before)


def walk(make: Callable[..., Phone], folder: Path, side: str, look: Camera) -> None:
    """Take every state of the callers' pages, of the desks', or of the desks' at night."""
    folder.mkdir(parents=True)
    audio = write_wav(folder / "beeps.wav", 30)
    street = write_scene(folder / "street.mjpeg", STREET)
    office = write_scene(folder / "office.mjpeg", "c0=0x5b4636:c1=0xc9a27e:c2=0xefe3d0:n=3")
    wide = {"viewport": SIZES["desktop"]}
    phone: Phone = make(folder / "caller", video=street, audio=audio)
    desk: Phone = make(folder / "desk", video=office, audio=audio, options=wide)
    with walking_server(folder / "server", side) as server:
        getattr(Walk(server, phone, desk, Words("en"), look), side)()
    phone.close()
    desk.close()


def compose(make: Callable[..., Phone], folder: Path) -> None:
    """Put three pictures side by side, for the README."""
    shown = (
        "en-start-again-phone-light",
        "en-call-phone-light",
        "en-desk-ringing-phone-dark",
    )
    images = "".join(f'<img src="{_inline(TARGET / f"{name}.png")}">' for name in shown)
    style = (
        "body{margin:0;padding:28px;display:flex;gap:28px;background:#e9e4d8;width:max-content}"
        "img{width:300px;height:649px;object-fit:cover;object-position:top;"
        "border-radius:26px;box-shadow:0 6px 24px #0003}"
    )
    browser: Phone = make(folder / "composer")
    page = browser.start()
    page.set_viewport_size({"width": 1020, "height": 705})
    page.set_content(f"<style>{style}</style>{images}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    page.locator("body").screenshot(path=PICTURE)


def _inline(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def main() -> None:
    parser = argparse.ArgumentParser("scripts/screenshots", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="renew docs/pictures as well")
    parser.add_argument("--language", action="append", help="only these instead of en, es and ar")
    parser.add_argument("--side", action="append", choices=SIDES, help="only these pages")
    parser.add_argument("--window", action="append", choices=SIZES, help="only in these windows")
    parser.add_argument("--scheme", action="append", choices=SCHEMES, help="only these colours")
    parser.add_argument("--only", default="", help="only states whose name this expression finds")
    parser.add_argument(
        "--judge", action="store_true", help="say what axe and the ruler find in each picture"
    )
    given = parser.parse_args()
    TARGET.mkdir(exist_ok=True)
    look = Camera(given)
    with tempfile.TemporaryDirectory() as name, phones() as make:
        for side in given.side or SIDES:
            if side == "stamps":
                walk_verify(make, Path(name), look)
            else:
                walk(make, Path(name) / side, side, look)
        if given.readme:
            compose(make, Path(name))
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET.relative_to(ROOT)}")
    if look.wrong:
        raise SystemExit("\n".join(look.wrong))


if __name__ == "__main__":
    main()
