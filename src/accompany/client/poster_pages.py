"""The PDF of posters and wallet cards; as a program of its own it reads an order and writes it.

Fonts and their libraries take some 40 MB and a second or two of a processor: a server that phones
send to has that done apart, `python -m accompany.client.poster_pages`. Sizes in millimetres.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from accompany.client.frugal import without
from accompany.client.posters import Order, Words, spaced_key, words_in

with without("numpy"):
    from accompany.client.poster_sheet import Sheet

SIZES = {"letter": (215.9, 279.4), "a4": (210.0, 297.0)}
CARD = (88.9, 50.8)
"""A wallet card: three and a half by two inches, on both papers."""

COLUMNS, ROWS = 2, 5
_GREY = 90
_LINE = 0.25
_MARK = 5.0
_EDGE = 18.0


def draw(order: Order) -> bytes:
    """Return the PDF: one poster, or ten cards with marks to cut along."""
    words = words_in(order.language)
    shown = "".join(
        [*(getattr(words, name) for name in Words.__slots__), order.organization, order.hotline,
         order.address, order.code, "0123456789"]
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        sheet = Sheet(
            SIZES[order.paper], f"{order.organization}: {words.title}", order.language,
            words.direction == "rtl", shown, Path(folder),
        )  # fmt: skip
        if order.kind == "poster":
            _poster(sheet, order, words)
        else:
            _cards(sheet, order, words)
        return bytes(sheet.output())


def _poster(sheet: Sheet, order: Order, words: Words) -> None:
    width = sheet.w - 2 * _EDGE
    end = sheet.fit(words.title, (_EDGE, 15, width, 34), 40, bold=True, align="center")
    # All that may move does so by the title; what is at the foot keeps its place.
    top = max(end, 34) + 2
    side = 100.0
    sheet.qr(order.link, (sheet.w - side) / 2, top, side, "q")
    top += side + 1
    steps = (words.scan, words.press, words.answer)
    for number, text in enumerate(steps, 1):
        top = _step(sheet, number, text, top, width)
    if order.hotline:
        top += 2
        sheet.set_line_width(0.6)
        sheet.line(_EDGE, top, _EDGE + width, top)
        top = sheet.fit(words.call, (_EDGE, top + 2, width, 8), 15, align="center")
        box = (_EDGE, top, width, 14)
        sheet.fit(order.hotline, box, 32, bold=True, align="center", mono=True)
    foot = sheet.h - 57
    sheet.set_line_width(_LINE)
    sheet.line(_EDGE, foot, _EDGE + width, foot)
    end = sheet.fit(words.open, (_EDGE, foot + 2, width, 6), 10.5, align="center")
    both = f"{order.address}   {order.code}"
    end = sheet.fit(both, (_EDGE, end, width, 10), 15, align="center", mono=True)
    end = sheet.fit(words.none, (_EDGE, end + 1, width, 6.5), 11, bold=True, align="center")
    end = sheet.fit(order.organization, (_EDGE, end + 1.5, width, 9), 13, bold=True, align="center")
    sheet.set_text_color(_GREY)
    end = sheet.fit(words.key, (_EDGE, end, width, 5), 8.5, align="center")
    sheet.fit(spaced_key(order.key), (_EDGE, end, width, 5), 9.5, align="center", mono=True)


def _step(sheet: Sheet, number: int, text: str, top: float, width: float) -> float:
    disc = 9.0
    left = _EDGE + width - disc if sheet.rtl else _EDGE
    sheet.set_fill_color(0)
    sheet.ellipse(left, top, disc, disc, style="F")
    sheet.set_text_color(255)
    sheet.fit(str(number), (left, top + 1.1, disc, disc), 15, bold=True, align="center", mono=True)
    sheet.set_text_color(0)
    beside = _EDGE if sheet.rtl else _EDGE + disc + 4
    end = sheet.fit(text, (beside, top, width - disc - 4, 16), 18)
    return max(end, top + disc) + 1.6


def _cards(sheet: Sheet, order: Order, words: Words) -> None:
    left = (sheet.w - COLUMNS * CARD[0]) / 2
    top = (sheet.h - ROWS * CARD[1]) / 2
    for row in range(ROWS):
        for column in range(COLUMNS):
            _card(sheet, order, words, left + column * CARD[0], top + row * CARD[1])
    _marks(sheet, left, top)


def _card(sheet: Sheet, order: Order, words: Words, left: float, top: float) -> None:
    edge, side = 3.5, 32.0
    width, whole = CARD[0] - 2 * edge - side, CARD[0] - 2 * edge
    beside = left + edge if sheet.rtl else left + edge + side
    code = left + edge + width + 2 if sheet.rtl else left + edge - 2
    sheet.qr(order.link, code, top + 1.5, side, "m")
    end = sheet.fit(words.short, (beside, top + edge, width, 16), 11, bold=True)
    if order.hotline:
        end = sheet.fit(words.call, (beside, end + 1, width, 6.4), 7.5)
        sheet.fit(order.hotline, (beside, end, width, 6.2), 13.5, mono=True)
    end = sheet.fit(words.open, (left + edge, top + 33.2, whole, 2.9), 6)
    end = sheet.fit(f"{order.address}   {order.code}", (left + edge, end, whole, 3.7), 8, mono=True)
    end = sheet.fit(order.organization, (left + edge, end, whole, 3.6), 7.5, bold=True)
    sheet.set_text_color(_GREY)
    end = sheet.fit(words.key, (left + edge, end, whole, 2.6), 5.5)
    sheet.fit(spaced_key(order.key), (left + edge, end, whole, 2.8), 6, mono=True)
    sheet.set_text_color(0)


def _marks(sheet: Sheet, left: float, top: float) -> None:
    """Short lines in the margins, none across a card."""
    sheet.set_line_width(_LINE)
    right, bottom = left + COLUMNS * CARD[0], top + ROWS * CARD[1]
    for column in range(COLUMNS + 1):
        x = left + column * CARD[0]
        sheet.line(x, top - 1 - _MARK, x, top - 1)
        sheet.line(x, bottom + 1, x, bottom + 1 + _MARK)
    for row in range(ROWS + 1):
        y = top + row * CARD[1]
        sheet.line(left - 1 - _MARK, y, left - 1, y)
        sheet.line(right + 1, y, right + 1 + _MARK, y)


def main() -> None:
    """Read an order, write its PDF; with the lowest claim to the processor."""
    with suppress(OSError):
        os.nice(19)
    sys.stdout.buffer.write(draw(Order.parse(msgspec.json.decode(sys.stdin.buffer.read()))))


if __name__ == "__main__":
    main()
