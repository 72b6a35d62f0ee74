"""Trusted time: RFC 3161 tokens over a checkpoint's text without signatures.

A token is kept as the authority's whole answer (TimeStampResp, DER, the `.tsr` file), which
`openssl ts -verify` reads as well. Certificates are judged at the time stamped, so an authority
whose certificate has since expired still counts. Pure. Not here: asking an authority (adapters),
which checkpoints are stamped (custody.rounds), what a verifier says (verify_stamps).
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256, sha384, sha512

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import (
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence.layout import stamp_name
from accompany.evidence.receipts import Entry, named_entry
from accompany.evidence.text import read_base64

AUTHORITY = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What an authority may be called: its name stands in file names."""

TOKEN_LIMIT = 256 * 1024
"""Bytes in a token that are looked at."""

_PEM = re.compile(
    rb"-----BEGIN CERTIFICATE-----\n((?:[A-Za-z0-9+/]{1,64}={0,2}\n)+)-----END CERTIFICATE-----\n"
)
_HASHES = {
    "2.16.840.1.101.3.4.2.1": sha256,
    "2.16.840.1.101.3.4.2.2": sha384,
    "2.16.840.1.101.3.4.2.3": sha512,
}


@contextmanager
def _foreign(what: str) -> Iterator[None]:
    """Turn whatever the libraries raise for bent certificates and tokens into Malformed.

    Of many kinds: ValueError, KeyError for a letter's type, InvalidVersion, DuplicateExtension.
    """
    try:
        yield
    except AccompanyError:
        raise
    except BaseException as error:
        # A panic in a library's Rust is no Exception; whatever else is none must go on.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise Malformed(what, str(error)[:200] or type(error).__name__) from error


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a text was stamped, in milliseconds since 1970 UTC.

    `time` is the whole second that the token states. `earliest` and `latest` bound the moment:
    they take in the accuracy the authority states and the part of a second not read here.
    """

    time: int
    earliest: int
    latest: int


def stamp_entry(authority: str, size: int, token: bytes) -> Entry:
    return named_entry("timestamp", stamp_name(authority, size), token)


def read_stamp_name(name: str) -> tuple[str, int]:
    """Return (authority, size covered) of a stamp's name; raise Malformed for any other form."""
    authority, _, size = name.rpartition("-")
    if not AUTHORITY.fullmatch(authority) or not re.fullmatch("0|[1-9][0-9]{0,15}", size):
        raise Malformed("stamp name", f"expected <authority>-<size>, found {name[:80]!r}")
    return authority, int(size)


def read_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates in a PEM file, at least one; raise Malformed otherwise."""
    with _foreign("certificates"):
        return tuple(x509.load_pem_x509_certificates(data))


def read_pem(data: bytes) -> tuple[bytes, ...]:
    """Return the certificates (DER) in a package's PEM file, at least one; Malformed unless written
    as `write_certificates` writes it. What they say is not looked at."""
    found: tuple[bytes, ...] = ()
    with suppress(Malformed):
        bodies = (body.replace(b"\n", b"").decode("ascii") for body in _PEM.findall(data))
        found = tuple(map(read_base64, bodies))
    if not found or b"".join(map(write_pem, found)) != data:
        raise Malformed("certificates", "expected PEM, one certificate or more, and nothing else")
    return found


def write_pem(der: bytes) -> bytes:
    """Return one certificate in the one form that `read_pem` takes."""
    text = b64encode(der)
    lines = b"".join(text[at : at + 64] + b"\n" for at in range(0, len(text), 64))
    return b"-----BEGIN CERTIFICATE-----\n" + lines + b"-----END CERTIFICATE-----\n"


def load_chain(chain: Iterable[bytes]) -> tuple[x509.Certificate, ...]:
    """Return the certificates in *chain*, signer first; raise Malformed or DoesNotHold unless all
    of them are certificates and the last is issued by itself."""
    with _foreign("certificates"):
        found = tuple(map(x509.load_der_x509_certificate, chain))
        whole = found[-1].issuer.public_bytes() == found[-1].subject.public_bytes()
    if not whole:
        raise DoesNotHold("chain", "a root, issued by itself, at the end", "none")
    return found


def check_signer(token: bytes, signer: x509.Certificate) -> None:
    """Raise DoesNotHold unless the certificate in *token* that its signer names is *signer*.

    What is embedded is signed by nobody: otherwise the same token could carry any other one.
    """
    response = _decode(token)
    with _foreign("time stamp"):
        found = _signer(response, _embedded(response))
    if found != signer:
        raise DoesNotHold("time stamp", "the signer's certificate beside it", "another")


def check_stamp(
    token: bytes,
    text: str,
    anchors: Sequence[x509.Certificate],
    chain: Iterable[x509.Certificate] = (),
    nonce: int | None = None,
) -> Stamp:
    """Return when *text* was stamped, as one of *anchors* vouches; raise DoesNotHold otherwise.

    *chain* helps to find the way to an anchor and is not believed; *nonce* is the request's,
    where it is known. Everything is judged at the time stamped. Bent tokens raise Malformed.
    """
    response = _decode(token)
    with _foreign("time stamp"):
        _check_imprint(response, text)
        # A self-issued certificate handed in as intermediate would become an anchor.
        helping = [one for one in dict.fromkeys(chain) if one.issuer != one.subject]
        # Made afresh each time: `add_root_certificate` changes the builder it is called on.
        verifier = VerifierBuilder(
            roots=list(dict.fromkeys(anchors)), intermediates=helping, nonce=nonce
        ).build()
        try:
            verifier.verify_message(response, text.encode())
        except VerificationError as error:
            why = _why(error)
            raise DoesNotHold("time stamp", "one that an anchor vouches for", why) from error
        return _stamp(response)


def chain_of(token: bytes, known: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return the signer's certificate, those above it, and the root, as far as *known* reaches.

    They come from the token and from *known*; nothing is verified but who issued whom.
    """
    response = _decode(token)
    with _foreign("time stamp"):
        held = [*_embedded(response), *known]
        chain = [_signer(response, held)]
        while chain[-1].issuer != chain[-1].subject:
            above = next((one for one in held if _issued(one, chain[-1])), None)
            if above is None or above in chain:
                break
            chain.append(above)
    return tuple(chain)


