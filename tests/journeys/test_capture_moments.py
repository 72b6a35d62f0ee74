"""Bad moments of a recording: a device that stops, a page out of sight, a battery."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from accompany.evidence.notes import Note
from accompany.evidence.statements import Gap, Opening, read_statement
from browsers import Phone, wait_for
from evidencefiles import open_media, statements_in, verify
from films import read_film
from people import Attorney, Caller, recordings_of, save_package, violations, wait_for_text
from serving import RunningServer
from walking_moments import BATTERY, KEEPS_STREAMS

pytestmark = pytest.mark.journey

VIBRATES = """
  navigator.vibrate = () => { window.vibrated = (window.vibrated ?? 0) + 1; return true; };
"""
ON_HOME_SCREEN = """
  Object.defineProperty(navigator, "standalone", { value: true });
"""
WITHOUT_WEBCODECS = """
  delete window.VideoEncoder;
  delete window.AudioEncoder;
  delete window.MediaStreamTrackProcessor;
"""
COUNTS_LOCKS = """
  window.locks = 0;
  navigator.wakeLock.request = async () => {
    window.locks += 1;
    return Object.assign(new EventTarget(), { release: async () => undefined });
  };
  window.see = (state) => {
    for (const [name, value] of [["visibilityState", state], ["hidden", state === "hidden"]]) {
      Object.defineProperty(document, name, { configurable: true, get: () => value });
    }
    document.dispatchEvent(new Event("visibilitychange"));
  };
"""
# A page out of sight stands still for three seconds, as a phone does it.
STANDS_STILL = """() => {
  see("hidden");
  for (const began = performance.now(); performance.now() - began < 3000; );
  see("visible");
}"""
# The camera's film drawn on a canvas that is turned: a stream whose pictures change their shape.
TURNS = """
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    const video = document.createElement("video");
    Object.assign(video, { srcObject: stream, muted: true });
    await video.play();
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const context = canvas.getContext("2d");
    window.turn = () => Object.assign(canvas, { width: 480, height: 640 });
    setInterval(() => context.drawImage(video, 0, 0, canvas.width, canvas.height), 33);
    const drawn = canvas.captureStream(30);
    return new MediaStream([...drawn.getVideoTracks(), ...stream.getAudioTracks()]);
  };
"""


@pytest.fixture
def calling(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip
) -> Iterator[Callable[..., Caller]]:
    """A maker of callers in whose pages a script runs first."""
    made: list[Phone] = []

    def make(*scripts: str) -> Caller:
        phone = make_phone(tmp_path / "moments", video=clip.video, audio=clip.audio)
        made.append(phone)
        page = phone.start()
        page.add_init_script("\n".join(f"{{{script}}}" for script in scripts))
        caller = Caller(phone, page)
        caller.prepare(own_server.links["caller"])
        return caller

    yield make
    for phone in made:
        phone.close()


@dataclass(frozen=True)
class Kept:
    kind: str
    closing: str | None
    continues: str | None
    recording: str


def kept(server: RunningServer, caller: Caller) -> list[Kept]:
    """Return what the server keeps of the caller's recordings, in the order they were opened."""
    asked = (re.search(r"/api/recordings/([a-z2-7]{32})/", url) for url in caller.phone.requests)
    found = []
    for recording in {one[1] for one in asked if one}:
        with urllib.request.urlopen(f"{server.url}/api/recordings/{recording}") as answer:
            state = json.load(answer)
        opening = read_statement(Note.parse(state["opening"].encode()).text)
        assert isinstance(opening, Opening)
        before = opening.continues[0] if opening.continues else None
        found.append((opening.time, Kept(opening.kind, state["closing"], before, recording)))
    return [one for _, one in sorted(found, key=lambda each: each[0])]


def shown(caller: Caller, name: str) -> str | None:
    return caller.page.get_by_test_id("recording-state").get_attribute(f"data-{name}")


def recorded_kind(caller: Caller) -> str | None:
    return caller.page.get_by_test_id("recording").get_attribute("data-kind")


