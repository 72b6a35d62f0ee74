"""age v1: sealing bytes to people's keys, and opening them (c2sp.org/age).

    header    age_header.py: the file key, sealed to each recipient
    payload   16 bytes of nonce, then chunks of 64 KiB, each sealed under its number and whether
              it is the last: so nothing can be cut off, swapped or appended

Everything others need is imported from here. Chance is drawn inside `cryptography`. Not here:
passphrases (scrypt), armor, plugins; what is kept from whom; what the sealed bytes mean.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import count
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from accompany.evidence.age_header import (
    FILE_KEY_SIZE,
    HEADER_LIMIT,
    HYBRID,
    TAG_SIZE,
    AgeError,
    BadRecipients,
    Header,
    HeaderFailure,
    MacFailure,
    NoMatch,
    PayloadFailure,
    Stanza,
    derive,
    header_mac,
    parse_header,
)
from accompany.evidence.age_keys import (
    X25519,
    HybridIdentity,
    HybridRecipient,
    Identity,
    Recipient,
    X25519Identity,
    X25519Recipient,
    parse_identity,
    parse_recipient,
)

__all__ = [
    "HYBRID",
    "X25519",
    "AgeError",
    "BadRecipients",
    "Header",
    "HeaderFailure",
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "MacFailure",
    "NoMatch",
    "PayloadFailure",
    "Recipient",
    "Stanza",
    "X25519Identity",
    "X25519Recipient",
    "decrypt",
    "decrypt_chunks",
    "decrypt_stream",
    "decrypt_with_file_key",
    "encrypt",
    "encrypt_stream",
    "file_key",
    "parse_header",
    "parse_identity",
    "parse_recipient",
]

NONCE_SIZE = 16
CHUNK_SIZE = 64 * 1024


class _Tap:
    """A source that can be looked into ahead and gives short reads only at its end."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        while len(self._ahead) < size and (more := self._source.read(size - len(self._ahead))):
            self._ahead += more
        return self._ahead[:size]

    def take(self, size: int) -> bytes:
        taken = self.peek(size)
        self._ahead = self._ahead[len(taken) :]
        return taken

    def chunks(self, size: int) -> Iterator[tuple[int, bytes, bool]]:
        """Yield number, bytes and whether it is the last; an empty source is one empty chunk."""
        for number in count():
            chunk = self.take(size)
            last = not self.peek(1)
            yield number, chunk, last
            if last:
                return


