"""The court copy: any film as H.264 and AAC that starts at once, never taken for the original."""

import json
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

import clips
from accompany.client.boxes import children
from accompany.client.court_copy import NoCourtCopy, make_court_copy, playable
from accompany.client.cutting import cut, inspect
from accompany.evidence import layout
from accompany.evidence.marking import carries_mark, derived_mark
from client import footage
from client.filmed import opened_of, package_of
from client.test_opening import again
from evidence.making import Package, check, codes, failures

RECORDING, ORIGINAL = "a" * 32, bytes(range(32))


def copied(source: Path, target: Path) -> tuple[str, str]:
    found = inspect(source)
    pieces = (piece.data for piece in cut(found))
    made = make_court_copy(pieces, found.media, target, recording=RECORDING, original=ORIGINAL)
    footage.ffmpeg("-xerror", "-i", target, "-f", "null", "-")
    return made.film, made.sound


def codecs(film: Path) -> list[str]:
    with av.open(str(film)) as container:
        return [stream.codec_context.name for stream in container.streams]


@pytest.mark.parametrize("kind", sorted(footage.WEBM_KINDS))
def test_a_webm_becomes_h264_and_aac(tmp_path: Path, kind: str) -> None:
    source = footage.make_webm(tmp_path / "film.webm", kind, seconds=2)
    film, _ = copied(source, tmp_path / "copy.mp4")
    assert film.startswith("encoded anew: libx264")
    assert set(codecs(tmp_path / "copy.mp4")) <= {"h264", "aac"}
    frames, originals = footage.packets(tmp_path / "copy.mp4"), footage.packets(source)
    assert len(frames) == len(originals)
    shown = sorted(float(one[1]) for one in frames[0])
    assert shown == pytest.approx(sorted(float(one[1]) for one in originals[0]), abs=1e-3)


def test_h264_and_aac_stay_as_they_are(tmp_path: Path) -> None:
    source = footage.make(tmp_path / "film.mp4", "b-frames", seconds=2)
    assert copied(source, tmp_path / "copy.mp4") == ("its packets as they are",) * 2
    assert footage.packets(tmp_path / "copy.mp4") == footage.packets(source)


def test_what_is_not_aac_becomes_aac_beside_the_film_as_it_is(tmp_path: Path) -> None:
    source = footage.make(tmp_path / "film.mp4", "opus", seconds=2)
    film, sound = copied(source, tmp_path / "copy.mp4")
    assert (film, sound[:17]) == ("its packets as they are", "encoded anew: aac")
    assert footage.packets(tmp_path / "copy.mp4")[0] == footage.packets(source)[0]


@pytest.mark.parametrize(
    ("name", "codec"),
    [("s.wav", []), ("s.webm", footage.OPUS), ("s.mp3", ["-c:a", "libmp3lame"]), ("s.m4a", [])],
)
def test_sound_alone_becomes_an_aac_mp4(tmp_path: Path, name: str, codec: list[str]) -> None:
    source = footage.make_sound(tmp_path / name, 3, codec)
    copied(source, tmp_path / "copy.mp4")
    assert codecs(tmp_path / "copy.mp4") == ["aac"]
    with av.open(str(tmp_path / "copy.mp4")) as copy:
        assert float(copy.duration) / 1e6 == pytest.approx(3, abs=0.06)


def test_every_frame_and_beep_of_the_clip_is_in_it(tmp_path: Path) -> None:
    film = clips.write_film(tmp_path / "clip.mp4", seconds=3)
    source = tmp_path / "clip.webm"
    footage.ffmpeg("-i", film, *footage.VP8, "-b:v", "1M", *footage.OPUS, source)
    copied(source, tmp_path / "copy.mp4")
    assert [number for _, number in clips.numbers_in(tmp_path / "copy.mp4")] == list(range(90))
    was, now = clips.beeps_in(source), clips.beeps_in(tmp_path / "copy.mp4")
    assert [pitch for _, pitch in now] == [pitch for _, pitch in was]
    assert [at for at, _ in now] == pytest.approx([at for at, _ in was], abs=0.05)


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("name", ["turned.webm", "turned.mp4"])
def test_a_turned_film_is_shown_as_it_was(tmp_path: Path, degrees: int, name: str) -> None:
    plain = tmp_path / f"plain{Path(name).suffix}"
    if name.endswith("webm"):
        footage.make_webm(plain, seconds=1)
    else:
        footage.make(plain, seconds=1)
    source = tmp_path / name
    footage.ffmpeg("-display_rotation", str(degrees), "-i", plain, "-c", "copy", source)
    copied(source, tmp_path / "copy.mp4")
    was, now = first_picture(source), first_picture(tmp_path / "copy.mp4")
    assert was.shape == now.shape
    assert np.abs(was - now).mean() < 3


def first_picture(film: Path) -> np.ndarray:
    """Return the first frame as a player shows it, which ffmpeg turns."""
    picture = film.with_suffix(".png")
    footage.ffmpeg("-i", film, "-frames:v", "1", picture)
    with av.open(str(picture)) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray").astype(int)


def test_it_starts_at_once_and_is_marked(tmp_path: Path) -> None:
    copied(footage.make(tmp_path / "film.mp4", seconds=2), tmp_path / "copy.mp4")
    data = (tmp_path / "copy.mp4").read_bytes()
    kinds = [box.kind for box in children(data)]
    assert kinds.index("moov") < kinds.index("mdat")
    mark = derived_mark(RECORDING, ORIGINAL)
    with av.open(str(tmp_path / "copy.mp4")) as copy:
        assert copy.metadata["comment"] == mark
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    assert carries_mark(iter(pieces), mark)
    assert not carries_mark(iter(pieces), derived_mark(RECORDING, bytes(32)))
    assert not carries_mark(iter([data[:100]]), mark)
    # What merely holds the words somewhere is not marked.
    assert not carries_mark(iter([b"\0\0\0\x50mdat" + mark.encode() + data]), mark)


