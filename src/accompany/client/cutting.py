"""Cutting a film or a sound into segments; its packets stay what they are, byte for byte.

The first piece is the initialization (`ftyp`, `moov`), each following one a fragment (`moof`,
`mdat`) with a `free` box as padding: 0.5 s of film, padded by Padmé, or 2 s of sound, all padded
to one size. Put together again the pieces are a film that plays, and whose packets (data, pts,
dts) are the source's. What else the file says of itself, such as its place or device, stays behind.

FFmpeg, through PyAV, does the muxing. Its options, each for a reason:
- `frag_duration` cuts at the time asked for (`frag_keyframe` cuts where keyframes happen to be);
- `delay_moov` writes edit lists, without which B-frames and the encoder's delay shift all times;
- `default_base_moof` lets a fragment be read wherever it lies; `skip_trailer` leaves out `mfra`;
- `movie_timescale` keeps a late track's start exact, which is otherwise rounded to 1 ms.

Not here: sealing, sending, pace. Memory does not grow with the length of the source.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from math import lcm
from pathlib import Path
from typing import Any, Literal

import av
import av.error

from accompany.client.boxes import HEADER, BoxReader, cut_short, sample_counts
from accompany.client.padding import padded, padded_to, padme
from accompany.errors import AccompanyError

FILM_FRAGMENT = 500_000
SOUND_FRAGMENT = 2_000_000
"""Length of a fragment, in microseconds."""

FRAGMENT_BYTES = 4 * 1024 * 1024
"""Bytes after which a fragment ends early: a segment has at most 8 MiB, sealed."""

_MOVFLAGS = "empty_moov+delay_moov+default_base_moof+skip_trailer"
_LARGEST_TIMESCALE = 2**31 - 1
_FILM_CODECS = ("h264",)
_SOUND_CODECS = ("aac", "opus")


class NotRecordable(AccompanyError):
    """The *source* is nothing that can be cut without encoding it anew; *why* says what it is."""

    def __init__(self, source: Path, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.why = why


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be cut: `kind` film or sound, `media` its MIME type, `duration` in ms.

    `left_out` names what of it is not taken along: subtitles, telemetry, cover pictures.
    """

    path: Path
    kind: Literal["film", "sound"]
    media: str
    duration: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment before it is sealed; `offset` and `duration` in milliseconds of the media."""

    data: bytes
    offset: int
    duration: int


def inspect(path: Path) -> Source:
    """Return what the file at *path* is; raise NotRecordable unless it can be cut."""
    try:
        with av.open(str(path)) as container:
            return _inspected(path, container)
    except (av.error.FFmpegError, OSError) as error:
        why = f"expected an mp4 with H.264 or AAC, but it cannot be read: {_reason(error)}"
        raise NotRecordable(path, why) from error


def cut(source: Source) -> Iterator[Piece]:
    """Yield the pieces of *source*, the initialization first; raise NotRecordable if it is broken.

    A sound is read twice, the first time to learn the size that all its pieces are padded to.
    """
    if source.kind == "film":
        for piece in _fragments(source, FILM_FRAGMENT):
            yield Piece(padded(piece.data), piece.offset, piece.duration)
        return
    pieces = islice(_fragments(source, SOUND_FRAGMENT), 1, None)
    largest = max((len(piece.data) for piece in pieces), default=0)
    wanted = padme(largest + HEADER)
    for number, piece in enumerate(_fragments(source, SOUND_FRAGMENT), 1):
        data = padded(piece.data) if number == 1 else padded_to(piece.data, wanted)
        yield Piece(data, piece.offset, piece.duration)


def _inspected(path: Path, container: Any) -> Source:
    if "mp4" not in container.format.name.split(","):
        why = f"expected an mp4 with H.264 or AAC, found {container.format.name}"
        raise NotRecordable(path, f"{why} (other formats and cameras come later)")
    taken = _taken(container)
    for stream in taken:
        wanted = _FILM_CODECS if stream.type == "video" else _SOUND_CODECS
        if stream.codec_context.name not in wanted:
            found = f"expected {' or '.join(wanted)} {stream.type}"
            raise NotRecordable(path, f"{found}, found {stream.codec_context.name}")
    if not taken:
        raise NotRecordable(path, "expected H.264 or AAC, found neither film nor sound")
    left_out = tuple(_name(stream) for stream in container.streams if stream not in taken)
    kind: Literal["film", "sound"] = (
        "film" if any(stream.type == "video" for stream in taken) else "sound"
    )
    codecs = ",".join(_codec(path, stream) for stream in taken)
    media = f"{'video' if kind == 'film' else 'audio'}/mp4;codecs={codecs}"
    # Microseconds, and absent in a file that was itself written as fragments.
    return Source(path, kind, media, (container.duration or 0) // 1000, left_out)


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


def _name(stream: Any) -> str:
    codec = getattr(stream.codec_context, "name", None)
    return f"{stream.type} {codec}" if codec else str(stream.type)


def _codec(path: Path, stream: Any) -> str:
    """Return the RFC 6381 name of a stream's codec."""
    known = bytes(stream.codec_context.extradata or b"")
    if stream.codec_context.name == "h264":
        if len(known) < 4:
            raise NotRecordable(path, "its H.264 does not say its profile")
        return f"avc1.{known[1:4].hex()}"  # AVCDecoderConfigurationRecord: profile to level
    if stream.codec_context.name == "opus":
        return "opus"
    # AudioSpecificConfig: five bits of object type; 31 means that six more follow, from 32.
    bits = int.from_bytes(known[:2].ljust(2, b"\0"), "big")
    kind = bits >> 11
    return f"mp4a.40.{32 + (bits >> 5 & 63) if kind == 31 else kind or 2}"


