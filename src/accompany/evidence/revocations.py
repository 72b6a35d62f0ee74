"""Cards that count no more: the note that says so, and its entry in the log.

    accompany/revocation/v1                  by <origin>/receipts
    serial <of the card>
    time <t>                                 from when on the server counts it no more
    lost <t>                                 only where others may have its key: since when

Two things end a card, as with certificates (RFC 5280, cessationOfOperation and keyCompromise with
its invalidityDate): somebody left, and what they signed before stands; or their key may be in other
hands, and nothing it signed can be told from what a thief signed and dated back. Pure.
"""

from dataclasses import dataclass
from typing import ClassVar

from accompany.errors import Malformed
from accompany.evidence.receipts import Entry, named_entry
from accompany.evidence.text import Lines, read_base32, read_time, write_lines, write_time
from accompany.ids import CardSerial


@dataclass(frozen=True, slots=True)
class Revocation:
    """That the card *serial* counts no more from *time* on; times in ms since 1970 UTC.

    *lost*: since when its key may be in other hands; None where only its service ended.
    """

    MAGIC: ClassVar = "accompany/revocation/v1"
    serial: CardSerial
    time: int
    lost: int | None = None

    def __str__(self) -> str:
        lines = [("serial", str(self.serial)), ("time", write_time(self.time))]
        if self.lost is not None:
            lines.append(("lost", write_time(self.lost)))
        return write_lines(self.MAGIC, lines)

    @classmethod
    def read(cls, text: str) -> "Revocation":
        lines = Lines("revocation", cls.MAGIC, text)
        serial, time = CardSerial(read_base32(lines.take("serial"))), read_time(lines.take("time"))
        lost = lines.take_if("lost")
        lines.end()
        revocation = cls(serial, time, None if lost is None else read_time(lost))
        if revocation.lost is not None and revocation.lost > time:
            raise Malformed("revocation", f"expected lost by {write_time(time)}, found {lost}")
        if str(revocation) != text:
            raise Malformed("revocation", "not in its one written form")
        return revocation


def revocation_entry(serial: str, note: bytes) -> Entry:
    return named_entry("revocation", serial, note)
