"""The bad moments of a walk: devices refused or lost, nobody free, no battery, no room, a crash.

Not here: what goes as it should (walking.py).
"""

import sqlite3
import time
from typing import TYPE_CHECKING

from browsers import wait_for
from virtual import named

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from walking import Walk

KEEPS_STREAMS = """
  window.given = [];
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    window.given.push(stream);
    return stream;
  };
"""
BATTERY = """
  const battery = Object.assign(new EventTarget(), { level: 0.5, charging: false });
  navigator.getBattery = async () => battery;
  window.drain = (level) => {
    battery.level = level;
    battery.dispatchEvent(new Event("levelchange"));
  };
"""


class Moments:
    def __init__(self, walk: "Walk") -> None:
        self.walk = walk
        self.owed = False
        """Whether somebody is to be called back."""

    def lied_to(self, link: str) -> None:
        """A server that says of its organization what its key did not sign."""
        page = self.walk.page

        def bend(route: "Route") -> None:
            answer = route.fetch()
            service = answer.json()
            note = service["organization"].replace("name ", "name Not ", 1)
            assert note != service["organization"]
            route.fulfill(response=answer, json={**service, "organization": note})

        page.goto("about:blank")
        page.route("**/api/service", bend)
        page.goto(link)
        self.walk.says("pin.broken")
        self.walk.look(page, "not-trusted-note")
        page.unroute("**/api/service")
        page.goto("about:blank")

    def refused(self) -> None:
        """Both devices refused, then the camera alone, while nobody is on duty."""
        page = self.walk.page
        self.walk.allow(camera=False, microphone=False)
        self._alone("notes")
        self.walk.look(page, "both-refused")
        self.owed = bool(wait_for(self._promised, 30, "for somebody to owe a callback"))
        self.walk.use("call.end")
        page.get_by_test_id("after").wait_for()
        self.walk.look(page, "after-nothing")
        self.walk.use("after.back")
        self.walk.allow(microphone=True)
        self._alone("sound")
        self.walk.look(page, "camera-refused")
        self.walk.use("call.end")
        self.walk.safe()
        self.walk.use("after.back")
        self.walk.allow(camera=True)

    def _alone(self, kind: str) -> None:
        """Press, and see that nobody can answer."""
        self.walk.use("start.button")
        self.walk.recording(kind)
        self.walk.page.locator("[data-stage=unanswered]").wait_for(timeout=20_000)

    def _promised(self) -> bool:
        with sqlite3.connect(self.walk.server.data / "accompany.sqlite") as tables:
            asked = "SELECT count(*) FROM events WHERE word = 'promised'"
            return bool(tables.execute(asked).fetchone()[0])

    def nobody(self) -> None:
        """Nobody is on duty: that is said, and the press can be taken back."""
        self._alone("film")
        self.walk.use(self.walk.page.get_by_test_id("mistake"))
        self.walk.safe()
        self.walk.look(self.walk.page, "cancelled")
        self.walk.use("after.lock")
        self.walk.says("after.locked")
        self.walk.look(self.walk.page, "after-locked")
        self.walk.use("after.back")

    def lost(self) -> None:
        """The camera stops, and one tap goes on; so with the microphone, and with both."""
        page = self.walk.page
        page.evaluate("() => given.at(-1).getVideoTracks()[0].stop()")
        page.locator("[data-testid=recording-state][data-interrupted=device]").wait_for()
        self.walk.recording("sound")
        self.walk.look(page, "call-camera-lost")
        self.walk.use("rec.resume")
        self.walk.recording("film")
        page.evaluate(
            "() => given.findLast((one) => one.getAudioTracks()[0]).getAudioTracks()[0].stop()"
        )
        self.walk.says("rec.lost.microphone")
        self.walk.look(page, "call-microphone-lost")
        page.evaluate(
            "() => given.forEach((one) => one.getTracks().forEach((each) => each.stop()))"
        )
        self.walk.says("rec.lost")
        self.walk.look(page, "call-both-lost")
        self.walk.use("rec.resume")
        whole = page.locator("[data-testid=recording-state]:not([data-interrupted])")
        whole.wait_for(state="attached")
        page.locator(".stage .preview").wait_for()
        self.walk.recording("film")

    def saving(self) -> None:
        """The battery is low; then the phone is full: sound alone, until there is room."""
        page = self.walk.page
        state = "[data-testid=recording-state][data-saving={}]"
        page.evaluate("() => drain(0.14)")
        page.locator(state.format("battery")).wait_for()
        self.walk.recording("sound")
        self.walk.look(page, "call-battery")
        self.walk.use("rec.film.on")
        self.walk.recording("film")
        devtools = self.walk.devtools
        quota = {"origin": self.walk.home}
        devtools.send("Storage.overrideQuotaForOrigin", {**quota, "quotaSize": 10_000})
        page.locator(state.format("storage")).wait_for(timeout=30_000)
        self.walk.recording("sound")
        self.walk.look(page, "call-full")
        devtools.send("Storage.overrideQuotaForOrigin", quota)
        self.walk.recording("film")

    def unsent(self) -> None:
        """The line is cut: nothing arrives, that is loud, and after the end it waits."""
        page = self.walk.page
        self.cut(True)
        page.locator(".fate-of-film.loud").wait_for(timeout=30_000)
        self.walk.look(page, "call-line-cut")
        self.walk.use("call.end")
        page.get_by_test_id("after").locator("progress").wait_for()
        self.walk.look(page, "after-sending")
        self.cut(False)
        self.walk.safe()
        self.walk.look(page, "after-safe")
        self.walk.use("after.back")
        self.walk.button("start.button").wait_for()

    def missed(self) -> None:
        """The server is away, which the desk says; when it is back, the caller's time is over."""
        server, office = self.walk.server, self.walk.office
        server.stop()
        office.bring_to_front()
        office.locator(".sign.cut").wait_for(timeout=30_000)
        self.walk.look(office, "desk-cut")
        with sqlite3.connect(server.data / "accompany.sqlite") as tables:
            due = round(time.time() * 1000)
            newest = "UPDATE tellings SET due = ? WHERE begun = (SELECT max(begun) FROM tellings)"
            assert tables.execute(newest, (due,)).rowcount == 1
        tables.close()
        server.start()
        office.locator("[data-testid=check-ins] .loud").wait_for(timeout=40_000)

    def told(self) -> None:
        """On a page that was opened again, the caller says to be safe."""
        self.walk.use("beside.back")
        self.walk.use(self.walk.button("tell.safe").first)
        self.walk.use("tell.safe.yes")
        self.walk.says("tell.safe.said")
        self.walk.look(self.walk.page, "start-safe")

    def cut(self, off: bool) -> None:
        assert self.walk.phone.context is not None
        self.walk.phone.context.set_offline(off)

    def crashed(self) -> None:
        """Pressed without a line, and the browser is gone: the next opening says so, and sends."""
        page = self.walk.page
        self.cut(True)
        self.walk.press()
        self.walk.says("wait.offline")
        unsafe = page.get_by_test_id("unsafe")
        wait_for(lambda: float(unsafe.get_attribute("data-seconds") or 0) > 1, 20, "for a queue")
        page.get_by_test_id("mistake").wait_for(state="detached", timeout=20_000)
        self.walk.look(page, "call-without-line")
        self.walk.phone.kill()
        page = self.walk.carried()
        self.cut(True)
        page.goto(named(self.walk.server.links["caller"]))
        left = page.get_by_test_id("leftovers")
        wait_for(lambda: int(left.get_attribute("data-waiting") or 0) > 0, 40, "for what was left")
        self.walk.look(page, "start-left")
        self.cut(False)
        page.locator("[data-testid=leftovers][data-waiting='0']").wait_for(timeout=40_000)
        self.walk.look(page, "start-after-crash")
