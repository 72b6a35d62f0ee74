"""filekeys.txt: which sealed segments an opened package shows, and with which keys.

    <number> <32 hex>                 opens that one segment, and no other
    <number> withheld <reason>        why it is not shown, in one line

One line for every segment stated, arrived or not, in order. A file key gives nobody the
recording's identity. Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from accompany.errors import Malformed
from accompany.evidence.text import quoted, read_hex, read_number

NOT_ARRIVED = "its bytes have not arrived"
"""The reason given for a segment that was stated and never came."""

_REASON = re.compile(r"[^\x00-\x1f\x7f\s](?:[^\x00-\x1f\x7f]{0,198}[^\x00-\x1f\x7f\s])?")


@dataclass(frozen=True, slots=True)
class FileKey:
    """A line of filekeys.txt: the 16 bytes that open segment *number*, or why they are withheld."""

    number: int
    key: bytes | None
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.key.hex() if self.key else f'withheld {self.reason}'}"


def write_filekeys(lines: Sequence[FileKey]) -> bytes:
    """Return filekeys.txt; raise Malformed for a reason that is no line of at most 200 characters.

    One line for every segment statement, arrived or not, in order.
    """
    for line in lines:
        _read_line(str(line))
    return "".join(f"{line}\n" for line in lines).encode()


def read_filekeys(data: bytes) -> list[FileKey]:
    """Return the lines of filekeys.txt; raise Malformed for any other form."""
    try:
        *lines, end = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("filekeys.txt", "expected UTF-8") from error
    if end:
        raise Malformed("filekeys.txt", "expected a newline at the end")
    keys = [_read_line(line) for line in lines]
    numbers = [key.number for key in keys]
    if numbers != sorted(set(numbers)):
        raise Malformed("filekeys.txt", "expected each number once, in order")
    return keys


def _read_line(line: str) -> FileKey:
    number, _, rest = line.partition(" ")
    if not rest.startswith("withheld "):
        return FileKey(read_number(number), read_hex(rest, 16))
    reason = rest.removeprefix("withheld ")
    if not _REASON.fullmatch(reason):
        raise Malformed("filekeys.txt", f"expected a reason in one line, found {quoted(reason)}")
    return FileKey(read_number(number), None, reason)
