"""A sheet of paper on which text is fitted into boxes, in any of the scripts, either direction.

fpdf2 shapes and orders each line; where lines end is decided here, so that no line of Chinese
begins with a full stop, and a name that is long is set smaller, never cut. Sizes in points, all
else in millimetres. Not here: what stands where (`poster_pages`).
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import segno
from fpdf import FPDF

from accompany.client.pages import MONO, TEXT, font_file
from accompany.client.poster_fonts import Fonts

Align = Literal["start", "center"]

_MM = 25.4 / 72
_LEADING = 1.28
"""Enough above and below for the marks of Gurmukhi and Arabic."""

_LEAST = 2.0
"""Points: nothing becomes smaller, wherever it ends then."""

_HAN = r"\u2e80-\u9fff\uf900-\ufaff"
_CLOSING = r"”）》」』，。、：；？！"
_PIECE = re.compile(
    rf"[“（《「『]*(?:[{_HAN}]|[^ {_HAN}“（《「『{_CLOSING}]+)[{_CLOSING}]*|[^ ]| +"
)
"""What stays together on a line: a word, or one Han character with its punctuation."""

_OVERLAP = 0.03
"""Of a module: rows that only touch show hair lines in between in some viewers."""


class Sheet(FPDF):
    """One or more pages of *size* (width, height); *folder* keeps fonts until it is written."""

    def __init__(
        self, size: tuple[float, float], title: str, tag: str, rtl: bool, text: str, folder: Path
    ) -> None:
        super().__init__(format=size, unit="mm")
        fonts = Fonts(text, folder)
        self._lacking = fonts.lacking
        self.rtl = rtl
        self._fitted: dict[object, tuple[float, list[str]]] = {}
        self.set_title(title)
        self.set_creator("accompany")
        self.set_lang(tag)
        for (family, style), path in fonts.files.items():
            self.add_font(family, style, path)
        mono = folder / "mono.ttf"
        mono.write_bytes(font_file("ubuntmbo"))
        self.add_font(MONO, "B", mono)
        self.set_fallback_fonts([one for one in fonts.families if one != TEXT], exact_match=False)
        self.set_margin(0)
        self.c_margin = 0
        self.set_auto_page_break(False)
        self.add_page()

    def fit(
        self,
        text: str,
        box: tuple[float, float, float, float],
        most: float,
        *,
        bold: bool = False,
        align: Align = "start",
        mono: bool = False,
    ) -> float:
        """Set *text* into *box* (left, top, width, height) as large as it fits, *most* points at
        most; return where it ends, from the top."""
        left, top, width, height = box
        text = "".join(f"[U+{ord(one):04X}]" if one in self._lacking else one for one in text)
        # What has an order of its own (addresses, codes, numbers) is set from left to right.
        self.set_text_shaping(True, direction="rtl" if self.rtl and not mono else "ltr")
        font = (MONO, "B") if mono else (TEXT, "B" if bold else "")
        question = (text, width, height, most, font)
        if question not in self._fitted:
            self._fitted[question] = self._fitting(*question)
        size, lines = self._fitted[question]
        self.set_font(*font, size)
        line = size * _MM * _LEADING
        for number, each in enumerate(lines):
            shift = width - self.get_string_width(each)
            self.set_xy(left + self._indent(shift, align), top + number * line)
            self.cell(width, line, each)
        return top + len(lines) * line

    def _fitting(
        self, text: str, width: float, height: float, most: float, font: tuple[str, str]
    ) -> tuple[float, list[str]]:
        size = most
        while True:
            self.set_font(*font, size)
            lines = self._lines(text, width)
            if len(lines) * size * _MM * _LEADING <= height or size <= _LEAST:
                return size, lines
            size *= 0.95

    def qr(self, link: str, left: float, top: float, side: float, error: str) -> None:
        """The code of *link*, its quiet zone of four modules within *side*."""
        rows = [bytes(row) for row in segno.make(link, error=error, micro=False).matrix]
        module = side / (len(rows) + 8)
        self.set_fill_color(255)
        self.rect(left, top, side, side, style="F")
        self.set_fill_color(0)
        for y, row in enumerate(rows):
            for x, length in _runs(row):
                self.rect(
                    left + (x + 4) * module, top + (y + 4) * module,
                    length * module, module * (1 + _OVERLAP), style="F",
                )  # fmt: skip

    def _indent(self, shift: float, align: Align) -> float:
        if align == "center":
            return shift / 2
        return shift if self.rtl else 0

    def _lines(self, text: str, width: float) -> list[str]:
        lines = [""]
        for piece in _PIECE.findall(text):
            for part in self._parts(piece, width):
                if lines[-1] and self.get_string_width((lines[-1] + part).rstrip(" ")) > width:
                    lines.append("")
                if lines[-1] or part.strip(" "):
                    lines[-1] += part
        return [line.rstrip(" ") for line in lines]

    def _parts(self, piece: str, width: float) -> Sequence[str]:
        """Cut what is wider than a whole line: an address has no spaces."""
        if self.get_string_width(piece.rstrip(" ")) <= width:
            return [piece]
        return list(piece)


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Where dark modules lie next to each other: first, how many."""
    return [(found.start(), len(found[0])) for found in re.finditer(rb"\x01+", row)]
