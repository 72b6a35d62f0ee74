"""Coming in, really: passkeys with and without PRF, the recovery sheet, a lost device, a thief with
the browser's whole profile. Each in Chromium with its own virtual authenticators."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from websockets.exceptions import ConnectionClosed

from browsers import Phone, wait_for
from deskpeople import console
from people import Attorney, violations, wait_for_text
from serving import RunningServer, accompany, environment
from thief import IDENTITY, holding
from virtual import DESKTOP, PHONE, Device, named

pytestmark = [pytest.mark.journey, pytest.mark.patient]


@pytest.fixture
def device(make_phone: Callable[..., Phone], tmp_path: Path) -> Callable[..., Device]:
    def make(name: str, prf: bool = True, options: dict[str, Any] = DESKTOP) -> Device:
        return Device(make_phone(tmp_path / name, options=options), prf)

    return make


def kept(page: Page) -> list[str]:
    """Return the names of what lies in the attorney's table of this browser."""
    found: list[str] = page.evaluate(
        """() => new Promise((resolve) => {
          const opening = indexedDB.open("accompany-attorney", 1);
          opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
          opening.onsuccess = () => {
            const asked = opening.result.transaction("kept").objectStore("kept").getAllKeys();
            asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
          };
        })"""
    )
    return found


def test_a_passkey_locks_the_keys_and_nothing_of_them_lies_in_the_browser(
    own_server: RunningServer, device: Callable[..., Device], tmp_path: Path
) -> None:
    ada = device("ada")
    ada.join(named(own_server.links["duty"]))
    words = ada.read_sheet()
    assert len(words.split()) == 12
    page = ada.page
    assert kept(page) == []
    account = page.get_by_test_id("account")
    account.get_by_text("last used").wait_for()
    assert account.get_by_text("It does not lock your keys.").count() == 0
    assert violations(page) == []
    # Closed and opened again: the passkey brings the keys back, and the desk with them.
    page.goto(named(own_server.url) + "/duty")
    page.get_by_role("heading", name="Sign in").wait_for()
    assert violations(page) == []
    ada.sign_in()
    ada.wait_for_desk()
    Attorney(ada.phone, page).go_on_duty()
    ada.phone.close()
    profile = tmp_path / "ada"
    assert holding(profile, IDENTITY) == []
    assert holding(profile, words.encode()) == []
    # The server has the keys as age files it cannot open, and no word of the sheet.
    data = tmp_path / "data"
    assert holding(data, IDENTITY) == ["keys/custodian.key", "keys/telling.key"]
    assert any("accompany.sqlite" in name for name in holding(data, b"age-encryption.org/v1"))
    assert holding(data, words.encode()) == []


def test_a_passkey_without_a_lock_says_so_and_another_device_needs_the_words(
    own_server: RunningServer, device: Callable[..., Device]
) -> None:
    ada = device("ada", prf=False)
    ada.join(named(own_server.links["duty"]))
    wait_for_text(ada.page, "it cannot lock your keys")
    assert violations(ada.page) == []
    ada.page.get_by_role("button", name="Continue").click()
    words = ada.read_sheet()
    assert sorted(kept(ada.page)) == ["card", "keys"]
    # Here the keys are, as before passkeys: nothing is asked.
    ada.page.goto(named(own_server.url) + "/duty")
    ada.wait_for_desk()
    ada.page.get_by_test_id("account").get_by_text("It does not lock your keys.").wait_for()
    # A new phone with the same passkey is known, but has no keys.
    phone = device("phone", prf=False, options=PHONE)
    phone.page.goto(named(own_server.url) + "/duty")
    phone.take_over(ada)
    phone.sign_in()
    wait_for_text(phone.page, "Enter the words of your recovery sheet once.")
    assert violations(phone.page) == []
    phone.use_words(" ".join(words.split()[1:]))
    wait_for_text(phone.page, "one is missing or misspelled")
    phone.use_words(words)
    phone.wait_for_desk()
    # Known by its passkey, it keeps them from now on: the words are asked for once.
    assert sorted(kept(phone.page)) == ["card", "keys"]


def test_after_a_loss_the_sheet_brings_back_and_shuts_the_lost_device_out(
    own_server: RunningServer, device: Callable[..., Device]
) -> None:
    lost = device("lost")
    lost.join(named(own_server.links["duty"]))
    words = lost.read_sheet()
    new = device("new", options=PHONE)
    page = new.page
    page.goto(named(own_server.url) + "/duty")
    new.sign_in()
    wait_for_text(page, "That did not work")
    page.get_by_role("button", name="Use my recovery sheet").click()
    new.use_words(words.upper())
    new.wait_for_desk()
    account = page.get_by_test_id("account")
    account.get_by_text("You signed in with your sheet.").wait_for()
    assert violations(page) == []
    # Another passkey here, the lost one gone, every other session ended, a new sheet.
    account.get_by_label("Name of this device").fill("New phone")
    account.get_by_role("button", name="Add a passkey").click()
    account.get_by_text("New phone").wait_for()
    rows = account.locator("ul").first.locator("li")
    rows.filter(has_not_text="New phone").get_by_role("button").click()
    wait_for(lambda: rows.count() == 1, 30, "for the lost passkey to be gone")
    account.get_by_role("button", name="End all others").click()
    wait_for(lambda: account.locator("[data-this]").count() == 1, 30, "for one session")
    account.get_by_role("button", name="Make a new recovery sheet").click()
    assert new.read_sheet() != words
    # The lost device: its console is shut, its passkey and the old words are worth nothing.
    lost.page.goto(named(own_server.url) + "/duty")
    lost.sign_in()
    wait_for_text(lost.page, "That did not work")
    lost.page.get_by_role("button", name="Use my recovery sheet").click()
    lost.use_words(words)
    wait_for_text(lost.page, "No sheet with these words is known here.")
    # And the new one comes in by its own passkey, with the same keys.
    page.goto(named(own_server.url) + "/duty")
    new.sign_in()
    new.wait_for_desk()


