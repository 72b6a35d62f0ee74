"""Real RFC 3161 authorities for tests: `openssl ts` behind a tiny HTTP server.

with running_authority(tmp_path / "tsa") as tsa:
    tsa.url; tsa.roots          # PEM of its root
    tsa.stamp(b"text")          # a token, without HTTP
    tsa.down = True             # answers 503 from now on
"""

import datetime
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

DAY = datetime.timedelta(days=1)
_CONFIGURATION = """\
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500
clock_precision_digits = 3
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""


@dataclass
class Certified:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def certify(
    name: str,
    issuer: Certified | None = None,
    *,
    ca: bool = True,
    until: datetime.timedelta = 365 * DAY,
    stamping: bool = True,
) -> Certified:
    """Make a key and a certificate for it, by *issuer* or itself, valid from a day ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above = issuer.certificate.subject if issuer else subject
    signer = issuer.key if issuer else key
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + until)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
    )
    if not ca and stamping:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return Certified(key, builder.sign(signer, hashes.SHA256()))


class Authority:
    """An authority in *folder*: root, intermediate, signer."""

    def __init__(self, folder: Path, **signer: object) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.down = False
        self.asked = 0
        self.forced: bytes | None = None
        """What it answers instead, whatever is asked."""
        self.root = certify(f"{folder.name} root")
        self.middle = certify(f"{folder.name} middle", self.root)
        self.signer = certify(f"{folder.name} signer", self.middle, ca=False, **signer)  # type: ignore[arg-type]
        key = self.signer.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / "tsa.key").write_bytes(key)
        (folder / "tsa.pem").write_bytes(self.signer.pem)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(_CONFIGURATION)
        self.url = ""
        self._turn = threading.Lock()

    @property
    def roots(self) -> bytes:
        """What an operator keeps in roots.pem: the root, and the one between."""
        return self.root.pem + self.middle.pem

    def answer(self, query: bytes) -> bytes:
        with self._turn:
            (self.folder / "query").write_bytes(query)
            command = "openssl ts -reply -config tsa.cnf -queryfile query -out reply"
            subprocess.run(command.split(), cwd=self.folder, check=True, capture_output=True)
            return (self.folder / "reply").read_bytes()

    def stamp(self, text: bytes, algorithm: HashAlgorithm = HashAlgorithm.SHA256) -> bytes:
        request = TimestampRequestBuilder().data(text).hash_algorithm(algorithm).build()
        return self.answer(request.as_bytes())


@contextmanager
def running_authority(folder: Path) -> Iterator[Authority]:
    """Run an authority over HTTP on a free port of this machine."""
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            authority.asked += 1
            if authority.down:
                self.send_error(503)
                return
            reply = authority.forced or authority.answer(query)
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
