"""Checking what opening added: the keys of the segments shown, the film, and who says so.

Pure. Not here: opening (client.opening), what the film shows.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from accompany.errors import AccompanyError
from accompany.evidence import layout
from accompany.evidence.age import decrypt_with_file_key
from accompany.evidence.contents import Contents
from accompany.evidence.filekeys import FileKey, read_filekeys
from accompany.evidence.findings import Findings, shortened
from accompany.evidence.listing import LISTING_LIMIT, OpenedListing
from accompany.evidence.marking import carries_mark, derived_mark
from accompany.evidence.notes import Note, Verifier
from accompany.evidence.revocations import Revocation
from accompany.evidence.text import quoted, write_time
from accompany.evidence.verify_chain import Chain
from accompany.evidence.verify_files import CheckedCard, check_listed, check_states, read_json

STRETCHES = 12
"""So many withheld stretches are named; more are counted."""


def check_opened(
    contents: Contents,
    chain: Chain,
    card: CheckedCard,
    signer: Verifier | None,
    findings: Findings,
) -> None:
    """Check all that an opened package adds."""
    data = contents.need(layout.FILEKEYS)
    if data is not None:
        with findings.under("form", layout.FILEKEYS):
            _check_film(contents, chain, read_filekeys(data), findings)
    _check_court_copy(contents, chain, findings)
    contents.hash_rest()
    _check_derivation(contents, chain, findings)
    _check_note(contents, chain, card, signer, findings)


def _check_film(contents: Contents, chain: Chain, keys: list[FileKey], findings: Findings) -> None:
    stated = [segment.number for segment in chain.segments]
    if [key.number for key in keys] != stated:
        expected = f"segments {shortened(stated)}"
        found = f"segments {shortened([key.number for key in keys])}"
        findings.add("filekeys-lines", layout.FILEKEYS, expected, found)
    shown = [key for key in keys if key.key is not None]
    if shown and stated and shown[0].number != stated[0]:
        expected = f"segment {stated[0]} shown"
        findings.add("filekeys-first", layout.FILEKEYS, expected, f"from {shown[0].number} on")
    digest, size = sha256(), 0
    before = findings.failed()
    with findings.summed("filekeys-hold", count=len(shown)):
        for plain in _plaintexts(contents, shown, findings):
            digest.update(plain)
            size += len(plain)
    if len(shown) < len(keys):
        where = _withheld_from_to(keys, chain)
        findings.add("segments-withheld", count=len(keys) - len(shown), where=where)
    media = contents.of_kind("recording")
    wanted = layout.media_path(chain.opening.media) if chain.opening else "".join(media[:1])
    if shown or media:
        _check_media(contents, wanted, media, digest.digest(), size, findings)
    if findings.failed() == before and shown:
        findings.add("media-holds", path=wanted)


def _withheld_from_to(keys: list[FileKey], chain: Chain) -> str:
    """Return from when to when the stretches withheld last, by the statements."""
    shown = {line.number for line in keys if line.key is not None}
    stretches: list[tuple[int, int]] = []
    before = False
    for one in chain.segments:
        start, end = one.offset, one.offset + one.duration
        if one.number in shown:
            before = False
            continue
        if before:
            start, end = stretches[-1][0], max(stretches.pop()[1], end)
        stretches.append((start, end))
        before = True
    said = [f"from {_seconds(start)} to {_seconds(end)} s" for start, end in stretches[:STRETCHES]]
    more = len(stretches) - len(said)
    return ", ".join([*said, f"and {more} more"] if more else said) or "at no stated time"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def _plaintexts(contents: Contents, shown: list[FileKey], findings: Findings) -> Iterator[bytes]:
    for line in shown:
        path = layout.segment_path(line.number)
        data = contents.need(path)
        if data is None or line.key is None:
            continue
        try:
            yield decrypt_with_file_key(data, line.key)
        except AccompanyError as error:
            expected = f"the key in {layout.FILEKEYS} to open it"
            findings.add("filekey", path, expected, str(error))


def _check_media(
    contents: Contents, wanted: str, media: list[str], digest: bytes, size: int, findings: Findings
) -> None:
    for path in media:
        if path != wanted:
            findings.add("file-orphan", path, wanted, path)
    if wanted not in contents:
        findings.add("file-missing", wanted, "the film or sound of the shown segments", "none")
        return
    if contents.sizes[wanted] != size:
        found = f"{contents.sizes[wanted]} bytes"
        findings.add("media", wanted, f"{size} bytes", found)
    contents.hash_rest([wanted])
    if contents.digests[wanted] != digest:
        findings.add("media", wanted, digest.hex(), contents.digests[wanted].hex())


def _check_derivation(contents: Contents, chain: Chain, findings: Findings) -> None:
    """Compare what derivation.json says of result and derived film with both."""
    path = layout.DERIVATION
    data = contents.need(path)
    if data is None:
        return
    said = read_json(data)
    if not isinstance(said, dict) or not isinstance(said.get("result"), dict | None):
        findings.add("form", path, "a JSON object with a result", quoted(data))
        return
    recording = chain.opening.recording if chain.opening else None
    if recording is not None and said.get("recording") != recording:
        findings.add("derivation", path, recording, _said(said.get("recording")))
    derived = said.get("derived")
    named = isinstance(derived, dict) and derived.get("path") == layout.COURT_COPY
    for made in (said.get("result"), derived if named else None):
        if made is not None:
            _check_made(contents, made, findings)
    if layout.COURT_COPY in contents and not named:
        findings.add("derivation", path, layout.COURT_COPY, "nothing")


def _check_made(contents: Contents, said: dict[str, Any], findings: Findings) -> None:
    made = said.get("path")
    digest = contents.digests.get(made, b"").hex() if isinstance(made, str) else ""
    if said.get("sha256") != digest or not digest:
        found = f"{_said(made)} {_said(said.get('sha256'))}"
        expected = f"a file of this package {digest}".strip()
        findings.add("derivation", layout.DERIVATION, expected, found)


def _check_court_copy(contents: Contents, chain: Chain, findings: Findings) -> None:
    """Check that the court copy says of itself which recording and which original it is of."""
    path = layout.COURT_COPY
    if path not in contents or chain.opening is None:
        return
    original = layout.media_path(chain.opening.media)
    if original in contents:
        contents.hash_rest([original])
    mark = derived_mark(chain.opening.recording, contents.digests.get(original, b""))
    pieces = contents.chunks(path)
    marked = carries_mark(pieces, mark)
    for _ in pieces:
        pass  # Its digest is known once it was read to its end.
    if marked:
        findings.add("court-copy-marked", path=path)
    else:
        findings.add("court-copy", path, mark, "another mark or none")


def _said(value: object) -> str:
    return quoted(value) if isinstance(value, str) else "nothing"


def _check_note(
    contents: Contents,
    chain: Chain,
    card: CheckedCard,
    signer: Verifier | None,
    findings: Findings,
) -> None:
    path = layout.OPENED_NOTE
    data = contents.need(path)
    if data is None:
        return
    with findings.summed("opened-note-holds"), findings.under("opened-note-signature", path):
        note = Note.parse(data, LISTING_LIMIT)
        listing = OpenedListing.read(note.text)
        recording = chain.opening.recording if chain.opening else None
        check_states("opened-note-states", path, listing, recording, chain.digests, findings)
        check_listed(contents, listing, True, path, findings)
        note.only_by(listing.key, path)
        _check_opener(listing, card, signer, findings)


def _check_opener(
    listing: OpenedListing, checked: CheckedCard, signer: Verifier | None, findings: Findings
) -> None:
    key, holder = listing.key, checked.card
    if signer is not None:
        if signer == key:
            findings.add("opener-known", name=key.name, how="the key given")
        else:
            findings.add("opener", layout.OPENED_NOTE, str(signer), str(key))
    elif holder is not None and holder.verifier == key and checked.believed:
        if _ended(listing, checked.revocation, findings):
            return
        findings.add("opener-known", name=holder.name, how="the key on the attorney's card")
    else:
        findings.add("opener-unknown", layout.OPENED_NOTE, "a key on a checked card", str(key))


def _ended(listing: OpenedListing, revocation: Revocation | None, findings: Findings) -> bool:
    """Say that the card's key did not count any more when *listing* says it signed.

    Where others may have the key, no time that the list states of itself helps.
    """
    if revocation is None:
        return False
    path, stated = layout.OPENED_NOTE, write_time(listing.time)
    if revocation.lost is not None:
        lost = write_time(revocation.lost)
        expected = "a key that nobody else may have"
        findings.add("opener-lost", path, expected, f"lost {lost}, stated {stated}", lost=lost)
    elif listing.time >= revocation.time:
        time = write_time(revocation.time)
        findings.add("opener-revoked", path, f"a time before {time}", stated, time=time)
    else:
        return False
    return True
