"""`accompany token`: tokens for auditors, who may follow the live log."""

import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from accompany.accounts.auditors import Auditors, new_token
from accompany.adapters.auditors import SqliteAuditors
from accompany.adapters.sqlite import database_of
from accompany.config import Settings
from accompany.errors import Unknown
from accompany.evidence.text import write_time


def configure_token(parser: ArgumentParser) -> None:
    """Describe `accompany token` to *parser*."""
    parser.description = (
        "Make, list or revoke the tokens with which auditors and witnesses follow the live log. "
        "A token is printed once; only its SHA-256 is kept. The server may be running meanwhile."
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="the server's data folder")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--for", metavar="NAME", dest="name", help="make a token for NAME")
    what.add_argument("--revoke", metavar="NAME", help="end the token of NAME, at once")
    what.add_argument("--list", action="store_true", help="say who has one")


def run_token(given: Namespace) -> int:
    """Do `accompany token`; return the exit status."""
    folder = given.data or Settings.from_environment(os.environ).data
    with database_of(folder) as database:
        return _run(given, SqliteAuditors(database), time.time_ns() // 1_000_000)


def _run(given: Namespace, auditors: Auditors, now: int) -> int:
    if given.name is not None:
        print(new_token(auditors, given.name, now))
    elif given.revoke is not None:
        if not auditors.revoke(given.revoke, now):
            raise Unknown(f"good token of {given.revoke!r}")
        print(f"the token of {given.revoke} is revoked")
    else:
        for one in auditors.all():
            ended = f", revoked {write_time(one.revoked)}" if one.revoked else ""
            print(f"{one.name}: made {write_time(one.made)}{ended}")
    return 0
