"""Checking what belongs to the package as a whole: grants, card, custody, lists and manifests.

Pure. Not here: statements (verify_chain), the log (verify_log), what opening added (verify_opened).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from accompany.errors import Malformed
from accompany.evidence import layout
from accompany.evidence.bag import BAGIT_TEXT, read_manifest
from accompany.evidence.cards import Card, organization_name
from accompany.evidence.contents import Contents
from accompany.evidence.findings import Findings
from accompany.evidence.listing import LISTING_LIMIT, Listing
from accompany.evidence.notes import Note, Verifier
from accompany.evidence.receipts import custody_entry, receipts_name
from accompany.evidence.revocations import Revocation
from accompany.evidence.statements import Opening
from accompany.evidence.text import quoted, write_time
from accompany.evidence.verify_chain import check_stanza
from accompany.evidence.verify_log import Keys, LogReader, pick
from accompany.ids import RecordingId

JSON_DEPTH = 64
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def check_grants(
    contents: Contents, opening: Opening | None, listed: Mapping[str, bytes], findings: Findings
) -> int:
    """Compare the first grants with the opening's digest of them; return how many there are.

    How many are the first is not written down: some beginning of the list must have that digest.
    """
    digest = sha256()
    first = 0 if opening and opening.grants == digest.digest() else None
    numbers = contents.numbers("grant")
    whole = True
    for at, number in enumerate(numbers):
        path = layout.grant_path(number)
        data = contents.read(path) or b""
        check_stanza("grant-stanza", path, data, findings)
        whole = whole and at == number
        digest.update(data)
        if whole and opening and opening.grants == digest.digest():
            first = number + 1 if first is None else first
    if opening is None:
        return len(numbers)
    if first is not None:
        findings.add("grants-hold", count=first)
        return len(numbers)
    withheld = [path for path in listed if _is_grant(path) and path not in contents]
    if withheld:
        findings.add("grant-withheld", withheld[0])
    else:
        found = digest.hexdigest()
        findings.add("grants-digest", layout.grant_path(0), opening.grants.hex(), found)
    return len(numbers)


def _is_grant(path: str) -> bool:
    found = layout.place(path)
    return found is not None and found.kind == "grant"


@dataclass(frozen=True, slots=True)
class CheckedCard:
    """The attorney's card if there is one in form, whether its organization is believed, and its
    revocation if one holds."""

    card: Card | None = None
    believed: bool = False
    revocation: Revocation | None = None


def check_card(contents: Contents, keys: Keys, time: int | None, findings: Findings) -> CheckedCard:
    """Return the card, not yet whether it was revoked.

    *time*, ms since 1970 UTC: when the recording began by the server's receipt.
    """
    path = layout.CARD
    data = contents.read(path)
    if data is None:
        return CheckedCard()
    card, believed = None, False
    with findings.under("card-signature", path):
        note = Note.parse(data)
        card = Card.read(note.text)
        name = organization_name(keys.origin)
        named = _organizations(keys.believed.organizations, name)
        key = pick(named or _organizations(keys.own.organizations, name), note)
        if key is not None:
            note.only_by(key, path)
        believed = bool(named)
        if not believed:
            signers = ", ".join(f"{line.name}+{line.id.hex()}" for line in note.signatures)
            findings.add("card-organization", path, f"a policy line of {name}", signers)
        else:
            findings.add("card-holds", name=card.name)
        if time is not None and not card.valid_at(time):
            span = f"{write_time(card.since)} to {write_time(card.until)}"
            findings.add("card-validity", path, f"valid at {write_time(time)}", span)
    return CheckedCard(card, believed)


def _organizations(known: tuple[Verifier, ...], name: str) -> tuple[Verifier, ...]:
    return tuple(key for key in known if key.name == name)


def check_custody(
    contents: Contents, recording: RecordingId | None, log: LogReader, findings: Findings
) -> None:
    """Check that every line of custody.jsonl is in the log, in its place."""
    lines = list(_lines(contents.read(layout.CUSTODY) or b""))
    before = findings.failed()
    for number, line in enumerate(lines, 1):
        _check_line(number, line, findings)
        path = layout.custody_proof_path(number)
        proof = contents.need(path)
        if proof is not None:
            entry = custody_entry(recording, number, line) if recording else None
            log.take_proof(path, proof, entry, None)
    for number in contents.numbers("custody-proof"):
        if not 1 <= number <= len(lines):
            path = layout.custody_proof_path(number)
            findings.add("file-orphan", path, f"lines 1 to {len(lines)}", f"line {number}")
    if lines and findings.failed() == before:
        findings.add("custody-holds", count=len(lines))
        _tell_links(lines, findings)


def _tell_links(lines: Sequence[bytes], findings: Findings) -> None:
    """Say how many links to read the recording were given, and how many taken back."""
    said = [line.get("what") for line in map(read_json, lines)]
    given, back = said.count("pass given"), said.count("pass withdrawn")
    if given or back:
        findings.add("custody-links", given=given, back=back)


def _lines(data: bytes) -> Iterator[bytes]:
    *lines, end = data.split(b"\n")
    yield from (line + b"\n" for line in lines)
    if end:
        yield end


def _check_line(number: int, line: bytes, findings: Findings) -> None:
    if not line.endswith(b"\n") or not isinstance(read_json(line), dict):
        expected = "a JSON object and a newline"
        findings.add("custody-line", layout.CUSTODY, expected, f"line {number}: {quoted(line)}")


def read_json(data: bytes) -> Any:
    """Return what *data* says in JSON (RFC 8259), or None for what is none, or too deep to read."""
    try:
        if _depth(data) > JSON_DEPTH:
            return None
        return json.loads(data.decode("utf-8"), parse_int=_integer, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None


def _depth(data: bytes) -> int:
    """How deep brackets lie in one another: every parser gives up somewhere, each at its own."""
    depth = deepest = 0
    for mark in _MARKS.findall(data):
        depth += 1 if mark in (b"[", b"{") else -1 if mark in (b"]", b"}") else 0
        deepest = max(deepest, depth)
    return deepest


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 16 else float(digits)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def read_package_note(contents: Contents, keys: Keys, findings: Findings) -> Listing | None:
    """Return what package.note lists if it is in form; its signature is a finding.

    Where a log was closed its key signs nothing more, and the log after it lists the files.
    """
    path = layout.PACKAGE_NOTE
    data = contents.need(path)
    listing = None
    if data is not None:
        with findings.under("package-note-signature", path):
            note = Note.parse(data, LISTING_LIMIT)
            listing = Listing.read(note.text)
            other = keys.of_another_log(note)
            key = other or pick(keys.receipts, note)
            if key is not None:
                note.only_by(key, path)
            if other is not None:
                log, own = other.name.removesuffix("/receipts"), receipts_name(keys.origin)
                findings.add("package-note-log", path, own, other.name, log=log)
    return listing


def check_states(
    code: str,
    path: str,
    listing: Listing,
    recording: str | None,
    digests: Mapping[int, bytes],
    findings: Findings,
) -> None:
    """Compare what a listing states of the recording with the statements that are here."""
    last = max(digests, default=0)
    expected = f"recording {recording} last {last} digest {digests.get(last, b'').hex()}"
    found = f"recording {listing.recording} last {listing.last} digest {listing.digest.hex()}"
    if expected != found:
        findings.add(code, path, expected, found)


def check_listed(
    contents: Contents, listing: Listing, opened: bool, note: str, findings: Findings
) -> None:
    """Compare a list of files with the files: those of opening, or all others under data/.

    A grant that is listed and not here is withheld, which is allowed.
    """
    mine = {
        path
        for path in contents.payload
        if contents.places[path].of_opening == opened and path != note
    }
    for path in sorted(mine - listing.files.keys()):
        findings.add("unlisted", path, f"a line in {note}", "none")
    for path, digest in listing.files.items():
        if path in mine:
            if contents.digests[path] != digest:
                findings.add("listed-sha256", path, digest.hex(), contents.digests[path].hex())
        elif opened or not _is_grant(path):
            findings.add("listed-missing", path, f"the file, listed in {note}", "none")


def check_bag(contents: Contents, findings: Findings) -> None:
    """Compare the four tag files with the files: not evidence, but what other tools go by."""
    with findings.summed("bag-holds"):
        bagit = contents.need(layout.BAGIT)
        if bagit is not None and bagit != BAGIT_TEXT:
            findings.add("bag", layout.BAGIT, quoted(BAGIT_TEXT, 200), quoted(bagit, 200))
        contents.need(layout.BAG_INFO)
        tags = {layout.BAGIT, layout.BAG_INFO, layout.MANIFEST}
        _check_manifest(contents, layout.MANIFEST, set(contents.payload), findings)
        _check_manifest(contents, layout.TAG_MANIFEST, tags, findings)


def _check_manifest(contents: Contents, path: str, paths: set[str], findings: Findings) -> None:
    data = contents.need(path)
    if data is None:
        return
    try:
        listed = read_manifest(path, data)
    except Malformed as error:
        findings.add("form", path, "a manifest in its written form", error.why)
        return
    for name in sorted(paths | listed.keys()):
        digest = contents.digests.get(name) if name in paths else None
        if digest != listed.get(name):
            expected = f"{name} {digest.hex()}" if digest else f"no {name}"
            stated = listed.get(name)
            findings.add("bag", path, expected, stated.hex() if stated else "no such line")
