"""A coordinator's evening in one browser: presses from real sockets, a ring nobody answers, a
callback, a restart, a roster, a webhook; every number on the desk is compared with the truth."""

import hmac
import json
import sqlite3
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from browsers import Phone, wait_for
from deskpeople import Caller, console, invitation
from people import violations
from serving import RunningServer, accompany, environment
from sinks import HttpSink, http_sink

pytestmark = [pytest.mark.journey, pytest.mark.patient]

QUICK = {
    "ACCOMPANY_WAVE_SECONDS": "0.5",
    "ACCOMPANY_WRAP_UP_MINUTES": "0",
    "ACCOMPANY_WEBHOOK_NETWORKS": "127.0.0.0/8",
}
ROSTER = """kind,person,name,role,zone,languages,licenses,volunteer,days,start,end
person,ada,Ada Advocate,attorney,America/Chicago,en,TX 2026-01-01,yes,,,
person,ben,Ben Bar,attorney,America/Los_Angeles,es,CA 2026-01-01,no,,,
shift,ada,,,,,,,mon tue wed thu fri sat sun,00:00,24:00
"""
LESS = ROSTER.replace("shift,ada,,,,,,,mon tue wed thu fri sat sun", "shift,ada,,,,,,,mon")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    one = RunningServer(tmp_path / "data", more=dict(QUICK))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as one:
        yield one


