"""The lane as an attacker meets it: whatever is said on a socket, the answer is the ordinary way's.

The same bytes are sent twice to one server: whole, so that the lane may take them, and with the
first byte by itself, so that it may not. Then what only a lane could get wrong: lengths that are
stated and not sent, bodies a byte at a time, answers that nobody reads.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accompany.client.device import Device, Signed
from accompany.evidence.text import write_base64
from accompany.web.door import Door, Limits
from accompany.web.gate import SHARES, Gate
from accompany.web.lane import Lane, OnLane, Taking
from accompany.web.metrics import Metrics
from house import listening, sound

LIMITS = Limits(
    header_seconds=5, body_grace=0.5, unread_seconds=0.4, idle_seconds=1, sweep_seconds=0.05
)
LAST = b"GET /api/limits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
"""After which every connection ends."""


@dataclass
class Served:
    """A real server in a thread, one recording with a segment kept, and what went by the lane."""

    port: int
    device: Device = field(repr=False)
    kept: Signed = field(repr=False)
    next: Signed = field(repr=False)
    connections: list[OnLane] = field(default_factory=list, repr=False)
    taken: int = field(default=0, repr=False)

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def answers(self, *pieces: bytes) -> list[tuple[int, tuple[tuple[str, str], ...], bytes]]:
        """Return all answers on one connection on which *pieces* are said, until its end."""
        with self.connected() as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            heard = [_said(line, piece, wait) for piece, wait in _paced(pieces)]
            heard.append(_rest(line))
        return list(_answers_in(b"".join(heard)))

    def connection(self, line: socket.socket) -> OnLane:
        """Return the server's side of *line*."""
        port = line.getsockname()[1]
        return until(lambda: [one for one in self.connections if one.client[1] == port])[-1]

    def same(self, request: bytes) -> bool:
        """Whether both ways answer alike.

        Where what comes behind a request is no HTTP, the ordinary way may say so before it has
        answered that request; the lane answers each in its turn.
        """
        whole = request + LAST
        lane, ordinary = self.answers(whole), self.answers(whole[:1], whole[1:])
        if lane == ordinary:
            return True
        *before, last = ordinary
        refused = last[0] == 400 and ("connection", "close") in last[1]
        good = refused and lane[-1] == last and lane[: len(before)] == before
        assert good, ([one[0::2] for one in lane], [one[0::2] for one in ordinary])
        return good


def _paced(pieces: tuple[bytes, ...]) -> Iterator[tuple[bytes, float]]:
    for number, piece in enumerate(pieces):
        # Long enough for the server to read one before the next.
        yield piece, 0.02 if number < len(pieces) - 1 else 0


def _said(line: socket.socket, piece: bytes, wait: float) -> bytes:
    try:
        line.sendall(piece)
    except OSError:
        # It answered and closed before all was said.
        return b""
    time.sleep(wait)
    return b""


def _rest(line: socket.socket) -> bytes:
    data = b""
    try:
        while piece := line.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def _answers_in(data: bytes) -> Iterator[tuple[int, tuple[tuple[str, str], ...], bytes]]:
    while data:
        head, found, rest = data.partition(b"\r\n\r\n")
        assert found, data
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = sorted(tuple(line.lower().split(": ", 1)) for line in lines)
        length = int(dict(headers).get("content-length", 0))
        kept = tuple((name, value) for name, value in headers if name != "date")
        yield int(first.split(" ")[1]), kept, rest[:length]  # type: ignore[misc]
        data = rest[length:]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    ready: list[Served] = []
    ended, failed = threading.Event(), list[BaseException]()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("accompany.wiring.server.Door", lambda limits: Door(LIMITS))
        patched.setattr(Lane, "begin", _counting(Lane.begin, ready))
        patched.setattr(OnLane, "connection_made", _noting(OnLane.connection_made, ready))

        async def serve(folder: Path) -> None:
            async with listening(folder, segment_bytes=16 * 1024) as held:
                device = await held.opened()
                kept = sound(device)
                assert (await held.put(device, kept)).status_code == 201
                ready.append(Served(int(held.url.rpartition(":")[2]), device, kept, sound(device)))
                await asyncio.to_thread(ended.wait)

        def run() -> None:
            try:
                asyncio.run(serve(tmp_path_factory.mktemp("lane")))
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            while not ready:
                assert not failed, failed
                time.sleep(0.01)
            yield ready[0]
            assert ready[0].taken > 20, "hardly anything went by the lane"
        finally:
            ended.set()
            thread.join(20)
    assert not failed, failed


def _counting(begin: Any, ready: list[Served]) -> Any:
    def counted(self: Lane, *given: Any) -> Any:
        found = begin(self, *given)
        if found is not None and ready:
            ready[0].taken += 1
        return found

    return counted


def _noting(made: Any, ready: list[Served]) -> Any:
    def noted(self: OnLane, transport: Any) -> None:
        made(self, transport)
        if ready:
            ready[0].connections.append(self)

    return noted


