"""The lane: a plain PUT gets the answer it would get elsewhere, and nothing else goes by it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accompany.client.device import Device, Signed
from accompany.evidence.text import write_base64
from accompany.web.lane import Lane, OnLane
from house import House, listening, sound

pytestmark = pytest.mark.anyio


@dataclass
class Line:
    """A connection on which bytes are said, and whole answers heard."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def hear(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(first.split(" ")[1]), headers, body

    async def put(self, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)
        return await self.hear()


@asynccontextmanager
async def line(held: House) -> AsyncIterator[Line]:
    host, port = held.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what went by the lane."""
    sizes: list[int] = []
    begin = Lane.begin

    def counted(self: Lane, *given: Any) -> Any:
        found = begin(self, *given)
        if found is not None:
            sizes.append(found.size)
        return found

    monkeypatch.setattr(Lane, "begin", counted)
    return sizes


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[OnLane]:
    """Every connection that was let in."""
    found: list[OnLane] = []
    made = OnLane.connection_made

    def seen(self: OnLane, transport: Any) -> None:
        found.append(self)
        made(self, transport)

    monkeypatch.setattr(OnLane, "connection_made", seen)
    return found


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        for turn in itertools.count():
            if so():
                return
            await asyncio.sleep(min(turn, 1) / 1000)


def request(device: Device, signed: Signed, more: str = "", number: int | None = None) -> bytes:
    body = signed.sealed or b""
    path = f"/api/recordings/{device.recording}/segments/{number or signed.number}"
    head = f"PUT {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n{more}"
    return f"{head}Statement: {write_base64(signed.note)}\r\n\r\n".encode() + body


async def test_the_same_answers_as_the_ordinary_way(tmp_path: Path, taken: list[int]) -> None:
    async with listening(tmp_path) as held, line(held) as one:
        answers = []
        # The second says what the lane leaves to others.
        for more in ("", "TE: trailers\r\n"):
            device = await held.opened()
            signed = sound(device)
            whole = request(device, signed, more)
            other = await held.opened()
            status, headers, _ = await one.put(whole)
            again = await one.put(whole)
            wrong = await one.put(request(other, signed, more))
            early = await one.put(request(device, sound(other), more, number=9))
            answers.append(
                [(status, headers), again[:2], wrong, early[0]],
            )
        assert len(taken) == 4
        first, second = answers
        assert [one[0] for one in first[:3]] == [201, 200, 422]
        assert [one[0] for one in second[:3]] == [201, 200, 422]
        for mine, theirs in zip(first[:3], second[:3], strict=True):
            same = [{k: v for k, v in way[1].items() if k != "date"} for way in (mine, theirs)]
            assert {k for k in same[0] if k != "content-length"} == {
                k for k in same[1] if k != "content-length"
            }
            assert same[0]["content-security-policy"] == same[1]["content-security-policy"]
        assert first[3] == second[3] == 422


async def test_in_pieces_and_one_behind_the_other(tmp_path: Path, taken: list[int]) -> None:
    async with listening(tmp_path) as held, line(held) as one:
        device = await held.opened()
        first, second, third = (request(device, sound(device)) for _ in range(3))
        end = first.index(b"\r\n\r\n") + 4
        assert (await one.put(first[:end], first[end : end + 9], first[end + 9 :]))[0] == 201
        get = f"GET /api/recordings/{device.recording} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
        assert (await one.put(second + get + third))[0] == 201
        assert (await one.hear())[2].startswith(b"{")
        assert (await one.hear())[0] == 201
        # A head in two pieces is uvicorn's; what follows it is the lane's again.
        fourth, fifth = (request(device, sound(device)) for _ in range(2))
        assert (await one.put(fourth[:40], fourth[40:]))[0] == 201
        assert (await one.put(fifth))[0] == 201
        assert (await held.get(f"/api/recordings/{device.recording}")).json()["last"] == 5
        assert len(taken) >= 3


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Content-Length: ", b"Content-Length: 1\r\nContent-Length: ", 400),
        (b"Content-Length: ", b"Content-Length : ", 400),
        (b"Content-Length: ", b"Content-Length: +", 400),
        (b"Host: here", b"Host: here\r\n folded", 400),
        (b"Host: here", b"Transfer-Encoding: chunked", 400),
        (b"Host: here", b"Host: h\x00re", 400),
        (b"Content-Length: ", b"Content-Length: 9", 413),
        (b"/segments/1", b"/segments/x", 400),
        (b"/api/recordings/", b"/api/recordings/aaaa", 400),
    ],
)
async def test_what_is_unusual_is_left_to_the_ordinary_way(
    tmp_path: Path, taken: list[int], old: bytes, new: bytes, status: int
) -> None:
    async with listening(tmp_path, segment_bytes=16384) as held, line(held) as one:
        device = await held.opened()
        whole = request(device, sound(device))
        assert old in whole
        assert (await one.put(whole.replace(old, new, 1)))[0] == status
        assert taken == []


async def test_an_unknown_recording_is_refused_before_its_body(
    tmp_path: Path, taken: list[int]
) -> None:
    async with listening(tmp_path) as held, line(held) as one:
        device = held.device()
        whole = request(device, sound(device))
        assert (await one.put(whole[: whole.index(b"\r\n\r\n") + 4]))[0] == 404
        assert taken == []


async def test_the_gate_counts_as_elsewhere_and_by_what_a_proxy_says(
    tmp_path: Path, taken: list[int], connections: list[OnLane], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(tmp_path) as held, line(held) as one, line(held) as other:
        device = await held.opened()
        whole = request(device, sound(device), "X-Forwarded-For: 203.0.113.9\r\n")
        one.writer.write(whole[:-1])
        await one.writer.drain()
        await until(lambda: taken)
        gate = connections[-1]._lane.gate
        assert dict(gate._under_way) == {"203.0.113.9": 1}
        assert (gate._held, dict(gate._stated)) == (taken[0] - 1, {"203.0.113.9": taken[0]})
        with monkeypatch.context() as full:
            full.setattr(gate, "bodies", -1)
            assert (await other.put(whole))[0] == 503
        assert (await one.put(whole[-1:]))[0] == 201
        assert (dict(gate._under_way), gate._held, dict(gate._stated)) == ({}, 0, {})
        # Whoever goes away in the middle is counted out as well.
        other_one = request(device, sound(device))
        async with line(held) as gone:
            gone.writer.write(other_one[:-1])
            await gone.writer.drain()
        await until(lambda: not (gate._under_way or gate._held))
        assert (await one.put(other_one))[0] == 201


async def test_told_to_stop_it_answers_what_it_has_and_closes(
    tmp_path: Path, connections: list[OnLane]
) -> None:
    async with listening(tmp_path) as held, line(held) as one:
        device = await held.opened()
        whole = request(device, sound(device))
        one.writer.write(whole[:-1])
        await one.writer.drain()
        await until(lambda: any(each._taking for each in connections))
        for each in connections:
            each.shutdown()
        status, headers, _ = await one.put(whole[-1:])
        assert (status, headers["connection"]) == (201, "close")
        assert await one.reader.read() == b""
