"""One written form: the small alphabet every text of evidence is made of.

Hex is lower case; base64 is RFC 4648 section 4, padded, canonical; times are RFC 3339 UTC with
exactly three decimals; numbers are decimal without leading zeros. A parser here takes only what
its writer would have written. Pure: bytes and text in, values out; no clock.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from accompany.errors import Malformed

TEXT_LIMIT = 4096
"""Bytes in a text, unless its page says otherwise (package.note, opened.note)."""

NUMBER_LIMIT = 2**53 - 1
"""The largest number that Python and a browser read alike."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_BASE32 = re.compile(r"[a-z2-7]{32}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quoted(text: str | bytes, limit: int = 80) -> str:
    """Return the first *limit* characters of *text* in quotation marks, all in visible ASCII.

    What came from a file is repeated in reports so: it moves no cursor, and every verifier, in
    whichever language, writes the same.
    """
    codes = text[:limit] if isinstance(text, bytes) else map(ord, text[:limit])
    return "'" + "".join(map(_visible, codes)) + "'"


def _visible(code: int) -> str:
    if 0x20 <= code < 0x7F and chr(code) not in "'\\":
        return chr(code)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


def write_time(milliseconds: int) -> str:
    """Return a time, in milliseconds since 1970 UTC, as RFC 3339 with three decimals."""
    minute, rest = divmod(milliseconds, 60_000)
    return f"{_write_minute(minute)}:{rest // 1000:02d}.{rest % 1000:03d}Z"


@lru_cache(maxsize=256)
def _write_minute(minute: int) -> str:
    moment = _EPOCH + timedelta(minutes=minute)
    return moment.replace(tzinfo=None).isoformat(timespec="minutes")


def read_time(text: str) -> int:
    """Return the milliseconds since 1970 UTC that *text* states."""
    if not _TIME.fullmatch(text):
        raise Malformed("time", f"expected 2026-11-21T20:14:03.120Z, found {quoted(text, 40)}")
    try:
        start = _read_minute(text[:16])
        second = int(text[17:19])
        if second > 59:
            raise ValueError("second must be in 0..59")
    except ValueError as error:
        raise Malformed("time", f"no such moment: {text}") from error
    return start + 1000 * second + int(text[20:23])


@lru_cache(maxsize=256)
def _read_minute(text: str) -> int:
    """Return the milliseconds at which the minute begins; raise ValueError where there is none."""
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    moment = datetime(year, month, day, int(text[11:13]), int(text[14:16]), tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def read_number(text: str) -> int:
    number = int(text) if _NUMBER.fullmatch(text) else -1
    if not 0 <= number <= NUMBER_LIMIT:
        raise Malformed("number", f"expected decimal digits, found {quoted(text, 40)}")
    return number


def read_hex(text: str, size: int) -> bytes:
    """Return the *size* bytes that *text* writes in lower-case hex."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    # It takes capitals and spaces too; what would be written has neither.
    if len(text) != 2 * size or data.hex() != text:
        raise Malformed("hex", f"expected {2 * size} lower-case digits, found {quoted(text)}")
    return data


def write_base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def read_base64(text: str, size: int | None = None) -> bytes:
    """Return what *text* writes in padded, canonical base64; *size* in bytes, where it is known."""
    # Proofs to one root share most of their hashes; signatures are never the same.
    data = _known_base64(text) if size == 32 else _from_base64(text)
    if data is None:
        raise Malformed("base64", f"expected padded, canonical base64, found {quoted(text)}")
    if size is not None and len(data) != size:
        raise Malformed("base64", f"expected {size} bytes, found {len(data)}")
    return data


def _from_base64(text: str) -> bytes | None:
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        return None
    # It passes over what is no base64; what would be written has none of that.
    return data if write_base64(data) == text else None


_known_base64 = lru_cache(maxsize=4096)(_from_base64)


def write_base32(data: bytes) -> str:
    """Return lower-case base32 without padding (RFC 4648 section 6)."""
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def read_base32(text: str) -> str:
    """Return *text* if it is the 32 characters of an id."""
    if not _BASE32.fullmatch(text):
        raise Malformed("id", f"expected 32 characters a-z2-7, found {quoted(text)}")
    return text


def read_word(text: str, allowed: Iterable[str]) -> str:
    words = list(allowed)
    if text not in words:
        raise Malformed("word", f"expected one of {' '.join(words)}, found {quoted(text)}")
    return text


def write_lines(magic: str, lines: Iterable[tuple[str, str]]) -> str:
    """Return a text: its magic, then name and value on each line."""
    return "".join([f"{magic}\n", *(f"{name} {value}\n" for name, value in lines)])


class Lines:
    """The lines of a text, taken one by one in the only order they may have."""

    def __init__(self, what: str, magic: str, text: str, limit: int = TEXT_LIMIT) -> None:
        size = len(text) if text.isascii() else len(text.encode())
        if size > limit:
            raise Malformed(what, f"expected at most {limit} bytes, found {size}")
        first, *self._rest = text.split("\n")
        self._what = what
        self._at = 0
        if first != magic:
            raise Malformed(what, f"expected {quoted(magic)}, found {quoted(first)}")
        if not self._rest or self._rest.pop() != "":
            raise Malformed(what, "expected a newline at the end")

    def take(self, name: str) -> str:
        """Return the value of the next line, which must be *name*'s."""
        value = self.take_if(name)
        if value is None:
            found = self._rest[self._at][:80] if self._at < len(self._rest) else "the end"
            raise Malformed(self._what, f"expected a line {quoted(name)}, found {quoted(found)}")
        return value

    def take_if(self, name: str) -> str | None:
        """Return the value of the next line if it is *name*'s, else None and stay."""
        if self._at >= len(self._rest) or not self._rest[self._at].startswith(f"{name} "):
            return None
        self._at += 1
        return self._rest[self._at - 1][len(name) + 1 :]

    def end(self) -> None:
        if self._at < len(self._rest):
            raise Malformed(self._what, f"expected its end, found {quoted(self._rest[self._at])}")
