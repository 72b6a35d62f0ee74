"""A coordinator makes an organization of their own in the browser, out of the demonstration: keys
by passkey and paper, a second holder, a drill; an attorney's card waits, is checked, is signed; a
caller's number is sealed to those keys, and opened with them."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page

from accompany.client.device import Device as RecordingDevice
from accompany.client.device import Purpose
from accompany.evidence.age import HybridRecipient
from accompany.evidence.cards import Organization
from accompany.evidence.notes import Verifier, open_note
from accompany.evidence.text import write_base64
from accompany.ids import EncounterId, Origin
from browsers import Phone
from house import new_id
from people import Caller, file_document, read_document, to_the_key, violations
from serving import RunningServer, running_server
from thief import holding
from virtual import DESKTOP, PHONE, Device, named

pytestmark = [pytest.mark.journey, pytest.mark.patient]
ANOTHER = "legal winner thank year wave sausage worth useful legal winner thank yellow"
"""Words of a sheet, but not of this one (a published vector of BIP 39)."""

NUMBER, CHANGED = "+15550107071", "5550107199"
SHOW = re.compile("^Show the number")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A callback is owed a second and a half after a press that nobody answers."""
    more = {"ACCOMPANY_WAVE_SECONDS": "0.5"}
    with running_server(tmp_path / "data", more=more) as server:
        yield server


@pytest.fixture
def device(make_phone: Callable[..., Phone], tmp_path: Path) -> Callable[..., Device]:
    def make(name: str, prf: bool = True, options: dict[str, Any] = DESKTOP) -> Device:
        return Device(make_phone(tmp_path / name, options=options), prf)

    return make


