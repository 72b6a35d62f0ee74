"""Web Push (RFC 8030, 8291, 8292): a message without content, sealed to one browser.

The push service in between learns that something was sent, not what. The key by which it knows
this server is made on first use. No redirect is followed: where a message goes was checked before.
"""

import json
from base64 import urlsafe_b64encode
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from accompany.adapters.disk import write_durably
from accompany.errors import Damaged

TIMEOUT = 15.0
LASTS = 60
"""Seconds for which the push service keeps a ring: a later one would ring for nobody."""


class Push:
    """Sends to subscriptions; *contact* tells push services whom to ask about this server."""

    def __init__(self, folder: Path, contact: str) -> None:
        self._path = folder / "push.key"
        self._contact = contact
        if not self._path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_durably(self._path, pem)

    @property
    def public_key(self) -> str:
        """What a browser subscribes with: the uncompressed point, base64url."""
        try:
            key = serialization.load_pem_private_key(self._path.read_bytes(), None)
        except ValueError as error:
            why = "expected a private key; restore it, or delete it: then all subscribe anew"
            raise Damaged(f"{self._path} is bent: {why}") from error
        point = key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return urlsafe_b64encode(point).rstrip(b"=").decode()

    def send(self, subscription: str, word: str) -> bool:
        """Return whether the push service took it; never raise. Blocks up to `TIMEOUT`."""
        # Imported when somebody subscribed: they bring an HTTP library of their own.
        import requests
        from py_vapid import Vapid02
        from pywebpush import webpush

        try:
            with requests.Session() as session:
                session.max_redirects = 0
                answer = webpush(
                    json.loads(subscription),
                    json.dumps({"type": word}),
                    Vapid02.from_pem(self._path.read_bytes()),  # type: ignore[no-untyped-call]
                    {"sub": self._contact},
                    ttl=LASTS,
                    timeout=TIMEOUT,
                    headers={"urgency": "high"},
                    requests_session=session,
                )
            return not isinstance(answer, str) and answer.status_code < 300
        # Whatever a library raises here would quote the subscription: it is a message not taken.
        except Exception:
            return False
