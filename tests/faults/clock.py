"""The clock set back an hour, and forward again, under a real server (`otherclock`)."""

import json
import time
from collections import Counter
from pathlib import Path

from evidencefiles import run
from faults.phones import Surge
from faults.telling import ACKNOWLEDGED, Outcome, Tell
from otherclock import OtherClock
from serving import RunningServer


def set_the_clock(folder: Path, tell: Tell) -> Outcome:
    """Set the clock back and forth while phones send, then start with it set back; return what
    happened."""
    clock = OtherClock(folder)
    server = RunningServer(folder / "data", more=clock.environment)
    server.start()
    surge = Surge.of(server, folder, 2, 7)
    with surge.sending():
        surge.go_on(10)
        clock.set(-3_600)
        assert _hears(server, "the clock was set by -3"), server.said()
        surge.go_on(10)
        tell(1, 3, "set back an hour")
        server.kill()
        server.start()
        assert "behind the last receipt" in server.said()
        surge.go_on(10)
        tell(2, 3, "started an hour behind")
        clock.set(0)
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
