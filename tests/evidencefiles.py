"""Looking into a package from a test: its statements, and what `verify` says of it."""

import json
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accompany.evidence.notes import Note
from accompany.evidence.statements import Gap, SegmentStatement, Statement, read_statement
from films import Film, read_film
from serving import RunningServer, accompany, environment


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = accompany(*arguments)
    return subprocess.run(command, env=environment(), text=True, capture_output=True, check=False)


def statements_in(package: Path) -> list[Statement]:
    with zipfile.ZipFile(package) as archive:
        names = sorted(name for name in archive.namelist() if "/data/statements/" in name)
        return [read_statement(Note.parse(archive.read(name)).text) for name in names]


def segments_in(package: Path) -> list[SegmentStatement]:
    return [one for one in statements_in(package) if isinstance(one, SegmentStatement)]


def since_opening(package: Path, seconds: float) -> float:
    """Return the milliseconds since the opening at which the media's own time *seconds* was.

    Media leave out long holes, statements do not: what came before is what was recorded before."""
    told = [one for one in segments_in(package) if one.duration]
    before = 0
    for one in told:
        if 1000 * seconds < before + one.duration:
            return one.offset + 1000 * seconds - before
        before += one.duration
    return told[-1].offset + 1000 * seconds - (before - told[-1].duration)


REST = 0.11
"""Seconds that no gap need state: a tenth (webapp/src/strand.ts), and what rounding takes."""

Stretch = tuple[float, float]


def unstated_holes(film: Film, package: Path, over: float = 0.2) -> list[object]:
    """Return the film's holes of more than *over* seconds that the package's gaps do not state.

    Several gaps may state one hole, as where sound was missing for some of it. A film leaves out
    what neither picture nor sound was there for: a hole is as long as the numbers of its pictures
    say, if that is more, and lies where the piece that it begins in says, or the one it ends in.
    """
    gaps = [
        (one.offset / 1000, (one.offset + one.duration) / 1000)
        for one in statements_in(package)
        if isinstance(one, Gap)
    ]
    places = _places(film, package)
    found: list[object] = []
    for n, (when, seconds, frames) in enumerate(film.steps()):
        length = max(seconds, (frames - 1) / 30)
        starts = [when + later for later in places[n]]
        starts += [when + seconds - length + later for later in places[n + 1]]
        if (when, seconds, frames) in film.holes(over) and not any(
            _stated((start, start + length), gaps) for start in starts
        ):
            found.append((when, seconds, frames))
    return found


def _places(film: Film, package: Path) -> list[tuple[float, float]]:
    """Return for each frame by how much its piece is later, in seconds since the opening, than in
    the film's own time: by where that piece begins, and by where it ends."""
    places: list[tuple[float, float]] = []
    pieces = zip(_told(package), film.fragments, strict=True)
    for piece, count in ((piece, count) for piece, count in pieces if count):
        following = film.frames[len(places) + count : len(places) + count + 1]
        start = film.frames[len(places)][0]
        end = following[0][0] if following else film.frames[-1][0] + 1 / 30
        begins, ends = piece.offset / 1000, (piece.offset + piece.duration) / 1000
        places += [(begins - start, ends - end)] * count
    return places


def _told(package: Path) -> list[SegmentStatement]:
    """Return the pieces of film whose bytes are there, in order."""
    with zipfile.ZipFile(package) as archive:
        there = {int(Path(name).stem) for name in archive.namelist() if "/data/segments/" in name}
    return [one for one in segments_in(package) if one.number in there][1:]


def _stated(hole: Stretch, gaps: list[Stretch]) -> bool:
    """Whether no more than a rest of *hole* lies between any two *gaps*, or beside them."""
    until, last = hole
    for start, end in sorted(gaps):
        if start - until > REST:
            break
        until = max(until, end)
    return last - until <= REST


@dataclass(frozen=True)
class Verdict:
    status: int
    report: dict[str, Any]
    words: str


def verify(package: Path, policy: str | Path, *options: str) -> Verdict:
    done = run("verify", package, "--policy", policy, "--json", *options)
    assert done.stdout, done.stderr
    return Verdict(done.returncode, json.loads(done.stdout), done.stdout)


def open_media(server: RunningServer, package: Path) -> Path:
    """Open the package with the custodian's key; return its film or sound as it was recorded."""
    opened = package.with_suffix(".opened.zip")
    key = server.data / "keys" / "custodian.key"
    done = run("open", package, "--identity", key, "-o", opened)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(opened) as archive:
        name = next(n for n in archive.namelist() if "/data/media/recording." in n)
        media = package.with_suffix(Path(name).suffix)
        media.write_bytes(archive.read(name))
    return media


def open_film(server: RunningServer, package: Path, loop: int) -> Film:
    """Open the package with the custodian's key and read its film."""
    return read_film(open_media(server, package), loop)


def bend_stored(package: Path, path: str) -> Path:
    """Return a copy of *package* in which one byte of a stored file was changed."""
    data = bytearray(package.read_bytes())
    with zipfile.ZipFile(package) as archive:
        name = next(one for one in archive.namelist() if one.endswith(path))
        content = archive.read(name)
    data[data.index(content) + len(content) // 2] ^= 1
    bent = package.with_name("bent.zip")
    bent.write_bytes(data)
    return bent
