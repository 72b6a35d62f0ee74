"""Checking a package in the browser: dropped, judged without a network, the film played."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browsers import Phone, wait_for
from clips import write_film
from evidencefiles import bend_stored, run
from people import picture_number, violations
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.patient]

PLAYER = "[data-testid=player]"
READY = "(it) => document.querySelector(it)?.readyState >= 2"


@dataclass(frozen=True)
class Packages:
    sealed: Path
    opened: Path
    bent: Path
    policy: Path
    segment: str
    """The path in the bag of what is bent."""


@pytest.fixture
def packages(own_server: RunningServer, tmp_path: Path) -> Packages:
    """A film recorded, packaged and opened by the command line, and the opened one bent."""
    film = write_film(tmp_path / "film.mp4", seconds=4)
    code = own_server.links["guest_code"]
    at = ("--server", own_server.url)
    done = run("record", film, *at, "--guest", code, "--folder", tmp_path, "--fast", "--json")
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout.splitlines()[-1])
    sealed, opened = tmp_path / "sealed.zip", tmp_path / "opened.zip"
    done = run("package", names["recording"], *at, "--locator", names["locator"], "-o", sealed)
    assert done.returncode == 0, done.stderr
    left_out = ("--withhold", "6-7=privileged: talk with counsel")
    done = run("open", sealed, "--identity", names["identity"], *left_out, "-o", opened)
    assert done.returncode == 0, done.stderr
    segment = "data/segments/000003.age"
    policy = tmp_path / "policy"
    policy.write_text(Path(own_server.links["policy"]).read_text())
    return Packages(sealed, opened, bend_stored(opened, segment), policy, segment)


@dataclass
class Reader:
    """Somebody with a package and the page, and all that the page asked for."""

    page: Page
    asked: list[str]

    def drop(self, package: Path, policy: Path) -> None:
        """Drop *package* on the page and hand in *policy*."""
        page = self.page
        page.locator("details.known summary").click()
        page.locator("#policy").set_input_files(policy)
        page.locator("#package").set_input_files(package)

    def check(self) -> str | None:
        self.page.get_by_role("button", name="Check it").click()
        report = self.page.get_by_test_id("report")
        report.wait_for(timeout=20_000)
        return report.get_attribute("data-exit")

    def again(self) -> None:
        self.page.get_by_role("button", name="Choose another package").click()


@pytest.fixture
def reader(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path
) -> Iterator[Reader]:
    phone = make_phone(tmp_path / "reader", options={"viewport": {"width": 1280, "height": 900}})
    page = phone.start()
    asked: list[str] = []
    page.goto(f"{own_server.url}/verify")
    page.get_by_text("Nothing is uploaded").wait_for()
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.url))
    assert phone.context is not None
    phone.context.set_offline(True)
    yield Reader(page, asked)
    phone.close()


def test_packages_are_judged_with_the_network_off_and_nothing_leaves_the_page(
    packages: Packages, reader: Reader
) -> None:
    page = reader.page
    assert violations(page) == []

    reader.drop(packages.sealed, packages.policy)
    assert violations(page) == []
    assert reader.check() == "0"
    assert violations(page) == []
    assert page.get_by_role("heading", name="Everything holds").is_visible()
    assert page.locator(PLAYER).count() == 0

    reader.again()
    reader.drop(packages.opened, packages.policy)
    # Opened without --sign: who opened it is open, and nothing else.
    assert reader.check() == "2"
    assert violations(page) == []
    found = page.locator("[data-part=unchecked] li p").all_inner_texts()
    assert len(found) == 1
    assert found[0].startswith("Who opened it")
    # What is withheld is drawn as that, and said in words beside the picture and in print.
    assert page.locator(".timeline .film rect.withheld").count() == 1
    for medium in ("screen", "print"):
        page.emulate_media(media=medium)
        told = page.get_by_test_id("withheld").inner_text()
        assert "withheld: privileged: talk with counsel" in told, medium
    page.emulate_media(media="screen")
    wait_for(lambda: page.evaluate(READY, PLAYER), 30, "for the film")
    page.evaluate("(it) => { document.querySelector(it).loop = true; }", PLAYER)
    page.evaluate("(it) => document.querySelector(it).play()", PLAYER)
    first = wait_for(lambda: picture_number(page, PLAYER), 30, "for a picture of the clip")
    wait_for(lambda: picture_number(page, PLAYER) not in (None, first), 30, "for it to move")

    reader.again()
    reader.drop(packages.bent, packages.policy)
    assert reader.check() == "1"
    assert violations(page) == []
    assert packages.segment in page.locator("[data-part=fails]").inner_text()
    assert page.locator(PLAYER).count() == 0

    # The film is a blob of the page's own; nothing else was asked for, of anybody.
    assert [url for url in reader.asked if not url.startswith("blob:")] == []


def test_the_page_and_the_command_find_the_same(packages: Packages, reader: Reader) -> None:
    for package in (packages.opened, packages.bent):
        done = run("verify", package, "--policy", packages.policy, "--json")
        said = json.loads(done.stdout)
        reader.drop(package, packages.policy)
        assert reader.check() == str(done.returncode)
        for verdict in ("fails", "unchecked", "holds"):
            shown = reader.page.locator(f"[data-part={verdict}] .findings > li > p")
            expected = dict.fromkeys(one["text"] for one in said[verdict])
            assert shown.all_inner_texts() == list(expected), (package, verdict)
        meaning = reader.page.locator("[data-part=meaning] p").inner_text()
        assert meaning == said["meaning"]
        reader.again()
