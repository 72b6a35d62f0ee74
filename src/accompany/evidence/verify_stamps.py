"""Checking the time stamps of a package, and the bracket of time that they give.

A statement was made after every token that stands in the log before the checkpoint its opening
names, and before every stamp over a checkpoint that covers it. Only tokens that hold, whose
authority an anchor given from outside vouches for, and that the log holds, give a bracket.
Pure. Not here: what a token is (timestamps), the page (report).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from accompany.errors import DoesNotHold, Malformed
from accompany.evidence import layout
from accompany.evidence.checkpoints import Checkpoint, parse_checkpoint, read_consistency
from accompany.evidence.contents import Contents
from accompany.evidence.findings import Findings
from accompany.evidence.merkle import check_consistency
from accompany.evidence.timestamps import (
    Stamp,
    check_signer,
    check_stamp,
    load_chain,
    read_pem,
    read_stamp_name,
    stamp_entry,
)
from accompany.evidence.verify_log import Keys, LogReader, pick


@dataclass(frozen=True, slots=True)
class Believed:
    """A stamp that holds: its name, the size it covers, its token's leaf, and when it was."""

    name: str
    size: int
    index: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Bracket:
    """Statements *first* to *last* stood in the log by `not_after` (ms; None: no stamp says).

    `began` and `ended` are by the device's clock; `delays` (least, most) are from the device's end
    of a statement to the server's receipt, by the two clocks: they may be negative.
    """

    first: int
    last: int
    not_after: int | None
    by: str
    began: int
    ended: int
    delays: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Told:
    """Of one statement: its leaf, the device's start and end, and the receipt's time if known."""

    number: int
    index: int | None
    began: int
    ended: int
    received: int | None


def check_stamps(
    contents: Contents,
    keys: Keys,
    log: LogReader,
    anchors: Sequence[x509.Certificate],
    findings: Findings,
) -> tuple[Believed, ...]:
    """Return the stamps that hold and that *anchors* vouch for; the others are findings."""
    names = sorted({found.stamp for found in contents.places.values() if found.stamp})
    believed: list[Believed] = []
    for name in names:
        found = _Stamp(contents, keys, log, findings, name).check(anchors)
        if found is not None:
            believed.append(found)
    if names and not anchors:
        findings.add("stamps", names=", ".join(names))
    if believed and len(believed) == len(names):
        authorities = sorted({read_stamp_name(one.name)[0] for one in believed})
        findings.add("stamps-hold", count=len(believed), names=", ".join(authorities))
    return tuple(believed)


