"""Setting pages that print on Letter and on A4, and that hold a name in any script.

The block of text is 170 mm wide on Letter, and as high as A4 and Letter have in common: printed on
either, unscaled or to fit, nothing is cut. Fonts are FiraGO (Latin, Greek, Cyrillic, Arabic,
Hebrew, Devanagari, Thai, Georgian) and Ubuntu Mono, out of the package `pymupdf-fonts`, put into
the file. A character they lack is written as its number, `[U+4E2D]`: nothing is dropped or guessed.
"""

from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pymupdf_fonts
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

TEXT, MONO = "FiraGO", "UbuntuMono"
_FILES = {(TEXT, ""): "figo", (TEXT, "B"): "figbo", (MONO, ""): "ubuntm"}
_WIDTH = 170.0
_MARGIN = (215.9 - _WIDTH) / 2
_TOP, _BOTTOM = 20.0, 22.0
_GREY = 90


class Pages(FPDF):
    """Pages with a line at the foot of each: *foot*, and the page's number."""

    def __init__(self, title: str, foot: str, time: int) -> None:
        super().__init__(format="letter", unit="mm")
        self._foot = foot
        self.set_title(title)
        self.set_creator("accompany")
        self.set_lang("en-US")
        self.set_creation_date(datetime.fromtimestamp(time / 1000, UTC))
        # fpdf2 takes fonts from files only, and reads them again while it writes.
        self._fonts = TemporaryDirectory()
        for (family, style), name in _FILES.items():
            path = Path(self._fonts.name, f"{name}.ttf")
            path.write_bytes(font_file(name))
            self.add_font(family, style, path)
        self.set_text_shaping(True)
        self.set_margins(_MARGIN, _TOP, _MARGIN)
        self.set_auto_page_break(True, _BOTTOM)
        self.add_page()

    def finished(self) -> bytes:
        """Return the PDF; nothing can be added after it."""
        data = bytes(self.output())
        self._fonts.cleanup()
        return data

    def footer(self) -> None:
        self.set_y(-_BOTTOM + 6)
        self.set_font(TEXT, size=7.5)
        self.set_text_color(_GREY)
        self.cell(_WIDTH - 22, 5, shown(self._foot))
        self.cell(22, 5, f"Page {self.page_no()} of {{nb}}", align="R")
        self.set_text_color(0)

    def heading(self, text: str, size: float = 11.5, above: float = 4) -> None:
        self._room(28)
        self.ln(above)
        self.set_font(TEXT, "B", size)
        self._lines(text, size * 0.46)
        self.ln(1)

    def words(self, text: str, size: float = 9.5, bold: bool = False, indent: float = 0) -> None:
        self.set_font(TEXT, "B" if bold else "", size)
        self._lines(text, size * 0.48, indent)
        self.ln(1.2)

    def box(self, text: str) -> None:
        """A framed notice that nobody overlooks."""
        self.set_font(TEXT, "B", 9.5)
        self.set_fill_color(240)
        self.multi_cell(
            _WIDTH, 5, shown(text), border=1, fill=True, padding=2,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        self.ln(2)

    def pair(self, name: str, value: str, mono: bool = False) -> None:
        """A name, and beside it what is known."""
        top = self._room(12)
        self.set_font(TEXT, size=9)
        self.set_text_color(_GREY)
        self.multi_cell(40, 4.4, shown(name), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(0)
        end = self.get_y()
        self.set_xy(_MARGIN + 42, top)
        self.set_font(MONO if mono else TEXT, size=9.5 if mono else 9)
        self.multi_cell(
            _WIDTH - 42, 4.4, shown(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        if self.get_y() > top:  # Else the value has begun a new page.
            self.set_y(max(end, self.get_y()) + 0.8)

    def blank(self, name: str, lines: int = 1) -> None:
        """A name, and lines for a person to write on."""
        top = self._room(9 * lines)
        self.set_xy(_MARGIN, top + 2.2)
        self.set_font(TEXT, size=9)
        self.multi_cell(56, 4.2, shown(name), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        for line in range(1, lines + 1):
            y = top + 7.5 * line - 1
            self.line(_MARGIN + 58, y, _MARGIN + _WIDTH, y)
        self.set_y(max(self.get_y(), top + 7.5 * lines) + 0.5)

    def _room(self, height: float) -> float:
        """Begin a new page unless *height* mm are left; return where to go on."""
        if self.get_y() > self.h - _BOTTOM - height:
            self.add_page()
        return float(self.get_y())

    def choice(self, text: str) -> None:
        """A square to tick, and what it says."""
        y = self._room(16)
        self.rect(_MARGIN + 1, y + 0.6, 3.2, 3.2)
        self.words(text, indent=8)

    def _lines(self, text: str, height: float, indent: float = 0) -> None:
        self.set_x(_MARGIN + indent)
        self.multi_cell(
            _WIDTH - indent, height, shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )


def shown(text: str) -> str:
    """Return *text* as the fonts can show it; what they lack, by its number."""
    known = known_characters()
    return "".join(one if one in "\n " or ord(one) in known else _number(one) for one in text)


def _number(character: str) -> str:
    return f"[U+{ord(character):04X}]"


@cache
def font_file(name: str) -> bytes:
    """Return a font of `pymupdf-fonts`, as a TrueType file."""
    fonts: Any = pymupdf_fonts
    return bytes(fonts.myfont(name))


@cache
def known_characters() -> frozenset[int]:
    """The characters that every one of the fonts for words has."""
    sets: list[Any] = [TTFont(BytesIO(font_file(name))).getBestCmap() for name in ("figo", "figbo")]
    return frozenset(sets[0]) & frozenset(sets[1])
