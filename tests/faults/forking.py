"""Real servers without the second that Python takes to read them in: forked by a process that has.

`Forking` is a `RunningServer` whose process begins as a copy of one that has imported everything a
server needs and done nothing else; from there on it is what `accompany serve` is, in a process of
its own, with its own arguments, environment, output and end. What has to stand before the command
(strace) or before all imports (another clock) is started from nothing, as always.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

from serving import RunningServer, accompany, environment

_MOST = 64 * 1024


@dataclass
class Forked:
    """What `subprocess.Popen` is for a process that is somebody else's child."""

    pid: int
    stdout: IO[str]
    _mother: "Mother"
    _status: int | None = field(default=None)

    def poll(self) -> int | None:
        if self._status is None:
            self._status = self._mother.asked({"status": self.pid})
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("serve", timeout or 0)
            time.sleep(0.005)
        return status

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        # Its number is nobody else's until its end has been asked for.
        if self.poll() is None:
            os.kill(self.pid, number)


class Mother:
    """The process that forks, as seen from here."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        self._turn = threading.Lock()
        command = [sys.executable, "-m", "faults.forking", str(theirs.fileno())]
        path = f"{Path(__file__).resolve().parents[1]}:{environment()['PYTHONPATH']}"
        subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env={**environment(), "PYTHONPATH": path}
        )
        theirs.close()

    def asked(self, words: dict[str, Any], files: tuple[int, ...] = ()) -> Any:
        with self._turn:
            socket.send_fds(self._ours, [json.dumps(words).encode()], files)
            return json.loads(self._ours.recv(_MOST))

    def fork(self, arguments: list[str], environ: dict[str, str], log: int) -> Forked:
        reading, writing = os.pipe()
        try:
            words = {"arguments": arguments, "environ": environ}
            pid = self.asked(words, (writing, log))
        finally:
            os.close(writing)
        return Forked(pid, os.fdopen(reading), self)


@cache
def mother() -> Mother:
    """Return the one of this process; she ends with it."""
    return Mother()


class Forking(RunningServer):
    """A server on a folder, forked where nothing has to stand before it."""

    def spawn(self) -> None:
        if self.before or "PYTHONPATH" in self.more:
            super().spawn()
            return
        arguments = accompany("serve", "--data", self.data, "--port", str(self.port), "--json")[3:]
        with self.log.open("a") as log:
            environ = {**environment(), **self.more}
            forked = mother().fork([*arguments, *self.options], environ, log.fileno())
        self.process = forked  # type: ignore[assignment]


@contextmanager
def forking_server(data: Path) -> Iterator[Forking]:
    """Start a server on *data*, and stop it at the end."""
    server = Forking(data)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _serve(ours: socket.socket) -> list[str]:
    """Fork whenever asked, and say how each one ended; return the arguments, in each child."""
    while True:
        data, files, *_ = socket.recv_fds(ours, _MOST, 2)
        if not data:
            os._exit(0)
        words = json.loads(data)
        if "status" in words:
            pid, status = os.waitpid(words["status"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                ours.close()
                for number, file in enumerate(files, 1):
                    os.dup2(file, number)
                    os.close(file)
                os.environ.clear()
                os.environ.update(words["environ"])
                arguments: list[str] = words["arguments"]
                return arguments
            for file in files:
                os.close(file)
        ours.send(json.dumps(answer).encode())


if __name__ == "__main__":
    import accompany.cli.serve
    from accompany.cli import main

    sys.exit(main(_serve(socket.socket(fileno=int(sys.argv[1])))))
