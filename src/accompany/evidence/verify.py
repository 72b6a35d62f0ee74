"""Checking a whole package: every file, every signature, every proof; a report, never an error.

    bytes of a bag + what is believed from outside  ->  what holds, fails, could not be checked

Nothing in the bag is believed that was not checked; the first failure does not hide the second.
The rules are PROTOCOL.md's "Verdicts" (docs/format.md). Pure. Not here: files and ZIPs on a disk
(verifier), what the log shows now (verify_beyond), the page (report).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cryptography.x509 import Certificate

from accompany.errors import AccompanyError
from accompany.evidence import layout
from accompany.evidence.checkpoints import Checkpoint, Policy, parse_checkpoint
from accompany.evidence.contents import Contents, Files
from accompany.evidence.findings import Finding, Findings, shortened
from accompany.evidence.heads import Head
from accompany.evidence.listing import Listing
from accompany.evidence.notes import Verifier
from accompany.evidence.receipts import BYTES, Receipt, statement_entry
from accompany.evidence.report import Facts, Report
from accompany.evidence.searching import ShownLog, Sought, grants_listed
from accompany.evidence.statements import Closing, Following, Gap, SegmentStatement
from accompany.evidence.verify_beyond import Looked, look_beyond
from accompany.evidence.verify_chain import (
    Chain,
    ChainReader,
    check_segment,
    check_shared,
    check_times,
)
from accompany.evidence.verify_files import (
    CheckedCard,
    check_bag,
    check_card,
    check_custody,
    check_grants,
    check_listed,
    check_states,
    read_package_note,
)
from accompany.evidence.verify_log import (
    Keys,
    LogReader,
    check_after,
    check_checkpoint,
    check_place_of_opening,
    settle_keys,
)
from accompany.evidence.verify_opened import check_opened
from accompany.evidence.verify_revocation import check_revocation
from accompany.evidence.verify_stamps import (
    Believed,
    Told,
    brackets,
    check_stamps,
    not_after,
    not_before,
)
from accompany.ids import Origin, RecordingId

OPEN_ENDED = frozenset({"no-closing", "beyond-end", "awaited"})
"""What `--open-ended` accepts: that the package cannot show whether there was more."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed from outside the package; everything in it is a claim."""

    policy: Policy | None = None
    signer: Verifier | None = None
    open_ended: bool = False
    heads: tuple[Head, ...] = ()
    anchors: tuple[Certificate, ...] = ()
    """Certificates of time-stamp authorities."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A log to be asked what it shows now, and when that is, ms since 1970 UTC."""

    log: ShownLog
    now: int


def verify_bag(
    files: Files,
    folder: str,
    trust: Trust,
    findings: Findings,
    watch: Callable[[int], None] = lambda _: None,
    asking: Asking | None = None,
) -> Report:
    """Check the bag of *files* that lies in *folder*; *watch* is told of bytes as they are read.

    *findings* may hold what was found before (of the ZIP). No bytes, however bent, raise an error.
    With *asking* the log is looked at as well; nothing else asks anybody.
    """
    contents = Contents(files, findings, watch)
    if layout.BAGIT not in contents or not contents.numbers("statement"):
        expected = f"{layout.BAGIT} and {layout.statement_path(0)}"
        found = f"{len(contents.places)} files of a package"
        return Report((Finding("not-a-package", "", expected, found),))
    return _Verification(contents, trust, findings, asking).run(folder)


