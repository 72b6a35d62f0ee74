"""Cutting: the packets stay the source's, the pieces are short, padded, and leave no hole."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import clips
from accompany.client.boxes import children
from accompany.client.cutting import NotRecordable, Piece, cut, inspect
from accompany.client.padding import padme
from client import footage


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module", params=sorted(footage.KINDS))
def film(request: pytest.FixtureRequest, folder: Path) -> Path:
    return footage.make(folder / f"{request.param}.mp4", request.param)


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces)


def check_pieces(pieces: list[Piece]) -> None:
    """No hole, no overlap, and each a fragment of its own with nothing after it but padding."""
    first, *rest = pieces
    assert [box.kind for box in children(first.data)][:2] == ["ftyp", "moov"]
    check_times(pieces)
    for piece in rest:
        kinds = [box.kind for box in children(piece.data)]
        assert kinds[:2] == ["moof", "mdat"]
        assert kinds[2:] in ([], ["free"])


def check_times(pieces: list[Piece]) -> None:
    first, *rest = pieces
    assert (first.offset, first.duration) == (0, 0)
    assert rest[0].offset == 0
    assert all(one.offset + one.duration == two.offset for one, two in pairwise(rest))


def test_the_packets_are_the_sources(film: Path) -> None:
    assert footage.packets(joined(list(cut(inspect(film))))) == footage.packets(film)


def test_fragments_last_half_a_second(film: Path) -> None:
    pieces = list(cut(inspect(film)))
    check_pieces(pieces)
    lengths = [piece.duration for piece in pieces[1:]]
    assert max(lengths) <= 600
    # The last ones are what is left when one track ends before another.
    assert min(lengths[:-2]) >= 450


def test_sizes_of_film_are_padme_sizes(film: Path) -> None:
    sizes = [len(piece.data) for piece in cut(inspect(film))]
    assert [padme(size) for size in sizes] == sizes


def test_it_plays_for_a_player_that_is_not_ours(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "joined.mp4"
    out.write_bytes(joined(list(cut(inspect(film)))))
    footage.ffmpeg("-xerror", "-i", out, "-f", "null", "-")


def test_rotation_is_kept(folder: Path) -> None:
    source = footage.make_rotated(folder / "rotated.mp4")
    film = joined(list(cut(inspect(source))))
    assert footage.rotation(film) == footage.rotation(source) != 0
    assert footage.packets(film) == footage.packets(source)


def test_a_track_that_begins_late_keeps_its_time(folder: Path) -> None:
    source = footage.make_late_sound(folder / "late.mp4")
    pieces = list(cut(inspect(source)))
    check_pieces(pieces)
    assert footage.packets(joined(pieces)) == footage.packets(source)


def test_sound_is_cut_in_two_seconds_of_one_size(folder: Path) -> None:
    source = footage.make_sound(folder / "sound.m4a")
    found = inspect(source)
    pieces = list(cut(found))
    check_pieces(pieces)
    assert (found.kind, found.media, found.duration) == (
        "sound",
        "audio/mp4;codecs=mp4a.40.2",
        9300,
    )
    assert [round(piece.duration, -2) for piece in pieces[1:]] == [2000, 2000, 2000, 2000, 1200]
    assert len({len(piece.data) for piece in pieces[1:]}) == 1
    assert footage.packets(joined(pieces)) == footage.packets(source)


def test_the_media_type_names_the_codecs(folder: Path) -> None:
    found = inspect(footage.make(folder / "named.mp4", "opus", seconds=1))
    assert found.kind == "film"
    assert found.media == "video/mp4;codecs=avc1.64000d,opus"
    assert found.left_out == ()


def test_what_is_neither_film_nor_sound_is_left_out_and_named(folder: Path) -> None:
    words = folder / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nhands are visible\n")
    source = folder / "subtitled.mp4"
    plain = footage.make(folder / "plain-1.mp4", seconds=1)
    place = ["-metadata", "location=+41.4-081.7/"]
    footage.ffmpeg("-i", plain, "-i", words, "-c", "copy", "-c:s", "mov_text", *place, source)
    found = inspect(source)
    assert found.left_out == ("subtitle mov_text",)
    film = joined(list(cut(found)))
    assert footage.packets(film) == footage.packets(plain)
    assert b"loci" in source.read_bytes()
    assert b"loci" not in film


def test_a_high_rate_film_stays_under_the_limit_of_a_segment(folder: Path) -> None:
    source = folder / "large.mp4"
    noise = ["-f", "lavfi", "-i", "nullsrc=size=1280x720:rate=30,geq=random(1)*255:128:128"]
    footage.ffmpeg(*noise, "-t", "1", *footage.FILM, "-b:v", "200M", "-qp", "4", source)
    assert source.stat().st_size > 16_000_000
    pieces = list(cut(inspect(source)))
    check_pieces(pieces)
    assert max(len(piece.data) for piece in pieces) < 7_000_000
    assert footage.packets(joined(pieces)) == footage.packets(source)


def test_a_hole_in_the_source_is_no_films_time(folder: Path) -> None:
    whole = list(cut(inspect(footage.make(folder / "whole.mp4", "no sound"))))
    source = folder / "hole.mp4"
    source.write_bytes(joined(whole[:4] + whole[8:]))
    pieces = list(cut(inspect(source)))
    holes = [
        (one.offset + one.duration, two.offset)
        for one, two in pairwise(pieces[1:])
        if one.offset + one.duration != two.offset
    ]
    start, end = whole[3].offset + whole[3].duration, whole[8].offset
    assert len(holes) == 1
    # B-frames: what is decoded last before the hole is shown a frame or two before it.
    assert holes[0] == pytest.approx((start, end), abs=100)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("film.avi", ["-c:v", "mpeg4", "-an"], "found avi"),
        ("hevc.mp4", ["-c:v", "libx265", "-x265-params", "log-level=none", "-an"], "found hevc"),
        ("sound.mp4", ["-vn", "-c:a", "ac3"], "expected aac, opus, mp3 or flac in mp4, found ac3"),
        ("film.mkv", ["-c:v", "libx264", "-an"], "expected vp8, vp9 or av1 in webm, found h264"),
        ("sound.wav", ["-vn", "-c:a", "adpcm_ms"], "a WAV of plain samples, found format 2"),
    ],
)
def test_other_formats_are_refused_by_name(
    tmp_path: Path, name: str, options: list[str], words: str
) -> None:
    source = tmp_path / name
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=30"]
    footage.ffmpeg(*picture, *footage.SINE, "-t", "1", *options, source)
    with pytest.raises(NotRecordable, match=words):
        inspect(source)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotRecordable, match="No such file"):
        inspect(tmp_path / "absent.mp4")
    text = tmp_path / "text.mp4"
    text.write_text("no film at all\n" * 100)
    with pytest.raises(NotRecordable, match="cannot be read"):
        inspect(text)


def test_a_film_cut_short_gives_what_there_is_and_then_says_so(folder: Path) -> None:
    whole = footage.make(folder / "short-whole.mp4")
    source = folder / "short.mp4"
    footage.ffmpeg("-i", whole, "-c", "copy", "-movflags", "faststart", source)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 2 // 3])
    pieces: list[Piece] = []
    with pytest.raises(NotRecordable, match="broken: it ends in the middle of a box 'mdat'"):
        pieces.extend(cut(inspect(source)))
    check_pieces(pieces)
    assert 2000 < pieces[-1].offset < 5000


def test_no_frame_of_the_clip_is_lost(folder: Path) -> None:
    source = clips.write_film(folder / "clip.mp4", seconds=5)
    out = folder / "clip-joined.mp4"
    out.write_bytes(joined(list(cut(inspect(source)))))
    assert [number for _, number in clips.numbers_in(out)] == list(range(150))
    assert clips.beeps_in(out) == clips.beeps_in(source)


def test_memory_does_not_grow_with_the_film(folder: Path) -> None:
    """20 minutes, 150 MB: a process that cuts them takes hardly more than for 10 s."""
    short = footage.make(folder / "ten.mp4", seconds=10)
    ticks = ["-stream_loop", "119", "-i", str(short), "-c", "copy"]
    long = folder / "long.mp4"
    footage.ffmpeg(*ticks, long)
    assert peak(long) - peak(short) < 24 * 1024


def peak(film: Path) -> int:
    """Return the largest size, in KiB, of a process that cuts *film*."""
    program = (
        "import resource, sys; from pathlib import Path;"
        "from accompany.client.cutting import cut, inspect;"
        "print(sum(len(p.data) for p in cut(inspect(Path(sys.argv[1])))), file=sys.stderr);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", program, str(film)]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)
