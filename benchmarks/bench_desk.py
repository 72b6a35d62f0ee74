"""Ringing under load, one winner, back after a kill; a first picture, a changed network."""

import argparse
import asyncio
import contextlib
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from desk_calls import calls
from desk_crowd import Caller, Console, consoles, in_turns
from floors import Floors, percentile
from serving import RunningServer, running_server

RING_P99 = 100.0
"""Milliseconds from the press to the first console that rings."""

BACK = 2.0
"""Seconds after its return in which a killed server's presses ring again."""

ROWS = ("ring", "race", "kill", "picture", "network", "outage")

WARM = 2
"""Seconds of presses that are not counted: what a start makes once is made then."""

CHANCE = random.SystemRandom()

STEP = 0.2
"""Seconds: how long an attorney lets it ring here, and how long a call is."""


class Rings:
    """When each press first rang somewhere."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.at: dict[str, list[Console]] = {}
        self.heard = asyncio.Event()
        self.taken = 0

    def hears(self, console: Console, message: dict[str, Any]) -> None:
        if message["type"] == "problem":
            raise AssertionError(message)
        if message["type"] == "taken":
            self.taken += 1
            self.heard.set()
        for ring in message.get("rings", ()):
            encounter = ring["encounter"]
            self.first.setdefault(encounter, time.perf_counter())
            at = self.at.setdefault(encounter, [])
            if console not in at:
                at.append(console)
            self.heard.set()

    async def lost(self, count: int) -> None:
        """Return once *count* consoles in all were told that somebody else was first."""
        while self.taken < count:
            self.heard.clear()
            await self.heard.wait()

    async def all_of(self, encounter: str, expected: set[int]) -> None:
        """Return once every console of *expected*, by `id`, rings."""
        while not expected <= set(map(id, self.at.get(encounter, ()))):
            self.heard.clear()
            await self.heard.wait()

    async def of(self, encounter: str) -> Console:
        while encounter not in self.at:
            self.heard.clear()
            await self.heard.wait()
        return self.at[encounter][0]


async def ringing(server: RunningServer, given: argparse.Namespace, floors: Floors) -> None:
    """Presses at an even pace, each answered and ended soon, so that somebody is always free."""
    rings = Rings()
    crowd = await consoles(server, given.consoles, rings.hears)
    callers: list[Caller] = []

    async def one() -> None:
        caller = Caller(server)
        callers.append(caller)
        await caller.press()
        console = await rings.of(caller.encounter)
        await asyncio.sleep(STEP)
        console.answer(caller.encounter)
        await caller.until("answered")
        await asyncio.sleep(STEP)
        await caller.end()

    async def pace(seconds: int) -> None:
        began, tasks = time.perf_counter(), []
        for number in range(given.presses * seconds):
            await asyncio.sleep(max(0.0, began + number / given.presses - time.perf_counter()))
            tasks.append(asyncio.create_task(one()))
        await asyncio.wait_for(asyncio.gather(*tasks), 60)

    await pace(WARM)
    callers.clear()
    lags: list[float] = []
    watching = asyncio.create_task(_lags(lags))
    began, own, theirs = time.perf_counter(), time.process_time(), _ticks(server)
    await pace(given.seconds)
    took = time.perf_counter() - began
    mine, its = (time.process_time() - own) / took, (_ticks(server) - theirs) / took
    watching.cancel()
    waits = [(rings.first[one.encounter] - one.pressed) * 1000 for one in callers]
    floors.row(
        f"press -> ring, {given.consoles} consoles, {given.presses}/s", waits, "ms", 0, p99=RING_P99
    )
    print(
        f"      {len(callers)} presses; of a processor: server {its:.2f}, consoles and callers "
        f"{mine:.2f}, which hear late by p99 {percentile(lags, 0.99):.0f} ms"
    )
    await asyncio.gather(*(console.close() for console in crowd))


async def _lags(found: list[float]) -> None:
    """Note how late this process's own loop is, in ms: as much of a wait may be its own."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.01)
        found.append((time.perf_counter() - before - 0.01) * 1000)


