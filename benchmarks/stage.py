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
from packetline import PacketLine, packet_line
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
    line: PoorLine | PacketLine | None = None


@contextmanager
def stage(
    noise: Callable[[Path], Path] | None = None,
    shape: Shape | None = None,
    packets: bool = False,
    script: str = "",
    both: bool = False,
) -> Iterator[Stage]:
    """An attorney on duty and a caller about to press, each with a browser of their own.

    The caller films the clip or what *noise* writes, behind a line of *shape* where one is given;
    with *packets* everything passes it, the call too. With *both* the attorney has a line, too.
    *script* runs first in the caller's page.
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
            duty = server.links["duty"]
            if shape and both:
                near = more.enter_context(poor_line(server.port, shape))
                duty = duty.replace(f":{server.port}/", f":{near.port}/")
            attorney.enrol(duty)
            attorney.go_on_duty()
            seen = noise(folder / "noise.mjpeg") if noise else video
            line: PoorLine | PacketLine | None = None
            if shape:
                way = packet_line(server.port, shape, folder) if packets else None
                line = more.enter_context(way or poor_line(server.port, shape))
            phone = make(folder / "caller", video=seen, audio=audio)
            if isinstance(line, PacketLine):
                phone.browser = line.browser
            caller = Caller(phone, phone.start())
            caller.page.add_init_script(script)
            link = server.links["caller"]
            if line is not None:
                link = link.replace(f"//127.0.0.1:{server.port}/", f"//{line.address}/")
            caller.prepare(link)
            yield Stage(server, attorney, caller, folder, line=line)


def row(what: str, values: list[float], unit: str = "s", digits: int = 2) -> str:
    shown = " ".join(f"{value:.{digits}f}" for value in values)
    middle, worst = statistics.median(values), max(values)
    return (
        f"{what:<28} median {middle:.{digits}f} {unit}  worst {worst:.{digits}f} {unit}   [{shown}]"
    )


def verdict(holds: bool) -> str:
    return "ok" if holds else "SHORT"
