"""A process of its own that looks: it says what `look` says, in order, and may end at any time."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from accompany.adapters.glancing import Question, Said, answer
from accompany.adapters.lookout import Lookout
from accompany.custody.looking import Looking, Seen, Wanted, look
from accompany.errors import DoesNotHold, Malformed
from accompany.evidence.statements import Closing, Gap, SegmentStatement
from custodial import film, sequenced
from evidence.making import Recording
from serving import environment

pytestmark = pytest.mark.anyio

RECORDING = Recording().film(3).gap(700).close()
KEY = RECORDING.opening.key
SEGMENTS, OTHERS = RECORDING.notes[1:5], RECORDING.notes[5:]
_AT = -20
_BENT = b"A" if SEGMENTS[0][_AT : _AT + 1] != b"A" else b"B"
FORGED = SEGMENTS[0][:_AT] + _BENT + SEGMENTS[0][_AT + 1 :]
"""In form, but the signature is another."""
MEMORY = 64 * 1024


@asynccontextmanager
async def there(memory: int = MEMORY) -> AsyncIterator[tuple[Looking, Lookout]]:
    """Somebody to ask, as soon as there is."""
    lookout = Lookout(processors=2, memory=memory)
    looking = Looking(lookout)
    looking.expect(16)
    await lookout.settled()
    assert lookout.there
    try:
        yield looking, lookout
    finally:
        await lookout.close()


def things(count: int) -> list[Wanted]:
    """Everything that comes: in order or not, with bytes or without, small, large, too large."""
    chance = random.Random(7)
    other = Recording().film(1).notes[1]
    notes = [*SEGMENTS * 4, *OTHERS, FORGED, other, b"", b"\xff\n", None]
    sizes = [None, 0, 1, 100, 4096, 20_000, MEMORY // 2, MEMORY - 1, MEMORY, MEMORY + 1]
    found = []
    for _ in range(count):
        size = chance.choice(sizes)
        body = None if size is None else chance.randbytes(size)
        found.append(Wanted(KEY, chance.choice(notes), body))
    return found


def same(one: Seen, other: Seen) -> bool:
    """Whether both say the same; errors have no equality of their own."""
    told = [repr(each.statement) + str(each.statement) for each in (one, other)]
    return told[0] == told[1] and (one.size, one.digest) == (other.size, other.digest)


async def turns(until: Callable[[], bool]) -> None:
    """Let the loop go round, without a pause, until it is so."""
    for _ in range(100):
        await asyncio.sleep(0)
        if until():
            return
    raise AssertionError("not in a hundred turns")


async def ask(looking: Looking, wanted: list[Wanted], order: list[int]) -> list[Seen]:
    async def one(number: int, it: Wanted) -> Seen:
        seen = await looking.look(it.key, it.note, it.body)
        order.append(number)
        return seen

    return await asyncio.gather(*(one(number, it) for number, it in enumerate(wanted)))


async def test_it_says_what_looking_here_says_and_in_order() -> None:
    wanted, order = things(300), []
    async with there() as (looking, lookout):
        seen = await ask(looking, wanted, order)
        assert lookout.there
        assert not lookout.busy
    for it, found in zip(wanted, seen, strict=True):
        assert same(found, look(it.key, it.note, it.body)), it.note
    assert order == sorted(order)
    kinds = {type(found.statement) for found in seen}
    assert {SegmentStatement, Gap, Closing, Malformed, DoesNotHold, type(None)} <= kinds


async def test_whoever_waits_when_it_is_killed_is_answered_all_the_same() -> None:
    async with there() as (looking, lookout):
        assert lookout.process is not None
        for wanted in (things(60), things(61)):
            order: list[int] = []
            asked = asyncio.create_task(ask(looking, wanted, order))
            if lookout.there:
                await turns(lambda: lookout.busy)
                os.kill(lookout.process.pid, signal.SIGSTOP)
                os.kill(lookout.process.pid, signal.SIGKILL)
            seen = await asked
            assert order == sorted(order)
            for it, found in zip(wanted, seen, strict=True):
                assert same(found, look(it.key, it.note, it.body))
        assert not lookout.there


async def test_bodies_of_one_batch_never_lie_over_those_of_another() -> None:
    chance = random.Random(11)
    async with there(10_000) as (looking, _):
        for _ in range(40):
            bodies = [chance.randbytes(chance.choice((0, 1, 900, 3000, 5000))) for _ in range(30)]
            seen = await asyncio.gather(*(looking.look(KEY, None, body) for body in bodies))
            assert [one.digest for one in seen] == [sha256(body).digest() for body in bodies]


async def test_nobody_is_begun_for_few_or_on_one_processor() -> None:
    for processors, recordings in ((2, 15), (1, 1000)):
        lookout = Lookout(processors)
        looking = Looking(lookout)
        looking.expect(recordings)
        await asyncio.sleep(0)
        assert lookout.process is None
        assert not lookout.there
        seen = await asyncio.gather(*(looking.look(KEY, None, bytes([n])) for n in range(20)))
        assert [one.digest for one in seen] == [sha256(bytes([n])).digest() for n in range(20)]
        await lookout.close()


async def test_one_alone_is_looked_at_at_once() -> None:
    async with there() as (looking, lookout):
        asked = asyncio.create_task(looking.look(KEY, RECORDING.notes[1], b"x"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not lookout.busy
        assert (await asked).size == 1


ENDING = """
import asyncio, os
from accompany.adapters.lookout import Lookout
async def main():
    lookout = Lookout(2)
    lookout.start()
    await lookout.settled()
    assert lookout.there
    print(lookout.process.pid, flush=True)
    os._exit(70)
asyncio.run(main())
"""


def test_it_ends_with_a_server_that_ends_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDING], env=environment(), stdout=subprocess.PIPE, check=False
    )
    assert done.returncode == 70
    left = Path(f"/proc/{int(done.stdout)}/cmdline")
    while left.exists() and b"accompany.adapters.lookout" in left.read_bytes():
        time.sleep(0.01)


async def test_many_recordings_are_taken_through_it(tmp_path: Path) -> None:
    async with sequenced(tmp_path) as held:
        lookout = Lookout(2)
        held.intake = type(held.intake)(
            held.keeper, held.leaves, 1024 * 1024, looking=Looking(lookout)
        )
        phones = [await held.opened() for _ in range(16)]
        await lookout.settled()
        for _ in range(3):
            films = [film(phone, data=os.urandom(5000)) for phone in phones]
            pairs = zip(phones, films, strict=True)
            taken = await asyncio.gather(*(held.segment(*pair) for pair in pairs))
            assert all(fresh for _, fresh in taken)
            again = await asyncio.gather(*map(held.segment, phones, films))
            assert again == [(receipt, False) for receipt, _ in taken]
        assert lookout.there
        await lookout.close()


def test_it_loads_no_event_loop_and_no_log() -> None:
    """It begins when many phones do: what it loads is taken from them."""
    code = "import sys, accompany.adapters.glancing; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True,
        env=environment(),
    )  # fmt: skip
    modules = set(done.stdout.split())
    assert "accompany.evidence.statements" in modules
    assert not {"asyncio", "ssl", "logging", "concurrent", "accompany.custody.ports"} & modules


def test_of_what_is_not_in_order_it_says_nothing() -> None:
    for note in (*OTHERS, FORGED, b""):
        (said,) = answer([Question(KEY, note, 0, -1)], memoryview(b""))
        assert said == Said(None, None)
