"""Beside the film a sound recording of the same encounter, and after a crash one that continues."""

import json
import re
import urllib.request
from pathlib import Path

import pytest

from accompany.evidence.notes import Note
from accompany.evidence.statements import Opening, read_statement
from clips import beep_pitch, beeps_in
from evidencefiles import open_media, segments_in, statements_in, verify
from people import Attorney, Caller, recordings_of, save_package, wait_for_text
from serving import RunningServer

pytestmark = pytest.mark.journey

SECOND = 1000


def test_beside_the_film_the_sound_is_a_recording_of_its_own(
    own_server: RunningServer, attorney: Attorney, caller: Caller, tmp_path: Path
) -> None:
    caller.press()
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you")
    # The attorney's beeps are the caller's own: the browser would take them for an echo.
    attorney.page.get_by_role("button", name="Microphone off").click()
    caller.wait_until_recorded(caller.recorded + 8)
    caller.end()
    caller.wait_until_safe()
    found = recordings_of(attorney)
    assert [(kind, closing) for kind, _, closing in found] == [
        ("film", "stopped"),
        ("sound", "stopped"),
    ]

    openings, packages = {}, {}
    for kind, recording, _ in found:
        packages[kind] = save_package(attorney, tmp_path / f"{kind}.zip", recording)
        verdict = verify(packages[kind], own_server.links["policy"])
        assert verdict.status == 0, verdict.words
        openings[kind] = statements_in(packages[kind])[0]
    film, sound = openings["film"], openings["sound"]
    assert isinstance(film, Opening)
    assert isinstance(sound, Opening)
    assert film.encounter == sound.encounter
    assert film.key != sound.key
    assert film.recipient != sound.recipient
    assert "opus" in sound.media

    # Two seconds each and all of one size: how much was said does not show.
    segments = segments_in(packages["sound"])
    assert segments[0].duration == 0
    whole = segments[1:-1]
    assert len({one.size for one in segments[1:]}) == 1
    assert all(abs(one.duration - 2 * SECOND) < 200 for one in whole)

    beeps = beeps_in(open_media(own_server, packages["sound"]))
    # Not every one: before that the browser took them for an echo.
    assert len(beeps) >= 4
    began, pitch = beeps[0]
    first = next(n for n in range(10) if beep_pitch(n) == pitch)
    for when, pitch in beeps:
        passed = when - began
        assert abs(passed - round(passed)) < 0.2
        assert pitch == beep_pitch(first + round(passed))


def recordings_asked_for(caller: Caller) -> set[str]:
    asked = (re.search(r"/api/recordings/([a-z2-7]{32})/", url) for url in caller.phone.requests)
    return {found[1] for found in asked if found}


def opening_of(server: RunningServer, recording: str) -> Opening:
    with urllib.request.urlopen(f"{server.url}/api/recordings/{recording}") as answer:
        opening = read_statement(Note.parse(json.load(answer)["opening"].encode()).text)
    assert isinstance(opening, Opening)
    return opening


@pytest.mark.patient
def test_after_a_crash_the_next_press_continues_what_was_cut_off(
    own_server: RunningServer, caller: Caller
) -> None:
    caller.press()
    caller.wait_until_recorded(4)
    caller.phone.kill()
    before = recordings_asked_for(caller)
    caller.page = caller.phone.start()
    caller.prepare(own_server.links["caller"])
    caller.press()
    caller.wait_until_recorded(4)
    caller.end()
    caller.wait_until_safe()
    openings = [opening_of(own_server, one) for one in recordings_asked_for(caller) - before]
    assert {one.kind for one in openings} == {"film", "sound"}
    for opening in openings:
        assert opening.continues is not None, opening.kind
        cut = opening_of(own_server, opening.continues[0])
        assert cut.recording in before
        assert cut.kind == opening.kind
        assert cut.encounter != opening.encounter


@pytest.mark.patient
def test_a_recording_that_was_closed_is_not_continued(
    own_server: RunningServer, caller: Caller
) -> None:
    for _ in range(2):
        caller.press()
        caller.wait_until_recorded(3)
        caller.end()
        caller.wait_until_safe()
        caller.page.get_by_role("button", name="Back to the start").click()
    found = [opening_of(own_server, one) for one in recordings_asked_for(caller)]
    assert [one.continues for one in found] == [None] * 4
