"""The cases that other tests bend already, under the names of issue 3's classes."""

import json
from collections.abc import Iterator
from dataclasses import replace

from accompany.evidence import layout
from accompany.evidence.notes import signature_line
from accompany.evidence.text import write_base64
from corpus.cases import Case
from evidence import making, test_verify
from evidence.making import (
    LOG,
    ORGANIZATION,
    POLICY_TEXT,
    RECEIPTS,
    START,
    Log,
    Package,
    Recording,
    Server,
    digest_of,
    sealed,
    signer,
    with_after,
)
from evidence.test_verify import film, other, statement

_STATED = {
    "signed": "wrong keys",
    "another recording": "segments of another recording",
    "another segment": "segments swapped",
    "the same bytes": "segments repeated",
    "film after": "after the end",
    "two closings": "after the end",
    "bytes that are": "segments replaced",
    "sealed to": "wrong keys",
    "another first grant": "wrong keys",
    "a later grant": "wrong keys",
    "a log that": "other logs",
}
_HANDED = {
    "a receipt": "receipts of others",
    "two receipts": "receipts of others",
    "a proof": "proofs of others",
    "a checkpoint": "checkpoints of others",
    "no consistency": "checkpoints of others",
    "a consistency": "checkpoints of others",
    "an opening logged": "checkpoints of others",
    "a list": "rewritten lists",
    "a file that": "unlisted files",
    "another README": "rewritten lists",
    "no ": "files left out",
    "a README": "unlisted files",
    "a text": "other forms",
    "a policy": "other logs",
    "a card": "wrong keys",
    "a custody": "custody",
    "a time stamp": "time stamps",
    "a manifest": "rewritten manifests",
    "another version": "rewritten manifests",
}


def _kind(name: str, kinds: dict[str, str], rest: str) -> str:
    return next((kind for start, kind in kinds.items() if name.startswith(start)), rest)


def stated() -> Iterator[Case]:
    """What a device may not state, each rule broken alone."""
    for name, (make, fails) in test_verify.STATEMENTS.items():
        yield Case(_kind(name, _STATED, "the chain"), name, sealed(make()), fails, None)


def handed_out() -> Iterator[Case]:
    """What a server may not hand out, each rule broken alone."""
    for name, (make, fails) in test_verify.PACKAGES.items():
        yield Case(_kind(name, _HANDED, "others"), name, make(), fails, None)


def left_open() -> Iterator[Case]:
    """What holds but for one thing that cannot be checked, and the same with --open-ended."""
    for name, (make, codes) in test_verify.OPEN.items():
        package = sealed(make())
        yield Case("left open", name, package, open=tuple(codes))
        yield Case("left open", f"{name}, accepted", package, open=tuple(codes), open_ended=True)
    good = making.good()
    yield Case("left open", "no policy", good, open=("policy-none",), policy=None)
    bare = f"log {LOG.verifier}\nquorum none\n"
    codes = ("receipts-key", "card-organization")
    yield Case("left open", "a policy without comments", good, open=codes, policy=bare)
    package, both = test_verify.closed_log()
    yield Case("left open", "a closed log", package, open=("package-note-log",), policy=both)
    keyless = test_verify.bent(lambda one: replace(one, policy=b"quorum none\n"))()
    codes = ("policy-none", "keys-unknown", "keys-unknown", "card-organization")
    yield Case("left open", "no key at all", keyless, open=codes, policy=None)
    old = making.card(START - 9 * making.DAY, START - making.DAY)
    package = sealed(film().close(), Server(Log(), card=old))
    yield Case("left open", "a card of another time", package, open=("card-validity",))
    package = sealed(film().close(), Server(Log(), withheld_grants=frozenset({0})))
    yield Case("left open", "a first grant withheld", package, open=("grant-withheld",))


def good() -> Iterator[Case]:
    """What an honest phone and server may do."""
    yield Case("good", "a closed film", making.good(), holds=frozenset({"closed", "after-holds"}))
    yield Case("good", "cut short", making.cut(), open=("no-closing",), open_ended=True)
    yield Case("good", "nothing but an opening", sealed(Recording().close()))
    package = sealed(film().close(), Server(Log(), card=None, custody=None))
    yield Case("good", "no card and no custody", package)
    alongside = film().gap(1400, "muted", offset=100).segment().close()
    yield Case("good", "muted alongside", sealed(alongside))
    notes = Recording("notes", kind="notes", media="text/plain").film(1).gap(1, offset=9000)
    yield Case("good", "notes are silent", sealed(notes.segment(offset=99000).close()))
    chat = Recording("chat", kind="notes", media="application/x-ndjson").segment(0)
    chat.segment(1, offset=900).segment(1, offset=900).gap(5000, "private", offset=800)
    yield Case("good", "a chat", sealed(chat.segment(1, offset=70000).close()))
    endless = film().bent(duration=2**53 - 1).close()
    yield Case("left open", "a duration beyond every calendar", sealed(endless), None, None)
    package = sealed(film().segment(offset=1590).segment(offset=2120).gap(200).segment().close())
    yield Case("good", "small silences", package)


