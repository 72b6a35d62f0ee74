"""Camera or microphone refused: sound, or chat, but never nobody."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accompany.evidence.statements import Opening
from browsers import Phone, wait_for
from evidencefiles import statements_in, verify
from people import Attorney, Caller, save_package, say_in_chat, violations, wait_for_text
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.patient]


@pytest.fixture
def refusing(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip
) -> Iterator[Callable[[str, str], Caller]]:
    """A maker of callers whose browser gives or denies camera and microphone."""
    made: list[Phone] = []

    def make(camera: str, microphone: str) -> Caller:
        phone = make_phone(tmp_path / "refusing", video=clip.video, audio=clip.audio, camera=False)
        made.append(phone)
        page = phone.start()
        assert phone.context is not None
        devtools = phone.context.new_cdp_session(page)
        for name, setting in (("camera", camera), ("microphone", microphone)):
            devtools.send(
                "Browser.setPermission", {"permission": {"name": name}, "setting": setting}
            )
        caller = Caller(phone, page)
        caller.prepare(own_server.links["caller"])
        return caller

    yield make
    for phone in made:
        phone.close()


SOUNDS = """() => {
  const tracks = document.querySelector("[data-testid=remote]").srcObject.getTracks();
  return ["audio", "video"].map((kind) => tracks.some((one) => one.kind === kind && !one.muted));
}"""
"""Whether sound arrives of the other side, and picture."""


def opening_of(package: Path) -> Opening:
    first = statements_in(package)[0]
    assert isinstance(first, Opening)
    return first


def test_with_the_camera_refused_sound_is_recorded(
    own_server: RunningServer, attorney: Attorney, refusing, tmp_path: Path
) -> None:
    caller = refusing("denied", "granted")
    caller.press()
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you")
    recording = caller.page.get_by_test_id("recording")
    wait_for(lambda: recording.get_attribute("data-kind") == "sound", 30, "for sound alone")
    assert violations(caller.page) == []
    # The call is one of voice alone, and the attorney's page says so.
    wait_for_text(attorney.page, "Voice only", 20)
    assert attorney.page.evaluate(SOUNDS) == [True, False]
    assert violations(attorney.page) == []
    caller.wait_until_recorded(2)
    caller.end()
    caller.wait_until_safe()
    package = save_package(attorney, tmp_path / "sound.zip")
    assert verify(package, own_server.links["policy"]).status == 0
    assert opening_of(package).kind == "sound"


def test_with_both_refused_it_still_rings_and_offers_chat(
    own_server: RunningServer, attorney: Attorney, refusing, tmp_path: Path
) -> None:
    caller = refusing("denied", "denied")
    caller.press()
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you")
    say_in_chat(caller.page, "They are at my door.")
    wait_for_text(attorney.page, "They are at my door.")
    say_in_chat(attorney.page, "Stay inside. I am here.")
    wait_for_text(caller.page, "Stay inside. I am here.")
    # The attorney's voice and picture still arrive.
    wait_for(
        lambda: caller.page.evaluate(
            "() => document.querySelector('[data-testid=remote]')?.videoWidth > 0"
        ),
        10,
    )
    assert violations(caller.page) == []
    assert violations(attorney.page) == []
    caller.end()
    caller.page.get_by_test_id("after").wait_for()
    package = save_package(attorney, tmp_path / "notes.zip")
    assert opening_of(package).kind == "notes"
