"""Where each recording ends: its last statement, what is on its way, hashes not to repeat.

Held in memory while something comes, read again from the keeper when it comes after a while. Used
from one event loop. Not here: what may be taken (`intake`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from accompany.custody.leaving import Leaving
from accompany.custody.ports import Keeper
from accompany.evidence.statements import Chain, Opening, digest_of, open_opening
from accompany.evidence.text import read_base32
from accompany.ids import Locator, RecordingId

REMEMBERED = 4096
"""Recordings whose end is held in memory; the others are read again when something comes."""

K = TypeVar("K")


@dataclass(slots=True)
class Live:
    """A recording's end, including what is not durable yet."""

    opening: Opening
    note: bytes
    locator: bytes
    chain: Chain
    hashes: set[bytes]
    grants: int
    arriving: dict[int | bytes, "asyncio.Future[None]"] = field(default_factory=dict)
    """What is on its way to the disk, by statement number or SHA-256 of a grant: whatever comes
    for the same one waits, and then finds it kept."""


class Ends:
    """The ends of all recordings, as far as something came of them lately."""

    def __init__(self, keeper: Keeper, leaving: Leaving) -> None:
        self._keeper = keeper
        self._leaving = leaving
        self._live: OrderedDict[RecordingId, Live] = OrderedDict()

    def remember(self, opening: Opening, note: bytes, locator: Locator, grants: int) -> None:
        """Hold the end of what was opened just now: its first segment comes next, and reading it
        back would cost more than taking that does."""
        if opening.recording in self._live:
            return
        self._forget_old()
        chain = Chain.start(opening, note)
        live = Live(opening, note, bytes(locator), chain, set(), grants)
        self._live[opening.recording] = live

    async def settled(self, recording: str, what: int | bytes) -> Live:
        """Return a recording's end once nothing is on its way for *what*: what came first decides.

        Found again after each wait: it may have been forgotten meanwhile.
        """
        live = self.find(recording)
        while (arriving := live.arriving.get(what)) is not None:
            await asyncio.wait([arriving])
            live = self.find(recording)
        return live

    def find(self, recording: str) -> Live:
        """Return a recording's end, from memory or read again; raise Unknown."""
        key = RecordingId(read_base32(recording))
        if self._leaving.going(key):
            raise self._leaving.why(key)
        live = self._live.get(key)
        if live is None:
            live = self._read(key)
            self._forget_old()
            self._live[key] = live
        self._live.move_to_end(key)
        return live

    def _read(self, recording: RecordingId) -> Live:
        row = self._keeper.recording(recording)
        if row is None:
            raise self._leaving.why(recording)
        opening = open_opening(row.note)
        chain = Chain.start(opening, row.note)
        last = self._keeper.last_statement(recording)
        hashes = self._keeper.segment_hashes(recording)
        if last is not None:
            chain = Chain(
                recording,
                opening.key,
                last.number,
                digest_of(last.note),
                len(hashes),
                last.word == "closing",
            )
        grants = len(self._keeper.grants(recording))
        return Live(opening, row.note, row.locator, chain, set(hashes), grants)

    def arriving(self, recording: RecordingId) -> "asyncio.Future[None] | None":
        """Return something of *recording* that is on its way to the disk; with none, forget it."""
        live = self._live.get(recording)
        for future in live.arriving.values() if live else ():
            return future
        self._live.pop(recording, None)
        return None

    def _forget_old(self) -> None:
        for key in list(self._live):
            if len(self._live) < REMEMBERED:
                return
            if not self._live[key].arriving:
                del self._live[key]


@contextmanager
def on_its_way(under_way: dict[K, "asyncio.Future[None]"], what: K) -> Iterator[None]:
    """Have others wait for *what* until the block has ended, well or not."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    under_way[what] = done
    try:
        yield
    finally:
        del under_way[what]
        done.set_result(None)
