"""`accompany produce`: what is held about one recording, for whoever has to answer for it."""

import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from accompany.adapters.producing import produce
from accompany.config import Settings
from accompany.errors import Malformed
from accompany.evidence.text import read_base32


def configure_produce(parser: ArgumentParser) -> None:
    """Describe `accompany produce` to *parser*."""
    parser.description = (
        "Write everything that a data folder holds about one recording, and nothing else, to a "
        "ZIP: sealed film or sound, statements, receipts, proofs, grants, and every row of the "
        "databases that names it. It opens nothing, and changes nothing: put `accompany hold` on "
        "the recording first, and read docs/legal.md."
    )
    parser.add_argument("id", help="the recording's id")
    parser.add_argument("--data", metavar="DIR", type=Path, help="the server's data folder")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="ID-held.zip unless said")


def run_produce(given: Namespace) -> int:
    """Do `accompany produce`; return the exit status."""
    settings = Settings.from_environment(os.environ)
    folder = given.data or settings.data
    recording = read_base32(given.id)
    to = given.output or Path(f"{recording}-held.zip")
    try:
        done = produce(folder, recording, to, time.time_ns() // 1_000_000)
    except FileExistsError as error:
        raise Malformed("--output", f"{to} is there: nothing is ever overwritten") from error
    print(f"{to}: {done.files} files, {done.size} bytes; all that is held of {recording}.")
    if done.closed:
        print(f"It lies in a log that was closed, {done.closed}.")
    if done.deleted:
        print("It was deleted: the tombstone is what is left.")
    print("What this server does not have stands in README.txt there, and in docs/legal.md.")
    return 0