@dataclass(slots=True)
class _Times:
    """When each packet handed to the muxer begins and ends, in seconds; taken fragment by
    fragment as the samples counted in it."""

    waiting: dict[int, deque[tuple[Fraction, Fraction]]] = field(default_factory=dict)

    def add(self, track: int, packet: Any) -> None:
        start = packet.dts * packet.time_base
        end = start + (packet.duration or 0) * packet.time_base
        self.waiting.setdefault(track, deque()).append((start, end))

    def take(self, counts: dict[int, int]) -> tuple[Fraction, Fraction]:
        """Return where the samples counted, by track, begin and end."""
        spans = [self.waiting[track].popleft() for track, n in counts.items() for _ in range(n)]
        return min(start for start, _ in spans), max(end for _, end in spans)


@dataclass(slots=True)
class _Fragment:
    """A fragment and where its samples begin and end, in seconds."""

    data: bytes
    start: Fraction
    end: Fraction


def _fragments(source: Source, length: int) -> Iterator[Piece]:
    """Yield initialization and fragments without padding.

    A piece lasts until the next one begins, so that tracks of slightly different length leave no
    hole and no overlap; where really nothing was there, it ends when its last track does.
    """
    try:
        origin, offset, covered = Fraction(0), Fraction(0), Fraction(0)
        held: _Fragment | None = None
        for found in _muxed(source, length):
            if isinstance(found, bytes):
                yield Piece(found, 0, 0)
                continue
            if held is None:
                origin = offset = found.start
            else:
                covered = max(covered, held.end)
                end = min(covered, max(found.start, offset))
                yield _piece(held.data, offset - origin, end - origin)
                offset = max(found.start, end)
            held = found
        if held is not None:
            yield _piece(held.data, offset - origin, max(covered, held.end, offset) - origin)
        _check_whole(source.path)
    except (av.error.FFmpegError, OSError) as error:
        raise NotRecordable(source.path, f"broken: {_reason(error)}") from error


def _check_whole(path: Path) -> None:
    """Raise NotRecordable if the file was cut off: FFmpeg then ends as if that were all."""
    with path.open("rb") as file:
        kind = cut_short(file)
    if kind is not None:
        raise NotRecordable(path, f"broken: it ends in the middle of a box {kind!r}")


def _piece(data: bytes, start: Fraction, end: Fraction) -> Piece:
    # Both ends are rounded, not the length, or a thousand pieces would drift apart.
    begin = round(start * 1000)
    return Piece(data, begin, round(end * 1000) - begin)


def _muxed(source: Source, length: int) -> Iterator[bytes | _Fragment]:
    """Yield the initialization, then fragments of about *length* microseconds, as they are cut."""
    file, times, initialization, moof = BoxReader(), _Times(), b"", b""
    counts: dict[int, int] = {}
    for _ in _remuxed(source.path, file, times, length):
        for box in file.take():
            match box.kind:
                case "ftyp":
                    initialization = box.data
                case "moov":
                    yield initialization + box.data
                case "moof":
                    moof, counts = box.data, sample_counts(box)
                case "mdat":
                    yield _Fragment(moof + box.data, *times.take(counts))
                case _:
                    raise NotRecordable(source.path, f"its copy holds a box {box.kind!r}")


def _remuxed(path: Path, file: BoxReader, times: _Times, length: int) -> Iterator[None]:
    """Copy the packets of *path* into *file*, and pause after each: memory stays flat."""
    with av.open(str(path)) as container:
        taken = _taken(container)
        copy = av.open(file, "w", format="mp4", options=_options(taken, length))
        with copy:
            targets = {stream.index: copy.add_stream_from_template(stream) for stream in taken}
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


def _options(taken: list[Any], length: int) -> dict[str, str]:
    options = {
        "movflags": _MOVFLAGS,
        "frag_duration": str(length),
        "frag_size": str(FRAGMENT_BYTES),
    }
    film_ticks = {stream.time_base.denominator for stream in taken if stream.type == "video"}
    if len(film_ticks) == 1:
        options["video_track_timescale"] = str(film_ticks.pop())
    ticks = lcm(*(stream.time_base.denominator for stream in taken))
    if ticks <= _LARGEST_TIMESCALE:
        options["movie_timescale"] = str(ticks)
    return options


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
