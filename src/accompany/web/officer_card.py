"""What the card says that a caller shows to an officer, where an organization has words of its own.

One sentence a line, English first; a line `[es]` begins another language:

    I am using my right to remain silent.
    [es]
    Uso mi derecho a guardar silencio.
"""

import re
from pathlib import Path

from accompany.errors import Malformed

SENTENCES, CHARACTERS = 8, 120
"""As many as are read at arm's length."""

LANGUAGE = re.compile(r"^\[([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\]$")


def read_officer_card(path: str) -> dict[str, list[str]]:
    """Return sentences by language, nothing where *path* is empty; raise Malformed."""
    return read_by_language(path, "officer_card", SENTENCES, CHARACTERS)


def read_by_language(path: str, setting: str, most: int, longest: int) -> dict[str, list[str]]:
    """Return lines by language, of a file in the form above; raise Malformed for too many lines or
    characters."""
    if not path:
        return {}
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise Malformed(f"setting {setting}", f"expected a text file: {error}") from error
    found: dict[str, list[str]] = {"en": []}
    language = "en"
    for line in filter(None, map(str.strip, text.splitlines())):
        begins = LANGUAGE.match(line)
        if begins:
            language = begins[1]
            found.setdefault(language, [])
        else:
            found[language].append(line)
    for tag, lines in found.items():
        if not 1 <= len(lines) <= most or max(map(len, lines)) > longest:
            raise Malformed(
                f"setting {setting}",
                f"expected 1 to {most} sentences of at most {longest} characters in {tag}",
            )
    return found
