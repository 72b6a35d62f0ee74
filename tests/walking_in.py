"""Who comes in beside the attorney of a walk: an interpreter with passkey and sheet, a coordinator.

Both use a tab of the desk's browser under this machine's name, since a number has no passkeys.
Not here: the caller and the attorney (walking.py).
"""

import subprocess
from typing import TYPE_CHECKING

from people import add_authenticator
from serving import accompany, environment

if TYPE_CHECKING:
    from walking import Walk

INTERPRETER, COORDINATOR = "Ines Interpreter", "Cora Desk"


class Joining:
    """The tab, and the states that it goes through."""

    def __init__(self, walk: "Walk") -> None:
        self.walk = walk
        assert walk.desk.context is not None
        self.page = walk.speaking(walk.desk.context.new_page())
        self.devtools, self.authenticator = add_authenticator(self.page, True)

    def _unverified(self) -> None:
        """From now on whoever is asked for a passkey does not show who they are."""
        told = {"authenticatorId": self.authenticator, "isUserVerified": False}
        self.devtools.send("WebAuthn.setUserVerified", told)

    def _another(self) -> None:
        """Another device: one that was refused refuses for good."""
        told = {"authenticatorId": self.authenticator}
        self.devtools.send("WebAuthn.removeVirtualAuthenticator", told)
        self.devtools, self.authenticator = add_authenticator(self.page, True)

    def _goto(self, link: str) -> None:
        self.page.goto("about:blank")
        self.page.goto(link.replace("127.0.0.1", "localhost"))

    def _guarded(self, who: str, stage: str = "ask") -> None:
        """Make a passkey and take the sheet; seen unless *who* is nobody."""
        walk, page = self.walk, self.page
        page.locator(f"[data-testid=protect][data-stage={stage}]").wait_for()
        if who and stage == "ask":
            walk.see(page, f"{who}-protect")
        walk.use("passkey.make", page)
        page.locator(".words li").nth(11).wait_for()
        if who:
            walk.see(page, f"{who}-sheet")
        walk.use("sheet.done", page)

    def proved(self) -> None:
        """Sign in again: what changes who belongs takes a passkey used within five minutes."""
        walk, page = self.walk, self.page
        page.bring_to_front()
        self._goto(f"{walk.server.url}/desk")
        walk.use("signin.passkey", page)
        page.locator("[data-testid=presses] h2").wait_for()

    def interpreter(self) -> None:
        walk, page = self.walk, self.page
        command = accompany(
            "people", "--data", walk.server.data, "invite", "interpreter", "--url", walk.server.url
        )
        told = subprocess.run(
            command, capture_output=True, text=True, env=environment(), check=True
        )
        self._goto(told.stdout.strip())
        page.locator("#enrol-name").fill(INTERPRETER)
        page.locator("input[type=checkbox][value=en]").check()
        walk.see(page, "third-invited")
        walk.use("enrol.send", page)
        self._unverified()
        walk.use("passkey.make", page)
        page.locator("[data-testid=protect][data-stage=refused]").wait_for()
        walk.see(page, "third-protect-refused")
        self._another()
        self._guarded("third", "refused")
        walk.use("desk.go_on", page)
        walk.button("desk.go_off", page).wait_for()
        page.get_by_test_id("account").locator("li").first.wait_for()
        walk.see(page, "third-on-duty")

    def called(self) -> None:
        """The attorney invites, the interpreter joins by sound alone, and leaves."""
        walk, page, office = self.walk, self.page, self.walk.office
        seat = office.locator(".third-seat:not(.hand, .conflict)")
        seat.locator("summary").click()
        seat.locator("select").select_option("en")
        walk.see(office, "desk-invite")
        walk.use("third.call", office)
        walk.button("ring.answer", page).wait_for()
        walk.see(page, "third-ringing")
        walk.use("ring.answer", page)
        for side in (walk.page, office):
            side.locator("[data-testid=third][data-call=connected]").wait_for(timeout=20_000)
        walk.see(walk.page, "call-third")
        walk.see(office, "desk-call-third")
        walk.see(page, "third-call")
        walk.use("interpret.leave", page)
        for side in (walk.page, office):
            side.get_by_test_id("third").wait_for(state="detached")
        office.bring_to_front()

    def again(self) -> None:
        """Come back: by passkey, or by words that are not those of the sheet."""
        walk, page = self.walk, self.page
        self._goto(f"{walk.server.url}/duty")
        page.get_by_test_id("sign-in").wait_for()
        walk.see(page, "sign-in")
        self._unverified()
        walk.use("signin.passkey", page)
        page.get_by_text(walk.words("signin.refused")).first.wait_for()
        walk.see(page, "sign-in-refused")
        self._another()
        walk.use("signin.words", page)
        page.locator("#words").fill("twelve words")
        walk.use("signin.words.send", page)
        page.get_by_text(walk.words("signin.words.bent")).first.wait_for()
        walk.see(page, "sign-in-wrong")
        self._goto(walk.server.links["duty"])
        page.get_by_test_id("enrol-refused").wait_for()
        walk.see(page, "desk-used")

    def coordinator(self, looks: bool = True) -> None:
        walk, page = self.walk, self.page
        page.bring_to_front()
        self._goto(walk.server.links["desk"])
        page.locator("#name").fill(COORDINATOR)
        if looks:
            walk.see(page, "board-invited")
        walk.use("dd.join.send", page)
        self._guarded("board" if looks else "")
        page.locator("[data-testid=presses] h2").wait_for()
        if looks:
            walk.see(page, "board-empty")
