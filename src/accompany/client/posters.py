"""Posters and wallet cards: what stands on them, as values. Not here: how they are laid out.

The code stands in the address's fragment, which no server's log ever sees; beside it the key's
fingerprint, by which a phone refuses a server that is not the organization's.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec

from accompany.errors import Malformed
from accompany.evidence.text import read_base32

Kind = Literal["poster", "cards"]
Paper = Literal["letter", "a4"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PAPERS: tuple[Paper, ...] = get_args(Paper)

WORDS = Path(__file__).parent / "poster_words"
_ADDRESS = re.compile(r"https?://[^\s/?#]{1,253}")
_CODE = re.compile(r"[a-z0-9-]{1,40}")
_NAME_LIMIT, _HOTLINE_LIMIT = 120, 40


@dataclass(frozen=True, slots=True)
class Order:
    """One file: whose service it is, and in which language, on which paper it says so.

    *address* is an origin (`https://duty.example.org`); *key* the fingerprint of the organization's
    key, 32 base32 characters; *hotline* may be empty, and then no line speaks of one.
    """

    kind: Kind
    paper: Paper
    language: str
    organization: str
    address: str
    code: str
    key: str
    hotline: str = ""

    def __post_init__(self) -> None:
        if self.language not in languages():
            raise Malformed("language", f"expected one of {', '.join(languages())}")
        if not _ADDRESS.fullmatch(self.address):
            raise Malformed("address", f"expected https://example.org, found {self.address[:80]!r}")
        if not _CODE.fullmatch(self.code):
            raise Malformed("code", f"expected a guest code, found {self.code[:40]!r}")
        read_base32(self.key)
        if not 1 <= len(self.organization) <= _NAME_LIMIT or not self.organization.isprintable():
            raise Malformed("name", f"expected 1 to {_NAME_LIMIT} printable characters")
        if len(self.hotline) > _HOTLINE_LIMIT or not self.hotline.isprintable():
            raise Malformed("hotline", f"expected at most {_HOTLINE_LIMIT} printable characters")

    @property
    def link(self) -> str:
        """What the QR says: the page opens with the code, and with the key that it must find."""
        return f"{self.address}/#code={self.code}&key={self.key}"

    @property
    def name(self) -> str:
        """What the file is called."""
        return f"accompany-{self.kind}-{self.language}-{self.paper}.pdf"

    def write(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def parse(cls, given: object) -> "Order":
        """Return the order that parsed JSON states; raise Malformed for anything else."""
        try:
            return msgspec.convert(given, cls)
        except msgspec.ValidationError as error:
            raise Malformed("poster", str(error)) from error


@dataclass(frozen=True, slots=True)
class Words:
    """A language's sentences; `press` names the button as the page does."""

    direction: Literal["ltr", "rtl"]
    title: str
    scan: str
    press: str
    answer: str
    none: str
    call: str
    open: str
    key: str
    short: str


@cache
def languages() -> tuple[str, ...]:
    """The languages there are words in, as pages name them."""
    return tuple(sorted(path.stem for path in WORDS.glob("*.json")))


@cache
def words_in(language: str) -> Words:
    found: dict[str, str] = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    found["press"] = found["press"].replace("{button}", found["button"])
    return msgspec.convert({name: found[name] for name in Words.__slots__}, Words)


def spaced_key(key: str) -> str:
    """Return a fingerprint in fours, as people compare one."""
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))
