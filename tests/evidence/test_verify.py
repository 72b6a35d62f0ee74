"""Verdicts: each rule of PROTOCOL.md broken alone, everything else signed and logged as it should.

A case says which codes fail on which file, or what could not be checked, and the exit status.
The last test sees to it that no finding of the catalogue is without a case.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from accompany.errors import Malformed
from accompany.evidence import age, layout
from accompany.evidence.checkpoints import Policy, write_consistency, write_policy
from accompany.evidence.findings import FAILS, HOLDS, TEXTS, UNCHECKED
from accompany.evidence.heads import Head, read_heads
from accompany.evidence.notes import Signer, signature_line
from accompany.evidence.package import SealedContents
from accompany.evidence.report import as_json, as_text
from accompany.evidence.statements import digest_of, recording_id
from evidence import making
from evidence.making import (
    DAY,
    LOG,
    ORGANIZATION,
    ORIGIN,
    POLICY,
    RECEIPTS,
    START,
    Log,
    Package,
    Recording,
    Server,
    check,
    codes,
    failures,
    sealed,
    signer,
    with_after,
)

STRANGER = signer("stranger")


def other(like: Signer) -> Signer:
    """A key of the same name that is another."""
    return signer(like.name, f"not {like.name}")


def film() -> Recording:
    return Recording().film(3)


def statement(number: int) -> str:
    return layout.statement_path(number)


def bent(change: Callable[[SealedContents], SealedContents]) -> Callable[[], Package]:
    return lambda: sealed(film().close(), Server(Log(), bend=change))


def swapped(items: tuple[bytes, ...], number: int, item: bytes) -> tuple[bytes, ...]:
    return (*items[:number], item, *items[number + 1 :])


# ---- What fails: package, and the codes on each file -------------------------------------------


def doubled() -> Recording:
    recording = film()
    return recording.segment(data=recording.segments[2]).close()


def two_recipients() -> Recording:
    both = [making.identity("film").recipient, making.CALLER.recipient]
    return film().segment(data=age.encrypt(b"film", both)).close()


def classic() -> Recording:
    key = age.X25519Identity(making.seed("classic")).recipient
    return film().segment(data=age.encrypt(b"film", [key])).close()


def with_segment(number: int, data: bytes) -> Recording:
    recording = film().close()
    recording.segments[number] = data
    return recording


def with_grant(number: int, data: bytes) -> Recording:
    recording = film().close()
    recording.grants[number] = data
    return recording


STATEMENTS: dict[str, tuple[Callable[[], Recording], dict[str, set[str]]]] = {
    "signed by a stranger under the right name": (
        lambda: film().bent(by=other(film().signer)).close(),
        {statement(4): {"statement-signature"}},
    ),
    "signed by another recording's key": (
        lambda: film().bent(by=Recording("other").signer).close(),
        {statement(4): {"statement-signature"}},
    ),
    "another recording's id": (
        lambda: film().bent(recording=Recording("other").id).close(),
        {statement(4): {"statement-recording"}},
    ),
    "a number that is not its file's": (
        lambda: film().bent(number=9).close(),
        {statement(4): {"statement-number"}},
    ),
    "following something else": (
        lambda: film().bent(previous=bytes(32)).close(),
        {statement(4): {"statement-previous"}},
    ),
    "film after the closing": (
        lambda: film().close().segment(),
        {statement(6): {"after-closing"}},
    ),
    "two closings": (
        lambda: film().close().close(),
        {statement(6): {"after-closing"}},
    ),
    "a closing that counts wrong": (
        lambda: film().close(segments=3),
        {statement(5): {"closing-count"}},
    ),
    "an offset that falls": (
        lambda: film().segment(offset=400).close(),
        {statement(5): {"offset-falls"}},
    ),
    "a gap over film": (
        lambda: film().gap(1700, offset=400).segment().close(),
        {statement(5): {"gap-over-film"}},
    ),
    "a gap that reaches far back": (
        lambda: film().film(4).gap(10, offset=1500).segment().close(),
        {statement(9): {"offset-falls"}},
    ),
    "the same bytes twice": (doubled, {statement(5): {"sha256-shared"}}),
    "a size that is not the segment's": (
        lambda: film().bent(size=77).close(),
        {layout.segment_path(4): {"segment-size"}},
    ),
    "another segment's bytes": (
        lambda: with_segment(3, making.sealed_segment("film", 4)),
        {layout.segment_path(3): {"segment-sha256", "segment-size"}},
    ),
    "bytes that are no age file": (
        lambda: with_segment(3, b"x" * len(making.sealed_segment("film", 3))),
        {layout.segment_path(3): {"segment-sha256", "segment-stanza"}},
    ),
    "sealed to two keys": (two_recipients, {layout.segment_path(5): {"segment-stanza"}}),
    "sealed to no hybrid key": (classic, {layout.segment_path(5): {"segment-stanza"}}),
    "another first grant": (
        lambda: with_grant(0, making.grant("other", making.CALLER)),
        {layout.grant_path(0): {"grants-digest"}},
    ),
    "a later grant to nobody's hybrid key": (
        lambda: with_grant(2, b"nothing"),
        {layout.grant_path(2): {"grant-stanza"}},
    ),
    "a log that does not sign here": (
        lambda: Recording(log=making.Origin("elsewhere.example/log")).film(1).close(),
        {
            layout.POLICY: {"log-unknown"},
            layout.CHECKPOINT: {"checkpoint-origin"},
        },
    ),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_what_a_device_may_not_state_fails_and_names_the_file(case):
    make, expected = STATEMENTS[case]
    report = check(sealed(make()))
    assert failures(report) == expected
    assert report.exit == 1
    named = [finding for finding in report.findings if finding.verdict.value == "fails"]
    assert all(finding.expected and finding.found for finding in named)


RECEIPT = layout.receipt_path(2)
PROOF = layout.proof_path(2)


def receipt(**changed: object) -> Callable[[], Package]:
    def change(contents: SealedContents) -> SealedContents:
        text = contents.receipts[2].decode().partition("\n\n")[0] + "\n"
        said = replace(making.Receipt.read(text), **changed)  # type: ignore[arg-type]
        note = RECEIPTS.sign(str(said))
        return replace(contents, receipts=swapped(contents.receipts, 2, note))

    return bent(change)


def proof(change: Callable[[making.Proof], making.Proof]) -> Callable[[], Package]:
    def bend(contents: SealedContents) -> SealedContents:
        data = bytes(change(making.Proof.parse(contents.proofs[2])))
        return replace(contents, proofs=swapped(contents.proofs, 2, data))

    return bent(bend)


def signed_again(number: int, by: Signer) -> Callable[[], Package]:
    def change(contents: SealedContents) -> SealedContents:
        text = contents.receipts[number].decode().partition("\n\n")[0] + "\n"
        return replace(contents, receipts=swapped(contents.receipts, number, by.sign(text)))

    return bent(change)


def two_at_one_place() -> Package:
    """The server gave two statements one place: their receipts cannot both be true."""

    def change(contents: SealedContents) -> SealedContents:
        first, second = (contents.receipts[n].decode().partition("\n\n")[0] for n in (1, 2))
        at = making.Receipt.read(f"{first}\n").index
        said = replace(making.Receipt.read(f"{second}\n"), index=at)
        note = RECEIPTS.sign(str(said))
        return replace(contents, receipts=swapped(contents.receipts, 2, note))

    return sealed(film().close(), Server(Log(), bend=change))


def with_checkpoint(note: Callable[[SealedContents], bytes]) -> Callable[[], Package]:
    """Another checkpoint, and every proof leading to it: only the checkpoint itself is wrong."""

    def change(contents: SealedContents) -> SealedContents:
        checkpoint = note(contents)

        def led(data: bytes) -> bytes:
            return bytes(replace(making.Proof.parse(data), checkpoint=checkpoint))

        lines = contents.custody or ()
        return replace(
            contents,
            checkpoint=checkpoint,
            proofs=tuple(map(led, contents.proofs)),
            custody=tuple(replace(line, proof=led(line.proof)) for line in lines),
        )

    return bent(change)


def resigned(by: Signer) -> Callable[[SealedContents], bytes]:
    return lambda contents: by.sign(contents.checkpoint.decode().partition("\n\n")[0] + "\n")


def after(change: Callable[[bytes | None], bytes | None], seen: bool = True) -> Package:
    log, recording = with_after() if seen else (Log(), film())
    recording = recording.film(2).close() if seen else recording.close()

    def bend(contents: SealedContents) -> SealedContents:
        return replace(contents, after=change(contents.after))

    return sealed(recording, Server(log, bend=bend))


def early() -> Package:
    """The opening names a checkpoint that already held it."""
    log = Log()
    log.pad(5)
    recording = Recording(after=(7, bytes(32))).film(1).close()
    return sealed(recording, Server(log))


def package_note(by: Signer, text: Callable[[str], str] = lambda text: text) -> Package:
    package = sealed(film().close())
    old = package.files[layout.PACKAGE_NOTE].decode().partition("\n\n")[0] + "\n"
    return package.having({layout.PACKAGE_NOTE: by.sign(text(old))})


def closed_log() -> tuple[Package, str]:
    """The list of files is signed for the log that goes on; and the policy that names both logs."""
    log, receipts = signer("after.example.org"), signer("after.example.org/receipts")
    lines = f"log {log.verifier}\n# receipts {receipts.verifier}\n"
    return package_note(receipts), making.POLICY_TEXT.replace("quorum", f"{lines}quorum")


def without(*gone: str) -> Callable[[], Package]:
    return lambda: sealed(film().close()).having(dict.fromkeys(gone))


def having(path: str, data: bytes) -> Callable[[], Package]:
    return lambda: sealed(film().close()).having({path: data})


def raw(path: str, data: bytes) -> Callable[[], Package]:
    """A file changed and the manifests left as they were."""
    package = sealed(film().close())
    return lambda: replace(package, files={**package.files, path: data})


def custody(*lines: bytes) -> Callable[[], Package]:
    return lambda: sealed(film().close(), Server(Log(), custody=lines))


def stamped(*parts: str) -> Callable[[], Package]:
    def change(contents: SealedContents) -> SealedContents:
        return replace(contents, stamps={f"freetsa-12.{part}": b"x" for part in parts})

    return bent(change)


PACKAGES: dict[str, tuple[Callable[[], Package], dict[str, set[str]]]] = {
    "a receipt by a stranger of the same name": (
        signed_again(2, other(RECEIPTS)),
        {RECEIPT: {"receipt-signature"}},
    ),
    "a receipt by the log's key": (signed_again(2, LOG), {RECEIPT: {"receipt-signature"}}),
    "a receipt of another log": (
        receipt(log=making.Origin("elsewhere.example/log")),
        {RECEIPT: {"receipt-log"}},
    ),
    "a receipt for something else": (
        receipt(entry=making.Entry(bytes(32), bytes(32))),
        {RECEIPT: {"receipt-entry"}, PROOF: {"receipt-index"}},
    ),
    "a receipt that says none of a segment": (receipt(bytes_="none"), {RECEIPT: {"receipt-bytes"}}),
    "a receipt of another place": (
        receipt(index=0),
        {RECEIPT: {"receipt-index"}, PROOF: {"proof-index"}},
    ),
    "two receipts for one place": (
        two_at_one_place,
        {RECEIPT: {"receipt-index"}, PROOF: {"proof-index"}},
    ),
    "a proof with one hash changed": (
        proof(lambda one: replace(one, path=(bytes(32), *one.path[1:]))),
        {PROOF: {"proof"}},
    ),
    "a proof with a hash too few": (
        proof(lambda one: replace(one, path=one.path[1:])),
        {PROOF: {"proof"}},
    ),
    "a proof with a hash too many": (
        proof(lambda one: replace(one, path=(*one.path, bytes(32)))),
        {PROOF: {"proof"}},
    ),
    "a proof that carries another checkpoint": (
        proof(lambda one: replace(one, checkpoint=Log(other(LOG)).checkpoint().sign(LOG))),
        {PROOF: {"proof-checkpoint"}},
    ),
    "a proof that carries no checkpoint": (
        proof(lambda one: replace(one, checkpoint=b"nothing")),
        {PROOF: {"proof-checkpoint"}},
    ),
    "a checkpoint by a stranger of the same name": (
        with_checkpoint(resigned(other(LOG))),
        {layout.CHECKPOINT: {"checkpoint-signature"}},
    ),
    "a checkpoint by the receipts key": (
        with_checkpoint(resigned(RECEIPTS)),
        {layout.CHECKPOINT: {"checkpoint-signature"}},
    ),
    "no consistency with what the device saw": (
        lambda: after(lambda _: None),
        {layout.AFTER: {"file-missing"}},
    ),
    "a consistency proof that nobody asked for": (
        lambda: after(lambda _: write_consistency(0, 1, []), seen=False),
        {layout.AFTER: {"after-unexpected"}},
    ),
    "a consistency proof between others": (
        lambda: after(lambda _: write_consistency(3, 5, [])),
        {layout.AFTER: {"after-sizes"}},
    ),
    "a consistency proof that proves nothing": (
        lambda: after(lambda data: data and data[:-45]),
        {layout.AFTER: {"after"}},
    ),
    "an opening logged before what it names": (
        early,
        {layout.AFTER: {"after"}, layout.receipt_path(0): {"opening-early"}},
    ),
    "a list of files by a stranger": (
        lambda: package_note(other(RECEIPTS)),
        {layout.PACKAGE_NOTE: {"package-note-signature"}},
    ),
    "a list of files for an earlier state": (
        lambda: package_note(RECEIPTS, lambda text: text.replace("last 5", "last 4")),
        {layout.PACKAGE_NOTE: {"package-note-states"}},
    ),
    "a file that nobody listed": (
        having(layout.proof_path(77), b"x"),
        {layout.proof_path(77): {"unlisted", "file-orphan"}},
    ),
    "a file that no package has": (
        having("data/notes.txt", b"x"),
        {"data/notes.txt": {"file-unknown"}, layout.MANIFEST: {"bag"}},
    ),
    "a receipt of no statement": (
        having(layout.receipt_path(8), b"x"),
        {layout.receipt_path(8): {"unlisted", "file-orphan"}},
    ),
    "another README": (having(layout.README, b"x"), {layout.README: {"listed-sha256"}}),
    "no README": (without(layout.README), {layout.README: {"listed-missing"}}),
    "a README of two megabytes": (
        having(layout.README, bytes(2 * 1024 * 1024)),
        {layout.README: {"file-size", "listed-missing"}, layout.MANIFEST: {"bag"}},
    ),
    "no segment that was acknowledged": (
        without(layout.segment_path(3)),
        {layout.segment_path(3): {"file-missing", "listed-missing"}},
    ),
    "no statement in the middle": (
        without(statement(2), layout.receipt_path(2), layout.proof_path(2), layout.segment_path(2)),
        {
            statement(2): {"file-missing", "listed-missing"},
            RECEIPT: {"listed-missing"},
            PROOF: {"listed-missing"},
            layout.segment_path(2): {"listed-missing"},
            statement(5): {"closing-count"},
        },
    ),
    "a text in another form": (
        bent(lambda one: replace(one, receipts=swapped(one.receipts, 2, b"nothing\n"))),
        {RECEIPT: {"form"}},
    ),
    "a policy that is none": (
        bent(lambda one: replace(one, policy=b"nothing")),
        {layout.POLICY: {"form", "policy-differs"}},
    ),
    "a policy of other keys": (
        bent(lambda one: replace(one, policy=str(attackers_policy()).encode())),
        {layout.POLICY: {"policy-differs"}},
    ),
    "a card by a stranger": (
        lambda: sealed(film().close(), Server(Log(), card=making.card(by=other(ORGANIZATION)))),
        {layout.CARD: {"card-signature"}},
    ),
    "a card in another form": (
        lambda: sealed(film().close(), Server(Log(), card=b"nothing")),
        {layout.CARD: {"form"}},
    ),
    "a custody line that is no object": (custody(b"7\n"), {layout.CUSTODY: {"custody-line"}}),
    "a custody line without an end": (custody(b"{}\n", b"{}"), {layout.CUSTODY: {"custody-line"}}),
    "custody lines too deep to read": (
        custody(b"[" * 100_000 + b"\n"),
        {layout.CUSTODY: {"custody-line"}},
    ),
    "a custody line that is not logged": (
        having(layout.CUSTODY, b'{"line":1,"what":"nothing"}\n'),
        {
            layout.CUSTODY: {"listed-sha256"},
            layout.custody_proof_path(1): {
                "proof",
            },
        },
    ),
    "a custody line taken away": (
        having(layout.CUSTODY, b""),
        {layout.CUSTODY: {"listed-sha256"}, layout.custody_proof_path(1): {"file-orphan"}},
    ),
    "a time stamp without its parts": (
        stamped("tsr", "pem", "checkpoint"),
        {
            layout.stamp_path("freetsa-12", "consistency"): {"file-missing"},
            layout.stamp_path("freetsa-12", "tlog-proof"): {"file-missing"},
        },
    ),
    "a manifest with a line changed": (
        raw(layout.MANIFEST, b"0" * 64 + b"  data/README.txt\n"),
        {layout.MANIFEST: {"bag"}, layout.TAG_MANIFEST: {"bag"}},
    ),
    "a manifest in another form": (
        raw(layout.MANIFEST, b"nothing"),
        {layout.MANIFEST: {"form"}, layout.TAG_MANIFEST: {"bag"}},
    ),
    "another version of BagIt": (
        raw(layout.BAGIT, b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"),
        {layout.BAGIT: {"bag"}, layout.TAG_MANIFEST: {"bag"}},
    ),
    "no manifest": (
        lambda: replace(
            good := sealed(film().close()),
            files={p: d for p, d in good.files.items() if p != layout.MANIFEST},
        ),
        {layout.MANIFEST: {"file-missing"}, layout.TAG_MANIFEST: {"bag"}},
    ),
    "no opening": (
        lambda: sealed(film().close()).having({statement(0): None}),
        {
            statement(0): {"file-missing", "listed-missing"},
            layout.receipt_path(0): {"file-orphan"},
            layout.proof_path(0): {"file-orphan"},
            layout.PACKAGE_NOTE: {"package-note-states"},
        },
    ),
}


def attackers_policy() -> str:
    return write_policy(other(LOG).verifier, other(RECEIPTS).verifier, ORGANIZATION.verifier)


@pytest.mark.parametrize("case", PACKAGES)
def test_what_a_server_may_not_hand_out_fails_and_names_the_file(case):
    make, expected = PACKAGES[case]
    report = check(make())
    assert failures(report) == expected
    assert report.exit == 1
    named = [finding for finding in report.findings if finding.verdict.value == "fails"]
    assert all(finding.expected and finding.found for finding in named)


def test_everything_signed_again_by_an_attacker_fails_at_the_policy_given():
    log, receipts = other(LOG), other(RECEIPTS)
    server = Server(Log(log), receipts, attackers_policy(), card=None, custody=None)
    package = sealed(film().close(), server)
    report = check(package)
    assert report.exit == 1
    failed = failures(report)
    assert failed[layout.POLICY] == {"policy-differs"}
    assert failed[layout.CHECKPOINT] == {"checkpoint-signature"}
    assert failed[layout.PACKAGE_NOTE] == {"package-note-signature"}
    assert {layout.receipt_path(n) for n in range(6)} <= failed.keys()
    # On its own word alone it is sound, and exactly that is said.
    assert codes(check(package, policy=None), "fails") == []
    assert codes(check(package, policy=None), "could not be checked") == ["policy-none"]


# ---- What cannot be checked ---------------------------------------------------------------------


def slow_clock() -> Recording:
    return film().segment(time=START - 3000).close()


def late_gap() -> Recording:
    recording = film()
    recording.now += 900
    return recording.segment().close()


OPEN: dict[str, tuple[Callable[[], Recording], list[str]]] = {
    "no closing": (film, ["no-closing"]),
    "bytes that have not arrived": (lambda: film().segment(arrived=False).close(), ["awaited"]),
    "a clock set back": (slow_clock, ["time-falls"]),
    "segments over each other": (lambda: film().segment(offset=1300).close(), ["segments-overlap"]),
    "a silence nobody states": (late_gap, ["silence"]),
    "a silence before the closing": (
        lambda: film().close().bent(offset=1700),
        ["silence"],
    ),
}


@pytest.mark.parametrize("case", OPEN)
def test_what_cannot_be_checked_is_said_and_exits_2(case):
    make, expected = OPEN[case]
    report = check(sealed(make()))
    assert codes(report, "could not be checked") == expected
    assert codes(report, "fails") == []
    assert report.exit == 2


@pytest.mark.parametrize("case", OPEN)
def test_open_ended_accepts_only_that_there_may_be_more(case):
    make, expected = OPEN[case]
    accepted = set(expected) <= {"no-closing", "awaited"}
    report = check(sealed(make()), open_ended=True)
    assert report.exit == (0 if accepted else 2)
    assert codes(report, "could not be checked") == expected
    assert ("(accepted with --open-ended)" in " ".join(as_text(report).split())) == accepted


@pytest.mark.parametrize(
    "recording",
    [
        lambda: film().gap(900).segment().close(),
        lambda: film().gap(1400, "muted", offset=100).segment().close(),
        lambda: film().gap(1400, "private", offset=100).segment().close(),
        lambda: film().gap(1600, offset=500).segment().close(),
        lambda: film().segment(offset=1590).close(),
        lambda: film().segment(offset=1410).close(),
        lambda: film().segment(time=START - 400).close(),
        lambda: Recording("notes", kind="notes", media="text/plain").film(1).gap(1, offset=9000)
        .segment(offset=99000).close(),
        lambda: Recording().gap(300, "device").film(0).close(),
        lambda: Recording().close(),
    ],
    ids=[
        "a stated gap", "muted alongside", "private alongside", "a gap a second over film",
        "90 ms of silence", "90 ms of overlap", "a clock back by under 2 s", "notes are silent",
        "a gap before all film", "nothing at all",
    ],
)  # fmt: skip
def test_what_an_honest_phone_may_do_holds(recording):
    report = check(sealed(recording()))
    assert codes(report, "fails", "could not be checked") == []
    assert report.exit == 0


def test_without_a_policy_only_whose_log_it_is_stays_open():
    report = check(making.good(), policy=None)
    assert codes(report, "fails", "could not be checked") == ["policy-none"]
    assert report.exit == 2


def test_a_policy_without_our_comment_lines_leaves_receipts_and_card_open():
    report = check(
        making.good(), policy=Policy.parse(f"log {LOG.verifier}\nquorum none\n".encode())
    )
    assert codes(report, "fails", "could not be checked") == ["receipts-key", "card-organization"]


def test_without_any_key_the_signatures_are_open_and_nothing_is_claimed():
    nothing = bent(lambda one: replace(one, policy=b"quorum none\n"))()
    report = check(nothing, policy=None)
    missing = [f.values["role"] for f in report.findings if f.code == "keys-unknown"]
    assert missing == ["the log", "receipts"]
    assert not {"checkpoint-holds", "receipts-hold", "package-note-holds"} & set(codes(report))
    assert report.exit == 2


def test_a_card_for_another_time_is_left_open():
    old = making.card(START - 9 * DAY, START - DAY)
    report = check(sealed(film().close(), Server(Log(), card=old)))
    assert codes(report, "fails", "could not be checked") == ["card-validity"]


def test_a_withheld_first_grant_is_left_open_and_a_later_one_is_not_missed():
    report = check(sealed(film().close(), Server(Log(), withheld_grants=frozenset({0}))))
    assert codes(report, "fails", "could not be checked") == ["grant-withheld"]
    later = film().close()
    later.grants[2] = making.grant("film", age.HybridIdentity(making.seed("later")))
    report = check(sealed(later, Server(Log(), withheld_grants=frozenset({2}))))
    assert report.exit == 0


def test_a_package_without_card_and_custody_is_whole():
    assert check(sealed(film().close(), Server(Log(), card=None, custody=None))).exit == 0


# ---- Witnesses ----------------------------------------------------------------------------------


def cosigned(witness: Signer) -> Callable[[SealedContents], bytes]:
    """The checkpoint with a cosignature v1 beside the log's signature."""

    def add(contents: SealedContents) -> bytes:
        text = contents.checkpoint.decode().partition("\n\n")[0] + "\n"
        seconds = START // 1000
        value = witness.private.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        key = replace(witness.verifier, kind=4)
        line = signature_line(key, seconds.to_bytes(8, "big") + value)
        return contents.checkpoint + line.encode()

    return add