def put(served: Served, more: bytes = b"", word: str = "segments") -> bytes:
    """Return the PUT of what is kept already: its answer is always the same."""
    body = (served.kept.sealed if word == "segments" else served.kept.note) or b""
    path = f"/api/recordings/{served.device.recording}/{word}/{served.kept.number}"
    note = f"Statement: {write_base64(served.kept.note)}\r\n" if word == "segments" else ""
    head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{note}".encode()
    return head + more + b"\r\n" + body


HEADERS = [
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length : 5", b"content-length:\t5",
    b"Content-Length: 5, 5", b"Content-Length: 0x5", b"Content-Length: -1", b"Content-Length:",
    b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: identity", b"Transfer-Encoding : chunked",
    b"transfer-encoding:\x0bchunked", b"Transfer-Encoding:\r\n chunked",
    b"X: y\r\n folded", b"X: y\r\n\tfolded", b" X: y", b": y",
    b"X", b"X:", b"X: \x00", b"X: \x7f", b"X: \xff\x80", b"X\xff: y", b"X: a\rb", b"X: a\nb: c",
    b"Connection: close", b"Connection: keep-alive", b"Connection: Keep-Alive, X",
 b"Expect: 100-continue", b"TE: trailers", b"Trailer: X",
    b"Content-Encoding: gzip", b"Host: y", b"Host:", b"X-Forwarded-For: 203.0.113.1",
    b"X-Forwarded-For: \xff, [::1]:x, ", b"X-Forwarded-For: [", b"X-Forwarded-For: ,,,",
    b"X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 203.0.113.2", b"X-Forwarded-Proto: https",
    b"Statement: AAAA", b"Statement: \xff", b"Statement:", b"Statement: " + b"A" * 9000,
    b"STATEMENT : x", b"Proxy-Connection: close", b"X-Many: y\r\n" * 300 + b"X: y",
]  # fmt: skip
LINES = [
    b"PUT", b"put", b"POST", b" HTTP/1.1", b" HTTP/1.0", b" HTTP/1.2", b" HTTP/9.9", b"?x=y",
    b"%61pi", b"//api", b"http://x/api", b"/../api", b"/segments/01", b"/segments/1/",
    b"/segments/99999999999999999999999", b"/segments/9999999999999999", b"/segments/-1",
    b"/segments/0", b"/statements/1", b"/segments/1\x00", b"/segments/1;x", b"/segments/%31",
]  # fmt: skip


@st.composite
def bent(draw: st.DrawFn) -> tuple[str, Any]:
    """How a good request is bent: in a header, in its first line, in its length, or anywhere."""
    how = draw(st.sampled_from(["headers", "line", "length", "bytes", "twice"]))
    match how:
        case "headers":
            return how, draw(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=3))
        case "line":
            pairs = st.tuples(st.sampled_from(LINES), st.sampled_from(LINES))
            return how, draw(st.lists(pairs, min_size=1, max_size=2))
        case "length":
            # Not as much as the request behind it: more than empty lines are left of that.
            return how, draw(st.integers(-60, len(LAST) - 6))
        case "bytes":
            edit = st.tuples(st.integers(0, 500), st.integers(0, 8), st.binary(max_size=6))
            return how, draw(st.lists(edit, min_size=1, max_size=3))
        case _:
            return how, draw(st.lists(st.sampled_from([b"", *HEADERS]), min_size=2, max_size=4))


def made(served: Served, how: str, what: Any) -> bytes:
    good = put(served)
    match how:
        case "headers":
            return put(served, b"".join(one + b"\r\n" for one in what))
        case "line":
            line, end, rest = good.partition(b"\r\n")
            for old, new in what:
                line = line.replace(old, new)
            return line + end + rest
        case "length":
            size = len(served.kept.sealed or b"")
            return good.replace(b"Length: %d" % size, b"Length: %d" % max(size + what, 0))
        case "bytes":
            for at, gone, more in what:
                good = good[:at] + more + good[at + gone :]
            return good
        case _:
            return b"".join(put(served, one + b"\r\n" if one else b"") for one in what)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(bent())
@example(("twice", [b"", b"", b""]))
@example(("length", 1))
@example(("length", -1))
@example(("headers", [b"Content-Length: 5"]))
@example(("headers", [b"Transfer-Encoding: chunked"]))
@example(("line", [(b"/segments/", b"/segments/99999999999999999999999")]))
@example(("line", [(b"/segments/1", b"/segments/9999999999999999")]))
def test_the_answers_are_those_of_the_ordinary_way(served: Served, bend: tuple[str, Any]) -> None:
    assert served.same(made(served, *bend))


@pytest.mark.parametrize("header", HEADERS, ids=repr)
def test_no_header_is_read_otherwise(served: Served, header: bytes) -> None:
    assert served.same(put(served, header + b"\r\n"))


