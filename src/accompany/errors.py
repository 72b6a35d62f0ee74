"""The one family of errors. Each carries fields; its text says what was expected and what came.

    AccompanyError
     ├── Malformed          not in its written form                       400
     ├── Unauthorized       nobody we know                                401
     ├── Forbidden          known, but not theirs                         403
     │    └── NotFresh      theirs, but who it is must be proved again     403
     ├── Unknown            no such thing, or not for whoever asks        404
     ├── OutOfOrder         number taken, or `previous` does not match    409
     ├── Deleted            it was here, but was deleted                  410
     ├── TooLarge           more bytes than the limit                     413
     ├── DoesNotHold        in form, but a signature, id or hash is wrong 422
     ├── TooMany            asked too often                               429
     ├── DiskFull           nothing is lost on the phone; try again       507
     ├── InUse              not now: somebody is reading it; try again soon
     ├── DiskFailed         the disk did not do what was asked: start again and read
     └── Damaged            what was kept cannot be trusted: do not start

Foreign errors are wrapped where they enter. The numbers are HTTP statuses, given by
`web.problems`; nothing here knows of HTTP. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class AccompanyError(Exception):
    """Anything Accompany itself refuses or cannot do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what somebody wrote, for a page to say in their language."""

    code: str
    line: int = 0
    """In a file, from 1; 0: no line of it."""
    column: str = ""
    expected: str = ""
    found: str = ""


class Malformed(AccompanyError):
    """*what* is not in its one written form; *why* says where it differs, and *faults* the same."""

    def __init__(self, what: str, why: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(f"{what} is not in its written form: {why}")
        self.what = what
        self.why = why
        self.faults = tuple(faults)


class Unauthorized(AccompanyError):
    """Nobody we know: *expected* says what would have been accepted."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


class Forbidden(AccompanyError):
    """Known, but this is not theirs to do."""


class NotFresh(Forbidden):
    """Theirs to do, once a passkey or a recovery sheet has proved within minutes who it is."""


class Unknown(AccompanyError):
    """There is no such *what*, or not for whoever asks."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no such {what} here")
        self.what = what


class OutOfOrder(AccompanyError):
    """A statement that does not follow the last one kept.

    `last` and `digest` say where the chain stands, so that the sender knows what to send again.
    """

    def __init__(self, why: str, last: int, digest: bytes) -> None:
        super().__init__(why)
        self.last = last
        self.digest = digest


class Deleted(AccompanyError):
    """What was deleted: *tombstone* is the server's note that says when and by whom."""

    def __init__(self, tombstone: str) -> None:
        super().__init__("it was deleted: nothing of it is kept but its entries in the log")
        self.tombstone = tombstone


class TooLarge(AccompanyError):
    """More bytes than the limit, refused before they are read."""

    def __init__(self, what: str, limit: int, found: int) -> None:
        super().__init__(f"{what} may have {limit} bytes, but {found} came")
        self.what = what
        self.limit = limit
        self.found = found


class DoesNotHold(AccompanyError):
    """In form, but what it claims is not so."""

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(f"{what}: expected {expected}, found {found}")
        self.what = what
        self.expected = expected
        self.found = found


class TooMany(AccompanyError):
    """Asked too often; try again after `seconds`."""

    def __init__(self, what: str, seconds: int) -> None:
        super().__init__(f"too many {what}: try again in {seconds} s")
        self.seconds = seconds


class DiskFull(AccompanyError):
    """No room for bytes; statements are still taken, and the phone keeps what it has."""


class InUse(AccompanyError):
    """It cannot be done while somebody reads the old state; it is tried again by itself."""


class DiskFailed(AccompanyError):
    """The disk did not do what was asked: nothing more is acknowledged, a start reads again."""


class Damaged(AccompanyError):
    """What was kept on disk contradicts itself: a person has to look before anything is signed."""
