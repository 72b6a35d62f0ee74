"""`accompany people`: invitations for a role, who belongs, and how somebody stops belonging.

It writes to the database of a data folder, the server running or not: an open console of somebody
removed closes within a second. A link is printed once; only its SHA-256 is kept.
"""

import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from accompany.accounts.enrolment import new_invitation
from accompany.accounts.people import DAY, People, Person, check_end_stands
from accompany.accounts.rights import ON_CARDS, PERSON_ROLES
from accompany.adapters.people import SqlitePeople
from accompany.adapters.sqlite import database_of
from accompany.config import Settings
from accompany.errors import Malformed, Unknown
from accompany.evidence.text import read_time, write_time


def configure_people(parser: ArgumentParser) -> None:
    """Describe `accompany people` to *parser*."""
    parser.description = (
        "Invite people, list them with their sessions, and remove them. "
        "The server may be running meanwhile."
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="the server's data folder")
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    one = what.add_parser("invite", help="print a link that somebody can join by, once")
    one.add_argument("role", choices=PERSON_ROLES, help="what they will be")
    one.add_argument("--for", metavar="NAME", dest="name", default="", help="for whom it is")
    one.add_argument("--days", type=float, default=7.0, help="how long it is good (7)")
    one.add_argument("--url", metavar="URL", help="where the server is reached")
    what.add_parser("list", help="say who belongs, who did, and who is signed in")
    one = what.add_parser("remove", help="remove somebody: all sessions end at once")
    one.add_argument("person", help="the id, as `list` says it")
    one.add_argument(
        "--lost", metavar="TIME", help="since when others may have their device or keys "
        "(2026-11-21T20:14:03.120Z): nothing signed by their card counts from then on",
    )  # fmt: skip
    one = what.add_parser("sign-out", help="end all sessions of somebody, who may come in again")
    one.add_argument("person", help="the id, as `list` says it")


def run_people(given: Namespace) -> int:
    """Do `accompany people`; return the exit status."""
    settings = Settings.from_environment(os.environ)
    now = time.time_ns() // 1_000_000
    with database_of(given.data or settings.data) as database:
        people = SqlitePeople(database)
        match given.what:
            case "invite":
                _invite(people, given, settings, now)
            case "list":
                _list(people, now)
            case "remove":
                _remove(people, given.person, now, _lost(given.lost, now))
            case _:
                _sign_out(people, given.person, now)
    return 0


def _invite(people: People, given: Namespace, settings: Settings, now: int) -> None:
    if not 0 < given.days <= 90:
        raise Malformed("days", f"expected more than 0, at most 90; found {given.days}")
    if len(given.name) > 120 or not given.name.isprintable():
        raise Malformed("name", "expected at most 120 printable characters")
    lasts = round(given.days * DAY)
    code = new_invitation(people, given.role, "command line", given.name, now, lasts)
    scheme = "https" if settings.secure else "http"
    base = (given.url or f"{scheme}://{settings.host}:{settings.port}").rstrip("/")
    page = "duty" if given.role in ON_CARDS else "desk"
    print(f"{base}/{page}#invitation={code}")


def _list(people: People, now: int) -> None:
    for one in people.people():
        print(f"{one.id}  {one.role}  {one.name}: {_standing(people, one, now)}")


def _standing(people: People, one: Person, now: int) -> str:
    if one.removed:
        return f"removed {write_time(one.removed)}"
    sessions = people.sessions(one.id, now)
    seen = f", last begun {write_time(sessions[-1].made)}" if sessions else ""
    return f"since {write_time(one.made)}, {len(sessions)} sessions{seen}"


def _lost(given: str | None, now: int) -> int:
    lost = 0 if given is None else read_time(given)
    if lost > now:
        raise Malformed("lost", f"expected a time by {write_time(now)}, found {given}")
    return lost


def _remove(people: People, id_: str, now: int, lost: int) -> None:
    person = people.person(id_)
    if person is None:
        raise Unknown(f"person {id_!r}; `accompany people list` names them")
    check_end_stands(person, lost)
    people.remove_person(id_, now, lost)
    if person.removed:
        print(f"{id_} was removed before, at {write_time(person.removed)}: that stands")
    else:
        print(f"{id_} is removed: no session is left, and none begins again")


def _sign_out(people: People, id_: str, now: int) -> None:
    if people.person(id_) is None:
        raise Unknown(f"person {id_!r}; `accompany people list` names them")
    sessions = people.sessions(id_, now)
    for one in sessions:
        people.end_session_numbered(id_, one.number)
    print(f"{len(sessions)} sessions of {id_} are ended")