async def racing(server: RunningServer, given: argparse.Namespace, floors: Floors) -> None:
    """All consoles accept the same press at once, again and again."""
    rings = Rings()
    crowd = await consoles(server, given.racers, rings.hears)
    wrong = 0
    began = time.perf_counter()
    for number in range(given.rounds):
        # A console may say 50 things a second, and everybody has to be free again.
        await asyncio.sleep(max(0.0, began + number / 40 - time.perf_counter()))
        caller = Caller(server)
        await caller.press()
        await rings.of(caller.encounter)
        before = rings.taken
        CHANCE.shuffle(crowd)
        for console in crowd:
            console.answer(caller.encounter)
        await caller.until("answered")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(rings.lost(before + len(crowd) - 1), 10)
        cards = {one["card"] for one in caller.standings if one["card"]}
        wrong += len(cards) != 1 or rings.taken - before != len(crowd) - 1
        await caller.end()
    what = f"{given.racers} accept at once: not one winner, of {given.rounds}"
    floors.row(what, [wrong], "", 0, worst=0)
    await asyncio.gather(*(console.close() for console in crowd))


async def returning(server: RunningServer, given: argparse.Namespace, floors: Floors) -> None:
    """The server is killed while presses ring; consoles come back as their page does."""
    rings = Rings()
    crowd = await consoles(server, 20, rings.hears)
    worst = []
    for _ in range(given.kills):
        callers = [Caller(server) for _ in range(10)]
        await in_turns([one.press for one in callers])
        await asyncio.gather(*(rings.of(one.encounter) for one in callers))
        rung = {one.encounter: set(map(id, rings.at[one.encounter])) for one in callers}
        await asyncio.to_thread(server.kill)
        for one in [*callers, *crowd]:
            await one.close()
        rings.first.clear()
        rings.at.clear()
        backs = [asyncio.create_task(_again(one.open)) for one in crowd]
        backs += [asyncio.create_task(_again(one.press)) for one in callers]
        await asyncio.to_thread(server.start)
        ready = time.perf_counter()
        await asyncio.gather(*backs)
        for one in callers:
            await asyncio.wait_for(rings.all_of(one.encounter, rung[one.encounter]), 30)
        worst.append(time.perf_counter() - ready)
        for one in callers:
            await one.end()
    what = f"killed while 10 ring: all again, {given.kills} times"
    floors.row(what, worst, worst=BACK)
    await asyncio.gather(*(console.close() for console in crowd))


async def _again(connect: Any) -> None:
    """As `webapp/src/live.ts` does for a console: 0.5 s, then up to 1.5 s with jitter."""
    most = 0.5
    while True:
        await asyncio.sleep(max(0.5, most * (0.5 + CHANCE.random() / 2)))
        try:
            return await connect()
        except OSError:
            most = min(1.5, 2 * most)


def _ticks(server: RunningServer) -> float:
    """Return the seconds of processor that the server has used."""
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench desk", description=__doc__)
    add = parser.add_argument
    add("--only", choices=ROWS, action="append", help="one row (all, one after the other)")
    add("--consoles", type=int, default=500)
    add("--presses", type=int, default=50, help="a second")
    add("--seconds", type=int, default=20)
    add("--racers", type=int, default=100)
    add("--rounds", type=int, default=1000)
    add("--kills", type=int, default=5)
    add("--runs", type=int, default=10, help="of first pictures and changed networks")
    given = parser.parse_args()
    what = given.only or ROWS
    floors = Floors()
    # Nobody rests between calls, and misses of a benchmark are nobody's.
    os.environ |= {"ACCOMPANY_WRAP_UP_MINUTES": "0", "ACCOMPANY_MISSES": "10000"}
    for name, part in (("ring", ringing), ("race", racing), ("kill", returning)):
        if name in what:
            with (
                tempfile.TemporaryDirectory() as folder,
                running_server(Path(folder) / "data") as server,
            ):
                asyncio.run(part(server, given, floors))
    calls(what, given.runs, floors)
    raise SystemExit(0 if floors.good else 1)


if __name__ == "__main__":
    main()
