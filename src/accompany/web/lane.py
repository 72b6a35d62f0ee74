"""The lane: a phone's PUT taken straight from its connection, where nothing about it is unusual.

A request that uvicorn parses, an ASGI scope and a task for each cost more than the cryptography of
a segment. So a head that has come whole, in plain form, for a recording that is known, with the
length of its body stated and allowed, is read here; everything else goes the ordinary way from its
first byte, and so is judged there alone. What is taken, and every problem, is `web.uplink`'s either
way; the gate counts and measures here as it does there. Not here: limits in time (`web.door`).
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from accompany.custody.ports import Blob
from accompany.errors import AccompanyError
from accompany.web.door import Guarded, neighbourhood
from accompany.web.gate import Gate
from accompany.web.uplink import RECEIPT, ROUTES, Answer, Uplink

HEAD_BYTES = 16 * 1024
_SMALL = 1024
_FIRST = re.compile(
    rb"PUT /api/recordings/([a-z2-7]{32})/(segments|statements)/(0|[1-9][0-9]{0,15}) HTTP/1\.1"
)
_HEADERS = re.compile(rb"(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*)+")
_LENGTH = re.compile(rb"[1-9][0-9]{0,9}")
_UNUSUAL = frozenset(
    b"transfer-encoding upgrade expect te trailer content-encoding proxy-connection".split()
)
_ONCE = frozenset({b"content-length", b"statement", b"x-forwarded-for", b"connection", b"host"})


@dataclass(slots=True)
class Taking:
    """One PUT whose body is coming in, or being taken."""

    recording: str
    word: str
    number: str
    note: bytes | None
    address: str
    began: float
    size: int
    left: int
    parts: list[bytes | bytearray | memoryview] = field(default_factory=list)
    later: list[bytes] = field(default_factory=list)
    """What came behind the body: the next request, which waits for this one's answer."""

    @property
    def whole(self) -> bool:
        return not self.left

    def more(self, data: bytes | memoryview) -> None:
        if len(data) > self.left:
            self.later.append(bytes(data[self.left :]))
            data = data[: self.left]
        self.left -= len(data)
        if len(data) >= _SMALL:
            self.parts.append(data)
        elif self.parts and isinstance(last := self.parts[-1], bytearray):
            last += data
        else:
            # Byte by byte, each by itself, it would take fifty times its length.
            self.parts.append(bytearray(data))

    def body(self) -> Blob:
        """Return all that came, once: where it is if it came in one piece, as nearly all does, and
        alone; a view of what else was read with it would keep that in memory, counted by nobody."""
        parts, self.parts = self.parts, []
        if len(parts) == 1 and isinstance(parts[0], memoryview) and not self.later:
            return parts[0]
        return b"".join(parts)


