"""Cutting a WebM: the packets stay the source's, every piece is whole Clusters and padding."""

from pathlib import Path

import pytest

from accompany.client.cutting import NotRecordable, Piece, cut, inspect
from accompany.client.ebml import CLUSTER, EBML, SEGMENT, VOID, ElementReader, cut_short
from accompany.client.padding import padme
from client import footage
from client.test_cutting import check_times, joined


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module", params=sorted(footage.WEBM_KINDS))
def film(request: pytest.FixtureRequest, folder: Path) -> Path:
    return footage.make_webm(folder / f"{request.param}.webm", request.param)


def frames(film: Path | bytes) -> list[list[tuple[object, ...]]]:
    """Data, pts, dts and keyframe; a WebM need not say how long a frame is shown."""
    return [[(*one[:3], one[4]) for one in track] for track in footage.packets(film)]


def elements(data: bytes) -> list[int]:
    reader = ElementReader()
    reader.write(data)
    found = [element.kind for element in reader.take()]
    assert reader._held == b""
    return found


def test_the_packets_are_the_sources(film: Path) -> None:
    assert frames(joined(list(cut(inspect(film))))) == frames(film)


def test_segment_1_is_all_before_the_first_cluster_and_others_are_whole_clusters(
    film: Path,
) -> None:
    first, *rest = cut(inspect(film))
    head = elements(first.data)
    assert head[:2] == [EBML, SEGMENT]
    assert CLUSTER not in head
    for piece in rest:
        kinds = elements(piece.data)
        assert kinds[0] == CLUSTER
        assert set(kinds) <= {CLUSTER, VOID}


def test_pieces_last_half_a_second_without_hole_or_overlap(film: Path) -> None:
    pieces = list(cut(inspect(film)))
    check_times(pieces)
    lengths = [piece.duration for piece in pieces[1:]]
    assert max(lengths) <= 800
    assert sum(lengths) == pytest.approx(6000, abs=60)
    assert 8 <= len(lengths) <= 18


def test_sizes_are_padme_sizes(film: Path) -> None:
    sizes = [len(piece.data) for piece in cut(inspect(film))]
    assert [padme(size) for size in sizes] == sizes


def test_it_plays_for_a_player_that_is_not_ours(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "joined.webm"
    out.write_bytes(joined(list(cut(inspect(film)))))
    footage.ffmpeg("-xerror", "-i", out, "-f", "null", "-")


def test_the_media_type_names_the_codecs(folder: Path) -> None:
    found = inspect(footage.make_webm(folder / "named.webm", "vp9", seconds=1))
    assert (found.kind, found.media, found.form) == ("film", "video/webm;codecs=vp9,opus", "webm")


def test_av1_is_taken_as_it_is(folder: Path) -> None:
    source = folder / "av1.webm"
    picture = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=10"]
    footage.ffmpeg(
        *picture, "-t", "2", "-pix_fmt", "yuv420p", "-c:v", "libaom-av1", "-cpu-used", "8", source
    )
    found = inspect(source)
    assert found.media.startswith("video/webm;codecs=av01.0.")
    assert frames(joined(list(cut(found)))) == frames(source)


def test_sound_is_cut_in_two_seconds_of_one_size(folder: Path) -> None:
    source = footage.make_sound(folder / "sound.webm", codec=footage.OPUS)
    found = inspect(source)
    pieces = list(cut(found))
    assert (found.kind, found.media) == ("sound", "audio/webm;codecs=opus")
    assert [round(piece.duration, -2) for piece in pieces[1:]] == [2000, 2000, 2000, 2000, 1300]
    assert len({len(piece.data) for piece in pieces[1:]}) == 1
    assert frames(joined(pieces)) == frames(source)


@pytest.mark.parametrize(
    ("name", "codec", "media"),
    [
        ("sound.ogg", footage.OPUS, "audio/webm;codecs=opus"),
        ("sound.mp3", ["-c:a", "libmp3lame"], "audio/mp4;codecs=mp3"),
        ("sound.flac", [], "audio/mp4;codecs=fLaC"),
    ],
)
def test_sound_of_other_kinds_keeps_its_packets(
    folder: Path, name: str, codec: list[str], media: str
) -> None:
    source = footage.make_sound(folder / name, seconds=5, codec=codec)
    found = inspect(source)
    film = joined(list(cut(found)))
    assert (found.kind, found.media) == ("sound", media)
    packets, sources = footage.packets(film), footage.packets(source)
    assert [[one[0] for one in track] for track in packets] == [
        [one[0] for one in track] for track in sources
    ]
    for one, other in zip(packets[0], sources[0], strict=True):
        assert float(one[1]) == pytest.approx(float(other[1]), abs=0.001)


def test_what_else_it_says_of_itself_stays_behind(folder: Path) -> None:
    plain = footage.make_webm(folder / "plain.webm", seconds=1)
    source = folder / "tagged.webm"
    place = ["-metadata", "title=corner of Fifth and Main", "-metadata", "DATE=2026"]
    footage.ffmpeg("-i", plain, "-c", "copy", *place, source)
    assert b"corner of Fifth" in source.read_bytes()
    assert b"corner of Fifth" not in joined(list(cut(inspect(source))))


@pytest.mark.parametrize("kind", ["vp8", "as a browser sends it"])
def test_a_webm_cut_short_gives_what_there_is_and_then_says_so(folder: Path, kind: str) -> None:
    whole = footage.make_webm(folder / f"whole {kind}.webm", kind)
    source = folder / f"short {kind}.webm"
    data = whole.read_bytes()
    source.write_bytes(data[: len(data) * 2 // 3])
    pieces: list[Piece] = []
    with pytest.raises(NotRecordable, match="ends in the middle of an element"):
        pieces.extend(cut(inspect(source)))
    assert 2000 < pieces[-1].offset < 5000
    with whole.open("rb") as file:
        assert not cut_short(file)
