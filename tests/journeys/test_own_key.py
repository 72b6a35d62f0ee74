"""A caller's own key, as a caller has it: made beside the press, with this phone's lock or with
paper alone; recordings found again, on this phone and on a new one; and what a thief has of it."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from accompany.errors import AccompanyError
from accompany.evidence.age import HybridIdentity, decrypt
from browsers import Phone, wait_for
from evidencefiles import verify
from people import (
    Attorney,
    Caller,
    add_authenticator,
    say_in_chat,
    to_the_key,
    violations,
    wait_for_text,
)
from serving import RunningServer
from thief import COORDINATES, HERE, IDENTITY, holding

pytestmark = [pytest.mark.journey, pytest.mark.patient]
DARK = {"color_scheme": "dark"}
OUT_OF_SIGHT = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
  delete document.hidden;
}"""
"""As when the phone is locked: whether a tab behind another counts depends on the machine."""

CHAT = "CANARYCHAT is my brother allowed to film?"


def named(link: str) -> str:
    """Return the link under the name this machine has for itself: a number has no passkeys."""
    return link.replace("127.0.0.1", "localhost")


def read_sheet(page: Page) -> str:
    page.locator(".words li").nth(11).wait_for()
    assert violations(page) == []
    words: str = " ".join(page.locator(".words li").all_inner_texts())
    page.get_by_role("button", name="I have it on paper").click()
    wait_for_text(page, "You have a key of your own.")
    assert violations(page) == []
    return words


def meet(server: RunningServer, caller: Caller, attorney: Attorney, say: str) -> str:
    """Press, be answered, talk, end; return the recording's id."""
    caller.press()
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you", 20)
    say_in_chat(caller.page, say)
    wait_for_text(attorney.page, say)
    caller.wait_until_recorded(4)
    # Taken in the middle of it, profile and data folder hold no key and nothing that was said.
    for folder in (caller.phone.profile, server.data):
        assert [one for one in holding(folder, IDENTITY) if not one.startswith("keys/")] == []
        assert holding(folder, say.encode()) == []
        assert holding(folder, COORDINATES) == []
    caller.end()
    caller.wait_until_safe()
    return caller.reference


def open_with_words(page: Page, words: str) -> None:
    page.get_by_label("The twelve words of your recovery sheet").fill(words)
    page.get_by_role("button", name="Open", exact=True).click()


def play(page: Page, kind: str = "film", close: bool = True) -> None:
    """Play the newest recording: it holds, and it is a film that goes on for some seconds."""
    one = page.locator(f"[data-kind={kind}]").first
    one.get_by_role("button", name="Play").click()
    one.get_by_test_id("opened").wait_for(timeout=20_000)
    assert one.get_by_test_id("opened").get_attribute("data-holds") == "true"
    length = "() => document.querySelector('[data-testid=player]').duration"
    wait_for(lambda: (page.evaluate(length) or 0) > 1, 30, "for the film")
    # Everything is checked while it plays; green, where it holds.
    one.locator("[data-testid=checking][data-exit='0']").wait_for(timeout=30_000)
    assert one.get_by_test_id("playing-now").get_attribute("data-good") == "true"
    one.get_by_text("Who had it in hand").click()
    # A public copy is begun here as on the attorney's page. The clip has no face, and each picture
    # takes seconds on a full machine: what is found is test_public_copy's to say.
    one.get_by_role("button", name="Make a public copy").click()
    one.get_by_role("button", name="Stop").click()
    one.get_by_text("The whole film was not looked through for faces.").wait_for()
    assert violations(page) == []
    if close:
        one.get_by_role("button", name="Close the recording").click()


def read_chat(page: Page) -> None:
    """The chat is there without a letter: what was written, and that all of it holds."""
    one = page.locator("[data-kind=notes]")
    one.get_by_role("button", name="Read the chat").click()
    read = one.get_by_test_id("chat-read")
    read.get_by_text(CHAT).wait_for(timeout=20_000)
    assert read.get_by_role("listitem").all_inner_texts()[0].startswith("You · ")
    assert one.get_by_test_id("opened").get_attribute("data-holds") == "true"
    one.locator("[data-testid=checking][data-exit='0']").wait_for(timeout=30_000)
    assert violations(page) == []


