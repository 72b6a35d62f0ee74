"""`accompany webhooks`: where messages go, what became of them, and sending them again.

It writes to the database of a data folder; a server that is running sends within seconds.
"""

import json
import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from accompany.adapters.sqlite import database_of
from accompany.adapters.webhooks import SqliteHooks
from accompany.config import Settings
from accompany.dispatch.webhooks import Delivery, read_networks
from accompany.evidence.text import read_time, write_time


def configure_webhooks(parser: ArgumentParser) -> None:
    """Describe `accompany webhooks` to *parser*."""
    parser.description = (
        "Signed messages to other programs: that a press began, was answered, ended. They say no "
        "more of it than its id, state, language, stage and times (docs/webhooks.md)."
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="the server's data folder")
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    one = what.add_parser("add", help="add an address; prints the secret, this once")
    one.add_argument("url", help="https://…")
    one = what.add_parser("list", help="say where messages go")
    one.add_argument("--json", action="store_true", help="as JSON")
    one = what.add_parser("end", help="send nothing more to an address")
    one.add_argument("id", help="as `list` names it")
    one = what.add_parser("test", help="send a message that says it is a test")
    one.add_argument("id", help="as `list` names it")
    one = what.add_parser("deliveries", help="say what became of the newest messages")
    one.add_argument("--count", type=int, default=20, help="how many (20)")
    one.add_argument("--json", action="store_true", help="as JSON")
    one = what.add_parser("replay", help="send again what was made since a time, or one delivery")
    one.add_argument("id", nargs="?", help="an address, as `list` names it")
    one.add_argument("--since", metavar="TIME", help="RFC 3339, as 2026-11-22T06:00:00.000Z")
    one.add_argument("--delivery", metavar="N", type=int, help="this one alone")


def run_webhooks(given: Namespace) -> int:
    """Do `accompany webhooks`; return the exit status."""
    settings = Settings.from_environment(os.environ)
    now = time.time_ns() // 1_000_000
    with database_of(given.data or settings.data) as database:
        hooks = SqliteHooks(database, read_networks(settings.webhook_networks))
        match given.what:
            case "add":
                made = hooks.add(given.url, now)
                print(f"{made.id}\nsecret: {made.secret}\nIt is not shown again.")
            case "list":
                _list(hooks, given.json)
            case "end":
                hooks.end(given.id, now)
            case "test":
                hooks.test(given.id, now)
            case "deliveries":
                _deliveries(hooks, given.count, given.json)
            case _:
                return _replay(hooks, given, now)
    return 0


def _list(hooks: SqliteHooks, as_json: bool) -> None:
    found = [
        {
            "id": one.id,
            "url": one.url,
            "made": write_time(one.made),
            "ended": write_time(one.ended) if one.ended else None,
        }
        for one in hooks.endpoints()
    ]
    if as_json:
        print(json.dumps(found))
        return
    for each in found:
        print(f"{each['id']}  {each['url']}{'  ended' if each['ended'] else ''}")
    print(f"{hooks.waiting()} messages are still to be taken")


def _deliveries(hooks: SqliteHooks, count: int, as_json: bool) -> None:
    found = hooks.deliveries(count)
    if as_json:
        print(json.dumps([{**one.told, "message": one.message} for one in found]))
        return
    for one in found:
        print(f"{one.number}  {one.endpoint}  {one.type}  {one.message}: {_fate(one)}")


def _fate(one: Delivery) -> str:
    if one.done:
        return f"taken {write_time(one.done)}, attempt {one.tries}"
    why = f", {one.problem}" if one.problem else ""
    if one.due is None:
        return f"not taken after {one.tries} attempts{why}"
    return f"due {write_time(one.due)}, {one.tries} attempts so far{why}"


def _replay(hooks: SqliteHooks, given: Namespace, now: int) -> int:
    if given.delivery is not None:
        hooks.again(given.delivery, now)
        print("it is sent again")
    elif given.id and given.since:
        print(f"{hooks.replay(given.id, read_time(given.since), now)} are sent again")
    else:
        print("say which: an address and --since TIME, or --delivery N")
        return 2
    return 0
