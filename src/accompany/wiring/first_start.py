"""What a first start makes and every start keeps: the guest code, invitations."""

import logging
import time
from pathlib import Path

from accompany.accounts.enrolment import Enrolment, canonical_code, digest_of_secret, new_code
from accompany.accounts.people import GuestCode
from accompany.accounts.rights import PersonRole
from accompany.adapters.disk import write_durably
from accompany.adapters.people import SqlitePeople
from accompany.errors import Unknown

logger = logging.getLogger("accompany")


def kept_code(folder: Path, people: SqlitePeople) -> str:
    """Return the organization's guest code, made on first start; it stands on its posters."""
    path, now = folder / "guest-code", time.time_ns() // 1_000_000
    code = _read(path)
    if code and canonical_code(code) != code:
        logger.warning("%s is bent; a new one is made, and those on posters still count", path)
        code = ""
    kept = people.code(digest_of_secret(code))
    if kept is not None and not kept.good(now):
        logger.info("the kept guest code has ended; a new one is made")
        code = ""
    if not code:
        code = new_code()
        write_durably(path, f"{code}\n".encode())
    people.add_code(digest_of_secret(code), GuestCode("first", now))
    return code


INVITED: tuple[tuple[str, PersonRole], ...] = (
    ("invitation", "attorney"),
    ("desk-invitation", "coordinator"),
)
"""By the file that the code is kept in."""


def kept_invitation(path: Path, enrolment: Enrolment, role: PersonRole) -> str:
    """Return an invitation nobody has used yet, so that the printed address always works.

    For a coordinator as well: the file lies beside the organization's own keys.
    """
    code = _read(path)
    if code:
        try:
            if not enrolment.used(code):
                return code
        except Unknown:
            logger.info("the kept invitation has expired or is not known; a new one is made")
    code = enrolment.invite(role)
    write_durably(path, f"{code}\n".encode())
    return code


def _read(path: Path) -> str:
    """Return the code in *path*, with a bent byte as a letter of no code; empty without one."""
    return path.read_text("utf-8", "replace").strip() if path.exists() else ""
