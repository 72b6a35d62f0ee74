"""Telling people, as a caller does it: chosen and tested beforehand, told at the press, told again
that the caller is safe, from a page that was killed; and the phone knows nobody."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browsers import Phone, wait_for
from people import Caller, violations, wait_for_text
from serving import RunningServer, running_server
from sinks import HttpSink, SmtpSink, http_sink, smtp_sink

pytestmark = [pytest.mark.journey, pytest.mark.patient]
NUMBER = "+1 (555) 010-7071"
SENT_TO = "/to/+15550107071"
MAIL = "canary.friend@example.org"
WORDS = "CANARYWORDS I was stopped, call my sister."
PRESSED = "Police or immigration officers stopped me."
SAFE = "I am safe now. Thank you."


@pytest.fixture
def web() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def mail() -> Iterator[SmtpSink]:
    with smtp_sink() as sink:
        yield sink


@pytest.fixture
def telling_server(
    tmp_path: Path, web: HttpSink, mail: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningServer]:
    path = tmp_path / "channels.toml"
    path.write_text(
        f"[channels]\nsms = {json.dumps(web.json_template)}\nemail = {json.dumps(mail.template)}\n"
    )
    monkeypatch.setenv("ACCOMPANY_CHANNELS", str(path))
    with running_server(tmp_path / "data") as server:
        yield server


def choose(page: Page, channel: str, label: str, address: str) -> None:
    page.get_by_role("button", name="Add a contact").click()
    page.get_by_label("How to reach them").select_option(channel)
    page.get_by_label(label).fill(address)


def save(page: Page, count: int) -> None:
    page.get_by_role("button", name="Save").click()
    wait_for(lambda: page.get_by_role("listitem").count() == count, 30, "for the contact")


def messages(sink: HttpSink) -> list[tuple[str, str]]:
    return [(one.path, json.loads(one.body)["message"]) for one in sink.taken]


def test_people_are_told_and_the_phone_knows_nobody(
    telling_server: RunningServer,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    web: HttpSink,
    mail: SmtpSink,
) -> None:
    phone = make_phone(tmp_path / "caller")
    page = phone.start()
    caller = Caller(phone, page)
    caller.prepare(telling_server.links["caller"])

    # Chosen, refused where it is no number, tested, ordered, removed and brought back.
    page.get_by_role("button", name="People to tell").click()
    page.get_by_text("Nobody yet.").wait_for()
    choose(page, "sms", "Number, with + and country", "555 010 7071")
    page.get_by_role("button", name="Save").click()
    page.locator("#contact-address-wrong").get_by_text("+1 555 123 4567").wait_for()
    assert violations(page) == []
    page.get_by_label("Number, with + and country").fill(NUMBER)
    page.get_by_label("At the press").fill(WORDS)
    save(page, 1)
    choose(page, "email", "E-mail address", MAIL)
    save(page, 2)
    first = page.get_by_role("listitem", name="Contact 1")
    first.get_by_role("button", name="Send a test").click()
    first.get_by_text("The test was sent.").wait_for()
    assert messages(web)[0][0] == SENT_TO
    page.get_by_role("listitem", name="Contact 2").get_by_role("button", name="Move up").click()
    first.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Undo").click()
    order = [one.get_attribute("aria-label") for one in page.get_by_role("listitem").all()]
    assert order == ["Contact 2", "Contact 1"]
    page.get_by_label("If I do not say that I am safe").select_option("15")
    assert violations(page) == []

    # A page opened again shows that they are there, and cannot show who they are.
    page.reload()
    page.get_by_role("listitem", name="Contact 1").wait_for()
    shown = page.locator("main").inner_text()
    assert "0107071" not in shown
    assert "canary" not in shown.lower()
    page.get_by_role("button", name="Back to the button").click()

    caller.press()
    wait_for_text(page, "2 of 2 told", 40)
    assert messages(web)[1:] == [(SENT_TO, WORDS)]
    assert [one.recipients for one in mail.taken] == [(MAIL,)]
    assert mail.taken[0].text.startswith(PRESSED)
    page.get_by_role("button", name="I am safe").wait_for()
    assert violations(page) == []

    # The page dies. The next one can still say it, and asks twice before it does.
    phone.kill()
    page = phone.start()
    page.goto(telling_server.links["caller"])
    wait_for_text(page, "Say by", 20)
    page.get_by_role("button", name="I am safe").click()
    assert violations(page) == []
    page.get_by_role("button", name="Yes, I am safe").click()
    wait_for_text(page, "You said that you are safe.", 20)
    wait_for(lambda: len(web.taken) == 3 and len(mail.taken) == 2, 20, "for both to hear it")
    assert messages(web)[2] == (SENT_TO, SAFE)
    assert mail.taken[1].text == SAFE
    kept = "localStorage.getItem('accompany.check-ins')"
    wait_for(lambda: page.evaluate(kept) is None, 20, "for its secret to be forgotten")
    phone.kill()

    found = holding(tmp_path / "caller", ["5550107071", "010-7071", MAIL, "CANARYWORDS"])
    assert found == set()
    assert holding(tmp_path / "data", ["5550107071", MAIL, "CANARYWORDS", SAFE]) == set()
    said = telling_server.log.read_text()
    assert [one for one in ("5550107071", MAIL, "CANARYWORDS") if one in said] == []


def holding(folder: Path, canaries: list[str]) -> set[tuple[str, str]]:
    """Return which files hold what, as bytes of UTF-8 or UTF-16."""
    found = set()
    for path in folder.rglob("*"):
        data = path.read_bytes().lower() if path.is_file() and not path.is_symlink() else b""
        for canary in canaries:
            forms = (canary.lower().encode(), canary.lower().encode("utf-16-le"))
            if any(form in data for form in forms):
                found.add((str(path.relative_to(folder)), canary))
    return found