def witnessed() -> Iterator[Case]:
    witness = signer("witness.example.org")
    package = test_verify.with_checkpoint(test_verify.cosigned(witness))()
    key = replace(witness.verifier, kind=4)
    policy = POLICY_TEXT.replace("quorum none", f"witness w {key}\nquorum w")
    held = frozenset({"quorum-holds"})
    yield Case("good", "cosigned as the policy asks", package, policy=policy, holds=held)
    fails = {layout.CHECKPOINT: {"quorum"}}
    yield Case("checkpoints of others", "no cosignature", making.good(), fails, policy=policy)
    forged = POLICY_TEXT.replace(
        "quorum none", f"witness w {replace(other(witness).verifier, kind=4)}\nquorum w"
    )
    yield Case("checkpoints of others", "a stranger's cosignature", package, fails, policy=forged)
    text = f"witness é {key}\nwitness b {replace(signer('b').verifier, kind=4)}\ngroup two 2 é b\n"
    policy = POLICY_TEXT.replace("quorum none", f"{text}quorum two")
    yield Case("checkpoints of others", "one of two witnesses", package, fails, policy=policy)


def signatures() -> Iterator[Case]:
    """Second lines, signatures written otherwise, keys with which one signature fits many texts."""
    package = sealed(film().close())
    path = statement(2)
    note = package.files[path]
    after = {statement(3): {"statement-previous"}, layout.receipt_path(2): {"receipt-entry"}}
    listed = {path: {"form", "listed-sha256"}, layout.proof_path(2): {"proof"}}
    lines = {"the same line twice": note.rpartition(b"\n\n")[2], "a stranger's line": None}
    for name, line in lines.items():
        extra = line or signature_line(RECEIPTS.verifier, bytes(64)).encode()
        fails = {**after, **listed}
        yield Case("second signature lines", name, package.having({path: note + extra}), fails)
    for what, by in (("receipt", layout.receipt_path(2)), ("card", layout.CARD)):
        doubled = package.files[by] + package.files[by].rpartition(b"\n\n")[2]
        fails = {by: {"form", "listed-sha256"}}
        yield Case("second signature lines", f"a {what}", package.having({by: doubled}), fails)
    yield from _low_order()


def _low_order() -> Iterator[Case]:
    """A recording under a key of order two, whose one signature would fit every text."""
    for name, key in {
        "order 1": b"\x01" + bytes(31),
        "order 4": bytes(32),
        "order 8": bytes.fromhex(
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
        ),
        "not canonical": b"\xee" + b"\xff" * 30 + b"\x7f",
        "on no curve": b"\x02" + bytes(31),
    }.items():
        recording = film().close()
        text = str(replace(recording.opening, key=key, recording=making.recording_id(key)))
        # R is the point of order one and S nothing: with a key of low order that fits many texts.
        value = write_base64(bytes(4) + b"\x01" + bytes(63))
        line = f"— recording/{making.recording_id(key)} {value}\n"
        package = sealed(recording).having({statement(0): f"{text}\n{line}".encode()})
        yield Case("low-order keys", name, package, None, None)


def attackers() -> Iterator[Case]:
    """Everything signed again by somebody with a log, keys and a policy of their own."""
    log, receipts = other(LOG), other(RECEIPTS)
    server = Server(Log(log), receipts, test_verify.attackers_policy(), card=None, custody=None)
    package = sealed(film().close(), server)
    fails = {
        layout.POLICY: {"policy-differs"},
        layout.CHECKPOINT: {"checkpoint-signature"},
        layout.PACKAGE_NOTE: {"package-note-signature"},
        **{layout.receipt_path(n): {"receipt-signature"} for n in range(6)},
    }
    kind = "signed again by an attacker"
    yield Case(kind, "with the policy given", package, fails)
    open_ = ("policy-none",)
    yield Case(kind, "on its own word", package, open=open_, policy=None)
    theirs = test_verify.attackers_policy()
    yield Case(kind, "with the attacker's policy", package, policy=theirs)
    both = Server(Log(log), receipts, POLICY_TEXT, card=None, custody=None)
    fails = {path: codes for path, codes in fails.items() if path != layout.POLICY}
    yield Case(kind, "showing the honest policy", sealed(film().close(), both), fails)
    false = other(ORGANIZATION)
    server = Server(Log(), card=making.card(by=false))
    package = sealed(film().close(), server)
    yield Case(kind, "a card of their own", package, {layout.CARD: {"card-signature"}})
    elsewhere = making.Origin("elsewhere.example/log")
    recording = Recording(log=elsewhere).film(2).close()
    server = Server(Log(signer(elsewhere)), card=None, custody=None)
    yield Case(kind, "at another log", sealed(recording, server), None, None)


