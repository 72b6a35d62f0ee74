"""Many phones at once, from one process of their own: what they send is made and signed before.

    python tests/loading.py URL GUEST_CODE --phones 64 --segments 200 --size 65536 [--every 0.5]

Without `--every` each phone sends its next segment when the last one's receipt came (as fast as
they are taken); with it, one every so many seconds whatever happened to the last (as a camera
does), and a receipt's time counts from when the segment was due. Prints one line of JSON.
The sealed bodies are shared by all phones: sealing is the phones' work and not measured here.
"""

import argparse
import asyncio
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import cast
from urllib.parse import urlsplit

import httpx
import uvloop

from accompany.client.device import Device, Purpose, locator_of
from accompany.client.service import Service, read_service
from accompany.evidence.age import HybridIdentity, encrypt
from accompany.evidence.statements import SegmentStatement
from accompany.evidence.text import write_base32, write_base64
from accompany.ids import EncounterId

SECRET = b"locator secret of thirty-2 bytes"
WAIT = 30.0
"""Seconds to wait for what is under way when the time is over."""


@dataclass
class Prepared:
    """One phone's recording, ready to be sent: the opening, then pairs of head and body."""

    device: Device
    opening: bytes
    heads: list[bytes]
    bodies: list[bytes]


def bodies_of(size: int, count: int) -> list[bytes]:
    """Return sealed bodies of just *size* bytes; only the header is real, nobody will open them."""
    head = encrypt(b"", [HybridIdentity.generate().recipient])
    return [head + os.urandom(size - len(head)) for _ in range(count)]


def prepare(
    service: Service, guest_code: str, host: str, bodies: list[bytes], segments: int
) -> Prepared:
    """Sign one recording of *segments* segments; *bodies* are used in turn."""
    began = time.time_ns() // 1_000_000
    organization = service.organization
    purpose = Purpose(
        "film", "video/mp4", EncounterId(write_base32(os.urandom(20))), organization.origin,
        None, "test/1 none",
    )  # fmt: skip
    device = Device.open(purpose, (), began)
    opening = {
        "opening": device.opening.note.decode(),
        "grants": [],
        "locator": locator_of(SECRET).hex(),
        "deletion": None,
        "admission": {"guest_code": guest_code},
    }
    heads, used = [], []
    for number in range(1, segments + 1):
        body = bodies[(number - 1) % len(bodies)]
        at = 500 * max(number - 2, 0)
        head = device._head(began + at, at)
        duration = 500 if number > 1 else 0
        statement = SegmentStatement(*head, duration, len(body), sha256(body).digest())
        signed = device._sign(statement)
        path = f"/api/recordings/{device.recording}/segments/{number}"
        heads.append(
            f"PUT {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(body)}\r\n"
            f"statement: {write_base64(signed.note)}\r\n\r\n".encode()
        )
        used.append(body)
    return Prepared(device, json.dumps(opening).encode(), heads, used)


@dataclass
class Tally:
    """What came back: how long each receipt took, in seconds, and every other answer."""

    took: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    late: int = 0
    """Segments still unanswered when the load ended."""


class Line(asyncio.Protocol):
    """One connection; `ask` returns the status and body of the answer."""

    def __init__(self) -> None:
        self._held = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)
        transport.set_write_buffer_limits(high=1 << 30)
        self._transport = transport

    def ask(self, head: bytes, body: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        self._answer = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.writelines([head, body])
        return self._answer

    def data_received(self, data: bytes) -> None:
        held = self._held = self._held + data
        end = held.find(b"\r\n\r\n")
        if end < 0:
            return
        at = held.lower().find(b"content-length: ", 0, end) + 16
        length = int(held[at : held.index(b"\r", at)])
        if len(held) >= end + 4 + length and self._answer is not None:
            self._held = held[end + 4 + length :]
            answer, self._answer = self._answer, None
            answer.set_result((int(held[9:12]), held[end + 4 : end + 4 + length]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("closed"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def send_on_and_on(line: Line, one: Prepared, tally: Tally, until: float) -> None:
    """Send each segment as soon as the last one's receipt came."""
    for head, body in zip(one.heads, one.bodies, strict=True):
        began = time.perf_counter()
        if began >= until:
            return
        status, _ = await line.ask(head, body)
        if status == 201:
            tally.took.append(time.perf_counter() - began)
        else:
            tally.others[str(status)] += 1
            return


async def send_every(
    line: Line, one: Prepared, tally: Tally, first: float, every: float, until: float
) -> None:
    """Send a segment every *every* seconds from *first* on; what is late is sent at once."""
    for number, (head, body) in enumerate(zip(one.heads, one.bodies, strict=True)):
        due = first + number * every
        if due >= until:
            return
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        elif time.perf_counter() > until + 5:
            tally.late += 1
            return
        status, _ = await line.ask(head, body)
        if status == 201:
            tally.took.append(time.perf_counter() - due)
        else:
            tally.others[str(status)] += 1
            return


async def load(
    url: str, phones: list[Prepared], seconds: float, every: float | None
) -> dict[str, object]:
    """Open all recordings, then send for *seconds*; return what was measured."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    loop = asyncio.get_running_loop()
    tally = Tally()
    lines = []
    for one in phones:
        _, line = await loop.create_connection(Line, host, port)
        head = (
            f"POST /api/recordings HTTP/1.1\r\nhost: {host}\r\n"
            f"content-length: {len(one.opening)}\r\n\r\n"
        )
        status, answer = await line.ask(head.encode(), one.opening)
        assert status == 201, answer
        lines.append(line)
    began, used = time.perf_counter(), time.process_time()
    until = began + seconds
    async with asyncio.timeout(seconds + WAIT):
        await asyncio.gather(
            *(
                send_on_and_on(line, one, tally, until)
                if every is None
                else send_every(line, one, tally, began + every * n / len(phones), every, until)
                for n, (line, one) in enumerate(zip(lines, phones, strict=True))
            )
        )
    lasted = time.perf_counter() - began
    cpu = time.process_time() - used
    for line in lines:
        line.close()
    took = sorted(tally.took)
    return {
        "segments": len(took),
        "seconds": lasted,
        "per_second": len(took) / lasted,
        "others": dict(tally.others),
        "late": tally.late,
        "cpu_share": cpu / lasted,
        **{f"p{p}": took[min(len(took) - 1, len(took) * p // 100)] for p in (50, 99) if took},
        "worst": took[-1] if took else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("code")
    parser.add_argument("--phones", type=int, default=64)
    parser.add_argument("--segments", type=int, default=200)
    parser.add_argument("--size", type=int, default=64 * 1024)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--every", type=float)
    parser.add_argument("--wait", action="store_true", help="begin when a line comes on stdin")
    given = parser.parse_args()
    with httpx.Client(base_url=given.url, trust_env=False) as client:
        service = read_service(client.get("/api/service").content)
    bodies = bodies_of(given.size, given.segments)
    host = urlsplit(given.url).netloc
    phones = [
        prepare(service, given.code, host, bodies, given.segments) for _ in range(given.phones)
    ]
    if given.wait:
        print("ready", flush=True)
        input()
    print(json.dumps(uvloop.run(load(given.url, phones, given.seconds, given.every))), flush=True)


if __name__ == "__main__":
    main()
