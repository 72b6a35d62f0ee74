"""A public copy, made by the attorney: faces covered, a box drawn, looked at, saved."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from browsers import FLAGS, Phone, chromium
from facefiles import draw_face, faces_in, write_camera
from people import Attorney, Caller, violations
from serving import RunningServer

pytestmark = [pytest.mark.journey, pytest.mark.patient]
DESKTOP = {"width": 1280, "height": 900}


def test_faces_are_covered_before_a_copy_is_saved_and_nothing_leaves_the_page(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    camera = tmp_path / "face.mjpeg"
    write_camera(camera)
    browser = make_phone(tmp_path / "nobody").playwright.chromium.launch(
        executable_path=chromium(), headless=False,
        args=[*FLAGS, "--use-fake-ui-for-media-stream",
              f"--use-file-for-fake-video-capture={camera}"],
    )  # fmt: skip
    asked: list[tuple[str, str]] = []
    people = []
    for size in (DESKTOP, {"width": 390, "height": 844}):
        context = browser.new_context(viewport=size, locale="en-US")
        if size is DESKTOP:
            context.on("request", lambda one: asked.append((one.method, one.url)))
        people.append(context.new_page())
    ada, carla = Attorney(None, people[0], "Ada Advocate"), Caller(None, people[1])
    ada.enrol(own_server.links["duty"])
    ada.go_on_duty()
    carla.prepare(own_server.links["caller"])
    carla.press()
    ada.answer()
    carla.wait_until_recorded(3)
    carla.end()
    carla.wait_until_safe()
    page = ada.page
    page.get_by_role("button", name="Open the recording").first.click()
    page.get_by_test_id("opened").wait_for(timeout=20_000)
    before = len(asked)
    page.get_by_role("button", name="Make a public copy").click()
    copy = page.get_by_test_id("copy")
    page.get_by_text("Look yourself before you save").wait_for(timeout=90_000)
    assert violations(page) == []

    # A box by pointer, another by numbers alone; the second is taken back.
    stage = page.get_by_test_id("copy-stage")
    stage.hover(position={"x": 12, "y": 10})
    place = stage.bounding_box()
    assert place is not None
    page.mouse.down()
    page.mouse.move(place["x"] + 0.2 * place["width"], place["y"] + 0.2 * place["height"], steps=4)
    page.mouse.up()
    copy.get_by_role("group", name="Box 1").wait_for()
    copy.get_by_role("button", name="Add a box").press("Enter")
    second = copy.get_by_role("group", name="Box 2")
    second.get_by_label("Width, %").fill("60")
    second.get_by_label("Width, %").press("Tab")
    while second.count():
        copy.get_by_role("button", name="Undo").press("Enter")
    copy.get_by_role("group", name="Box 1").wait_for()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "boxes.png", full_page=True)

    page.get_by_role("button", name="Make the copy").click()
    page.get_by_test_id("copy-made").wait_for(timeout=90_000)
    save = page.get_by_role("button", name="Save the copy")
    assert save.is_disabled()
    page.get_by_label("I have watched it").check()
    assert violations(page) == []
    with page.expect_download() as download:
        save.click()
    assert download.value.suggested_filename.startswith("not-evidence-copy-")
    made = Path(download.value.path())

    with av.open(str(made)) as film:
        assert [one.type for one in film.streams] == ["video"]
        assert "creation_time" not in film.metadata
        assert not any("creation_time" in one.metadata for one in film.streams)
        frames = [one.to_ndarray(format="rgb24") for one in film.decode(video=0)]
    assert len(frames) >= 12
    some = frames[:: max(1, len(frames) // 12)]
    assert set(faces_in([np.asarray(draw_face(300, 220))])) == {1}
    assert set(faces_in(some)) == {0}
    high, wide = frames[0].shape[:2]
    for frame in frames:
        drawn = frame[int(0.05 * high) : int(0.17 * high), int(0.05 * wide) : int(0.17 * wide)]
        assert drawn.max() < 40

    # What the page fetched for it came from here, and nothing was sent anywhere.
    since = [(method, url) for method, url in asked[before:] if not url.startswith("blob:")]
    assert since
    assert [url for _, url in asked if not url.startswith((own_server.url, "blob:", "data:"))] == []
    assert {method for method, _ in since} == {"GET"}
    browser.close()
