"""Many attorneys with a console each, and callers who press: raw sockets, no browser.

They say what the pages say (docs/live.md). Not here: what is measured (`bench_desk`).
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from accompany.accounts.enrolment import new_invitation
from accompany.adapters.people import SqlitePeople
from accompany.adapters.sqlite import database_of
from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note, Signer
from accompany.evidence.text import write_base32, write_base64, write_lines, write_time
from desk_sockets import Socket, open_socket
from serving import RunningServer

WEEK = 7 * 24 * 3600 * 1000
AT_ONCE = 20

DESCRIPTION = {"type": "offer", "sdp": "v=0\r\n" + "a=as-long-as-a-real-one\r\n" * 240}
"""Nobody looks into it; a real one has some 6 kB."""


def now() -> int:
    return time.time_ns() // 1_000_000


@dataclass(eq=False)
class Console:
    """One attorney's console: on duty, and told of its rings."""

    server: RunningServer
    cookie: str
    hears: Callable[["Console", dict[str, Any]], None]
    socket: Socket | None = None

    async def open(self) -> None:
        url = f"{self.server.url}/api/live/duty"
        self.socket = await open_socket(url, self._hear, self.cookie)
        self.say(type="duty", on=True, languages=["en"])

    def _hear(self, text: bytes) -> None:
        self.hears(self, msgspec.json.decode(text))

    def say(self, **message: Any) -> None:
        assert self.socket is not None
        self.socket.say(msgspec.json.encode(message))

    def answer(self, encounter: str) -> None:
        self.say(type="answer", encounter=encounter, note="n", description=DESCRIPTION)

    async def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            await self.socket.closed.wait()


@dataclass(eq=False)
class Caller:
    """A phone that presses once; `standings` are all it was told."""

    server: RunningServer
    encounter: str = field(default_factory=lambda: write_base32(secrets.token_bytes(20)))
    secret: str = field(default_factory=lambda: write_base64(secrets.token_bytes(32)))
    pressed: float = 0.0
    standings: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    socket: Socket | None = None

    async def press(self) -> None:
        """Open the socket and press; `pressed` is when that began, by `perf_counter`."""
        self.pressed = self.pressed or time.perf_counter()
        self.socket = await open_socket(f"{self.server.url}/api/live/caller", self._hear)
        self.say(
            type="press", encounter=self.encounter, secret=self.secret, state="TX",
            language="en", guest_code=self.server.links["guest_code"],
        )  # fmt: skip

    def say(self, **message: Any) -> None:
        assert self.socket is not None
        self.socket.say(msgspec.json.encode(message))

    def _hear(self, text: bytes) -> None:
        message = msgspec.json.decode(text)
        if message["type"] == "problem":
            self.problems.append(message)
        if message["type"] == "standing":
            self.standings.append(message)
        self.changed.set()

    async def until(self, stage: str) -> dict[str, Any]:
        while not self.standings or self.standings[-1]["stage"] != stage:
            self.changed.clear()
            await self.changed.wait()
            assert not self.problems, self.problems
        return self.standings[-1]

    async def end(self) -> None:
        self.say(type="end")
        await self.until("ended")
        await self.close()

    async def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            await self.socket.closed.wait()


async def consoles(
    server: RunningServer, count: int, hears: Callable[[Console, dict[str, Any]], None]
) -> list[Console]:
    """Return *count* consoles of as many attorneys, each licensed in Texas and on duty."""
    with database_of(server.data) as database:
        people = SqlitePeople(database)
        codes = [new_invitation(people, "attorney", "bench", "", now(), WEEK) for _ in range(count)]
    made: list[Console] = []
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:

        async def one(code: str) -> None:
            console = Console(server, await _come_in(client, code), hears)
            await console.open()
            made.append(console)

        await in_turns([lambda code=code: one(code) for code in codes])
    return made


async def in_turns(steps: list[Callable[[], Awaitable[None]]]) -> None:
    """Do *steps*, a few at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def step(do: Callable[[], Awaitable[None]]) -> None:
        async with free:
            await do()

    await asyncio.gather(*(step(do) for do in steps))


async def _come_in(client: httpx.AsyncClient, code: str) -> str:
    """Redeem an invitation and return the cookie of a session."""
    signer = Signer.generate("x")
    application = {
        "name": f"Attorney {code[:6]}",
        "recipient": str(HybridIdentity.generate().recipient),
        "key": write_base64(signer.verifier.key),
        "licenses": ["TX"],
        "languages": ["en"],
    }
    answer = await client.post(f"/api/invitations/{code}", json=application)
    answer.raise_for_status()
    serial = Card.read(Note.parse(answer.json()["card"].encode()).text).serial
    challenge = (await client.get("/api/sessions/challenge")).json()["challenge"]
    lines = [("serial", serial), ("challenge", challenge), ("time", write_time(now()))]
    note = Signer(f"attorney/{serial}", signer.private).sign(
        write_lines("accompany/session/v1", lines)
    )
    answer = await client.post("/api/sessions", json={"note": note.decode()})
    answer.raise_for_status()
    client.cookies.clear()
    return str(answer.headers["set-cookie"].partition(";")[0])
