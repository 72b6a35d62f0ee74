"""The court copy: the same film as H.264 and AAC in an mp4 that starts at once, marked as derived.

    H.264, AAC       their packets as they are
    anything else    decoded and encoded anew: libx264 (CRF 18), aac (128 kbit/s)

A convenience for whoever shows it; the original is the file beside it. A turned film stays turned.
Time stands still where segments are withheld, so that every moment keeps its distance from the
beginning shown. Its `comment` names recording and original: `derived_mark`.

Memory is flat but for the mp4's index. Not here: decrypting, where the copy goes (opening).
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import RawIOBase
from pathlib import Path
from typing import Any

import av
import av.error

from accompany import __version__
from accompany.errors import AccompanyError
from accompany.evidence.marking import derived_mark

CRF, PRESET = "18", "veryfast"
SOUND_RATE, SAMPLES = 128_000, 48_000
TICKS = 90_000
_FORMS = {
    "video/mp4": "mp4", "audio/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm",
    "audio/webm": "webm", "audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3",
    "audio/ogg": "ogg", "audio/aac": "aac", "video/mp2t": "mpegts",
}  # fmt: skip


class NoCourtCopy(AccompanyError):
    """The original is nothing that can be made into a film; the text says why."""


@dataclass(frozen=True, slots=True)
class Made:
    """How the copy came about, for derivation.json."""

    film: str
    sound: str
    left_out: tuple[str, ...]


def tools() -> dict[str, str]:
    """Return name and version of all that makes the copy."""
    libraries = ("libavcodec", "libavformat", "libswresample", "libswscale")
    versions = {name: ".".join(map(str, av.library_versions[name])) for name in libraries}
    ffmpeg = ", ".join(f"{name} {version}" for name, version in versions.items())
    return {"accompany": __version__, "PyAV": av.__version__, "FFmpeg": ffmpeg}


def playable(media: str) -> bool:
    """Whether a recording of this MIME type is film or sound that a copy can be made of."""
    return media.partition(";")[0] in _FORMS


def make_court_copy(
    pieces: Iterator[bytes],
    media: str,
    target: Path,
    *,
    recording: str,
    original: bytes,
    watch: Callable[[float], None] = lambda _: None,
) -> Made:
    """Write the copy of *pieces*, the decrypted original, to *target*; return how it was made.

    *original* is the original's SHA-256. *watch* is told of seconds of film as they are done.
    Raise NoCourtCopy where it cannot be read.
    """
    form = _FORMS.get(media.partition(";")[0])
    if form is None:
        raise NoCourtCopy(f"no film or sound: {media}")
    try:
        with av.open(_Pieces(pieces), "r", format=form) as source:
            return _copied(source, target, recording, original, watch)
    except (av.error.FFmpegError, ValueError) as error:
        raise NoCourtCopy(f"the original cannot be read as {media}: {error}") from error


def _copied(
    source: Any, target: Path, recording: str, original: bytes, watch: Callable[[float], None]
) -> Made:
    films, sounds = source.streams.video[:1], source.streams.audio[:1]
    taken = [*films, *sounds]
    if not taken:
        raise NoCourtCopy("neither film nor sound was found in it")
    options = {"movflags": "faststart"}
    with av.open(str(target), "w", format="mp4", options=options) as copy:
        copy.metadata["title"] = f"Derived copy of recording {recording}"
        copy.metadata["comment"] = derived_mark(recording, original)
        tracks: dict[int, _Track] = {one.index: _track(copy, one) for one in taken}
        clock = _Clock()
        for packet in source.demux(taken):
            if packet.dts is None and not packet.size:
                continue  # PyAV ends each stream with an empty packet.
            for made in tracks[packet.stream.index].take(packet):
                clock.shift(made)
                copy.mux_one(made)
            watch(clock.last)
        for track in tracks.values():
            for made in track.flush():
                clock.shift(made)
                copy.mux_one(made)
    how = {one.type: tracks[one.index].how for one in taken}
    left_out = tuple(f"{one.type} track {one.index}" for one in source.streams if one not in taken)
    return Made(how.get("video", "none"), how.get("audio", "none"), left_out)


class _Clock:
    """Lets the copy begin at 0 where the first segments of the original are not shown."""

    def __init__(self) -> None:
        self._origin: Fraction | None = None
        self.last = 0.0

    def shift(self, packet: Any) -> None:
        moment = packet.dts * packet.time_base
        if self._origin is None:
            # Small starts are an encoder's delay, which the mp4 states as such.
            self._origin = moment if moment >= 1 else Fraction(0)
        ticks = round(self._origin / packet.time_base)
        packet.dts -= ticks
        packet.pts -= ticks
        self.last = max(self.last, float(moment - self._origin))


class _Track:
    """A stream of the original, its packets as they are."""

    how = "its packets as they are"

    def __init__(self, copy: Any, source: Any) -> None:
        self._target = copy.add_stream_from_template(source)

    def take(self, packet: Any) -> list[Any]:
        packet.stream = self._target
        return [packet]

    def flush(self) -> list[Any]:
        return []


class _Film(_Track):
    """A film of another codec, encoded anew; turned upright where it says that it is not."""

    how = f"encoded anew: libx264, CRF {CRF}, preset {PRESET}, yuv420p"

    def __init__(self, copy: Any, source: Any) -> None:
        self._source = source
        rate = source.average_rate or source.guessed_rate or Fraction(30)
        self._target = copy.add_stream("libx264", rate=min(Fraction(rate), Fraction(120)))
        self._target.options = {"crf": CRF, "preset": PRESET}
        self._target.pix_fmt = "yuv420p"
        self._turn: _Turn | None = None
        self._last = -1

    def take(self, packet: Any) -> list[Any]:
        return [made for frame in _decoded(packet) for made in self._encoded(frame)]

    def flush(self) -> list[Any]:
        rest = self._source.codec_context.decode(None) if self._turn else []
        made = [one for frame in rest for one in self._encoded(frame)]
        return [*made, *(self._target.encode(None) if self._turn else [])]

    def _encoded(self, frame: Any) -> list[Any]:
        if self._turn is None:
            self._turn = _Turn(frame)
            context = self._target.codec_context
            context.width, context.height = self._turn.size
            context.time_base = Fraction(1, TICKS)
        pts = round(_moment(frame, self._source) * TICKS)
        picture = self._turn.upright(frame)
        self._last = picture.pts = max(pts, self._last + 1)
        picture.time_base = Fraction(1, TICKS)
        picture.pict_type = av.video.frame.PictureType.NONE
        return list(self._target.encode(picture))


class _Turn:
    """Frames of one size, even and upright, whatever the original does in between."""

    def __init__(self, frame: Any) -> None:
        self._quarter = round(-frame.rotation / 90) % 4
        wide, high = frame.width // 2 * 2, frame.height // 2 * 2
        self._inner = wide, high
        self.size = (high, wide) if self._quarter % 2 else (wide, high)

    def upright(self, frame: Any) -> Any:
        plain = frame.reformat(*self._inner, "yuv420p")
        if not self._quarter:
            return plain
        graph = av.filter.Graph()
        ends = [graph.add_buffer(template=None, width=self._inner[0], height=self._inner[1],
                                 format=plain.format, time_base=Fraction(1, TICKS))]  # fmt: skip
        turns = {1: ["clock"], 2: ["clock", "clock"], 3: ["cclock"]}[self._quarter]
        ends += [graph.add("transpose", turn) for turn in turns]
        ends.append(graph.add("buffersink"))
        graph.link_nodes(*ends).configure()
        plain.pts = 0
        graph.push(plain)
        return graph.pull()


class _Sound(_Track):
    """A sound of another codec, encoded anew."""

    how = f"encoded anew: aac, {SOUND_RATE // 1000} kbit/s, {SAMPLES} Hz, at most stereo"

    def __init__(self, copy: Any, source: Any) -> None:
        layout = "mono" if source.codec_context.channels == 1 else "stereo"
        self._source = source
        self._target = copy.add_stream("aac", rate=SAMPLES, layout=layout)
        self._target.bit_rate = SOUND_RATE
        self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=SAMPLES)
        self._next: int | None = None

    def take(self, packet: Any) -> list[Any]:
        return [made for frame in _decoded(packet) for made in self._placed(frame)]

    def flush(self) -> list[Any]:
        frames = self._source.codec_context.decode(None)
        rest = [one for frame in frames for one in self._placed(frame)]
        return [*rest, *self._encoded(self._resampler.resample(None)), *self._target.encode(None)]

    def _placed(self, frame: Any) -> list[Any]:
        now = round(_moment(frame, self._source) * SAMPLES)
        # Counted by samples, and anew after a hole: withheld sound leaves its time empty.
        if self._next is None or now - self._next > SAMPLES // 10:
            self._next = now
        return self._encoded(self._resampler.resample(frame))

    def _encoded(self, frames: list[Any]) -> list[Any]:
        made: list[Any] = []
        for frame in frames:
            frame.pts, frame.time_base = self._next or 0, Fraction(1, SAMPLES)
            self._next = frame.pts + frame.samples
            made += self._target.encode(frame)
        return made


def _track(copy: Any, source: Any) -> _Track:
    name = source.codec_context.name
    if source.type == "video":
        return _Track(copy, source) if name == "h264" else _Film(copy, source)
    return _Track(copy, source) if name == "aac" else _Sound(copy, source)


def _decoded(packet: Any) -> list[Any]:
    """Return the frames of a packet; one that is damaged costs no other."""
    with contextlib.suppress(av.error.InvalidDataError):
        return list(packet.decode())
    return []


def _moment(frame: Any, source: Any) -> Fraction:
    # What a decoder gives at the end comes without its ticks.
    return Fraction((frame.pts or 0) * (frame.time_base or source.time_base))


class _Pieces(RawIOBase):
    """The pieces as a file that is read once, from its beginning to its end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held = memoryview(piece)
        data = bytes(self._held[: size if size >= 0 else len(self._held)])
        self._held = self._held[len(data) :]
        return data
