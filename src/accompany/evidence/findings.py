"""What a verifier can find, in words: one text for each code, the same in every verifier.

A court gets a report, not an error: every finding holds, fails or could not be checked, names the
file, and says what was expected and what was found. Codes are stable; a TypeScript verifier gives
the same words from the same codes and values. Pure. Not here: the checks (verify_*), the page
(report).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from accompany.errors import AccompanyError, DoesNotHold, Malformed


class Verdict(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    UNCHECKED = "could not be checked"


Value = str | int

TEXT_CLIP = 300
"""Characters of *expected* and *found* that a finding keeps."""

HOLDS: Mapping[str, str] = {
    "archive-holds": "The package is a plain ZIP: one folder, {count} files, and nothing else.",
    "statements-hold": "Every statement ({count}) is in form, signed by the recording's own key, "
    "and names the one before it.",
    "closed": "The device closed the recording with statement {last} ({reason}); nothing follows.",
    "segments-hold": "Every sealed segment ({count}, {bytes} bytes) is the one the device stated, "
    "and is sealed to one key.",
    "grants-hold": "The first grants ({count}) are the ones the opening names.",
    "log-known": "The policy given names this log, {origin}, and its keys.",
    "checkpoint-holds": "The log's checkpoint over {size} entries is signed by its key.",
    "quorum-holds": "Enough witnesses cosigned the checkpoint, as the policy asks: {names}.",
    "receipts-hold": "Every receipt ({count}) is signed by the log's receipts key and says that "
    "the log holds this very statement.",
    "proofs-hold": "Every proof ({count}) leads from its statement to the checkpoint.",
    "after-holds": "The checkpoint continues the one over {size} entries that the device saw "
    "before it began.",
    "package-note-holds": "The server's signed list names every sealed file, and each is as "
    "listed.",
    "card-holds": "The attorney's card ({name}) is signed by the organization.",
    "card-ended": "The attorney's card was revoked at {time}, after the recording began: what it "
    "was believed for before stands.",
    "card-lost-later": "The attorney's card was revoked at {time}, since its key may have been in "
    "other hands from {lost} on: after the recording began.",
    "custody-holds": "Every line of the chain of custody ({count}) is in the log.",
    "custody-links": "The chain of custody says that links to read the recording were given: "
    "{given}; and taken back: {back}.",
    "bag-holds": "The BagIt manifests agree with the files.",
    "stamps-hold": "{count} time stamps by {names} hold, and a certificate given vouches for each.",
    "head-holds": "The head given (statement {number}) is in this package, unchanged.",
    "filekeys-hold": "The keys of the segments shown ({count}) open them.",
    "segments-withheld": "Segments not shown when the package was opened: {count}, {where} after "
    "the opening. A reason is given for each.",
    "media-holds": "{path} is what the shown segments hold, one after the other, byte for byte.",
    "court-copy-marked": "{path} says that it is derived, and from which original.",
    "opened-note-holds": "The list of what opening added is signed, and each file is as listed.",
    "opener-known": "It was opened by {name}: {how}.",
}

FAILS: Mapping[str, str] = {
    "zip-stray-bytes": "The ZIP holds bytes that belong to no file.",
    "zip-overlap": "Two entries of the ZIP share bytes.",
    "zip-name": "A name in the ZIP is none that a package may have.",
    "zip-twin": "Two names in the ZIP are one to some computers.",
    "zip-folder": "Not everything lies in one folder that is called as the recording.",
    "zip-kind": "An entry of the ZIP is no regular file.",
    "zip-packing": "An entry of the ZIP is packed in a way no package uses.",
    "zip-extra": "An entry of the ZIP carries a comment or fields no package has.",
    "zip-header": "The ZIP says two different things of one file.",
    "zip-bomb": "An entry of the ZIP unpacks to far more than such a file can have.",
    "zip-damaged": "A file in the ZIP is damaged.",
    "file-unknown": "There is a file that no package has.",
    "file-orphan": "There is a file that belongs to no statement.",
    "file-missing": "A file is missing.",
    "file-size": "A file is larger than such a file may be.",
    "form": "A file is not in its written form.",
    "statement-signature": "A statement is not signed by the recording's key.",
    "statement-recording": "A statement is another recording's.",
    "statement-number": "A statement does not have the number of its file.",
    "statement-previous": "A statement does not follow the one before it.",
    "after-closing": "A statement follows the closing.",
    "closing-count": "The closing counts other than the segments stated.",
    "offset-falls": "A statement lies before the one it follows.",
    "gap-over-film": "A gap is stated where there is film or sound.",
    "sha256-shared": "Two segments are the same bytes.",
    "segment-size": "A sealed segment does not have the size its statement names.",
    "segment-sha256": "A sealed segment is not the one its statement names.",
    "segment-stanza": "A sealed segment is not sealed to exactly one hybrid key.",
    "grants-digest": "The grants are not those that the opening names.",
    "grant-stanza": "A grant is not sealed to exactly one hybrid key.",
    "log-unknown": "The policy given names no such log.",
    "policy-differs": "The package states other keys for the log than the policy given.",
    "checkpoint-origin": "The checkpoint is another log's than the opening names.",
    "checkpoint-signature": "The checkpoint is not signed by the log.",
    "quorum": "Too few witnesses cosigned the checkpoint for the policy.",
    "receipt-signature": "A receipt is not signed by the log's receipts key.",
    "receipt-log": "A receipt is another log's.",
    "receipt-entry": "A receipt is for something else than the statement.",
    "receipt-bytes": "A receipt says the wrong thing of the statement's bytes.",
    "receipt-index": "Two receipts give one place in the log to different entries.",
    "opening-early": "The log held the opening before the state that the opening names.",
    "proof-checkpoint": "A proof leads to another checkpoint.",
    "proof-index": "A proof is for another place in the log than the receipt.",
    "proof": "A proof does not lead to the checkpoint.",
    "after-unexpected": "There is a proof from an earlier checkpoint that the opening never names.",
    "after-sizes": "after.proof is for other checkpoints.",
    "after": "The log's checkpoint does not continue the one the device saw.",
    "package-note-signature": "The server's list of files is not signed by its receipts key.",
    "package-note-states": "The server's list of files is for another state of the recording.",
    "listed-sha256": "A file is not the one listed.",
    "listed-missing": "A listed file is missing.",
    "unlisted": "A file is not listed.",
    "card-signature": "The attorney's card is not signed by the organization.",
    "revocation-signature": "The revocation of the attorney's card is not signed by the log's "
    "receipts key.",
    "revocation-card": "A revocation is of another card than the one in the package.",
    "custody-line": "A line of the chain of custody is not in its written form.",
    "bag": "A BagIt file does not agree with the files.",
    "stamp-checkpoint": "A time stamp's checkpoint is not this log's, or of another size.",
    "stamp-consistency": "The log's checkpoint does not continue the one that was stamped.",
    "stamp-token": "A time stamp is not over its checkpoint, or its signature does not hold.",
    "head": "The head given contradicts this package.",
    "filekey": "The key of a segment does not open it.",
    "filekeys-lines": "filekeys.txt does not have one line for every segment.",
    "filekeys-first": "Segments are shown without the first, which any player needs.",
    "media": "The film or sound is not what the shown segments hold.",
    "court-copy": "The court copy is not marked as derived from this original.",
    "derivation": "derivation.json says other than the package.",
    "opened-note-signature": "The list of what opening added is not signed by the key it names.",
    "opened-note-states": "The list of what opening added is for another state of the recording.",
    "opener": "It was opened by another key than the one given.",
}

UNCHECKED: Mapping[str, str] = {
    "not-a-package": "This is no package.",
    "policy-none": "Whose log this is: no policy was given, so the log's keys are only what the "
    "package says of itself.",
    "keys-unknown": "The log's signatures: no key of {role} is known.",
    "receipts-key": "Whose receipts these are: the policy given names no receipts key of this log, "
    "so the package's own was used.",
    "package-note-log": "Whether the recording's own log listed these files: the list is signed "
    "for another log that the policy names, {log}, as it is once the recording's own was closed.",
    "no-closing": "Whether there was more: the recording ends at statement {last}; the package "
    "alone cannot show whether there was more.",
    "awaited": "Segments stated whose bytes have not arrived: {count} (statements {numbers}).",
    "silence": "What happened in a silence of {milliseconds} ms after statement {number}: no gap "
    "states it.",
    "segments-overlap": "Segments overlap by {milliseconds} ms at statement {number}.",
    "time-falls": "The device's clock: it falls by {milliseconds} ms at statement {number}.",
    "grant-withheld": "The opening's list of grants: one of the first is withheld.",
    "card-organization": "The attorney's card: the policy does not name the organization that "
    "signed it.",
    "card-validity": "The attorney's card is not one for the time of the recording.",
    "card-revoked": "Who answered: the attorney's card was revoked at {time}, before the recording "
    "began.",
    "card-lost": "Who answered: the key on the attorney's card may have been in other hands since "
    "{lost}, before the recording began; the card was revoked at {time}.",
    "stamp-anchor": "A time stamp: no certificate given vouches for its authority.",
    "stamps": "Time stamps by {names}: this verifier was given no authority's certificate.",
    "head-other": "The head given is another recording's.",
    "opener-unknown": "Who opened it: the key that signed is neither on a card that was checked "
    "nor the one given. Where a case was handed on, that is another attorney than the one who "
    "answered: ask them for the line of their key, not this package, and verify again with "
    "--signer and that line.",
    "opener-revoked": "Who opened it: the card of the key that signed was revoked at {time}, and "
    "the list states a later time.",
    "opener-lost": "Who opened it: the key that signed may have been in other hands since {lost}, "
    "and nothing but the list says when it was signed.",
}

TEXTS: Mapping[str, str] = {**HOLDS, **FAILS, **UNCHECKED}

# The last group is found only with `--log`, by asking a log: no verifier that works offline, as the
# one in the browser does, needs it.

BEYOND_HOLDS: Mapping[str, str] = {
    "beyond-continues": "The log shows a checkpoint over {size} entries now, signed by its key; it "
    "continues the one in the package.",
    "beyond-entries": "Statements whose entries stand in the log where their receipts say: "
    "{count} of {total}.",
    "beyond-nothing": "The log holds no statement after {last}: entries {first} to {end} were "
    "searched.",
    "beyond-package": "The log holds the entry that was made with this package (entry {index}).",
    "beyond-more": "The log holds {what} that this package does not show: {count} (numbers "
    "{numbers}).",
    "beyond-revoked": "The log holds a revocation of the attorney's card, entered after this "
    "package was made (entry {index}). A package fetched now says when and why.",
    "beyond-deleted": "The log holds the tombstone of this recording (entry {index}): the server "
    "says that it deleted it.",
}

BEYOND_FAILS: Mapping[str, str] = {
    "beyond-signature": "The checkpoint that the log shows now is not signed by the log's key.",
    "beyond-root": "The entries that the log shows now do not make the checkpoint that it signed.",
    "beyond-fork": "The log contradicts itself: what it shows now does not continue the checkpoint "
    "in the package. Both are signed and stand below: keep them.",
    "beyond-further": "The recording goes on in the log after the last statement of this package.",
    "beyond-entry": "The log does not hold a statement where its receipt says.",
    "beyond-twin": "The log holds another entry for something that is in the package, or two for "
    "one thing.",
    "beyond-missing": "What the package holds is not in the log, which shows everybody what is "
    "older than a day.",
    "beyond-left-out": "The log held more when this package was made than the package shows: "
    "{what}.",
}

BEYOND_UNCHECKED: Mapping[str, str] = {
    "beyond-unasked": "What the log shows now: it could not be read.",
    "beyond-other": "What the log shows now: at the address given is another one.",
    "beyond-older": "How the log went on: it shows {size} entries here, fewer than the package's "
    "checkpoint over {covered}. Ask again tomorrow, or with a token.",
    "beyond-not-yet": "Whether the log holds it: it shows {size} entries here, and not this one "
    "yet. Ask again in two days, or with a token.",
    "beyond-opener": "Who opened it: the log holds a revocation of the card of the key that "
    "signed (entry {index}), entered after the package was made. A package fetched now says "
    "when and why.",
    "beyond-end": "Whether there was more: the device made no closing. The log holds no statement "
    "after {last} in entries {first} to {end}; what came later, or never reached the log, it "
    "cannot show.",
}

BEYOND: Mapping[str, str] = {**BEYOND_HOLDS, **BEYOND_FAILS, **BEYOND_UNCHECKED}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. *file* is a path in the bag or empty; *values* fill the code's text.

    `accepted` marks what could not be checked and was said beforehand not to matter.
    """

    code: str
    file: str = ""
    expected: str = ""
    found: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    accepted: bool = False

    @property
    def verdict(self) -> Verdict:
        if self.code in HOLDS or self.code in BEYOND_HOLDS:
            return Verdict.HOLDS
        failed = self.code in FAILS or self.code in BEYOND_FAILS
        return Verdict.FAILS if failed else Verdict.UNCHECKED

    @property
    def text(self) -> str:
        text = TEXTS.get(self.code) or BEYOND[self.code]
        return text.format(**self.values)