class _Stamp:
    """One stamp: five files that belong together."""

    def __init__(
        self, contents: Contents, keys: Keys, log: LogReader, findings: Findings, name: str
    ) -> None:
        self._keys = keys
        self._log = log
        self._findings = findings
        self._name = name
        self._parts: dict[str, bytes] = {}
        for part in layout.STAMP_PARTS:
            data = contents.need(layout.stamp_path(name, part))
            if data is not None:
                self._parts[part] = data

    def check(self, anchors: Sequence[x509.Certificate]) -> Believed | None:
        """Return the stamp if everything in it holds and an anchor vouches for it."""
        if len(self._parts) < len(layout.STAMP_PARTS):
            return None
        before = self._findings.failed()
        authority, size = read_stamp_name(self._name)
        token = self._parts["tsr"]
        text = self._checkpoint(size)
        path = self._path("tlog-proof")
        entry = stamp_entry(authority, size, token)
        index = self._log.take_proof(path, self._parts["tlog-proof"], entry, None)
        chain = self._token(token, text) if text is not None else None
        if chain is None or text is None or not anchors:
            return None
        stamp = self._vouched(token, text, anchors, chain)
        if stamp is None or index is None or self._log.checkpoint is None or not self._keys.log:
            return None
        if self._findings.failed() > before:
            return None
        return Believed(self._name, size, index, stamp)

    def _path(self, part: str) -> str:
        return layout.stamp_path(self._name, part)

    def _checkpoint(self, size: int) -> str | None:
        """Return the text that was stamped, if it is in form; what is wrong is a finding."""
        path = self._path("checkpoint")
        text: str | None = None
        with self._findings.under("stamp-checkpoint", path):
            stamped, note = parse_checkpoint(self._parts["checkpoint"])
            text = note.text
            expected = f"{self._keys.origin} over {size} entries"
            if (stamped.origin, stamped.size) != (self._keys.origin, size):
                found = f"{stamped.origin} over {stamped.size} entries"
                raise DoesNotHold("checkpoint", expected, found)
            key = pick(self._keys.log, note)
            if key is not None:
                note.signed_by(key, path)
            self._consistency(stamped)
        return text

    def _consistency(self, stamped: Checkpoint) -> None:
        checkpoint = self._log.checkpoint
        if checkpoint is None:
            return
        path = self._path("consistency")
        with self._findings.under("stamp-consistency", path):
            old, new, hashes = read_consistency(self._parts["consistency"])
            if (old, new) != (stamped.size, checkpoint.size):
                expected = f"old {stamped.size}, new {checkpoint.size}"
                raise DoesNotHold("consistency", expected, f"old {old}, new {new}")
            check_consistency(old, new, stamped.root, checkpoint.root, hashes)

    def _token(self, token: bytes, text: str) -> tuple[x509.Certificate, ...] | None:
        """Check the token by the chain beside it, which is only what the package says of itself.

        Why it does not hold is not said: that is for `openssl ts` to tell, and differs by library.
        """
        with self._findings.under("form", self._path("pem")):
            written = read_pem(self._parts["pem"])
            try:
                chain = load_chain(written)
                check_signer(token, chain[0])
                check_stamp(token, text, chain[-1:], chain[:-1])
                return chain
            except (DoesNotHold, Malformed):
                digest = sha256(text.encode()).hexdigest()
                expected = f"a time stamp over {digest} that the chain beside it vouches for"
                self._findings.add("stamp-token", self._path("tsr"), expected, "none that holds")
        return None

    def _vouched(
        self,
        token: bytes,
        text: str,
        anchors: Sequence[x509.Certificate],
        chain: Sequence[x509.Certificate],
    ) -> Stamp | None:
        try:
            return check_stamp(token, text, anchors, chain)
        except (DoesNotHold, Malformed):
            self._findings.add("stamp-anchor", self._path("pem"), "an authority given", _of(chain))
            return None


def _of(chain: Sequence[x509.Certificate]) -> str:
    return f"one whose root has SHA-256 {chain[-1].fingerprint(SHA256()).hex()}"


def not_before(believed: Iterable[Believed], after: int | None) -> tuple[int, str] | None:
    """Return (ms, stamp) of the latest token among the log's first *after* entries, or None.

    Whoever names the checkpoint over them has seen a tree that holds the token, so is later.
    """
    known = [one for one in believed if after is not None and one.index < after]
    best = max(known, key=lambda one: (one.stamp.earliest, one.size), default=None)
    return None if best is None else (best.stamp.earliest, best.name)


def not_after(believed: Iterable[Believed], index: int | None) -> tuple[int, str] | None:
    """Return (ms, stamp) of the earliest stamp over a tree that holds leaf *index*, or None."""
    known = [one for one in believed if index is not None and one.size > index]
    best = min(known, key=lambda one: (one.stamp.latest, one.size), default=None)
    return None if best is None else (best.stamp.latest, best.name)


def brackets(believed: Sequence[Believed], told: Iterable[Told]) -> tuple[Bracket, ...]:
    """Return the bracket of every statement; neighbours with the same one stand together."""
    ends = ((not_after(believed, one.index), one) for one in told)
    return tuple(_brackets(ends))


def _brackets(ends: Iterable[tuple[tuple[int, str] | None, Told]]) -> Iterator[Bracket]:
    for end, group in groupby(ends, key=lambda pair: pair[0]):
        members = [one for _, one in group]
        delays = [one.received - one.ended for one in members if one.received is not None]
        yield Bracket(
            members[0].number,
            members[-1].number,
            end[0] if end else None,
            end[1] if end else "",
            min(one.began for one in members),
            max(one.ended for one in members),
            (min(delays), max(delays)) if delays else None,
        )