def letter_sent(page: Page) -> None:
    """The attorney sends the closing letter, with the chat, to the caller's recordings."""
    page.get_by_text("Closing letter").first.click()
    part = page.get_by_test_id("letter").first
    part.get_by_text("Something still stands in brackets.").wait_for()
    part.get_by_role("textbox").fill("CANARYLETTER You owe nothing.")
    part.get_by_label("With what was written in the chat: 1 message").check()
    part.get_by_role("button", name="Send it to the caller").click()
    part.get_by_text("Sent. The caller reads it").wait_for()
    assert violations(page) == []
    # Opened again, the page knows that it was sent, and by whom.
    page.reload()
    page.get_by_text("Closing letter").first.click()
    page.get_by_test_id("letter-before").first.get_by_text("A letter was sent by").wait_for()
    assert violations(page) == []


def given_out_by_its_caller(page: Page, server: RunningServer, folder: Path) -> None:
    """The caller marks, and gives out the rest: signed by a key of its own, whose line is shown."""
    page.get_by_test_id("export").first.click()
    part = page.get_by_test_id("disclosure")
    part.get_by_label("Opened").check()
    film = page.get_by_test_id("player")
    for name, second in (("Withhold from here", 0.6), ("To here", 1.1)):
        film.evaluate("(film, second) => { film.pause(); film.currentTime = second; }", second)
        part.get_by_role("button", name=name).click()
    part.get_by_role("group", name="Stretch 1").wait_for()
    part.get_by_label("I looked through it").check()
    part.get_by_role("button", name="Make the opened package").click()
    ready = page.get_by_test_id("disclosed")
    ready.wait_for(timeout=60_000)
    assert ready.get_attribute("data-exit") == "0", ready.inner_text()
    assert violations(page) == []
    told = page.get_by_test_id("withheld").inner_text()
    with page.expect_download() as saved:
        ready.get_by_role("button", name="Save the opened package").click()
    saved.value.save_as(folder / "given-out.zip")
    alone = verify(folder / "given-out.zip", server.links["policy"])
    assert (alone.status, "ask them for the line of their key" in alone.words) == (2, True)
    line = page.get_by_test_id("signer").inner_text()
    vouched = verify(folder / "given-out.zip", server.links["policy"], "--signer", line)
    assert (vouched.status, told in vouched.words) == (0, True), vouched.words
    page.get_by_role("button", name="Close the recording").click()


def opens(who: HybridIdentity, grant: bytes) -> bool:
    try:
        return decrypt(grant, [who]).startswith(b"AGE-SECRET-KEY-PQ-1")
    except AccompanyError:
        return False


