"""A simulated day as a picture (SVG): each hour's presses, by how they were answered. Pure."""

from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 960, 360, 64, 84, 40
KINDS = (("fast", "within 10 s"), ("slow", "later"), ("left", "not answered"))
STYLE = """
 svg { background: #fffefa; color: #17212b; font: 13px system-ui, sans-serif }
 text { fill: currentColor } .soft { fill: #4d5b67 } .title { font-size: 18px; font-weight: 600 }
 .fast { fill: #9ccdb4 } .slow { fill: #d98a1f } .left { fill: #8f1710 }
 .line { stroke: #87857b; stroke-width: .5 }
 @media (prefers-color-scheme: dark) {
  svg { background: #11181d; color: #f1f4f4 } .soft { fill: #b9c4ca }
  .fast { fill: #2f6a58 } .slow { fill: #c07a1b } .left { fill: #e0574d }
 }
"""


def draw_day(told: dict[str, Any], title: str) -> str:
    """Return the picture of a `simulation_report.report` as an SVG document."""
    hours = told["hours"]
    most = max((one["presses"] for one in hours), default=1)
    about = (
        f"{told['presses']} presses, {told['within_10_seconds']:.1%} answered within 10 s, "
        f"{told['abandoned']:.1%} abandoned, {told['attorneys']} attorneys"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title about">',
        f'<title id="title">{escape(title)}</title><desc id="about">{escape(about)}</desc>',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="16" y="30">{escape(title)}</text>',
        f'<text class="soft" x="16" y="50">{escape(about)}</text>',
    ]
    for number, (kind, words) in enumerate(KINDS):
        x = 16 + 140 * number
        parts.append(f'<rect class="{kind}" x="{x}" y="60" width="14" height="12"/>')
        parts.append(f'<text x="{x + 20}" y="71">{words}</text>')
    room = HEIGHT - TOP - BOTTOM
    for share in (0.5, 1):
        y = TOP + room * (1 - share)
        parts.append(f'<path class="line" d="M{LEFT} {y}H{WIDTH - 16}"/>')
        parts.append(f'<text class="soft" x="16" y="{y + 4}">{round(most * share)}</text>')
    step = (WIDTH - LEFT - 16) / max(1, len(hours))
    for number, one in enumerate(hours):
        parts += _bar(one, LEFT + number * step, step, room / most, HEIGHT - BOTTOM)
    return "\n".join([*parts, "</svg>", ""])


def _bar(one: dict[str, Any], x: float, step: float, scale: float, base: float) -> list[str]:
    presses = one["presses"]
    fast = one["within_10_seconds"] * presses
    counts = (fast, one["answered"] * presses - fast, presses * (1 - one["answered"]))
    told = ", ".join(f"{n:.0f} {words}" for n, (_, words) in zip(counts, KINDS, strict=True))
    parts, y = [f"<g><title>{one['hour']}: {told}</title>"], base
    for count, (kind, _) in zip(counts, KINDS, strict=True):
        high = max(0.0, count * scale)
        y -= high
        box = f'x="{x + 1:.1f}" y="{y:.1f}" width="{max(1, step - 2):.1f}" height="{high:.1f}"'
        parts.append(f'<rect class="{kind}" {box}/>')
    if step > 14:
        parts.append(
            f'<text class="soft" x="{x + 3:.1f}" y="{base + 18}">{one["hour"][11:13]}</text>'
        )
    return [*parts, "</g>"]
