"""What is a caller's own, in a walk: the key, the recordings, a link for somebody, and /verify.

Not here: the press (walking.py).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from browsers import wait_for
from evidencefiles import bend_stored, run
from looking import spoken
from words import Words

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from walking import Walk

SEGMENT = ".age"
"""Whichever comes first: a film may be short."""


class Own:
    def __init__(self, walk: "Walk") -> None:
        self.walk = walk
        self.link = self.release = ""
        self.package = Path()

    def key(self) -> None:
        """In set-up: locked by the phone, with a sheet on paper."""
        walk, page = self.walk, self.walk.page
        walk.use("own.make")
        page.locator("[data-testid=own][data-stage=lock]").wait_for()
        walk.look(page, "own-lock")
        walk.use("own.lock.make")
        page.locator(".words li").nth(11).wait_for()
        walk.look(page, "own-sheet")
        walk.use("sheet.done")
        walk.says("own.have")
        walk.look(page, "own-key")

    def named(self) -> None:
        """Somebody who gets the recording if the caller is missed a quarter of an hour later."""
        walk, page = self.walk, self.walk.page
        page.locator("#check-in-time").select_option("15")
        walk.use("release.make")
        self.release = page.get_by_test_id("release-link").input_value()
        walk.look(page, "people-release")
        walk.use("release.done")

    def mine(self) -> None:
        """My recordings: shut, open, played, given away by a link, to be deleted."""
        walk, page = self.walk, self.walk.page
        walk.use("beside.back")
        walk.use("beside.mine")
        walk.button("own.unlock").wait_for()
        walk.look(page, "mine-shut")
        walk.use("signin.words")
        page.locator("#own-words").fill("twelve words")
        walk.use("own.words.open")
        walk.says("signin.words.bent")
        walk.look(page, "mine-words-wrong")
        walk.moments.cut(True)
        walk.use("own.unlock")
        walk.button("own.again").wait_for()
        walk.look(page, "mine-without-line")
        # It said that it tries again: nobody taps.
        walk.moments.cut(False)
        page.get_by_test_id("my-encounter").first.wait_for()
        walk.look(page, "mine")
        film = page.locator("[data-testid=my-recording][data-kind=film]").first
        self._press(film, "own.play")
        self._playing(page)
        walk.look(page, "mine-playing")
        self._read(page)
        self._press(film, "own.share")
        film.get_by_test_id("sharing").wait_for()
        self._press(film, "own.share.send")
        walk.says("own.share.bent")
        walk.look(page, "mine-sharing")
        self._press(film, "own.link.make")
        given = film.get_by_test_id("link")
        given.wait_for()
        self.link = given.input_value()
        walk.look(page, "mine-link")
        with page.expect_download() as download:
            self._press(film, "own.save")
        self.package = walk.server.data.parent / "film.zip"
        download.value.save_as(self.package)
        self._press(film, "own.share")
        film.get_by_test_id("privilege").locator("summary").click()
        self._press(film, "own.privilege.waive")
        self._press(film, "own.delete")
        walk.look(page, "mine-delete")
        self._press(film, "own.delete.sure")
        page.get_by_test_id("deleting").first.wait_for()
        page.get_by_text(walk.words("own.phone"), exact=True).click()
        walk.look(page, "mine-deleting")
        self._press(page.get_by_test_id("deleting").first, "own.delete.undo")

    def shared(self) -> None:
        """Somebody opens the link, whole or not, in a tab of their own."""
        walk = self.walk
        assert walk.phone.context is not None
        self.page = page = walk.speaking(walk.phone.context.new_page())
        page.goto(f"{self.link[:-3]}")
        page.get_by_test_id("shared").locator(".notice").wait_for()
        walk.see(page, "shared-bent")
        page.goto("about:blank")
        other = "A" if self.release[-9] == "B" else "B"
        page.goto(f"{self.release[:-9]}{other}{self.release[-8:]}")
        page.get_by_test_id("shared").locator(".notice").wait_for()
        walk.see(page, "released-nothing")
        page.goto("about:blank")
        if walk.bad:
            page.goto(self.release)
            page.get_by_test_id("released").first.wait_for()
            walk.see(page, "released")
            page.goto("about:blank")
        page.goto(self.link)
        walk.button("own.play", page).wait_for()
        walk.see(page, "shared")
        walk.moments.cut(True)
        walk.use("own.play", page)
        failed = page.locator("[data-testid=opening][data-is=failed]")
        failed.wait_for(timeout=30_000)
        walk.use("own.save", page)
        page.locator(".unsaved .notice").wait_for()
        walk.see(page, "shared-without-line")
        # What went wrong is said in whatever language the page has by then.
        with spoken(page, "ar"):
            for key in ("service.unreachable", "service.away"):
                page.locator(".notice", has_text=Words("ar")(key)).wait_for()
        walk.moments.cut(False)
        self._playing(page)
        walk.see(page, "shared-playing")

    def _read(self, page: "Page") -> None:
        """What was written in the call."""
        chat = page.locator("[data-testid=my-recording][data-kind=notes]").first
        self._press(chat, "chat.read")
        chat.get_by_test_id("chat-read").wait_for(timeout=30_000)
        chat.locator("[data-testid=checking][data-is=checked]").wait_for(timeout=30_000)
        self.walk.look(page, "mine-chat")
        self._press(chat, "opened.close")

    def _not_read(self, page: "Page") -> None:
        """What is no package, beside a policy that is none."""
        walk = self.walk
        bent = self.package.with_name("no.zip")
        bent.write_text("no package")
        page.locator("#package").set_input_files(bent)
        page.locator("#policy").set_input_files(bent)
        walk.use("verify.start", page)
        page.locator(".notice.loud").wait_for(timeout=30_000)
        walk.see(page, "verify-unread")
        page.locator("#policy").set_input_files([])
        walk.use("verify.start", page)
        page.get_by_test_id("report").wait_for(timeout=30_000)
        walk.see(page, "verify-none")
        walk.use("verify.other", page)
        page.locator("details.known summary").click()

    def verified(self) -> None:
        """The page that checks a package: sealed, opened, altered."""
        walk, page = self.walk, self.page
        page.goto(f"{walk.home}/verify")
        page.locator("details.known summary").click()
        walk.see(page, "verify")
        self._not_read(page)
        opened = self.package.with_name("opened.zip")
        key = walk.server.data / "keys" / "custodian.key"
        done = run("open", self.package, "--identity", key, "-o", opened)
        assert done.returncode == 0, done.stderr
        for state, package in (
            ("sealed", self.package),
            ("opened", opened),
            ("altered", bend_stored(opened, SEGMENT)),
        ):
            if state != "sealed":
                walk.use("verify.other", page)
                page.locator("details.known summary").click()
            page.locator("#policy").set_input_files(walk.server.links["policy"])
            page.locator("#package").set_input_files(package)
            walk.use("verify.start", page)
            page.get_by_test_id("report").wait_for(timeout=30_000)
            if state == "opened":
                self._shows(page)
            walk.see(page, f"verify-{state}")
        page.close()
        walk.page.bring_to_front()

    def _press(self, within: "Locator", key: str) -> None:
        button = within.get_by_role("button", name=self.walk.words(key), exact=True)
        self.walk.use(button.first)

    def _playing(self, page: "Page") -> None:
        page.get_by_test_id("opened").first.wait_for(timeout=30_000)
        self._plays(page)

    def _plays(self, page: "Page") -> None:
        page.locator("[data-testid=checking][data-is=checked]").first.wait_for(timeout=30_000)
        self._shows(page)

    def _shows(self, page: "Page") -> None:
        ready = "() => document.querySelector('[data-testid=player]')?.readyState >= 2"
        wait_for(lambda: page.evaluate(ready), 30, "for the film")