def part(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("button", name=name, exact=True).click()


def come(one: Device, link: str, name: str) -> None:
    """Join as a coordinator, with a passkey and a sheet of one's own."""
    page = one.page
    page.goto(link)
    page.locator("#name").fill(name)
    page.locator("form button").click()
    page.get_by_role("button", name="Make a passkey").click()
    page.locator(".words li").nth(11).wait_for()
    page.get_by_role("button", name="I have it on paper").click()
    page.get_by_role("button", name="People", exact=True).wait_for()


def invited(page: Page, role: str, name: str) -> str:
    part(page, "People")
    page.get_by_label("What they will be").select_option(role)
    page.get_by_label("For whom").fill(name)
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_test_id("link").inner_text()
    page.get_by_role("button", name="Done").click()
    return link


def type_words(page: Page, words: str) -> None:
    page.get_by_label("The twelve words of the organization's sheet").fill(words)
    page.get_by_role("button", name="Use these words").click()


def test_an_organization_of_ones_own_from_the_first_key_to_a_signed_card(
    own_server: RunningServer, device: Callable[..., Device]
) -> None:
    cora = device("cora")
    page = cora.page
    come(cora, named(own_server.links["desk"]), "Cora Desk")
    demonstration = page.locator(".demo")
    demonstration.wait_for()
    part(page, "Organization")
    page.get_by_label("Name of your organization").fill("Night Counsel")
    assert violations(page) == []
    page.get_by_role("button", name="Make the keys in this browser").click()
    page.locator(".words li").nth(11).wait_for()
    assert violations(page) == []
    words = page.locator(".words li").all_inner_texts()
    page.get_by_role("button", name="I have it on paper").click()
    # Nothing is made before the paper was proved.
    type_words(page, ANOTHER)
    proof = page.get_by_test_id("sheet-proof")
    proof.get_by_text("These are words of another sheet.").wait_for()
    assert violations(page) == []
    type_words(page, " ".join(words))
    pin = page.get_by_test_id("pin").inner_text()
    demonstration.wait_for(state="detached")
    assert violations(page) == []

    # Her passkey holds the keys, which the paper brings once.
    page.get_by_role("button", name="Hold the keys with my passkey").click()
    assert violations(page) == []
    type_words(page, " ".join(words))
    page.get_by_text("Your passkey holds the keys now.").wait_for()
    assert page.get_by_test_id("holders").inner_text() == "Cora Desk"

    # Somebody else tries the sheet, on a device whose passkey locks nothing: the words are enough.
    link = invited(page, "coordinator", "Dan")
    dan = device("dan", prf=False, options=PHONE)
    come(dan, link, "Dan Second")
    part(dan.page, "Organization")
    dan.page.get_by_role("button", name="Try the sheet").click()
    type_words(dan.page, " ".join(words))
    dan.page.get_by_text("The sheet works").wait_for()
    assert violations(dan.page) == []
    dan.page.get_by_role("button", name="Hold the keys with my passkey").click()
    type_words(dan.page, " ".join(words))
    dan.page.get_by_text("This passkey cannot lock keys.").wait_for()
    dan.phone.close()

    # A second coordinator's passkey holds the keys as well: it is hers that signs the card below.
    eva = device("eva")
    come(eva, invited(page, "coordinator", "Eva"), "Eva Third")
    part(eva.page, "Organization")
    eva.page.get_by_role("button", name="Hold the keys with my passkey").click()
    type_words(eva.page, " ".join(words))
    eva.page.get_by_text("Your passkey holds the keys now.").wait_for()
    holders = eva.page.get_by_test_id("holders").inner_text()
    assert sorted(re.split(r",\s*|\s+and\s+", holders)) == ["Cora Desk", "Eva Third"]

    # An attorney's card waits until her license was looked up.
    link = invited(page, "attorney", "Ada")
    ada = device("ada", options=PHONE)
    ada.join(link)
    ada.page.locator(".words li").nth(11).wait_for()
    ada.page.get_by_role("button", name="I have it on paper").click()
    numbers = ada.page.locator("[data-testid=waiting-card] code")
    numbers.wait_for()
    assert violations(ada.page) == []
    part(eva.page, "Cards")
    queued = eva.page.get_by_test_id("card-queue")
    queued.get_by_text("Ada Advocate").wait_for()
    assert queued.locator("li code").inner_text() == numbers.inner_text()
    eva.page.get_by_role("button", name="Open with my passkey").click()
    eva.page.get_by_text("The keys are open on this page").wait_for()
    eva.page.get_by_role("button", name="Sign the card").click()
    queued.get_by_text("Tick at least one state that you looked up.").wait_for()
    eva.page.get_by_label("Texas").check()
    eva.page.get_by_label("Where you looked").fill("State Bar of Texas, 24000000")
    assert violations(eva.page) == []
    eva.page.get_by_role("button", name="Sign the card").click()
    eva.page.get_by_text("Nobody waits for a card.").wait_for()
    eva.phone.close()
    ada.wait_for_desk()
    # Away from the list of people, which is looked at anew below.
    part(page, "Cards")
    encounter = a_case_of(own_server, str(ada.page.evaluate(ME)))
    ada.page.reload()
    ada.sign_in()
    ada.wait_for_desk()
    case = ada.page.locator(f"[data-encounter='{encounter}']")
    case.get_by_text("Notes", exact=True).click()
    case.get_by_label("My notes of this case").fill("No warrant was shown.")
    case.locator("[data-testid=notes] [data-state=kept]").wait_for()
    file_document(case, "stop.txt", "Stopped at nine.")
    assert violations(ada.page) == []
    again = cases_come_back(page, ada, device, encounter)

    # The caller's phone trusts the new key, as its link says.
    link = f"{named(own_server.links['caller']).partition('&key=')[0]}&key={pin}"
    carla = device("carla", options=PHONE)
    panel = a_number_is_left(page, carla, link)
    it_is_opened(page, again.page)
    for folder in (own_server.data, carla.phone.profile):
        assert holding(folder, CHANGED.encode(), exact=True) == []
    panel.get_by_role("button", name="Take it back").click()
    panel.get_by_text("Taken back: the number was destroyed.").first.wait_for()
    for shown in (page, again.page):
        shown.get_by_test_id("shown-number").wait_for(state="detached")


ME = "() => fetch('/api/me').then((me) => me.json()).then((me) => me.person)"


def a_case_of(server: RunningServer, serial: str) -> str:
    """Record something for the custodian, and file it as a call that was answered."""
    address = server.url
    with httpx.Client(base_url=address, trust_env=False) as line:
        service = line.get("/api/service").json()
        key = Verifier.parse(service["organization_key"])
        said = Organization.read(open_note(service["organization"].encode(), key, "organization"))
        now, encounter = time.time_ns() // 1_000_000, new_id()
        purpose = Purpose(
            "sound",
            "audio/mp4",
            EncounterId(encounter),
            Origin(service["origin"]),
            None,
            "test/1 none",
        )
        recorder = RecordingDevice.open(purpose, (HybridRecipient.parse(said.custodian),), now)
        code = server.links["caller"].partition("code=")[2].partition("&")[0]
        new = {
            "opening": recorder.opening.note.decode(),
            "grants": [write_base64(grant) for grant in recorder.grants],
            "locator": "00" * 32, "deletion": None, "admission": {"guest_code": code},
        }  # fmt: skip
        assert line.post("/api/recordings", json=new).status_code == 201
    with (
        closing(sqlite3.connect(server.data / "accompany.sqlite", timeout=20)) as database,
        database,
    ):
        database.execute(
            "INSERT INTO presses (encounter, state, language, pressed, secret) "
            "VALUES (?, 'TX', 'en', ?, ?)",
            (encounter, now, b"s" * 32),
        )
        for number, (word, who) in enumerate((("answered", serial), ("ended", "attorney"))):
            database.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?)", (encounter, number, word, who, now)
            )
    return encounter


