"""Firefox ESR as the caller's phone: set-up, drill, press, a call, one's recording, and /verify."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from browsers import Phone, wait_for
from evidencefiles import segments_in, verify
from firefox import Fox, running_firefox
from looking import MISFITS
from people import AXE, Attorney, recordings_of, save_package, wait_for_text
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.patient]


SHEET = """() => {
  const words = [...document.querySelectorAll(".words li")];
  return words.length === 12 && words.map(({ innerText }) => innerText).join(" ");
}"""


SOURCE = Path(__file__).parents[2] / "webapp/src/call-console.ts"
(PATIENCE,) = re.findall(r"^const NOT_TAKEN_UP = (\d+);$", SOURCE.read_text(), re.MULTILINE)
"""Milliseconds after which the page offers anew where nothing came of its reply."""

PATIENT = f"""
const later = window.setTimeout;
window.setTimeout = (act, wait, ...given) =>
  later(act, wait === {PATIENCE} ? 60_000 : wait, ...given);
"""
"""A busy machine may need longer than that, and which of the two then stands first is chance."""

KEEP = """
window.connections = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...given) {
    super(...given);
    window.connections.push(this);
    this.addEventListener("connectionstatechange", () => {
      this.stood ||= this.connectionState === "connected";
    });
  }
  async setRemoteDescription(said) {
    this.first ??= said.type;
    return super.setRemoteDescription(said);
  }
};
"""
PREPARED = """() => window.connections.some(
  (one) => one.first === "offer" && one.localDescription?.type === "answer")"""
"""A new connection is stable as well: only what it says shows that it replies. What the page does
with that, signing it, is done before it can be asked."""

OFFERED = """() => window.connections.filter((one) => one.stood).map((one) => one.first)"""
"""What the phone said first to each connection that stood: an answer, where the page offered.

A busy machine may need another one later, which the page offers.
"""


@pytest.fixture
def fox(tmp_path: Path) -> Iterator[Fox]:
    with running_firefox(tmp_path / "fox") as running:
        yield running


def look(fox: Fox, what: str) -> None:
    assert fox.violations(AXE.read_text()) == [], what
    assert fox.run(f"() => ({MISFITS})(44)") == [], what


def look_around(fox: Fox) -> None:
    """What lies beside the press: the officer's card, silent mode, the rights cards."""
    fox.click("button", "Show officer")
    fox.wait_until("() => document.querySelectorAll('.officer li').length > 3")
    look(fox, "officer's card")
    fox.click("button", "Close")
    fox.click("button", "Silent")
    look(fox, "silent")
    fox.click("button", "Silent")
    fox.click("button", "Know your rights")
    fox.wait_until("() => document.querySelector('.rights article') !== null")
    look(fox, "rights")
    fox.click("button", "Back to the button")


def use_tools(fox: Fox) -> None:
    """In a call: what is said privately, and a phone that is handed over."""
    fox.click("button", "Speak privately")
    fox.wait_for_text("The recording has no sound now")
    look(fox, "privately")
    fox.click("button", "Speak privately")
    fox.click("button", "Lock now")
    fox.wait("button", "Go back")
    look(fox, "locked")
    wait_for(lambda: went_back(fox), 40, "for the phone to be itself again")


def went_back(fox: Fox) -> bool:
    """The second tap counts for a moment only: a slow machine may need another try."""
    for name in ("Go back", "Tap again to go back"):
        for button in fox.find("button", name):
            fox.run("(one) => one.click()", button)
    return not fox.run("() => document.querySelector('[data-testid=cover]') !== null")


def watch(fox: Fox, words: str) -> None:
    """One's own recording, opened by the words on paper."""
    fox.click("button", "Back to the start")
    fox.click("button", "My recordings")
    field = fox.wait("textbox", "The twelve words of your recovery sheet")
    fox.run("(one) => one.focus()", field)
    fox.type(words)
    look(fox, "shut")
    fox.click("button", "Open")
    fox.wait_until("() => document.querySelector('[data-testid=my-encounter]') !== null", 40)
    look(fox, "mine")
    fox.run("(one) => one.click()", fox.wait("button", "Play"))
    opened = "() => document.querySelector('[data-testid=opened]')?.dataset.holds"
    assert fox.wait_until(opened, 40) == "true"
    look(fox, "opened")


