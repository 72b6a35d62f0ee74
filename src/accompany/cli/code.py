"""`accompany code`: guest codes, one for each place where a poster hangs: made, limited, ended."""

import os
import time
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from accompany.accounts.guest_codes import make_code, replace_code
from accompany.accounts.people import DAY, GuestCode, People
from accompany.adapters.people import SqlitePeople
from accompany.adapters.sqlite import database_of
from accompany.config import Settings
from accompany.errors import Malformed, Unknown
from accompany.evidence.text import write_time


def configure_code(parser: ArgumentParser) -> None:
    """Describe `accompany code` to *parser*."""
    parser.description = (
        "Make, list, limit and end the guest codes of posters and cards. Give each place its own: "
        "what comes by one code holds up no other. A code is printed once; only its SHA-256 is "
        "kept. Phones that have set up a key of their own go on with their press tokens. The "
        "server may be running meanwhile."
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="the server's data folder")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--for", metavar="NAME", dest="name", help="make a code, NAME says for where")
    what.add_argument("--rotate", metavar="NAME", help="make a new one; the old one ends with --in")
    what.add_argument("--block", metavar="NAME", help="end it at once")
    what.add_argument("--limit", metavar="NAME", help="let in --a-minute encounters by it")
    what.add_argument("--list", action="store_true", help="say which there are")
    parser.add_argument(
        "--in", metavar="DAYS", dest="days", type=float, default=30, help="default: 30 days"
    )
    parser.add_argument(
        "--a-minute", metavar="N", type=int, default=0, help="default: as the setting says"
    )


def run_code(given: Namespace) -> int:
    """Do `accompany code`; return the exit status."""
    folder = given.data or Settings.from_environment(os.environ).data
    with database_of(folder) as database:
        return _run(given, SqlitePeople(database), time.time_ns() // 1_000_000)


def _run(given: Namespace, people: People, now: int) -> int:
    if not 0 <= given.a_minute <= 1_000_000 or not 0 <= given.days <= 3650:
        raise Malformed("number", "expected up to 1000000 a minute, and up to 3650 days")
    if given.name is not None:
        print(make_code(people, given.name, given.a_minute, now))
    elif given.rotate is not None:
        digest, old = _good(people, given.rotate, now)
        print(replace_code(people, digest, given.days, given.a_minute, now))
        ends = now + round(given.days * DAY)
        print(f"the old one of {old.name} ends {write_time(ends)}")
    elif given.block is not None:
        digest, old = _good(people, given.block, now)
        people.change_code(digest, replace(old, ends=now))
        print(f"the code of {given.block} lets nobody in any more")
    elif given.limit is not None:
        digest, old = _good(people, given.limit, now)
        people.change_code(digest, replace(old, a_minute=given.a_minute))
        print(f"the code of {given.limit}: {_limit(given.a_minute)}")
    else:
        for _, code in people.codes():
            ends = f", ends {write_time(code.ends)}" if code.ends else ""
            word = "" if code.good(now) else ", ended"
            print(f"{code.name}: made {write_time(code.made)}, {_limit(code.a_minute)}{ends}{word}")
    return 0


def _good(people: People, name: str, now: int) -> tuple[bytes, GuestCode]:
    for digest, code in people.codes():
        if code.name == name and code.good(now):
            return digest, code
    raise Unknown(f"good code of {name!r}")


def _limit(a_minute: int) -> str:
    return f"{a_minute} encounters a minute" if a_minute else "as many a minute as the setting says"
