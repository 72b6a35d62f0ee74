"""Whether the caller gives up the privilege of what they and their attorney said, in a recording.

Only the caller can. What they say is a line of custody: every package made later holds it, and the
log does. It can be said otherwise afterwards, and then both stand there. What follows from it in a
court is not here.
"""

import asyncio
from typing import Literal, get_args

import msgspec

from accompany.custody.export import Export
from accompany.custody.ports import Keeper
from accompany.errors import Malformed
from accompany.ids import RecordingId

Privilege = Literal["kept", "waived"]


class Privileges:
    def __init__(self, keeper: Keeper, export: Export) -> None:
        self._keeper = keeper
        self._export = export
        self._turn = asyncio.Lock()

    def said(self, recording: str) -> Privilege | None:
        """Return what the caller said last; None where nothing."""
        for row in reversed(self._keeper.custody(recording)):
            what = str(msgspec.json.decode(row.data)["what"])
            for word in get_args(Privilege):
                if what == f"privilege {word}":
                    return word  # type: ignore[no-any-return]
        return None

    async def say(self, recording: RecordingId, word: str) -> None:
        """Keep it as a line of custody, unless it was said last; raise Malformed for another."""
        if word not in get_args(Privilege):
            raise Malformed("privilege", f"expected {' or '.join(get_args(Privilege))}")
        # Two pages that say the same write it once.
        async with self._turn:
            if self.said(recording) != word:
                await self._export.note(recording, f"privilege {word}", "locator")
