"""Cutting a film or a sound into segments; its packets stay what they are, byte for byte.

The first piece is the initialization, each following one a fragment and its padding: 0.5 s of
film, padded by Padmé, or 2 s of sound, all padded to one size. Put together again the pieces are a
film that plays, and whose packets (data, pts, dts) are the source's. What else the file says of
itself, such as its place or device, stays behind.

    mp4, m4a, mp3, flac      mp4    H.264; AAC, Opus, MP3, FLAC; padded by a `free` box
    webm, ogg                webm   VP8, VP9, AV1; Opus, Vorbis; padded by a `Void` element
    wav                      wav    samples (wav.py)

FFmpeg, through PyAV, does the muxing. Its options for mp4, each for a reason:
- `frag_duration` cuts at the time asked for (`frag_keyframe` cuts where keyframes happen to be);
- `delay_moov` writes edit lists, without which B-frames and the encoder's delay shift all times;
- `default_base_moof` lets a fragment be read wherever it lies; `skip_trailer` leaves out `mfra`;
- `movie_timescale` keeps a late track's start exact, which is otherwise rounded to 1 ms.
For WebM `live` leaves out index and duration, so that nothing has to be written anew at the end.

Not here: sealing, sending, pace. Memory does not grow with the length of the source.
"""

from collections.abc import Iterator
from itertools import islice
from math import lcm
from pathlib import Path
from typing import Any

import av
import av.error

from accompany.client import boxes, ebml
from accompany.client.fragments import (
    FRAGMENT_BYTES,
    Feed,
    Sink,
    Times,
    mp4_fragments,
    timed,
    webm_fragments,
)
from accompany.client.padding import FREE, VOID, padded, padded_to, padme
from accompany.client.sources import Form, Kind, NotRecordable, Piece, Source
from accompany.client.wav import cut_wav, inspect_wav

__all__ = ["NotRecordable", "Piece", "Source", "cut", "inspect"]

FILM_FRAGMENT = 500_000
SOUND_FRAGMENT = 2_000_000
"""Length of a fragment, in microseconds."""

_MOVFLAGS = "empty_moov+delay_moov+default_base_moof+skip_trailer"
_LARGEST_TIMESCALE = 2**31 - 1
_FORMS: dict[str, Form] = {
    "mp4": "mp4",
    "mp3": "mp4",
    "flac": "mp4",
    "webm": "webm",
    "ogg": "webm",
    "wav": "wav",
}
_CODECS = {
    ("mp4", "video"): ("h264",),
    ("mp4", "audio"): ("aac", "opus", "mp3", "flac"),
    ("webm", "video"): ("vp8", "vp9", "av1"),
    ("webm", "audio"): ("opus", "vorbis"),
}
_DECODERS = {
    "libdav1d": "av1", "libvpx": "vp8", "libvpx-vp9": "vp9", "libopus": "opus",
    "libvorbis": "vorbis", "mp3float": "mp3",
}  # fmt: skip
"""Names under which FFmpeg's builds decode some of them."""
_TAKEN = "mp4 (H.264; AAC, Opus), webm (VP8, VP9, AV1; Opus, Vorbis), ogg, mp3, flac or wav"


def inspect(path: Path) -> Source:
    """Return what the file at *path* is; raise NotRecordable unless it can be cut."""
    try:
        with av.open(str(path)) as container:
            return _inspected(path, container)
    except (av.error.FFmpegError, OSError) as error:
        why = f"expected {_TAKEN}, but it cannot be read: {_reason(error)}"
        raise NotRecordable(path, why) from error


def cut(source: Source) -> Iterator[Piece]:
    """Yield the pieces of *source*, the initialization first; raise NotRecordable if it is broken.

    A sound is read twice, the first time to learn the size that all its pieces are padded to.
    """
    if source.form == "wav":
        yield from cut_wav(source)
        return
    filler = FREE if source.form == "mp4" else VOID
    if source.kind == "film":
        for piece in _fragments(source, FILM_FRAGMENT):
            yield Piece(padded(piece.data, filler), piece.offset, piece.duration)
        return
    pieces = islice(_fragments(source, SOUND_FRAGMENT), 1, None)
    largest = max((len(piece.data) for piece in pieces), default=0)
    wanted = padme(largest + filler.least)
    for number, piece in enumerate(_fragments(source, SOUND_FRAGMENT), 1):
        first = number == 1
        data = padded(piece.data, filler) if first else padded_to(piece.data, wanted, filler)
        yield Piece(data, piece.offset, piece.duration)


