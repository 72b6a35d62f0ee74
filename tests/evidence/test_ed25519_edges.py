"""What our notes say of the C2SP edge cases: low order, not canonical, without the cofactor."""

import json
import os
from pathlib import Path

import pytest

from accompany.errors import DoesNotHold
from accompany.evidence.notes import Verifier, check_public_key

ROOT = Path(__file__).resolve().parents[2]
VECTORS = Path(os.environ.get("ACCOMPANY_VECTORS", ROOT.parent / "shared" / "vectors"))
FILE = VECTORS / "ed25519" / "ed25519vectors.json"


@pytest.mark.skipif(not FILE.is_file(), reason=f"no public vectors in {FILE}")
def test_low_order_and_non_canonical_are_refused_and_the_rest_is_judged_without_cofactor() -> None:
    """webapp/tests/evidence/edges.test.ts says the same of the same cases."""
    for case in json.loads(FILE.read_text()):
        flags, key = set(case["flags"] or []), bytes.fromhex(case["key"])
        if flags & {"low_order_A", "non_canonical_A"}:
            with pytest.raises(DoesNotHold):
                check_public_key(key)
            continue
        held = Verifier("x", check_public_key(key)).holds(
            case["msg"].encode(), bytes.fromhex(case["sig"])
        )
        assert held == (not flags & {"low_order_residue", "non_canonical_R"}), case["number"]