def test_a_list_of_files_for_the_log_after_a_closed_one_is_told_apart():
    package, both = closed_log()
    report = check(package, policy=Policy.parse(both.encode()))
    assert (report.exit, failures(report)) == (2, {})
    (found,) = [one for one in report.findings if one.code == "package-note-log"]
    assert "after.example.org, as it is once" in found.text
    # Without a policy that names that log it is a stranger's; and so is a key without its log.
    keys_only = "".join(one for one in both.splitlines(True) if not one.startswith("log after"))
    for policy in (making.POLICY_TEXT, keys_only):
        report = check(package, policy=Policy.parse(policy.encode()))
        assert failures(report) == {layout.PACKAGE_NOTE: {"package-note-signature"}}
    # That it is named is not enough: it has to have signed.
    listed = package.files[layout.PACKAGE_NOTE].replace(b"last 5", b"last 4")
    report = check(
        package.having({layout.PACKAGE_NOTE: listed}), policy=Policy.parse(both.encode())
    )
    assert "package-note-signature" in failures(report)[layout.PACKAGE_NOTE]


def witnessed(witness: Signer) -> Policy:
    key = replace(witness.verifier, kind=4)
    text = making.POLICY_TEXT.replace("quorum none", f"witness w {key}\nquorum w")
    return Policy.parse(text.encode())


