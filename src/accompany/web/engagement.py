"""The limited engagement in the organization's own words: shown in each call, and that is logged.

The page that showed it says which text it was, by its digest; the chain of custody of each
recording of the encounter gets one line for the caller and one for the attorney.
"""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256

from accompany.errors import Malformed
from accompany.evidence.text import read_hex
from accompany.ids import EncounterId
from accompany.web.office import Office
from accompany.web.officer_card import read_by_language

LINES, CHARACTERS = 12, 300


def read_engagement(path: str) -> dict[str, list[str]]:
    """Return its lines by language, in the form of the officer's card; nothing without a file."""
    return read_by_language(path, "engagement", LINES, CHARACTERS)


def digest_of(lines: Sequence[str]) -> str:
    """Return the hex SHA-256 of the lines in UTF-8, each with its newline: that of the text as a
    file of its own."""
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


class Shown:
    """What was shown in calls that go on, and to whom; kept once a recording has its line."""

    def __init__(self) -> None:
        self._lines: dict[EncounterId, dict[tuple[str, str], None]] = {}
        self._noting: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    def shown(self, office: Office, encounter: EncounterId, digest: str, by: str) -> None:
        """Log that a text of this organization was shown; raise Malformed for any other."""
        tag = _language(office.engagement, read_hex(digest, 32).hex())
        line = (f"engagement {tag} {digest} shown", by)
        self._lines.setdefault(encounter, {})[line] = None
        self._note(office, encounter)

    def over(self, office: Office, encounter: EncounterId) -> None:
        """A recording that came late gets its lines, too."""
        if encounter in self._lines:
            self._note(office, encounter)
            del self._lines[encounter]

    def _note(self, office: Office, encounter: EncounterId) -> None:
        lines = tuple(self._lines[encounter])
        task = asyncio.get_running_loop().create_task(self._keep(office, encounter, lines))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _keep(
        self, office: Office, encounter: EncounterId, lines: Sequence[tuple[str, str]]
    ) -> None:
        # One after the other, so that nothing is written down twice.
        async with self._turn:
            for row in office.keeper.by_encounter(encounter):
                said = [one.data for one in office.keeper.custody(row.recording)]
                for what, by in lines:
                    wanted = (f'"what":"{what}"'.encode(), f'"by":"{by}"'.encode())
                    if not any(all(part in one for part in wanted) for one in said):
                        await office.export.note(row.recording, what, by)


def _language(texts: Mapping[str, Sequence[str]], digest: str) -> str:
    for tag, lines in texts.items():
        if digest_of(lines) == digest:
            return tag
    raise Malformed("shown", "expected the digest of a text of this organization")