@pytest.mark.patient
def test_a_camera_that_stops_leaves_the_sound_and_one_tap_brings_it_back(
    own_server: RunningServer, calling
) -> None:
    caller = calling(KEEPS_STREAMS, VIBRATES)
    caller.press()
    caller.wait_until_recorded(3)
    caller.page.evaluate("() => given[0].getVideoTracks()[0].stop()")
    wait_for(lambda: shown(caller, "interrupted") == "device", 15, "for the loss to be said")
    wait_for(lambda: recorded_kind(caller) == "sound", 30, "for the sound to be what is recorded")
    assert caller.page.evaluate("() => vibrated") >= 1
    assert violations(caller.page) == []
    before = caller.recorded
    caller.wait_until_recorded(before + 2)
    caller.page.get_by_role("button", name="Go on recording").click()
    wait_for(lambda: recorded_kind(caller) == "film", 30, "for the film to go on")
    wait_for(lambda: shown(caller, "interrupted") is None, 30, "for the loss to be over")
    caller.wait_until_recorded(caller.recorded + 2)
    caller.end()
    caller.wait_until_safe()
    films = [one for one in kept(own_server, caller) if one.kind == "film"]
    sounds = [one for one in kept(own_server, caller) if one.kind == "sound"]
    assert [one.closing for one in films] == ["device", "stopped"]
    assert films[1].continues == films[0].recording
    assert [one.closing for one in sounds] == ["stopped"]


def test_an_incoming_call_takes_the_microphone_and_one_tap_brings_it_back(
    own_server: RunningServer, attorney: Attorney, calling
) -> None:
    """What a page sees of it: out of sight it stands still, and its microphone has ended."""
    caller = calling(KEEPS_STREAMS, COUNTS_LOCKS)
    caller.press()
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you")
    caller.wait_until_recorded(3)
    caller.page.evaluate("() => given[0].getAudioTracks()[0].stop()")
    caller.page.evaluate(STANDS_STILL)
    wait_for_text(caller.page, "The microphone stopped. The film goes on.")
    wait_for(lambda: int(shown(caller, "missing") or 0) >= 1, 30, "for what is missing to be said")
    before = caller.recorded
    caller.wait_until_recorded(before + 2)
    assert recorded_kind(caller) == "film"
    caller.page.get_by_role("button", name="Go on recording").click()
    wait_for(lambda: shown(caller, "interrupted") is None, 30, "for the loss to be over")
    caller.wait_until_recorded(before + 5)
    # The call never depended on the recording, nor this on the call.
    assert caller.page.get_by_test_id("stage").get_attribute("data-call") == "connected"
    caller.end()
    caller.wait_until_safe()
    found = kept(own_server, caller)
    for kind in ("film", "sound"):
        first, second = [one for one in found if one.kind == kind]
        assert (first.closing, second.closing) == ("device", "stopped"), kind
        assert second.continues == first.recording


@pytest.mark.patient
def test_permission_taken_away_in_the_middle_is_noticed(own_server: RunningServer, calling) -> None:
    caller = calling()
    caller.press()
    caller.wait_until_recorded(3)
    devtools = caller.phone.context.new_cdp_session(caller.page)
    for name in ("camera", "microphone"):
        revoked = {"permission": {"name": name}, "setting": "denied", "origin": own_server.url}
        devtools.send("Browser.setPermission", revoked)
    wait_for(lambda: shown(caller, "interrupted") == "device", 15, "for the loss to be said")
    caller.end()
    caller.wait_until_safe()
    assert {one.closing for one in kept(own_server, caller)} == {"device"}


def test_muted_and_out_of_sight_are_stated_as_gaps(
    own_server: RunningServer, attorney: Attorney, calling, tmp_path: Path
) -> None:
    caller = calling(KEEPS_STREAMS, COUNTS_LOCKS)
    caller.press()
    attorney.answer()
    caller.wait_until_recorded(3)
    mute = """(muted) => Object.defineProperty(
      given[0].getVideoTracks()[0], "muted", { get: () => muted, configurable: true })"""
    caller.page.evaluate(mute, True)
    wait_for(lambda: shown(caller, "interrupted") == "muted", 15, "for the mute to be said")
    caller.wait_until_recorded(caller.recorded + 2)
    caller.page.evaluate(mute, False)
    wait_for(lambda: shown(caller, "interrupted") is None, 30, "for the end of it to be seen")
    caller.page.evaluate(STANDS_STILL)
    wait_for(lambda: int(shown(caller, "missing") or 0) >= 1, 30, "for what is missing to be said")
    caller.wait_until_recorded(caller.recorded + 2)
    caller.end()
    caller.wait_until_safe()
    gaps: list[Gap] = []
    # A busy machine may have had the film replaced by a smaller one in between.
    for recording in [id_ for kind, id_, _ in recordings_of(attorney) if kind == "film"]:
        package = save_package(attorney, tmp_path / f"{recording}.zip", recording)
        verdict = verify(package, own_server.links["policy"])
        assert verdict.status == 0, verdict.words
        gaps += [one for one in statements_in(package) if isinstance(one, Gap)]
    stated = [(one.reason, one.duration) for one in gaps]
    assert sum(lasted for reason, lasted in stated if reason == "muted") > 1000, stated
    assert sum(lasted for reason, lasted in stated if reason == "hidden") > 2000, stated


