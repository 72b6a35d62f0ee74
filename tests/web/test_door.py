"""Slow, huge, half-sent, repeated and hostile requests: each gets its answer, and others go on.

Raw sockets on a real server; its patience is shortened, nothing else.
"""

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from accompany.web import door as door_module
from accompany.web.door import Door, Limits, neighbourhood
from house import SECRET, House, bearing, listening, new_id, sound

pytestmark = pytest.mark.anyio
SHORT = Limits(header_seconds=0.3, body_grace=0.3, unread_seconds=0.4, sweep_seconds=0.05)


@pytest.fixture
def doors() -> list[Door]:
    """The doors of the servers that were started."""
    return []


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch, doors: list[Door]) -> list[Limits]:
    """What the next server's door allows; its one value may be replaced."""
    chosen = [SHORT]

    def made(limits: Limits) -> Door:
        del limits
        doors.append(Door(chosen[0]))
        return doors[-1]

    monkeypatch.setattr("accompany.wiring.server.Door", made)
    return chosen


@pytest.fixture
async def held(tmp_path: Path, limits: list[Limits]) -> AsyncIterator[House]:
    async with listening(tmp_path) as held:
        yield held


class Raw:
    """A socket on which anything can be said."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """Return all that comes until the other side closes."""
        data = b""
        async with asyncio.timeout(10):
            try:
                while piece := await self.reader.read(65536):
                    data += piece
            except ConnectionResetError:
                pass
        return data

    async def refusal(self) -> int:
        """Return the status of the problem that comes before the end."""
        head, _, body = (await self.rest()).partition(b"\r\n\r\n")
        assert b"application/problem+json" in head, head
        document = json.loads(body)
        status = int(head.split(b" ")[1])
        assert document["status"] == status
        return status


@asynccontextmanager
async def raw(held: House) -> AsyncIterator[Raw]:
    host, port = held.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


async def works(held: House) -> bool:
    return (await held.get("/api/limits")).status_code == 200


async def test_who_connects_and_says_nothing_is_sent_away(held: House) -> None:
    async with raw(held) as line:
        assert await line.refusal() == 408
    assert await works(held)


async def test_a_head_that_does_not_end_is_not_waited_for(held: House) -> None:
    async with raw(held) as line:
        await line.say("GET /api/limits HTTP/1.1\r\nHost: x\r\n")

        async def dripping() -> None:
            while True:
                await line.say("X-Drip: 1\r\n")
                await asyncio.sleep(0.05)

        drip = asyncio.create_task(dripping())
        assert await line.refusal() == 408
        drip.cancel()
        await asyncio.gather(drip, return_exceptions=True)


async def test_nor_a_second_head_on_a_line_that_was_good_once(held: House) -> None:
    async with raw(held) as line:
        await line.say("GET /api/limits HTTP/1.1\r\nHost: x\r\n\r\n")
        first = await line.reader.readuntil(b"}")
        assert first.startswith(b"HTTP/1.1 200")
        # Even an empty line stops uvicorn's own clock.
        await line.say("\r\n")
        assert await line.refusal() == 408


async def test_a_body_that_stands_still_is_given_up(held: House) -> None:
    device = await held.opened()
    path = f"/api/recordings/{device.recording}/segments/1"
    async with raw(held) as line:
        await line.say(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nhalf")
        assert await line.refusal() == 408
    # The phone sends it again, and it is taken.
    assert (await held.put(device, sound(device))).status_code == 201


async def test_a_slow_line_that_goes_on_is_waited_for(tmp_path: Path, limits: list[Limits]) -> None:
    limits[0] = replace(SHORT, body_grace=0.2, body_rate=1000)
    async with listening(tmp_path) as held:
        device = await held.opened()
        signed = sound(device)
        assert signed.sealed is not None
        path = f"/api/recordings/{device.recording}/statements/1"
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(signed.note)}\r\n\r\n"
        async with raw(held) as line:
            await line.say(head)
            began = time.monotonic()
            for at in range(0, len(signed.note), 64):
                await line.say(signed.note[at : at + 64])
                await asyncio.sleep(0.04)
            assert time.monotonic() - began > limits[0].body_grace
            assert (await line.reader.readline()).startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize(
    "said",
    [
        "GET /" + "a" * 70_000 + " HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nX-Long: " + "a" * 70_000 + "\r\n\r\n",
        "GET / HTTP/1.1\r\n" + "X: y\r\n" * 40_000 + "\r\n",
    ],
    ids=["address", "header", "headers"],
)
async def test_too_large_a_head_is_refused(held: House, said: str) -> None:
    async with raw(held) as line:
        await line.say(said)
        assert await line.refusal() == 431
    assert await works(held)


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HELO mail\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/recordings HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x00" * 2000,
    ],
    ids=["tls", "smtp", "version", "negative", "smuggled", "chunk", "zeros"],
)
async def test_what_is_no_http_gets_a_problem_and_the_line_ends(held: House, said: bytes) -> None:
    async with raw(held) as line:
        await line.say(said)
        assert await line.refusal() == 400
    assert await works(held)


async def test_a_huge_body_is_refused_before_it_is_read(held: House) -> None:
    device = await held.opened()
    path = f"/api/recordings/{device.recording}/segments/1"
    for length in (9 * 1024 * 1024, 10**18):
        async with raw(held) as line:
            await line.say(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n")
            assert (await line.reader.readline()).startswith(b"HTTP/1.1 413")
    async with raw(held) as line:
        await line.say(f"PUT {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + bytes(65536) + b"\r\n"
        answer = asyncio.create_task(line.reader.readline())
        for _ in range(400):
            if answer.done():
                break
            await line.say(piece)
        assert (await answer).startswith(b"HTTP/1.1 413")


async def test_who_does_not_read_the_answer_is_let_go(held: House, doors: list[Door]) -> None:
    device = await held.opened()
    big = device.segment(os.urandom(7 * 1024 * 1024), 0, 0, 0)
    assert (await held.put(device, big)).status_code == 201
    secret = bearing(SECRET)["authorization"]
    path = f"/api/recordings/{device.recording}/segments/1"
    host, port = held.url.removeprefix("http://").split(":")
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((host, int(port)))
        deaf.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {secret}\r\n\r\n".encode())
        async with asyncio.timeout(10):
            while not doors[-1].refused["unread"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert await works(held)


async def test_too_many_lines_from_one_address_and_others_go_on(
    tmp_path: Path, limits: list[Limits]
) -> None:
    limits[0] = replace(SHORT, of_one_address=5, exempt=(), header_seconds=30)
    async with listening(tmp_path) as held:
        lines = [raw(held) for _ in range(5)]
        for line in lines:
            await line.__aenter__()
        async with raw(held) as one_more:
            assert await one_more.refusal() == 429
        await lines[0].__aexit__(None, None, None)
        async with asyncio.timeout(5):
            while True:
                try:
                    assert await works(held)
                    break
                except Exception:
                    await asyncio.sleep(0.02)
        for line in lines[1:]:
            await line.__aexit__(None, None, None)


async def test_more_lines_than_the_server_can_hold(tmp_path: Path, limits: list[Limits]) -> None:
    limits[0] = replace(SHORT, connections=4, header_seconds=30)
    async with listening(tmp_path) as held:
        lines = [raw(held) for _ in range(4)]
        for line in lines:
            await line.__aenter__()
        async with raw(held) as one_more:
            assert await one_more.refusal() == 503
        for line in lines:
            await line.__aexit__(None, None, None)


async def test_behind_a_proxy_addresses_count_as_it_tells_them(tmp_path: Path) -> None:
    async with listening(tmp_path, connections_per_address=4) as held:
        device = await held.opened()
        path = f"/api/recordings/{device.recording}/segments/1"
        lines = [raw(held) for _ in range(4)]
        opened = [await line.__aenter__() for line in lines]
        for line in opened:
            await line.say(
                f"PUT {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\n"
                "Content-Length: 50\r\n\r\nhalf"
            )
        async with asyncio.timeout(5):
            while True:
                answer = await held.get("/api/limits", headers={"x-forwarded-for": "203.0.113.9"})
                if answer.status_code == 429:
                    break
        assert answer.json()["type"] == "/problems/too-many"
        assert answer.headers["retry-after"] == "10"
        for other in ("203.0.113.10", "2001:db8::1"):
            answer = await held.get("/api/limits", headers={"x-forwarded-for": other})
            assert answer.status_code == 200
        for line in lines:
            await line.__aexit__(None, None, None)


async def test_live_sockets_count_until_they_are_closed(
    tmp_path: Path, limits: list[Limits]
) -> None:
    limits[0] = replace(SHORT, of_one_address=3, exempt=(), header_seconds=30)
    async with listening(tmp_path) as held:
        await held.client.aclose()
        async with held.phone(), held.phone(), held.phone(), raw(held) as one_more:
            assert await one_more.refusal() == 429
        async with asyncio.timeout(5):
            while True:
                try:
                    async with held.phone():
                        break
                except Exception:
                    await asyncio.sleep(0.02)


async def test_a_hundred_hostile_lines_leave_a_phone_alone(held: House) -> None:
    """Half of what was said of each stays open while a phone sends, and each gets its answer."""
    device = await held.opened()
    async with asyncio.TaskGroup() as hostile:
        for number in range(100):
            hostile.create_task(_half(held, number))
        for _ in range(20):
            began = time.monotonic()
            assert (await held.put(device, sound(device))).status_code == 201
            assert time.monotonic() - began < 10


async def _half(held: House, number: int) -> None:
    async with raw(held) as line:
        head = ["GET / HTTP/1.1\r\n", "", f"PUT /api/recordings/{new_id()}"][number % 3]
        await line.say(head)
        assert await line.refusal() == 408


def test_of_an_ipv6_network_all_hosts_are_one_address() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") == "2001:db8::/64"
    assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8::1")
    assert neighbourhood("::ffff:192.0.2.1") == neighbourhood("192.0.2.1") == "192.0.2.1"
    assert neighbourhood("::1") == "::1"
    assert neighbourhood("unix") == "unix"


def test_the_door_counts_what_it_lets_in() -> None:
    door = Door(Limits(connections=3, of_one_address=2, exempt=("::1",)))
    assert [door.enter(one) for one in ("a", "a", "a")] == [None, None, "many"]
    assert door.enter("::1") == "full"
    for one in ("a", "a", "a", "::1"):
        door.leave(one)
    assert not door.addresses
    assert door_module.Limits().exempt == ("127.0.0.1", "::1")
