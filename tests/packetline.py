"""A phone's line packet by packet: a network namespace whose way out has rate, delay and losses.

Two TUN devices, one in the namespace and one here, and between them a thread that lets packets
through late, one after the other, or not at all. Everything a browser in there sends passes: TCP
with its own answer to loss, and a call's UDP beside it. Needs Linux, root and /dev/net/tun.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from browsers import chromium
from poorline import Shape
from relay import Relay

NETWORK = f"10.213.{os.getpid() % 256}."
"""Of this process: two of them beside each other have lines of their own."""
HERE = f"{NETWORK}1"
QUEUE = 64_000
"""Bytes that wait before the narrow place; what comes on top is dropped, as by a phone's modem."""
_TUNSETIFF, _TUN, _BARE = 0x400454CA, 0x0001, 0x1000


def possible() -> bool:
    """Return whether this machine lets us make one."""
    return sys.platform == "linux" and os.geteuid() == 0 and Path("/dev/net/tun").exists()


class Way:
    """One direction: packets that are on their way, the next to arrive first."""

    def __init__(self, shape: Shape, rate: float | None, chance: random.Random) -> None:
        self._shape, self.rate, self._chance = shape, rate, chance
        self._free = 0.0
        self._number = 0
        self.bytes = 0
        self.dropped = 0
        self.on_the_way: list[tuple[float, int, bytes]] = []

    def take(self, packet: bytes, now: float) -> None:
        begin = max(now, self._free)
        if self.rate:
            full = (begin - now) * self.rate / 8 > QUEUE
            if full or self._chance.random() < self._shape.loss:
                self.dropped += 1
                return
            self._free = begin + len(packet) * 8 / self.rate
        self.bytes += len(packet)
        self._number += 1
        arrives = max(begin, self._free) + self._shape.way
        heapq.heappush(self.on_the_way, (arrives, self._number, packet))

    def arrived(self, now: float) -> Iterator[bytes]:
        while self.on_the_way and self.on_the_way[0][0] <= now:
            yield heapq.heappop(self.on_the_way)[2]


class PacketLine:
    """To the server at *port*; a browser started with `browser` has nothing but this line."""

    def __init__(self, port: int, shape: Shape, folder: Path) -> None:
        self.namespace = f"accompany{os.getpid()}"
        self._run = f"ip -n {self.namespace}"
        chance = random.Random(1)
        self._up = Way(shape, shape.rate, chance)
        self._down = Way(shape, None, chance)
        self._over = False
        self._number = 2
        self.cut = False
        """Whether nothing passes now, in either direction."""
        self.sent: Counter[int] = Counter()
        """Of a call's packets upwards: how many of each payload type (RFC 3550, in clear)."""
        self._devices = [_tun(f"acc{os.getpid() % 100_000}{end}") for end in "ab"]
        self._prepare()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        self._near = Relay(port, HERE)
        self.address = f"{HERE}:{self._near.port}"
        self.browser = folder / "chromium-behind-the-line"
        # A page has its camera where it came safely: this address is said to be as good as TLS.
        safe = f"--unsafely-treat-insecure-origin-as-secure=http://{self.address}"
        inside = f'exec ip netns exec {self.namespace} "{chromium()}" {safe} "$@"'
        self.browser.write_text(f"#!/bin/sh\n{inside}\n")
        self.browser.chmod(0o755)

    @property
    def up(self) -> int:
        """Bytes of all packets upwards that were not lost."""
        return self._up.bytes

    def move(self) -> None:
        """Give the phone another address: the one it had is gone, and with it whatever used it."""
        before, self._number = self._number, self._number + 1
        _do(f"{self._run} addr del {NETWORK}{before}/24 dev {self._there}")
        self._settle()

    def squeeze(self, rate: float | None) -> None:
        """Let so many bits a second up from now on; None: no limit, and no losses."""
        self._up.rate = rate

    def close(self) -> None:
        self._over = True
        self._thread.join(5)
        self._near.close()
        for descriptor, _ in self._devices:
            os.close(descriptor)
        _do(f"ip netns del {self.namespace}")

    def _prepare(self) -> None:
        (_, here), (_, self._there) = self._devices
        _do(f"ip netns add {self.namespace}")
        _do(f"ip link set {self._there} netns {self.namespace}")
        _do(f"ip addr add {HERE}/24 dev {here}")
        _do(f"ip link set {here} up")
        _do(f"{self._run} link set {self._there} up")
        _do(f"{self._run} link set lo up")
        self._settle()

    def _settle(self) -> None:
        _do(f"{self._run} addr add {NETWORK}{self._number}/24 dev {self._there}")
        _do(f"{self._run} route add default dev {self._there}")

    def _carry(self) -> None:
        (here, _), (there, _) = self._devices
        ways = {there: (self._up, here), here: (self._down, there)}
        while not self._over:
            now = time.monotonic()
            due = [way.on_the_way[0][0] for way, _ in ways.values() if way.on_the_way]
            wait = max(0.0, min([*due, now + 0.2]) - now)
            for ready in select.select(list(ways), [], [], wait)[0]:
                with suppress(OSError):
                    packet = os.read(ready, 65_536)
                    if ready == there and (kind := _payload_type(packet)) is not None:
                        self.sent[kind] += 1
                    if not self.cut:
                        ways[ready][0].take(packet, time.monotonic())
            now = time.monotonic()
            for way, out in ways.values():
                for packet in way.arrived(now):
                    with suppress(OSError):
                        os.write(out, packet)


def _payload_type(packet: bytes) -> int | None:
    """Return the payload type of an RTP packet over UDP and IPv4; None where it is none."""
    start = (packet[0] & 0x0F) * 4 + 8 if packet else 0
    udp = len(packet) >= start + 12 and packet[0] >> 4 == 4 and packet[9] == 17
    # RTCP shares the line: its types stand where 64 to 95 would (RFC 5761).
    if not udp or packet[start] >> 6 != 2 or 64 <= packet[start + 1] & 0x7F < 96:
        return None
    return packet[start + 1] & 0x7F


def _tun(name: str) -> tuple[int, str]:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH14x", name.encode(), _TUN | _BARE))
    return descriptor, name


def _do(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True)


@contextmanager
def packet_line(port: int, shape: Shape, folder: Path) -> Iterator[PacketLine]:
    line = PacketLine(port, shape, folder)
    try:
        yield line
    finally:
        line.close()
