"""Fetching a recording's sealed package: to whoever shows the locator's secret.

What comes is written beside its final name and renamed when it is whole: a file of that name is
always a whole answer. What it holds is not looked at; `accompany verify` does that.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

import httpx
from tqdm import tqdm

from accompany.client.arguments import add_server, fail
from accompany.client.line import Unreachable, open_client, refusal
from accompany.errors import AccompanyError
from accompany.evidence.text import read_base32, read_base64, write_base64
from accompany.ids import RecordingId

OnBytes = Callable[[int, int | None], None]
"""Hears how many bytes have come, and how many will (None where the server does not say)."""


def read_locator(path: Path) -> bytes:
    """Return the secret, 32 bytes, in the file *path*; raise Malformed for anything else."""
    return read_base64(path.read_text("utf-8", "replace").removesuffix("\n"), 32)


def package(
    recording: str,
    server: str,
    secret: bytes,
    out: Path,
    *,
    ca: Path | None = None,
    on_bytes: OnBytes = lambda come, total: None,
) -> int:
    """Fetch the package of *recording* into the file *out*; return its size in bytes.

    Raise Refused where the server says no, Unreachable where it does not answer or breaks off:
    then *out* is what it was before.
    """
    path = f"/api/recordings/{RecordingId(read_base32(recording))}/package"
    headers = {"Authorization": f"Bearer {write_base64(secret)}"}
    beside = out.with_name(f".{out.name}.part")
    try:
        with (
            open_client(server, ca) as client,
            client.stream("GET", path, headers=headers) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise refusal(f"the package of {recording}", answer)
            size = _write(answer, beside, on_bytes)
        beside.replace(out)
    except httpx.TransportError as error:
        raise Unreachable(server, str(error) or type(error).__name__) from error
    finally:
        beside.unlink(missing_ok=True)
    return size


def _write(answer: httpx.Response, path: Path, on_bytes: OnBytes) -> int:
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    come = 0
    with path.open("wb") as file:
        for part in answer.iter_raw():
            file.write(part)
            come += len(part)
            on_bytes(come, total)
    return come


def configure_package(parser: ArgumentParser) -> None:
    """Describe `accompany package` to *parser*."""
    parser.description = (
        "Fetch a recording's sealed package: statements, sealed segments, receipts and proofs in "
        "one ZIP, which `accompany verify` checks and `accompany open` opens."
    )
    parser.add_argument("recording", metavar="ID", help="the recording, 32 characters")
    add_server(parser)
    parser.add_argument(
        "--locator",
        metavar="FILE",
        type=Path,
        required=True,
        help="the recording's locator.txt, which shows that you may read it",
    )
    parser.add_argument(
        "-o", "--output", metavar="X.zip", type=Path, required=True, help="the file to write"
    )


def run_package(args: Namespace) -> int:
    """Do `accompany package`; return 0, or 1 for an error."""
    shown = sys.stderr.isatty()
    with tqdm(unit="B", unit_scale=True, disable=not shown, file=sys.stderr) as bar:

        def on_bytes(come: int, total: int | None) -> None:
            bar.total = total
            bar.update(come - bar.n)

        try:
            secret = read_locator(args.locator)
            size = package(
                args.recording, args.server, secret, args.output, ca=args.ca, on_bytes=on_bytes
            )
        except (AccompanyError, OSError) as error:
            bar.close()
            return fail("package", error)
    print(f"{args.output}: {size} bytes")
    return 0
