"""A camera, made up by FFmpeg itself: encoded, cut and ended as a phone would; no device here."""

from itertools import pairwise
from pathlib import Path

import pytest

from accompany.client import camera
from accompany.client.boxes import children
from accompany.client.camera import Camera, Device
from accompany.client.sources import NotRecordable, Piece
from client import footage

FILM = Device.read("lavfi:testsrc=size=320x240:rate=30")
SOUND = Device.read("lavfi:sine=sample_rate=44100", sound=True)


def never() -> bool:
    return False


def still() -> float:
    return 0.0


def taken(source: Camera) -> list[Piece]:
    return list(source.capture(never, still, 0.0))


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces)


def test_film_and_sound_are_encoded_as_a_phone_would(tmp_path: Path) -> None:
    source = Camera(FILM, SOUND, seconds=3)
    assert (source.kind, source.duration) == ("film", 3000)
    assert source.media == "video/mp4;codecs=avc1.640014,mp4a.40.2"
    out = tmp_path / "camera.mp4"
    out.write_bytes(joined(taken(source)))
    footage.ffmpeg("-xerror", "-i", out, "-f", "null", "-")
    film, sound = footage.packets(out)
    assert [float(one[1]) for one in film] == pytest.approx([n / 30 for n in range(90)], abs=1e-3)
    assert float(sound[-1][1] + sound[-1][3]) == pytest.approx(3, abs=0.05)


def test_every_fragment_begins_with_a_keyframe_and_lasts_half_a_second() -> None:
    first, *rest = taken(Camera(FILM, SOUND, seconds=3))
    assert [box.kind for box in children(first.data)][:2] == ["ftyp", "moov"]
    assert [piece.duration for piece in rest[:-1]] == [500] * 5
    assert all(one.offset + one.duration == two.offset for one, two in pairwise(rest))
    for piece in rest:
        assert footage.packets(first.data + piece.data)[0][0][4], "no keyframe at its beginning"


def test_sound_alone_is_cut_in_pieces_of_one_size() -> None:
    source = Camera(None, SOUND, seconds=7)
    assert (source.kind, source.media) == ("sound", "audio/mp4;codecs=mp4a.40.2")
    pieces = taken(source)
    assert [round(piece.duration, -2) for piece in pieces[1:]] == [2000, 2000, 2000, 1000]
    assert {len(piece.data) for piece in pieces[1:]} == {camera.SOUND_PIECE}


def test_what_was_seen_until_the_end_is_in_the_last_piece() -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 40

    pieces = list(Camera(FILM, None).capture(stop, still, 0.0))
    (film,) = footage.packets(joined(pieces))
    assert len(film) == 40


def test_the_film_says_what_it_was_encoded_with() -> None:
    source = Camera(FILM, None, seconds=1)
    known = joined(taken(source))
    box = known[known.index(b"avcC") + 4 :]
    assert source.media == f"video/mp4;codecs=avc1.{box[1:4].hex()}"


@pytest.mark.parametrize("rate", [5, 12])
def test_a_slow_camera_leaves_no_hole(rate: int) -> None:
    slow = Device.read(f"lavfi:testsrc=size=160x120:rate={rate}")
    _, *rest = taken(Camera(slow, None, seconds=4))
    assert all(one.offset + one.duration == two.offset for one, two in pairwise(rest))
    assert rest[-1].offset + rest[-1].duration == pytest.approx(4000, abs=1)


def test_an_odd_size_is_made_even() -> None:
    odd = Device.read("lavfi:testsrc=size=321x241:rate=10")
    assert len(taken(Camera(odd, None, seconds=1))) > 1


def test_a_device_that_ends_or_is_none_is_named() -> None:
    with pytest.raises(NotRecordable, match="v4l2:/dev/none: cannot be opened"):
        Camera(Device("v4l2", "/dev/none"), None)
    with pytest.raises(NotRecordable, match="lavfi:no such filter"):
        Camera(Device.read("lavfi:no such filter"), None)


def test_a_device_that_breaks_off_is_told_after_all_that_it_gave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frames = camera._Studio._frames

    def broken(self: object, container: object, tracks: object) -> object:
        for count, found in enumerate(frames(self, container, tracks)):  # type: ignore[arg-type]
            if count == 50:
                raise OSError(19, "No such device")
            yield found

    monkeypatch.setattr(camera._Studio, "_frames", broken)
    pieces: list[Piece] = []
    with pytest.raises(NotRecordable, match="broken: No such device"):
        pieces.extend(Camera(FILM, None).capture(never, still, 0.0))
    assert len(footage.packets(joined(pieces))[0]) >= 30


@pytest.mark.parametrize(
    ("text", "platform", "sound", "expected"),
    [
        ("/dev/video0", "linux", False, Device("v4l2", "/dev/video0")),
        ("default", "linux", True, Device("alsa", "default")),
        ("0", "darwin", False, Device("avfoundation", "0")),
        ("video=Webcam", "win32", False, Device("dshow", "video=Webcam")),
        ("pulse:default", "linux", True, Device("pulse", "default")),
        ("hw:1,0", "linux", True, Device("alsa", "hw:1,0")),
    ],
)
def test_devices_are_named_as_the_system_does(
    monkeypatch: pytest.MonkeyPatch, text: str, platform: str, sound: bool, expected: Device
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert Device.read(text, sound) == expected
