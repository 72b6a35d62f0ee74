"""Every state of every page, one after the other, in any language.

A `Walk` does what people do and calls `look` at each state, with its name: a test looks with axe, a
ruler and a keyboard, `scripts/screenshots` with a camera. All is found by role and name. Not here:
what is looked for (looking.py).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page

from browsers import Phone, wait_for
from people import add_authenticator
from serving import RunningServer
from sinks import http_sink
from virtual import named
from walking_board import Board
from walking_in import Joining
from walking_moments import BATTERY, KEEPS_STREAMS, Moments
from walking_night import ENGAGEMENT, RULES, Night
from walking_office import Office
from walking_own import Own
from walking_troubles import Troubles
from words import Words

Look = Callable[[Page, str], None]
STEPS = ("language", "state", "organization", "devices", "contacts", "recovery", "drill")
NAME = "Ada Advocate"
ASKED, ADVISED = "Do I have to open the door?", "No. Ask for the warrant at the window."
CODE = "4711"

QUICK = {"ACCOMPANY_WAVE_SECONDS": "1"}
"""Nobody is found to be free within three seconds, not twenty-four."""
LOOPBACK = "127.0.0.0/8"


@contextmanager
def walking_server(folder: Path, side: str = "callers") -> Iterator[RunningServer]:
    """A server with everything that a page can show: a hotline, its SMS, channels for contacts and
    for those on duty, webhooks; at night the words of an engagement, and other rules."""
    folder.mkdir(parents=True, exist_ok=True)
    with http_sink() as sink:
        path = folder / "channels.toml"
        hosts = [f"127.0.0.1:{sink.port}", "127.0.0.1:1"]
        path.write_text(
            f"[channels]\nsms = {json.dumps(sink.json_template)}\n"
            f'[attorneys]\nschemes = ["json"]\nhosts = {json.dumps(hosts)}\n'
        )
        words = folder / "engagement.txt"
        words.write_text(ENGAGEMENT)
        lines = ("--hotline", "+1 555 0100", "--hotline_sms", "+1 555 0101")
        more = {**QUICK, "ACCOMPANY_CHANNELS": str(path), "ACCOMPANY_WEBHOOK_NETWORKS": LOOPBACK}
        if side == "night":
            more |= {**RULES, "ACCOMPANY_ENGAGEMENT": str(words)}
        server = RunningServer(folder / "data", lines, more=more)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@dataclass
class Walk:
    server: RunningServer
    phone: Phone
    desk: Phone
    words: Words
    look: Look
    by_keyboard: bool = False
    """Whether buttons are pressed by keys instead of a pointer."""
    drills: bool = True
    """Whether the drill is done, ten seconds of it."""
    bad: bool = True
    """Whether devices are refused, the battery is low, the phone is full and crashes, the caller is
    missed: what takes its time."""

    def callers(self) -> None:
        """What callers see, from the first opening to their recordings; and the desk beside it."""
        self.before()
        self.prepared()
        if self.bad:
            self.moments.refused()
        self.moments.nobody()
        self.called()
        if self.bad:
            self.moments.saving()
        self.over()
        if self.bad:
            self.moments.missed()
        self.kept()
        self.own.mine()
        self.own.shared()
        self.own.verified()
        self.moments.told()
        if self.bad:
            self.moments.crashed()

    def desks(self) -> None:
        """What attorneys, interpreters and coordinators see besides."""
        self.duty.arrives()
        self.duty.called()
        self.duty.after()
        self.joining.again()
        self.joining.coordinator()
        self.board.waiting()
        self.board.parts()
        self.board.founded()

    def night(self) -> None:
        """What they see when much goes on at once, or goes wrong; on a server with other rules."""
        night = Night(self)
        night.arrives()
        night.nothing_yet()
        night.supported()
        night.handed()
        night.surged()
        night.away()
        night.missed()

    def troubles(self) -> None:
        """What callers see when a lawyer, the server or the phone's browser fails them."""
        troubles = Troubles(self)
        troubles.arrives()
        troubles.called()
        troubles.covered()
        troubles.pressed_again()
        troubles.interrupted()
        troubles.refused()

    def __post_init__(self) -> None:
        # Camera and microphone are given by `_allow`, and taken away.
        self.phone.camera = False
        self.home = named(self.server.url)
        self.moments = Moments(self)
        self.own = Own(self)
        self.page = self.carried()
        self.office = self.speaking(self.desk.start())
        self.joining = Joining(self)
        self.duty = Office(self)
        self.board = Board(self)
        self.office.bring_to_front()

    def speaking(self, page: Page) -> Page:
        """Have the page in the language of the walk."""
        tag = json.dumps(self.words.tag)
        page.add_init_script(f"localStorage.setItem('accompany.page-language', {tag})")
        return page

    def see(self, page: Page, state: str) -> None:
        """Look at one of several tabs."""
        page.bring_to_front()
        self.look(page, state)

    def carried(self) -> Page:
        """Open the caller's browser, at the first time or again."""
        self.page = self.speaking(self.phone.start())
        self.page.add_init_script(f"{{{KEEPS_STREAMS}}}{{{BATTERY}}}")
        add_authenticator(self.page, True)
        self.allowing()
        return self.page

    def allowing(self) -> None:
        """Give this page camera and microphone; what was given to one before may have ended."""
        # Kept: what it allowed ends with it.
        self.devtools = self.page.context.new_cdp_session(self.page)
        self.allow(camera=True, microphone=True)

    def allow(self, **devices: bool) -> None:
        for name, given in devices.items():
            setting = "granted" if given else "denied"
            told = {"permission": {"name": name}, "setting": setting}
            self.devtools.send("Browser.setPermission", told)

    def button(self, key: str, page: Page | None = None) -> Locator:
        return (page or self.page).get_by_role("button", name=self.words(key), exact=True)

    def use(self, what: str | Locator, page: Page | None = None) -> None:
        """Press a button, by its words' key or as it was found."""
        found = self.button(what, page) if isinstance(what, str) else what
        if self.by_keyboard:
            found.focus()
            found.press("Enter")
        else:
            found.click()

    def says(self, key: str, seconds: float = 20, **values: object) -> None:
        text = self.words(key, **values)
        self.page.get_by_text(text).first.wait_for(timeout=seconds * 1000)

    # Before the press.

    def before(self) -> None:
        page, link = self.page, named(self.server.links["caller"])
        page.goto(f"{self.home}/#key={'a' * 32}")
        page.get_by_test_id("not-trusted").wait_for()
        self.look(page, "not-trusted")
        page.route("**/api/service", lambda route: route.abort())
        page.goto(link)
        page.reload()
        self.says("service.unreachable")
        self.look(page, "unreachable")
        page.unroute("**/api/service")
        self.moments.lied_to(link)
        page.goto(link)
        self.button("start.button").wait_for()
        page.locator("#choice-state option").nth(50).wait_for(state="attached")
        self.look(page, "start")
        self.use("start.button")
        self.says("start.missing.state")
        self.look(page, "start-missing")
        page.get_by_text(self.words("phone.title"), exact=True).click()
        page.locator(".this-phone input").fill(CODE)
        self.use("phone.code.keep")
        self.says("phone.code.kept")
        self.look(page, "this-phone")
        self.use("silent.button")
        self.look(page, "silent")
        self.use("silent.button")
        self.use("officer.show")
        page.get_by_test_id("officer-card").locator("li").nth(3).wait_for()
        self.look(page, "officer-card")
        self.use("officer.turn")
        self.look(page, "officer-card-not-turned")
        page.keyboard.press("Escape")
        self._without_code()

    def _without_code(self) -> None:
        """Somebody who came without a link, and has chosen all else."""
        page = self.page
        page.locator("#choice-state").select_option("TX")
        page.locator("#choice-language").select_option("en")
        self.use("start.code.change")
        code = page.locator("#choice-code")
        given = code.input_value()
        code.fill("")
        self.use("start.button")
        self.says("start.missing.code")
        self.look(page, "start-missing-code")
        code.fill(given)
        code.press("Enter")

    def prepared(self) -> None:
        """Set-up with its drill, readiness, rights cards, people to tell."""
        page = self.page
        self.use("beside.setup")
        for name in STEPS:
            page.locator(f"[data-step={name}]").wait_for()
            getattr(self, f"_step_{name}", lambda: None)()
            self.look(page, f"setup-{name}")
            if name == "recovery":
                self.own.key()
            if name == "drill" and self.drills:
                self._drill()
            self.use("setup.next" if name != "drill" or self.drills else "setup.skip")
        page.get_by_test_id("marks").locator("li").first.wait_for()
        self.look(page, "readiness")
        self.use("beside.back")
        self.use("beside.rights")
        page.locator(".rights article").first.wait_for()
        self.look(page, "rights")
        self.use("beside.back")
        self.use("start.people")
        page.locator(".contacts li").wait_for()
        self.look(page, "people")
        self._tried()
        self.own.named()
        self.use("beside.back")

    def _step_language(self) -> None:
        self.page.locator("#setup-language").select_option("en")

    def _step_state(self) -> None:
        self.page.locator("#setup-state option").nth(50).wait_for(state="attached")
        self.page.locator("#setup-state").select_option("TX")

    def _tried(self) -> None:
        """A test to the contact arrives; removed by mistake, it comes back."""
        self.use("people.test")
        self.says("people.test.sent")
        self.look(self.page, "people-tested")
        self.use("people.remove")
        self.button("people.undo").wait_for()
        self.look(self.page, "people-removed")
        self.use("people.undo")

    def _step_organization(self) -> None:
        code = self.page.locator("#setup-code")
        given = code.input_value()
        code.fill("")
        self.says("setup.organization.none")
        self.look(self.page, "setup-organization-none")
        code.fill(given)

    def _step_devices(self) -> None:
        self.look(self.page, "setup-devices-asking")
        assert self.page.evaluate("() => given.length") == 0, "asked before the reason was read"
        self.allow(camera=False, microphone=False)
        self.use("setup.devices.ask")
        self.says("setup.devices.refused")
        self.look(self.page, "setup-devices-refused")
        self.allow(camera=True, microphone=True)
        self.use("setup.devices.ask")
        self.says("setup.devices.both")

    def _step_contacts(self) -> None:
        page = self.page
        self.use("people.add")
        page.locator("#contact-address").fill("555")
        self.use("people.save")
        self.says("people.wrong.phone")
        self.look(page, "setup-contact-wrong")
        page.locator("#contact-address").fill("+1 555 010 7071")
        self.use("people.save")
        page.locator(".contacts li").wait_for()

    def _drill(self) -> None:
        self.allow(camera=False, microphone=False)
        self.use("drill.start")
        self.says("drill.failed.devices", 60)
        self.look(self.page, "drill-failed")
        self.allow(camera=True, microphone=True)
        self.use("drill.again")
        self.use("drill.start")
        drill = self.page.get_by_test_id("drill")
        wait_for(lambda: int(drill.get_attribute("data-arrived") or 0) > 3, 40, "for receipts")
        self.look(self.page, "drilling")
        self.says("drill.done", 60)
        self.look(self.page, "drilled")

    # The press.

    def press(self) -> None:
        self.use("start.button")
        self.recording("film")

    def recording(self, kind: str) -> None:
        self.page.locator(
            f"[data-testid=recording][data-kind={kind}][data-phase=recording]"
        ).wait_for(timeout=20_000)

    def safe(self) -> None:
        sent = "[data-testid=after][data-waiting='0'][data-phase=finished]"
        self.page.locator(sent).wait_for(timeout=40_000)

    def called(self) -> None:
        """A call that is answered, its tools, and a camera that stops."""
        page, office = self.page, self.office
        self.enrol(self.look)
        self.press()
        self.button("ring.answer", office).wait_for()
        self.look(page, "ringing")
        self.look(office, "desk-ringing")
        self.answered()
        self.look(page, "call")
        self.look(office, "desk-call")
        self._tools()
        self.moments.lost()

    def over(self) -> None:
        """The attorney ends the call; the rest waits while the line is cut."""
        page, office = self.page, self.office
        self.use(self.button("call.end", office), office)
        page.locator("[data-testid=encounter][data-stage=ended]").wait_for()
        self.look(page, "call-over")
        self.look(office, "desk-wrap-up")
        self.moments.unsent()

    def answered(self) -> None:
        """The attorney answers; both say something."""
        page, office = self.page, self.office
        self.use("ring.answer", office)
        page.locator("[data-testid=stage][data-call=connected]").wait_for(timeout=20_000)
        self._chat(page, office, ASKED)
        self._chat(office, page, ADVISED)

    def enrol(self, look: Look) -> None:
        office = self.office
        office.goto(self.server.links["duty"])
        office.locator("#enrol-name").wait_for()
        look(office, "desk-invited")
        office.locator("#enrol-name").fill(NAME)
        for box in ("TX", "en"):
            office.locator(f"input[type=checkbox][value={box}]").check()
        self.use("enrol.send", office)
        self.button("desk.go_on", office).wait_for()
        look(office, "desk-off-duty")
        self.use("desk.go_on", office)
        self.button("desk.go_off", office).wait_for()
        if self.moments.owed:
            office.get_by_test_id("callbacks").wait_for()
        look(office, "desk-on-duty")

    def _chat(self, one: Page, other: Page, text: str) -> None:
        one.get_by_role("textbox", name=self.words("chat.label")).fill(text)
        self.use("chat.send", one)
        other.get_by_text(text).first.wait_for()

    def _tools(self) -> None:
        page = self.page
        self.use("silent.button")
        self.look(page, "call-silent")
        self.use("silent.button")
        self.use("private.button")
        self.says("private.said")
        self.look(page, "call-private")
        self.use("private.button")
        self.use("lock.button")
        cover = page.get_by_test_id("cover")
        cover.wait_for()
        page.locator("#cover-code").fill("1234")
        self.use("lock.back")
        self.says("lock.wrong")
        self.look(page, "covered")
        page.locator("#cover-code").fill(CODE)
        self.use("lock.back")
        cover.wait_for(state="detached")
        self.use("tell.safe")
        self.look(page, "call-sure")
        self.use("tell.safe.no")

    # What was left, and what the desk keeps.

    def kept(self) -> None:
        page, office = self.page, self.office
        office.get_by_test_id("case").first.wait_for()
        self.look(office, "desk-cases")
        page.evaluate(
            """() => {
              const drill = JSON.parse(localStorage.getItem("accompany.drill"));
              drill.at -= 91 * 24 * 3600 * 1000;
              localStorage.setItem("accompany.drill", JSON.stringify(drill));
            }"""
        )
        page.reload()
        self.button("beside.old").wait_for()
        self.look(page, "start-again")
        self.use("beside.old")
        page.locator("[data-aspect=drill][data-mark=care]").wait_for()
        self.look(page, "readiness-old")