def cases_come_back(
    page: Page, ada: Device, device: Callable[..., Device], encounter: str
) -> Device:
    """Ada loses everything and is invited again: her cases are given to her new card."""
    part(page, "People")
    page.get_by_role("button", name="Lost device… Ada Advocate").click()
    page.get_by_label("Somebody else may have their device or keys").check()
    assert violations(page) == []
    page.get_by_role("button", name="End all that and make a link").click()
    link = page.get_by_test_id("link").inner_text()
    page.get_by_role("button", name="Done").click()
    ada.phone.close()
    again = device("again", options=PHONE)
    again.join(link)
    again.page.locator(".words li").nth(11).wait_for()
    again.page.get_by_role("button", name="I have it on paper").click()
    again.page.locator("[data-testid=waiting-card] code").wait_for()
    part(page, "Cards")
    page.get_by_role("button", name="Open with my passkey").click()
    page.get_by_label("Texas").check()
    page.get_by_label("Where you looked").fill("State Bar of Texas, 24000000")
    page.get_by_role("button", name="Sign the card").click()
    page.get_by_text("Nobody waits for a card.").wait_for()
    again.wait_for_desk()

    part(page, "Guest codes")
    page.get_by_label("Where it hangs").fill("Shelter")
    page.get_by_role("button", name="Make a code").click()
    page.get_by_test_id("new-code").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Undo").click()
    page.locator("[data-testid=code][data-good=false]").wait_for()
    part(page, "Cases without an attorney")
    theirs = page.get_by_test_id("lost-attorney")
    theirs.get_by_text("Ada Advocate does not belong any more.").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Open with my passkey").click()
    theirs.get_by_role("button", name="Give 1 case").click()
    page.get_by_text("No case waits for somebody.").wait_for()
    assert violations(page) == []
    again.page.reload()
    again.sign_in()
    again.wait_for_desk()
    case = again.page.locator(f"[data-encounter='{encounter}']")
    case.get_by_text("Notes", exact=True).click()
    case.get_by_test_id("note-before").get_by_text("No warrant was shown.").wait_for()
    read_document(case, "stop.txt", "Stopped at nine.")
    assert violations(again.page) == []
    return again


def a_number_is_left(page: Page, carla: Device, link: str) -> Locator:
    """Nobody is on duty: a number is left, and changed, under "My recordings"."""
    phone, caller = carla.page, Caller(carla.phone, carla.page)
    caller.prepare(link)
    to_the_key(phone)
    phone.get_by_role("button", name="Make my key").click()
    phone.get_by_role("button", name="Use this phone's lock").click()
    phone.locator(".words li").nth(11).wait_for()
    phone.get_by_role("button", name="I have it on paper").click()
    phone.get_by_text("You have a key of your own.").first.wait_for()
    phone.get_by_role("button", name="Back to the button").click()
    part(page, "Now")
    caller.press()
    page.get_by_test_id("callbacks").get_by_role("listitem").wait_for()
    caller.end()
    caller.wait_until_safe()
    phone.get_by_role("button", name="Back to the start", exact=True).click()
    phone.get_by_role("button", name="My recordings").click()
    phone.get_by_role("button", name="Unlock").click()
    panel = phone.get_by_test_id("callback-number")
    for name, number in (("Leave a number", NUMBER), ("Change it", CHANGED)):
        panel.get_by_role("button", name=name).click()
        panel.get_by_label("Telephone number").fill(number)
        with phone.expect_response(re.compile("/api/callbacks/")) as left:
            panel.get_by_role("button", name="Seal and leave it").click()
        assert (left.value.request.method, left.value.status) == ("PUT", 200)
        panel.get_by_text("Your number was left.").wait_for()
    assert violations(phone) == []
    return panel


def it_is_opened(page: Page, console: Page) -> None:
    """A coordinator opens it, and seals it to whoever takes the callback later."""
    owed = page.get_by_test_id("callbacks")
    owed.get_by_role("button", name=SHOW).click()
    owed.get_by_text("The organization's keys open it.").wait_for()
    assert violations(page) == []
    owed.get_by_role("button", name="Open with my passkey").click()
    owed.locator(".digits").get_by_text(CHANGED, exact=True).wait_for()
    assert owed.get_by_role("link").get_attribute("href") == f"tel:{CHANGED}"

    theirs = console.get_by_test_id("callbacks")
    console.get_by_role("button", name="Go on duty").click()
    theirs.get_by_text("A number was left. Take the callback to see it.").wait_for()
    theirs.get_by_role("button", name="I take it").click()
    theirs.get_by_role("button", name=SHOW).click()
    theirs.get_by_text("It was not sealed to you").wait_for()
    assert violations(console) == []
    # Nothing was closed on the desk: it says whom the number can be given.
    owed.get_by_role("button", name="Seal it to Ada Advocate as well").click()
    owed.get_by_text("Now Ada Advocate can open it, too.").wait_for()
    assert violations(page) == []
    theirs.get_by_role("button", name=SHOW).click()
    theirs.locator(".digits").get_by_text(CHANGED, exact=True).wait_for()
    theirs.get_by_text("Nothing proves who left it").wait_for()
    assert violations(console) == []
