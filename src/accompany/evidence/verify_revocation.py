"""Checking what a package says of its card's end: revoked when and why, and what follows from it.

    revoked before the recording began                  who answered could not be checked
    its key lost before that, revoked later             the same
    revoked later                                       told, and holds

What stands in the log before the opening was there before it: places decide, not clocks. Pure. Not
here: what it means for whoever opened the package (verify_opened), asking the log (verify_beyond).
"""

from accompany.evidence import layout
from accompany.evidence.cards import Card
from accompany.evidence.contents import Contents
from accompany.evidence.findings import Findings
from accompany.evidence.notes import Note
from accompany.evidence.receipts import Receipt
from accompany.evidence.revocations import Revocation, revocation_entry
from accompany.evidence.text import write_time
from accompany.evidence.verify_log import Keys, LogReader, pick


def check_revocation(
    contents: Contents,
    card: Card | None,
    keys: Keys,
    log: LogReader,
    began: Receipt | None,
    findings: Findings,
) -> Revocation | None:
    """Return the revocation of *card* if it holds; *began* is the opening's receipt."""
    here = [one for one in (layout.REVOCATION, layout.REVOCATION_PROOF) if one in contents]
    if card is None:
        for path in here:
            findings.add("file-orphan", path, f"{layout.CARD} that it is of", "none")
    if card is None or not here:
        return None
    note, proof = contents.need(layout.REVOCATION), contents.need(layout.REVOCATION_PROOF)
    if note is None or proof is None:
        return None
    before = findings.failed()
    revocation = _read(note, card, keys, findings)
    entry = revocation_entry(card.serial, note)
    index = log.take_proof(layout.REVOCATION_PROOF, proof, entry, None)
    if revocation is None or index is None or findings.failed() > before:
        return None
    _judge(revocation, index, began, findings)
    return revocation


def _read(note: bytes, card: Card, keys: Keys, findings: Findings) -> Revocation | None:
    path = layout.REVOCATION
    revocation = None
    with findings.under("revocation-signature", path):
        parsed = Note.parse(note)
        revocation = Revocation.read(parsed.text)
        if revocation.serial != card.serial:
            findings.add("revocation-card", path, card.serial, revocation.serial)
        key = pick(keys.receipts, parsed)
        # That no receipts key is known was said of the receipts.
        if key is not None:
            parsed.only_by(key, path)
    return revocation


def _judge(revocation: Revocation, index: int, began: Receipt | None, findings: Findings) -> None:
    time, lost = write_time(revocation.time), revocation.lost
    said = "" if lost is None else write_time(lost)
    if began is not None and index < began.index:
        expected = f"an entry after {began.index}, the opening's"
        findings.add("card-revoked", layout.REVOCATION, expected, f"entry {index}", time=time)
    elif began is not None and lost is not None and lost <= began.time:
        expected = f"lost after {write_time(began.time)}"
        found = f"lost {said}"
        findings.add("card-lost", layout.REVOCATION, expected, found, time=time, lost=said)
    elif lost is not None:
        findings.add("card-lost-later", time=time, lost=said)
    else:
        findings.add("card-ended", time=time)