class Findings:
    """What was found so far, in order; checking goes on whatever is added."""

    def __init__(self) -> None:
        self.all: list[Finding] = []

    def add(
        self, code: str, file: str = "", expected: str = "", found: str = "", **values: Value
    ) -> None:
        self.all.append(Finding(code, file, _clipped(expected), _clipped(found), values))

    def __contains__(self, code: str) -> bool:
        return any(finding.code == code for finding in self.all)

    def failed(self) -> int:
        return sum(finding.verdict is Verdict.FAILS for finding in self.all)

    def clean(self, folder: str) -> bool:
        """Whether nothing failed on any file in *folder*, given with its slash."""
        return not any(
            finding.verdict is Verdict.FAILS and finding.file.startswith(folder)
            for finding in self.all
        )

    @contextmanager
    def under(self, code: str, file: str) -> Iterator[None]:
        """Turn an error raised inside into a finding on *file*: its form, or else *code*."""
        try:
            yield
        except Malformed as error:
            self.add("form", file, f"{error.what} in its written form", error.why)
        except DoesNotHold as error:
            self.add(code, file, error.expected, error.found)
        except AccompanyError as error:
            self.add(code, file, "what holds", str(error))

    @contextmanager
    def summed(self, code: str, **values: Value) -> Iterator[dict[str, Value]]:
        """Add *code*, a text of HOLDS, unless something inside failed; values may grow there."""
        before = self.failed()
        yield values
        if self.failed() == before:
            self.all.append(Finding(code, values=values))


def shortened(numbers: Sequence[int]) -> str:
    """Return numbers for people: all of a few, else the first, the last and how many."""
    if len(numbers) <= 12:
        return " ".join(map(str, numbers)) or "none"
    return f"{numbers[0]} to {numbers[-1]} ({len(numbers)})"


def _clipped(text: str) -> str:
    """No file may fill a report with itself."""
    return text if len(text) <= TEXT_CLIP else text[:TEXT_CLIP] + "…"