def test_the_policy_given_decides_who_must_have_cosigned():
    witness = signer("witness.example.org")
    package = with_checkpoint(cosigned(witness))()
    report = check(package, policy=witnessed(witness))
    assert report.exit == 0
    assert "quorum-holds" in codes(report)
    assert check(package).exit == 0
    bare = check(making.good(), policy=witnessed(witness))
    assert failures(bare) == {layout.CHECKPOINT: {"quorum"}}
    forged = check(package, policy=witnessed(other(witness)))
    assert failures(forged) == {layout.CHECKPOINT: {"quorum"}}


# ---- Heads --------------------------------------------------------------------------------------


def head(recording: Recording, number: int) -> Head:
    return Head(recording.id, number, digest_of(recording.notes[number]))


def test_a_head_shows_a_cut_tail_even_where_the_package_is_sound():
    whole = film()
    kept = (head(whole, 2), head(whole, 4))
    assert codes(check(sealed(whole), heads=kept), "holds").count("head-holds") == 2
    cut = Recording().film(2)
    report = check(sealed(cut), heads=kept, open_ended=True)
    assert failures(report) == {statement(4): {"head"}}
    assert report.exit == 1


def test_a_head_of_another_chain_fails_and_of_another_recording_says_nothing():
    recording = film().close()
    report = check(sealed(recording), heads=(Head(recording.id, 2, bytes(32)),))
    assert failures(report) == {statement(2): {"head"}}
    report = check(sealed(recording), heads=(head(Recording("other"), 0),))
    assert codes(report, "fails", "could not be checked") == ["head-other"]


