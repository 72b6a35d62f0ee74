"""Fonts of posters: FiraGO, and of what it lacks, as much as one text needs.

FiraGO comes out of `pymupdf-fonts`. Gurmukhi and Chinese come from variable fonts in `fonts/`,
which the build takes out of npm packages: Noto, sliced as web pages load it. A slice is cut down to
the characters needed and set to two weights, so that fpdf2, which reads static TrueType from files
alone, can put it into the PDF. Not here: what is set in them.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from accompany.client.pages import font_file, known_characters

FONTS = Path(__file__).parent / "fonts"
FAMILIES = ("noto-sans-gurmukhi", "noto-sans-sc")
# Untyped libraries.
_SUBSET: Any = subset
_INSTANCER: Any = instancer

WEIGHTS = {"": 400, "B": 700}
_JOINING = frozenset(map(ord, "\n \u200c\u200d\u2068\u2069"))
"""What no font needs a picture for: line ends, joiners, isolates."""


class Fonts:
    """The fonts that *text* needs, as files in *folder*, which stays as long as they are used."""

    def __init__(self, text: str, folder: Path) -> None:
        self._folder = folder
        self.files: dict[tuple[str, str], Path] = {}
        """By family and style, in the order in which they are asked for a character."""
        for style, name in (("", "figo"), ("B", "figbo")):
            self._keep("FiraGO", style, font_file(name))
        lacking = set(map(ord, text)) - known_characters() - _JOINING
        for family in FAMILIES:
            for name, font, found in _slices(family, lacking):
                lacking -= found
                self._cut(f"{family}-{name}", font, found)
        self.lacking = frozenset(map(chr, lacking))
        """What none of them has."""

    @property
    def families(self) -> list[str]:
        return list(dict.fromkeys(family for family, _ in self.files))

    def _cut(self, family: str, font: TTFont, wanted: set[int]) -> None:
        cutting = _SUBSET.Subsetter(_SUBSET.Options(layout_features=["*"], notdef_outline=True))
        # Without these Gurmukhi cannot show a vowel sign that stands alone.
        cutting.populate(unicodes=[*wanted, 0x200C, 0x200D, 0x25CC])
        cutting.subset(font)
        font.flavor = None
        cut = _bytes_of(font)
        for style, weight in WEIGHTS.items():
            weighed = _INSTANCER.instantiateVariableFont(TTFont(BytesIO(cut)), {"wght": weight})
            self._keep(family, style, _bytes_of(weighed))

    def _keep(self, family: str, style: str, data: bytes) -> None:
        path = self._folder / f"{family}{style}.ttf"
        path.write_bytes(data)
        self.files[family, style] = path


def _bytes_of(font: TTFont) -> bytes:
    data = BytesIO()
    font.save(data)
    return data.getvalue()


def _slices(family: str, wanted: set[int]) -> Iterator[tuple[str, TTFont, set[int]]]:
    """Yield each slice of *family* that has some of *wanted*: its name, itself, and which."""
    listed: dict[str, str] = json.loads((FONTS / family / "unicode.json").read_text())
    for name, ranges in listed.items():
        within = wanted & set(_read_ranges(ranges))
        if not within:
            continue
        name = name.strip("[]")
        # A font need not have all of what its slice may hold.
        font = TTFont(FONTS / family / f"{family}-{name}-wght-normal.woff2")
        has = within & set(font.getBestCmap() or {})
        if has:
            yield name, font, has


def _read_ranges(text: str) -> Iterator[int]:
    """Yield the characters of a `unicode-range`, such as `U+a64,U+a01-a75`."""
    for part in text.split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)
