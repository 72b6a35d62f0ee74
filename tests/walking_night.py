"""When much goes on at once at a desk, or goes wrong: a responder, a surge, keys that are owed, a
server that is away, callers whom nobody answers.

Its server has rules of its own (`RULES`). Colleagues and most callers are lines without a browser
(deskpeople.py). Not here: an ordinary day at a desk (walking_office.py, walking_board.py).
"""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page, Route

from deskpeople import (
    OFFER,
    Caller,
    Console,
    back_on_duty,
    console,
    hand_over,
    invitation,
    second_console,
)
from virtual import named
from walking_office import COLLEAGUE, HANDS

if TYPE_CHECKING:
    from walking import Walk

RESPONDER = "Rosa Responder"
NUMBER = "+15550107071"
RULES = {
    "ACCOMPANY_RECONNECT_SECONDS": "4", "ACCOMPANY_HOLD_SECONDS": "1",
    "ACCOMPANY_MISS_SECONDS": "3600", "ACCOMPANY_SURGE_WAITING": "3",
    "ACCOMPANY_CALLBACK_MINUTES": "1",
}  # fmt: skip
ENGAGEMENT = """We advise you in this call, and in nothing else.
Neither of us is bound by more once it ends.
[es]
Le aconsejamos en esta llamada, y en nada más.
[ar]
نقدّم لك المشورة في هذه المكالمة، لا غير.
"""
LONG = 30_000
REFUSED = ("127.0.0.1:1", "169.254.169.254")
"""Where nobody listens; and where nobody is allowed to ask."""


def cut(route: Route) -> None:
    route.abort()


