"""The test clip itself: a journey's verdict on a film is only as good as this reader."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import clips


@given(some.integers(0, 2**24 - 1))
def test_what_is_drawn_is_read(number: int) -> None:
    assert clips.read_number(clips.draw_number(number)) == number


@given(some.integers(0, 2**24 - 1), some.integers(90, 700), some.integers(60, 500))
def test_a_scaled_frame_is_read(number: int, width: int, height: int) -> None:
    assert clips.read_number(clips.draw_number(number, width, height)) == number


@given(some.integers(0, 2**24 - 1), some.integers(0, 39))
def test_one_wrong_square_is_noticed(number: int, square: int) -> None:
    picture = clips.draw_number(number)
    row, column = divmod(square, clips.COLUMNS)
    part = picture[row * 96 : row * 96 + 96, column * 80 : column * 80 + 80]
    part[...] = clips.WHITE + clips.BLACK - part
    assert clips.read_number(picture) is None


@given(some.integers(0, 2**24 - 2))
def test_two_blended_frames_are_no_number(number: int) -> None:
    first, second = clips.draw_number(number), clips.draw_number(number + 1)
    blend = (first.astype(np.uint16) + second) // 2
    assert clips.read_number(blend.astype(np.uint8)) is None


@pytest.mark.parametrize("grey", [0, 16, 128, 255])
def test_an_empty_picture_is_no_number(grey: int) -> None:
    assert clips.read_number(np.full((480, 640), grey, np.uint8)) is None


def test_a_colour_picture_is_read() -> None:
    assert clips.read_number(np.repeat(clips.draw_number(77)[:, :, None], 3, axis=2)) == 77


@pytest.mark.parametrize("bit_rate", [100_000, 300_000])
def test_every_frame_outlives_h264(tmp_path: Path, bit_rate: int) -> None:
    film = clips.write_film(tmp_path / "clip.mp4", seconds=4, bit_rate=bit_rate)
    found = list(clips.numbers_in(film))
    assert [number for _, number in found] == list(range(120))
    assert [round(time * 30) for time, _ in found] == list(range(120))


def test_every_frame_outlives_half_size_and_back(tmp_path: Path) -> None:
    film = clips.write_film(tmp_path / "clip.mp4", seconds=1)
    with av.open(str(film)) as container:
        for wanted, frame in enumerate(container.decode(video=0)):
            assert clips.read_frame(frame.reformat(214, 160)) == wanted


def test_beeps_are_found_where_they_were_put(tmp_path: Path) -> None:
    film = clips.write_film(tmp_path / "clip.mp4", seconds=12)
    found = clips.beeps_in(film)
    assert [pitch for _, pitch in found] == [clips.beep_pitch(number) for number in range(12)]
    assert [start for start, _ in found] == pytest.approx(range(12), abs=0.03)


def test_the_fake_camera_film_is_jpegs_one_after_another(tmp_path: Path) -> None:
    path = clips.write_mjpeg(tmp_path / "clip.mjpeg", seconds=2)
    assert path.read_bytes().count(b"\xff\xd8\xff") == 60
    assert path.stat().st_size < 60 * 20_000
    with av.open(str(path), format="mjpeg") as film:
        found = [clips.read_frame(frame) for frame in film.decode(video=0)]
    assert found == list(range(60))


def test_the_uncompressed_film_and_the_sound_are_read_back(tmp_path: Path) -> None:
    path = clips.write_y4m(tmp_path / "clip.y4m", seconds=1)
    assert [number for _, number in clips.numbers_in(path)] == list(range(20))
    sound = clips.write_wav(tmp_path / "clip.wav", seconds=3)
    assert clips.beeps_in(sound) == [(0.0, 600), (1.0, 700), (2.0, 800)]
