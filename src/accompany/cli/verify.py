"""`accompany verify`: the verifier, which is offline; for `--log`, a reader of the log beside it.

The two never import each other, and nothing of a network is imported unless `--log` is given.
"""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from accompany.client.arguments import server_address
from accompany.errors import AccompanyError
from accompany.evidence.merkle import TILE_WIDTH, Nodes
from accompany.evidence.verify import Asking
from accompany.verifier import configure_verify as configure_offline
from accompany.verifier import run_verify as run_offline

if TYPE_CHECKING:
    from accompany.client.tiles import Tiles


class HttpLog:
    """The log under the server address *where*; an `evidence.searching.ShownLog`."""

    def __init__(self, where: str, tiles: "Tiles") -> None:
        self.where = where
        self._tiles = tiles

    def checkpoint(self) -> bytes:
        return self._tiles.checkpoint()

    def nodes(self, size: int) -> Nodes:
        from accompany.client.tiles import TileNodes

        return TileNodes(self._tiles, size)

    def bundles(self, first: int, size: int) -> Iterator[list[bytes]]:
        with tqdm(
            total=size - first * TILE_WIDTH, desc="searching the log", unit=" entries",
            file=sys.stderr, disable=None, delay=1, leave=False,
        ) as bar:  # fmt: skip
            for entries in self._tiles.entry_bundles(first, size):
                yield entries
                bar.update(len(entries))


def configure_verify(parser: ArgumentParser) -> None:
    """Describe `accompany verify` to *parser*."""
    configure_offline(parser)
    add = parser.add_argument
    add(
        "--log",
        metavar="URL",
        type=server_address,
        help="look at the log too: the server's address. What follows the package's last "
        "statement shows, and a log that contradicts the package's checkpoint",
    )
    add(
        "--token-file",
        metavar="FILE",
        type=Path,
        help="a file that opens the live log: an auditor's token, or the recording's locator.txt; "
        "without it the log is shown to its daily checkpoint",
    )
    add("--ca", metavar="FILE", type=Path, help="certificates of the server's own authority (PEM)")


def run_verify(given: Namespace) -> int:
    """Do `accompany verify`; return the exit status."""
    if given.log is None:
        return run_offline(given)
    from accompany.client.line import open_client
    from accompany.client.tiles import Tiles

    try:
        token = given.token_file.read_text().strip() if given.token_file else None
        with open_client(given.log, given.ca) as client:
            log = HttpLog(given.log, Tiles(client, "/log", token))
            return run_offline(given, Asking(log, time.time_ns() // 1_000_000))
    except (AccompanyError, OSError, ValueError) as error:
        print(f"accompany verify: {error}", file=sys.stderr)
        return 2
