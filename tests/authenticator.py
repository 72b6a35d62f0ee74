"""A passkey in Python, as a browser and its authenticator answer: ES256, no attestation.

For tests over HTTP; those in a browser use its own virtual authenticators.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, AT = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftPasskey:
    """One passkey at one origin; *verifies* is whether it asks for a finger."""

    origin: str
    verifies: bool = True
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    count: int = 0

    @property
    def flags(self) -> int:
        return UP | (UV if self.verifies else 0)

    def create(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        held = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], AT) + held
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], **bent)
        response = {"clientDataJSON": b64(client), "attestationObject": b64(attestation)}
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "response": response,
        }

    def get(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.get`."""
        self.count += 1
        data = self._data(options["rpId"])
        client = self._client("webauthn.get", options["challenge"], **bent)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(data),
            "signature": b64(signature),
            "userHandle": None,
        }
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "response": response,
        }

    def _data(self, site: str, more: int = 0) -> bytes:
        flags = bytes([self.flags | more])
        return sha256(site.encode()).digest() + flags + self.count.to_bytes(4)

    def _client(self, kind: str, given: str, /, **bent: Any) -> bytes:
        stated = {"type": kind, "challenge": given, "origin": self.origin, **bent}
        return json.dumps(stated).encode()