class _Verification:
    """One verification of one bag: what the checks share."""

    def __init__(
        self, contents: Contents, trust: Trust, findings: Findings, asking: Asking | None
    ) -> None:
        self.contents = contents
        self.asking = asking
        self.listing: Listing | None = None
        self.trust = trust
        self.findings = findings
        self.reader = ChainReader(findings)
        self.receipts: dict[int, Receipt] = {}
        self.stamps: tuple[Believed, ...] = ()
        self.bytes = 0

    @property
    def chain(self) -> Chain:
        return self.reader.chain

    def run(self, folder: str) -> Report:
        opening_note = self.contents.need(layout.statement_path(0))
        if opening_note is not None:
            self.reader.take_opening(opening_note)
        opening = self.chain.opening
        recording = opening.recording if opening else None
        if recording is not None and folder != recording:
            self.findings.add("zip-folder", "", recording, folder)
        checkpoint_note = self.contents.need(layout.CHECKPOINT)
        keys = settle_keys(
            self.contents, self.trust.policy, self._origin(checkpoint_note), self.findings
        )
        checkpoint = check_checkpoint(checkpoint_note, keys, self.findings)
        log = LogReader(keys, checkpoint, checkpoint_note, self.findings)
        self._check_statements(keys, log)
        self._check_order()
        self.stamps = check_stamps(self.contents, keys, log, self.trust.anchors, self.findings)
        if opening is not None:
            check_after(self.contents, opening, checkpoint, self.findings)
            if 0 in self.receipts:
                check_place_of_opening(opening, self.receipts[0].index, self.findings)
        check_custody(self.contents, recording, log, self.findings)
        card = self._check_whole(keys, log, recording)
        if self.contents.opened:
            check_opened(self.contents, self.chain, card, self.trust.signer, self.findings)
        check_bag(self.contents, self.findings)
        self._check_heads(recording)
        looked = self._look_beyond(keys, checkpoint, checkpoint_note, card)
        return Report(self._settled(), replace(self._facts(checkpoint), looked=looked))

    def _origin(self, checkpoint_note: bytes | None) -> Origin:
        """The log that the opening names; without an opening, the checkpoint's."""
        if self.chain.opening is not None:
            return self.chain.opening.log
        try:
            return parse_checkpoint(checkpoint_note or b"")[0].origin
        except AccompanyError:
            return Origin("")

    def _check_statements(self, keys: Keys, log: LogReader) -> None:
        numbers = self.contents.numbers("statement")
        awaited: list[int] = []
        for number in numbers:
            statement = self._check_statement(number, log)
            if isinstance(statement, SegmentStatement) and not self._check_bytes(number, statement):
                awaited.append(number)
        self._check_orphans(numbers)
        self._sum_up(len(numbers), keys, log)
        if awaited:
            self.findings.add("awaited", count=len(awaited), numbers=shortened(awaited))

    def _check_statement(self, number: int, log: LogReader) -> Following | None:
        opening = self.chain.opening_note
        statement = None
        if number == 0:
            note = opening
        else:
            self._check_hole(number)
            note = self.contents.need(layout.statement_path(number))
            statement = self.reader.take(number, note) if note is not None else None
        entry = None
        if note is not None and opening is not None:
            entry = statement_entry(opening, number, note)
        path = layout.receipt_path(number)
        receipt_note = self.contents.need(path)
        receipt = None
        if receipt_note is not None:
            allowed = ("kept", "awaited") if isinstance(statement, SegmentStatement) else ("none",)
            known = statement is not None or number == 0
            receipt = log.take_receipt(path, receipt_note, entry, allowed if known else BYTES)
        if receipt is not None:
            self.receipts[number] = receipt
        path = layout.proof_path(number)
        proof = self.contents.need(path)
        if proof is not None:
            log.take_proof(path, proof, entry, receipt)
        return statement

    def _check_hole(self, number: int) -> None:
        last = self.chain.last
        if number > last + 1:
            path = layout.statement_path(last + 1)
            self.findings.add("file-missing", path, f"statement {last + 1}", f"{number} next")

    def _check_bytes(self, number: int, statement: SegmentStatement) -> bool:
        """Check a segment's file; return False where its bytes have not arrived yet."""
        path = layout.segment_path(number)
        if path in self.contents:
            self.bytes += check_segment(self.contents, statement, number, self.findings)
            return True
        receipt = self.receipts.get(number)
        if receipt is not None and receipt.bytes_ == "awaited":
            return False
        self.findings.add("file-missing", path, "the segment, since it was acknowledged", "none")
        return True

    def _check_orphans(self, numbers: list[int]) -> None:
        stated = set(numbers)
        segments = {item.number for item in self.chain.segments}
        for kind, mine, write in (
            ("receipt", stated, layout.receipt_path),
            ("proof", stated, layout.proof_path),
            ("segment", segments, layout.segment_path),
        ):
            for number in self.contents.numbers(kind):
                if number not in mine:
                    expected = f"a statement {number} that it belongs to"
                    self.findings.add("file-orphan", write(number), expected, "none")

    def _sum_up(self, count: int, keys: Keys, log: LogReader) -> None:
        segments = sum(item.number in self.receipts for item in self.chain.segments)
        if self.chain.opening is not None and self.findings.clean("data/statements/"):
            self.findings.add("statements-hold", count=count)
        if segments and self.findings.clean("data/segments/"):
            here = len(self.contents.numbers("segment"))
            self.findings.add("segments-hold", count=here, bytes=self.bytes)
        if keys.receipts and self.findings.clean("data/receipts/"):
            self.findings.add("receipts-hold", count=count)
        if log.checkpoint is not None and self.findings.clean("data/proofs/"):
            self.findings.add("proofs-hold", count=count)

    def _check_order(self) -> None:
        check_shared(self.chain.segments, self.findings)
        check_times(self.chain, self.findings)
        closing = self.chain.closing
        if closing is not None:
            self.findings.add("closed", last=closing.number, reason=closing.reason)
        else:
            self.findings.add("no-closing", last=self.chain.last)

    def _check_whole(
        self, keys: Keys, log: LogReader, recording: RecordingId | None
    ) -> CheckedCard:
        began = self.receipts.get(0)
        card = check_card(self.contents, keys, began.time if began else None, self.findings)
        revocation = check_revocation(self.contents, card.card, keys, log, began, self.findings)
        card = replace(card, revocation=revocation)
        before = self.findings.failed()
        listing = read_package_note(self.contents, keys, self.findings)
        signed = bool(keys.receipts) and self.findings.failed() == before
        listed = listing.files if listing else {}
        check_grants(self.contents, self.chain.opening, listed, self.findings)
        self.contents.hash_rest()
        self.listing = listing
        if listing is not None:
            self._check_list(listing, recording, signed)
        return card

    def _check_list(self, listing: Listing, recording: RecordingId | None, signed: bool) -> None:
        before, path = self.findings.failed(), layout.PACKAGE_NOTE
        digests = self.chain.digests
        check_states("package-note-states", path, listing, recording, digests, self.findings)
        check_listed(self.contents, listing, False, path, self.findings)
        if signed and self.findings.failed() == before:
            self.findings.add("package-note-holds")

    def _check_heads(self, recording: RecordingId | None) -> None:
        for head in self.trust.heads:
            path = layout.statement_path(head.number)
            here = self.chain.digests.get(head.number)
            if recording is not None and head.recording != recording:
                self.findings.add("head-other", "", recording, head.recording)
            elif here == head.digest:
                self.findings.add("head-holds", number=head.number)
            else:
                found = here.hex() if here else f"no statement after {self.chain.last}"
                self.findings.add("head", path, head.digest.hex(), found)

    def _look_beyond(
        self, keys: Keys, checkpoint: Checkpoint | None, note: bytes | None, card: CheckedCard
    ) -> Looked | None:
        """Look at what the log shows now, if that was asked for."""
        if self.asking is None:
            return None
        opening, contents, listing = self.chain.opening, self.contents, self.listing
        if opening is None or self.chain.opening_note is None:
            self.findings.add("beyond-unasked", "", "an opening to search with", "none in form")
            return None
        # What the log did not sign contradicts nothing that it signs.
        signed = checkpoint is not None and checkpoint.origin == keys.origin
        signed = signed and "checkpoint-holds" in self.findings
        listed = {**(listing.files if listing else {}), **contents.digests}
        sought = Sought(
            recording=opening.recording,
            opening=self.chain.opening_note,
            statements=self.chain.digests,
            places={number: receipt.index for number, receipt in self.receipts.items()},
            closed=self.chain.closing is not None,
            checkpoint=checkpoint if signed else None,
            checkpoint_note=note or b"",
            after=opening.after if "after-holds" in self.findings else None,
            grants=grants_listed(listed),
            custody=len(contents.numbers("custody-proof")) if layout.CUSTODY in contents else None,
            package=contents.digests.get(layout.PACKAGE_NOTE),
            time=listing.time if listing else None,
            card=card.card.serial if card.card else None,
            revocation=contents.digests.get(layout.REVOCATION),
            opener="opener-known" in self.findings and self.trust.signer is None,
        )
        return look_beyond(self.asking.log, self.asking.now, sought, keys, self.findings)

    def _settled(self) -> tuple[Finding, ...]:
        """The findings, those marked that `--open-ended` accepts.

        Where the log was asked how the recording went on, it says more than the package alone.
        """
        accepted = OPEN_ENDED if self.trust.open_ended else frozenset()
        asked = "beyond-end" in self.findings
        return tuple(
            replace(finding, accepted=True) if finding.code in accepted else finding
            for finding in self.findings.all
            if not (asked and finding.code == "no-closing")
        )

    def _facts(self, checkpoint: Checkpoint | None) -> Facts:
        opening = self.chain.opening
        if opening is None:
            return Facts(opened=self.contents.opened)
        segments, times = self.chain.segments, [receipt.time for receipt in self.receipts.values()]
        after = opening.after[0] if opening.after else None
        told = list(self._told())
        return Facts(
            recording=opening.recording,
            kind=opening.kind,
            media=opening.media,
            client=opening.client,
            log=opening.log,
            opened=self.contents.opened,
            statements=len(self.chain.digests),
            segments=len(segments),
            bytes_=self.bytes,
            duration=max((item.offset + item.duration for item in segments), default=0),
            began=opening.time,
            ended=max([opening.time, *map(_end, self.chain.following)]),
            received=(min(times), max(times)) if times else None,
            after=after,
            not_before=not_before(self.stamps, after),
            not_after=not_after(self.stamps, told[-1].index),
            brackets=brackets(self.stamps, told) if self.stamps else (),
            covered=checkpoint.size if checkpoint else None,
            continues=opening.continues[0] if opening.continues else "",
            gaps=tuple(
                (item.offset, item.duration, item.reason)
                for item in self.chain.following
                if isinstance(item, Gap)
            ),
        )

    def _told(self) -> Iterator[Told]:
        """What is known of each statement's time: by the device, and by the receipt."""
        opening = self.chain.opening
        spans = {0: (opening.time, opening.time)} if opening else {}
        spans |= {item.number: (item.time, _end(item)) for item in self.chain.following}
        for number, (began, ended) in sorted(spans.items()):
            receipt = self.receipts.get(number)
            index, received = (receipt.index, receipt.time) if receipt else (None, None)
            yield Told(number, index, began, ended, received)


def _end(statement: Following) -> int:
    return statement.time + (0 if isinstance(statement, Closing) else statement.duration)
