"""TLS for a phone in the same room: a local authority made on the spot, kept in the data folder.

A phone gives a page its camera only over HTTPS. The authority's certificate has to be trusted on
the phone by hand (docs/phones.md); for the public, put a real certificate in front instead.
"""

import socket
from dataclasses import dataclass
from pathlib import Path

from accompany.adapters.disk import write_durably
from accompany.errors import Malformed


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files for the server; *authority* is what a phone has to trust, None for real ones."""

    certificate: Path
    key: Path
    authority: Path | None


def certificate_for(tls: str, folder: Path, host: str) -> Certificate | None:
    """Return the files for setting *tls*: `off`, `own`, or `CERTIFICATE:KEY`."""
    if tls == "off":
        return None
    if tls == "own":
        return _own(folder, host)
    certificate, separator, key = tls.partition(":")
    paths = Path(certificate), Path(key)
    if not separator or not all(path.is_file() for path in paths):
        raise Malformed("--tls", f"expected own or CERTIFICATE:KEY, two PEM files, found {tls!r}")
    return Certificate(*paths, authority=None)


def addresses(host: str) -> list[str]:
    """Return the names and addresses this machine can be reached under in its own network."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104
        return [host]
    found = {"localhost", "127.0.0.1", socket.gethostname()}
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # Connecting a datagram socket sends nothing; it shows which address would be used.
            probe.connect(("192.0.2.1", 9))
            found.add(probe.getsockname()[0])
    except OSError:
        pass
    return sorted(found)


def _own(folder: Path, host: str) -> Certificate:
    # A fifth of a start, that only this needs.
    import trustme

    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    authority, authority_key = folder / "authority.crt", folder / "authority.key"
    if authority.exists() and authority_key.exists():
        maker = trustme.CA.from_pem(authority.read_bytes(), authority_key.read_bytes())
    else:
        maker = trustme.CA(organization_name="Accompany, made on this machine")
        write_durably(authority_key, maker.private_key_pem.bytes())
        write_durably(authority, maker.cert_pem.bytes())
    leaf = maker.issue_cert(*{*addresses(host), "localhost", "127.0.0.1"})
    certificate, key = folder / "server.crt", folder / "server.key"
    write_durably(key, leaf.private_key_pem.bytes())
    write_durably(certificate, b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    return Certificate(certificate, key, authority)
