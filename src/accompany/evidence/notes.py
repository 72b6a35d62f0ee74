"""Signed notes: a text and who signed it (c2sp.org/signed-note, Ed25519, type 0x01).

    <text, ending in a newline>
    <empty line>
    — <key name> <base64 of a 4-byte key id and the 64-byte signature>

Our own texts carry exactly one signature line; checkpoints may carry more (cosignatures).
What a text says is not looked at here. Signing draws no randomness (RFC 8032); making a key does.
"""

import re
from binascii import b2a_base64
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from nacl.bindings import crypto_sign, crypto_sign_open
from nacl.exceptions import BadSignatureError

from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.text import TEXT_LIMIT, quoted, read_base64, write_base64

ED25519 = 0x01
COSIGNATURE = 0x04
_PRIME = 2**255 - 19
_D = -121665 * pow(121666, -1, _PRIME) % _PRIME
_LOW_ORDER = frozenset(
    {
        0,
        1,
        _PRIME - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
_NAME = re.compile(r"[^\s+]+")
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f]")
_PRIVATE = re.compile(r"PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


def check_public_key(key: bytes) -> bytes:
    """Return *key*, 32 bytes, unless it is non-canonical or of low order (RFC 8032 section 5.1.3).

    With a low-order key one signature fits many texts; `cryptography` takes it all the same.
    """
    if len(key) != 32:
        raise Malformed("Ed25519 key", f"expected 32 bytes, found {len(key)}")
    if not _full_order(key):
        raise DoesNotHold("Ed25519 key", "a canonical key of full order", key.hex())
    return key


@lru_cache(maxsize=4096)
def _full_order(key: bytes) -> bool:
    """Whether *key* is a point at all, written canonically, and none of the eight of low order."""
    y = int.from_bytes(key, "little") & ~(1 << 255)
    if y >= _PRIME or y in _LOW_ORDER:
        return False
    # x² = (y² − 1) / (d·y² + 1); OpenSSL takes what is on no curve, and then holds nothing by it.
    above, below = y * y - 1, _D * y * y + 1
    return pow(above * below, (_PRIME - 1) // 2, _PRIME) == 1


@lru_cache(maxsize=8192)
def key_id(name: str, key: bytes, kind: int = ED25519) -> bytes:
    """Return the 4-byte key id: the start of SHA-256(name ‖ newline ‖ type ‖ key)."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key name and a public key of 32 bytes that notes are checked against."""

    name: str
    key: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Malformed("key name", f"expected no space and no plus, found {quoted(self.name)}")
        check_public_key(self.key)

    @classmethod
    def parse(cls, vkey: str) -> "Verifier":
        """Return the verifier that a C2SP vkey `<name>+<id>+<base64>` writes."""
        match = _VKEY.fullmatch(vkey)
        if not match:
            raise Malformed("vkey", f"expected name+id+key, found {quoted(vkey, 120)}")
        data = read_base64(match[3], 33)
        if data[0] not in (ED25519, COSIGNATURE):
            raise Malformed("vkey", f"expected type 1 or 4, found {data[0]}")
        verifier = cls(match[1], data[1:], data[0])
        if str(verifier) != vkey:
            raise DoesNotHold("vkey", str(verifier), vkey)
        return verifier

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.key, self.kind)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{write_base64(bytes([self.kind]) + self.key)}"

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether *signature*, 64 bytes, is this key's over *text*; R and S canonical."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text)
        except InvalidSignature:
            return False
        return True

    def surely_holds(self, text: bytes, signature: bytes) -> bool:
        """Whether libsodium, in half the time, takes *signature*; where it does not, ask `holds`.

        What it takes OpenSSL takes, too: both compare R with the one that follows from S, and
        libsodium alone refuses an R of low order besides.
        """
        try:
            crypto_sign_open(signature + text, self.key)
        except BadSignatureError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with the name its notes carry."""

    name: str
    private: Ed25519PrivateKey
    verifier: Verifier = field(init=False, repr=False, compare=False)
    _line: tuple[bytes, bytes] = field(init=False, repr=False, compare=False)
    """What a signature stands behind, and what the bytes written begin with."""
    _secret: bytes = field(init=False, repr=False, compare=False)
    """The key as libsodium takes it: it signs the same bytes as OpenSSL, in two thirds."""

    def __post_init__(self) -> None:
        public = Verifier(self.name, self.private.public_key().public_bytes_raw())
        object.__setattr__(self, "verifier", public)
        object.__setattr__(self, "_secret", self.private.private_bytes_raw() + public.key)
        object.__setattr__(self, "_line", (f"\n— {self.name} ".encode(), public.id))

    @classmethod
    def generate(cls, name: str) -> "Signer":
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> "Signer":
        """Return the signer whose RFC 8032 private key is *seed*, 32 bytes."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def parse(cls, text: str) -> "Signer":
        """Return the signer that `PRIVATE+KEY+<name>+<id>+<base64>` writes, the twin of a vkey.

        Raise Malformed or DoesNotHold, neither repeating the secret.
        """
        match = _PRIVATE.fullmatch(text.strip())
        if not match:
            raise Malformed("signing key", "expected PRIVATE+KEY+name+id+key")
        try:
            data = read_base64(match[3], 33)
        except Malformed:
            # Its text would repeat the secret.
            raise Malformed("signing key", "expected base64 of 33 bytes") from None
        if data[0] != ED25519:
            raise Malformed("signing key", f"expected type 1, found {data[0]}")
        signer = cls.from_seed(match[1], data[1:])
        if signer.verifier.id.hex() != match[2]:
            raise DoesNotHold("signing key", f"id {signer.verifier.id.hex()}", match[2])
        return signer

    def written(self) -> str:
        """Return the key as text, to be kept where nobody else reads it."""
        seed = write_base64(bytes([ED25519]) + self.private.private_bytes_raw())
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{seed}"

    def sign(self, text: str) -> bytes:
        """Return the signed note over *text*, which ends in a newline."""
        data = text.encode()
        line, key = self._line
        return data + line + b2a_base64(key + crypto_sign(data, self._secret)[:64])


def signature_line(verifier: Verifier, signature: bytes) -> str:
    return f"— {verifier.name} {write_base64(verifier.id + signature)}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose it says it is (*name*, *id*) and its *value*, bytes."""

    name: str
    id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as written; nothing in it is checked yet but its form."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes, limit: int = TEXT_LIMIT) -> "Note":
        """Return the note in *data*; *limit* bytes bound its text."""
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("note", "expected UTF-8") from error
        text, separator, tail = whole.rpartition("\n\n")
        if not separator or not tail.endswith("\n"):
            raise Malformed("note", "expected a text, an empty line and signature lines")
        text += "\n"
        if len(text.encode()) > limit:
            raise Malformed("note", f"expected a text of at most {limit} bytes")
        if _FORBIDDEN.search(whole):
            raise Malformed("note", "expected no control character but newlines")
        # Each line is read in its one written form, and so is all that is made of them.
        return cls(text, tuple(_read_signature(line) for line in tail[:-1].split("\n")))

    def __bytes__(self) -> bytes:
        lines = (f"— {s.name} {write_base64(s.id + s.value)}\n" for s in self.signatures)
        return (self.text + "\n" + "".join(lines)).encode()

    def only_by(self, verifier: Verifier, what: str = "note") -> str:
        """Return the text if its one signature is *verifier*'s; raise DoesNotHold otherwise."""
        if len(self.signatures) != 1:
            raise Malformed(what, f"expected one signature line, found {len(self.signatures)}")
        self.signed_by(verifier, what)
        return self.text

    def signed_by(self, verifier: Verifier, what: str = "note") -> str:
        """Return the text if *verifier* signed it; others may have signed as well."""
        mine = [s for s in self.signatures if (s.name, s.id) == (verifier.name, verifier.id)]
        if not mine:
            names = ", ".join(f"{s.name}+{s.id.hex()}" for s in self.signatures)
            wanted = f"a signature by {verifier.name}+{verifier.id.hex()}"
            raise DoesNotHold(what, wanted, f"by {names}")
        if len(mine) > 1:
            raise Malformed(what, f"expected one signature line of {verifier.name}")
        if len(mine[0].value) != 64 or not verifier.holds(self.text.encode(), mine[0].value):
            raise DoesNotHold(what, f"a valid signature by {verifier.name}", "one that is not")
        return self.text


def _read_signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, value = rest.partition(" ")
    if dash != "—" or not _NAME.fullmatch(name):
        raise Malformed("signature line", f"found {quoted(line)}")
    data = read_base64(value)
    if len(data) < 5:
        raise Malformed("signature line", "expected a key id and a signature")
    return Signature(name, data[:4], data[4:])


def open_note(data: bytes, verifier: Verifier, what: str = "note", limit: int = TEXT_LIMIT) -> str:
    """Return the text of a note that *verifier*, and nobody else, signed."""
    return Note.parse(data, limit).only_by(verifier, what)
