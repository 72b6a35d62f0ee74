"""Passkeys (W3C WebAuthn): how people come in, several for each, found by the browser itself.

Every proof asks for user verification (a finger, a face, a code) and signs a challenge that is good
once and for two minutes. A passkey belongs to the site it was made at: at another name it proves
nothing. What a passkey seals (`sealed`, by the PRF extension) is opened in the browser; here it is
bytes. Not here: sessions, cookies, HTTP.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Protocol

import msgspec

from accompany.accounts.people import Person
from accompany.errors import DoesNotHold, Malformed, Unauthorized
from accompany.ids import PersonId

CHALLENGE_LASTS = 120_000
CHALLENGES = 10_000
PASSKEYS = 10
"""Of one person, at most."""

SEALED_BYTES = 16 * 1024
NAME_LIMIT = 60
ALGORITHMS = (-8, -7, -257)
"""COSE: Ed25519, ECDSA P-256, RSA with SHA-256, best first."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a page is served: the name that passkeys belong to, and the whole origin."""

    name: str
    origin: str

    def __post_init__(self) -> None:
        try:
            ip_address(self.name.strip("[]"))
        except ValueError:
            return
        raise Malformed("address", "a passkey needs a name such as localhost, not a number")


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey; *name* is its person's word for it; *sealed* is empty without PRF."""

    id: bytes
    person: PersonId
    site: str
    key: bytes
    count: int
    name: str
    made: int
    used: int
    sealed: bytes

    @property
    def written_id(self) -> str:
        return _written(self.id)


class KeptPasskeys(Protocol):
    """Keeps passkeys; durable."""

    def add(self, passkey: Passkey) -> bool:
        """Keep a new one; False where its id is taken."""

    def find(self, id_: bytes) -> Passkey | None: ...
    def of(self, person: str) -> list[Passkey]: ...
    def use(self, id_: bytes, count: int, now: int) -> None: ...
    def remove(self, person: str, id_: bytes) -> bool: ...


class Passkeys:
    """Makes challenges, and judges what a browser answers."""

    def __init__(self, kept: KeptPasskeys) -> None:
        self.kept = kept
        self._challenges: dict[bytes, tuple[int, str]] = {}

    def to_register(
        self, person: Person, site: Site, organization: str, now: int
    ) -> dict[str, Any]:
        """Return what `navigator.credentials.create` is asked for, as JSON."""
        return {
            "challenge": _written(self._challenge(f"register {person.id}", now)),
            "rp": {"id": site.name, "name": organization},
            "user": {
                "id": _written(person.id.encode()),
                "name": person.name,
                "displayName": person.name,
            },
            "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in ALGORITHMS],
            "excludeCredentials": [
                {"type": "public-key", "id": one.written_id} for one in self.kept.of(person.id)
            ],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "none",
            "timeout": CHALLENGE_LASTS,
        }

    def to_prove(self, site: Site, now: int) -> dict[str, Any]:
        """Return what `navigator.credentials.get` is asked for, as JSON: nobody is named."""
        return {
            "challenge": _written(self._challenge("prove", now)),
            "rpId": site.name,
            "userVerification": "required",
            "timeout": CHALLENGE_LASTS,
        }

    def register(
        self,
        person: Person,
        site: Site,
        answer: Mapping[str, Any],
        name: str,
        sealed: bytes,
        now: int,
    ) -> Passkey:
        """Keep the passkey that *answer* shows; raise Malformed or DoesNotHold."""
        # A tenth of a start: it is there the first time somebody comes in so.
        from webauthn import verify_registration_response

        name = name.strip()
        if not name or len(name) > NAME_LIMIT or not name.isprintable():
            raise Malformed("name", f"expected 1 to {NAME_LIMIT} printable characters")
        if len(sealed) > SEALED_BYTES:
            raise Malformed("sealed keys", f"expected at most {SEALED_BYTES} bytes")
        if len(self.kept.of(person.id)) >= PASSKEYS:
            raise DoesNotHold("passkeys", f"at most {PASSKEYS}", "one more")
        challenge = self._take(answer, f"register {person.id}", now)
        try:
            found = verify_registration_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=site.name,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        # Whatever an answer makes of the library, it is not a passkey.
        except Exception as error:
            raise DoesNotHold(
                "passkey", f"one made at {site.origin}", type(error).__name__
            ) from error
        fresh = Passkey(
            found.credential_id,
            person.id,
            site.name,
            found.credential_public_key,
            found.sign_count,
            name,
            now,
            now,
            sealed,
        )
        if not self.kept.add(fresh):
            raise DoesNotHold("passkey", "a new one", "one that is known")
        return fresh

    def prove(self, site: Site, answer: Mapping[str, Any], now: int) -> Passkey:
        """Return the passkey that signed *answer*; raise Unauthorized for anything else, alike."""
        from webauthn import verify_authentication_response

        try:
            challenge = self._take(answer, "prove", now)
            held = self.kept.find(_read(str(answer.get("rawId", ""))))
            if held is None or held.site != site.name:
                raise Unauthorized("a passkey of this organization")
            found = verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=site.name,
                expected_origin=site.origin,
                credential_public_key=held.key,
                credential_current_sign_count=held.count,
                require_user_verification=True,
            )
        except Exception as error:
            raise Unauthorized("a passkey of this organization") from error
        self.kept.use(held.id, found.new_sign_count, now)
        return replace(held, count=found.new_sign_count, used=now)

    def _challenge(self, purpose: str, now: int) -> bytes:
        # The oldest goes: whoever asks for thousands must not keep people from coming in.
        if len(self._challenges) >= CHALLENGES:
            del self._challenges[next(iter(self._challenges))]
        fresh = secrets.token_bytes(32)
        self._challenges[fresh] = (now + CHALLENGE_LASTS, purpose)
        return fresh

    def _take(self, answer: Mapping[str, Any], purpose: str, now: int) -> bytes:
        """Return the challenge that *answer* says it signs, used up; raise DoesNotHold."""
        response = answer.get("response")
        written = response.get("clientDataJSON") if isinstance(response, dict) else None
        challenge = _challenge_in(written) if isinstance(written, str) else b""
        until, given = self._challenges.pop(challenge, (0, ""))
        if until <= now or given != purpose:
            raise DoesNotHold("challenge", "one given in the last two minutes", "another")
        return challenge


def _written(value: bytes) -> str:
    """Return *value* in base64url, as WebAuthn writes bytes in JSON (RFC 7515, section 2)."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _read(written: str) -> bytes:
    """Return the bytes of base64url, with padding or without; raise ValueError."""
    return urlsafe_b64decode(f"{written}===")


def _challenge_in(client_data: str) -> bytes:
    """Return the challenge that stands in `clientDataJSON`; what signs it is checked after."""
    try:
        data = msgspec.json.decode(_read(client_data), type=dict[str, Any])
        return _read(str(data.get("challenge", "")))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return b""