def test_a_key_locked_by_the_phone_opens_recordings_here_and_on_a_new_phone(
    own_server: RunningServer, make_phone: Callable[..., Phone], attorney: Attorney,
    tmp_path: Path, clip: Any,
) -> None:  # fmt: skip
    options = {"geolocation": HERE}
    phone = make_phone(tmp_path / "carla", video=clip.video, audio=clip.audio, options=options)
    page = phone.start()
    add_authenticator(page, prf=True)
    carla = Caller(phone, page)
    carla.prepare(named(own_server.links["caller"]))
    to_the_key(page)
    page.get_by_role("button", name="Make my key").click()
    assert violations(page) == []
    page.get_by_role("button", name="Use this phone's lock").click()
    words = read_sheet(page)
    page.get_by_role("button", name="Back to the button").click()
    recording = meet(own_server, carla, attorney, CHAT)
    page.get_by_role("button", name="Back to the start", exact=True).click()
    letter_sent(attorney.page)

    # Shut until the phone's lock opens it.
    page.get_by_role("button", name="My recordings").click()
    page.get_by_role("button", name="Unlock").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Unlock").click()
    page.get_by_test_id("my-encounter").wait_for()
    wait_for_text(page, f"Your lawyer was {attorney.name}.")
    assert violations(page) == []
    # The letter that was sent, and what was written in the chat, are read here.
    letter = page.get_by_test_id("my-letter")
    letter.get_by_text(f"A letter from {attorney.name}").click()
    letter.get_by_text("CANARYLETTER You owe nothing.").wait_for()
    letter.get_by_text(CHAT).wait_for()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "letter.png", full_page=True)
    read_chat(page)
    page.screenshot(path=tmp_path / "chat.png", full_page=True)
    page.get_by_role("button", name="Close the recording").click()
    play(page, close=False)
    given_out_by_its_caller(page, own_server, tmp_path)
    ours = (named(own_server.url), own_server.url, "blob:", "data:", "about:", "chrome")
    assert [url for url in phone.requests if not url.startswith(ours)] == []
    # On a slow machine the film goes on in a second one: the first is looked at.
    films = page.locator("[data-kind=film]")
    assert recording in [one.get_attribute("data-recording") for one in films.all()]
    film = films.first
    with page.expect_download() as saved:
        film.get_by_role("button", name="Save the evidence").click()
    saved.value.save_as(tmp_path / "film.zip")
    # The segments hold; a log without witnesses cannot vouch for more.
    assert verify(tmp_path / "film.zip", own_server.links["policy"]).status == 0
    # What was said with the lawyer stays protected: written down once it is said.
    film.get_by_text("What you and your lawyer said").click()
    film.get_by_role("button", name="Keep it protected").click()
    film.locator("[data-testid=privilege][data-said=kept]").wait_for()
    # Deleted, and taken back.
    film.get_by_role("button", name="Delete…").click()
    film.get_by_role("button", name="Delete it").click()
    page.get_by_test_id("deleting").first.wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Do not delete it").first.click()
    wait_for(lambda: page.get_by_text("It will be deleted on").count() == 0, 30, "for it back")
    phone.close()

    # What a thief of the phone has: no key, no words, nothing said.
    profile, data = tmp_path / "carla", tmp_path / "data"
    assert holding(profile, b"accompany.place."), "the test looks where nothing of ours lies"
    assert holding(profile, IDENTITY) == []
    for folder in (profile, data):
        assert holding(folder, COORDINATES) == [], "the phone knew where it is"
    for said in (CHAT, words, CHAT.split()[0], "CANARYLETTER"):
        assert holding(profile, said.encode()) == []
        assert holding(data, said.encode()) == []

    # A new phone knows nothing; the words on paper are enough.
    other = make_phone(tmp_path / "new", options=DARK)
    new = other.start()
    add_authenticator(new, prf=False)
    Caller(other, new).prepare(named(own_server.links["caller"]))
    to_the_key(new)
    new.get_by_role("button", name="I have a sheet already").click()
    open_with_words(new, words)
    new.get_by_test_id("my-encounter").wait_for()
    assert violations(new) == []
    play(new)
    # Given away: to an attorney's key as a file, and by a link that is taken back again.
    film = new.locator("[data-kind=film]").first
    film.get_by_role("button", name="Share").click()
    new.get_by_label("Their key").fill("age1pq1wrong")
    new.get_by_role("button", name="Make the file").click()
    wait_for_text(new, "That is no such key.")
    assert violations(new) == []
    lawyer = HybridIdentity.generate()
    new.get_by_label("Their key").fill(str(lawyer.recipient))
    with new.expect_download() as given:
        new.get_by_role("button", name="Make the file").click()
    given.value.save_as(tmp_path / "given.zip")
    wait_for_text(new, "The file is ready.")
    with zipfile.ZipFile(tmp_path / "given.zip") as bag:
        grants = [bag.read(name) for name in bag.namelist() if "/data/grants/" in name]
    assert sum(opens(lawyer, one) for one in grants) == 1
    film.get_by_role("button", name="Make a link").click()
    link = film.get_by_test_id("link").input_value()
    assert violations(new) == []
    page = new.context.new_page()
    page.goto(link)
    page.get_by_role("heading", name="A recording for you").wait_for()
    page.get_by_role("button", name="Play").click()
    page.get_by_test_id("opened").wait_for(timeout=20_000)
    assert page.get_by_test_id("opened").get_attribute("data-holds") == "true"
    assert violations(page) == []
    # Out of sight it was shut; opened again, the link is taken back, and opens nothing any more.
    new.bring_to_front()
    new.evaluate(OUT_OF_SIGHT)
    wait_for(lambda: new.get_by_test_id("mine").get_attribute("data-open") == "false", 30, "shut")
    open_with_words(new, words)
    film.get_by_role("button", name="Share").click()
    film.get_by_role("button", name="Take it back").click()
    wait_for(lambda: film.get_by_role("button", name="Take it back").count() == 0, 30, "taken back")
    # This phone's lock cannot keep a key, and the page says so.
    new.get_by_text("The key on this phone").click()
    new.get_by_role("button", name="Use this phone's lock").click()
    wait_for_text(new, "This phone's lock cannot keep a key.")
    assert violations(new) == []
    page.bring_to_front()
    page.get_by_role("button", name="Close the recording").click()
    page.get_by_role("button", name="Play").click()
    wait_for_text(page, "This link opens nothing any more")
    other.close()
