"""Judging an opened film against the clip: its frames are the clip's, in order, without holes."""

from dataclasses import dataclass
from pathlib import Path

import av

from accompany.client.boxes import BoxReader, sample_counts
from clips import numbers_in

EXACT = 1e-6
"""Seconds that a difference of two times may be off: six pictures are 0.2 s, and no more."""


@dataclass(frozen=True)
class Film:
    """Frames as (seconds, number); *loop* is how many frames the clip has before it begins anew."""

    frames: list[tuple[float, int]]
    loop: int
    fragments: list[int]
    """How many pictures each has, in order."""

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
            if seconds > over + EXACT or (when > settled and frames > over * 30 + 1)
        ]

    def backwards(self) -> list[tuple[float, float, int]]:
        """Return the steps that repeat a frame or go back in the clip."""
        return [step for step in self.steps() if not 0 < step[2] < self.loop / 2]


def frames_by_fragment(path: Path) -> list[int]:
    """Return how many pictures each fragment of the film at *path* holds; none if it has none."""
    reader = BoxReader()
    reader.write(path.read_bytes())
    with av.open(str(path)) as film:
        track = film.streams.video[0].id
    moofs = [box for box in reader.take() if box.kind == "moof"]
    return [sample_counts(moof).get(track, 0) for moof in moofs]


def read_film(path: Path, loop: int) -> Film:
    """Read the film at *path*; every single frame must say its number."""
    read = list(numbers_in(path))
    unread = [when for when, number in read if number is None]
    assert not unread, f"{len(unread)} of {len(read)} frames cannot be read, first at {unread[0]}"
    frames = [(when, number) for when, number in read if number is not None]
    return Film(frames, loop, frames_by_fragment(path))
