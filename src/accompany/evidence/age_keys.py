"""age's two kinds of keys: `age1pq…` (hybrid post-quantum) and `age1…` (c2sp.org/age).

A recipient wraps a file key into a stanza; the identity of the same kind unwraps it. Chance is
drawn inside `cryptography`. Not here: passphrases, plugins; who holds which key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import shake_256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from accompany.errors import Malformed
from accompany.evidence import bech32
from accompany.evidence.age_header import (
    ENC_SIZE,
    HYBRID,
    HeaderFailure,
    Stanza,
    derive,
    raw_base64,
)

X25519 = "X25519"

_X25519_SIZE = 32
_MLKEM_SIZE = 1184
_X25519_INFO = b"age-encryption.org/v1/X25519"
_HYBRID_INFO = b"age-encryption.org/mlkem768x25519"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
# Any key will do: it only shows whether what it agrees on with a point depends on the key at all.
_PROBE = X25519PrivateKey.from_private_bytes(bytes(_X25519_SIZE))


def _low_order(point: bytes) -> bool:
    """Whether a secret agreed with *point* would be no secret (RFC 7748, 6.1), or *point* none."""
    try:
        _PROBE.exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        return True
    return False


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """`age1…`: seals against today's computers, not against a later quantum one."""

    key: bytes
    PREFIX = "age"

    def __post_init__(self) -> None:
        if _low_order(self.key):
            raise Malformed("age recipient", "not a Curve25519 point one can seal to")

    @classmethod
    def parse(cls, text: str) -> "X25519Recipient":
        return cls(bech32.decode(cls.PREFIX, text, "age recipient"))

    def __str__(self) -> str:
        return bech32.encode(self.PREFIX, self.key)

    def wrap(self, file_key: bytes) -> Stanza:
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.key))
        wrap_key = derive(secret, share + self.key, _X25519_INFO)
        body = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None)
        return Stanza(X25519, (raw_base64(share),), body)


@dataclass(frozen=True, slots=True)
class X25519Identity:
    """`AGE-SECRET-KEY-1…`: opens what was sealed to its recipient. `str` shows the secret."""

    secret: bytes = field(repr=False)
    PREFIX = "AGE-SECRET-KEY-"

    def __post_init__(self) -> None:
        if len(self.secret) != 32:
            raise Malformed("age identity", f"expected 32 bytes, found {len(self.secret)}")

    @classmethod
    def generate(cls) -> "X25519Identity":
        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "X25519Identity":
        return cls(bech32.decode(cls.PREFIX, text, "age identity"))

    def __str__(self) -> str:
        return bech32.encode(self.PREFIX, self.secret)

    @property
    def recipient(self) -> X25519Recipient:
        key = X25519PrivateKey.from_private_bytes(self.secret)
        return X25519Recipient(key.public_key().public_bytes_raw())

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """Return the file key, None if it is sealed to others; raise HeaderFailure if bent."""
        mine = [(s.share(_X25519_SIZE), s.body) for s in stanzas if s.kind == X25519]
        key = X25519PrivateKey.from_private_bytes(self.secret)
        recipient = key.public_key().public_bytes_raw()
        for share, body in mine:
            if _low_order(share):
                raise HeaderFailure(f"{X25519}: the share is of low order")
            secret = key.exchange(X25519PublicKey.from_public_bytes(share))
            wrap_key = derive(secret, share + recipient, _X25519_INFO)
            try:
                return ChaCha20Poly1305(wrap_key).decrypt(bytes(12), body, None)
            except InvalidTag:
                continue
        return None


@dataclass(frozen=True, slots=True)
class HybridRecipient:
    """`age1pq…`: opens only to who breaks both ML-KEM-768 and X25519 (1184 and 32 bytes)."""

    key: bytes
    PREFIX = "age1pq"

    def __post_init__(self) -> None:
        try:
            self._public()
        except ValueError as error:
            raise Malformed("age recipient", str(error)) from error
        if _low_order(self.key[_MLKEM_SIZE:]):
            raise Malformed("age recipient", "its Curve25519 point is of low order")

    def _public(self) -> MLKEM768X25519PublicKey:
        mlkem = MLKEM768PublicKey.from_public_bytes(self.key[:_MLKEM_SIZE])
        x25519 = X25519PublicKey.from_public_bytes(self.key[_MLKEM_SIZE:])
        return MLKEM768X25519PublicKey(mlkem, x25519)

    @classmethod
    def parse(cls, text: str) -> "HybridRecipient":
        return cls(bech32.decode(cls.PREFIX, text, "age recipient"))

    def __str__(self) -> str:
        return bech32.encode(self.PREFIX, self.key)

    def wrap(self, file_key: bytes) -> Stanza:
        sealed = _SUITE.encrypt(file_key, self._public(), _HYBRID_INFO)
        return Stanza(HYBRID, (raw_base64(sealed[:ENC_SIZE]),), sealed[ENC_SIZE:])


@dataclass(frozen=True, slots=True)
class HybridIdentity:
    """`AGE-SECRET-KEY-PQ-1…`: a seed of 32 bytes. `str` shows the secret."""

    seed: bytes = field(repr=False)
    PREFIX = "AGE-SECRET-KEY-PQ-"

    def __post_init__(self) -> None:
        if len(self.seed) != 32:
            raise Malformed("age identity", f"expected 32 bytes, found {len(self.seed)}")

    def _private(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        # draft-ietf-hpke-pq, MLKEM768-X25519: the seed becomes ML-KEM's d and z, then a scalar.
        expanded = shake_256(self.seed).digest(64 + _X25519_SIZE)
        return (
            MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
            X25519PrivateKey.from_private_bytes(expanded[64:]),
        )

    @classmethod
    def generate(cls) -> "HybridIdentity":
        return cls(ChaCha20Poly1305.generate_key())

    @classmethod
    def parse(cls, text: str) -> "HybridIdentity":
        return cls(bech32.decode(cls.PREFIX, text, "age identity"))

    def __str__(self) -> str:
        return bech32.encode(self.PREFIX, self.seed)

    @property
    def recipient(self) -> HybridRecipient:
        mlkem, x25519 = (key.public_key().public_bytes_raw() for key in self._private())
        return HybridRecipient(mlkem + x25519)

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """Return the file key, None if it is sealed to others; raise HeaderFailure if bent."""
        mine = [(s.share(ENC_SIZE), s.body) for s in stanzas if s.kind == HYBRID]
        key = MLKEM768X25519PrivateKey(*self._private())
        for share, body in mine:
            # HPKE alone would call this somebody else's; the format calls it malformed.
            if _low_order(share[-_X25519_SIZE:]):
                raise HeaderFailure(f"{HYBRID}: the share is of low order")
            try:
                return _SUITE.decrypt(share + body, key, _HYBRID_INFO)
            except InvalidTag:
                continue
        return None


Recipient = X25519Recipient | HybridRecipient
Identity = X25519Identity | HybridIdentity


def parse_recipient(text: str) -> Recipient:
    """Return the recipient written as *text*; raise Malformed unless it is exactly one."""
    hybrid = text.startswith(HybridRecipient.PREFIX + "1")
    return HybridRecipient.parse(text) if hybrid else X25519Recipient.parse(text)


def parse_identity(text: str) -> Identity:
    """Return the identity written as *text*; raise Malformed, never repeating it, otherwise."""
    hybrid = text.startswith(HybridIdentity.PREFIX + "1")
    return HybridIdentity.parse(text) if hybrid else X25519Identity.parse(text)
