"""`accompany serve`: start the server and say where it is."""

import argparse
import asyncio
import gc
import json
import os
import resource
import signal
import socket
import sys
from types import FrameType

import uvicorn
import uvloop

from accompany.adapters.logs import write_logs
from accompany.adapters.tls import Certificate, addresses, certificate_for
from accompany.config import Settings
from accompany.evidence.cards import fingerprint
from accompany.wiring import Server, door_for, serving


def configure_serve(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", metavar="DIR", help="where everything is kept (default: accompany-data)")
    add("--host", metavar="H", help="address to listen on (default: 127.0.0.1, this machine only)")
    add("--port", metavar="N", help="port to listen on (default: 8420; 0 takes a free one)")
    add(
        "--tls",
        nargs="?",
        const="own",
        metavar="CERTIFICATE:KEY",
        help="serve HTTPS, which a phone needs for its camera: alone, a local authority is made "
        "on the spot; with two PEM files, these are used",
    )
    add("--origin", metavar="NAME", help="the log's name, for good (default: made on first start)")
    add("--organization", metavar="NAME", help="the organization's name, as callers read it")
    add("--hotline", metavar="NUMBER", help="telephone number on the caller's screen")
    add("--hotline_sms", metavar="NUMBER", help="number that takes text messages, there as well")
    add("--new-origin", action="store_true", help="close the log that is there for good and begin "
        "another: for when its journal is lost (docs/durability.md)")  # fmt: skip
    add("--json", action="store_true", help="print one line of JSON when ready, nothing else")


def settings_from(given: argparse.Namespace) -> Settings:
    """Return the settings: the command line first, then ACCOMPANY_… , then the defaults."""
    settings = Settings.from_environment(os.environ)
    for name in ("data", "host", "port", "tls", "origin", "organization", "hotline", "hotline_sms"):
        value = getattr(given, name)
        if value is not None:
            settings = settings.having(name, value)
    return settings


def run_serve(given: argparse.Namespace) -> int:
    settings = settings_from(given)
    write_logs(settings.log)
    # A phone is a connection, and a file descriptor.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return uvloop.run(_serve(settings, given.json, given.new_origin))


async def _serve(settings: Settings, as_json: bool, new_origin: bool) -> int:
    settings.data.mkdir(parents=True, exist_ok=True)
    certificate = certificate_for(settings.tls, settings.data / "tls", settings.host)
    authority = certificate.authority if certificate else None
    async with serving(settings, authority, new_origin) as server:
        config, door = door_for(
            settings,
            server,
            host=settings.host,
            port=settings.port,
            ssl_certfile=certificate.certificate if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
            timeout_graceful_shutdown=3,
        )
        sweeping = asyncio.create_task(door.sweep())
        await _Announcing(config, settings, certificate, server, as_json).serve()
        sweeping.cancel()
    return 0


class _Announcing(uvicorn.Server):
    """A uvicorn server that says where it is once it really listens."""

    def __init__(
        self,
        config: uvicorn.Config,
        settings: Settings,
        certificate: Certificate | None,
        server: Server,
        as_json: bool,
    ) -> None:
        super().__init__(config)
        self._settings = settings
        self._certificate = certificate
        self._server = server
        self._as_json = as_json

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; twice by Ctrl-C, at once.

        Not uvicorn's own: that raises the signal again as soon as nobody is served any more, and
        the journal would never be tidied up.
        """
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit or not self.servers:
            return
        # What is here now stays: it is not looked through again for what could be given back.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        port = self.servers[0].sockets[0].getsockname()[1]
        links = _links(self._settings, self._server, port)
        if self._as_json:
            print(json.dumps(links), flush=True)
        else:
            _print_links(self._settings, self._certificate, self._server, links)


def _links(settings: Settings, server: Server, port: int) -> dict[str, str]:
    scheme = "https" if settings.secure else "http"
    host = next(
        (one for one in addresses(settings.host) if one[0].isdigit() and one != "127.0.0.1"),
        addresses(settings.host)[0],
    )
    base = f"{scheme}://{'[' + host + ']' if ':' in host else host}:{port}"
    pin = fingerprint(server.office.charter.key)
    links = {
        "caller": f"{base}/#code={server.guest_code}&key={pin}",
        "guest_code": server.guest_code,
        "policy": str(server.policy.resolve()),
        "data": str(settings.data.resolve()),
        "writing": server.way,
    }
    if server.office.charter.demonstration:
        links["duty"] = f"{base}/duty#invitation={server.invitation}"
        links["desk"] = f"{base}/desk#invitation={server.coordinator_invitation}"
    return links


def _print_links(
    settings: Settings, certificate: Certificate | None, server: Server, links: dict[str, str]
) -> None:
    # Only people read codes: where a program starts it, this is not loaded.
    import segno

    print(f"\nAccompany is ready. Its log is called {server.keys.origin}.\n")
    titles = {
        "caller": "Callers open",
        "duty": "An attorney opens, once",
        "desk": "A coordinator opens, once",
    }
    for name, title in titles.items():
        if name not in links:
            continue
        print(f"{title}:\n\n  {links[name]}\n")
        # Without blocks in its alphabet a terminal shows no code; the address stands above it.
        if (sys.stdout.encoding or "").lower().startswith("utf"):
            segno.make(links[name], error="l").terminal(compact=True)
    print(f"Guest code: {links['guest_code']}")
    print(f"Everything is kept in {links['data']}; whose log it is stands in {links['policy']}")
    print(f"Batches are written {server.way}.\n")
    if server.office.charter.demonstration:
        print(
            "This is a demonstration organization: its key and its custodian's key lie in that\n"
            "folder. A coordinator makes one of your own on /desk, under Organization."
        )
    if certificate is None:
        print(
            "Only a browser on this machine can press: a phone gives its camera to HTTPS pages\n"
            "alone. Start with --tls --host 0.0.0.0 to reach it from a phone."
        )
    elif certificate.authority is not None:
        where = links["caller"].partition("#")[0]
        print(
            f"A phone must trust {certificate.authority.resolve()} first:\n"
            f"open {where}authority.crt on it and install the certificate."
        )
    print("Stop with Ctrl-C.", flush=True)
