"""A disk that others fill to the last byte under a real server: a small one of its own.

Others fill it once, and then make room; or they go on and on, and have every byte that anybody
gives up before it is asked for again. A tmpfs, or ext4 on a file as most servers have it.
"""

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.forking import Forking
from faults.phones import Phone, Surge, client_of, phone
from faults.telling import ACKNOWLEDGED, Outcome, Tell

MEBIBYTE = 1024 * 1024
SIZE = 200 * MEBIBYTE
FILE_BYTES = 32 * MEBIBYTE
"""A quarter of it is held back for statements: more than the databases' own logs ever need."""


PROMPTLY = 15.0
"""Seconds in which a statement has its answer, whatever it is, on a machine full of others' work
as well; one that waits for room has none in 60."""
PROMISED = 340
"""Statements, one after the other, that are taken at least on a disk that others go on filling,
by docs/durability.md, with files of FILE_BYTES."""

_FILL = """
import os, sys, time
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
piece = bytes(1 << 20)
size = len(piece)
while True:
    try:
        size = len(piece) if os.write(fd, piece[:size]) == size else 4096
    except OSError:
        if size == 4096:
            time.sleep(0.0002)
        size = 4096
"""


@contextmanager
def small_disk(folder: Path, kind: str = "tmpfs") -> Iterator[Path | None]:
    """Mount a disk of SIZE bytes, a tmpfs or ext4; None where we may not."""
    place = folder / "disk"
    place.mkdir()
    if kind == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "accompany-test", str(place)]
    elif shutil.which(f"mkfs.{kind}") is None:
        yield None
        return
    else:
        image = folder / "image"
        with image.open("wb") as file:
            file.truncate(SIZE)
        # Blocks as on a disk of a size that anybody has.
        make = [f"mkfs.{kind}", "-q", "-b", "4096", str(image)]
        subprocess.run(make, capture_output=True, check=True)
        command = ["mount", "-o", "loop", str(image), str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill_the_disk(folder: Path, disk: Path, tell: Tell) -> Outcome:
    """Fill *disk* while phones send, then make room again; return what happened."""
    server = Forking(disk / "data", more={"ACCOMPANY_JOURNAL_FILE_BYTES": str(FILE_BYTES)})
    server.start()
    surge = Surge.of(server, folder, 4, 5)
    senders = list(surge.phones)
    for one in senders:
        one.sizes = (60, MEBIBYTE, 3 * MEBIBYTE)
    process = server.process
    assert process is not None
    with surge.sending():
        surge.go_on(20)
        filler = disk / "filler"
        _fill(filler)
        # Until each phone has been told so: the present file has some room for a while.
        _until(lambda: all(one.answers[507] for one in senders))
        tell(1, 3, "full")
        refused = sum(one.answers[507] for one in senders)
        stated = _state_more(surge, 40)
        assert stated == 40
        tell(2, 3, f"{stated} statements taken")
        filler.unlink()
        taken = {id(one): len(one.acknowledged) for one in senders}
        _until(lambda: all(len(one.acknowledged) > taken[id(one)] for one in senders))
        assert process.poll() is None, server.said()
        tell(3, 3, "room again")
    _check_through_a_kill(surge, server)
    words = (
        f"filled to the last byte under load: {refused} times 507 for bytes, while {stated} "
        f"statements without bytes were taken; with room again all phones went on, without a "
        f"restart; all {surge.acknowledged} acknowledged were there, and after a kill as well"
    )
    return Outcome(words, Counter({"full disks": 1, ACKNOWLEDGED: surge.acknowledged}))


def _check_through_a_kill(surge: Surge, server: Forking) -> None:
    """Compare all that was acknowledged with what is there, once more after a kill; end it."""
    surge.check(everything=True)
    surge.check_package()
    server.kill()
    server.start()
    surge.check(everything=True)
    server.stop()


@contextmanager
def filled_on_and_on(path: Path) -> Iterator[None]:
    """Let somebody else write to *path* whatever room there is, and go on doing so."""
    filling = subprocess.Popen([sys.executable, "-c", _FILL, str(path)])
    try:
        yield
    finally:
        filling.kill()
        filling.wait()
        path.unlink()


def fill_on_and_on(folder: Path, disk: Path, tell: Tell) -> Outcome:
    """Have others go on filling *disk* while phones send, and through two starts."""
    # What it says is not said to a full disk.
    (disk / "data.log").symlink_to(folder / "data.log")
    server = Forking(disk / "data", more={"ACCOMPANY_JOURNAL_FILE_BYTES": str(FILE_BYTES)})
    server.start()
    surge = Surge.of(server, folder, 3, 6)
    talking = _talking(surge)
    for one in surge.phones:
        one.sizes = (60, MEBIBYTE)
    with surge.sending():
        surge.go_on(20)
        with filled_on_and_on(disk / "filler"):
            _until(lambda: all(one.answers[507] for one in surge.phones))
            tell(1, 5, "full")
            third = PROMISED // 3
            took: list[float] = []
            taken = [_state_until_refused(talking, third, took)]
            tell(2, 5, f"{taken} statements taken")
            server.kill()
            _start_and_hear(server)
            taken.append(_state_until_refused(talking, third, took))
            tell(3, 5, f"{taken} statements taken")
            server.stop()
            _start_and_hear(server)
            taken.append(_state_until_refused(talking, 20 * PROMISED, took))
            process = server.process
            assert process is not None
            assert process.poll() is None, server.said()
            tell(4, 5, f"{taken} statements taken")
            assert sum(taken) >= PROMISED, (taken, server.said())
        before = {id(one): len(one.acknowledged) for one in surge.phones}
        _until(lambda: all(len(one.acknowledged) > before[id(one)] for one in surge.phones))
        assert process.poll() is None, server.said()
        tell(5, 5, "room again")
    surge.phones.append(talking)
    _check_through_a_kill(surge, server)
    there = surge.acknowledged + len(talking.stated)
    words = (
        f"a disk that somebody else went on filling all the time: {taken[0]} statements were "
        f"taken, {taken[1]} more after a kill, and after a stop {taken[2]} more until they were "
        f"refused, the slowest answer within {max(took):.1f} s; with room again all phones "
        f"went on, without a restart; all {there} acknowledged were there, and after a kill as well"
    )
    return Outcome(words, Counter({"full disks": 1, ACKNOWLEDGED: there}))


def _start_and_hear(server: Forking) -> None:
    """Start it on the full disk; it says of it before it is ready."""
    before = len(server.log.read_text())
    server.start()
    said = server.log.read_text()[before:]
    assert "the disk is full: segments are refused, statements still taken" in said, said


def _talking(surge: Surge) -> Phone:
    """Return a phone that sends statements alone, with its recording opened."""
    one = phone(surge.server, 1, surge.phones[0].chance)
    with client_of(surge.server) as client:
        opened = one.send(client, one.device.opening)
    assert opened.status_code == 201, opened.text
    one.acknowledged[0] = (one.device.opening, opened.content)
    return one


def _state_until_refused(one: Phone, most: int, took: list[float]) -> int:
    """Send statements until one is refused, each as often as a phone would; return how many were
    taken, and add to *took* how long each answer did. Each has to come promptly, and a refusal to
    be a clear one."""
    with client_of(one.server) as client:
        client.timeout = PROMPTLY
        for taken in range(most):
            signed = one.unsent or one.more()
            path = f"/api/recordings/{one.device.recording}/statements/{signed.number}"
            began = time.monotonic()
            answer = client.put(path, content=signed.note)
            took.append(time.monotonic() - began)
            one.unsent = None if answer.status_code in (200, 201) else signed
            if one.unsent is not None:
                assert answer.status_code == 507, answer.text
                assert answer.json()["type"].endswith("disk-full"), answer.text
                return taken
            one.stated[signed.number] = (signed, answer.content)
    return most


def _state_more(surge: Surge, count: int) -> int:
    """Send statements without their bytes, as a phone does while bytes are refused."""
    done = 0
    one = phone(surge.server, 1, surge.phones[0].chance)
    with client_of(surge.server) as client:
        opened = one.send(client, one.device.opening)
        assert opened.status_code == 201, opened.text
        one.acknowledged[0] = (one.device.opening, opened.content)
        for _ in range(count):
            signed = one.more()
            path = f"/api/recordings/{one.device.recording}/statements/{signed.number}"
            answer = client.put(path, content=signed.note)
            done += answer.status_code == 201
            one.stated[signed.number] = (signed, answer.content)
    surge.phones.append(one)
    return done


def _fill(path: Path) -> None:
    with path.open("ab", buffering=0) as target:
        for size in (1024 * 1024, 4096):
            try:
                while target.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)
