"""Coverage as a picture (SVG): a panel for each language, a row for each state, a cell an hour.

What is not covered is dark and hatched, so that it is seen without colour as well. Times are shown
in one time zone. Pure: values in, text out; no script, no font and no link in it.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from zoneinfo import ZoneInfo

from accompany.dispatch.coverage import HOUR, Coverage, Level

LEFT, TOP, ROW, CELL, HEAD, GAP = 56, 92, 14, 3, 34, 22
EDGE = 12
"""What stands above the panels where there are no words."""
STYLE = """
 svg { background: #fffefa; color: #17212b; font: 12px system-ui, sans-serif }
 text { fill: currentColor } .soft { fill: #4d5b67 } .title { font-size: 18px; font-weight: 600 }
 .day { stroke: #87857b; stroke-width: .5 }
 .l0 { fill: #8f1710 } .l1 { fill: #d98a1f } .l2 { fill: #a9cfc0 } .l3 { fill: #cfe8da }
 .h0 { fill: url(#dense) } .h1 { fill: url(#wide) } .ink { stroke: #fffefa }
 @media (prefers-color-scheme: dark) {
  svg { background: #11181d; color: #f1f4f4 } .soft { fill: #b9c4ca }
  .l0 { fill: #e0574d } .l1 { fill: #c07a1b } .l2 { fill: #2f6a58 } .l3 { fill: #1d4a3b }
  .ink { stroke: #11181d }
 }
"""
WORDS = {
    Level.NOBODY: "nobody licensed",
    Level.WITHOUT: "nobody who speaks it",
    Level.INTERPRETED: "with an interpreter",
    Level.SPOKEN: "spoken",
}


def draw_coverage(coverage: Coverage, zone: str, title: str) -> str:
    """Return the picture as an SVG document that explains itself, in English."""
    words = [
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="about">{escape(_about(coverage))}</desc>',
        f'<text class="title" x="16" y="30">{escape(title)}</text>',
        f'<text class="soft" x="16" y="50">An hour is a cell; times of {escape(zone)}.</text>',
        _legend(),
    ]
    return _draw(coverage, zone, words, TOP)


def draw_hours(coverage: Coverage, zone: str) -> str:
    """Return the picture without a word, for a page that says all in its own language: codes of
    states and languages, and days of the month."""
    return _draw(coverage, zone, [], EDGE)


def _draw(coverage: Coverage, zone: str, words: Sequence[str], top: int) -> str:
    width = LEFT + coverage.hours * CELL + 16
    panel = HEAD + len(coverage.states) * ROW + GAP
    height = top + len(coverage.languages) * panel
    named = ' role="img" aria-labelledby="title about"' if words else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"{named}>',
        f"<style>{STYLE}</style>",
        _patterns(),
        *words,
    ]
    for number, language in enumerate(coverage.languages):
        at = top + number * panel
        parts += _panel(coverage, language, at, ZoneInfo(zone), worded=bool(words))
    return "\n".join([*parts, "</svg>", ""])


def _about(coverage: Coverage) -> str:
    bare = sum(level < Level.INTERPRETED for row in coverage.levels.values() for level in row)
    cells = sum(len(row) for row in coverage.levels.values())
    return f"{bare} of {cells} hours by state and language are not covered."


def _patterns() -> str:
    def hatch(name: str, step: int) -> str:
        line = f'<path class="ink" d="M0 {step}L{step} 0" stroke-width="1"/>'
        size = f'width="{step}" height="{step}" patternUnits="userSpaceOnUse"'
        return f'<pattern id="{name}" {size}>{line}</pattern>'

    return f"<defs>{hatch('dense', 4)}{hatch('wide', 8)}</defs>"


def _legend() -> str:
    parts = []
    for level, words in WORDS.items():
        x = 16 + 190 * int(level)
        parts.append(_box(x, 62, 16, 12, level))
        parts.append(f'<text x="{x + 22}" y="72">{words}</text>')
    return "".join(parts)


def _box(x: int, y: int, width: int, height: int, level: Level, about: str = "") -> str:
    at = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    title = f"<title>{escape(about)}</title>" if about else ""
    box = f'<rect class="l{int(level)}" {at}>{title}</rect>'
    if level < Level.INTERPRETED:
        box += f'<rect class="h{int(level)}" {at} pointer-events="none"/>'
    return box


def _panel(coverage: Coverage, language: str, top: int, zone: ZoneInfo, worded: bool) -> list[str]:
    bottom = top + HEAD + len(coverage.states) * ROW
    parts = [f'<text x="16" y="{top + 14}" font-weight="600">{escape(language)}</text>']
    for hour in range(coverage.hours):
        local = datetime.fromtimestamp((coverage.start + hour * HOUR) / 1000, zone)
        if local.hour == 0:
            x = LEFT + hour * CELL
            parts.append(f'<path class="day" d="M{x} {top + 18}V{bottom}"/>')
            if hour + 20 < coverage.hours:
                words = f"{local:%a} {local.day}" if worded else f"{local.day}"
                parts.append(f'<text class="soft" x="{x + 3}" y="{top + 28}">{words}</text>')
    for row, state in enumerate(coverage.states):
        y = top + HEAD + row * ROW
        parts.append(f'<text class="soft" x="16" y="{y + 11}">{escape(state)}</text>')
        parts += _row(coverage, state, language, y, zone if worded else None)
    return parts


def _row(coverage: Coverage, state: str, language: str, y: int, zone: ZoneInfo | None) -> list[str]:
    """Return the cells of a row, each with its times in *zone*, or without a word."""
    levels: Sequence[Level] = coverage.levels[state, language]
    parts, hour = [], 0
    for level, group in groupby(levels):
        count = len(list(group))
        begin, end = (coverage.start + at * HOUR for at in (hour, hour + count))
        about = ""
        if zone is not None:
            times = f"{_told(begin, zone)} to {_told(end, zone)}"
            about = f"{state}, {language}: {WORDS[level]}, {times}"
        parts.append(_box(LEFT + hour * CELL, y, count * CELL, ROW - 2, level, about))
        hour += count
    return parts


def _told(time: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(time / 1000, zone):%a %d %b %H:%M}"
