"""Backups of a real server to which phones send all the while: each holds what came before.

The commands run as a person runs them, beside the server, the first one at a terminal.
"""

import json
import os
import pty
import shutil
import subprocess
import termios
from collections import deque
from dataclasses import replace
from pathlib import Path

from faults.forking import Forking
from faults.phones import Surge
from serving import accompany, environment

BACKUPS = 3


def as_it_is(surge: Surge) -> Surge:
    """Return what the phones were told until now, for a server on another folder."""
    phones = [
        replace(
            one, acknowledged=dict(one.acknowledged), stated=dict(one.stated),
            checkpoints=deque(one.checkpoints), wrong=[],
        )
        for one in surge.phones
    ]  # fmt: skip
    return Surge(surge.server, surge.folder, phones)


def seen_at_a_terminal(*words: str | Path) -> str:
    """Run a command with a terminal for its stderr; return what stands there."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen(
        accompany(*words), stdout=subprocess.PIPE, stderr=theirs, env=environment()
    )
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:
        # The other side of a terminal is gone: EIO.
        pass
    os.close(ours)
    process.communicate(timeout=60)
    assert process.returncode == 0, seen
    return seen.decode()


def said(*words: str | Path) -> dict[str, int]:
    done = subprocess.run(
        [*accompany(*words), "--json"], capture_output=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, int] = json.loads(done.stdout)
    return told


def test_each_holds_all_that_was_acknowledged_before_and_says_how_far_it_is(tmp_path: Path) -> None:
    server = Forking(tmp_path / "data", more={"ACCOMPANY_JOURNAL_FILE_BYTES": str(1024 * 1024)})
    server.start()
    surge = Surge.of(server, tmp_path, 4, 11)
    where, held = tmp_path / "backup", list[tuple[Surge, Path]]()
    with surge.sending():
        surge.go_on(20)
        for number in range(BACKUPS):
            before = as_it_is(surge)
            if number == 0:
                assert "100%" in seen_at_a_terminal("backup", "--data", server.data, "--to", where)
            else:
                copied = said("backup", "--data", server.data, "--to", where)
                assert 0 < copied["copied"] < copied["size"]
            # They went on meanwhile, or it would show nothing.
            assert surge.acknowledged > before.acknowledged + 4
            shutil.copytree(where, tmp_path / f"backup-{number}")
            held.append((before, tmp_path / f"backup-{number}"))
    surge.check()
    server.kill()
    for number, (before, kept) in enumerate(held):
        data = tmp_path / f"restored-{number}" / "data"
        if number == 0:
            assert "100%" in seen_at_a_terminal("restore", "--from", kept, "--data", data)
        else:
            told = said("restore", "--from", kept, "--data", data)
            assert told["entries"] >= before.acknowledged
        again = Forking(data)
        again.start()
        for one in before.phones:
            one.server = again
        restored = Surge(again, data.parent, before.phones)
        restored.check(everything=True)
        restored.check_package()
        again.kill()
