"""What an attorney sees besides a first call, in a walk: refusals, notes, a case, a copy.

Colleagues and other callers are lines without a browser (deskpeople.py). Not here: the pages of
coordinators (walking_board.py) and interpreters (walking_in.py).
"""

from typing import TYPE_CHECKING

from playwright.sync_api import Locator

from deskpeople import Caller, back_on_duty, console, hand_over, invitation
from virtual import named

if TYPE_CHECKING:
    from walking import Walk

COLLEAGUE = "Ben Bar"
FOE = "Jane Roe"
HANDS = "details.hand:not(.prepared, .notes, .check)"
NOTED = "Asked for the warrant. Two officers, one of them says to be Jane Roe."


class Office:
    def __init__(self, walk: "Walk") -> None:
        self.walk = walk

    def arrives(self) -> None:
        """An invitation that nobody knows, a form with gaps; then on duty, with a colleague."""
        walk, page = self.walk, self.walk.office
        page.goto(f"{walk.server.url}/duty#invitation={'a' * 26}")
        page.get_by_test_id("enrol-refused").wait_for()
        walk.see(page, "desk-unknown")
        page.goto("about:blank")
        page.goto(walk.server.links["duty"])
        walk.use("enrol.send", page)
        page.locator(".missing").first.wait_for()
        walk.see(page, "desk-missing")
        page.goto("about:blank")
        walk.enrol(lambda page, state: None)
        names = page.get_by_test_id("conflicts")
        names.locator("textarea").fill(FOE)
        names.get_by_text(walk.words("notes.kept")).wait_for()

    def called(self) -> None:
        """A call with a colleague who could take it over, and an interpreter who comes in."""
        walk, page = self.walk, self.walk.office
        caller = walk.page
        caller.goto(named(walk.server.links["caller"]))
        caller.locator("#choice-state option").nth(50).wait_for(state="attached")
        caller.locator("#choice-state").select_option("TX")
        caller.locator("#choice-language").select_option("en")
        page.bring_to_front()
        walk.press()
        walk.button("ring.answer", page).wait_for()
        page.locator("details.conflict summary").click()
        walk.see(page, "desk-conflict")
        walk.answered()
        page.locator("details.prepared summary").click()
        walk.see(page, "desk-prepared")
        page.locator("details.prepared summary").click()
        page.locator("details.notes summary").click()
        page.locator("details.notes textarea").fill(NOTED)
        page.locator("details.notes").get_by_text(walk.words("notes.kept")).wait_for()
        page.locator("details.check summary").click()
        page.locator("details.check input").fill(FOE)
        page.locator("[data-testid=checked]:not([data-found='0'])").wait_for()
        walk.see(page, "desk-notes")
        for one in ("notes", "check"):
            page.locator(f"details.{one} summary").click()
        code = invitation(walk.server, "attorney")
        ben = console(walk.server, code, COLLEAGUE, ["TX"], "es")
        page.locator(HANDS).locator("summary").click()
        colleague = page.locator("details.hand").get_by_role("button", name=COLLEAGUE)
        colleague.wait_for()
        walk.see(page, "desk-hand")
        walk.use(colleague)
        page.get_by_test_id("handover").wait_for()
        walk.see(page, "desk-handing")
        walk.use("hand.off", page)
        page.get_by_test_id("handover").wait_for(state="detached")
        # A line that nobody reads is one that ends by itself.
        ben.close()
        self.colleague = ben
        walk.joining.interpreter()
        walk.joining.called()

    def after(self) -> None:
        """What came of it; the case, opened; a public copy; a colleague's case, handed over."""
        walk, page = self.walk, self.walk.office
        walk.use(walk.button("call.end", page), page)
        page.get_by_test_id("outcome").wait_for()
        walk.use("call.end")
        walk.safe()
        page.bring_to_front()
        case = page.get_by_test_id("case").first
        case.wait_for()
        page.get_by_test_id("outcome").locator("input").first.check()
        page.locator("[data-testid=outcome]:not([data-outcome=none])").wait_for()
        letter = case.get_by_test_id("letter")
        letter.locator("summary").click()
        letter.locator("textarea").wait_for()
        walk.see(page, "desk-case")
        letter.locator("summary").click()
        film = case.get_by_role("button", name=walk.words("cases.open"), exact=True).first
        walk.use(film)
        page.get_by_test_id("public-copy").wait_for(timeout=30_000)
        page.locator("[data-testid=checking][data-is=checked]").wait_for(timeout=30_000)
        walk.see(page, "desk-opened")
        self._copied()
        self._exported()
        walk.use("opened.close", page)
        self._papers(case)
        self._line_cut(case)
        walk.use("turn.ready", page)
        self._handed()

    def _exported(self) -> None:
        """Sealed or opened; a stretch withheld; it is made, stopped, fails, is there."""
        walk, page = self.walk, self.walk.office
        walk.use(page.get_by_test_id("export"), page)
        part = page.get_by_test_id("disclosure")
        part.wait_for()
        walk.see(page, "export")
        part.locator(".how input").nth(1).check()
        player = page.get_by_test_id("player").first
        for key, second in (("disclose.from_here", 0), ("disclose.to_here", 1)):
            player.evaluate("(one, second) => { one.currentTime = second; }", second)
            walk.use(key, page)
        part.locator(".marks li").wait_for()
        part.get_by_label(walk.words("disclose.looked")).check()
        walk.see(page, "export-marked")
        worker = "**/disclose.worker*"
        page.route(worker, lambda route: None)
        walk.use("disclose.make", page)
        part.locator("progress").wait_for()
        walk.see(page, "export-making")
        walk.use("disclose.stop", page)
        page.unroute(worker)
        page.route(worker, lambda route: route.abort())
        walk.use("disclose.make", page)
        part.locator(".notice.loud").wait_for()
        walk.see(page, "export-failed")
        page.unroute(worker)
        walk.use("disclose.make", page)
        page.get_by_test_id("disclosed").wait_for(timeout=60_000)
        walk.see(page, "export-made")

    def _papers(self, case: Locator) -> None:
        """The chat is read; a document is filed, read, and one is too many; a letter is sent."""
        walk, page = self.walk, self.walk.office
        read = case.get_by_role("button", name=walk.words("chat.read"), exact=True)
        walk.use(read, page)
        page.get_by_test_id("chat-read").wait_for(timeout=30_000)
        papers = case.get_by_test_id("documents")
        papers.locator("summary").click()
        field = papers.locator("input[type=file]:enabled")
        text = {"name": "stop.txt", "mimeType": "text/plain", "buffer": b"Stopped at nine."}
        field.set_input_files(text)  # type: ignore[arg-type]
        shut = papers.get_by_role("button", name=walk.words("documents.open", name="stop.txt"))
        walk.use(shut, page)
        papers.locator("pre").wait_for()
        ask = walk.words("documents.remove", name="stop.txt")
        walk.use(papers.get_by_role("button", name=ask), page)
        field.set_input_files({**text, "mimeType": "text/html"})  # type: ignore[arg-type]
        papers.locator(".notice").wait_for()
        letter = case.get_by_test_id("letter")
        letter.locator("summary").click()
        walk.use("letter.send", page)
        page.locator("[data-testid=letter-sending][data-is=sent]").wait_for()
        walk.see(page, "desk-papers")
        letter.locator("summary").click()
        papers.locator("summary").click()
        walk.use("opened.close", page)

    def _line_cut(self, case: Locator) -> None:
        """Whatever is asked for now cannot be had; each part says so where it stands."""
        walk, page = self.walk, self.walk.office
        everything = "**/api/**"
        page.route(everything, lambda route: route.abort())
        walk.use("cases.again", page)
        page.get_by_text(walk.words("cases.failed")).wait_for()
        film = case.get_by_role("button", name=walk.words("cases.open"), exact=True).first
        walk.use(film, page)
        case.locator("[data-testid=opening][data-is=failed]").wait_for()
        case.locator("details.hand:not(.notes, .letter) summary").click()
        page.get_by_text(walk.words("hand.failed")).wait_for()
        page.get_by_test_id("conflicts").locator("textarea").fill(f"{FOE}\nJohn Doe")
        page.get_by_test_id("conflicts").get_by_text(walk.words("notes.cut")).wait_for()
        walk.see(page, "desk-case-cut")
        page.unroute(everything)
        page.get_by_test_id("conflicts").get_by_text(walk.words("notes.kept")).wait_for()
        walk.use("cases.again", page)
        page.get_by_text(walk.words("cases.failed")).wait_for(state="detached")
        walk.use("opened.close", page)

    def _copied(self) -> None:
        """Looking for faces has no end, and is stopped; a box is drawn, a copy made."""
        walk, page = self.walk, self.walk.office
        page.route("**/tiny_face_detector*", lambda route: None)
        walk.use(page.get_by_test_id("public-copy"))
        copy = page.get_by_test_id("copy")
        walk.button("copy.stop", page).wait_for()
        walk.see(page, "copy-looking")
        walk.use("copy.stop", page)
        copy.locator("video").wait_for()
        walk.use(copy.get_by_role("button", name=walk.words("copy.add"), exact=True))
        walk.see(page, "copy-boxes")
        walk.use("copy.make", page)
        page.get_by_test_id("copy-made").wait_for(timeout=90_000)
        walk.see(page, "copy-made")

    def _handed(self) -> None:
        """The colleague has a call, and hands it over to this desk."""
        walk, page = self.walk, self.walk.office
        ben = back_on_duty(walk.server, self.colleague, "es")
        other = Caller(walk.server, "TX", "es")
        other.answered_by(ben)
        page.get_by_test_id("ring").wait_for(state="detached")
        hand_over(walk.server, ben, other.encounter)
        walk.button("ring.answer", page).wait_for()
        walk.see(page, "desk-handed")
        walk.use("ring.decline", page)
        page.get_by_test_id("ring").wait_for(state="detached")
        other.end()
        ben.close()
