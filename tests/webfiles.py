"""What a built page loads before it can be pressed: its files, followed through static imports."""

import json
import re
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "src" / "accompany" / "web" / "static"

LOADED = re.compile(r'<(?:script|link)\b[^>]*?\b(?:src|href)="(/[^"]+)"')
IMPORTED = re.compile(r'(?:^|[;}\n])\s*(?:import|export)\b[^;"\']*?["\']\./([^"\']+\.js)["\']')


def files_before_press(page: str = "index.html") -> set[str]:
    """Return the names, below STATIC, of all that is needed at once, with the largest language."""
    named = [name.lstrip("/") for name in LOADED.findall((STATIC / page).read_text())]
    found = {page, *_language()}
    waiting = named + list(_language())
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name.endswith(".js"):
            text = (STATIC / name).read_text()
            imported = {f"assets/{other}" for other in IMPORTED.findall(text)}
            waiting.extend(imported - found)
    return found


def sent(names: set[str], suffix: str = ".br") -> int:
    """Return the bytes sent for *names*, compressed as *suffix* says."""
    return sum((STATIC / f"{name}{suffix}").stat().st_size for name in names)


def _language() -> set[str]:
    languages: dict[str, str] = json.loads((STATIC / "languages.json").read_text())
    names = [name.lstrip("/") for name in languages.values()]
    largest = sorted(names, key=lambda name: (STATIC / f"{name}.br").stat().st_size)
    return set(largest[-1:])
