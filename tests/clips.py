"""The test clip: a film whose every frame says its own number, and a sound that beeps each second.

A frame is a grid of 8 x 5 squares, black or white: 24 bits of the number, then 16 bits of CRC, row
by row, highest bit first. At 640 x 480 the squares are 80 x 96, whole macroblocks, so that the
number outlives H.264 at 300 kbit/s, scaling and blur; `read_number` says None rather than guess.
Beep number n (at second n, from 0) sounds for 0.1 s at 600 + 100 * (n % 10) Hz.

Chromium takes the files as `--use-file-for-fake-video-capture=clip.mjpeg` (always 30 frames a
second, whatever the file) or `clip.y4m` (the header's rate), and
`--use-file-for-fake-audio-capture=clip.wav`; it plays them in a loop.
"""

import binascii
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 8, 5
NUMBER_BITS, CHECK_BITS = 24, 16
BLACK, WHITE = 16, 235
RATE = 48_000
BEEP_SECONDS = 0.1

Picture = NDArray[np.uint8]


def _check(number: int) -> int:
    return binascii.crc_hqx(number.to_bytes(3, "big"), 0xFFFF)


def draw_number(number: int, width: int = 640, height: int = 480) -> Picture:
    """Return the luma of frame *number* (below 2**24), *height* rows of *width*."""
    value = number << CHECK_BITS | _check(number)
    places = np.arange(NUMBER_BITS + CHECK_BITS - 1, -1, -1, dtype=np.uint64)
    bits = (np.uint64(value) >> places & np.uint64(1)).astype(bool).reshape(ROWS, COLUMNS)
    rows, columns = np.arange(height) * ROWS // height, np.arange(width) * COLUMNS // width
    return np.where(bits[rows][:, columns], WHITE, BLACK).astype(np.uint8)


def read_number(picture: Picture) -> int | None:
    """Return the number in a decoded frame, luma (h, w) or RGB (h, w, 3) of any size, or None."""
    luma = picture.mean(axis=2) if picture.ndim == 3 else picture
    squares = np.array(
        [[_middle(luma, row, column) for column in range(COLUMNS)] for row in range(ROWS)]
    )
    dark, light = float(squares.min()), float(squares.max())
    if light - dark < 80:
        return None
    share = (squares.ravel() - dark) / (light - dark)
    if ((share > 0.35) & (share < 0.65)).any():
        return None  # Two frames blended: neither number is true.
    value = int("".join("1" if bit else "0" for bit in share > 0.5), 2)
    number = value >> CHECK_BITS
    return number if value & (1 << CHECK_BITS) - 1 == _check(number) else None


def _middle(luma: NDArray[np.generic], row: int, column: int) -> float:
    """Return the mean of the inner quarter of one square, where its neighbours do not bleed in."""
    height, width = luma.shape
    top, left = (row + 0.25) * height / ROWS, (column + 0.25) * width / COLUMNS
    bottom, right = (row + 0.75) * height / ROWS, (column + 0.75) * width / COLUMNS
    return float(np.mean(luma[round(top) : round(bottom), round(left) : round(right)]))


def read_frame(frame: av.VideoFrame) -> int | None:
    """Return the number in a frame that PyAV decoded."""
    return read_number(frame.to_ndarray(format="gray"))


def numbers_in(path: Path) -> Iterator[tuple[float, int | None]]:
    """Yield presentation time in seconds and number of each frame of the film at *path*."""
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            yield float(frame.time or 0), read_frame(frame)


def write_mjpeg(path: Path, seconds: float = 60, width: int = 640, height: int = 480) -> Path:
    """Write the clip as bare JPEG pictures one after another, 30 a second as Chromium reads it."""
    with av.open(str(path), "w", format="mjpeg") as clip:
        stream = clip.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        stream.color_range = 2
        # Default tables: Chromium's own reader wants a plain baseline JPEG.
        stream.options = {"huffman": "default", "qmin": "4", "qmax": "4"}
        for number in range(round(seconds * 30)):
            clip.mux(stream.encode(_frame(number, width, height, "yuvj420p", Fraction(1, 30))))
        clip.mux(stream.encode(None))
    return path


