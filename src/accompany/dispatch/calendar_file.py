"""Shifts as an iCalendar file (RFC 5545), for the calendar that a person already has. Pure.

Shifts are written out in UTC for the weeks asked for, so that no time zone has to be described and
every program shows the same moments. Written here: a calendar of plain events is three rules of the
RFC (escaped text, lines of 75 octets, CRLF); a library would be the larger part.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from accompany.dispatch.shifts import Span


def write_calendar(name: str, person: str, spans: list[Span], now: int) -> str:
    """Return a calendar of *spans*; a shift keeps its UID, so that a later file replaces it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Accompany//roster//EN",
        f"X-WR-CALNAME:{escaped(name)}",
    ]
    for one in spans:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{person}-{one.start}@accompany.invalid",
            f"DTSTAMP:{_utc(now)}",
            f"DTSTART:{_utc(one.start)}",
            f"DTEND:{_utc(one.end)}",
            f"SUMMARY:{escaped('On call' if one.mode == 'on call' else 'On duty')}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))


def escaped(text: str) -> str:
    """Return *text* as RFC 5545 3.3.11 writes it."""
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def folded(line: str) -> Iterator[str]:
    """Yield the line in parts of at most 75 octets, never inside a character (3.1)."""
    part, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > 75:
            yield part
            part, size = " ", 1
        part, size = part + letter, size + octets
    yield part


def _utc(time: int) -> str:
    return datetime.fromtimestamp(time // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
