"""kill -9 at any moment under load, again and again: in the middle of a start as well."""

import random
import time
from collections import Counter
from pathlib import Path

from faults.forking import forking_server
from faults.phones import Surge
from faults.telling import ACKNOWLEDGED, Outcome, Tell

PHONES = 4
IN_A_START = 0.2
"""How many of the kills come before the server is ready."""


def kill_again_and_again(folder: Path, times: int, seed: int, tell: Tell) -> Outcome:
    """Kill a real server *times* while phones send; compare after each; return what happened."""
    chance = random.Random(seed)
    in_starts = 0
    with forking_server(folder / "data") as server:
        surge = Surge.of(server, folder, PHONES, seed)
        with surge.sending():
            for number in range(times):
                time.sleep(chance.uniform(0.05, 0.6))
                server.kill()
                if chance.random() < IN_A_START:
                    server.spawn()
                    time.sleep(chance.uniform(0.0, 0.3))
                    server.kill()
                    in_starts += 1
                server.start()
                surge.check()
                tell(number + 1, times, f"{surge.acknowledged} acknowledged")
            surge.go_on(PHONES)
        # Once more with nobody sending: what is there now is what was on the disk.
        server.kill()
        server.start()
        surge.check(everything=True)
        surge.check_package()
    assert min(len(one.acknowledged) for one in surge.phones) > times // 4
    kills = times + in_starts + 1
    words = (
        f"killed {kills} times, {in_starts} of them while it was starting: all "
        f"{surge.acknowledged} acknowledged statements and their bytes were there, as they were; "
        f"{len(surge.entries)} entries continue each of {surge.seen} checkpoints that were seen; "
        "a package verified"
    )
    return Outcome(words, Counter({"kills": kills, ACKNOWLEDGED: surge.acknowledged}))
