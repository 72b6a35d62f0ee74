"""Sends what phones send, from a process of its own: signed and built before, over plain sockets.

    custody_load.py     then one job a line on stdin, as JSON; answers are lines of JSON on stdout

A job is prepared, "ready" is said, the next line on stdin lets it begin. One thread, one epoll: so
that the generator costs little beside what it measures. Its share of a processor is in each answer.
"""

import gc
import heapq
import json
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from custody_requests import Job, Source, sources_for

OPENINGS_AT_ONCE = 64
GIVE_UP = 4.0
"""Seconds to wait for what is under way when the time is over."""


@dataclass(slots=True)
class Line:
    """One connection with what it will send: heads and bodies, taken in turn."""

    socket: socket.socket
    source: Source
    sent: int = 0
    due: list[float] = field(default_factory=list)
    """When the segments that wait for the line became due, the oldest first."""
    began: float | None = None
    """What the answer's time counts from, while one is under way."""
    held: bytes = b""
    rest: list[memoryview] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    took: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)
    """By how much the generator itself began too late, seconds."""
    bytes_: int = 0
    notes: int = 0
    """Bytes of the statements that were acknowledged."""
    last: float = 0.0


class Load:
    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}
        # Before any connection: `select` takes descriptors below 1024 only (`wait`).
        self.poll = select.epoll()
        self.tally = Tally()
        self.under_way = 0

    def lines_over(self, lines: Iterable[Line]) -> list[Line]:
        """Take over *lines*, each as soon as it is connected; return them."""
        for line in lines:
            line.socket.setblocking(False)
            self.lines[line.socket.fileno()] = line
            self.poll.register(line.socket, select.EPOLLIN)
        return list(self.lines.values())

    def send(self, line: Line, began: float) -> None:
        """Begin the line's next request; its answer's time counts from *began*."""
        head, body = line.source.request(line.sent)
        line.sent += 1
        line.began = began
        self.under_way += 1
        line.rest = [memoryview(head), memoryview(body)]
        self.push(line)

    def push(self, line: Line) -> None:
        rest = line.rest
        while rest:
            try:
                sent = line.socket.sendmsg(rest)
            except BlockingIOError:
                self.poll.modify(line.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)
                return
            while rest and sent >= len(rest[0]):
                sent -= len(rest.pop(0))
            if sent:
                rest[0] = rest[0][sent:]

    def take(self, number: int, events: int) -> Line | None:
        """Go on with one connection; return it if its answer is whole."""
        line = self.lines[number]
        if events & select.EPOLLOUT:
            self.poll.modify(number, select.EPOLLIN)
            self.push(line)
        if not events & ~select.EPOLLOUT:
            return None
        try:
            data = line.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.gone(line)
            return None
        line.held += data
        status = whole_answer(line.held)
        if status is None:
            return None
        self.answered(line, status)
        return line

    def answered(self, line: Line, status: bytes) -> None:
        now = time.perf_counter()
        assert line.began is not None
        if status in (b"201", b"204"):
            self.tally.took.append(now - line.began)
            self.tally.bytes_ += line.source.size
            self.tally.notes += line.source.note
            self.tally.last = now
        else:
            self.tally.others[status.decode()] += 1
        line.held, line.began = b"", None
        self.under_way -= 1

    def gone(self, line: Line) -> None:
        self.poll.unregister(line.socket.fileno())
        if line.began is not None:
            self.tally.others["closed"] += 1
            self.under_way -= 1
            line.began = None

    def on_and_on(self, seconds: float) -> None:
        """Send each connection's next request as soon as its last one is answered."""
        until = time.perf_counter() + seconds
        for line in self.lines.values():
            self.send(line, time.perf_counter())
        while self.under_way:
            for number, events in self.poll.poll(GIVE_UP):
                line = self.take(number, events)
                now = time.perf_counter()
                if line is not None and now < until and line.sent < line.source.count:
                    self.send(line, now)

    def every(self, interval: float, seconds: float) -> None:
        """Send one a connection every *interval*, spread evenly, whatever became of the last.

        What is due while one is under way waits for it, and its time counts from when it was due.
        """
        lines = list(self.lines.values())
        start = time.perf_counter() + 0.05
        dues = [(start + interval * n / len(lines), n) for n in range(len(lines))]
        heapq.heapify(dues)
        over = start + seconds
        while dues or self.under_way:
            now = time.perf_counter()
            if now > over + GIVE_UP:
                self.tally.others["unanswered"] += self.under_way
                return
            while dues and dues[0][0] <= now:
                due, n = heapq.heappop(dues)
                self.due(lines[n], due)
                if due + interval < over:
                    heapq.heappush(dues, (due + interval, n))
            wait = dues[0][0] - time.perf_counter() if dues else GIVE_UP
            for number, events in self.wait(max(wait, 0.0)):
                line = self.take(number, events)
                if line is not None and line.due:
                    self.send(line, line.due.pop(0))

    def due(self, line: Line, due: float) -> None:
        if line.began is not None:
            line.due.append(due)
            return
        now = time.perf_counter()
        self.tally.late.append(now - due)
        self.send(line, due)

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        # epoll rounds up to a millisecond; select on epoll's own descriptor does not.
        if 0.0 < seconds < 0.02:
            select.select([self.poll], [], [], seconds)
            seconds = 0.0
        return self.poll.poll(seconds)