def write_y4m(
    path: Path, seconds: float = 10, rate: int = 20, width: int = 640, height: int = 480
) -> Path:
    """Write the clip uncompressed: 460 kB a frame at 640 x 480."""
    grey = bytes([128]) * (width * height // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(round(seconds * rate)):
            file.write(b"FRAME\n" + draw_number(number, width, height).tobytes() + grey)
    return path


def write_film(
    path: Path,
    seconds: float = 10,
    rate: int = 30,
    *,
    width: int = 640,
    height: int = 480,
    bit_rate: int = 300_000,
    sound: bool = True,
) -> Path:
    """Write the clip as H.264 and AAC in an mp4, at *bit_rate* bits a second of picture."""
    with av.open(str(path), "w", format="mp4") as film:
        picture = film.add_stream("libx264", rate=rate, options={"preset": "veryfast"})
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        picture.bit_rate = bit_rate
        picture.time_base = Fraction(1, rate)
        voice = film.add_stream("aac", rate=RATE, layout="mono") if sound else None
        for number in range(round(seconds * rate)):
            film.mux(picture.encode(_frame(number, width, height, "yuv420p", Fraction(1, rate))))
        film.mux(picture.encode(None))
        if voice is not None:
            for block in _blocks(beeps(seconds), 1024):
                film.mux(voice.encode(block))
            film.mux(voice.encode(None))
    return path


def _frame(number: int, width: int, height: int, format_: str, tick: Fraction) -> av.VideoFrame:
    grey = np.full((height // 2, width), 128, np.uint8)
    planes = np.vstack([draw_number(number, width, height), grey])
    frame = av.VideoFrame.from_ndarray(planes, format=format_)
    frame.pts, frame.time_base = number, tick
    return frame


def beep_pitch(number: int) -> int:
    """Return the pitch, in hertz, of the beep at second *number*."""
    return 600 + 100 * (number % 10)


def beeps(seconds: float, rate: int = RATE) -> NDArray[np.int16]:
    """Return *seconds* of sound, mono, *rate* samples a second."""
    time = np.arange(round(seconds * rate)) / rate
    pitch = 600 + 100 * (np.floor(time) % 10)
    tone = np.sin(2 * np.pi * pitch * (time % 1)) * (time % 1 < BEEP_SECONDS)
    return (tone * 0.5 * 32767).astype(np.int16)


def write_wav(path: Path, seconds: int = 60) -> Path:
    """Write the beeps as 16-bit mono at 48 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(beeps(seconds).tobytes())
    return path


def _blocks(samples: NDArray[np.int16], size: int) -> Iterator[av.AudioFrame]:
    for start in range(0, len(samples), size):
        block = av.AudioFrame.from_ndarray(
            samples[None, start : start + size], format="s16", layout="mono"
        )
        block.sample_rate, block.pts, block.time_base = RATE, start, Fraction(1, RATE)
        yield block


def read_beeps(samples: NDArray[np.generic], rate: int) -> list[tuple[float, int]]:
    """Return start in seconds and pitch in hertz (to the next 100) of each beep in mono sound.

    Good to about 0.02 s: loudness is judged in steps of 10 ms.
    """
    sound = samples.astype(np.float64) / max(1.0, float(np.abs(samples).max()))
    step = rate // 100
    loud = np.sqrt((sound[: len(sound) // step * step].reshape(-1, step) ** 2).mean(axis=1)) > 0.1
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]])))
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start < 4:
            continue
        part = sound[start * step : end * step]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 4 * rate // 10))
        found.append((start / 100, round(int(spectrum.argmax()) * 2.5 / 100) * 100))
    return found


def beeps_in(path: Path) -> list[tuple[float, int]]:
    """Return start in seconds and pitch in hertz of each beep in the film or sound at *path*."""
    first, samples = sound_in(path)
    return [(start + first, pitch) for start, pitch in read_beeps(samples, RATE)]


def sound_in(path: Path) -> tuple[float, NDArray[np.int16]]:
    """Return when the sound at *path* begins, in seconds, and its samples, RATE a second."""
    with av.open(str(path)) as film:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        frames = [out for frame in film.decode(audio=0) for out in resampler.resample(frame)]
        first = float(frames[0].time or 0) if frames else 0.0
        pieces = [frame.to_ndarray().ravel() for frame in [*frames, *resampler.resample(None)]]
    return first, np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int16)
