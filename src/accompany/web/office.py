"""What the routes work with: one value, made by `wiring`, handed to each of them.

Not here: any behaviour beyond finding out who asks.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import HTTPConnection

from accompany.accounts.admission import Admission
from accompany.accounts.applications import Applications
from accompany.accounts.auditors import Auditors
from accompany.accounts.charter import Charter, Founded, KeptKeys
from accompany.accounts.enrolment import Codes, Enrolment, digest_of_secret
from accompany.accounts.passes import Passes
from accompany.accounts.passkeys import Passkeys
from accompany.accounts.people import People, Person
from accompany.accounts.recovery import Recoveries
from accompany.accounts.rights import Role, may
from accompany.accounts.sessions import Sessions
from accompany.accounts.tries import Tries
from accompany.calls.relay import Relay
from accompany.calls.signaling import Rooms
from accompany.config import Settings
from accompany.custody.deletion import Deletions
from accompany.custody.export import Export
from accompany.custody.intake import Intake
from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.old import Old
from accompany.custody.ports import Clock, Keeper, RecordingRow
from accompany.custody.revocations import Revocations
from accompany.custody.rounds import Rounds
from accompany.custody.sequencer import Sequencer
from accompany.dispatch.books import Books
from accompany.dispatch.channels import Reach
from accompany.dispatch.documents import Documents
from accompany.dispatch.numbers import Numbers
from accompany.dispatch.papers import Papers
from accompany.dispatch.runner import Desk
from accompany.errors import Unauthorized, Unknown
from accompany.ids import CardSerial, EncounterId, Locator
from accompany.telling.release import Releases
from accompany.telling.teller import Teller

COOKIE = "accompany_session"

CODE_BYTES = 20
"""More than a guest code has, however it is typed, and fewer than any other secret."""


Probe = Callable[[], None]
"""Writes something to the disk that everything is kept on, and returns once it is synced."""


@dataclass(frozen=True, slots=True)
class Office:
    settings: Settings
    clock: Clock
    keeper: Keeper
    leaves: Leaves
    intake: Intake
    sequencer: Sequencer
    export: Export
    codes: Codes
    admission: Admission
    enrolment: Enrolment
    sessions: Sessions
    people: People
    passkeys: Passkeys
    recoveries: Recoveries
    passes: Passes
    tries: Tries
    desk: Desk
    rooms: Rooms
    charter: Charter
    holding: KeptKeys
    applications: Applications
    found: Callable[[Founded], None]
    """Makes the organization the one that was founded; durable when it returns."""
    auditors: Auditors
    rounds: Rounds
    leaving: Leaving
    deletions: Deletions
    probe: Probe
    teller: Teller
    old: Old
    """Logs that ended, and what was recorded in them."""
    officer_card: dict[str, list[str]]
    engagement: dict[str, list[str]]
    reach: Reach
    books: Books
    relay: Relay
    revocations: Revocations
    papers: Papers
    documents: Documents
    releases: Releases
    numbers: Numbers

    @property
    def organization_key(self) -> str:
        return str(self.charter.key)

    @property
    def organization(self) -> bytes:
        return self.charter.note

    @property
    def policy(self) -> str:
        return self.charter.policy

    @property
    def telling_note(self) -> bytes:
        return self.charter.telling

    def person(self, connection: HTTPConnection) -> Person | None:
        """Return whose session the connection's cookie is, or None."""
        return self.sessions.who(connection.cookies.get(COOKIE), self.clock.now())

    def card(self, serial: CardSerial | None) -> str | None:
        """Return the card of *serial* as the organization signed it, None where there is none."""
        row = self.keeper.card(serial) if serial else None
        return row.data.decode() if row else None

    def recording(self, recording: str) -> RecordingRow:
        """Return the recording; raise Unknown, or Deleted: the id alone is enough to learn that."""
        row = self.keeper.recording(recording)
        if row is None or self.leaving.going(recording):
            raise self.leaving.why(recording)
        return row

    def of_old(self, connection: HTTPConnection, recording: str) -> bool:
        """Whether it is of a log that ended, and who asks shows its locator's secret; raise Unknown
        without. Who answered then is in that log's people, and asks the caller."""
        if self.keeper.recording(recording) is not None:
            return False
        row = self.old.row(recording)
        if row is None:
            return False
        secret = bearer(connection)
        if secret is None or locator_of(secret) != row.locator:
            raise Unknown("recording")
        return True

    def readable(
        self, connection: HTTPConnection, act: str, recording: str
    ) -> tuple[RecordingRow, str]:
        """Return the recording and, for the custody log, who reads; raise Unknown without right."""
        row = self.recording(recording)
        secret = bearer(connection)
        if secret and locator_of(secret) == row.locator and may(act, ("unlocked",), own=True):
            return row, "locator"
        if secret and self._passes(secret, row) and may(act, ("contact",), own=True):
            return row, "pass"
        person = self.person(connection)
        own = person is not None and person.serial == self.answered(row.encounter)
        if act == "GET /api/recordings/{id}/grants" and person is not None:
            own = own or self.owes(row.encounter, person.serial)
        if person is None or not may(act, (person.role,), own):
            raise Unknown("recording")
        return row, f"{person.role} {person.id}"

    def _passes(self, secret: bytes, row: RecordingRow) -> bool:
        """Whether *secret* is a pass that the caller gave for this recording, or that a release
        made good for its encounter."""
        digest, now = sha256(secret).digest(), self.clock.now()
        found = self.passes.find(digest)
        if found is not None and found.recording == row.recording:
            return now < found.until
        release = self.releases.by_pass(digest)
        return release is not None and release.encounter == row.encounter and release.good(now)

    def answered(self, encounter: str) -> CardSerial | None:
        """Return who has the case: the last who answered."""
        try:
            return self.desk.standing(EncounterId(encounter)).last
        except Unknown:
            return None

    def owes(self, encounter: str, serial: str) -> bool:
        """Whether somebody has still to seal this encounter's keys to whoever has it now."""
        try:
            return serial in self.desk.standing(EncounterId(encounter)).ringing.owing
        except Unknown:
            return False

    def sees_live_log(self, connection: HTTPConnection, act: str = "the live log") -> bool:
        """Whether to show the log as it is now: to holders, guests, people, auditors.

        Raise TooMany where somebody tries codes.
        """
        return may(act, (self._shown(connection),), own=True)

    def _shown(self, connection: HTTPConnection) -> Role:
        """Return what somebody shows in a header: one thing is enough."""
        secret = bearer(connection)
        if secret is not None:
            if self.keeper.by_locator(locator_of(secret)):
                return "unlocked"
            if self.auditors.holds(digest_of_secret(secret)):
                return "auditor"
            if self.admission.tokens.holds(secret, self.clock.now()):
                return "guest"
            if len(secret) <= CODE_BYTES and self._has_code(
                secret.decode("ascii", "replace"), connection
            ):
                return "guest"
        person = self.person(connection)
        return "stranger" if person is None else person.role

    def _has_code(self, code: str, connection: HTTPConnection) -> bool:
        # Counted as everywhere: the log would else tell anybody which codes are good.
        try:
            self.codes.check(code, address_of(connection), self.clock.now())
        except Unauthorized:
            return False
        return True


def address_of(connection: HTTPConnection) -> str:
    """Return where a connection comes from, for counting in memory and nothing else."""
    return connection.client.host if connection.client else ""


def bearer(connection: HTTPConnection) -> bytes | None:
    """Return what `Authorization: Bearer <base64>` carries, or None."""
    word, _, value = connection.headers.get("authorization", "").partition(" ")
    if word.lower() != "bearer":
        return None
    try:
        return b64decode(value, validate=True)
    except (Error, ValueError):
        return None


def locator_of(secret: bytes) -> Locator:
    return Locator(sha256(b"accompany/locator/v1\n" + secret).digest())
