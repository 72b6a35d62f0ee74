"""Another wall clock for a process of ours: its steady clock goes on, as it does in the kernel.

Its Python is given the other time before anything else is imported. (Debian's libfaketime 0.9
breaks sleeping by the steady clock: EINVAL.)
"""

from pathlib import Path

from serving import SOURCES

SHIFTED = """
import time
from pathlib import Path

_real, _offset = time.time_ns, Path({offset!r})
time.time_ns = lambda: _real() + int(_offset.read_text() or 0)
time.time = lambda: time.time_ns() / 1e9
"""


class OtherClock:
    """Right until it is `set`; `environment` is what a process needs to go by it."""

    def __init__(self, folder: Path) -> None:
        self._offset, started = folder / "clock", folder / "python"
        started.mkdir()
        (started / "sitecustomize.py").write_text(SHIFTED.format(offset=str(self._offset)))
        self.environment = {"PYTHONPATH": f"{started}:{SOURCES}"}
        self.set(0)

    def set(self, seconds: int) -> None:
        """Let it be so many seconds fast, for a process that runs as well."""
        fresh = self._offset.with_name("clock.new")
        fresh.write_text(str(seconds * 1_000_000_000))
        fresh.replace(self._offset)
