"""A real relay on loopback: Debian's coturn with deploy/coturn.conf, but for ports and loopback.

with turn_relay(tmp_path) as relay:
    relay.settings      # ACCOMPANY_ICE and ACCOMPANY_RELAY_SECRET
    relay.allocates(username, credential)
    relay.secure        # the same by TLS alone, of a certificate that only `authority` speaks for
"""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from browsers import wait_for
from serving import free_port

CONF = Path(__file__).resolve().parent.parent / "deploy" / "coturn.conf"
SECRET = "0123456789abcdef" * 4
_OURS = ("listening-port", "tls-listening-port", "static-auth-secret", "cert=", "pkey=", "pidfile",
         "denied-peer-ip=127", "no-stdout-log", "log-file", "realm")  # fmt: skip


@dataclass(frozen=True)
class TurnRelay:
    port: int
    tls: int
    log: Path
    authority: Path
    """The certificate, PEM, of whoever signed the relay's."""
    pin: str
    """SHA-256 of the relay's public key, base64: for `--ignore-certificate-errors-spki-list`."""

    @property
    def settings(self) -> dict[str, str]:
        address = f"turn:127.0.0.1:{self.port}?transport="
        return {
            "ACCOMPANY_ICE": f"{address}udp {address}tcp",
            "ACCOMPANY_RELAY_SECRET": SECRET,
        }

    @property
    def secure(self) -> dict[str, str]:
        """As from a network that lets nothing out but TLS: what goes without it answers nobody."""
        closed = f"turn:127.0.0.1:{free_port()}?transport="
        secure = f"turns:127.0.0.1:{self.tls}?transport=tcp"
        return {**self.settings, "ACCOMPANY_ICE": f"{secure} {closed}udp {closed}tcp"}

    def allocates(self, username: str, credential: str) -> bool:
        """Whether coturn's own client gets bytes through the relay and back by this name."""
        client = shutil.which("turnutils_uclient")
        assert client is not None
        command = [client, "-y", "-c", "-n", "1", "-m", "1", "-l", "100"]
        command += ["-u", username, "-w", credential, "-p", str(self.port), "127.0.0.1"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return ran.returncode == 0 and "tot_send_msgs=2" in ran.stdout


@contextmanager
def turn_relay(folder: Path) -> Iterator[TurnRelay]:
    server = shutil.which("turnserver")
    if server is None:
        assert os.geteuid() != 0, "scripts/turnserver brings coturn where it may"
        pytest.skip("coturn is not installed, and only root can bring it")
    port, tls = free_port(), free_port()
    pin = _certified(folder)
    lines = [line for line in CONF.read_text().splitlines() if not line.startswith(_OURS)]
    log = folder / "coturn.log"
    lines += [f"listening-port={port}", f"tls-listening-port={tls}", "realm=test"]
    lines += [f"cert={folder / 'relay.pem'}", f"pkey={folder / 'relay.key'}"]
    lines += [f"static-auth-secret={SECRET}", "listening-ip=127.0.0.1", "relay-ip=127.0.0.1"]
    lines += [f"pidfile={folder / 'coturn.pid'}", f"log-file={log}", "simple-log"]
    written = folder / "coturn.conf"
    written.write_text("\n".join(lines))
    relay = TurnRelay(port, tls, log, folder / "authority.pem", pin)
    command = [server, "-c", str(written), "--allow-loopback-peers"]
    with (folder / "coturn.out").open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_for(lambda: _listens(port) and _listens(tls), 20, "for coturn")
        yield relay
    finally:
        process.terminate()
        process.wait(10)


def _certified(folder: Path) -> str:
    """Write authority.pem, relay.pem and relay.key; return the pin."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    issued.private_key_pem.write_to_path(folder / "relay.key")
    chain = [one.bytes() for one in issued.cert_chain_pems]
    (folder / "relay.pem").write_bytes(b"".join(chain))
    key = load_pem_x509_certificate(chain[0]).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def _listens(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
