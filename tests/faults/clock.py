"""The clock set back an hour, and forward again, under a real server.

Its Python is given another wall clock before anything else is imported; the steady clock goes on,
as it does in the kernel. (Debian's libfaketime 0.9 breaks sleeping by the steady clock: EINVAL.)
"""

import json
import time
from collections import Counter
from pathlib import Path

from evidencefiles import run
from faults.phones import Surge
from faults.telling import ACKNOWLEDGED, Outcome, Tell
from serving import SOURCES, RunningServer

SHIFTED = """
import time
from pathlib import Path

_real, _offset = time.time_ns, Path({offset!r})
time.time_ns = lambda: _real() + int(_offset.read_text() or 0)
time.time = lambda: time.time_ns() / 1e9
"""


def set_the_clock(folder: Path, tell: Tell) -> Outcome:
    """Set the clock back and forth while phones send, then start with it set back; return what
    happened."""
    offset, started = folder / "clock", folder / "python"
    offset.write_text("0")
    started.mkdir()
    (started / "sitecustomize.py").write_text(SHIFTED.format(offset=str(offset)))
    server = RunningServer(folder / "data")
    server.more = {"PYTHONPATH": f"{started}:{SOURCES}"}
    server.start()
    surge = Surge.of(server, folder, 2, 7)
    with surge.sending():
        surge.go_on(10)
        _set(offset, -3_600)
        assert _hears(server, "the clock was set by -3"), server.said()
        surge.go_on(10)
        tell(1, 3, "set back an hour")
        server.kill()
        server.start()
        assert "behind the last receipt" in server.said()
        surge.go_on(10)
        tell(2, 3, "started an hour behind")
        _set(offset, 0)
        surge.go_on(10)
    surge.check(everything=True)
    surge.check_package()
    times = _times(surge)
    assert times == sorted(times)
    server.stop()
    told = json.loads(run("doctor", "--data", server.data, "--json").stdout)
    (clock,) = [one for one in told if one["about"] == "clock"]
    assert clock["how"] == "look", clock
    tell(3, 3, clock["words"])
    words = (
        f"set back an hour under load, and once more before a start: the times in "
        f"{surge.acknowledged} receipts never fall, nothing was missing, and doctor says: "
        f"{clock['words']}"
    )
    return Outcome(words, Counter({"steps of the clock": 2, ACKNOWLEDGED: surge.acknowledged}))


def _set(offset: Path, seconds: int) -> None:
    fresh = offset.with_name("clock.new")
    fresh.write_text(str(seconds * 1_000_000_000))
    fresh.replace(offset)


def _hears(server: RunningServer, words: str) -> bool:
    until = time.monotonic() + 20
    while words not in server.said() and time.monotonic() < until:
        time.sleep(0.05)
    return words in server.said()


def _times(surge: Surge) -> list[int]:
    """Return what the receipts state, in the order of the log."""
    receipts = [
        one.receipt(note) for one in surge.phones for _, note in one.acknowledged.values()
        if not one.statements_first
    ]  # fmt: skip
    return [one.time for one in sorted(receipts, key=lambda one: one.index)]
