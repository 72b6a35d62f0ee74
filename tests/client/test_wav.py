"""Cutting a WAV: header, then samples, byte for byte; a WAV again for any program."""

import io
import wave
from itertools import pairwise
from pathlib import Path

import pytest

from accompany.client.cutting import NotRecordable, Piece, cut, inspect
from accompany.client.wav import UNKNOWN, Wav
from client import footage


def pieces(source: Path) -> list[Piece]:
    return list(cut(inspect(source)))


def samples(data: bytes) -> tuple[object, bytes]:
    with wave.open(io.BytesIO(data)) as file:
        return file.getparams(), file.readframes(file.getnframes())


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_u8", "pcm_s24le"])
def test_put_together_it_is_the_sources_sound_for_any_program(tmp_path: Path, codec: str) -> None:
    source = footage.make_sound(tmp_path / "sound.wav", 5.0001, ["-c:a", codec])
    found = pieces(source)
    joined = b"".join(piece.data for piece in found)
    assert footage.packets(joined) == footage.packets(source)
    if codec != "pcm_s24le":  # Python reads no `extensible` header before 3.12.
        assert samples(joined) == samples(source.read_bytes())


def test_pieces_are_two_seconds_of_one_size(tmp_path: Path) -> None:
    source = footage.make_sound(tmp_path / "sound.wav", 9, ["-ac", "2"])
    header, *rest = pieces(source)
    assert (header.offset, header.duration, len(header.data)) == (0, 0, 44)
    assert [piece.duration for piece in rest] == [2000, 2000, 2000, 2000, 1000]
    assert [len(piece.data) for piece in rest] == [352_800] * 4 + [176_400]
    assert all(one.offset + one.duration == two.offset for one, two in pairwise(rest))
    found = inspect(source)
    assert (found.kind, found.media, found.duration) == ("sound", "audio/wav", 9000)


def test_what_else_it_says_of_itself_stays_behind(tmp_path: Path) -> None:
    source = tmp_path / "tagged.wav"
    footage.ffmpeg(*footage.SINE, "-t", "3", "-metadata", "title=corner of Fifth", source)
    assert b"corner of Fifth" in source.read_bytes()
    joined = b"".join(piece.data for piece in pieces(source))
    assert b"corner of Fifth" not in joined
    assert samples(joined) == samples(source.read_bytes())


def test_sizes_that_nobody_knew_are_read_to_the_end_and_written_as_they_are(
    tmp_path: Path,
) -> None:
    source = footage.make_sound(tmp_path / "sound.wav", 3, [])
    data = bytearray(source.read_bytes())
    at = data.index(b"data")
    data[4:8] = data[at + 4 : at + 8] = b"\xff" * 4
    source.write_bytes(data)
    found = pieces(source)
    assert b"".join(piece.data for piece in found[1:]) == data[at + 8 :]
    with wave.open(io.BytesIO(b"".join(piece.data for piece in found))) as file:
        assert file.getnframes() == 3 * 44100


def test_what_does_not_fit_is_written_as_unknown() -> None:
    header = Wav(start=44, size=5 * 1024**3, rate=192_000, block=4, chunks=b"").header
    assert header.count(UNKNOWN.to_bytes(4, "little")) == 2


def test_a_wav_cut_short_gives_what_there_is_and_then_says_so(tmp_path: Path) -> None:
    whole = footage.make_sound(tmp_path / "sound.wav", 6, [])
    source = tmp_path / "short.wav"
    source.write_bytes(whole.read_bytes()[:300_000])
    given: list[Piece] = []
    with pytest.raises(NotRecordable, match="ends in the middle of its sound"):
        given.extend(cut(inspect(source)))
    assert (
        sum(len(piece.data) for piece in given) == 300_000 - whole.read_bytes().index(b"data") + 36
    )
