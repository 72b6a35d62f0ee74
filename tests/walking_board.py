"""What coordinators see, in a walk: every part of the desk, with somebody waiting, an organization
of their own from its sheet to a card, somebody who leaves.

Not here: how the coordinator came in (walking_in.py).
"""

import re
from typing import TYPE_CHECKING

from deskpeople import Caller
from walking_office import COLLEAGUE

if TYPE_CHECKING:
    from walking import Walk

ROSTER = """kind,person,name,role,zone,languages,licenses,volunteer,days,start,end
person,ada,Ada Advocate,attorney,America/Chicago,en,TX 2026-01-01,yes,,,
person,ben,Ben Bar,attorney,America/Los_Angeles,es,CA 2026-01-01,no,,,
shift,ada,,,,,,,mon tue wed thu fri sat sun,00:00,24:00
"""
BENT = "kind,person\nshift,nobody\n"
OTHER_WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
APPLICANT = "Nora Newcomer"
TITLES = {
    "account": "account.title", "team": "team.title",
    "cards": "cards.queue", "organization": "org.title",
    "custodian": "lost.title", "codes": "codes.title",
}  # fmt: skip


class Board:
    def __init__(self, walk: "Walk") -> None:
        self.walk = walk
        self.page = walk.joining.page

    def part(self, name: str) -> None:
        words = self.walk.words(TITLES.get(name, f"dd.{name}"))
        nav = self.page.locator(".parts")
        self.walk.use(nav.get_by_role("button", name=re.compile(f"^{re.escape(words)}$")))
        self.page.locator("main section h2").first.wait_for()

    def waiting(self) -> None:
        """Two are on duty; somebody presses whom nobody may answer."""
        walk, page = self.walk, self.page
        self.lost = Caller(walk.server, "NY", "es")
        page.get_by_test_id("ringing").wait_for(timeout=20_000)
        page.locator("[data-testid=callbacks] li").wait_for(timeout=20_000)
        walk.see(page, "board-alarm")
        walk.use("dd.alarm.silence", page)

    def parts(self) -> None:
        walk, page = self.walk, self.page
        page.bring_to_front()
        page.locator("[data-testid=people] li").nth(1).wait_for()
        walk.see(page, "board-now")
        self.lost.end()
        self.part("figures")
        walk.see(page, "board-figures")
        self._rostered()
        walk.joining.proved()
        self.part("team")
        walk.see(page, "board-team")
        page.locator("#invite-name").fill(COLLEAGUE)
        walk.use("team.invite.send", page)
        page.get_by_test_id("link").wait_for()
        walk.see(page, "board-link")
        walk.use("team.link.done", page)
        leave = page.get_by_role("button", name=f"{walk.words('team.remove')} {COLLEAGUE}")
        again = page.get_by_role("button", name=f"{walk.words('team.reinvite')} {COLLEAGUE}")
        walk.use(again)
        page.get_by_test_id("leaving").wait_for()
        walk.see(page, "board-again")
        walk.use("team.leave.cancel", page)
        walk.use(leave)
        page.get_by_test_id("ends").wait_for()
        page.locator(".leaving .check input").check()
        page.locator("#lost-since").wait_for()
        walk.see(page, "board-leaving")
        gone = walk.words("team.leave.do", name=COLLEAGUE)
        walk.use(page.get_by_role("button", name=gone, exact=True))
        page.locator("[data-testid=leaving][data-gone=true]").wait_for()
        walk.see(page, "board-left")
        self.part("custodian")
        page.get_by_test_id("lost-cases").wait_for()
        walk.see(page, "board-custodian")
        self.part("hooks")
        page.locator("#url").fill("https://169.254.169.254/")
        walk.use("dd.hooks.add", page)
        page.locator("#hook-wrong").wait_for()
        walk.see(page, "board-hooks")
        for url in (f"{walk.server.url}/", "http://127.0.0.1:1/"):
            page.locator("#url").fill(url)
            walk.use("dd.hooks.add", page)
            page.locator(".cards .card").get_by_text(url, exact=True).wait_for()
        for one in page.get_by_role("button", name=walk.words("dd.hooks.test"), exact=True).all():
            walk.use(one)
        page.locator("[data-delivery]").nth(1).wait_for()
        walk.see(page, "board-hooks-sent")
        self.part("files")
        walk.see(page, "board-files")
        self.part("codes")
        page.locator("[data-testid=codes] input[name=name]").fill("Library")
        page.locator("[data-testid=codes] form:has([name=name]) [type=submit]").press("Enter")
        page.get_by_test_id("new-code").wait_for()
        walk.see(page, "board-codes")
        walk.use(walk.button("codes.block", page).last)
        page.locator("[data-testid=code][data-good=false]").wait_for()
        walk.see(page, "board-codes-blocked")
        self.part("posters")
        page.locator("#poster-code").fill("zzzz-zzzz")
        walk.use("dd.posters.make", page)
        page.locator("#poster-wrong").wait_for()
        walk.see(page, "board-posters")
        page.locator("#poster-code").fill("")
        with page.expect_download():
            walk.use("dd.posters.make", page)
        page.get_by_test_id("poster-said").get_by_text(".pdf").wait_for()
        walk.see(page, "board-posters-saved")
        self.part("account")
        page.locator(".translations summary").click()
        page.locator(".translations [data-language=ar]").wait_for()
        walk.see(page, "board-account")

    def _rostered(self) -> None:
        walk, page = self.walk, self.page
        self.part("roster")
        chooser = page.locator("input[type=file]")
        chooser.set_input_files({"name": "r.csv", "mimeType": "text/csv", "buffer": BENT.encode()})
        page.locator(".faults li").first.wait_for()
        walk.see(page, "board-roster-wrong")
        told = {"name": "r.csv", "mimeType": "text/csv", "buffer": ROSTER.encode()}
        chooser.set_input_files(told)  # type: ignore[arg-type]
        page.get_by_test_id("preview").wait_for()
        walk.see(page, "board-roster-preview")
        walk.use("dd.roster.take", page)
        page.get_by_test_id("preview").wait_for(state="detached")
        walk.see(page, "board-roster")
        self.part("coverage")
        covered = "one => one.decode().then(() => one.naturalWidth)"
        page.locator("img.covered").evaluate(covered)
        walk.see(page, "board-coverage")

    def founded(self) -> None:
        """An organization of one's own; the card of somebody who comes to it."""
        walk, page = self.walk, self.page
        walk.joining.proved()
        self.part("organization")
        page.locator("#org-name").wait_for()
        walk.see(page, "board-founding")
        page.locator("#org-name").fill("Night Counsel")
        walk.use("org.make", page)
        page.locator(".words li").nth(11).wait_for()
        words = " ".join(page.locator(".words li").all_inner_texts())
        walk.see(page, "board-paper")
        walk.use("sheet.done", page)
        self._type(OTHER_WORDS)
        page.get_by_test_id("sheet-proof").locator(".notice").wait_for()
        walk.see(page, "board-proof")
        self._type(words)
        page.get_by_test_id("pin").wait_for()
        walk.see(page, "board-organization")
        self._applied()
        self.part("cards")
        page.locator(".wide-cards li").wait_for()
        walk.see(page, "board-cards")
        self._type(words)
        page.get_by_test_id("unlock").wait_for(state="detached")
        walk.use("cards.queue.sign", page)
        page.locator(".wide-cards [role=alert]").wait_for()
        walk.see(page, "board-cards-open")
        page.locator(".wide-cards fieldset input").first.check()
        page.locator(".wide-cards input[name=where]").fill("State Bar of Texas, 24000000")
        walk.use("cards.queue.sign", page)
        page.locator(".wide-cards li").wait_for(state="detached")
        walk.see(page, "board-cards-none")
        self._given(words)
        self._drilled(words)
        walk.office.reload()
        walk.button("desk.forget", walk.office).wait_for()
        walk.see(walk.office, "desk-unknown-card")

    def _given(self, words: str) -> None:
        """The case of somebody who is gone becomes that of whoever has just got a card."""
        walk, page = self.walk, self.page
        self.part("custodian")
        page.get_by_test_id("lost-attorney").first.wait_for()
        self._type(words)
        page.get_by_test_id("unlock").wait_for(state="detached")
        walk.see(page, "board-lost")
        walk.use(page.get_by_test_id("lost-attorney").first.locator("form button"))
        page.get_by_test_id("lost-told").locator(".notice").first.wait_for(timeout=30_000)
        walk.see(page, "board-given")

    def _drilled(self, words: str) -> None:
        """The sheet is tried, and works."""
        walk, page = self.walk, self.page
        self.part("organization")
        walk.use("org.drill", page)
        page.get_by_test_id("unlock").wait_for()
        walk.see(page, "board-drill")
        self._type(words)
        page.get_by_text(walk.words("org.drill.done")).wait_for()
        walk.see(page, "board-drilled")

    def _type(self, words: str) -> None:
        self.page.locator("#org-words").fill(words)
        self.walk.use("org.words.send", self.page)

    def _applied(self) -> None:
        """On the phone: whoever joins now waits for a signature."""
        walk, page = self.walk, self.walk.page
        self.part("team")
        walk.use("team.invite.send", self.page)
        link = self.page.get_by_test_id("link").inner_text()
        walk.use("team.link.done", self.page)
        page.bring_to_front()
        page.goto(link.replace("localhost", "127.0.0.1"))
        page.locator("#enrol-name").fill(APPLICANT)
        for box in ("TX", "en"):
            page.locator(f"input[type=checkbox][value={box}]").check()
        walk.use("enrol.send", page)
        page.get_by_test_id("waiting-card").locator("code").wait_for()
        walk.look(page, "desk-waiting-card")
        self.page.bring_to_front()
