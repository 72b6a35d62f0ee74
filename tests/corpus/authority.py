"""A time-stamp authority without chance: RFC 3161 tokens, DER written here, bendable in every part.

    one = Authority("one")
    one.stamp("text", time)          a TimeStampResp over the text, at that time (ms since 1970)
    one.stamp("text", time, Bends(signer=...))

Keys come from seeds and signatures draw no chance, so the bytes are the same each time. Tests with
a real authority (`openssl ts`) are tests/evidence/test_timestamps.py and test_verify_stamps.py.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha1, sha256, sha512

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from evidence.making import START, seed

DAY = 86_400_000
TST_INFO = "1.2.840.113549.1.9.16.1.4"
_HASHES = {
    "2.16.840.1.101.3.4.2.1": sha256,
    "2.16.840.1.101.3.4.2.3": sha512,
    "1.3.14.3.2.26": sha1,
}
SHA256, SHA512, SHA1 = _HASHES
_SMALL = [n for n in range(3, 2000, 2) if all(n % m for m in range(3, n, 2))]
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def der(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = b""
    for arc in (40 * first + second, *rest):
        part = bytes([arc & 0x7F])
        while arc := arc >> 7:
            part = bytes([0x80 | arc & 0x7F]) + part
        body += part
    return der(6, body)


def sequence(*content: bytes) -> bytes:
    return der(0x30, *content)


def set_of(*content: bytes) -> bytes:
    return der(0x31, *sorted(content))


@cache
def key_of(word: str, kind: str = "ec") -> Key:
    if kind == "ec":
        return ec.derive_private_key(int.from_bytes(seed(f"key {word}"), "big"), ec.SECP256R1())
    p, q = _prime(f"{word} p"), _prime(f"{word} q")
    private = pow(65537, -1, (p - 1) * (q - 1))
    parts = private % (p - 1), private % (q - 1), pow(q, -1, p)
    public = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, private, *parts, public).private_key()


def _prime(word: str) -> int:
    """Return a prime of 1024 bits with both highest bits set; good for tests, for nothing else."""
    start = int.from_bytes(b"".join(seed(f"{word} {n}") for n in range(4)), "big")
    candidate = start | 3 << 1022 | 1
    while any(candidate % small == 0 for small in _SMALL) or pow(2, candidate - 1, candidate) != 1:
        candidate += 2
    return candidate


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(microsecond=0)


def name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _general(milliseconds: int) -> bytes:
    """GeneralizedTime in DER: no zeros behind the last digit of a second, no lone full stop."""
    second, rest = f"{moment(milliseconds):%Y%m%d%H%M%S}", milliseconds % 1000
    return f"{second}.{rest:03d}".rstrip("0").encode() + b"Z" if rest else f"{second}Z".encode()


@dataclass(frozen=True)
class Certified:
    key: Key
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True)
class Form:
    """What a certificate may say otherwise than a good one."""

    ca: bool = True
    path: int | None = None
    usage: tuple[ObjectIdentifier, ...] | None = None
    critical: bool = True
    since: int = START - 400 * DAY
    until: int = START + 400 * DAY
    strange: bool = False
    """An extension that nobody knows, and critical."""


CA = Form()
STAMPING = Form(ca=False, usage=(ExtendedKeyUsageOID.TIME_STAMPING,))


def certify(common: str, key: Key, issuer: Certified | None = None, form: Form = CA) -> Certified:
    above = issuer.certificate.subject if issuer else name(common)
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(seed(f"serial {common}")[:8], "big") | 1)
        .not_valid_before(moment(form.since))
        .not_valid_after(moment(form.until))
        .add_extension(x509.BasicConstraints(form.ca, form.path), critical=True)
    )
    if form.usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(form.usage), form.critical)
    if form.strange:
        unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=True)
    curve = isinstance(signer, ec.EllipticCurvePrivateKey)
    made = builder.sign(signer, hashes.SHA256(), ecdsa_deterministic=True if curve else None)
    return Certified(key, made)


@dataclass(frozen=True)
class Bends:
    """What a token may say otherwise than a good one."""

    imprint: str = SHA256
    digest: bytes | None = None
    """The digest in the imprint, where it is another text's."""
    status: int = 0
    content: str = TST_INFO
    by: Certified | None = None
    """Who really signs, under the authority's name."""
    attributes: bool = True
    certificates: bool = True
    version: int = 1


class Authority:
    """Root, one between, and a signer; *form* is the signer's certificate's, *kind* its key's."""

    def __init__(
        self, word: str, form: Form = STAMPING, kind: str = "ec", middle: Form = CA
    ) -> None:
        self.word = word
        self.root = certify(f"{word} root", key_of(f"{word} root"))
        self.middle = certify(f"{word} middle", key_of(f"{word} middle", kind), self.root, middle)
        self.signer = certify(f"{word} signer", key_of(f"{word} signer", kind), self.middle, form)

    @property
    def chain(self) -> bytes:
        return self.signer.pem + self.middle.pem + self.root.pem

    def stamp(self, text: str, time: int, bends: Bends = Bends()) -> bytes:
        digest = bends.digest or _HASHES[bends.imprint](text.encode()).digest()
        status = sequence(integer(bends.status))
        if bends.status > 1:
            return sequence(status)
        info = sequence(
            integer(bends.version),
            oid("1.2.3.4.1"),
            sequence(sequence(oid(bends.imprint), b"\x05\x00"), der(4, digest)),
            integer(7),
            der(0x18, _general(time)),
            sequence(integer(1), der(0x80, b"\x01\xf4")),
            integer(int.from_bytes(seed(text)[:6], "big")),
        )
        return sequence(status, self._signed(info, bends))

    def _signed(self, info: bytes, bends: Bends) -> bytes:
        signer = bends.by or self.signer
        attributes = set_of(
            sequence(oid("1.2.840.113549.1.9.3"), set_of(oid(bends.content))),
            sequence(oid("1.2.840.113549.1.9.4"), set_of(der(4, sha256(info).digest()))),
            sequence(
                oid("1.2.840.113549.1.9.16.2.47"),
                set_of(sequence(sequence(sequence(der(4, sha256(self.signer.der).digest()))))),
            ),
        )
        said = self.signer.certificate
        who = sequence(said.issuer.public_bytes(), integer(said.serial_number))
        algorithm, value = _sign(signer.key, attributes if bends.attributes else info)
        inner = sequence(
            integer(1),
            who,
            sequence(oid(SHA256), b"\x05\x00"),
            *([b"\xa0" + attributes[1:]] if bends.attributes else []),
            algorithm,
            der(4, value),
        )
        held = [self.signer.der, self.middle.der] if bends.certificates else []
        data = sequence(
            integer(3),
            set_of(sequence(oid(SHA256), b"\x05\x00")),
            sequence(oid(bends.content), der(0xA0, der(4, info))),
            *([b"\xa0" + set_of(*held)[1:]] if held else []),
            set_of(inner),
        )
        return sequence(oid("1.2.840.113549.1.7.2"), der(0xA0, data))


def _sign(key: Key, data: bytes) -> tuple[bytes, bytes]:
    if isinstance(key, rsa.RSAPrivateKey):
        value = key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return sequence(oid("1.2.840.113549.1.1.1"), b"\x05\x00"), value
    value = key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return sequence(oid("1.2.840.10045.4.3.2")), value
