"""Attorney cards and what an organization says of itself: notes by the organization's key.

A card binds the name a caller reads to the keys a phone grants and talks to. No grant to and no
call with an attorney without a valid card. The form stands in docs/format.md. Pure: whether a card
is valid *now* is asked with the time as a parameter.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar

from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.notes import Verifier, check_public_key, open_note
from accompany.evidence.text import (
    Lines,
    quoted,
    read_base32,
    read_base64,
    read_time,
    write_base32,
    write_base64,
    write_lines,
    write_time,
)
from accompany.ids import CardSerial, Origin

_NAME = re.compile(r"[^\x00-\x1f\x7f\u0085\u2028\u2029]{1,120}")
_RECIPIENT = re.compile(r"age1pq1[a-z0-9]{100,3000}")
_LICENSE = re.compile(r"([A-Z]{2}) ([0-9]{4}-[0-9]{2}-[0-9]{2})")


def organization_name(origin: str) -> str:
    """Return the key name of the organization that runs the log *origin*."""
    return f"{origin}/organization"


def fingerprint(organization: Verifier) -> str:
    """Return what a link or a poster pins: 32 base32 characters of SHA-256 over the vkey."""
    return write_base32(sha256(str(organization).encode()).digest()[:20])


def card_verifier(serial: str, key: bytes) -> Verifier:
    """Return what an attorney's own notes (sessions, offers, opened packages) are checked with."""
    return Verifier(f"attorney/{serial}", key)


@dataclass(frozen=True, slots=True)
class License:
    """A state (two capitals) and the date, YYYY-MM-DD, on which the license was checked."""

    state: str
    checked: str


@dataclass(frozen=True, slots=True)
class Card:
    """An attorney card; times in milliseconds since 1970 UTC, key 32 bytes."""

    MAGIC: ClassVar = "accompany/card/v1"
    serial: CardSerial
    name: str
    recipient: str
    key: bytes
    licenses: tuple[License, ...]
    since: int
    until: int

    @property
    def states(self) -> frozenset[str]:
        return frozenset(item.state for item in self.licenses)

    @property
    def verifier(self) -> Verifier:
        return card_verifier(self.serial, self.key)

    def valid_at(self, time: int) -> bool:
        return self.since <= time < self.until

    def __str__(self) -> str:
        licenses = [("license", f"{item.state} {item.checked}") for item in self.licenses]
        return write_lines(
            self.MAGIC,
            [
                ("serial", self.serial),
                ("name", self.name),
                ("recipient", self.recipient),
                ("key", write_base64(self.key)),
                *licenses,
                ("since", write_time(self.since)),
                ("until", write_time(self.until)),
            ],
        )

    @classmethod
    def read(cls, text: str) -> "Card":
        lines = Lines("card", cls.MAGIC, text)
        serial = CardSerial(read_base32(lines.take("serial")))
        name, recipient = lines.take("name"), lines.take("recipient")
        key = read_base64(lines.take("key"), 32)
        licenses: list[License] = []
        while (value := lines.take_if("license")) is not None:
            match = _LICENSE.fullmatch(value)
            if not match:
                raise Malformed(
                    "license", f"expected a state and a date, found {quoted(value, 40)}"
                )
            licenses.append(License(match[1], match[2]))
        since, until = read_time(lines.take("since")), read_time(lines.take("until"))
        lines.end()
        if not _NAME.fullmatch(name) or name != name.strip():
            raise Malformed("name", f"found {quoted(name)}")
        if not _RECIPIENT.fullmatch(recipient):
            raise Malformed("recipient", f"expected age1pq1…, found {quoted(recipient)}")
        if [item.state for item in licenses] != sorted({item.state for item in licenses}):
            raise Malformed("licenses", "expected each state once, in order")
        card = cls(serial, name, recipient, check_public_key(key), tuple(licenses), since, until)
        if str(card) != text:
            raise Malformed("card", "not in its one written form")
        return card


def open_card(note: bytes, organization: Verifier, time: int | None = None) -> Card:
    """Return the card that *organization* signed; if *time* is given it must be valid then."""
    card = Card.read(open_note(note, organization, "card"))
    if time is not None and not card.valid_at(time):
        span = f"{write_time(card.since)} to {write_time(card.until)}"
        raise DoesNotHold("card", f"valid at {write_time(time)}", f"valid from {span}")
    return card


@dataclass(frozen=True, slots=True)
class Organization:
    """What an organization says of itself: the name shown, its custodian's recipient, its log."""

    MAGIC: ClassVar = "accompany/organization/v1"
    name: str
    custodian: str
    log: Verifier
    receipts: Verifier

    def __str__(self) -> str:
        lines = [
            ("name", self.name),
            ("custodian", self.custodian),
            ("log", str(self.log)),
            ("receipts", str(self.receipts)),
        ]
        return write_lines(self.MAGIC, lines)

    @classmethod
    def read(cls, text: str) -> "Organization":
        lines = Lines("organization", cls.MAGIC, text)
        found = cls(
            lines.take("name"),
            lines.take("custodian"),
            Verifier.parse(lines.take("log")),
            Verifier.parse(lines.take("receipts")),
        )
        lines.end()
        if not _NAME.fullmatch(found.name) or not _RECIPIENT.fullmatch(found.custodian):
            raise Malformed("organization", "expected a name and an age1pq1 recipient")
        return found

    @property
    def origin(self) -> Origin:
        return Origin(self.log.name)