def set_up(fox: Fox) -> str:
    """Take every step, the drill too: what is recorded there arrives sealed, and rings nobody.

    Returns the words of the sheet.
    """
    fox.click("button", "Set up this phone: one minute")
    fox.wait("heading", "Your language")
    fox.choose("Language to speak", "English")
    fox.click("button", "Next")
    fox.choose("State", "Texas")
    fox.click("button", "Next")
    fox.wait_for_text("You are with")
    fox.click("button", "Next")
    fox.click("button", "Allow camera and microphone")
    fox.wait_for_text("Both work.")
    look(fox, "devices")
    fox.click("button", "Next")
    fox.wait("link", "Write an SMS")
    look(fox, "contacts")
    fox.click("button", "Next")
    fox.click("button", "Make my key")
    words = fox.wait_until(SHEET)
    look(fox, "sheet")
    fox.click("button", "I have it on paper")
    fox.wait_for_text("You have a key of your own.")
    fox.click("button", "Next")
    fox.click("button", "Start the drill")
    fox.wait_for_text("It works.", 60)
    drill = fox.run("() => ({ ...document.querySelector('[data-testid=drill]').dataset })")
    assert drill["sealed"] == drill["arrived"]
    assert int(drill["arrived"]) > 10
    look(fox, "drilled")
    fox.click("button", "Next")
    fox.wait("heading", "Is this phone ready?")
    look(fox, "readiness")
    fox.click("button", "Back to the button")
    return str(words)


def test_firefox_is_set_up_calls_records_and_checks(
    own_server: RunningServer,
    attorney: Attorney,
    make_phone: Callable[..., Phone],
    fox: Fox,
    tmp_path: Path,
) -> None:
    attorney.page.add_init_script(PATIENT)
    attorney.page.add_init_script(KEEP)
    attorney.page.reload()
    attorney.page.get_by_role("button", name="Go off duty").wait_for()
    fox.goto(own_server.links["caller"])
    fox.wait("button", "Get a lawyer now")
    look(fox, "start")
    look_around(fox)
    words = set_up(fox)

    fox.click("button", "Get a lawyer now")
    attorney.page.get_by_role("button", name="Answer").wait_for()
    # While it rings the page prepares a reply to what Firefox offered ahead; that is taken up.
    wait_for(lambda: attorney.page.evaluate(PREPARED), 30, "for a reply to Firefox's offer")
    attorney.answer()
    fox.wait_for_text(f"{attorney.name} is with you", 30)
    wait_for(
        lambda: attorney.page.evaluate(OFFERED)[:1] == ["offer"], 50, "for a call by that offer"
    )
    # Picture both ways: Chromium's in Firefox, Firefox's in Chromium.
    fox.wait_until("() => document.querySelector('[data-testid=remote]').videoWidth > 0")
    theirs = "() => document.querySelector('[data-testid=remote]')?.videoWidth > 0"
    wait_for(lambda: attorney.page.evaluate(theirs), 20, "for Firefox's picture")
    fox.run("(one) => one.focus()", fox.wait("textbox", "Message"))
    fox.type("They are at my door.")
    typed = "() => document.activeElement?.value === 'They are at my door.'"
    fox.wait_until(typed)
    fox.type("\ue007")
    wait_for_text(attorney.page, "They are at my door.")
    recorded = "() => document.querySelector('.recording .seconds')?.innerText >= '0:05'"
    fox.wait_until(recorded, 40)
    look(fox, "call")
    use_tools(fox)
    fox.click("button", "End")
    after = "() => document.querySelector('[data-testid=after]')?.dataset.waiting === '0'"
    fox.wait_until(after, 40)
    fox.wait_for_text("The recording is safe.")
    look(fox, "after")
    watch(fox, words)

    # A film that became smaller on the way is two, one after the other.
    found = {"film": 0, "sound": 0, "notes": 0}
    for kind, recording, _ in recordings_of(attorney):
        package = save_package(attorney, tmp_path / f"{kind}.zip", recording)
        assert verify(package, own_server.links["policy"]).status == 0
        found[kind] += len(segments_in(package))
    assert min(found["film"], found["sound"]) > 4, found
    assert found["notes"] > 1, "what was written in the chat is kept, too"

    # And Firefox checks the film as anybody may, without a line to anybody.
    fox.goto(f"{own_server.url}/verify")
    fox.wait("button", "Check it")
    look(fox, "verify")
    fox.give_files("#policy", Path(own_server.links["policy"]))
    fox.give_files("#package", tmp_path / "film.zip")
    fox.click("button", "Check it")
    verdict = "() => document.querySelector('.verdict')?.className"
    assert fox.wait_until(verdict, 30) == "verdict exit-0"
    look(fox, "verified")
    assert [line for line in fox.console if line.startswith("error")] == []
