"""Bech32, the letters age writes its keys in (BIP 173, without its limit of 90 characters).

Pure: bytes in, text out. Not here: which prefix means which key (age.py), segwit, Bech32m.
"""

from base64 import b32decode, b32encode
from itertools import accumulate

from accompany.errors import Malformed

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
RFC4648 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)

_TO_BECH32 = str.maketrans(RFC4648, LETTERS, "=")
_FROM_BECH32 = str.maketrans(LETTERS, RFC4648)
_VALUE = {letter: value for value, letter in enumerate(LETTERS)}


def _carry(top: int) -> int:
    carried = 0
    for bit, term in enumerate(GENERATOR):
        carried ^= term if top >> bit & 1 else 0
    return carried


_CARRY = tuple(_carry(top) for top in range(32))


def _step(state: int, value: int) -> int:
    return (state & 0x1FFFFFF) << 5 ^ value ^ _CARRY[state >> 25]


def _checksum(prefix: str, payload: str) -> str:
    values = [ord(letter) >> 5 for letter in prefix]
    values += [0, *(ord(letter) & 31 for letter in prefix)]
    values += [*(_VALUE[letter] for letter in payload), 0, 0, 0, 0, 0, 0]
    *_, state = accumulate(values, _step, initial=1)
    return "".join(LETTERS[(state ^ 1) >> 5 * place & 31] for place in range(5, -1, -1))


def encode(prefix: str, data: bytes) -> str:
    """Return *data* under *prefix*, all in capitals if *prefix* is, else all in small letters."""
    small = prefix.lower()
    payload = b32encode(data).decode("ascii").translate(_TO_BECH32)
    text = f"{small}1{payload}{_checksum(small, payload)}"
    return text.upper() if prefix.isupper() else text


def decode(prefix: str, text: str, what: str) -> bytes:
    """Return the bytes that `encode` would write as *text*.

    Raises Malformed, naming *what*, for anything else: another prefix or case, a mistyped
    letter, bits left over. The error never repeats *text*, which may be a secret.
    """
    if not text.startswith(prefix + "1"):
        raise Malformed(what, f"expected it to begin with {prefix}1")
    payload = text[len(prefix) + 1 : -6].lower().translate(_FROM_BECH32)
    try:
        data = b32decode(payload + "=" * (-len(payload) % 8))
    except ValueError as error:
        raise Malformed(what, "a letter or the length is not Bech32's") from error
    # One text per key: the checksum, the case and the bits left over are all judged by this.
    if encode(prefix, data) != text:
        raise Malformed(what, "its checksum does not hold: mistyped or cut")
    return data