@dataclass(slots=True)
class Lane:
    """One per server: what of a connection's requests is taken here, and how it is answered."""

    uplink: Uplink
    gate: Gate
    _proxies: ProxyHeadersMiddleware = field(init=False)
    _dated: tuple[object, bytes] = (None, b"")
    """uvicorn's default headers, and the same as they are written."""

    def __post_init__(self) -> None:
        exempt = list(self.gate.limits.exempt)
        self._proxies = ProxyHeadersMiddleware(self.gate, exempt)  # type: ignore[arg-type]

    def begin(self, data: bytes, peer: str, host: str) -> Taking | None:
        """Return the request that *data* begins with, if it is one for the lane; the connection
        comes from *host*, in the neighbourhood *peer*."""
        end = data.find(b"\r\n\r\n", 0, HEAD_BYTES)
        line = data.find(b"\r\n")
        first = _FIRST.fullmatch(data, 0, line) if end > 0 else None
        if first is None or not _HEADERS.fullmatch(data, line, end):
            return None
        found: dict[bytes, bytes] = {}
        for header in data[line + 2 : end].split(b"\r\n"):
            name, _, value = header.partition(b":")
            name = name.lower()
            if name in _UNUSUAL or (name in _ONCE and name in found):
                return None
            found[name] = value.strip(b" \t")
        recording, word, number = first[1].decode(), first[2].decode(), first[3].decode()
        length = self._length(found, recording, word)
        if length is None:
            return None
        address = self._address(found, peer, host)
        if self.gate.full or not self.gate.enter(address):
            return None
        if not self.gate.begin_body(address, length):
            self.gate.leave(address)
            return None
        note = found.get(b"statement")
        began = time.perf_counter()
        taking = Taking(recording, word, number, note, address, began, length, length)
        # A view: joined with what else comes, the body is copied once.
        self.more(taking, memoryview(data)[end + 4 :])
        return taking

    def more(self, taking: Taking, data: bytes | memoryview) -> None:
        """Take what has come of a body, counted."""
        before = taking.left
        taking.more(data)
        self.gate.came(before - taking.left)

    def _length(self, found: dict[bytes, bytes], recording: str, word: str) -> int | None:
        """Return the length of a body that may come, or None where the ordinary way decides."""
        stated = found.get(b"content-length", b"")
        alive = found.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        if not alive or not _LENGTH.fullmatch(stated):
            return None
        if int(stated) > self.uplink.most(word):
            return None
        try:
            self.uplink.check_known(recording)
        except AccompanyError:
            return None
        return int(stated)

    def _address(self, found: dict[bytes, bytes], peer: str, host: str) -> str:
        """Return whence the request comes: what a proxy says counts only where it is believed."""
        told = found.get(b"x-forwarded-for")
        if told is None or host not in self._proxies.trusted_hosts:
            return peer
        behind = self._proxies.trusted_hosts.get_trusted_client_address(told.decode("latin-1"))[0]
        return neighbourhood(behind) if behind else peer

    async def take(self, taking: Taking) -> Answer:
        """Return the answer to a request whose body is whole."""
        return await self.uplink.answer(
            taking.recording, taking.word, taking.number, taking.note, taking.body()
        )

    def end(self, taking: Taking, status: int) -> None:
        """Count a request out, however it ended."""
        self.gate.leave(taking.address)
        self.gate.end_body(taking.address, taking.size, taking.size - taking.left)
        took = time.perf_counter() - taking.began
        route = ROUTES[taking.word].path
        self.gate.metrics.request("PUT", route, status, took, taking.size - taking.left)

    def written(self, answer: Answer, default: list[tuple[bytes, bytes]], close: bool) -> bytes:
        """Return *answer* as it goes out, with uvicorn's *default* headers (the date)."""
        if self._dated[0] is not default:
            self._dated = (default, _lines(default))
        headers = _RECEIPT if answer.headers is RECEIPT else _lines(answer.headers)
        status = HTTPStatus(answer.status)
        return b"".join(
            (
                b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()),
                self._dated[1],
                headers,
                b"connection: close\r\n" if close else b"",
                b"content-length: %d\r\n\r\n" % len(answer.body),
                answer.body,
            )
        )


class OnLane(Guarded):
    """A connection whose plain PUTs go by the lane, and all else through uvicorn's parser."""

    def __init__(self, *, lane: Lane, **given: Any) -> None:
        super().__init__(**given)
        self._lane = lane
        self._taking: Taking | None = None
        self._task: asyncio.Task[None] | None = None
        self._between = True
        """Whether the next byte is the first of a request."""
        self._quiet: float | None = None
        """Since when nothing has come behind an answer of the lane."""
        self._leaving = False

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._quiet = None
        taking = self._taking
        if taking is None:
            if not (self._between and self._idle and self._begins(data)):
                super().data_received(data)
        elif taking.whole:
            # The next request, before this one's answer: it waits, and nothing more is read.
            taking.later.append(data)
            self.flow.pause_reading()
        else:
            self._body_bytes += len(data)
            self._lane.more(taking, data)
            self._go_on(taking)

    def _begins(self, data: bytes) -> bool:
        host = self.client[0] if self.client else ""
        taking = self._lane.begin(data, self._address, host)
        if taking is None:
            return False
        self._unset_keepalive_if_required()
        self._heads, self._taking = None, taking
        self._body, self._body_bytes = self.loop.time(), len(data)
        self._go_on(taking)
        return True

    def _go_on(self, taking: Taking) -> None:
        if taking.whole:
            self._body = None
            self._task = self.loop.create_task(self._answer(taking))

    async def _answer(self, taking: Taking) -> None:
        answer = await self._lane.take(taking)
        self._lane.end(taking, answer.status)
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            default = self.server_state.default_headers
            self.transport.write(self._lane.written(answer, default, self._leaving))
            # Until then it is not answered: whoever reads nothing has nothing more taken.
            await self.flow.drain()
        self._taking = self._task = None
        if self.transport.is_closing():
            return
        if self._leaving:
            self.transport.close()
            return
        self._quiet = self.loop.time()
        self.flow.resume_reading()
        if taking.later:
            self.data_received(b"".join(taking.later))

    def on_message_begin(self) -> None:
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._between = True
        super().on_message_complete()

    def look(self, now: float) -> None:
        idle = 0.0 if self._quiet is None else now - self._quiet
        if idle > self._door.limits.idle_seconds:
            self.transport.close()
        else:
            super().look(now)

    def shutdown(self) -> None:
        if self._taking is None:
            super().shutdown()
        else:
            self._leaving = True

    def connection_lost(self, exc: Exception | None) -> None:
        taking = self._taking
        if taking is not None and not taking.whole:
            self._taking = None
            self._lane.end(taking, 400)
        super().connection_lost(exc)


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%s: %s\r\n" % header for header in headers)


_RECEIPT = _lines(RECEIPT)