@pytest.mark.parametrize("media", ["text/plain", "application/json", "video/x-unheard-of"])
def test_what_is_no_film_is_named(tmp_path: Path, media: str) -> None:
    assert not playable(media)
    with pytest.raises(NoCourtCopy, match="no film or sound"):
        make_court_copy(
            iter([b"x"]), media, tmp_path / "copy.mp4", recording=RECORDING, original=ORIGINAL
        )


@pytest.mark.parametrize("pieces", [[], [b"no film at all" * 100]])
def test_what_cannot_be_read_is_named(tmp_path: Path, pieces: list[bytes]) -> None:
    with pytest.raises(NoCourtCopy, match="cannot be read as video/mp4"):
        make_court_copy(
            iter(pieces), "video/mp4", tmp_path / "x.mp4", recording=RECORDING, original=ORIGINAL
        )


# ---- In a package --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The clip as a phone films: a keyframe every half second."""
    folder = tmp_path_factory.mktemp("film")
    clip, phone = clips.write_film(folder / "clip.mp4", seconds=6), folder / "phone.mp4"
    keyframes = ["-c:v", "libx264", "-preset", "veryfast", "-g", "15", "-bf", "0"]
    footage.ffmpeg("-i", clip, *keyframes, "-c:a", "copy", phone)
    return package_of(phone)


@pytest.fixture(scope="module")
def example(film: Package, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return opened_of(tmp_path_factory.mktemp("opened"), film)


def test_an_opened_package_has_it_and_says_how_it_came_about(example: Package) -> None:
    report = check(example)
    assert report.exit == 0
    assert "court-copy-marked" in codes(report)
    copy = example.files[layout.COURT_COPY]
    said = json.loads(example.files[layout.DERIVATION])
    assert said["derived"]["sha256"] == sha256(copy).hexdigest()
    assert said["derived"]["from"]["sha256"] == said["result"]["sha256"]
    assert said["derived"]["film"] == "its packets as they are"
    assert set(said["derived"]["tools"]) == {"accompany", "PyAV", "FFmpeg"}


def test_withheld_time_stays_empty_in_it(film: Package, tmp_path: Path) -> None:
    package = opened_of(tmp_path, film, withhold=[([(5, 8)], "privileged")])
    assert check(package).exit == 0
    (tmp_path / "copy.mp4").write_bytes(package.files[layout.COURT_COPY])
    frames = list(clips.numbers_in(tmp_path / "copy.mp4"))
    numbers = [number for _, number in frames]
    assert numbers == [n for n in range(180) if not 45 <= n < 105]
    for (at, number), (later, next_number) in pairwise(frames):
        assert later - at == pytest.approx((next_number - number) / 30, abs=0.002)  # type: ignore[operator]


def test_it_begins_with_the_first_segment_shown(film: Package, tmp_path: Path) -> None:
    package = opened_of(tmp_path, film, segments=[(8, 11)])
    (tmp_path / "copy.mp4").write_bytes(package.files[layout.COURT_COPY])
    at, number = next(iter(clips.numbers_in(tmp_path / "copy.mp4")))
    assert number == 90
    assert at == pytest.approx(0, abs=0.1)


def test_it_is_left_out_on_request(film: Package, tmp_path: Path) -> None:
    package = opened_of(tmp_path, film, court_copy=False)
    assert layout.COURT_COPY not in package.files
    assert json.loads(package.files[layout.DERIVATION])["derived"] == {"none": "not asked for"}
    assert check(package).exit == 0


def test_nothing_is_left_beside_the_package(film: Package, tmp_path: Path) -> None:
    opened_of(tmp_path, film)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["opened.zip", "sealed.zip"]


def test_a_copy_that_is_not_marked_or_another_films_fails(example: Package) -> None:
    copy = example.files[layout.COURT_COPY]
    unmarked = copy.replace(b"accompany/derived/v1", b"accompany/Derived/v1")
    said = json.loads(example.files[layout.DERIVATION])
    said["derived"]["sha256"] = sha256(unmarked).hexdigest()
    files = {layout.COURT_COPY: unmarked, layout.DERIVATION: json.dumps(said).encode()}
    assert failures(check(again(example, files))) == {layout.COURT_COPY: {"court-copy"}}


@pytest.mark.parametrize("derived", [None, "x", {"none": "no"}, {"path": "data/README.txt"}])
def test_a_copy_that_no_derivation_names_fails(example: Package, derived: object) -> None:
    said = json.loads(example.files[layout.DERIVATION]) | {"derived": derived}
    changed = again(example, {layout.DERIVATION: json.dumps(said).encode()})
    assert failures(check(changed)) == {layout.DERIVATION: {"derivation"}}


def test_a_derivation_of_another_copy_fails(example: Package) -> None:
    said = json.loads(example.files[layout.DERIVATION])
    said["derived"]["sha256"] = "0" * 64
    changed = again(example, {layout.DERIVATION: json.dumps(said).encode()})
    assert failures(check(changed)) == {layout.DERIVATION: {"derivation"}}
    assert failures(check(again(example, {layout.COURT_COPY: None}))) == {
        layout.DERIVATION: {"derivation"}
    }