@pytest.mark.patient
def test_the_screen_is_kept_awake_and_again_when_the_page_is_seen_again(calling) -> None:
    caller = calling(COUNTS_LOCKS)
    caller.press()
    wait_for(lambda: caller.page.evaluate("() => locks") == 1, 30, "for the lock")
    caller.page.evaluate("() => { see('hidden'); see('visible'); }")
    wait_for(lambda: caller.page.evaluate("() => locks") == 2, 30, "for it to be taken again")


@pytest.mark.patient
def test_below_15_percent_sound_alone_until_the_caller_wants_the_picture(
    own_server: RunningServer, calling
) -> None:
    caller = calling(BATTERY)
    caller.press()
    caller.wait_until_recorded(3)
    caller.page.evaluate("() => drain(0.14)")
    wait_for(lambda: shown(caller, "saving") == "battery", 30, "for the battery to be seen")
    wait_for(lambda: recorded_kind(caller) == "sound", 30, "for the sound to be what is recorded")
    assert violations(caller.page) == []
    caller.wait_until_recorded(caller.recorded + 2)
    caller.page.get_by_role("button", name="Record the picture too").click()
    wait_for(lambda: recorded_kind(caller) == "film", 30, "for the film")
    caller.page.evaluate("() => drain(0.13)")
    caller.wait_until_recorded(caller.recorded + 2)
    assert recorded_kind(caller) == "film"
    caller.end()
    caller.wait_until_safe()
    films = [one.closing for one in kept(own_server, caller) if one.kind == "film"]
    assert films == ["battery", "stopped"]


@pytest.mark.patient
def test_a_battery_that_is_low_while_the_camera_is_away_counts_at_once(
    own_server: RunningServer, calling
) -> None:
    caller = calling(KEEPS_STREAMS, BATTERY)
    caller.press()
    caller.wait_until_recorded(2)
    caller.page.evaluate("() => given[0].getVideoTracks()[0].stop()")
    wait_for(lambda: recorded_kind(caller) == "sound", 30, "for the sound to be what is recorded")
    caller.page.evaluate("() => drain(0.14)")
    wait_for(lambda: shown(caller, "saving") == "battery", 30, "for the battery to be seen")
    wait_for(lambda: shown(caller, "interrupted") is None, 30, "for the camera not to be missed")
    caller.page.get_by_role("button", name="Record the picture too").click()
    wait_for(lambda: recorded_kind(caller) == "film", 30, "for the film")
    caller.page.evaluate("() => drain(0.13)")
    caller.wait_until_recorded(caller.recorded + 1)
    assert recorded_kind(caller) == "film"
    caller.end()
    caller.wait_until_safe()
    films = [one.closing for one in kept(own_server, caller) if one.kind == "film"]
    assert films == ["device", "stopped"]


@pytest.mark.patient
def test_from_the_home_screen_of_an_iphone_safari_is_offered(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip, calling
) -> None:
    """Its link carries what was chosen: a tab keeps nothing of what a home screen's page keeps."""
    caller = calling(KEEPS_STREAMS, ON_HOME_SCREEN)
    caller.press()
    caller.wait_until_recorded(2)
    offered = caller.page.get_by_role("link", name="Open in Safari")
    assert offered.count() == 0
    caller.page.evaluate("() => given[0].getVideoTracks()[0].stop()")
    offered.wait_for()
    link = offered.get_attribute("href") or ""
    assert link.startswith(f"x-safari-{own_server.url}/#")
    phone = make_phone(tmp_path / "safari", video=clip.video, audio=clip.audio)
    safari = Caller(phone, phone.start())
    safari.page.goto(link.removeprefix("x-safari-"))
    safari.press()
    safari.wait_until_recorded(1)
    for one in (safari, caller):
        one.end()
        one.wait_until_safe()
    phone.close()


