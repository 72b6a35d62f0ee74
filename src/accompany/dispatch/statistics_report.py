"""Figures as a page, a file or a terminal shows them. Pure."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from accompany.dispatch.statistics import SHARES, Course, Figures, Tally, Times, percentile
from accompany.evidence.text import write_time
from accompany.ids import EncounterId

PERCENTILES = (50, 90, 95)
TIMES = ("answer", "sound", "interpreter", "lag")
OUTCOMES = "advised referred support not_reached mistake".split()
COUNTS = (
    "presses answered abandoned taken_back supported promised called_back drops returns handed "
    "conflicts follow_ups"
).split() + OUTCOMES
COLUMNS = [
    "by", "name", *COUNTS, *(f"within_{limit // 1000}_s" for limit in SHARES),
    *(f"{name}_p{share}_ms" for name in TIMES for share in PERCENTILES),
]  # fmt: skip
PRESS_COLUMNS = (
    "encounter state language pressed answer_ms answered_by way sound_ms gone_ms interpreter_ms "
    "support_ms drops returns promised called_back handed conflicts outcome follow_up"
).split()


def told_tally(tally: Tally) -> dict[str, Any]:
    """Return one tally with its percentiles (milliseconds, null where nothing was) and shares."""
    return {
        **{name: getattr(tally, name) for name in COUNTS},
        **{f"within_{limit // 1000}": tally.within(limit) for limit in SHARES},
        **{name: _percentiles(getattr(tally, name)) for name in TIMES},
    }


def _percentiles(times: Times) -> dict[str, int | None]:
    return {f"p{share}": percentile(times, share) for share in PERCENTILES}


def told_figures(figures: Figures, name_of: Callable[[str], str]) -> dict[str, Any]:
    """Return figures by each of what tells presses apart, those with the most first."""
    return {
        "all": told_tally(figures.all),
        "state": _told(figures.state),
        "language": _told(figures.language),
        "hour": _told(figures.hour, by_name=True),
        "channel": _told(figures.channel),
        "people": [
            {"name": name_of(serial), "answered": count}
            for serial, count in sorted(figures.people.items(), key=lambda one: (-one[1], one[0]))
        ],
    }


def _told(tallies: Mapping[str, Tally], by_name: bool = False) -> list[dict[str, Any]]:
    def order(one: tuple[str, Tally]) -> tuple[int, str]:
        return (0 if by_name else -one[1].presses), one[0]

    return [
        {"name": name, **told_tally(tally)} for name, tally in sorted(tallies.items(), key=order)
    ]


def write_figures(figures: Figures, name_of: Callable[[str], str]) -> str:
    """Return figures as a CSV file: a line for all, and one for each state, language, hour, way
    and person."""
    rows = [_row("all", "", figures.all)]
    for by in ("state", "language", "hour", "channel"):
        rows += [_row(by, name, tally) for name, tally in sorted(getattr(figures, by).items())]
    for serial, count in sorted(figures.people.items()):
        rows.append({"by": "person", "name": name_of(serial), "answered": count})
    return write_csv(COLUMNS, rows)


def write_days(days: Iterable[tuple[int, Figures]]) -> str:
    """Return days as a CSV file: for each a line for all, and one for each state."""
    rows = []
    for day, figures in days:
        date = f"{datetime.fromtimestamp(day / 1000, UTC):%Y-%m-%d}"
        rows.append({"day": date, **_row("all", "", figures.all)})
        for name, tally in sorted(figures.state.items()):
            rows.append({"day": date, **_row("state", name, tally)})
    return write_csv(["day", *COLUMNS], rows)


def write_presses(
    presses: Iterable[tuple[EncounterId, Course, Times]], name_of: Callable[[str], str]
) -> str:
    """Return presses that are kept finely as a CSV file, a line each."""
    return write_csv(
        PRESS_COLUMNS,
        [
            {
                "encounter": encounter,
                "state": one.press.state,
                "language": one.press.language,
                "pressed": write_time(one.press.pressed),
                "answer_ms": one.answered,
                "answered_by": name_of(one.by) if one.by else "",
                "way": one.way,
                "sound_ms": one.sound,
                "gone_ms": one.gone,
                "interpreter_ms": one.interpreter,
                "support_ms": one.supported,
                "drops": one.drops,
                "returns": one.returns,
                "promised": _yes(one.promised),
                "called_back": _yes(one.called_back),
                "handed": one.handed,
                "conflicts": one.conflicts,
                "outcome": one.outcome,
                "follow_up": _yes(one.follow_up),
            }
            for encounter, one, _ in presses
        ],
    )


def _row(by: str, name: str, tally: Tally) -> dict[str, object]:
    return {
        "by": by,
        "name": name,
        **{count: getattr(tally, count) for count in COUNTS},
        **{f"within_{limit // 1000}_s": tally.within(limit) for limit in SHARES},
        **{
            f"{each}_p{share}_ms": percentile(getattr(tally, each), share)
            for each in TIMES
            for share in PERCENTILES
        },
    }


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return a CSV file (RFC 4180, but for the ends of its lines) that no program calculates with:
    a text that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _plain(value) for name, value in row.items()})
    return out.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def seconds(milliseconds: int | None) -> str:
    """Return a time as `4.2 s`; a dash where there is none."""
    return "–" if milliseconds is None else f"{milliseconds / 1000:.1f} s"
