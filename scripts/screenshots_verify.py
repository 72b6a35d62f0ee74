"""Pictures of the page that checks a package: chosen, holding, open, altered."""

import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import Page

from authorities import running_authority
from browsers import Phone, wait_for
from evidencefiles import bend_stored, run
from serving import RunningServer, running_server

Shoot = Callable[[Page, str], None]


def walk_verify(make: Callable[..., Phone], folder: Path, shoot: Shoot) -> None:
    """Record a film by the command line, stamped by a real authority; check it, and it altered."""
    data = folder / "stamped"
    os.environ["ACCOMPANY_ROUND_SECONDS"] = "4"
    with running_authority(folder / "tsa") as authority:
        place = data / "authorities" / "example"
        place.mkdir(parents=True)
        (place / "url").write_text(f"{authority.url}\n")
        (place / "roots.pem").write_bytes(authority.roots)
        with running_server(data) as server:
            sealed, opened = _packages(server, folder)
            page = make(folder / "clerk").start()
            page.goto(f"{server.url}/verify")
            page.get_by_text("Nothing is uploaded").wait_for()
            shoot(page, "stamps-choose")
            known = {"#policy": server.links["policy"], "#anchors": str(place / "roots.pem")}
            _check(page, sealed, known)
            shoot(page, "stamps-sealed")
            _check(page, opened, known)
            _wait_for_film(page)
            shoot(page, "stamps-opened")
            _check(page, bend_stored(opened, "data/segments/000003.age"), known)
            shoot(page, "stamps-altered")


def _packages(server: RunningServer, folder: Path) -> tuple[Path, Path]:
    film = _film(folder / "street.mp4")
    at = ("--server", server.url)
    given = ("--guest", server.links["guest_code"], "--folder", folder, "--json")
    # The first brings the log its first stamp, which the second then comes after.
    for _ in range(2):
        names = json.loads(_run("record", film, *at, *given).splitlines()[-1])
    sealed, opened = folder / "sealed.zip", folder / "opened.zip"

    def stamped() -> bool:
        _run("package", names["recording"], *at, "--locator", names["locator"], "-o", sealed)
        with zipfile.ZipFile(sealed) as archive:
            return sum(name.endswith(".tsr") for name in archive.namelist()) > 1

    wait_for(stamped, 60, "for a stamp over the end")
    _run("open", sealed, "--identity", names["identity"], "-o", opened)
    return sealed, opened


def _film(path: Path) -> Path:
    """Write twelve seconds of slowly moving colours with a hum: a film of nobody."""
    picture = "gradients=s=640x480:r=30:d=12:speed=0.02:c0=0x2b4a57:c1=0x8fb3b0:c2=0xd9c7a0:n=3"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", picture]
    command += ["-f", "lavfi", "-i", "sine=f=220:d=12", "-c:v", "libx264", "-g", "15"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-c:a", "aac", path], check=True)
    return path


def _run(*arguments: str | Path) -> str:
    done = run(*arguments)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout


def _check(page: Page, package: Path, known: dict[str, str]) -> None:
    again = page.get_by_role("button", name="Choose another package")
    if again.count():
        again.click()
    page.locator("details.known summary").click()
    for field, path in known.items():
        page.locator(field).set_input_files(path)
    page.locator("#package").set_input_files(package)
    page.get_by_role("button", name="Check it").click()
    page.get_by_test_id("report").wait_for(timeout=30_000)


def _wait_for_film(page: Page) -> None:
    ready = "() => document.querySelector('[data-testid=player]')?.readyState >= 2"
    wait_for(lambda: page.evaluate(ready), 10, "for the film")