def whole_answer(held: bytes) -> bytes | None:
    """Return the status of the answer in *held* once all of it is there."""
    end = held.find(b"\r\n\r\n")
    if end < 0:
        return None
    at = held.find(b"ength: ", 0, end)
    length = int(held[at + 7 : held.index(b"\r", at)]) if at > 0 else 0
    return held[9:12] if len(held) >= end + 4 + length else None


def connected(sources: list[Source], host: str, port: int) -> Iterator[Line]:
    """Open every connection, and what has to be opened before on it."""
    for first in range(0, len(sources), OPENINGS_AT_ONCE):
        some = []
        for source in sources[first : first + OPENINGS_AT_ONCE]:
            made = socket.create_connection((host, port))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1024 * 1024)
            if source.opening:
                made.sendall(source.opening)
            some.append((made, source))
        for made, source in some:
            if source.opening:
                source.opened(read_answer(made))
            yield Line(made, source)


def read_answer(made: socket.socket) -> bytes:
    held = b""
    while whole_answer(held) is None:
        data = made.recv(65536)
        assert data, f"closed, after {held!r}"
        held += data
    return held


def run(job: Job, begin: Callable[[], None]) -> dict[str, object]:
    """Prepare *job*, wait for *begin*, send, and return what was measured."""
    sources = sources_for(job)
    load = Load()
    lines = load.lines_over(connected(sources, job.host, job.port))
    begin()
    began, used = time.perf_counter(), time.process_time()
    if job.every is None:
        load.on_and_on(job.seconds)
    else:
        load.every(job.every, job.seconds)
    lasted = time.perf_counter() - began
    cpu = time.process_time() - used
    for line in lines:
        line.socket.close()
    load.poll.close()
    took, late = sorted(load.tally.took), sorted(load.tally.late)
    return {
        "count": len(took),
        "per_second": len(took) / (load.tally.last - began) if took else 0.0,
        "bytes": load.tally.bytes_,
        "notes": load.tally.notes,
        "seconds": lasted,
        "others": dict(load.tally.others),
        "share": cpu / lasted,
        "p50": at_percent(took, 50),
        "p99": at_percent(took, 99),
        "late99": at_percent(late, 99),
    }


def at_percent(values: list[float], percent: int) -> float:
    return values[min(len(values) - 1, len(values) * percent // 100)] if values else 0.0


def main() -> None:
    gc.disable()

    def begin() -> None:
        print("ready", flush=True)
        sys.stdin.readline()

    while line := sys.stdin.readline():
        print(json.dumps(run(Job(**json.loads(line)), begin)), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