def test_heads_are_read_one_or_one_a_line():
    one = b'{"recording": "%s", "number": 3, "digest": "%s"}' % (b"a" * 32, b"0" * 64)
    assert read_heads(one) == (Head(recording_id_of("a"), 3, bytes(32)),)
    assert len(read_heads(one + b"\n" + one + b"\n")) == 2
    for bad in (
        b"",
        b"[]",
        b"3",
        one[:-1],
        one.replace(b"3,", b"true,"),
        one.replace(b"3,", b"-3,"),
    ):
        with pytest.raises(Malformed):
            read_heads(bad)


def recording_id_of(letter: str) -> making.RecordingId:
    return making.RecordingId(letter * 32)


# ---- The report ---------------------------------------------------------------------------------


def test_the_first_failure_does_not_hide_the_others():
    package = making.good()
    files = dict(package.files)
    bent_paths = [statement(2), RECEIPT, PROOF, layout.segment_path(3), layout.CARD]
    for path in bent_paths:
        files[path] = files[path][:-9] + bytes([files[path][-9] ^ 1]) + files[path][-8:]
    assert set(bent_paths) <= failures(check(replace(package, files=files))).keys()


def test_the_report_says_the_bracket_and_never_recorded_at():
    text = as_text(check(making.good()))
    assert "after the log's checkpoint over 21 entries" in " ".join(text.split())
    assert "Location: not collected." in text
    assert "recorded at" not in text.lower()