class Night:
    def __init__(self, walk: "Walk") -> None:
        self.walk = walk
        self.board = walk.joining.page

    def arrives(self) -> None:
        """A server that does not answer yet; channels of which one fails; a page opened anew."""
        walk, page = self.walk, self.walk.office
        page.route("**/api/service", cut)
        page.goto(f"{walk.server.url}/duty")
        page.get_by_text(walk.words("service.unreachable")).first.wait_for()
        walk.see(page, "desk-unreachable")
        page.unroute("**/api/service")
        page.goto("about:blank")
        walk.enrol(lambda page, state: None)
        self._channels(page)
        page.reload()
        page.get_by_text(walk.words("desk.silent")).wait_for()
        walk.see(page, "desk-silent")
        walk.use("desk.test", page)

    def _channels(self, page: Page) -> None:
        walk = self.walk
        asked = tomllib.loads(Path(walk.server.more["ACCOMPANY_CHANNELS"]).read_text())
        card = page.get_by_test_id("channels")
        nobody, forbidden = (f"json://{host}/x" for host in REFUSED)
        hosts = asked["attorneys"]["hosts"]
        for count, url in enumerate((f"json://{hosts[0]}/mine", nobody), 1):
            card.locator("#channel-url").fill(url)
            walk.use("channels.add", page)
            card.locator("li").nth(count - 1).wait_for()
        walk.use("channels.test", page)
        tested = walk.words("channels.tested", worked=1, all=2)
        card.get_by_text(tested).wait_for(timeout=2 * LONG)
        card.locator("#channel-url").fill(forbidden)
        walk.use("channels.add", page)
        card.locator(".missing").wait_for()
        walk.see(page, "desk-channels")

    def nothing_yet(self) -> None:
        """A coordinator on the first evening: no figures, no roster, no coverage."""
        walk, page = self.walk, self.board
        walk.joining.coordinator(looks=False)
        for name in ("figures", "roster", "coverage"):
            walk.board.part(name)
            walk.see(page, f"board-{name}-none")
        page.route("**/api/desk/**", cut)
        walk.board.part("hooks")
        page.locator("section .notice button").wait_for()
        walk.see(page, "board-failed")
        page.unroute("**/api/desk/**")
        walk.board.part("now")

    def supported(self) -> None:
        """Nobody answers, a responder stays with the caller; then an attorney comes, by voice
        alone; what is said is private; and the caller is gone."""
        walk, page, caller = self.walk, self.walk.office, self.walk.page
        assert walk.phone.context is not None
        rosa = walk.speaking(walk.phone.context.new_page())
        rosa.goto(f"{walk.server.url}/duty#invitation={invitation(walk.server, 'responder')}")
        rosa.locator("#enrol-name").fill(RESPONDER)
        rosa.locator("input[type=checkbox][value=en]").check()
        walk.use("enrol.send", rosa)
        walk.use("desk.go_on", rosa)
        walk.button("desk.go_off", rosa).wait_for()
        caller.bring_to_front()
        self._prepared()
        walk.press()
        walk.button("ring.answer", rosa).wait_for(timeout=LONG)
        walk.see(rosa, "responder-ringing")
        self._leaves_a_number(caller)
        walk.use("ring.answer", rosa)
        rosa.locator("[data-testid=heard-caller][data-call=connected]").wait_for(timeout=LONG)
        walk.see(rosa, "responder-call")
        walk.see(caller, "call-supported")
        page.bring_to_front()
        walk.answered()
        for side in (caller, page):
            side.locator("[data-testid=third][data-call=connected]").wait_for(timeout=LONG)
        walk.see(page, "desk-call-supported")
        walk.use("private.button")
        for key in ("desk.call.mute", "desk.call.hide"):
            walk.use(key, page)
        page.locator(".troubles").get_by_text(walk.words("desk.call.private")).wait_for()
        walk.see(page, "desk-call-private")
        caller.close()
        page.locator("[data-testid=talk]:not([data-call=connected])").wait_for(timeout=LONG)
        walk.see(page, "desk-call-interrupted")
        walk.see(rosa, "responder-interrupted")
        walk.use("call.end", page)
        page.get_by_test_id("outcome").wait_for()
        page.get_by_test_id("recording").first.wait_for()
        walk.see(page, "desk-case-open-ended")
        walk.use("turn.ready", page)
        walk.use("desk.go_off", rosa)
        rosa.close()
        walk.page = walk.speaking(walk.phone.context.new_page())
        walk.allowing()

    def _leaves_a_number(self, caller: Page) -> None:
        """Nobody has answered: a number is left to be called back on, first in no form."""
        walk = self.walk
        caller.bring_to_front()
        caller.get_by_test_id("leave-number").wait_for(timeout=LONG)
        walk.use(caller.get_by_test_id("leave-number"), caller)
        panel = caller.get_by_test_id("callback-number")
        panel.locator("input[type=tel]").fill("911")
        walk.use(panel.locator("button[type=submit]"), caller)
        panel.locator("[aria-invalid=true]").wait_for()
        walk.see(caller, "call-number")
        panel.locator("input[type=tel]").fill(NUMBER)
        walk.use(panel.locator("button[type=submit]"), caller)
        panel.and_(caller.locator("[data-left=true][data-waits='']")).wait_for(timeout=LONG)
        walk.see(caller, "call-number-left")
        caller.keyboard.press("Escape")
        panel.wait_for(state="detached")

    def _prepared(self) -> None:
        page = self.walk.page
        page.goto(named(self.walk.server.links["caller"]))
        page.locator("#choice-state option").nth(50).wait_for(state="attached")
        page.locator("#choice-state").select_option("TX")
        page.locator("#choice-language").select_option("en")

    def handed(self) -> None:
        """A case goes to a colleague before its keys do; and comes back in the same way."""
        walk, page = self.walk, self.walk.office
        ben = console(walk.server, invitation(walk.server, "attorney"), COLLEAGUE, ["TX"], "en")
        page.bring_to_front()
        other = Caller(walk.server, "TX", "en")
        walk.use(walk.button("ring.answer", page), page)
        other.line.until("standing", lambda told: told["stage"] == "answered")
        walk.see(page, "desk-call-joining")
        page.locator(HANDS).locator("summary").click()
        walk.use(page.locator(HANDS).get_by_role("button", name=COLLEAGUE), page)
        ben.until("desk", lambda told: any(one["by"] for one in told["rings"]))
        ben.say(type="take", encounter=other.encounter, **OFFER)
        page.locator("[data-testid=handover][data-stage=beside]").wait_for()
        walk.see(page, "desk-hand-beside")
        # What goes along with a case cannot be fetched.
        page.route("**/api/cases/*/documents*", cut)
        ben.say(type="arrived", encounter=other.encounter)
        page.locator("[data-testid=handover][data-stage=arrived] .notice").wait_for(timeout=LONG)
        walk.see(page, "desk-hand-trouble")
        # Somebody is with the caller: after a while the case goes without whoever is away.
        page.goto("about:blank")
        self.board.bring_to_front()
        self.board.get_by_test_id("keys").wait_for(timeout=LONG)
        walk.see(self.board, "board-keys")
        page.goto(f"{walk.server.url}/duty")
        page.get_by_test_id("owed").locator(".loud").wait_for(timeout=LONG)
        walk.see(page, "desk-keys-owed")
        page.unroute("**/api/cases/*/documents*")
        page.get_by_test_id("owed").wait_for(state="detached", timeout=LONG)
        if page.get_by_test_id("desk").get_attribute("data-on") == "false":
            walk.use("desk.go_on", page)
            walk.button("desk.go_off", page).wait_for()
        other.end()
        ben.close()
        self._awaited(back_on_duty(walk.server, ben, "en"))

    def _awaited(self, ben: Console) -> None:
        """The colleague's line is gone once Ada is with their caller."""
        walk, page = self.walk, self.walk.office
        ben.say(type="ready")
        other = Caller(walk.server, "TX", "en")
        other.answered_by(ben)
        page.get_by_test_id("ring").wait_for(state="detached")
        hand_over(walk.server, ben, other.encounter)
        walk.use(walk.button("ring.answer", page), page)
        page.get_by_test_id("taking").wait_for()
        walk.see(page, "desk-taking")
        with second_console(walk.server, page.context) as line:
            line.say(type="arrived", encounter=other.encounter)
            ben.close()
            page.get_by_test_id("awaited").wait_for(timeout=LONG)
        walk.see(page, "desk-keys-awaited")
        other.end()
        page.get_by_test_id("desk").wait_for()
        walk.use("turn.ready", page)

    def surged(self) -> None:
        """More wait than anybody can answer: one speaks to all of them at once."""
        walk, page, board = self.walk, self.walk.office, self.board
        crowd = [Caller(walk.server, "TX", "en") for _ in range(3)]
        walk.page.bring_to_front()
        self._prepared()
        walk.press()
        page.bring_to_front()
        page.get_by_test_id("may-brief").wait_for(timeout=LONG)
        page.get_by_test_id("ring").get_by_text(walk.words("ring.more.other", count=2)).wait_for()
        walk.see(page, "desk-ringing-surge")
        walk.see(board, "board-surge")
        walk.use(page.get_by_test_id("may-brief").locator("button"), page)
        page.locator("[data-testid=briefing][data-heard='1']").wait_for(timeout=LONG)
        walk.see(page, "desk-briefing")
        walk.see(walk.page, "call-briefed")
        walk.use("brief.end", page)
        page.get_by_test_id("briefing").wait_for(state="detached")
        for one in crowd:
            one.end()
        walk.page.bring_to_front()
        walk.use("call.end")
        walk.safe()
        walk.page.close()

    def away(self) -> None:
        """The server is away, and comes back; nobody says anything when it rings then."""
        walk, page, board = self.walk, self.walk.office, self.board
        walk.server.stop()
        page.bring_to_front()
        page.locator(".sign.cut").wait_for(timeout=LONG)
        walk.see(page, "desk-cut")
        board.bring_to_front()
        board.get_by_text(walk.words("service.unreachable")).first.wait_for(timeout=LONG)
        walk.see(board, "board-cut")
        walk.server.more |= {"ACCOMPANY_MISS_SECONDS": "1"}
        walk.server.start()
        page.locator(".sign.on").wait_for(timeout=LONG)

    def missed(self) -> None:
        """Two rings that nobody hears; a callback's life; and a channel that fails."""
        walk, page, board = self.walk, self.walk.office, self.board
        page.bring_to_front()
        lost = [Caller(walk.server, "TX", "en") for _ in range(2)]
        page.locator(".turn.loud").wait_for(timeout=LONG)
        lost[1].leave_number(NUMBER)
        page.locator("[data-testid=callbacks] li").nth(1).wait_for(timeout=LONG)
        walk.see(page, "desk-paused")
        board.bring_to_front()
        owed = board.locator("[data-testid=callbacks] li")
        owed.nth(1).wait_for()
        name = board.locator(f"[data-encounter='{lost[0].encounter}']")
        theirs = board.get_by_test_id("callbacks").locator(name)
        walk.use(theirs.locator("button").first, board)
        page.get_by_text(walk.words("callback.take")).first.wait_for()
        page.bring_to_front()
        walk.see(page, "desk-callbacks")
        walk.use(page.get_by_test_id("shown-number").locator("button"), page)
        page.locator("[data-testid=shown-number][data-step=open]").wait_for()
        walk.see(page, "desk-number")
        board.bring_to_front()
        done = board.get_by_test_id("callbacks").locator(
            f"[data-encounter='{lost[1].encounter}'] button"
        )
        # After the one that shows the number, and "I take it".
        walk.use(done.nth(2), board)
        owed.and_(board.locator("[data-done=true]")).wait_for()
        owed.and_(board.locator("[data-late=true]")).first.wait_for(timeout=3 * LONG)
        for one in lost:
            one.end()
        walk.use("turn.here", page)
        walk.use("desk.go_off", page)
        board.get_by_test_id("silent").wait_for()
        walk.see(board, "board-callbacks")
