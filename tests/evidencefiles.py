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
"""Seconds at either end of a hole that no gap need state: a tenth, and what rounding takes."""


def unstated_holes(film: Film, package: Path, over: float = 0.2) -> list[object]:
    """Return the film's holes of more than *over* seconds that no gap of the package states.

    A phone states no rest of a hole that lasts a tenth of a second or less (webapp/src/strand.ts):
    a gap where sound was missing too may be shorter by that, on either side. And it places what it
    records by the promptest sample so far (webapp/src/timeline.ts): where the first ones came late,
    on a busy machine, later ones lie that much earlier than in the film.
    """
    statements = statements_in(package)
    told = [s for s in statements if isinstance(s, SegmentStatement) and s.duration]
    first, last = told[0], told[-1]
    late = max(0.0, film.seconds - (last.offset + last.duration - first.offset) / 1000)
    gaps = [
        ((gap.offset - first.offset) / 1000, gap.duration / 1000)
        for gap in statements
        if isinstance(gap, Gap)
    ]
    return [
        (when, seconds, frames)
        for when, seconds, frames in film.holes(over)
        if not any(
            start - REST <= when
            and when + seconds <= start + duration + late + REST
            and seconds <= duration + 2 * REST
            for start, duration in gaps
        )
    ]


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
