"""What the client's commands have in common on the command line."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path


def server_address(text: str) -> str:
    """Return *text* if it is an http or https address; argparse says so otherwise (exit 2)."""
    if not text.startswith(("http://", "https://")):
        raise ArgumentTypeError(f"expected an address like https://example.org, found {text!r}")
    return text.rstrip("/")


def add_server(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--server", metavar="URL", type=server_address, required=True, help="the server's address"
    )
    parser.add_argument(
        "--ca",
        metavar="FILE",
        type=Path,
        help="certificates of an authority made by the server itself (PEM), believed alone",
    )


def fail(command: str, error: object) -> int:
    """Say what went wrong in one sentence, and return the exit status for it."""
    print(f"accompany {command}: {error}", file=sys.stderr)
    return 1
