"""Where the public vectors lie: ../shared/vectors, or ACCOMPANY_VECTORS; skipped where neither."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTORS = Path(os.environ.get("ACCOMPANY_VECTORS", ROOT.parent / "shared" / "vectors"))
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason=f"no public vectors in {VECTORS}, and ACCOMPANY_VECTORS names none"
)
