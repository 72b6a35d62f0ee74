"""A night on duty: twelve presses in three states and languages, and every number on the desk.

An attorney, the interpreter, a caller and the coordinator have pages, all in one browser; the rest
speak the same live messages over real sockets (`deskpeople`), since nobody looks at them here.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page

from accompany.evidence.age import NoMatch, decrypt
from accompany.evidence.text import read_base64
from browsers import FLAGS, Phone, chromium, heard_from_now_on, wait_for
from deskpeople import Caller, Console, back_on_duty, console, invitation
from journeys.conftest import Clip
from nightbook import TAKEN_BACK, Between, Row, Seen, check_acts, checked_rows, kept_in, now
from nightdesk import Counted, check_facts, check_people, check_tables, check_times, late_pieces
from otherclock import OtherClock
from people import Attorney, say_in_chat, violations
from people import Caller as Person
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.patient]

RULES = {
    "ACCOMPANY_WAVE_SECONDS": "1",
    "ACCOMPANY_MISS_SECONDS": "6",
    "ACCOMPANY_RECONNECT_SECONDS": "4",
    "ACCOMPANY_HOLD_SECONDS": "1",
}
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LONG = 30_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    one = RunningServer(tmp_path / "data", more=dict(RULES))
    one.start()
    yield one
    one.stop()


class Town:
    """One Chromium for everybody; each person is a context of their own in it."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self.said: list[str] = []
        self.seen: list[Seen] = []
        """Every press of the night."""
        self.sockets = 0
        """Live sockets that pages opened, all together."""

    def page(self, size: dict[str, int], scheme: str = "light") -> Page:
        context = self._browser.new_context(viewport=size, locale="en-US", color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda one: self.said.append(f"{one.type}: {one.text} {one.location}"))
        page.on("pageerror", lambda error: self.said.append(f"pageerror: {error}"))
        page.on("websocket", lambda _: self._another())
        return page

    def _another(self) -> None:
        self.sockets += 1

    def caller(self, server: RunningServer, state: str, language: str) -> Caller:
        one = Caller(server, state, language)
        self.seen.append(one.seen)
        return one

    def looked_at(self, page: Page, name: str) -> None:
        """A picture for whoever wants to see it, and axe."""
        page.screenshot(path=self._folder / f"{name}.png", full_page=True)
        assert violations(page) == [], name


@pytest.fixture
def town(make_phone: Callable[..., Phone], tmp_path: Path, clip: Clip) -> Iterator[Town]:
    files = (
        f"--use-file-for-fake-video-capture={clip.video}",
        f"--use-file-for-fake-audio-capture={clip.audio}",
    )
    chromes = make_phone(tmp_path / "nobody").playwright.chromium
    flags = [*FLAGS, "--use-fake-ui-for-media-stream", *files]
    browser = chromes.launch(executable_path=chromium(), headless=False, args=flags)
    yield Town(browser, tmp_path)
    browser.close()


