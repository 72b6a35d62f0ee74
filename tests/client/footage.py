"""Films made with a real ffmpeg, and their packets, for the tests of cutting and recording."""

import io
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg

FILM = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
SOUND = ["-c:a", "aac"]
SINE = ["-f", "lavfi", "-i", "sine=sample_rate=44100"]

KINDS = {
    "plain": [*FILM, "-bf", "0", "-g", "30", *SOUND],
    "b-frames": [*FILM, "-bf", "3", "-g", "250", *SOUND],
    "29.97": [*FILM, "-bf", "2", *SOUND],
    "variable rate": ["-vf", "select='not(mod(floor(n/7),3))'", "-fps_mode", "vfr", *FILM, *SOUND],
    "no sound": [*FILM, "-bf", "2", "-an"],
    "opus": [*FILM, "-c:a", "libopus", "-ar", "48000"],
    "600 ticks": [*FILM, "-video_track_timescale", "600", *SOUND],
    "fragments": [*FILM, *SOUND, "-movflags", "frag_keyframe+empty_moov+default_base_moof"],
    "two sounds": [*FILM, *SOUND, "-map", "0:v", "-map", "1:a", "-map", "1:a"],
}

VP8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k"]
OPUS = ["-c:a", "libopus"]

WEBM_KINDS = {
    "vp8": [*VP8, *OPUS],
    "vp8, many keyframes": [*VP8, "-g", "5", "-b:v", "2M", "-c:a", "libvorbis"],
    "vp9": [*VP9, *OPUS],
    "vp9 alone": [*VP9, "-an"],
    "variable rate": ["-vf", "select='not(mod(floor(n/7),3))'", "-fps_mode", "vfr", *VP8, *OPUS],
    "as a browser sends it": [*VP8, *OPUS, "-live", "1", "-cluster_time_limit", "900"],
}

Packet = tuple[bytes, Fraction, Fraction, Fraction, bool]


def ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-nostdin", "-y", *arguments]
    subprocess.run([str(part) for part in command], check=True)


def make(path: Path, kind: str = "plain", seconds: float = 6) -> Path:
    """Make a film of *kind* (a key of KINDS), test pattern and sine."""
    rate = "30000/1001" if kind == "29.97" else "30"
    picture = ["-f", "lavfi", "-i", f"testsrc=size=320x240:rate={rate}"]
    ffmpeg(*picture, *SINE, "-t", str(seconds), *KINDS[kind], path)
    return path


def make_webm(path: Path, kind: str = "vp8", seconds: float = 6) -> Path:
    """Make a WebM of *kind* (a key of WEBM_KINDS)."""
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=30"]
    ffmpeg(*picture, *SINE, "-t", str(seconds), *WEBM_KINDS[kind], path)
    return path


def make_rotated(path: Path) -> Path:
    upright = make(path.with_name("upright.mp4"), seconds=2)
    ffmpeg("-display_rotation", "90", "-i", upright, "-c", "copy", path)
    return path


def make_late_sound(path: Path) -> Path:
    """Make a film whose sound begins 3 s after its picture, at no whole millisecond."""
    both = make(path.with_name("both.mp4"), "29.97")
    inputs = ["-i", str(both), "-itsoffset", "3.00007", "-i", str(both)]
    ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", path)
    return path


def make_sound(path: Path, seconds: float = 9.3, codec: list[str] = SOUND) -> Path:
    ffmpeg(*SINE, "-t", str(seconds), *codec, path)
    return path


def packets(film: Path | bytes) -> list[list[Packet]]:
    """Return for each track its packets: data, pts, dts, duration in seconds, and keyframe."""
    found: dict[int, list[Packet]] = {}
    with av.open(io.BytesIO(film) if isinstance(film, bytes) else str(film)) as container:
        for packet in container.demux():
            if packet.dts is None:
                continue
            tick = packet.time_base
            times = packet.pts * tick, packet.dts * tick, (packet.duration or 0) * tick
            found.setdefault(packet.stream.index, []).append(
                (bytes(packet), *times, packet.is_keyframe)
            )
    return [found[index] for index in sorted(found)]


def rotation(film: Path | bytes) -> int:
    with av.open(io.BytesIO(film) if isinstance(film, bytes) else str(film)) as container:
        return next(container.decode(video=0)).rotation
