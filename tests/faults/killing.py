"""kill -9 at any moment under load, again and again: in the middle of a start as well."""

import random
import time
from pathlib import Path

from faults.phones import Surge
from faults.telling import Tell
from serving import running_server

PHONES = 4
IN_A_START = 0.2
"""How many of the kills come before the server is ready."""


def kill_again_and_again(folder: Path, times: int, seed: int, tell: Tell) -> str:
    """Kill a real server *times* while phones send; compare after each; return what happened."""
    chance = random.Random(seed)
    in_starts = 0
    with running_server(folder / "data") as server:
        surge = Surge.of(server, folder, PHONES, seed)
        with surge.sending():
            for number in range(times):
                time.sleep(chance.uniform(0.05, 0.6))
                server.kill()
                if chance.random() < IN_A_START:
                    server.spawn()
                    time.sleep(chance.uniform(0.2, 1.2))
                    server.kill()
                    in_starts += 1
                server.start()
                surge.check()
                tell(number + 1, times, f"{surge.acknowledged} acknowledged")
            surge.wait_for(PHONES)
        # Once more with nobody sending: what is there now is what was on the disk.
        server.kill()
        server.start()
        surge.check(everything=True)
        surge.check_package()
    assert min(len(one.acknowledged) for one in surge.phones) > times // 4
    return (
        f"killed {times + in_starts + 1} times, {in_starts} of them while it was starting: all "
        f"{surge.acknowledged} acknowledged statements and their bytes were there, as they were; "
        f"{len(surge.entries)} entries continue each of {surge.seen} checkpoints that were seen; "
        "a package verified"
    )