def test_whoever_reads_no_answer_has_nothing_more_taken(served: Served) -> None:
    """Or the answers to a small request said again and again would fill the memory."""
    good = put(served)
    small = good.partition(b"\r\n")[0] + b"\r\nHost: x\r\nContent-Length: 1\r\n\r\n?"
    with served.connected() as line:
        # Before a word: one that said something and stands still for a second is let go here.
        connection = served.connection(line)
        server_side = connection.transport.get_extra_info("socket")
        for end in (line, server_side):
            kept = socket.SO_RCVBUF if end is line else socket.SO_SNDBUF
            end.setsockopt(socket.SOL_SOCKET, kept, 4096)
        line.sendall(good)
        most = _flood(line, small * 50, connection)
        assert most < 256 * 1024
    assert served.answers(good + LAST)[0][0] == 200


def _flood(line: socket.socket, words: bytes, connection: OnLane) -> int:
    """Say *words* until the other side lets go, 40 MB at most; return how much waited there."""
    most = 0
    line.settimeout(0.1)
    for _ in range(40_000_000 // len(words)):
        try:
            line.sendall(words)
        except OSError:
            # Nothing more is read there.
            until(connection.transport.is_closing)
            return most
        most = max(most, connection.transport.get_write_buffer_size())
    raise AssertionError(f"all was taken; {most} bytes of answers wait")


def test_lengths_that_are_only_stated_keep_nobody_else_out(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = gate_of(served)
    monkeypatch.setattr(gate, "bodies", SHARES * 5 * 4096)
    head = put(served, b"X-Forwarded-For: 203.0.113.5\r\n").partition(b"\r\n\r\n")[0]
    size = b"Length: %d" % len(served.kept.sealed or b"")
    half = head.replace(size, b"Length: 4096") + b"\r\n\r\nhalf"
    lines = [served.connected() for _ in range(5)]
    try:
        for number, line in enumerate(lines, 1):
            line.sendall(half)
            until(lambda count=number: gate._under_way["203.0.113.5"] == count)
        assert gate._held == 5 * len(b"half")
        mine = put(served, b"X-Forwarded-For: 203.0.113.5\r\n")
        for pieces in ((mine + LAST,), (mine[:1], mine[1:] + LAST)):
            status, _, body = served.answers(*pieces)[0]
            assert (status, json.loads(body)["type"]) == (429, "/problems/too-many")
        others = put(served, b"X-Forwarded-For: 203.0.113.6\r\n")
        assert served.answers(others + LAST)[0][0] == 200
    finally:
        for line in lines:
            line.close()
    until(lambda: not (gate._held or gate._stated or gate._under_way))


def test_a_fast_beginning_pays_for_no_standing_still(served: Served) -> None:
    """10,000 bytes at once would be 20 s of patience, if they were spread over all of it."""
    head = put(served).partition(b"\r\n\r\n")[0]
    size = b"Length: %d" % len(served.kept.sealed or b"")
    for first in (0, 1):
        with served.connected() as line:
            whole = head.replace(size, b"Length: 12000") + b"\r\n\r\n" + bytes(10_000)
            if first:
                line.sendall(whole[:first])
                time.sleep(0.02)
            line.sendall(whole[first:])
            line.settimeout(10)
            assert line.recv(65536).startswith(b"HTTP/1.1 408")


def test_a_body_byte_by_byte_takes_no_more_memory_than_its_length() -> None:
    taking = Taking("r", "segments", "1", None, "", 0.0, 9000, 9000)
    for _ in range(3000):
        taking.more(b"ab")
    taking.more(b"c" * 2000)
    for _ in range(999):
        taking.more(memoryview(b"d"))
    taking.more(b"ef")
    assert (taking.whole, taking.later) == (True, [b"f"])
    assert len(taking.parts) == 3
    assert taking.body() == b"ab" * 3000 + b"c" * 2000 + b"d" * 999 + b"e"


def test_a_body_keeps_nothing_in_memory_that_came_with_it() -> None:
    """Only what came alone stays where it was read: what follows a body is counted by nobody."""
    alone, followed = (Taking("r", "segments", "1", None, "", 0.0, 9000, 9000) for _ in range(2))
    read = memoryview(b"a" * 9000)
    alone.more(read)
    assert alone.body() is read
    followed.more(memoryview(b"b" * 9000 + b"c" * 200_000))
    assert followed.later == [b"c" * 200_000]
    body = followed.body()
    assert (body, type(body)) == (b"b" * 9000, bytes)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("2001:db8::5", "203.0.113.7"),
        # In the same network as the proxy, and not the proxy.
        ("2001:db8::6", "2001:db8::/64"),
        ("::ffff:2001:db8", "2001:db8::/64"),
    ],
)
def test_what_a_proxy_says_counts_from_that_proxy_alone(
    served: Served, host: str, address: str
) -> None:
    gate = Gate(None, Limits(exempt=("2001:db8::5",)), Metrics())  # type: ignore[arg-type]
    with served.connected() as line:
        lane = Lane(served.connection(line)._lane.uplink, gate)
    whole = put(served, b"X-Forwarded-For: 203.0.113.7\r\n")
    taking = lane.begin(whole, "2001:db8::/64", host)
    assert taking is not None
    assert taking.address == address


def gate_of(served: Served) -> Gate:
    with served.connected() as line:
        return served.connection(line)._lane.gate


def until(so: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while not (found := so()):
        assert time.monotonic() < end
        time.sleep(0.005)
    return found
