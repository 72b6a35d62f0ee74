"""Posters and wallet cards in nine languages: read back as a phone and a person would."""

import json
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import uharfbuzz
from PIL.Image import Image
from pypdfium2 import raw

from accompany.client.pages import font_file
from accompany.client.poster_pages import CARD, SIZES, draw
from accompany.client.poster_sheet import Sheet
from accompany.client.posters import WORDS, Order, Words, languages, spaced_key, words_in
from accompany.errors import Malformed
from qrcodes import read_codes

PAGES = Path(__file__).resolve().parents[2] / "webapp" / "src" / "i18n"
POINT = 25.4 / 72
ORDER = Order(
    "poster", "letter", "en", "Rio Grande Legal Aid", "https://duty.example.org", "abcd-efgh",
    "3sn2qhu2uyenrkqkfgsyp3ryxbgzw7be", "+1 555 010 0199",
)  # fmt: skip


class Printed:
    """A PDF, opened."""

    def __init__(self, order: Order) -> None:
        self.file = pypdfium2.PdfDocument(draw(order))
        self.page = self.file[0]

    @property
    def text(self) -> str:
        return str(self.page.get_textpage().get_text_range())

    def picture(self, scale: float) -> Image:
        return self.page.render(scale=scale).to_pil().convert("L")

    def fonts_that_are_missing(self) -> list[int]:
        texts = list(self.page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]))
        assert texts
        return [
            number
            for number, one in enumerate(texts)
            if raw.FPDFFont_GetIsEmbedded(raw.FPDFTextObj_GetFont(one.raw)) != 1
        ]


def letters(text: str) -> Counter[str]:
    """Count letters, whatever their order on the page and however they are joined."""
    seen = unicodedata.normalize("NFKC", text).replace("\u200c", "")
    return Counter(one for one in seen if not one.isspace())


@pytest.mark.parametrize("language", languages())
def test_a_poster_says_all_it_should_in_its_language(language: str) -> None:
    printed, words = Printed(replace(ORDER, language=language)), words_in(language)
    assert len(printed.file) == 1
    width, height = (side * POINT for side in printed.page.get_size())
    assert (width, height) == pytest.approx(SIZES["letter"], abs=0.1)
    assert printed.fonts_that_are_missing() == []
    text = printed.text
    for word in (ORDER.hotline, ORDER.address, ORDER.code, spaced_key(ORDER.key)):
        assert word in text
    for name in ("title", "scan", "press", "answer", "none", "call", "open", "key"):
        assert letters(getattr(words, name)) <= letters(text), name
    assert "[U+" not in text
    assert read_codes([printed.picture(2)]) == [ORDER.link]


def test_ten_cards_on_a4_each_with_its_own_code_and_no_mark_across_them() -> None:
    printed, scale = Printed(replace(ORDER, kind="cards", paper="a4", language="fa")), 4.0
    picture = printed.picture(scale)
    dots = scale / POINT

    def part(left: float, top: float, right: float, bottom: float) -> Image:
        return picture.crop((round(left * dots), round(top * dots), round(right * dots),
                             round(bottom * dots)))  # fmt: skip

    left, top = (SIZES["a4"][0] - 2 * CARD[0]) / 2, (SIZES["a4"][1] - 5 * CARD[1]) / 2
    cards = [
        (left + x * CARD[0], top + y * CARD[1], left + (x + 1) * CARD[0], top + (y + 1) * CARD[1])
        for y in range(5)
        for x in range(2)
    ]
    assert read_codes([part(*card) for card in cards]) == [ORDER.link] * 10
    assert printed.text.count(ORDER.hotline) == 10
    assert printed.text.count(spaced_key(ORDER.key)) == 10
    for a, b, c, d in cards:
        edges = [(a, b, a + 2, d), (a, b, c, b + 1.2), (c - 2, b, c, d), (a, d - 1.2, c, d)]
        assert all(part(*edge).getextrema() == (255, 255) for edge in edges)
    for x in (left, left + CARD[0], left + 2 * CARD[0]):
        for y in (top - 4, top + 5 * CARD[1] + 3):
            assert part(x - 0.4, y, x + 0.4, y + 1).getextrema()[0] < 100
    for number in range(6):
        y = top + number * CARD[1]
        for x in (left - 4, left + 2 * CARD[0] + 3):
            assert part(x, y - 0.4, x + 1, y + 0.4).getextrema()[0] < 100


