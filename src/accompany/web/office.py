"""What the routes work with: one value, made by `wiring`, handed to each of them.

Not here: any behaviour beyond finding out who asks.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import HTTPConnection

from accompany.accounts.auditors import Auditors
from accompany.accounts.enrolment import Codes, Enrolment, Sessions, digest_of_secret
from accompany.accounts.rights import Asker, may_read
from accompany.calls.signaling import Rooms
from accompany.config import Settings
from accompany.custody.deletion import Deletions
from accompany.custody.export import Export
from accompany.custody.intake import Intake
from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.ports import Clock, Keeper, RecordingRow
from accompany.custody.rounds import Rounds
from accompany.custody.sequencer import Ended, Sequencer
from accompany.dispatch.channels import Reach
from accompany.dispatch.runner import Desk
from accompany.errors import Unauthorized, Unknown
from accompany.ids import CardSerial, EncounterId, Locator
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
    enrolment: Enrolment
    sessions: Sessions
    desk: Desk
    rooms: Rooms
    organization_key: str
    organization: bytes
    policy: str
    auditors: Auditors
    rounds: Rounds
    leaving: Leaving
    deletions: Deletions
    probe: Probe
    teller: Teller
    telling_note: bytes
    closed: Mapping[str, Ended]
    """Logs that ended, by their file names."""
    officer_card: dict[str, list[str]]
    reach: Reach

    def attorney(self, connection: HTTPConnection) -> CardSerial | None:
        """Return whose session the connection's cookie is, or None."""
        return self.sessions.who(connection.cookies.get(COOKIE), self.clock.now())

    def asker(self, connection: HTTPConnection) -> Asker:
        secret = bearer(connection)
        return Asker(self.attorney(connection), locator_of(secret) if secret else None)

    def recording(self, recording: str) -> RecordingRow:
        """Return the recording; raise Unknown, or Deleted: the id alone is enough to learn that."""
        row = self.keeper.recording(recording)
        if row is None or self.leaving.going(recording):
            raise self.leaving.why(recording)
        return row

    def readable(self, connection: HTTPConnection, recording: str) -> tuple[RecordingRow, str]:
        """Return the recording and, for the custody log, who reads; raise Unknown without right."""
        row = self.recording(recording)
        asker = self.asker(connection)
        if not may_read(asker, row.locator, self.answered(row.encounter)):
            raise Unknown("recording")
        by = "locator" if asker.locator == row.locator else f"attorney {asker.attorney}"
        return row, by

    def answered(self, encounter: str) -> CardSerial | None:
        """Return who has the case: the last who answered."""
        try:
            return self.desk.standing(EncounterId(encounter)).last
        except Unknown:
            return None

    def sees_live_log(self, connection: HTTPConnection) -> bool:
        """Whether to show the log as it is now: to holders, guests, attorneys, auditors.

        Raise TooMany where somebody tries codes.
        """
        secret = bearer(connection)
        if secret is not None:
            if self.keeper.by_locator(locator_of(secret)):
                return True
            if self.auditors.holds(digest_of_secret(secret)):
                return True
            if len(secret) <= CODE_BYTES and self._has_code(
                secret.decode("ascii", "replace"), connection
            ):
                return True
        return self.attorney(connection) is not None

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
