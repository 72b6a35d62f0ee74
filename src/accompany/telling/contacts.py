"""A contact as the phone seals it to the service, and what a message to one may look like.

The phone seals each contact apart, at set-up, as an age file to the service's own key: JSON with
the channel, the address and the four texts, padded by spaces. The phone cannot open it any more.
Whoever opens it here uses it for one message and forgets it. Pure.

A caller names a channel and an address and nothing else: where a message goes on its way is the
organization's own setting, so that nobody can make this server speak to a host of their choosing.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal, get_args

import msgspec

from accompany.errors import Malformed
from accompany.evidence.age import AgeError, HybridIdentity, HybridRecipient, decrypt, encrypt
from accompany.evidence.text import write_lines
from accompany.ids import Origin

Word = Literal["pressed", "safe", "overdue"]
"""Why a contact is told: at the press, when the caller is safe, when the time is over."""
WORDS: tuple[Word, ...] = get_args(Word)

CONTACTS = 5
SEALED_BYTES = 8 * 1024
TEXT_CHARACTERS = 300
PAD = 1024
"""What is sealed is padded to a multiple of this, so that its size says little."""

MAGIC = "accompany/telling/v1"

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL = re.compile(rf"[A-Za-z0-9._+-]{{1,64}}@(?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,63}}")
# Without links and addresses in the words, nobody is tempted to send others' mail through here.
_LINK = re.compile(r"://|\bwww\.|@|\b[\w-]+\.[a-z]{2,}/", re.IGNORECASE)


def _phone(address: str) -> bool:
    return _PHONE.fullmatch(address) is not None


def _mail(address: str) -> bool:
    return len(address) <= 254 and _MAIL.fullmatch(address) is not None


CHANNELS: Mapping[str, Callable[[str], bool]] = {
    "sms": _phone,
    "email": _mail,
    "signal": _phone,
    "whatsapp": _phone,
}
"""Every channel there can be, and what its addresses look like (E.164, or e-mail in ASCII)."""


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person to tell; `repr` says nothing, since it may end up where it does not belong."""

    channel: str
    address: str
    test: str
    pressed: str
    safe: str
    overdue: str

    def __repr__(self) -> str:
        return "Contact(…)"

    def words(self, word: str) -> str:
        return str(getattr(self, word))


_decoder = msgspec.json.Decoder(Contact)


def check_address(channel: str, address: str) -> None:
    """Raise Malformed unless *address* is one of *channel*; the address is not quoted."""
    form = CHANNELS.get(channel)
    if form is None:
        raise Malformed("contact", f"expected a channel of {', '.join(CHANNELS)}")
    if not form(address):
        kind = "an e-mail address" if channel == "email" else "a number with its country (E.164)"
        raise Malformed("contact", f"expected {kind}")


def check_words(text: str) -> None:
    """Raise Malformed unless *text* is one line of words: no control characters, no links."""
    if not text.strip() or len(text) > TEXT_CHARACTERS:
        raise Malformed("words", f"expected 1 to {TEXT_CHARACTERS} characters, found {len(text)}")
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        raise Malformed("words", "expected one line without control characters")
    if _LINK.search(text):
        raise Malformed("words", "expected no links and no addresses")


def open_contact(sealed: bytes, identity: HybridIdentity) -> Contact:
    """Return the contact in *sealed*; raise Malformed, which never quotes what was inside."""
    if len(sealed) > SEALED_BYTES:
        raise Malformed("contact", f"expected at most {SEALED_BYTES} bytes, found {len(sealed)}")
    try:
        contact = _decoder.decode(decrypt(sealed, [identity]))
    except (AgeError, msgspec.DecodeError, UnicodeDecodeError):
        # From None: the first error may quote what was inside.
        raise Malformed("contact", "expected an age file sealed to this service") from None
    check_address(contact.channel, contact.address)
    for word in ("test", *WORDS):
        check_words(contact.words(word))
    return contact


def seal_contact(contact: Contact, recipient: HybridRecipient) -> bytes:
    """Return *contact* as a phone seals it, padded."""
    data = msgspec.json.encode(contact)
    return encrypt(data + b" " * (-len(data) % PAD), [recipient])


def write_service_text(origin: Origin, recipient: HybridRecipient) -> str:
    """Return what says to a phone whom to seal to, once the key that it pins has signed it."""
    return write_lines(MAGIC, [("log", str(origin)), ("recipient", str(recipient))])
