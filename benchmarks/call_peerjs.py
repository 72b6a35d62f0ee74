"""PeerJS and its own server as they come, for the same call: two pages and 100 ms of signalling.

One page waits, the other calls it once its person accepts; what is called answers by itself.
Camera, browser and delay are those of the call it is measured beside.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from browsers import wait_for
from custody_peers import PEERS, bring, node, running
from poorline import Shape, poor_line
from serving import free_port
from watching import WATCH_FOR_PICTURE, moment


@dataclass(frozen=True)
class PeerJs:
    """Two pages, `ready` for a call as soon as they say so."""

    attorney: Page
    caller: Page

    def seen(self) -> tuple[float, float]:
        """Accept, and return the milliseconds to the caller's and to the attorney's picture."""
        for page in (self.caller, self.attorney):
            wait_for(lambda page=page: page.evaluate("() => window.ready"), 20, "for PeerJS")
        self.caller.evaluate(WATCH_FOR_PICTURE)
        self.attorney.bring_to_front()
        self.attorney.evaluate(WATCH_FOR_PICTURE)
        accepted = float(self.attorney.evaluate("() => window.accept('caller')"))
        found = [moment(page, "seen", 20) - accepted for page in (self.caller, self.attorney)]
        return found[0], found[1]

    def close(self) -> None:
        self.attorney.close()
        self.caller.close()


@contextmanager
def peerjs(folder: Path, way: float) -> Iterator[Callable[..., PeerJs]]:
    """Yield what opens two pages, `open(attorney=…, caller=…)` given their browsers' contexts.

    *way*: seconds that signalling takes between a page and the server, in each direction.
    """
    bring("peerjs")
    folder.mkdir()
    shutil.copy(PEERS / "pages" / "peerjs.html", folder)
    shutil.copy(PEERS / "node_modules" / "peerjs" / "dist" / "peerjs.min.js", folder)
    port = free_port()
    command = [node()[0], PEERS / "peerjs.js", str(port)]
    pages = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    shape = Shape(way=way)
    try:
        with (
            running(command, port),
            poor_line(port, shape) as one,
            poor_line(port, shape) as other,
        ):
            address = f"http://127.0.0.1:{pages.server_address[1]}/peerjs.html"
            yield partial(_open, address, one.port, other.port)
    finally:
        pages.shutdown()
        pages.server_close()


def _open(
    address: str, one: int, other: int, *, attorney: BrowserContext, caller: BrowserContext
) -> PeerJs:
    found = attorney.new_page(), caller.new_page()
    found[0].goto(f"{address}?me=attorney&port={one}")
    found[1].goto(f"{address}?me=caller&port={other}")
    return PeerJs(*found)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a benchmark's rows stand alone."""
