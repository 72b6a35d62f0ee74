"""The sentences of a report, for the verifier in the browser: `python -m corpus.catalogue`.

webapp/src/verify/findings.json is this module's output and nothing else; a test sees to it. What
only `--log` can find is not in it.
"""

import json
from pathlib import Path

from accompany.evidence.findings import FAILS, HOLDS, UNCHECKED
from accompany.evidence.report import MEANING, NOT_SHOWN

PATH = Path(__file__).parents[2] / "webapp" / "src" / "verify" / "findings.json"


def catalogue() -> str:
    texts = {"holds": HOLDS, "fails": FAILS, "unchecked": UNCHECKED, "meaning": MEANING}
    said = {name: dict(text) for name, text in texts.items()}
    return json.dumps({**said, "not_shown": NOT_SHOWN}, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(catalogue())
