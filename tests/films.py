"""Judging an opened film against the clip: its frames are the clip's, in order, without holes."""

from dataclasses import dataclass
from pathlib import Path

from clips import numbers_in


@dataclass(frozen=True)
class Film:
    """Frames as (seconds, number); *loop* is how many frames the clip has before it begins anew."""

    frames: list[tuple[float, int]]
    loop: int

    @property
    def seconds(self) -> float:
        return self.frames[-1][0] - self.frames[0][0]

    def steps(self) -> list[tuple[float, float, int]]:
        """Return (when, seconds, frames of the clip) from each frame to the next."""
        pairs = zip(self.frames, self.frames[1:], strict=False)
        return [(t, u - t, (m - n) % self.loop) for (t, n), (u, m) in pairs]

    def holes(self, over: float, settled: float = 1.5) -> list[tuple[float, float, int]]:
        """Return the steps that leave out more than *over* seconds, by time or by numbers.

        The fake camera itself skips in its first second: numbers are judged once it is *settled*.
        """
        return [
            (when, seconds, frames)
            for when, seconds, frames in self.steps()
            if seconds > over or (when > settled and frames > over * 30 + 1)
        ]

    def backwards(self) -> list[tuple[float, float, int]]:
        """Return the steps that repeat a frame or go back in the clip."""
        return [step for step in self.steps() if not 0 < step[2] < self.loop / 2]


def read_film(path: Path, loop: int) -> Film:
    """Read the film at *path*; every single frame must say its number."""
    read = list(numbers_in(path))
    unread = [when for when, number in read if number is None]
    assert not unread, f"{len(unread)} of {len(read)} frames cannot be read, first at {unread[0]}"
    return Film([(when, number) for when, number in read if number is not None], loop)
