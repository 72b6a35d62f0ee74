"""What must survive: the caller's browser killed, the server killed, the line cut."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from accompany.evidence.statements import Gap
from browsers import Phone, wait_for
from cutline import line_to
from evidencefiles import open_film, open_media, statements_in, unstated_holes, verify
from losing import lose_a_browser, wait_until_sent
from people import Attorney, Caller, recordings_of, save_package, say_in_chat, wait_for_text
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.fault]


def test_a_killed_browser_loses_under_a_second(
    own_server: RunningServer, attorney: Attorney, caller: Caller, tmp_path: Path, clip
) -> None:
    loss = lose_a_browser(own_server, attorney, caller, tmp_path, clip.frames)
    assert loss.missing <= 1.0
    assert loss.fails == []
    assert loss.status == 2
    assert loss.status_open_ended == 0
    assert loss.film.backwards() == []
    assert loss.unstated == []


def finish(
    server: RunningServer, attorney: Attorney, caller: Caller, target: Path, loop: int
) -> None:
    """End the call; the package must verify and the film must have no hole."""
    caller.end()
    caller.wait_until_safe()
    package = save_package(attorney, target)
    verdict = verify(package, server.links["policy"])
    assert verdict.status == 0, verdict.words
    film = open_film(server, package, loop)
    assert film.backwards() == []
    assert unstated_holes(film, package) == []
    stated = [one for one in statements_in(package) if isinstance(one, Gap)]
    # A busy machine may skip frames, and says so; a line or server that cost film would cost more.
    assert sum(gap.duration for gap in stated) < 4000, "film is missing, though it is stated"


def test_a_killed_server_comes_back_and_the_phone_goes_on(
    own_server: RunningServer, attorney: Attorney, caller: Caller, tmp_path: Path, clip
) -> None:
    caller.press()
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you")
    caller.wait_until_recorded(5)
    own_server.kill()
    before = caller.recorded
    wait_for(lambda: caller.recorded >= before + 5, 20, "for the recording to go on")
    own_server.start()
    caller.wait_until_recorded(before + 10)
    finish(own_server, attorney, caller, tmp_path / "case.zip", clip.frames)


FRAMES = """() =>
  document.querySelector("[data-testid=remote]").getVideoPlaybackQuality().totalVideoFrames"""


def test_a_line_cut_for_twenty_seconds_costs_nothing(
    own_server: RunningServer,
    attorney: Attorney,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip,
) -> None:
    with line_to(own_server.port) as line:
        phone = make_phone(tmp_path / "far", video=clip.video, audio=clip.audio)
        caller = Caller(phone, phone.start())
        caller.prepare(own_server.links["caller"].replace(f":{own_server.port}/", f":{line.port}/"))
        caller.press()
        attorney.answer()
        wait_for_text(caller.page, f"{attorney.name} is with you")
        caller.wait_until_recorded(4)
        seen = attorney.page.locator("[data-testid=stage].seen")
        seen.wait_for(timeout=20_000)
        line.cut()
        before = caller.recorded
        wait_for(lambda: caller.recorded >= before + 10, 30, "for the recording to go on")
        unsafe = caller.page.get_by_test_id("unsafe")
        assert float(unsafe.get_attribute("data-seconds") or 0) > 5
        wait_for(lambda: "loud" in (unsafe.get_attribute("class") or ""), 30, "for it to be loud")
        wait_for_text(caller.page, "Nothing has arrived for")
        # The call does not go over that line, but a phone cannot know: its picture is the first to
        # make room, and says so; the voice stays.
        wait_for_text(attorney.page, "Voice only", 60)
        wait_for(lambda: caller.recorded >= before + 20, 30, "for twenty seconds without a line")
        frames = attorney.page.evaluate(FRAMES)
        attorney.page.wait_for_timeout(500)
        assert attorney.page.evaluate(FRAMES) == frames
        line.mend()
        caller.wait_until_recorded(before + 24)
        # The film grows a step each twenty good seconds, of which a busy machine has fewer.
        seen.wait_for(timeout=240_000)
        wait_for(lambda: attorney.page.evaluate(FRAMES) > frames, 60, "for the picture to move")
        finish(own_server, attorney, caller, tmp_path / "case.zip", clip.frames)
        phone.close()


ASKED, ADVISED = "Two men are at the door.", "Ask for the warrant at the window."
THEN = "They say they do not need one."


@pytest.mark.parametrize("cut", [False, True], ids=["on a line", "with the line cut"])
def test_what_was_written_is_in_the_recording_of_a_phone_that_was_killed(
    own_server: RunningServer,
    attorney: Attorney,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip,
    cut: bool,
) -> None:
    with line_to(own_server.port) as line:
        link = own_server.links["caller"].replace(f":{own_server.port}/", f":{line.port}/")
        phone = make_phone(tmp_path / "far", video=clip.video, audio=clip.audio)
        caller = Caller(phone, phone.start())
        caller.prepare(link)
        caller.press()
        attorney.answer()
        wait_for_text(caller.page, f"{attorney.name} is with you", 30)
        caller.wait_until_recorded(3)
        if cut:
            # The call does not go over that line: what is written arrives, but nothing is sent.
            line.cut()
        say_in_chat(caller.page, ASKED)
        wait_for_text(attorney.page, ASKED)
        say_in_chat(attorney.page, ADVISED)
        wait_for_text(caller.page, ADVISED)
        say_in_chat(caller.page, THEN)
        wait_for_text(attorney.page, THEN)
        # A kill takes the last second, of film as of words.
        caller.wait_until_recorded(caller.recorded + 2)
        phone.kill()
        line.mend()
        caller.page = phone.start()
        caller.page.goto(link)
        wait_until_sent(caller.page)
        attorney.end()
        notes = wait_for(
            lambda: [one for one in recordings_of(attorney) if one[0] == "notes"],
            20,
            "for the chat",
        )
        [(_, recording, closing)] = notes
        assert closing is None
        package = save_package(attorney, tmp_path / "chat.zip", recording)
        phone.close()
    # Nobody could close it: that is all that is missing.
    verdict = verify(package, own_server.links["policy"])
    assert (verdict.status, verdict.report["fails"]) == (2, []), verdict.words
    assert [one["code"] for one in verdict.report["unchecked"]] == ["no-closing"]
    assert verify(package, own_server.links["policy"], "--open-ended").status == 0
    head, *lines = map(json.loads, open_media(own_server, package).read_text().splitlines())
    assert head == {"chat": "accompany/chat/v1"}
    assert [(one["by"], one["text"]) for one in lines] == [
        ("caller", ASKED),
        ("attorney", ADVISED),
        ("caller", THEN),
    ]
