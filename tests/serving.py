"""Real servers for tests: `accompany serve` in a process of its own, killable and startable again.

with running_server(tmp_path / "data") as server:
    server.links["guest_code"]; server.url
    server.kill()      # SIGKILL: what was not on disk is gone
    server.start()     # on the same port and data
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "src"
READY_SECONDS = 180.0
"""A start under strace, beside seven others on two processors, took more than 60."""


def accompany(*arguments: str | Path) -> list[str]:
    """Return the command `accompany` with *arguments*, for `subprocess` with `environment()`."""
    return [sys.executable, "-m", "accompany.cli", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return what a command of ours needs to run from this checkout, without proxies."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    # A start writes whole files of zeros: small ones, where many servers start.
    small = {"ACCOMPANY_JOURNAL_FILE_BYTES": str(16 * 1024 * 1024)}
    # All phones of a bench or a fault run come by one code.
    many = {"ACCOMPANY_CODE_ENCOUNTERS_A_MINUTE": "1000000"}
    return {**small, **many, **kept, "PYTHONPATH": str(SOURCES), "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningServer:
    """One server on one data folder. `links` is the JSON line that it printed when ready."""

    data: Path
    options: tuple[str, ...] = ()
    port: int = 0
    links: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    before: tuple[str, ...] = ()
    """What stands before the command: strace, that lets calls fail, or faketime."""
    more: dict[str, str] = field(default_factory=dict)
    """More of the environment."""

    @property
    def url(self) -> str:
        return self.links["caller"].partition("/#")[0]

    @property
    def log(self) -> Path:
        """What it said on stderr, all its starts together."""
        return self.data.with_name(f"{self.data.name}.log")

    def start(self) -> None:
        """Return once it is ready; raise AssertionError with what it said if it ends instead."""
        self.spawn()
        ready = self.ready()
        if not ready:
            self.kill()
        assert ready, f"the server did not start: {self.said()}"

    def spawn(self) -> None:
        command = accompany("serve", "--data", self.data, "--port", str(self.port), "--json")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*self.before, *command, *self.options],
                stdout=subprocess.PIPE,
                stderr=log,
                env={**environment(), **self.more},
                text=True,
            )

    def ready(self) -> bool:
        """Wait until what was spawned is ready; return False where it ends instead."""
        assert self.process is not None
        assert self.process.stdout is not None
        watchdog = threading.Timer(READY_SECONDS, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if line:
            self.links = json.loads(line)
            self.port = int(self.url.rpartition(":")[2])
        return bool(line)

    def said(self) -> str:
        """Return the end of what it said on stderr."""
        return self.log.read_text()[-2000:]

    def stop(self) -> int:
        """End it as systemd would; return its exit status."""
        return self._end(kill=False)

    def kill(self) -> int:
        """End it as a power cut would."""
        return self._end(kill=True)

    def _end(self, kill: bool) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.kill() if kill else process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.stdout is not None:
            process.stdout.close()
        return process.wait()


@contextmanager
def running_server(
    data: Path, *options: str, port: int = 0, more: dict[str, str] | None = None
) -> Iterator[RunningServer]:
    """Start a server on *data* and stop it at the end; *options* are those of `accompany serve`,
    *more* what its environment has besides."""
    server = RunningServer(data, options, port, more=dict(more or {}))
    server.start()
    try:
        yield server
    finally:
        server.stop()