def part(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("button", name=name, exact=True).click()


def fact(page: Page, name: str) -> int:
    return int(page.locator(f"[data-fact='{name}'] .value").inner_text())


def cells(row: Locator) -> list[str]:
    return [one.replace("\n", " ") for one in row.locator("td").all_inner_texts()]


def naive(data: Path) -> dict[str, Any]:
    """What happened, straight from the events that were kept."""
    with sqlite3.connect(data / "accompany.sqlite") as tables:
        presses = {one[0]: one[1:] for one in tables.execute(
            "SELECT encounter, state, pressed FROM presses")}  # fmt: skip
        answers = {}
        for encounter, time in tables.execute(
            "SELECT encounter, min(time) FROM events WHERE word = 'answered' GROUP BY encounter"
        ):
            answers[encounter] = time - presses[encounter][1]
        heard = [time - presses[encounter][1] for encounter, time in tables.execute(
            "SELECT encounter, time FROM events WHERE word = 'heard'")]  # fmt: skip
    return {"answers": sorted(answers.values()), "heard": sorted(heard)}


def shown_seconds(milliseconds: int) -> str:
    """As `Intl.NumberFormat` writes it: one digit behind the point, where it is not 0."""
    return f"{int(milliseconds / 100 + 0.5) / 10:g} s"


def test_an_evening_at_the_desk(
    server: RunningServer, sink: HttpSink, make_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    desktop = {"viewport": {"width": 1280, "height": 900}, "timezone_id": "America/Chicago"}
    phone = make_phone(tmp_path / "coordinator", options=desktop)
    page = phone.start()
    base = server.url
    page.goto(f"{base}/desk")
    page.get_by_text("For the desk you need an invitation as a coordinator.").wait_for()
    page.goto("about:blank")
    page.goto(f"{base}/desk#invitation={invitation(server, 'coordinator')}")
    page.get_by_role("button", name="Make my key and join").click()
    page.get_by_text("Enter your name.").wait_for()
    assert violations(page) == []
    page.get_by_label("Your name").fill("Cora Desk")
    page.get_by_role("button", name="Make my key and join").click()
    page.get_by_text("Nobody is waiting.").wait_for()
    page.get_by_text("Nobody is on duty.").wait_for()
    # Whoever plans duty sees that no speaker has read the translations yet.
    page.get_by_text("Translations of the pages").click()
    unread = page.locator(".translations [data-reviewed=false]")
    expect(unread).to_have_count(9)
    expect(unread.first).to_contain_text("unreviewed")
    assert violations(page) == []
    page.get_by_role("button", name="Allow the sound").click()
    part(page, "Figures")
    page.get_by_test_id("no-figures").wait_for()

    # A webhook first, so that all is told.
    part(page, "Webhooks")
    page.get_by_label("Address (https)").fill("https://169.254.169.254/")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("This was not taken: Only public addresses are called.").wait_for()
    page.get_by_label("Address (https)").fill(f"{sink.url}/hook")
    page.get_by_role("button", name="Add").click()
    secret = page.get_by_test_id("secret").inner_text()
    page.get_by_role("button", name="Test", exact=True).click()
    page.locator("tr[data-delivery=taken]").wait_for()
    assert violations(page) == []

    # Who is on duty is seen, and what each may do.
    part(page, "Now")
    ada = console(server, invitation(server, "attorney"), "Ada Advocate", ["TX"], "en")
    ben = console(server, invitation(server, "attorney"), "Ben Bar", ["CA"], "es")
    console(server, invitation(server, "responder"), "Rita Responder", [], "en")
    people = page.get_by_test_id("people")
    wait_for(lambda: people.get_by_role("listitem").count() == 3, 30, "for three on duty")
    people.get_by_text("Support, no legal advice").wait_for()
    assert people.locator("li[data-doing=free]").count() == 3

    # Nobody is licensed there: the desk rings, and a callback is owed.
    lost = Caller(server, "NY", "en")
    page.get_by_test_id("ringing").wait_for()
    presses = page.get_by_test_id("presses")
    presses.get_by_text("Nobody is left to ring").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Stop this ring").click()
    page.get_by_test_id("ringing").wait_for(state="detached")
    callbacks = page.get_by_test_id("callbacks")
    callbacks.get_by_role("button", name="I take it").click()
    callbacks.get_by_text("Owner: Cora Desk").wait_for()

    # Two calls, one of which comes back; one press by mistake.
    first = Caller(server, "TX", "en")
    presses.locator("li[data-stage=ringing]").get_by_text("Texas").wait_for()
    first.answered_by(ada)
    presses.get_by_text("In a call with Ada Advocate").wait_for()
    people.locator("li[data-doing=in_call]").get_by_text("Ada Advocate").wait_for()
    first.line.say(type="heard")
    first.line.close()
    presses.get_by_text("The caller's page is not connected.").wait_for()
    first.come()
    second = Caller(server, "CA", "es")
    second.answered_by(ben)
    second.line.say(type="heard")
    second.end()
    first.end()
    mistake = Caller(server, "TX", "en")
    mistake.end()
    wait_for(lambda: presses.get_by_role("listitem").count() == 1, 30, "for the calls to be over")

    # The server dies in the middle; the page and the callback are there again.
    server.kill()
    server.start()
    page.locator("main[data-connection=open]").wait_for(timeout=30_000)
    callbacks.get_by_text("Owner: Cora Desk").wait_for(timeout=30_000)
    lost.come()
    callbacks.get_by_role("button", name="Called back").click()
    callbacks.get_by_text("Called back at").wait_for()
    callbacks.get_by_role("button", name="Undo").click()
    callbacks.get_by_text("Due", exact=False).wait_for()
    callbacks.get_by_role("button", name="Called back").click()
    callbacks.get_by_role("button", name="Undo").wait_for()

    # A roster is looked at, taken over, changed and undone; coverage follows.
    part(page, "Coverage")
    page.get_by_text("There is no roster").wait_for()
    part(page, "Roster")

    def choose(text: str) -> None:
        file = {"name": "roster.csv", "mimeType": "text/csv", "buffer": text.encode()}
        page.get_by_label("Look at a CSV file").set_input_files(file)  # type: ignore[arg-type]

    choose("kind,person\nshift,nobody\n")
    page.get_by_text("Line 2: days is missing.").wait_for()
    preview = page.get_by_test_id("preview")
    for text, said in ((ROSTER, "New: Ada Advocate and Ben Bar"), (LESS, "1 new, 1 gone")):
        choose(text)
        preview.get_by_text(said).wait_for()
        assert violations(page) == []
        page.get_by_role("button", name="Take it over").click()
        preview.wait_for(state="detached")
    part(page, "Coverage")
    wait_for(lambda: _covered(page) is not None, 30, "for the coverage")
    assert _covered(page) == _gaps_said(server)
    picture = page.locator("img.covered")
    before = picture.get_attribute("src")
    part(page, "Roster")
    # Coverage is asked for when its part is opened: not before the roster is what it was.
    with page.expect_response(lambda one: one.request.method == "DELETE"):
        page.get_by_role("button", name="Undo the last change").click()
    part(page, "Coverage")
    wait_for(lambda: _covered(page) == _gaps_said(server), 30, "for the coverage of before")
    assert picture.get_attribute("src") != before
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 500
    assert violations(page) == []

    # Ten seconds have gone by: who lets go now has abandoned it.
    with sqlite3.connect(server.data / "accompany.sqlite") as tables:
        (pressed,) = tables.execute(
            "SELECT pressed FROM presses WHERE encounter = ?", (lost.encounter,)
        ).fetchone()
    wait_for(lambda: page.evaluate("Date.now()") > pressed + 10_500, 30, "for ten seconds")
    lost.end()
    part(page, "Now")
    wait_for(lambda: presses.get_by_role("listitem").count() == 0, 30, "for nobody to wait")

    # Every number.
    part(page, "Figures")
    wait_for(lambda: page.locator("[data-fact='dd.presses.count']").count(), 30, "for figures")
    expected = {
        "dd.presses.count": 3, "dd.answered": 2, "dd.within 10": 2, "dd.within 15": 2,
        "dd.abandoned": 1, "dd.taken_back": 1, "dd.owed": 1, "dd.called_back": 1, "dd.open": 0,
        "dd.drops": 0, "dd.returns": 2,
    }  # fmt: skip
    assert {name: fact(page, name) for name in expected} == expected
    truth = naive(server.data)
    for name, times in (("dd.answer", truth["answers"]), ("dd.sound", truth["heard"])):
        row = cells(page.locator(f"tr[data-times='{name}']"))
        assert len(times) == 2
        assert row == [shown_seconds(times[0]), shown_seconds(times[1]), shown_seconds(times[1])]
    states = {name: cells(page.locator(f"tr[data-row={name}]"))[:4] for name in ("TX", "CA", "NY")}
    assert states == {
        "TX": ["1", "1", "1 100%", "0"], "CA": ["1", "1", "1 100%", "0"],
        "NY": ["1", "0", "0 0%", "1"],
    }  # fmt: skip
    assert cells(page.locator("tr[data-row=en]"))[:2] == ["2", "1"]
    assert cells(page.locator("tr[data-row=console]"))[:2] == ["2", "2"]
    for name in ("Ada Advocate", "Ben Bar"):
        assert cells(page.get_by_role("row", name=name)) == ["1"]
    about = page.locator("#by-day-about").inner_html()
    assert about == "3 presses; 2 answered within 10 s, 1 abandoned."
    assert violations(page) == []

    # The same in the files.
    part(page, "Files")
    assert violations(page) == []
    for name, lines in (("Figures", 11), ("Presses of the last thirty days", 5), ("Callbacks", 2)):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert len(Path(download.value.path()).read_text().splitlines()) == lines, name
    page.get_by_test_id("demanded").get_by_text("accompany produce ID").wait_for()

    # A poster for this organization, in a language of the person's choosing.
    part(page, "Posters and cards")
    assert violations(page) == []
    page.get_by_test_id("posters").get_by_label("Language").select_option("pa")
    page.get_by_label("Guest code").fill("zzzz-zzzz")
    page.get_by_role("button", name="Make the PDF").click()
    page.get_by_text("This guest code lets nobody in.").wait_for()
    page.get_by_label("Guest code").fill("")
    with page.expect_download() as download:
        page.get_by_role("button", name="Make the PDF").click()
    assert download.value.suggested_filename == "accompany-poster-pa-letter.pdf"
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")

    # On a phone the parts are a strip that scrolls: the one that is open is in it, however it came.
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".part[aria-current]")).to_be_in_viewport(ratio=0.9)

    # And at the other program: each message once taken, signed, with nothing of who called.
    messages = {one.headers["webhook-id"]: one for one in sink.wait(11)}
    kinds: dict[str, int] = {}
    for one in messages.values():
        named = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}."
        signed = named.encode() + one.body
        mac = hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, "sha256")
        assert b64decode(one.headers["webhook-signature"].partition(",")[2]) == mac
        word = json.loads(one.body)["type"]
        kinds[word] = kinds.get(word, 0) + 1
    assert kinds == {
        "webhook.test": 1, "press.begun": 4, "press.answered": 2, "press.ended": 4,
        "press.callback_owed": 2, "press.called_back": 2,
    }  # fmt: skip
    problems = [one for one in phone.console if one.startswith(("error", "pageerror"))]
    assert all(
        "WebSocket" in one or "400" in one or "404" in one or "ERR_" in one for one in problems
    ), problems


def _covered(page: Page) -> tuple[int, int] | None:
    """Return how many hours are covered, of how many, as the page says it."""
    said = page.get_by_test_id("covered")
    if said.count() == 0:
        return None
    numbers = [int(one) for one in said.inner_text().split() if one.isdigit()]
    return numbers[1], numbers[2]


def _gaps_said(server: RunningServer) -> tuple[int, int]:
    """Return the same as `accompany roster gaps` says it."""
    command = accompany("roster", "--data", server.data, "gaps")
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    words = done.stdout.splitlines()[-1].split()
    bare, hours = int(words[2]), int(words[4])
    return hours - bare, hours