def heads_of(recording: Recording, *numbers: int) -> str:
    return "".join(
        json.dumps(
            {"recording": recording.id, "number": n, "digest": digest_of(recording.notes[n]).hex()}
        )
        + "\n"
        for n in numbers
    )


def tails() -> Iterator[Case]:
    """A tail cut off by whoever runs the server, who signs and logs the rest anew."""
    kind = "cut tails"
    whole = film().film(2)
    kept = heads_of(whole, 2, 6)
    short = sealed(Recording().film(2))
    open_ = ("no-closing",)
    yield Case(
        kind, "with a head kept elsewhere", short, {statement(6): {"head"}}, open_, heads=kept
    )
    yield Case(kind, "without a head it only stays open", short, open=open_)
    yield Case(
        kind, "accepted as open-ended, a head still shows it", short,
        {statement(6): {"head"}}, open_, heads=kept, open_ended=True,
    )  # fmt: skip
    closed = sealed(Recording().film(2).close())
    yield Case(kind, "closed by somebody early", closed, {statement(6): {"head"}}, heads=kept)
    held = frozenset({"head-holds"})
    yield Case(
        "good", "with a head that is in it", sealed(whole), open=open_, heads=kept, holds=held
    )
    other_chain = heads_of(Recording().film(1).gap(100).film(2), 3)
    fails = {statement(3): {"head"}}
    yield Case(kind, "a head of another chain", sealed(whole), fails, open_, heads=other_chain)
    strange = heads_of(Recording("other"), 0)
    open_ = ("no-closing", "head-other")
    yield Case("left open", "a head of another recording", sealed(whole), open=open_, heads=strange)
    log, recording = with_after()
    recording.film(4).close()
    package = sealed(recording, Server(log))
    for name, gone in {
        "files of the last statements taken out": (5, 6),
        "the closing taken out": (6,),
    }.items():
        changed: dict[str, bytes | None] = {}
        for number in gone:
            for path in (statement, layout.receipt_path, layout.proof_path, layout.segment_path):
                if path(number) in package.files:
                    changed[path(number)] = None
        fails = {path: {"listed-missing"} for path in changed}
        fails[layout.PACKAGE_NOTE] = {"package-note-states"}
        yield Case(kind, name, package.having(changed), fails, ("no-closing",))


def spliced() -> Iterator[Case]:
    """Segments dropped, swapped, repeated, taken from another recording: bytes and statements."""
    log, recording = with_after()
    package = sealed(recording.film(4).close(), Server(log))
    foreign = sealed(Recording("other").film(4).close(), Server(Log()))
    segment, receipt, proof = layout.segment_path, layout.receipt_path, layout.proof_path
    two, three = segment(2), segment(3)

    def case(kind: str, name: str, changed: dict[str, bytes | None], fails: dict[str, set[str]]):
        return Case(kind, name, package.having(changed), fails)

    yield case(
        "segments dropped", "one", {three: None}, {three: {"file-missing", "listed-missing"}}
    )
    bytes_ = {"segment-sha256", "segment-size", "listed-sha256"}
    swap = {two: package.files[three], three: package.files[two]}
    yield case("segments swapped", "two of the same film", swap, {two: bytes_, three: bytes_})
    yield case(
        "segments repeated",
        "one in place of the next",
        {three: package.files[two]},
        {three: bytes_},
    )
    same = {three: foreign.files[three]}
    fails = {three: {"segment-sha256", "listed-sha256"}}
    yield case("segments of another recording", "the bytes alone", same, fails)
    whole = {path(3): foreign.files[path(3)] for path in (statement, segment, receipt, proof)}
    yield Case(
        "segments of another recording", "with statement, receipt and proof",
        package.having(whole), None, None,
    )  # fmt: skip
    moved = {statement(2): package.files[statement(3)], statement(3): package.files[statement(2)]}
    yield Case("segments swapped", "their statements", package.having(moved), None, None)
    again = {path(2): package.files[path(1)] for path in (statement, receipt, proof)}
    yield Case("segments repeated", "with its statement", package.having(again), None, None)


def openers() -> Iterator[Case]:
    """Packages that are no packages."""
    yield Case("no package", "empty", b"", open=("not-a-package",))
    yield Case("no package", "text", b"no ZIP at all\n" * 40, open=("not-a-package",))
    yield Case("no package", "cut", making.good().zipped()[:-30], open=("not-a-package",))
    no_bag = Package("a", {"b.txt": b"x"})
    yield Case("no package", "another ZIP", no_bag, open=("not-a-package",))
