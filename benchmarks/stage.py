"""What the benchmarks of a press share: a clip, a server, two browsers, and how to print."""

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from browsers import phones
from clips import write_mjpeg, write_wav
from people import Attorney, Caller
from poorline import PoorLine, Shape, poor_line
from serving import RunningServer, running_server

CLIP_SECONDS = 40


@dataclass
class Stage:
    server: RunningServer
    attorney: Attorney
    caller: Caller
    folder: Path
    frames: int = CLIP_SECONDS * 30
    line: PoorLine | None = None


@contextmanager
def stage(
    noise: Callable[[Path], Path] | None = None, shape: Shape | None = None
) -> Iterator[Stage]:
    """An attorney on duty and a caller about to press, each with a browser of their own.

    The caller films the clip or what *noise* writes, behind a line of *shape* where one is given.
    """
    # One attorney takes one call after another here.
    os.environ.setdefault("ACCOMPANY_WRAP_UP_MINUTES", "0")
    with tempfile.TemporaryDirectory() as name, phones() as make, ExitStack() as more:
        folder = Path(name)
        video = write_mjpeg(folder / "clip.mjpeg", CLIP_SECONDS)
        audio = write_wav(folder / "clip.wav", CLIP_SECONDS)
        with running_server(folder / "data") as server:
            desk = make(folder / "attorney", video=video, audio=audio)
            attorney = Attorney(desk, desk.start())
            attorney.enrol(server.links["duty"])
            attorney.go_on_duty()
            seen = noise(folder / "noise.mjpeg") if noise else video
            phone = make(folder / "caller", video=seen, audio=audio)
            caller = Caller(phone, phone.start())
            link = server.links["caller"]
            line = more.enter_context(poor_line(server.port, shape)) if shape else None
            if line is not None:
                link = link.replace(f":{server.port}/", f":{line.port}/")
            caller.prepare(link)
            yield Stage(server, attorney, caller, folder, line=line)


def row(what: str, values: list[float], unit: str = "s", digits: int = 2) -> str:
    shown = " ".join(f"{value:.{digits}f}" for value in values)
    middle, worst = statistics.median(values), max(values)
    return (
        f"{what:<28} median {middle:.{digits}f} {unit}  worst {worst:.{digits}f} {unit}   [{shown}]"
    )