def test_a_failed_package_says_nothing_of_when_it_was_made():
    report = check(PACKAGES["an opening logged before what it names"][0]())
    assert "It was made" not in report.meaning


def test_a_duration_beyond_every_calendar_gets_a_report():
    report = check(sealed(film().bent(duration=2**53 - 1).close()))
    assert "a time after the year 9999" in " ".join(as_text(report).split())
    assert as_json(report)["facts"]["ended"] == "a time after the year 9999"


def test_a_name_cannot_move_the_readers_cursor():
    name = "data/\x1b[2J\u202egnp.exe"
    text = as_text(check(making.good().having({name: b"x"})))
    assert "data/\\u001b[2J\\u202egnp.exe" in text
    assert all(letter.isprintable() for letter in text.replace("\n", ""))


def test_json_has_every_finding_with_its_words():
    report = check(making.cut(), policy=None)
    said = as_json(report)
    assert said["exit"] == 2
    assert [one["code"] for one in said["unchecked"]] == ["policy-none", "no-closing"]
    assert said["facts"]["segments"] == 5
    assert len(said["holds"]) + len(said["fails"]) + len(said["unchecked"]) == len(report.findings)


def test_a_folder_called_otherwise_fails():
    assert codes(check(making.good(), folder="film"), "fails") == ["zip-folder"]


