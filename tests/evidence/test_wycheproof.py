"""What `cryptography` says of Wycheproof's edge cases, called the way `evidence` calls it."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accompany.errors import Malformed
from accompany.evidence.age import X25519Recipient

ROOT = Path(__file__).resolve().parents[2]
VECTORS = Path(os.environ.get("ACCOMPANY_VECTORS", ROOT.parent / "shared" / "vectors"))
FOLDER = VECTORS / "wycheproof"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no public vectors in {FOLDER}")


def cases(name: str) -> Iterator[dict]:
    for group in json.loads((FOLDER / f"{name}_test.json").read_text())["testGroups"]:
        yield from group["tests"]


def unhex(case: dict, *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def test_x25519_agrees_on_every_secret_but_the_zero_one() -> None:
    """Twist and non-canonical points agree as RFC 7748 says; low-order ones are refused."""
    outcomes: Counter[str] = Counter()
    for case in cases("x25519"):
        private, public, shared = unhex(case, "private", "public", "shared")
        key = X25519PrivateKey.from_private_bytes(private)
        point = X25519PublicKey.from_public_bytes(public)
        if "ZeroSharedSecret" in case["flags"]:
            assert shared == bytes(32), case
            with pytest.raises(ValueError, match="shared key"):
                key.exchange(point)
            with pytest.raises(Malformed):
                X25519Recipient(public)
            outcomes["refused"] += 1
        else:
            assert key.exchange(point) == shared, case
            assert X25519Recipient(public).key == public
            outcomes["agreed"] += 1
    assert outcomes == {"agreed": 487, "refused": 31}


def test_chacha20_poly1305_seals_as_expected_and_opens_nothing_bent() -> None:
    outcomes: Counter[str] = Counter()
    for case in cases("chacha20_poly1305"):
        key, nonce, more, plain, sealed, tag = unhex(case, "key", "iv", "aad", "msg", "ct", "tag")
        cipher = ChaCha20Poly1305(key)
        if "InvalidNonceSize" in case["flags"]:
            with pytest.raises(ValueError, match=r"[Nn]once"):
                cipher.encrypt(nonce, plain, more)
            with pytest.raises(ValueError, match=r"[Nn]once"):
                cipher.decrypt(nonce, sealed + tag, more)
        elif case["result"] == "valid":
            assert cipher.encrypt(nonce, plain, more) == sealed + tag, case
            assert cipher.decrypt(nonce, sealed + tag, more) == plain, case
        else:
            with pytest.raises(InvalidTag):
                cipher.decrypt(nonce, sealed + tag, more)
        outcomes[case["result"]] += 1
    assert outcomes == {"valid": 256, "invalid": 69}


def test_hkdf_sha256_derives_as_expected_and_no_more_than_it_can() -> None:
    outcomes: Counter[str] = Counter()
    for case in cases("hkdf_sha256"):
        secret, salt, info, derived = unhex(case, "ikm", "salt", "info", "okm")
        if case["result"] == "valid":
            assert HKDF(SHA256(), case["size"], salt, info).derive(secret) == derived, case
        else:
            with pytest.raises(ValueError, match="larger than 8160"):
                HKDF(SHA256(), case["size"], salt, info)
        outcomes[case["result"]] += 1
    assert outcomes == {"valid": 83, "invalid": 3}
