"""The number a caller leaves to be called back on, as their phone seals it: of one size, whatever
is in it.

    accompany/callback-number/v1
    encounter <id>
    number <7 to 15 digits, with or without a plus before them>
    message yes|no|unsaid                    whether a message may be left there
    when <one line>                          only where the caller said when

Zero bytes follow, up to PLAIN_BYTES; sealed, every number is as long as every other. It names its
encounter, so that a number cannot be shown at another's. webapp/src/evidence/callback-numbers.ts
is its twin. Pure; age draws its own chance. Not here: to whom it is sealed, who may fetch it.
"""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.age import AgeError, HybridIdentity, HybridRecipient, decrypt, encrypt
from accompany.evidence.text import Lines, read_base32, read_word, write_lines
from accompany.ids import EncounterId

Message = Literal["yes", "no", "unsaid"]
MESSAGES: tuple[Message, ...] = get_args(Message)

PLAIN_BYTES = 1024
SEALED_BYTES = 2683
"""Of every number: the header of one hybrid stanza, a nonce, and one chunk of PLAIN_BYTES."""

WHEN_CHARACTERS = 120

_WHAT = "callback number"
_NUMBER = re.compile(r"\+?[0-9]{7,15}")
_WHEN = re.compile(rf"[^\x00-\x1f\x7f\x85\u2028\u2029]{{1,{WHEN_CHARACTERS}}}")


@dataclass(frozen=True, slots=True)
class CallbackNumber:
    """`repr` and errors say nothing of what is in it: they may end up where it does not belong."""

    MAGIC: ClassVar = "accompany/callback-number/v1"
    encounter: EncounterId
    number: str = field(repr=False)
    message: Message = field(default="unsaid", repr=False)
    when: str = field(default="", repr=False)

    def __str__(self) -> str:
        lines = [
            ("encounter", str(self.encounter)),
            ("number", self.number),
            ("message", self.message),
        ]
        if self.when:
            lines.append(("when", self.when))
        return write_lines(self.MAGIC, lines)

    @classmethod
    def read(cls, text: str) -> "CallbackNumber":
        lines = Lines(_WHAT, cls.MAGIC, text)
        encounter = EncounterId(read_base32(lines.take("encounter")))
        number = lines.take("number")
        word = read_word(lines.take("message"), MESSAGES)
        message = next(one for one in MESSAGES if one == word)
        when = lines.take_if("when")
        lines.end()
        if not _NUMBER.fullmatch(number):
            raise Malformed(_WHAT, "expected 7 to 15 digits")
        if when is not None and (not _WHEN.fullmatch(when) or when != when.strip()):
            raise Malformed(_WHAT, f"expected 1 to {WHEN_CHARACTERS} characters on one line")
        return cls(encounter, number, message, when or "")


def seal_number(number: CallbackNumber, recipient: HybridRecipient) -> bytes:
    """Return *number* as a phone seals it: SEALED_BYTES."""
    text = str(number)
    CallbackNumber.read(text)
    data = text.encode()
    return encrypt(data + bytes(PLAIN_BYTES - len(data)), [recipient])


def open_number(sealed: bytes, encounter: EncounterId, identity: HybridIdentity) -> CallbackNumber:
    """Return what was left for *encounter*; raise Malformed or DoesNotHold, quoting nothing."""
    if len(sealed) != SEALED_BYTES:
        raise Malformed(_WHAT, f"expected {SEALED_BYTES} bytes, found {len(sealed)}")
    try:
        data = decrypt(sealed, [identity])
    except AgeError:
        raise DoesNotHold(_WHAT, "an age file sealed to this key", "another") from None
    text, zeros, rest = data.partition(b"\0")
    if len(data) != PLAIN_BYTES or not zeros or rest.strip(b"\0"):
        raise Malformed(_WHAT, f"expected a text, and zeros up to {PLAIN_BYTES} bytes")
    try:
        found = CallbackNumber.read(text.decode())
    except (Malformed, UnicodeDecodeError):
        # From None: the first error quotes what was inside.
        raise Malformed(_WHAT, "expected its one written form") from None
    if found.encounter != encounter:
        raise DoesNotHold(_WHAT, f"one for {encounter}", f"one for {found.encounter}")
    return found