def test_who_declines_goes_on_without_and_a_new_invitation_always_works(
    own_server: RunningServer, device: Callable[..., Device], tmp_path: Path
) -> None:
    ada = device("ada")
    ada.cdp.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": ada.authenticator, "isUserVerified": False},
    )
    ada.join(named(own_server.links["duty"]))
    wait_for_text(ada.page, "No passkey was made.", 60)
    ada.page.get_by_role("button", name="Continue without a passkey").click()
    ada.read_sheet()
    assert sorted(kept(ada.page)) == ["card", "keys"]
    wait_for(lambda: holding(tmp_path / "ada", IDENTITY), 20, "for what lies there in clear")
    # No device, no sheet: somebody invites again, and it is a new card.
    command = accompany(
        "people", "--data", tmp_path / "data", "invite", "attorney", "--url", own_server.url
    )
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    again = device("again")
    again.join(named(done.stdout.strip()))
    again.read_sheet()
    assert kept(again.page) == []


def test_a_number_has_no_passkeys_and_the_page_leads_to_a_name(
    own_server: RunningServer, device: Callable[..., Device]
) -> None:
    ada = device("ada")
    ada.page.goto(own_server.links["duty"])
    wait_for_text(ada.page, "the address in the browser is a number")
    assert violations(ada.page) == []
    ada.page.get_by_role("link", name="Open this page under its name").click()
    ada.page.get_by_label("Your name, as callers see it").wait_for()
    assert "//localhost:" in ada.page.url
    assert "#invitation=" in ada.page.url


def people_come_and_go(cora: Device, server: RunningServer) -> None:
    """An invitation is made, handed over, taken back; somebody joins, and leaves in one act."""
    page = cora.page
    page.get_by_role("button", name="People", exact=True).click()
    for name in ("Rita", "Ada Advocate"):
        page.get_by_label("For whom").fill(name)
        page.get_by_role("button", name="Make a link").click()
        link = page.get_by_test_id("link").inner_text()
        assert violations(page) == []
        page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Take back: Rita").click()
    invited = page.get_by_test_id("invited")
    wait_for(lambda: "Rita" not in invited.inner_text(), 30, "for the invitation to be gone")
    line = console(server, link.partition("=")[2], "Ada Advocate", ["TX"], "en")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="People", exact=True).click()
    assert violations(page) == []
    page.get_by_role("button", name="Remove… Ada Advocate").click()
    page.get_by_text("the card: the log says for good").wait_for()
    page.get_by_text("What was opened cannot be unseen.").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Remove Ada Advocate").click()
    page.get_by_text("The log says that the card counts no more.").wait_for()
    assert violations(page) == []
    with pytest.raises(ConnectionClosed):
        line.until("nothing comes any more")
    page.get_by_role("button", name="Back to all people").click()
    page.get_by_test_id("gone").get_by_text("Ada Advocate").wait_for()


def test_a_coordinator_has_a_passkey_and_a_sheet_and_no_key_in_the_browser(
    own_server: RunningServer, device: Callable[..., Device]
) -> None:
    cora = device("cora")
    page = cora.page
    page.goto(named(own_server.links["desk"]))
    page.locator("#name").fill("Cora Desk")
    page.locator("form button").click()
    page.get_by_role("button", name="Make a passkey").click()
    page.locator(".words li").nth(11).wait_for()
    assert violations(page) == []
    words = " ".join(page.locator(".words li").all_inner_texts())
    page.get_by_role("button", name="I have it on paper").click()
    page.get_by_role("button", name="Your account").click()
    account = page.get_by_test_id("account")
    account.get_by_text("last used").wait_for()
    assert violations(page) == []
    page.goto(named(own_server.url) + "/desk")
    page.get_by_role("heading", name="Sign in").wait_for()
    assert violations(page) == []
    cora.sign_in()
    page.get_by_role("button", name="Your account").wait_for()
    people_come_and_go(cora, own_server)
    other = device("other", options=PHONE)
    other.page.goto(named(own_server.url) + "/desk")
    other.page.get_by_role("button", name="Use my recovery sheet").click()
    other.use_words(words)
    other.page.get_by_text("You signed in with your sheet.").wait_for()
    assert violations(other.page) == []
