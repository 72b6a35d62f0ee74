"""What a client has to know of a server before it trusts it with anything: GET /api/service.

The organization's own note names the keys that count: the log's, the receipts' and the custodian's.
It is believed if the organization's key signed it, and that key if it is the one on the poster,
where the fingerprint is given. Pure: the answer's bytes in, values out.
"""

from dataclasses import dataclass

import msgspec

from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.cards import Organization, fingerprint, organization_name
from accompany.evidence.notes import Verifier, open_note
from accompany.evidence.text import read_base32


class _Answer(msgspec.Struct):
    origin: str
    organization_key: str
    organization: str


@dataclass(frozen=True, slots=True)
class Service:
    """A server whose organization's note was verified."""

    organization: Organization
    fingerprint: str


def read_service(body: bytes, pinned: str | None = None) -> Service:
    """Return the service that *body* describes; *pinned* is a fingerprint known beforehand.

    Raise Malformed or DoesNotHold if it cannot be believed.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.DecodeError as error:
        raise Malformed("GET /api/service", f"is this an Accompany server? {error}") from error
    key = Verifier.parse(answer.organization_key)
    found = fingerprint(key)
    if pinned is not None and read_base32(pinned) != found:
        raise DoesNotHold("the organization's key", pinned, found)
    organization = Organization.read(open_note(answer.organization.encode(), key, "organization"))
    if organization.origin != answer.origin:
        raise DoesNotHold("the organization's log", answer.origin, organization.origin)
    if key.name != organization_name(organization.origin):
        raise DoesNotHold("key name", organization_name(organization.origin), key.name)
    return Service(organization, found)