def _chunk_nonce(number: int, final: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([final])


def _sealed(source: BinaryIO, recipients: Sequence[Recipient]) -> Iterator[bytes]:
    if len({type(recipient) for recipient in recipients}) != 1:
        # The weaker would decide: sealed film collected today must not open in ten years.
        raise BadRecipients("mixed kinds" if recipients else "expected at least one")
    file_key = ChaCha20Poly1305.generate_key()[:FILE_KEY_SIZE]
    stanzas = tuple(recipient.wrap(file_key) for recipient in recipients)
    header = Header(stanzas, header_mac(stanzas, file_key).finalize())
    if header.size > HEADER_LIMIT:
        raise BadRecipients(f"{len(recipients)} make a header over {HEADER_LIMIT} bytes")
    nonce = ChaCha20Poly1305.generate_key()[:NONCE_SIZE]
    yield bytes(header) + nonce
    cipher = ChaCha20Poly1305(derive(file_key, nonce, b"payload"))
    for number, chunk, last in _Tap(source).chunks(CHUNK_SIZE):
        yield cipher.encrypt(_chunk_nonce(number, last), chunk, None)


def encrypt(plaintext: bytes, recipients: Sequence[Recipient]) -> bytes:
    """Return *plaintext* sealed to every one of *recipients*, under fresh keys each time.

    Raises BadRecipients for none at all, for hybrid ones mixed with others, and for too many.
    """
    return b"".join(_sealed(BytesIO(plaintext), recipients))


def encrypt_stream(source: BinaryIO, target: BinaryIO, recipients: Sequence[Recipient]) -> None:
    """Seal *source* to its end into *target* (buffered), in flat memory; otherwise as `encrypt`.

    After an error from either, *target* holds a file that no reader accepts.
    """
    for piece in _sealed(source, recipients):
        target.write(piece)


def _unwrap(header: Header, identities: Sequence[Identity]) -> bytes:
    for identity in identities:
        file_key = identity.unwrap(header.stanzas)
        if file_key is not None:
            header.check(file_key)
            return file_key
    raise NoMatch(tuple(stanza.kind for stanza in header.stanzas))


def _begin(tap: _Tap) -> Header:
    header = parse_header(tap.peek(HEADER_LIMIT))
    tap.take(header.size)
    return header


def _opened(tap: _Tap, file_key: bytes) -> Iterator[bytes]:
    """Take the nonce now, and open chunks as they are asked for."""
    nonce = tap.take(NONCE_SIZE)
    if len(nonce) != NONCE_SIZE:
        raise HeaderFailure(f"expected a nonce of {NONCE_SIZE} bytes, found {len(nonce)}")
    return _opened_chunks(tap, ChaCha20Poly1305(derive(file_key, nonce, b"payload")))


def _opened_chunks(tap: _Tap, cipher: ChaCha20Poly1305) -> Iterator[bytes]:
    for number, sealed, last in tap.chunks(CHUNK_SIZE + TAG_SIZE):
        chunk, final = _open_chunk(cipher, number, sealed, last)
        if final and number and not chunk:
            raise PayloadFailure(number, "the last chunk is empty")
        yield chunk
        if final and not last:
            raise PayloadFailure(number, "bytes follow the last chunk")
        if last and not final:
            raise PayloadFailure(number, "cut: this is not the last chunk, but nothing follows")


def _open_chunk(
    cipher: ChaCha20Poly1305, number: int, sealed: bytes, last: bool
) -> tuple[bytes, bool]:
    """Return the chunk and whether it was sealed as the last.

    A whole chunk is tried as both: what is authentic may be released before the end is refused.
    """
    whole = len(sealed) == CHUNK_SIZE + TAG_SIZE
    for final in (last, not last) if whole else (True,):
        try:
            return cipher.decrypt(_chunk_nonce(number, final), sealed, None), final
        except InvalidTag:
            continue
    raise PayloadFailure(number, "bent or cut")


def decrypt_chunks(source: BinaryIO, identities: Sequence[Identity]) -> Iterator[bytes]:
    """Check the header now; then yield the plaintext, up to 64 KiB at a time, in flat memory.

    Each piece is authentic and in its place when it comes, but **whether the file was cut shows
    only when the iterator ends**: until it has ended without PayloadFailure, what was yielded is
    a beginning of unknown length. For sources that cannot be read twice; `decrypt` and
    `decrypt_stream` release nothing of a cut file.
    """
    tap = _Tap(source)
    return _opened(tap, _unwrap(_begin(tap), identities))


def decrypt(data: bytes, identities: Sequence[Identity]) -> bytes:
    """Return the plaintext of the age file *data*, all of it or nothing.

    Raises HeaderFailure, MacFailure, NoMatch, PayloadFailure. Identities are tried in order.
    """
    return b"".join(decrypt_chunks(BytesIO(data), identities))


def decrypt_stream(source: BinaryIO, target: BinaryIO, identities: Sequence[Identity]) -> None:
    """Open *source*, from where it stands to its end, into *target*, in flat memory.

    It is read twice, so it must be seekable: first to its end, writing nothing, then once more to
    write. A file that is bent or cut raises as `decrypt` does before a byte is written. (Should
    somebody change it between the two, the second reading raises, and *target* is to be dropped.)
    """
    start = source.tell()
    for _ in decrypt_chunks(source, identities):
        pass
    source.seek(start)
    for chunk in decrypt_chunks(source, identities):
        target.write(chunk)


def file_key(data: bytes, identities: Sequence[Identity]) -> bytes:
    """Return the 16 bytes that open this one file and no other; the header's MAC holds.

    Raises HeaderFailure, MacFailure, NoMatch. The payload is not looked at.
    """
    return _unwrap(parse_header(data), identities)


def decrypt_with_file_key(data: bytes, file_key: bytes) -> bytes:
    """Return the plaintext of *data*, all of it or nothing, to who was shown its *file_key*.

    Raises MacFailure where the key is another file's, Malformed where it is not 16 bytes;
    otherwise as `decrypt`. Stanzas are checked for form only.
    """
    tap = _Tap(BytesIO(data))
    _begin(tap).check(file_key)
    return b"".join(_opened(tap, file_key))
