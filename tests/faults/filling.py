"""A disk that others fill to the last byte under a real server: a small one of its own (tmpfs)."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.forking import Forking
from faults.phones import Surge, client_of, phone
from faults.telling import ACKNOWLEDGED, Outcome, Tell

MEBIBYTE = 1024 * 1024
SIZE = 200 * MEBIBYTE
FILE_BYTES = 32 * MEBIBYTE
"""A quarter of it is held back for statements: more than the databases' own logs ever need."""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk of SIZE bytes; None where we may not."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "accompany-test", str(place)]
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
    surge.check(everything=True)
    surge.check_package()
    server.kill()
    server.start()
    surge.check(everything=True)
    server.stop()
    words = (
        f"filled to the last byte under load: {refused} times 507 for bytes, while {stated} "
        f"statements without bytes were taken; with room again all phones went on, without a "
        f"restart; all {surge.acknowledged} acknowledged were there, and after a kill as well"
    )
    return Outcome(words, Counter({"full disks": 1, ACKNOWLEDGED: surge.acknowledged}))


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
