"""Guest codes as an organization keeps them: made, replaced, changed; one for each place.

A code is told once, when it is made: kept is its SHA-256. Not here: whom a code lets in
(`enrolment.Codes`).
"""

from dataclasses import replace

from accompany.accounts.enrolment import NAME_LIMIT, digest_of_secret, new_code
from accompany.accounts.people import DAY, GuestCode, People
from accompany.errors import DoesNotHold, Malformed

A_MINUTE = 1_000_000
DAYS = 3650


def make_code(people: People, name: str, a_minute: int, now: int) -> str:
    """Return a new code for the place called *name*; raise where that has a good one."""
    check_code(people, GuestCode(name, now, 0, a_minute), b"", now)
    code = new_code()
    people.add_code(digest_of_secret(code), GuestCode(name, now, 0, a_minute))
    return code.upper()


def replace_code(people: People, digest: bytes, days: float, a_minute: int, now: int) -> str:
    """Return a new code in the place of one, which is good for *days* more; 0 limits as before."""
    if not 0 <= days <= DAYS:
        raise Malformed("days", f"expected up to {DAYS}")
    old = people.code(digest)
    if old is None or not old.good(now):
        raise DoesNotHold("code", "one that is good", "one that ended")
    limit = a_minute or old.a_minute
    ends, name = now + round(days * DAY), f"{old.name[: NAME_LIMIT - 6]} (old)"
    people.change_code(digest, replace(old, name=name, ends=ends))
    return make_code(people, old.name, limit, now)


def check_code(people: People, code: GuestCode, digest: bytes, now: int) -> None:
    """Raise Malformed, DoesNotHold unless *code* may be kept under *digest*."""
    name = code.name
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise Malformed("name", f"expected 1 to {NAME_LIMIT} printable characters")
    if not 0 <= code.a_minute <= A_MINUTE:
        raise Malformed("number", f"expected up to {A_MINUTE} a minute")
    others = [one for other, one in people.codes() if other != digest and one.good(now)]
    if code.good(now) and any(one.name == name for one in others):
        raise DoesNotHold("name", "a place without a good code", f"{name!r}: replace or block it")
