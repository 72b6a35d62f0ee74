"""Who may do what, in one place. Pure: the facts come as parameters.

Uploading needs no right but the recording's signature. Reading without the right answers as for
an unknown id. A later issue makes this the whole table of roles.
"""

from dataclasses import dataclass

from accompany.ids import CardSerial, Locator


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an attorney's session, and the locator of whoever showed its secret."""

    attorney: CardSerial | None = None
    locator: Locator | None = None


def may_read(asker: Asker, locator: bytes, answered: CardSerial | None) -> bool:
    """Whether the sealed bytes of a recording, filed under *locator* and *answered*, are theirs."""
    if asker.locator is not None and asker.locator == locator:
        return True
    return asker.attorney is not None and asker.attorney == answered
