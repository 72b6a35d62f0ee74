"""People of an organization: who they are, how they were invited, which sessions they have.

A person's id is their card's serial, or, for those without a card, drawn the same way. Secrets are
kept as SHA-256 only. Not here: making cards (`enrolment`), proving who one is (`sessions`).
"""

from dataclasses import dataclass
from typing import Protocol

from accompany.accounts.rights import PersonRole
from accompany.errors import DoesNotHold
from accompany.evidence.text import write_time
from accompany.ids import CardSerial, PersonId

DAY = 24 * 3600 * 1000
INVITATION_LASTS = 7 * DAY


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a role; times in ms since 1970 UTC, `removed` is 0 while they belong.

    *key* is the public key a person without a card signs in with; empty for those with one. *lost*:
    since when others may have their device or keys; 0 where nobody said so.
    """

    id: PersonId
    role: PersonRole
    name: str
    made: int
    key: bytes = b""
    removed: int = 0
    lost: int = 0

    @property
    def serial(self) -> CardSerial:
        """Their name as somebody on duty: the card's serial."""
        return CardSerial(self.id)


def check_end_stands(person: Person, lost: int) -> None:
    """Raise DoesNotHold where *lost* would be a second word on the end of somebody removed.

    Their card has one end in the log: done again it is the same, another one it cannot get.
    """
    if person.removed and lost not in (0, person.lost):
        said = f"lost since {write_time(person.lost)}" if person.lost else "without a loss"
        first = f"removed at {write_time(person.removed)}, {said}: a card has one end in the log"
        raise DoesNotHold("a second end", first, f"lost since {write_time(lost)}")


@dataclass(frozen=True, slots=True)
class Invitation:
    """For whom an invitation is, by whom, until when; *name* is only shown to coordinators."""

    role: PersonRole
    made: int
    until: int
    by: str
    name: str = ""
    used: bool = False


@dataclass(frozen=True, slots=True)
class GuestCode:
    """A guest code as it is kept: *name* says where it hangs, times in ms since 1970 UTC.

    *ends* is 0 while it is good for ever; *a_minute* is 0 where the setting's number counts.
    """

    name: str = ""
    made: int = 0
    ends: int = 0
    a_minute: int = 0

    def good(self, now: int) -> bool:
        return self.ends == 0 or now < self.ends


@dataclass(frozen=True, slots=True)
class Session:
    """One session as it is listed: *number* names it, its secret is nobody's business.

    *verified*: when a passkey or a recovery sheet last proved who it is; 0 for never.
    """

    number: int
    person: PersonId
    made: int
    seen: int
    until: int
    verified: int = 0


class People(Protocol):
    """Keeps codes, invitations, people and sessions; secrets under their SHA-256; durable."""

    def add_code(self, digest: bytes, code: GuestCode = GuestCode()) -> None:
        """Keep it; one that is there stays as it is."""

    def code(self, digest: bytes) -> GuestCode | None: ...
    def codes(self) -> list[tuple[bytes, GuestCode]]:
        """Return all of them with their digests, oldest first."""

    def change_code(self, digest: bytes, code: GuestCode) -> None: ...
    def add_invitation(self, digest: bytes, invitation: Invitation) -> None: ...
    def invitation(self, digest: bytes) -> Invitation | None: ...
    def invitations(self, now: int) -> list[tuple[bytes, Invitation]]:
        """Return those that are still good, with their digests, the newest first."""

    def drop_invitation(self, digest: bytes) -> bool:
        """Take one back that was not used; False where there is none."""

    def use_invitation(self, digest: bytes, now: int, person: Person) -> bool:
        """Use it up and keep who came by it, both or neither.

        False where it was used before, has expired, or there is none.
        """

    def add_person(self, person: Person) -> bool:
        """Keep somebody; False where there is somebody with this id, removed or not."""

    def person(self, id_: str) -> Person | None:
        """Return somebody who belongs, or did."""

    def people(self) -> list[Person]: ...
    def remove_person(self, id_: str, now: int, lost: int = 0) -> bool:
        """Remove somebody with all their sessions, and keep since when their keys may be *lost*;
        False where nobody of this id belongs."""

    def add_session(self, digest: bytes, session: Session) -> None:
        """Keep it; its number is given here."""

    def session(self, digest: bytes, now: int) -> Session | None:
        """Return the session, while it lasts and its person belongs."""

    def renew_session(self, number: int, seen: int, until: int) -> None: ...
    def verify_session(self, number: int, now: int) -> None: ...

    def end_session(self, digest: bytes) -> None: ...
    def forget_ended_sessions(self, now: int) -> int:
        """Drop those whose time is over; return how many."""

    def sessions(self, person: str, now: int) -> list[Session]: ...
    def end_session_numbered(self, person: str, number: int) -> bool: ...
    def end_sessions_but(self, person: str, number: int) -> int:
        """End all of a person's sessions but this one; return how many."""