@pytest.mark.patient
def test_a_full_phone_keeps_the_sound_and_films_again_when_there_is_room(
    own_server: RunningServer, calling
) -> None:
    caller = calling()
    caller.press()
    caller.wait_until_recorded(3)
    devtools = caller.phone.context.new_cdp_session(caller.page)
    quota = {"origin": own_server.url}
    devtools.send("Storage.overrideQuotaForOrigin", {**quota, "quotaSize": 10_000})
    wait_for(lambda: shown(caller, "saving") == "storage", 20, "for the full phone to be said")
    wait_for(lambda: recorded_kind(caller) == "sound", 30, "for the sound to be what is recorded")
    caller.wait_until_recorded(caller.recorded + 3)
    devtools.send("Storage.overrideQuotaForOrigin", quota)
    wait_for(lambda: recorded_kind(caller) == "film", 30, "for the film to go on")
    caller.wait_until_recorded(caller.recorded + 2)
    caller.end()
    caller.wait_until_safe()
    found = kept(own_server, caller)
    assert [one.closing for one in found if one.kind == "film"] == ["storage", "stopped"]
    # The sound went on all the while, and nothing of either was lost.
    assert [one.closing for one in found if one.kind == "sound"] == ["stopped"]


@pytest.mark.patient
def test_two_pages_at_once_do_not_take_each_others_recordings(
    own_server: RunningServer, calling
) -> None:
    caller = calling()
    caller.press()
    caller.wait_until_recorded(2)
    other = Caller(caller.phone, caller.phone.context.new_page())
    other.prepare(own_server.links["caller"])
    other.press()
    other.wait_until_recorded(3)
    for one in (other, caller):
        one.page.bring_to_front()
        one.end()
        one.wait_until_safe()
    found = kept(own_server, caller)
    assert sorted(one.kind for one in found) == ["film", "film", "sound", "sound"]
    assert {(one.closing, one.continues) for one in found} == {("stopped", None)}


def test_without_webcodecs_film_and_sound_are_recorded_all_the_same(
    own_server: RunningServer, attorney: Attorney, calling, tmp_path: Path, clip
) -> None:
    caller = calling(WITHOUT_WEBCODECS)
    caller.press()
    attorney.answer()
    caller.wait_until_recorded(6)
    caller.end()
    caller.wait_until_safe()
    found = recordings_of(attorney)
    assert [kind for kind, _, _ in found] == ["film", "sound"]
    for kind, recording, _ in found:
        package = save_package(attorney, tmp_path / f"{kind}.zip", recording)
        verdict = verify(package, own_server.links["policy"])
        assert verdict.status == 0, verdict.words
        media = open_media(own_server, package)
        if kind == "film":
            film = read_film(media, clip.frames)
            assert film.seconds > 4
            assert film.backwards() == []


def test_a_phone_that_is_turned_does_not_break_the_film(
    own_server: RunningServer, attorney: Attorney, calling, tmp_path: Path
) -> None:
    caller = calling(TURNS)
    caller.press()
    attorney.answer()
    caller.wait_until_recorded(3)
    caller.page.evaluate("() => turn()")
    caller.wait_until_recorded(caller.recorded + 3)
    caller.end()
    caller.wait_until_safe()
    recording = next(id_ for kind, id_, _ in recordings_of(attorney) if kind == "film")
    package = save_package(attorney, tmp_path / "turned.zip", recording)
    assert verify(package, own_server.links["policy"]).status == 0
    media = open_media(own_server, package)
    shapes, seconds = shapes_in(media)
    assert len(shapes) == 1
    assert seconds > 5


def shapes_in(media: Path) -> tuple[set[tuple[int, int]], float]:
    """Return the sizes of all decoded frames, and when the last one is shown."""
    with av.open(str(media)) as film:
        frames = [
            (frame.width, frame.height, float(frame.time or 0)) for frame in film.decode(video=0)
        ]
    return {(width, height) for width, height, _ in frames}, frames[-1][2]