def write_certificates(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def _decode(token: bytes) -> TimeStampResponse:
    if len(token) > TOKEN_LIMIT:
        raise Malformed("time stamp", f"expected at most {TOKEN_LIMIT} bytes, found {len(token)}")
    with _foreign("time stamp"):
        response = decode_timestamp_response(token)
        status = response.status
    if status != 0:
        said = "; ".join(response.status_string)[:200] or "without a reason"
        raise DoesNotHold("time stamp", "status granted (0)", f"status {status}, {said}")
    return response


def _check_imprint(response: TimeStampResponse, text: str) -> None:
    imprint = response.tst_info.message_imprint
    algorithm = imprint.hash_algorithm.dotted_string
    if algorithm not in _HASHES:
        raise DoesNotHold("time stamp", "an imprint by SHA-256, 384 or 512", algorithm)
    expected = _HASHES[algorithm](text.encode()).digest()
    if imprint.message != expected:
        found = imprint.message.hex()[:128]
        raise DoesNotHold("time stamp", f"over {expected.hex()}", f"over {found}")


def _stamp(response: TimeStampResponse) -> Stamp:
    time = int(response.tst_info.gen_time.timestamp()) * 1000
    accuracy = response.tst_info.accuracy
    spread = 0
    if accuracy is not None:
        micros = accuracy.micros or 0
        spread = (accuracy.seconds or 0) * 1000 + (accuracy.millis or 0) + -(-micros // 1000)
    # rfc3161-client drops the fraction of the second: up to 999 ms later than it says.
    return Stamp(time, time - spread, time + spread + 999)


def _embedded(response: TimeStampResponse) -> list[x509.Certificate]:
    found = sorted(response.signed_data.certificates)
    return [x509.load_der_x509_certificate(one) for one in found]


def _signer(response: TimeStampResponse, held: Sequence[x509.Certificate]) -> x509.Certificate:
    infos = list(response.signed_data.signer_infos)
    if len(infos) != 1:
        raise Malformed("time stamp", f"expected one signer, found {len(infos)}")
    for one in held:
        if (one.issuer, one.serial_number) == (infos[0].issuer, infos[0].serial_number):
            return one
    raise DoesNotHold("time stamp", "the signer's certificate", "none")


def _issued(above: x509.Certificate, below: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except Exception:
        # Whatever the reason (name, key type, signature): not this one.
        return False
    return True


def _why(error: VerificationError) -> str:
    """Return OpenSSL's own sentence, without the places in its source."""
    said = re.search(r'Verify error: ([^"]*)', str(error))
    return said[1] if said else str(error)[:200]
