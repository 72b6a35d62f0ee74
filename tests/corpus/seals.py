"""Sealing without chance: age files of the right form that only the corpus itself can open.

`sealing()` takes the place of `age.encrypt` and its twins while the corpus is made, so that the
same seeds give the same bytes. What a verifier looks at is real: one stanza in form, the MAC, every
chunk. Only the key agreement in the stanza is made up, and nobody's identity opens it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256, shake_256
from unittest import mock

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from accompany.evidence import age
from accompany.evidence.age_header import (
    ENC_SIZE,
    HYBRID,
    Header,
    Stanza,
    derive,
    header_mac,
    raw_base64,
)

CHUNK = 64 * 1024


class Seals:
    """Remembers what it sealed: the key and the plaintext of each file."""

    def __init__(self) -> None:
        self._made: dict[bytes, tuple[bytes, bytes]] = {}

    def encrypt(self, plaintext: bytes, recipients: Sequence[age.Recipient]) -> bytes:
        word = b"".join(str(recipient).encode() for recipient in recipients) + plaintext
        key = shake_256(b"key" + word).digest(16)
        stanzas = tuple(_stanza(recipient, word) for recipient in recipients)
        header = Header(stanzas, header_mac(stanzas, key).finalize())
        nonce = shake_256(b"nonce" + word).digest(16)
        cipher = ChaCha20Poly1305(derive(key, nonce, b"payload"))
        chunks = [plaintext[at : at + CHUNK] for at in range(0, len(plaintext), CHUNK)] or [b""]
        sealed = [
            cipher.encrypt(number.to_bytes(11, "big") + bytes([chunk is chunks[-1]]), chunk, None)
            for number, chunk in enumerate(chunks)
        ]
        file = bytes(header) + nonce + b"".join(sealed)
        self._made[sha256(file).digest()] = key, plaintext
        return file

    def file_key(self, data: bytes, identities: Sequence[age.Identity]) -> bytes:
        del identities
        return self._made[sha256(data).digest()][0]

    def decrypt(self, data: bytes, identities: Sequence[age.Identity]) -> bytes:
        del identities
        return self._made[sha256(data).digest()][1]


def _stanza(recipient: age.Recipient, word: bytes) -> Stanza:
    hybrid = isinstance(recipient, age.HybridRecipient)
    share = shake_256(b"share" + word).digest(ENC_SIZE if hybrid else 32)
    kind = HYBRID if hybrid else age.X25519
    return Stanza(kind, (raw_base64(share),), shake_256(b"body" + word).digest(32))


@contextmanager
def sealing() -> Iterator[None]:
    """Seal without chance."""
    seals = Seals()
    with mock.patch.multiple(
        age, encrypt=seals.encrypt, file_key=seals.file_key, decrypt=seals.decrypt
    ):
        yield
