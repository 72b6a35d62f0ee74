"""What the benchmarks of a press share: a clip, a server, two browsers, and how to print."""

import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from browsers import phones
from clips import write_mjpeg, write_wav
from people import Attorney, Caller
from serving import RunningServer, running_server

CLIP_SECONDS = 40


@dataclass
class Stage:
    server: RunningServer
    attorney: Attorney
    caller: Caller
    folder: Path
    frames: int = CLIP_SECONDS * 30


@contextmanager
def stage() -> Iterator[Stage]:
    """An attorney on duty and a caller about to press, each with a browser of their own."""
    # One attorney takes one call after another here.
    os.environ.setdefault("ACCOMPANY_WRAP_UP_MINUTES", "0")
    with tempfile.TemporaryDirectory() as name, phones() as make:
        folder = Path(name)
        video = write_mjpeg(folder / "clip.mjpeg", CLIP_SECONDS)
        audio = write_wav(folder / "clip.wav", CLIP_SECONDS)
        with running_server(folder / "data") as server:
            desk = make(folder / "attorney", video=video, audio=audio)
            attorney = Attorney(desk, desk.start())
            attorney.enrol(server.links["duty"])
            attorney.go_on_duty()
            phone = make(folder / "caller", video=video, audio=audio)
            caller = Caller(phone, phone.start())
            caller.prepare(server.links["caller"])
            yield Stage(server, attorney, caller, folder)


def row(what: str, values: list[float], unit: str = "s", digits: int = 2) -> str:
    shown = " ".join(f"{value:.{digits}f}" for value in values)
    middle, worst = statistics.median(values), max(values)
    return (
        f"{what:<28} median {middle:.{digits}f} {unit}  worst {worst:.{digits}f} {unit}   [{shown}]"
    )