def test_what_has_no_bagit_or_no_statement_is_no_package():
    package = making.good()
    for kind in ("bagit.txt", "data/statements/"):
        files = {path: data for path, data in package.files.items() if not path.startswith(kind)}
        report = check(replace(package, files=files))
        assert codes(report) == ["not-a-package"]
        assert report.exit == 2


ELSEWHERE = {
    # The ZIP itself: tests/evidence/test_unzipping.py and tests/test_verifier.py.
    *(code for code in TEXTS if code.startswith("zip-")),
    "archive-holds",
    # Time stamps: tests/evidence/test_verify_stamps.py.
    "stamps",
    "stamps-hold",
    "stamp-anchor",
    "stamp-checkpoint",
    "stamp-consistency",
    "stamp-token",
    # Cards that count no more: tests/evidence/test_revocations.py.
    "card-ended",
    "card-lost-later",
    "card-revoked",
    "card-lost",
    "revocation-signature",
    "revocation-card",
    "custody-links",
    "opener-revoked",
    "opener-lost",
    # Opened packages: tests/client/test_opening.py, and its court copy test_court_copy.py.
    "court-copy-marked",
    "court-copy",
    "filekeys-hold",
    "segments-withheld",
    "media-holds",
    "opened-note-holds",
    "opener-known",
    "opener-unknown",
    "opener",
    "filekey",
    "filekeys-lines",
    "filekeys-first",
    "media",
    "derivation",
    "opened-note-signature",
    "opened-note-states",
}


def test_every_finding_has_a_case_here():
    known = {
        code for _, expected in STATEMENTS.values() for found in expected.values() for code in found
    }
    known |= {
        code for _, expected in PACKAGES.values() for found in expected.values() for code in found
    }
    known |= {code for _, expected in OPEN.values() for code in expected}
    known |= {"quorum", "head", "head-other", "not-a-package", "policy-none", "keys-unknown"}
    known |= {
        "package-note-log",
        "receipts-key",
        "card-organization",
        "card-validity",
        "grant-withheld",
    }
    known |= set(codes(check(making.good()))) | {"quorum-holds", "head-holds"}
    assert known | ELSEWHERE == TEXTS.keys()
    assert len(HOLDS) + len(FAILS) + len(UNCHECKED) == len(TEXTS)


def test_the_makers_names_are_the_protocols():
    assert POLICY.log(ORIGIN) == LOG.verifier
    assert recording_id(Recording().signer.verifier.key) == Recording().id
