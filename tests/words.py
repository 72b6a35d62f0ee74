"""The pages' own words, in any of their languages: what a person finds a button by."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "webapp" / "src" / "i18n"


@cache
def texts(tag: str) -> dict[str, str]:
    """Return every sentence of a language by its key, of all its files."""
    found: dict[str, str] = {}
    for path in FOLDER.rglob(f"{tag}.json"):
        found |= {key: text for key, text in json.loads(path.read_text()).items() if text}
    found.pop("reviewed", None)
    return found


@dataclass(frozen=True)
class Words:
    """The words of a language; *bend* is what a pseudo-language does to each."""

    tag: str
    bend: Callable[[str], str] = str

    def __call__(self, key: str, **values: object) -> str:
        pattern = self.bend(texts(self.tag)[key])
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), pattern)
