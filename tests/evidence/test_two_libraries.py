"""What libsodium takes OpenSSL takes, at the edges where Ed25519's libraries differ (RFC 8032 5.1).

Signatures that only somebody with the key can make: R or the key moved by a point of order eight, R
of low order, S written too large. A verifier that multiplies by eight takes some of them.
"""

from collections.abc import Iterator
from hashlib import sha512

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.evidence.notes import Note, Signer, Verifier

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Y_OF_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
Point = tuple[int, int]
SECRET, NONCE = 0x1234567 << 200, 0x7654321 << 190


def with_y(y: int) -> Point:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0
    return (x if x % 2 == 0 else P - x), y


def plus(one: Point, other: Point) -> Point:
    (a, b), (c, e) = one, other
    k = D * a * b * c * e % P
    return (a * e + b * c) * pow(1 + k, -1, P) % P, (b * e + a * c) * pow(1 - k, -1, P) % P


def times(number: int, point: Point) -> Point:
    found = (0, 1)
    while number:
        if number & 1:
            found = plus(found, point)
        number, point = number >> 1, plus(point, point)
    return found


BASE = with_y(4 * pow(5, -1, P) % P)
TWIST = with_y(Y_OF_ORDER_8)


def written(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def forged(nonce: Point, key: Point, text: bytes, r: int, too_large: int = 0) -> bytes:
    """Return R and the S that fits it, whatever R and the key are moved by."""
    first = written(nonce)
    h = int.from_bytes(sha512(first + written(key) + text).digest(), "little")
    return first + ((r + h * SECRET) % ORDER + too_large * ORDER).to_bytes(32, "little")


def edges() -> Iterator[tuple[str, Point, bytes, bytes]]:
    nonce, key = times(NONCE, BASE), times(SECRET, BASE)
    yield "plain", key, b"text", forged(nonce, key, b"text", NONCE)
    yield "S + L", key, b"text", forged(nonce, key, b"text", NONCE, 1)
    yield "R is nothing", key, b"text", forged((0, 1), key, b"text", 0)
    for n in range(1, 8):
        moved = times(n, TWIST)
        yield f"R + {n} T", key, b"text", forged(plus(nonce, moved), key, b"text", NONCE)
        yield f"R = {n} T", key, b"text", forged(moved, key, b"text", 0)
        other = plus(key, moved)
        for text in (b"%d" % one for one in range(16)):
            yield f"key + {n} T, {text!r}", other, text, forged(nonce, other, text, NONCE)


@pytest.mark.parametrize(("what", "key", "text", "signature"), list(edges()))
def test_what_libsodium_takes_openssl_takes(what: str, key: Point, text: bytes, signature: bytes):
    verifier = Verifier("edge", written(key))
    holds, surely = verifier.holds(text, signature), verifier.surely_holds(text, signature)
    assert holds or not surely
    if what == "plain":
        assert surely
    if what.startswith(("R +", "S +")):
        assert not holds


SIGNER = Signer.from_seed("both", bytes(range(32)))


@given(st.text("abc\n", max_size=80), st.integers(0, 511), st.integers(0, 8 * 84))
def test_both_sign_alike_and_refuse_what_is_bent(words: str, bit: int, other: int) -> None:
    text = words.encode() + b"\n"
    signature = SIGNER.private.sign(text)
    assert Note.parse(SIGNER.sign(text.decode())).signatures[0].value == signature
    assert SIGNER.verifier.surely_holds(text, signature)
    bent = bytearray(signature)
    bent[bit // 8] ^= 1 << bit % 8
    assert not SIGNER.verifier.surely_holds(text, bytes(bent))
    changed = bytearray(text)
    changed[other // 8 % len(text)] ^= 1 << other % 8
    assert not SIGNER.verifier.surely_holds(bytes(changed), signature)
