"""What of a press goes wrong for reasons that are not the caller's: a walk of its own.

A card that does not hold, a lawyer who is away, voices alone, a server that refuses, a browser that
keeps nothing, a page on an iPhone's home screen, a second page of the app. Not here: what a caller
does or lacks (walking.py, walking_moments.py).
"""

import json
import re
from typing import TYPE_CHECKING

from virtual import named

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route, WebSocketRoute

    from walking import Walk

ON_HOME_SCREEN = """(on) =>
  Object.defineProperty(navigator, "standalone", { value: on, configurable: true })"""
REFUSALS = {507: "problem.full", 429: "problem.many", 403: "problem.code"}


class Troubles:
    def __init__(self, walk: "Walk") -> None:
        self.walk = walk
        self.bending = False
        """Whether what the server says of the lawyer's card is bent on its way."""
        self.socket: WebSocketRoute | None = None
        self.status: int | None = None
        """What the server answers to a recording; None: nothing."""
        self.held: list[Route] = []

    def arrives(self) -> None:
        """The link says all that is chosen. Where nobody is told from here, one writes oneself."""
        walk, page = self.walk, self.walk.page
        link = f"{named(walk.server.links['caller'])}&state=TX&language=en"
        page.route_web_socket(re.compile("/api/live/caller"), self._listen)
        page.route("**/api/service", self._without_channels)
        self._opens(page, link)
        walk.use("start.people")
        walk.says("people.offered.none")
        walk.look(page, "people-texts-only")
        page.unroute("**/api/service")
        self._opens(page, link)
        walk.use("start.people")
        walk.use("people.add")
        page.locator("#contact-address").fill("+1 555 010 7071")
        walk.use("people.save")
        page.locator(".contacts li").wait_for()
        walk.use("beside.back")

    def _opens(self, page: "Page", link: str) -> None:
        page.goto("about:blank")
        with page.expect_response("**/api/service"):
            page.goto(link)
        self.walk.button("start.button").wait_for()
        page.locator("#choice-state option").nth(50).wait_for(state="attached")

    def _without_channels(self, route: "Route") -> None:
        answer = route.fetch()
        service = answer.json()
        service["telling"]["channels"] = []
        route.fulfill(response=answer, json=service)

    def _listen(self, phone: "WebSocketRoute") -> None:
        server = phone.connect_to_server()

        def to_phone(data: str | bytes) -> None:
            message = json.loads(data)
            if self.bending and message.get("card"):
                message["card"] = message["card"].replace("name ", "name Not ", 1)
            phone.send(json.dumps(message))

        server.on_message(to_phone)
        self.socket = phone

    def called(self) -> None:
        """The card does not hold; the lawyer is away, is back, and shows no picture."""
        walk, page, office = self.walk, self.walk.page, self.walk.office
        walk.enrol(lambda *_: None)
        page.route("**/api/tellings", lambda route: route.fulfill(status=403, json={}))
        self.bending = True
        walk.press()
        walk.use("ring.answer", office)
        walk.says("refused.card")
        walk.look(page, "call-refused-card")
        office.goto("about:blank")
        walk.says("call.away", name=walk.words("call.attorney"))
        walk.look(page, "call-away")
        office.goto(walk.server.links["duty"])
        self.bending = False
        assert self.socket is not None
        self.socket.close()
        connected = page.locator("[data-testid=stage][data-call=connected].seen")
        connected.wait_for(timeout=60_000)
        walk.use("desk.call.hide", office)
        page.locator("[data-testid=stage]:not(.seen)").wait_for()
        walk.says("call.voice")
        walk.look(page, "call-voice")
        walk.use("desk.call.show", office)
        connected.wait_for()

    def covered(self) -> None:
        """Locked without a code; then the camera is gone, on an iPhone's home screen."""
        walk, page = self.walk, self.walk.page
        walk.use("lock.button")
        cover = page.get_by_test_id("cover")
        cover.wait_for()
        walk.use("lock.back")
        walk.button("lock.again").wait_for()
        walk.look(page, "covered-without-code")
        walk.use("lock.again")
        cover.wait_for(state="detached")
        page.evaluate(ON_HOME_SCREEN, True)
        page.evaluate("() => given.at(-1).getVideoTracks()[0].stop()")
        walk.button("rec.resume").wait_for()
        page.get_by_test_id("safari").wait_for()
        walk.look(page, "call-home-screen")
        page.evaluate(ON_HOME_SCREEN, False)
        walk.use("rec.resume")
        walk.recording("film")

    def pressed_again(self) -> None:
        """The app is opened once more beside this page, and pressed there until it is ended."""
        walk, page = self.walk, self.walk.page
        other = walk.speaking(page.context.new_page())
        other.goto(f"{named(walk.server.links['caller'])}&state=TX&language=en")
        other.get_by_test_id("elsewhere").wait_for()
        walk.see(other, "start-elsewhere")
        walk.use("start.button", other)
        other.get_by_test_id("encounter").wait_for()
        page.bring_to_front()
        walk.says("again.said")
        walk.look(page, "call-pressed-again")
        other.bring_to_front()
        walk.use("call.end", other)
        other.get_by_test_id("after").wait_for()
        page.bring_to_front()
        page.get_by_test_id("again").wait_for(state="detached")
        other.close()

    def interrupted(self) -> None:
        """The lawyer's page is gone in the middle."""
        walk, page = self.walk, self.walk.page
        walk.office.goto("about:blank")
        walk.says("call.interrupted", 60)
        walk.look(page, "call-interrupted")

    def refused(self) -> None:
        """Nothing can be kept here, and the server takes nothing."""
        walk, page = self.walk, self.walk.page
        page.route("**/api/recordings/**", self._answer)
        quota = {"origin": walk.home}
        walk.devtools.send("Storage.overrideQuotaForOrigin", {**quota, "quotaSize": 10_000})
        walk.says("rec.memory", 60)
        walk.look(page, "call-memory-only")
        walk.devtools.send("Storage.overrideQuotaForOrigin", quota)
        for status, key in REFUSALS.items():
            self.status = status
            for route in self.held[:]:
                self.held.remove(route)
                self._answer(route)
            walk.says(key, 60)
            walk.look(page, f"call-{status}")
        walk.use("call.end")
        page.get_by_test_id("after").wait_for()
        walk.says("tell.refused")
        walk.look(page, "after-refused")

    def _answer(self, route: "Route") -> None:
        if self.status is None:
            self.held.append(route)
        else:
            route.fulfill(status=self.status, json={})