def part(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("button", name=name, exact=True).click()


def in_time(ada: Attorney) -> None:
    """Somebody after a call takes presses again."""
    ada.page.get_by_role("button", name="I am ready").click()
    ada.page.get_by_test_id("turn").wait_for(state="detached")


def unfolded(details: Locator) -> bool:
    """Whether it is open; a ring that begins anew is folded again."""
    if details.count() == 1 and details.get_attribute("open") is None:
        details.locator("summary").click()
    return details.count() == 1 and details.get_attribute("open") is not None


def connected(page: Page, what: str) -> None:
    """A picture may wait for a better line, and that depends on what else this machine does."""
    page.locator(f"[data-testid={what}][data-call=connected]").wait_for(timeout=LONG)


def coordinator(server: RunningServer, town: Town) -> Page:
    cora = town.page(DESKTOP)
    cora.goto(server.links["desk"])
    cora.get_by_label("Your name").fill("Cora Desk")
    cora.get_by_role("button", name="Make my key and join").click()
    cora.get_by_text("Nobody is waiting.").wait_for()
    return cora


def attorney(server: RunningServer, town: Town) -> Attorney:
    """Ada, on duty, who once acted against an officer and has written that down."""
    ada = Attorney(None, town.page(DESKTOP), "Ada Advocate")  # type: ignore[arg-type]
    ada.enrol(server.links["duty"], "Texas")
    ada.page.get_by_label("Names on my list").fill("Officer Smith\nMaría López")
    ada.page.locator("[data-testid=conflicts] [data-state=kept]").wait_for()
    ada.go_on_duty()
    return ada


def interpreter(server: RunningServer, town: Town) -> Attorney:
    ines = Attorney(None, town.page(PHONE, "dark"), "Ines Interpreter")  # type: ignore[arg-type]
    page = ines.page
    page.goto(f"{server.url}/duty#invitation={invitation(server, 'interpreter')}")
    page.get_by_label("Your name, as callers see it").fill(ines.name)
    page.get_by_label("English", exact=True).uncheck()
    page.get_by_label(re.compile("^Haitian Creole|^Kreyòl")).check()
    page.get_by_role("button", name="Make my keys and join").click()
    ines.go_on_duty()
    return ines


def interpreted(
    server: RunningServer, town: Town, ada: Attorney, ines: Attorney
) -> tuple[Person, Seen]:
    """A call in a language that no attorney speaks, with the interpreter as the third."""
    carla = Person(None, town.page(PHONE))  # type: ignore[arg-type]
    carla.prepare(server.links["caller"], language="ht")
    began = now()
    carla.press()
    ring = ada.page.get_by_test_id("ring")
    ring.wait_for(timeout=LONG)
    seen = Seen("", "TX", "ht", Between.since(began))
    town.seen.append(seen)
    assert ring.get_by_test_id("caller-is").get_attribute("data-guest") == "true"
    assert ring.get_by_test_id("check").get_attribute("data-names") == "2"
    town.looked_at(ada.page, "ring")
    began = seen.spoke = now()
    ada.page.keyboard.press("Enter")
    connected(ada.page, "talk")
    seen.answers.append((ada.name, Between.since(began)))
    ines.page.get_by_test_id("ring").wait_for(timeout=LONG)
    called = Between.since(seen.pressed.least)
    began = now()
    ines.answer()
    connected(ada.page, "third")
    seen.did("joined", began, ines.name)
    seen.interpreter = Between.since(began).after(called)
    connected(carla.page, "third")
    town.looked_at(ines.page, "interpreter")
    return carla, seen


def noted(town: Town, ada: Attorney, carla: Person) -> None:
    """What is said is written down, and a name of the list is found by this page alone."""
    said = ada.page.get_by_test_id("check-said")
    assert said.count() == 0
    say_in_chat(carla.page, "I am Maria Lopes.")
    said.get_by_text("Check: on your list: María López").wait_for(timeout=LONG)
    ada.page.get_by_text("Check a name").click()
    ada.page.get_by_label("Name that was said").fill("officer smyth")
    ada.page.locator("[data-testid=checked][data-found='1']").wait_for()
    ada.page.get_by_label("Name that was said").fill("Jean Baptiste")
    ada.page.locator("[data-testid=checked][data-found='0']").wait_for()
    ada.page.locator(".talk .notes > summary").click()
    ada.page.get_by_label("My notes of this case").fill("No warrant was shown.")
    ada.page.locator("[data-testid=notes] [data-state=kept]").wait_for()
    town.looked_at(ada.page, "call")


def handed_over(server: RunningServer, town: Town, ada: Attorney, ben: Console, case: str) -> None:
    """After the call the case goes to Ben: with the keys of its film, and with what Ada wrote."""
    turn = ada.page.get_by_test_id("turn")
    turn.locator(".notes > summary").click()
    notes = turn.get_by_label("My notes of this case")
    wait_for(lambda: notes.input_value() == "No warrant was shown.", 30, "for her notes")
    notes.fill("No warrant was shown. He left.")
    shown = ada.page.get_by_test_id("case").first
    shown.get_by_text("Hand over to a colleague").click()
    shown.get_by_role("button", name=ben.name).click()
    asked = ben.until("desk", lambda told: any(one["by"] for one in told["rings"]))["rings"][0]
    assert (asked["seat"], asked["by"], asked["over"]) == ("colleague", "Ada Advocate", True)
    town.looked_at(ada.page, "hand-over")
    ben.say(type="take", encounter=case)
    wait_for(lambda: shown.count() == 0, 30, "for the case to be Ben's")
    with httpx.Client(base_url=server.url, trust_env=False) as web:
        web.headers["cookie"] = ben.cookie
        (note,) = web.get(f"/api/cases/{case}/notes").json()
        text = decrypt(read_base64(note["sealed"]), [ben.identity]).decode()
        assert "No warrant was shown. He left." in text
        (found,) = web.get("/api/cases").json()
        for one in found["recordings"]:
            grants = web.get(f"/api/recordings/{one['recording']}/grants").json()
            assert any(opens(read_base64(grant), ben) for grant in grants), one["kind"]


def opens(grant: bytes, ben: Console) -> bool:
    try:
        return decrypt(grant, [ben.identity]).startswith(b"AGE-SECRET-KEY-PQ-1")
    except NoMatch:
        return False


def answered_and_concluded(one: Caller, cy: Console, outcome: str, gone: bool = False) -> None:
    """*gone*: the caller's line goes in the call, and comes back."""
    one.answered_by_now(cy)
    one.hear()
    if gone:
        one.line.close()
        cy.until("desk", lambda told: told["call"] and not told["call"]["caller_here"])
        one.come()
        one.seen.returns = Between(1, 1)
    one.end()
    one.seen.outcome = outcome
    said = {"encounter": one.encounter, "outcome": outcome, "follow_up": False}
    cy.say(type="outcome", **said)
    cy.until("desk", lambda told: told["wrapping"] == said)
    cy.say(type="ready")
    cy.until("desk", lambda told: told["wrap_up"] is None)


def test_a_night(server: RunningServer, town: Town, tmp_path: Path) -> None:
    cora = coordinator(server, town)
    ada, ines = attorney(server, town), interpreter(server, town)
    ben = console(server, invitation(server, "attorney"), "Ben Bar", ["TX", "CA"], "en")
    cy = console(server, invitation(server, "attorney"), "Cy Counsel", ["NY", "CA"], "es")
    board = cora.get_by_test_id("people")
    wait_for(lambda: board.get_by_role("listitem").count() == 4, 20, "for four on duty")

    # 1 and 2: nobody but Cy is licensed there, who says nothing: two misses, two callbacks.
    lost, late = town.caller(server, "NY", "es"), town.caller(server, "NY", "en")

    # 3: a rare language, a call of three, notes; handed over after it.
    before = town.sockets
    carla, seen = interpreted(server, town, ada, ines)
    noted(town, ada, carla)
    case = ada.page.evaluate("async () => (await (await fetch('/api/cases')).json())[0].encounter")
    began = now()
    carla.end()
    carla.wait_until_safe()
    seen.encounter, seen.over = case, Between.since(began)
    # Her page has one; each one more of hers or of Ada's may be a line that came back.
    seen.returns = Between(0, town.sockets - before - 1)
    town.looked_at(carla.page, "caller")
    ada.page.get_by_role("radio", name="Advice was given").check()
    ada.page.get_by_role("checkbox", name="Somebody should get in touch again").check()
    ada.page.locator("[data-testid=outcome][data-outcome=advised][data-follow-up=true]").wait_for()
    seen.outcome, seen.follow_up = "advised", True
    began = now()
    handed_over(server, town, ada, ben, case)
    seen.handed = 1
    seen.did("handed", began, ada.name, ben.name)
    in_time(ada)

    # Cy was paused meanwhile, says so, and answers one of the two; the other is called back.
    cy.until("desk", lambda told: told["paused"])
    for one in (lost, late):
        one.seen.did("missed", one.seen.pressed.least, cy.name)
    callbacks = cora.get_by_test_id("callbacks")
    wait_for(lambda: callbacks.get_by_role("listitem").count() == 2, 30, "for two callbacks")
    town.looked_at(cora, "board")
    lost_row = callbacks.get_by_role("listitem").filter(has_text="Spanish")
    began = now()
    lost_row.get_by_role("button", name="Called back").click()
    lost_row.get_by_text("Called back at").wait_for()
    lost.seen.did("called back", began, "Cora Desk")
    lost.seen.ticket = late.seen.ticket = lost.seen.called_back = True
    # Whoever lets go within ten seconds was not missed: this one waited for longer.
    wait_for(lambda: now() > lost.seen.pressed.most + TAKEN_BACK, 20, "for a press that is missed")
    lost.end()
    cy.say(type="ready")
    late.answered_by(cy)
    late.end()
    cy.say(type="ready")

    # 4: said no to, by one; 5: by mistake.
    refused = town.caller(server, "TX", "en")
    began = now()
    ada.page.get_by_role("button", name="Not me").click()
    ada.page.get_by_test_id("ring").wait_for(state="detached")
    refused.answered_by_now(ben)
    refused.end()
    refused.seen.did("declined", began, ada.name)
    ben.say(type="ready")
    town.caller(server, "TX", "en").end()

    # 6: an attorney whose line is gone does not come back; the next takes it.
    dropped = town.caller(server, "CA", "es")
    dropped.answered_by_now(cy)
    cy.close()
    dropped.line.until("standing", lambda told: told["stage"] != "answered")
    dropped.seen.drops = 1
    dropped.answered_by_now(ben)
    dropped.end()
    ben.say(type="ready")

    # 7: it rings when the server dies, and rings again when it is back; a conflict of interest.
    through = town.caller(server, "TX", "en")
    ada.page.get_by_test_id("ring").wait_for(timeout=LONG)
    heard = heard_from_now_on(ada.page)
    server.kill()
    server.start()
    through.come()
    through.seen.returns = Between(1, 1)
    ben = back_on_duty(server, ben, "en")
    # Until the server knows her again her page shows the ring of before, and so does the board.
    wait_for(lambda: any(through.encounter in one for one in heard()), 30, "for the ring anew")
    conflict = ada.page.get_by_test_id("ring").locator("details.conflict")
    wait_for(lambda: unfolded(conflict), 30, "for the ring of this life of the server")
    town.looked_at(ada.page, "conflict")
    began = now()
    ada.page.get_by_role("button", name="Give it up").click()
    ada.page.get_by_test_id("ring").wait_for(state="detached")
    through.seen.conflicts = 1
    through.answered_by_now(ben)
    through.end()
    through.seen.did("conflicted", began, ada.name)
    ben.say(type="ready")

    # 8 to 12: the rest of the night.
    cy = back_on_duty(server, cy, "es")
    for state, tongue, outcome in (
        ("CA", "es", "referred"), ("NY", "en", "advised"), ("NY", "es", "not_reached"),
        ("CA", "en", "advised"), ("NY", "en", "support"),
    ):  # fmt: skip
        answered_and_concluded(
            town.caller(server, state, tongue), cy, outcome, gone=outcome == "referred"
        )

    check_acts(kept_in(server.data), town.seen)
    lags = late_pieces(server.url, ben.cookie, case)
    check_the_desk(cora, town, [])
    # Pieces are counted ten minutes after the end of a call: this is what the morning shows.
    server.stop()
    clock = OtherClock(tmp_path)
    clock.set(11 * 60)
    server.more.update(clock.environment)
    server.start()
    wait_for(lambda: cora.evaluate(LAG) is not None, 60, "for how late pieces came")
    cora.reload()
    check_the_desk(cora, town, lags)
    town.looked_at(cora, "figures")
    bad = [one for one in town.said if one.startswith(("error", "pageerror"))]
    assert [one for one in bad if not any(each in one for each in EXPECTED)] == []


LAG = "async () => (await (await fetch('/api/desk/figures')).json())?.all?.lag?.p50 ?? null"


def check_the_desk(cora: Page, town: Town, lags: list[int]) -> None:
    """Each press is told as it was seen, and each number on the page follows from these."""
    part(cora, "Figures")
    cora.locator("[data-fact='dd.presses.count']").wait_for(timeout=LONG)
    rows = told_rows(cora, town)
    counted = Counted(rows)
    assert (counted.answered, counted.abandoned, counted.taken_back) == (10, 1, 1)
    # The page asks again when presses are settled, every two seconds at most.
    counts = cora.locator("[data-fact='dd.presses.count'] .value")
    wait_for(lambda: counts.inner_text() == str(counted.presses), 30, "for all presses")
    check_facts(cora, rows, open_callbacks=0)
    check_times(cora, rows, lags)
    check_tables(cora, rows)
    check_people(cora, rows, OUTCOMES)


def told_rows(cora: Page, town: Town) -> list[Row]:
    """The desk's own file of presses, of which each line says what was seen."""
    text = cora.evaluate("async () => (await fetch('/api/desk/files/presses.csv')).text()")
    assert len(town.seen) == 12
    return checked_rows(text, town.seen)


OUTCOMES = "advised referred support not_reached mistake".split()

EXPECTED = ("WebSocket", "ERR_", "A VideoFrame was garbage collected")
"""The server is away for a while; and a frame that comes while its source is closing is left to the
browser by the library that encodes the film."""
