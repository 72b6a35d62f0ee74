"""Packages with time stamps: by authorities that are believed, unknown, expired, or forged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cryptography.x509.oid import ExtendedKeyUsageOID

from accompany.evidence import layout
from accompany.evidence.checkpoints import Proof, write_consistency
from accompany.evidence.merkle import consistency_proof
from accompany.evidence.package import CustodyLine, SealedContents
from accompany.evidence.timestamps import stamp_entry, write_pem
from corpus.authority import CA, DAY, SHA1, SHA512, STAMPING, Authority, Bends, Form
from corpus.cases import Case
from evidence.making import (
    START,
    Log,
    Package,
    Recording,
    Server,
    sealed,
    signer,
)

KIND = "time stamps"
ONE, TWO = Authority("one"), Authority("two", kind="rsa")
ANCHORS = (ONE.root.pem + TWO.root.pem).decode()


@dataclass(frozen=True)
class Stamping:
    """One stamp over the log's first *size* entries, at *time* (ms since 1970)."""

    authority: Authority
    size: int
    time: int
    bends: Bends = Bends()  # noqa: RUF009

    @property
    def name(self) -> str:
        return f"{self.authority.word}-{self.size}"


class _Stamped:
    """A log that was stamped, and the files that show it in a package."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._tokens: list[tuple[Stamping, bytes, int, bytes]] = []

    def stamp(self, stamping: Stamping) -> None:
        checkpoint = self.log.checkpoint(stamping.size)
        token = stamping.authority.stamp(str(checkpoint), stamping.time, stamping.bends)
        index = self.log.append(stamp_entry(stamping.authority.word, stamping.size, token))
        self._tokens.append((stamping, token, index, checkpoint.sign(self.log.signer)))

    def files(self, note: bytes, size: int) -> Iterator[tuple[str, bytes]]:
        for stamping, token, index, stamped in self._tokens:
            proof = consistency_proof(stamping.size, size, self.log.nodes)
            yield f"{stamping.name}.tsr", token
            yield f"{stamping.name}.checkpoint", stamped
            yield f"{stamping.name}.pem", stamping.authority.chain
            yield f"{stamping.name}.consistency", write_consistency(stamping.size, size, proof)
            yield f"{stamping.name}.tlog-proof", self.log.proof(index, note, size)


def stamped(*late: Stamping, early: bool = True, word: str = "film") -> Package:
    """A film, stamped before it began and, by *late*, after: sizes count from its first entry."""
    log = Log()
    log.pad(20)
    stamps = _Stamped(log)
    if early:
        stamps.stamp(Stamping(ONE, 20, START - 60_000))
    log.pad(1, "after the stamp")
    seen = log.checkpoint()
    recording = Recording(word, after=(seen.size, seen.root)).film(3).gap(1200).film(2).close()

    def bend(contents: SealedContents) -> SealedContents:
        for stamping in late:
            stamps.stamp(replace(stamping, size=seen.size + stamping.size))
        return _grown(contents, stamps, seen.size)

    return sealed(recording, Server(log, bend=bend))


def _grown(contents: SealedContents, stamps: _Stamped, old: int) -> SealedContents:
    """The same contents under a later checkpoint of the log."""
    log = stamps.log
    log.pad(3, "later")
    checkpoint = log.checkpoint()
    note, size = checkpoint.sign(log.signer), checkpoint.size

    def led(proof: bytes) -> bytes:
        return log.proof(Proof.parse(proof).index, note, size)

    return replace(
        contents,
        checkpoint=note,
        proofs=tuple(map(led, contents.proofs)),
        after=write_consistency(old, size, consistency_proof(old, size, log.nodes)),
        custody=tuple(CustodyLine(line.line, led(line.proof)) for line in contents.custody or ()),
        stamps=dict(stamps.files(note, size)),
    )


def good_stamps() -> Package:
    """Stamped over the first statements, over all of them, and by two authorities."""
    return stamped(
        Stamping(ONE, 4, START + 60_000), Stamping(TWO, 4, START + 61_500),
        Stamping(ONE, 11, START + 660_000), Stamping(TWO, 12, START + 660_777),
    )  # fmt: skip


def cases() -> Iterator[Case]:
    good = good_stamps()
    held = frozenset({"stamps-hold"})
    yield Case("good", "stamped by two authorities", good, anchors=ANCHORS, holds=held)
    open_ = ("stamps",)
    yield Case("left open", "stamps without anchors", good, open=open_)
    both = ("stamp-anchor", "stamp-anchor")
    yield Case(
        "tokens by unknown authorities",
        "one of two",
        good,
        open=both,
        anchors=ONE.root.pem.decode(),
    )
    stranger = Authority("stranger").root.pem.decode()
    open_ = ("stamp-anchor",) * 5
    yield Case("tokens by unknown authorities", "all", good, open=open_, anchors=stranger)
    middle = ONE.middle.pem.decode()
    yield Case(
        "tokens by unknown authorities", "one between is no root", good, open=open_, anchors=middle
    )
    yield from _authorities()
    yield from _files(good)


def _stamp_by(authority: Authority, bends: Bends = Bends(), time: int = START + 60_000) -> Package:  # noqa: B008
    return stamped(Stamping(authority, 11, time, bends), early=False)


def _authorities() -> Iterator[Case]:
    """Authorities and tokens that are otherwise than they should be, logged all the same."""
    usage = STAMPING.usage or ()
    for name, authority in {
        "not for time stamps": Authority("a1", Form(ca=False)),
        "not critical": Authority("a2", replace(STAMPING, critical=False)),
        "for code as well": Authority(
            "a3", replace(STAMPING, usage=(*usage, ExtendedKeyUsageOID.CODE_SIGNING))
        ),
        "expired before": Authority("a4", replace(STAMPING, until=START - DAY)),
        "not yet valid": Authority("a5", replace(STAMPING, since=START + DAY)),
        "with an extension nobody knows": Authority("a6", replace(STAMPING, strange=True)),
        "under one that is no authority": Authority("a7", middle=Form(ca=False)),
        "under one that expired": Authority("a8", middle=replace(CA, until=START - DAY)),
    }.items():
        anchors = authority.root.pem.decode()
        path = f"data/log/timestamps/{authority.word}-32.tsr"
        fails = {path: {"stamp-token"}}
        yield Case(KIND, f"a signer {name}", _stamp_by(authority), fails, anchors=anchors)
    for name, bends in {
        "over another text": Bends(digest=bytes(32)),
        "by SHA-1": Bends(imprint=SHA1),
        "refused": Bends(status=2),
        "granted with changes": Bends(status=1),
        "of another content": Bends(content="1.2.840.113549.1.7.1"),
        "by somebody else's key": Bends(by=TWO.signer),
        "without certificates": Bends(certificates=False),
    }.items():
        fails = {"data/log/timestamps/one-32.tsr": {"stamp-token"}}
        yield Case(KIND, f"a token {name}", _stamp_by(ONE, bends), fails, anchors=ANCHORS)
    for name, bends in {
        "by SHA-512": Bends(imprint=SHA512),
        "without signed attributes": Bends(attributes=False),
        "of another version": Bends(version=2),
    }.items():
        yield Case("good", f"a token {name}", _stamp_by(ONE, bends), anchors=ANCHORS)
    expired = Authority("later", replace(STAMPING, until=START + DAY))
    later = _stamp_by(expired, time=START + 60_000)
    yield Case("good", "a signer that expired since", later, anchors=expired.root.pem.decode())
    lone = Authority("lone", middle=Form(path=0))
    yield Case("good", "a path of length none", _stamp_by(lone), anchors=lone.root.pem.decode())


VERSION_3, VERSION_4 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03"


def _chain_with(old: bytes, new: bytes) -> bytes:
    """The chain of the first authority, its middle certificate bent: libraries panic at some."""
    middle = ONE.middle.der.replace(old, new, 1)
    assert middle != ONE.middle.der
    return ONE.signer.pem + write_pem(middle) + ONE.root.pem


def _files(good: Package) -> Iterator[Case]:
    """Files of one stamp exchanged for those of another."""

    def path(name: str, part: str) -> str:
        return layout.stamp_path(name, part)

    other = good.files

    def of(part: str, source: str) -> dict[str, bytes | None]:
        """Put the same part of another stamp in its place."""
        return {path("one-33", part): other[path(source, part)]}

    forged = Authority("attacker")
    text = other[path("one-33", "checkpoint")].decode().partition("\n\n")[0] + "\n"
    changes: Mapping[str, dict[str, bytes | None]] = {
        "a token over another checkpoint": of("tsr", "one-26"),
        "a checkpoint of another size": of("checkpoint", "one-26"),
        "a consistency proof of another size": of("consistency", "one-26"),
        "the proof of another token": of("tlog-proof", "two-34"),
        "a chain without its root": {path("one-33", "pem"): ONE.signer.pem},
        "another chain": {path("one-33", "pem"): TWO.chain},
        "an attacker's own authority": {
            path("one-33", "tsr"): forged.stamp(text, START), path("one-33", "pem"): forged.chain
        },
        "no chain": {path("one-33", "pem"): b""},
        "a chain with words around it": {path("one-33", "pem"): b"hello\n" + ONE.chain},
        "no token": {path("one-33", "tsr"): b""},
        "a token cut": {path("one-33", "tsr"): other[path("one-33", "tsr")][:-5]},
        "a certificate of version 4 in the token": {
            path("one-33", "tsr"): other[path("one-33", "tsr")].replace(VERSION_3, VERSION_4, 1)
        },
        "a certificate of version 4 in the chain": {
            path("one-33", "pem"): _chain_with(VERSION_3, VERSION_4)
        },
        "a name of unknown letters in the chain": {
            path("one-33", "pem"): _chain_with(b"\x0c\x08one root", b"\x04\x08one root")
        },
        "a chain of base64 that is none": {
            path("one-33", "pem"): ONE.chain.replace(b"\n-----END", b"A\n-----END", 1)
        },
        "all five files gone": {path("one-33", part): None for part in layout.STAMP_PARTS},
        "a checkpoint by a stranger": {
            path("one-33", "checkpoint"): signer("log.example.org/accompany", "x").sign(text)
        },
    }  # fmt: skip
    for name, change in changes.items():
        yield Case(KIND, name, good.having(change), fails=None, open=None, anchors=ANCHORS)
