"""What every journey needs: browsers, the clip, a server of its own, and two people who met."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from browsers import Phone, phones
from clips import write_mjpeg, write_wav
from people import Attorney, Caller
from serving import RunningServer, running_server

CLIP_SECONDS = 40
"""The clip is played in a loop: numbers begin again after this."""


@dataclass(frozen=True)
class Clip:
    video: Path
    audio: Path
    frames: int


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.mktemp("clip")
    video = write_mjpeg(folder / "clip.mjpeg", CLIP_SECONDS, 320, 240)
    return Clip(video, write_wav(folder / "clip.wav", CLIP_SECONDS), CLIP_SECONDS * 30)


@pytest.fixture(scope="module")
def make_phone() -> Iterator[Callable[..., Phone]]:
    # For a module, not the session: Playwright holds the thread's event loop while it is there.
    with phones() as make:
        yield make


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data") as server:
        yield server


@pytest.fixture
def attorney(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip: Clip
) -> Iterator[Attorney]:
    """An attorney, enrolled and on duty, with a desktop browser."""
    size = {"viewport": {"width": 1280, "height": 800}}
    phone = make_phone(tmp_path / "attorney", video=clip.video, audio=clip.audio, options=size)
    ada = Attorney(phone, phone.start())
    ada.enrol(own_server.links["duty"])
    ada.go_on_duty()
    yield ada
    phone.close()


@pytest.fixture
def caller(
    own_server: RunningServer, make_phone: Callable[..., Phone], tmp_path: Path, clip: Clip
) -> Iterator[Caller]:
    """A caller with the page open and the choices made."""
    phone = make_phone(tmp_path / "caller", video=clip.video, audio=clip.audio)
    carla = Caller(phone, phone.start())
    carla.prepare(own_server.links["caller"])
    yield carla
    phone.close()
