"""`accompany desk`: the figures of the duty desk, from a data folder, the server running or not."""

import json
import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from accompany.adapters.figures import SqliteFigures
from accompany.adapters.sqlite import database_of
from accompany.config import Settings
from accompany.dispatch.statistics import DAY, Figures, Tally, day_of, percentile
from accompany.dispatch.statistics_report import (
    PERCENTILES,
    seconds,
    told_figures,
    write_days,
    write_figures,
    write_presses,
)
from accompany.errors import Malformed


def configure_desk(parser: ArgumentParser) -> None:
    """Describe `accompany desk` to *parser*."""
    parser.description = (
        "The duty desk's figures: how soon presses were answered, by whom, and what came of them. "
        "Small numbers can tell who somebody is: they are for coordinators."
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="the server's data folder")
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    one = what.add_parser("figures", help="say how soon presses were answered")
    one.add_argument("--days", type=int, default=30, help="how far back, today included (30)")
    form = one.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument(
        "--csv", choices=("figures", "days", "presses"), help="as a CSV file, all or a line each"
    )


def run_desk(given: Namespace) -> int:
    """Do `accompany desk`; return the exit status."""
    folder = given.data or Settings.from_environment(os.environ).data
    now = time.time_ns() // 1_000_000
    with database_of(folder) as database:
        _figures(SqliteFigures(database, folder / "accompany.sqlite"), now, given)
    return 0


def _figures(kept: SqliteFigures, now: int, given: Namespace) -> None:
    if not 1 <= given.days <= 3660:
        raise Malformed("days", f"expected 1 to 3660, found {given.days}")
    since = day_of(now) - (given.days - 1) * DAY
    if given.csv == "presses":
        print(write_presses(kept.courses(since, now + 1), str), end="")
        return
    days = kept.days(since, now + 1)
    if given.csv == "days":
        print(write_days(days), end="")
        return
    figures = Figures()
    for _, one in days:
        figures.add(one)
    if given.csv == "figures":
        print(write_figures(figures, str), end="")
    elif given.json:
        print(json.dumps(told_figures(figures, str), ensure_ascii=False))
    else:
        _say(figures)


def _say(figures: Figures) -> None:
    everything = figures.all
    if not everything.presses:
        print("no press was answered or let go of in these days")
        return
    print(f"all        {_line(everything)}")
    for by in ("state", "language", "hour", "channel"):
        for name, tally in sorted(getattr(figures, by).items()):
            print(f"{name:10} {_line(tally)}")
    for name, what in (
        ("press to first sound", everything.sound), ("interpreter", everything.interpreter),
        ("upload lag", everything.lag),
    ):  # fmt: skip
        shown = ", ".join(f"p{each} {seconds(percentile(what, each))}" for each in PERCENTILES)
        print(f"{name}: {shown}")
    print(
        f"let go of as mistakes {everything.taken_back}; callbacks owed {everything.promised}, "
        f"done {everything.called_back}; calls dropped {everything.drops}, "
        f"lines that came back {everything.returns}; handed over {everything.handed}, "
        f"conflicts {everything.conflicts}, follow-ups wanted {everything.follow_ups}"
    )


def _line(tally: Tally) -> str:
    shown = ", ".join(f"p{each} {seconds(percentile(tally.answer, each))}" for each in PERCENTILES)
    return (
        f"{tally.presses} presses, {tally.answered} answered ({shown}), "
        f"{tally.within(10_000)} within 10 s, {tally.within(15_000)} within 15 s, "
        f"{tally.abandoned} abandoned"
    )
