"""Sending a recording: openings, statements and segments go out, receipts come back checked.

Nothing counts as safe before a receipt by the key that the organization's note names, over just
the entry that was expected. A receipt that says something else ends the recording, loudly: it is
either a broken server or a lie. One request is in flight at a time.
"""

from typing import Any

import msgspec

from accompany.client.device import Device, Signed, locator_of
from accompany.client.line import FIRST_CONTACT, Line, Refused
from accompany.client.service import Service, read_service
from accompany.errors import DoesNotHold, Malformed, OutOfOrder
from accompany.evidence.cards import Organization
from accompany.evidence.checkpoints import Checkpoint, open_checkpoint
from accompany.evidence.receipts import Entry, Receipt, open_receipt
from accompany.evidence.text import read_hex, write_base64


def ask_service(line: Line, pinned: str | None = None) -> Service:
    """Return what the server says of itself, verified; *pinned* is the key's fingerprint.

    Raise Unreachable if nobody answers within about 10 s: nothing was recorded yet.
    """
    what = "GET /api/service"
    return read_service(line.ask(what, "GET", "/api/service", patience=FIRST_CONTACT), pinned)


def ask_checkpoint(line: Line, organization: Organization, secret: bytes) -> bytes | None:
    """Return the log's latest checkpoint as signed and checked; None where there is none yet.

    *secret*, a guest code or a locator's, opens the live log.
    """
    try:
        headers = {"Authorization": f"Bearer {write_base64(secret)}"}
        note = line.ask("GET /log/checkpoint", "GET", "/log/checkpoint", headers=headers)
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    open_checkpoint(note, organization.log)
    return note


def after_of(checkpoint: bytes | None, organization: Organization) -> tuple[int, bytes] | None:
    """Return what an opening's `after` says of a signed checkpoint."""
    if checkpoint is None:
        return None
    found: Checkpoint = open_checkpoint(checkpoint, organization.log)
    return (found.size, found.root) if found.size else None


def check_receipt(note: bytes, organization: Organization, entry: Entry, bytes_: str) -> Receipt:
    """Return the receipt in *note* if it says that *entry* is in the log, with *bytes_*.

    Raise Malformed or DoesNotHold otherwise.
    """
    receipt = open_receipt(note, organization.receipts)
    if receipt.log != organization.origin:
        raise DoesNotHold("receipt", f"log {organization.origin}", receipt.log)
    if receipt.entry != entry:
        expected, found = (bytes(item).hex() for item in (entry, receipt.entry))
        raise DoesNotHold("receipt", f"entry {expected}", found)
    if receipt.bytes_ != bytes_:
        raise DoesNotHold("receipt", f"bytes {bytes_}", receipt.bytes_)
    return receipt


class Uplink:
    """One device's way to one server."""

    def __init__(self, line: Line, organization: Organization, device: Device) -> None:
        self._line = line
        self._organization = organization
        self._device = device

    def open(self, guest_code: str, secret: bytes) -> bytes:
        """Send the opening and the first grants; return the receipt, checked, as signed.

        *secret* is the locator's; a guest has no deletion key.
        """
        device = self._device
        body = {
            "opening": device.opening.note.decode(),
            "grants": [write_base64(grant) for grant in device.grants],
            "locator": locator_of(secret).hex(),
            "deletion": None,
            "admission": {"guest_code": guest_code},
        }
        headers = {"Content-Type": "application/json"}
        path, content = "/api/recordings", msgspec.json.encode(body)
        return self._send(device.opening, "none", "POST", path, content=content, headers=headers)

    def segment(self, signed: Signed) -> bytes:
        """Send a segment's statement and bytes; return the receipt, `kept`.

        Raise OutOfOrder where the server's chain stands elsewhere.
        """
        headers = {
            "Statement": write_base64(signed.note),
            "Content-Type": "application/octet-stream",
        }
        path = self._path("segments", signed)
        return self._send(signed, "kept", "PUT", path, content=signed.sealed, headers=headers)

    def statement(self, signed: Signed, bytes_: str = "none") -> bytes:
        """Send a statement alone; return the receipt. Raise OutOfOrder as `segment` does."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        path = self._path("statements", signed)
        return self._send(signed, bytes_, "PUT", path, content=signed.note, headers=headers)

    def _path(self, what: str, signed: Signed) -> str:
        return f"/api/recordings/{self._device.recording}/{what}/{signed.number}"

    def _send(self, signed: Signed, bytes_: str, method: str, path: str, **content: Any) -> bytes:
        what = f"statement {signed.number}" if signed.number else "the opening"
        try:
            note = self._line.ask(what, method, path, **content)
        except Refused as refused:
            raise _out_of_order(refused) or refused from refused
        check_receipt(note, self._organization, self._device.entry(signed), bytes_)
        return note


def _out_of_order(refused: Refused) -> OutOfOrder | None:
    """Return what a 409 says of where the server's chain stands; None for everything else."""
    last, digest = refused.more.get("last"), refused.more.get("digest")
    if refused.status != 409 or not isinstance(last, int) or not isinstance(digest, str):
        return None
    try:
        return OutOfOrder(str(refused), last, read_hex(digest, 32))
    except Malformed:
        return None
