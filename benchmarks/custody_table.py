"""The figures of custody, each beside its floor and its aim: as a table and as a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, ROW, TOP, LEFT, BAR = 860, 46, 58, 330, 380


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with what it must reach (*floor*) and should (*aim*); less may be better."""

    name: str
    value: float | None
    floor: float
    aim: float
    less: bool = False
    whole: bool = False

    def reaches(self, mark: float) -> bool:
        if self.value is None:
            return False
        return self.value <= mark if self.less else self.value >= mark

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        return "aim" if self.reaches(self.aim) else "floor" if self.reaches(self.floor) else "UNDER"

    def written(self, value: float | None) -> str:
        if value is None:
            return "–"
        if self.whole:
            return f"{value:,.0f}"
        return f"{value:.3f}" if self.floor < 1.1 and self.less else f"{value:.2f}"


def table(figures: list[Figure]) -> Iterator[str]:
    wide = max(len(figure.name) for figure in figures)
    yield f"{'figure':{wide}}  {'found':>8}  {'floor':>7}  {'aim':>7}  reaches"
    for one in figures:
        found, floor, aim = map(one.written, (one.value, one.floor, one.aim))
        sign = "≤" if one.less else "≥"
        yield f"{one.name:{wide}}  {found:>8} {sign} {floor:>6}  {aim:>7}  {one.verdict}"


def picture(figures: list[Figure], title: str) -> str:
    """Return an SVG: a bar a figure, on a scale of its own, with marks for floor and aim."""
    height = TOP + ROW * len(figures) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="14">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="20" y="30" font-size="17" fill="#111111">{escape(title)}</text>',
    ]
    for number, figure in enumerate(figures):
        parts += _bar(figure, TOP + ROW * number)
    return "\n".join([*parts, "</svg>", ""])


def _bar(figure: Figure, y: int) -> Iterator[str]:
    most = 1.25 * max(figure.floor, figure.aim, min(figure.value or 0, 2 * figure.aim))
    color = {"aim": "#1b7f4b", "floor": "#4a78c2", "UNDER": "#c0392b"}.get(figure.verdict, "#999")
    yield f'<text x="20" y="{y + 20}" fill="#111111">{escape(figure.name)}</text>'
    value = figure.value or 0
    wide = BAR * min(value, most) / most
    yield f'<rect x="{LEFT}" y="{y + 6}" width="{BAR}" height="18" fill="#eeeeee"/>'
    yield f'<rect x="{LEFT}" y="{y + 6}" width="{wide:.1f}" height="18" fill="{color}"/>'
    for mark, word in ((figure.floor, "floor"), (figure.aim, "aim")):
        x = LEFT + BAR * mark / most
        yield f'<path d="M{x:.1f} {y + 3}v24" stroke="#111111" stroke-width="2"/>'
        text = f"{word} {figure.written(mark)}"
        anchor = "end" if (mark == min(figure.floor, figure.aim)) else "start"
        shift = -4 if anchor == "end" else 4
        yield (
            f'<text x="{x + shift:.1f}" y="{y + 37}" font-size="11" fill="#444444" '
            f'text-anchor="{anchor}">{text}</text>'
        )
    sign = "less is better" if figure.less else ""
    yield (
        f'<text x="{LEFT + BAR + 12}" y="{y + 20}" fill="{color}" font-weight="600">'
        f"{figure.written(figure.value)}</text>"
        f'<text x="{LEFT + BAR + 12}" y="{y + 36}" font-size="11" fill="#444444">{sign}</text>'
    )
