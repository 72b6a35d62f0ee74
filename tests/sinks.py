"""Real receivers on loopback: an HTTP server and an SMTP server that keep what they are sent.

with http_sink() as web, smtp_sink() as mail:
    web.url, mail.port; web.wait(1); web.taken[0].body
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from browsers import wait_for


@dataclass(frozen=True)
class Taken:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpSink:
    """`status` is what it answers from now on; `refusals` counts down answers of 500 before."""

    port: int = 0
    status: int = 200
    refusals: int = 0
    location: str = ""
    hold: threading.Event = field(default_factory=threading.Event)
    """While it is not set, what comes is taken, and not yet answered."""
    taken: list[Taken] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def json_template(self) -> str:
        """An Apprise URL by which this sink stands for somebody's SMS service."""
        return f"json://127.0.0.1:{self.port}/to/{{address}}"

    def wait(self, count: int, within: float = 20) -> list[Taken]:
        wait_for(lambda: len(self.taken) >= count, within, f"for {count} messages")
        return self.taken


@contextmanager
def http_sink() -> Iterator[HttpSink]:
    sink = HttpSink()
    sink.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status = sink.status
            if sink.refusals > 0:
                sink.refusals -= 1
                status = 500
            else:
                headers = {name.lower(): value for name, value in self.headers.items()}
                sink.taken.append(Taken(self.path, headers, body))
            sink.hold.wait(60)
            self.send_response(status)
            if sink.location:
                self.send_header("location", sink.location)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Mail:
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return part.get_content().strip()


@dataclass
class SmtpSink:
    port: int = 0
    taken: list[Mail] = field(default_factory=list)

    @property
    def template(self) -> str:
        return (
            f"mailto://127.0.0.1:{self.port}?from=help@example.org&format=text"
            "&mode=insecure&to={address}"
        )

    def wait(self, count: int, within: float = 20) -> list[Mail]:
        wait_for(lambda: len(self.taken) >= count, within, f"for {count} mails")
        return self.taken


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    sink = SmtpSink()
    listener = socket.create_server(("127.0.0.1", 0))
    sink.port = listener.getsockname()[1]

    def accept() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(line, sink), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield sink
    finally:
        listener.close()


def _serve(line: socket.socket, sink: SmtpSink) -> None:
    recipients: list[str] = []
    with line, line.makefile("rb") as lines:
        line.sendall(b"220 sink\r\n")
        for raw in lines:
            words = raw.decode().strip()
            verb = words.split(" ")[0].upper()
            if verb == "RCPT":
                recipients.append(words.partition("<")[2].partition(">")[0])
            if verb == "DATA":
                line.sendall(b"354 go on\r\n")
                data = b""
                for part in lines:
                    if part == b".\r\n":
                        break
                    data += part[1:] if part.startswith(b".") else part
                message = message_from_bytes(data, policy=policy.default)
                assert isinstance(message, EmailMessage)
                sink.taken.append(Mail(tuple(recipients), message))
            line.sendall(b"221 bye\r\n" if verb == "QUIT" else b"250 fine\r\n")