def test_the_longest_names_fit_and_what_no_font_has_is_written_by_its_number() -> None:
    name = ("Оборона 法律援助 ਕਾਨੂੰਨੀ مساعدة ⠿ " * 5)[:120].strip()
    order = replace(ORDER, kind="cards", language="pa", organization=name,
                    address="https://" + "very-long-name." * 10 + "example.org")  # fmt: skip
    printed = Printed(order)
    assert "U+283F]" in printed.text
    assert letters("法律援助ਕਨਮਸدة") <= letters(printed.text)
    left, top = (SIZES["letter"][0] - 2 * CARD[0]) / 2, (SIZES["letter"][1] - 5 * CARD[1]) / 2
    right, bottom = SIZES["letter"][0] - left, SIZES["letter"][1] - top
    for one in printed.page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
        x, low, end, high = (edge * POINT for edge in one.get_bounds())
        assert left <= x <= end <= right
        assert top <= SIZES["letter"][1] - high <= SIZES["letter"][1] - low <= bottom


@pytest.mark.parametrize(
    ("language", "word", "script"), [("ar", "المنظمة", "arab"), ("fa", "می‌شود", "arab")]
)
def test_letters_that_join_are_joined(
    tmp_path: Path, language: str, word: str, script: str
) -> None:
    sheet = Sheet((200.0, 100.0), "", language, True, word, tmp_path)
    sheet.fit(word, (0, 0, 190, 40), 20)
    pdf = pypdfium2.PdfDocument(bytes(sheet.output()))
    found = [one.get_bounds() for one in pdf[0].get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT])]
    width = max(one[2] for one in found) - min(one[0] for one in found)
    font = uharfbuzz.Font(uharfbuzz.Face(font_file("figo")))

    def advance(features: dict[str, bool]) -> float:
        buffer = uharfbuzz.Buffer()
        buffer.add_str(word)
        buffer.direction, buffer.script = "rtl", script
        uharfbuzz.shape(font, buffer, features)
        return sum(one.x_advance for one in buffer.glyph_positions) / font.face.upem * 20

    forms = ("init", "medi", "fina", "rlig", "liga")
    joined, apart = advance({}), advance(dict.fromkeys(forms, False))
    assert abs(width - joined) < abs(width - apart)


def test_a_line_of_chinese_does_not_begin_with_its_punctuation(tmp_path: Path) -> None:
    text = words_in("zh-Hans").short * 3
    sheet = Sheet((40.0, 200.0), "", "zh-Hans", False, text, tmp_path)
    sheet.fit(text, (2, 0, 36, 190), 12)
    page = pypdfium2.PdfDocument(bytes(sheet.output()))[0].get_textpage()
    lines = str(page.get_text_range()).split()
    assert len(lines) > 3
    assert all(line[0] not in "，。？" for line in lines)


def test_every_language_has_every_word_and_the_button_as_the_page_names_it() -> None:
    assert set(languages()) == {path.stem for path in PAGES.glob("*.json")}
    for language in languages():
        texts = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
        assert set(texts) == {"reviewed", "button", *Words.__slots__}
        assert all(texts.values())
        page = json.loads((PAGES / f"{language}.json").read_text("utf-8"))
        assert texts["button"] == page["start.button"]
        assert texts["button"] in words_in(language).press


@pytest.mark.parametrize(
    "bent",
    [
        {"language": "xx"},
        {"language": "../en"},
        {"address": "https://example.org/path"},
        {"address": "javascript:alert"},
        {"code": "a&key=b"},
        {"key": "short"},
        {"kind": "banner"},
        {"paper": "a3"},
        {"organization": ""},
        {"organization": "a\nb"},
        {"hotline": "1" * 41},
        {"hotline": None},
    ],
)
def test_nothing_else_is_drawn(bent: dict[str, Any]) -> None:
    good = json.loads(ORDER.write())
    assert Order.parse(good) == ORDER
    with pytest.raises(Malformed):
        Order.parse(good | bent)