def _inspected(path: Path, container: Any) -> Source:
    names = container.format.name.split(",")
    form = next((_FORMS[name] for name in names if name in _FORMS), None)
    if form is None:
        raise NotRecordable(path, f"expected {_TAKEN}, found {container.format.name}")
    if form == "wav":
        return inspect_wav(path)
    taken = _taken(container)
    for stream in taken:
        wanted = _CODECS[form, stream.type]
        if _codec_name(stream) not in wanted:
            found = f"expected {', '.join(wanted[:-1])} or {wanted[-1]} in {form}"
            if len(wanted) == 1:
                found = f"expected {wanted[0]} in {form}"
            raise NotRecordable(path, f"{found}, found {stream.codec_context.name}")
    if not taken:
        raise NotRecordable(path, f"expected {_TAKEN}, found neither film nor sound")
    left_out = tuple(_name(stream) for stream in container.streams if stream not in taken)
    kind: Kind = "film" if any(stream.type == "video" for stream in taken) else "sound"
    codecs = ",".join(_codec(path, stream) for stream in taken)
    media = f"{'video' if kind == 'film' else 'audio'}/{form};codecs={codecs}"
    # Microseconds, and absent in a file that was itself written as fragments.
    return Source(path, kind, media, (container.duration or 0) // 1000, left_out, form)


def _taken(container: Any) -> list[Any]:
    wanted = [
        stream
        for stream in container.streams
        if stream.type in ("video", "audio")
        and not stream.disposition & av.stream.Disposition.attached_pic
    ]
    # The muxer writes nothing before every track has a sample: an empty one would hold all back.
    # A file that was itself written as fragments counts none beforehand.
    return [stream for stream in wanted if stream.frames] or wanted


def _codec_name(stream: Any) -> str:
    name = str(stream.codec_context.name)
    return _DECODERS.get(name, name)


def _name(stream: Any) -> str:
    codec = getattr(stream.codec_context, "name", None)
    return f"{stream.type} {codec}" if codec else str(stream.type)


def _codec(path: Path, stream: Any) -> str:
    """Return the RFC 6381 name of a stream's codec."""
    known = bytes(stream.codec_context.extradata or b"")
    match _codec_name(stream):
        case "h264":
            return h264_name(path, known)
        case "aac":
            # AudioSpecificConfig: five bits of object type; 31 means six more follow, from 32.
            bits = int.from_bytes(known[:2].ljust(2, b"\0"), "big")
            kind = bits >> 11
            return f"mp4a.40.{32 + (bits >> 5 & 63) if kind == 31 else kind or 2}"
        case "flac":
            return "fLaC"
        case "av1":
            return _av1_name(known)
        case name:
            return name


def h264_name(source: Path | str, known: bytes) -> str:
    """Return `avc1.…` from an AVCDecoderConfigurationRecord or from a bare parameter set."""
    record = known[1:4] if known[:1] == b"\1" else known.partition(b"\0\0\1")[2][1:4]
    if len(record) < 3:
        raise NotRecordable(source, "its H.264 does not say its profile")
    return f"avc1.{record.hex()}"


def _av1_name(known: bytes) -> str:
    """Return `av01.…` from an AV1CodecConfigurationRecord; profile 0 at 8 bits without one."""
    if len(known) < 4:
        return "av01.0.04M.08"
    profile, level, tier = known[1] >> 5, known[1] & 31, "H" if known[2] >> 7 else "M"
    depth = (8, 10, 12)[(known[2] >> 6 & 1) + (known[2] >> 5 & 1)]
    return f"av01.{profile}.{level:02d}{tier}.{depth:02d}"


def _fragments(source: Source, length: int) -> Iterator[Piece]:
    """Yield initialization and fragments of about *length* microseconds, without padding."""
    feed = _feed(source, length)
    film = source.kind == "film"
    found = mp4_fragments(feed) if source.form == "mp4" else webm_fragments(feed, length, film)
    try:
        yield from timed(found)
        _check_whole(source.path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise NotRecordable(source.path, f"broken: {_reason(error)}") from error


def _check_whole(path: Path) -> None:
    """Raise NotRecordable if the file was cut off: FFmpeg then ends as if that were all."""
    with path.open("rb") as file:
        head = file.read(8)
        if head[:4] == ebml.EBML.to_bytes(4, "big"):
            if ebml.cut_short(file):
                raise NotRecordable(path, "broken: it ends in the middle of an element")
        elif head[4:] == b"ftyp" and (kind := boxes.cut_short(file)) is not None:
            raise NotRecordable(path, f"broken: it ends in the middle of a box {kind!r}")


def _feed(source: Source, length: int) -> Feed:
    def feed(file: Sink, times: Times) -> Iterator[None]:
        with av.open(str(source.path)) as container:
            taken = _taken(container)
            options = _options(taken, length) if source.form == "mp4" else webm_options(length)
            copy: Any = av.open(file, "w", format=source.form, options=options)
            with copy:
                # Opaque: by its parameters alone, since FFmpeg's decoder of AV1 encodes none.
                opaque = True if source.form == "webm" else None
                targets = {
                    one.index: copy.add_stream_from_template(one, opaque=opaque) for one in taken
                }
                for packet in container.demux(taken):
                    if packet.dts is None:
                        continue  # PyAV ends each stream with an empty packet.
                    target = targets[packet.stream.index]
                    # The muxer numbers tracks from 1 in the order of its streams.
                    times.add(target.index + 1, packet)
                    packet.stream = target
                    copy.mux_one(packet)
                    yield
        yield

    return feed


def mp4_options(length: int) -> dict[str, str]:
    """Return what the muxer needs for fragments of *length* microseconds."""
    return {
        "movflags": _MOVFLAGS,
        "frag_duration": str(length),
        "frag_size": str(FRAGMENT_BYTES),
    }


def webm_options(length: int) -> dict[str, str]:
    limits = {
        "cluster_time_limit": str(length // 1000),
        "cluster_size_limit": str(FRAGMENT_BYTES),
    }
    return {"live": "1", **limits}


def _options(taken: list[Any], length: int) -> dict[str, str]:
    options = mp4_options(length)
    film_ticks = {stream.time_base.denominator for stream in taken if stream.type == "video"}
    if len(film_ticks) == 1:
        options["video_track_timescale"] = str(film_ticks.pop())
    ticks = lcm(*(stream.time_base.denominator for stream in taken))
    if ticks <= _LARGEST_TIMESCALE:
        options["movie_timescale"] = str(ticks)
    return options


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
