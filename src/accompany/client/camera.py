"""A camera and a microphone as a source: taken, encoded as a phone would, cut as it goes.

    camera ─┐ a thread each         a thread
    mike   ─┴──▶ frames ──▶ libx264, aac ──▶ fragments ──▶ pieces ──▶ whoever sends them

Fragments begin with a keyframe, every half second (sound alone: two seconds). Offsets count from
the moment `capture` is given, by the same monotonic clock. A real device never waits: what nobody
takes in time is dropped, and shows as a hole in the offsets. A made-up one (`lavfi:…`) waits.

Not here: files (cutting), sealing, sending. Devices are opened by FFmpeg through PyAV.
"""

import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import av.error

from accompany.client.cutting import FILM_FRAGMENT, SOUND_FRAGMENT, h264_name, mp4_options
from accompany.client.fragments import Sink, Times, mp4_fragments, timed
from accompany.client.padding import padded, padded_to, padme
from accompany.client.sources import Kind, NotRecordable, Piece

FILM_RATE, SOUND_RATE = 1_000_000, 64_000
"""Bits a second."""
SAMPLES = 48_000
TICKS = 90_000
SOUND_PIECE = padme(2 * SOUND_RATE // 8 * 5 // 4)
"""Bytes that two seconds of sound are padded to; one that needs more goes on to the next size."""
MISSING = Fraction(1, 10)
"""Seconds of sound that a device may lag behind before its times count anew."""
FRAMES_WAITING, PIECES_WAITING = 64, 8
PIECES_KEPT = 2048
"""Pieces of a real device kept while the line is down: some seventeen minutes of film."""
KEYFRAMES = Fraction(FILM_FRAGMENT, 1_000_000)

_FORMATS = ("lavfi", "v4l2", "alsa", "pulse", "avfoundation", "dshow", "x11grab", "openal")
_HERE = {"darwin": ("avfoundation", "avfoundation"), "win32": ("dshow", "dshow")}
_LINUX = ("v4l2", "alsa")


@dataclass(frozen=True, slots=True)
class Device:
    """A device as FFmpeg opens it: `/dev/video0`, or with its format, `dshow:video=Webcam`."""

    format: str
    name: str

    @classmethod
    def read(cls, text: str, sound: bool = False) -> "Device":
        kind, colon, name = text.partition(":")
        if colon and kind in _FORMATS:
            return cls(kind, name)
        return cls(_HERE.get(sys.platform, _LINUX)[sound], text)

    @property
    def waits(self) -> bool:
        """Whether it is made up, and so makes a frame only when somebody takes one."""
        return self.format == "lavfi"

    def __str__(self) -> str:
        return f"{self.format}:{self.name}"


Stop = Callable[[], bool]


class Camera:
    """A camera, a microphone, or both, opened and ready; `capture` records them once.

    Raise NotRecordable where a device cannot be opened or has neither film nor sound. *seconds*
    ends it by itself.
    """

    def __init__(
        self, film: Device | None, sound: Device | None, seconds: float | None = None
    ) -> None:
        self.devices = [device for device in (film, sound) if device is not None]
        self.seconds = seconds
        self.duration = round((seconds or 0) * 1000)
        self._tracks = [track for device in self.devices for track in _tracks(device)]
        if film is not None and sound is not None:
            # Of a device that gives both, what the other one is for is left alone.
            self._tracks = [one for one in self._tracks if one.film == (one.device is film)]
        films = [track for track in self._tracks if track.film]
        sounds = [track for track in self._tracks if not track.film]
        self._tracks = films[:1] + sounds[:1]
        self.kind: Kind = "film" if films else "sound"
        names = [_film_codec(films[0])] if films else []
        names += ["mp4a.40.2"] if sounds else []
        self.media = f"{'video' if films else 'audio'}/mp4;codecs={','.join(names)}"

    def described(self) -> dict[str, Any]:
        """Return what a recording's report says of its source."""
        return {
            "devices": [str(device) for device in self.devices],
            "kind": self.kind,
            "media": self.media,
            "encoded": "H.264 by libx264, AAC, while it was recorded: there is no other original",
        }

    def capture(self, stop: Stop, monotonic: Callable[[], float], since: float) -> Iterator[Piece]:
        """Yield pieces, padded, until *stop* says so; the last frame taken is in the last one.

        Raise NotRecordable, after all that there was, where a device breaks off.
        """
        waits = all(device.waits for device in self.devices)
        studio = _Studio(self._tracks, self.seconds, waits, stop, monotonic, since)
        pieces: queue.Queue[Piece | Exception | None] = queue.Queue(
            PIECES_WAITING if waits else PIECES_KEPT
        )

        def make() -> None:
            try:
                for piece in studio.pieces():
                    with contextlib.suppress(queue.Full):
                        pieces.put(piece, block=waits)
                pieces.put(None)
            except Exception as error:
                pieces.put(error)

        threading.Thread(target=make, name="studio", daemon=True).start()
        while (found := pieces.get()) is not None:
            if isinstance(found, Exception):
                if isinstance(found, NotRecordable):
                    raise found
                raise NotRecordable(str(self.devices[0]), f"broken: {found}") from found
            yield found


@dataclass(slots=True)
class _Track:
    """A stream of a device that was opened."""

    device: Device
    container: Any
    stream: Any
    film: bool


def _tracks(device: Device) -> list[_Track]:
    try:
        container: Any = av.open(device.name, "r", format=device.format)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise NotRecordable(str(device), f"cannot be opened: {why}") from error
    found = [
        _Track(device, container, stream, stream.type == "video")
        for stream in (*container.streams.video[:1], *container.streams.audio[:1])
    ]
    if not found:
        raise NotRecordable(str(device), "expected film or sound, found neither")
    return found


def _set_film(context: Any, track: _Track) -> None:
    source = track.stream.codec_context
    context.width, context.height = source.width // 2 * 2, source.height // 2 * 2
    context.pix_fmt = "yuv420p"
    context.bit_rate = FILM_RATE
    context.time_base = Fraction(1, TICKS)
    context.framerate = track.stream.average_rate or Fraction(30)
    context.options = {"preset": "veryfast", "tune": "zerolatency", "forced-idr": "1"}
    # More than any half second has: keyframes come where they are asked for, and nowhere else.
    context.gop_size = 1000


def _film_codec(track: _Track) -> str:
    """Return `avc1.…` as the encoder will write it, by asking one that encodes nothing."""
    context: Any = av.CodecContext.create("libx264", "w")
    _set_film(context, track)
    context.flags |= 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER: as the mp4 muxer asks for.
    context.open()
    return h264_name(str(track.device), bytes(context.extradata or b""))


@dataclass(slots=True)
class _Studio:
    """Devices read side by side, and what they give encoded and cut."""

    tracks: list[_Track]
    seconds: float | None
    waits: bool
    stop: Stop
    monotonic: Callable[[], float]
    since: float
    frames: "queue.Queue[tuple[_Track, Any, Fraction] | list[_Track] | Exception]" = field(
        default_factory=lambda: queue.Queue(FRAMES_WAITING)
    )

    def pieces(self) -> Iterator[Piece]:
        film = any(track.film for track in self.tracks)
        for number, piece in enumerate(timed(mp4_fragments(self._feed), Fraction(0))):
            least = SOUND_PIECE if number and not film else 0
            data = padded_to(piece.data, least) if len(piece.data) <= least - 8 else None
            yield Piece(data or padded(piece.data), piece.offset, piece.duration)

    def _feed(self, file: Sink, times: Times) -> Iterator[None]:
        film = any(track.film for track in self.tracks)
        options = mp4_options(SOUND_FRAGMENT)
        if film:
            flags = f"{options['movflags']}+frag_keyframe"
            options = {"movflags": flags, "frag_size": options["frag_size"]}
        for tracks in self._by_device():
            threading.Thread(target=self._read, args=(tracks,), daemon=True).start()
        copy: Any = av.open(file, "w", format="mp4", options=options)
        with copy:
            encoders = {id(track): _encoder(copy, track) for track in self.tracks}
            for track, frame, moment in self._taken():
                for packet in encoders[id(track)].encode(frame, moment):
                    _mux(copy, times, packet)
                yield
            for encoder in encoders.values():
                for packet in encoder.flush():
                    _mux(copy, times, packet)
        yield

    def _by_device(self) -> list[list[_Track]]:
        """One device may give both: it is read by one thread."""
        found: dict[int, list[_Track]] = {}
        for track in self.tracks:
            found.setdefault(id(track.container), []).append(track)
        return list(found.values())

    def _read(self, tracks: list[_Track]) -> None:
        """Take frames from a device until told to stop; runs in a thread of its own."""
        by_index = {track.stream.index: track for track in tracks}
        container = tracks[0].container
        try:
            for index, frame, moment in self._frames(container, tracks):
                if self.stop() or (self.seconds is not None and moment >= self.seconds):
                    break
                with contextlib.suppress(queue.Full):
                    self.frames.put((by_index[index], frame, moment), block=self.waits)
            self.frames.put(tracks)
        except Exception as error:
            why = getattr(error, "strerror", None) or error
            self.frames.put(NotRecordable(str(tracks[0].device), f"broken: {why}"))
        finally:
            container.close()

    def _frames(self, container: Any, tracks: list[_Track]) -> Iterator[tuple[int, Any, Fraction]]:
        """Yield frames with their stream's index and when they came, in seconds from the start."""
        offset: Fraction | None = None
        for packet in container.demux([track.stream for track in tracks]):
            for frame in packet.decode():
                at = (frame.pts or 0) * frame.time_base
                if offset is None:
                    elapsed = 0.0 if self.waits else self.monotonic() - self.since
                    offset = Fraction(round(elapsed * 1000), 1000) - at
                yield packet.stream.index, frame, offset + at

    def _taken(self) -> Iterator[tuple[_Track, Any, Fraction]]:
        going = {id(track) for track in self.tracks}
        while going:
            try:
                found = self.frames.get(timeout=1)
            except queue.Empty:
                if self.stop():
                    return  # A device that gives nothing any more must not hold up the end.
                continue
            if isinstance(found, Exception):
                raise found
            if isinstance(found, list):
                going -= set(map(id, found))
                continue
            yield found


class _Film:
    """libx264, a keyframe every half second."""

    def __init__(self, copy: Any, track: _Track) -> None:
        self.stream = copy.add_stream("libx264", rate=track.stream.average_rate or 30)
        _set_film(self.stream.codec_context, track)
        self._next = Fraction(0)
        self._last = -1

    def encode(self, frame: Any, moment: Fraction) -> list[Any]:
        context = self.stream.codec_context
        picture = frame.reformat(context.width, context.height, "yuv420p")
        # Two frames at one moment are none: the muxer wants times that rise.
        picture.pts = max(round(moment * TICKS), self._last + 1)
        picture.time_base = Fraction(1, TICKS)
        self._last = picture.pts
        key = moment >= self._next
        picture.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        if key:
            self._next = (moment // KEYFRAMES + 1) * KEYFRAMES
        return list(self.stream.encode(picture))

    def flush(self) -> list[Any]:
        return list(self.stream.encode(None))


class _Sound:
    """AAC, mono, 48 kHz. Times count by samples, anew where the device left something out."""

    def __init__(self, copy: Any, track: _Track) -> None:
        self.stream = copy.add_stream("aac", rate=SAMPLES, layout="mono")
        self.stream.bit_rate = SOUND_RATE
        self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLES)
        self._next = 0

    def encode(self, frame: Any, moment: Fraction) -> list[Any]:
        now = round(moment * SAMPLES)
        if now - self._next > SAMPLES * MISSING or not self._next:
            self._next = now
        return self._encoded(self._resampler.resample(frame))

    def _encoded(self, frames: list[Any]) -> list[Any]:
        packets: list[Any] = []
        for frame in frames:
            frame.pts, frame.time_base = self._next, Fraction(1, SAMPLES)
            self._next += frame.samples
            packets += self.stream.encode(frame)
        return packets

    def flush(self) -> list[Any]:
        return [*self._encoded(self._resampler.resample(None)), *self.stream.encode(None)]


def _encoder(copy: Any, track: _Track) -> _Film | _Sound:
    return _Film(copy, track) if track.film else _Sound(copy, track)


def _mux(copy: Any, times: Times, packet: Any) -> None:
    times.add(packet.stream.index + 1, packet)
    copy.mux_one(packet)
