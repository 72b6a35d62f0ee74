"""Digests in SQLite of which nothing is left once they go: kept in places that are written over.

SQLite clears what is deleted (`secure_delete`), but where it divides a page it leaves, in the room
between, copies of rows that it moved. So here no row is deleted and none is moved. A drawer is a
row of one size that nearly fills a page, and a row that is written anew with as many bytes is
written where it lies, over what was there. A drawer more comes last, empty, and is filled then.

A keyed hash says which drawer a digest lies in; in it they lie in their own order, and how many
drawers there are follows from how many digests there were at most. So nothing says what came
together, or when. The key is for those who choose what they hand in: none of them fills one drawer.

Drawers come one by one (linear hashing: Litwin, VLDB 1980), so that no batch waits for all of them.
Not here: the write-ahead log, which whoever writes empties.
"""

import secrets
from hashlib import blake2b

from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database
from accompany.errors import Damaged

ROOM = 119
"""Digests in a drawer at most, of 34 bytes each: what one page of 4096 bytes takes."""

EACH = 32
"""Digests in a drawer on average, at most. In those that are not divided yet there are up to twice
as many, and by chance more: 120 of them in one of some two thousand million drawers."""

_DIGEST, _MONTH = 32, 2
_ENTRY = _DIGEST + _MONTH
_EMPTY = bytes(ROOM * _ENTRY)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS drawers (name TEXT PRIMARY KEY, key BLOB NOT NULL, "
    "digests INTEGER NOT NULL) WITHOUT ROWID"
)


class Drawers:
    """Digests of 32 bytes, each with the month in which it ends; *name* is that of the table.

    Whoever writes does so inside `Database.together`."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name
        self._held = f"SELECT held FROM {name} WHERE number = ?"  # noqa: S608
        self._last = f"SELECT max(number) FROM {name}"  # noqa: S608
        self._fill = f"UPDATE {name} SET held = ? WHERE number = ?"  # noqa: S608
        self._more = f"INSERT OR IGNORE INTO {name} VALUES (?, ?)"  # noqa: S608
        database.do(_SCHEMA)
        database.do(
            f"CREATE TABLE IF NOT EXISTS {name} (number INTEGER PRIMARY KEY, held BLOB NOT NULL)"
        )
        new = secrets.token_bytes(32)
        database.do("INSERT OR IGNORE INTO drawers VALUES (?, ?, 0)", name, new)
        database.do(self._more, 0, _EMPTY)
        row = database.row("SELECT key FROM drawers WHERE name = ?", name)
        key = row[0] if row else None
        if not isinstance(key, bytes):
            raise Damaged(f"the key of the {name} is not what is kept there")
        self._key = key

    def add(self, digest: bytes, until: int) -> bool:
        """Keep it; False, and nothing, where it is there already."""
        held = self._open(self._number(digest))
        if digest in held:
            return False
        while len(held) == ROOM or self.count() >= EACH * self._drawers():
            self._divide()
            held = self._open(self._number(digest))
        self._close(self._number(digest), {**held, digest: until})
        self._count(1)
        return True

    def take(self, digest: bytes) -> bool:
        """Take it out; False where it is not there."""
        number = self._number(digest)
        held = self._open(number)
        if held.pop(digest, None) is None:
            return False
        self._close(number, held)
        self._count(-1)
        return True

    def until(self, digest: bytes) -> int | None:
        return self._open(self._number(digest)).get(digest)

    def count(self) -> int:
        row = self._database.row("SELECT digests FROM drawers WHERE name = ?", self._name)
        return read_int(row[0]) if row else 0

    def forget_before(self, month: int) -> int:
        """Take out what ended before *month*; return how many."""
        gone = 0
        for number in range(self._drawers()):
            held = self._open(number)
            left = {digest: until for digest, until in held.items() if until >= month}
            if len(left) < len(held):
                self._close(number, left)
                gone += len(held) - len(left)
        if gone:
            self._count(-gone)
        return gone

    def _count(self, more: int) -> None:
        statement = "UPDATE drawers SET digests = digests + ? WHERE name = ?"
        self._database.do(statement, more, self._name)

    def _drawers(self) -> int:
        row = self._database.row(self._last)
        return read_int(row[0]) + 1 if row else 0

    def _divide(self) -> None:
        """Put what belongs there into one drawer more, from the one it lay in until now."""
        new = self._drawers()
        old = new - (1 << (new.bit_length() - 1))
        both = self._open(old)
        # Empty: SQLite may move what it inserts, and what lies beside it.
        self._database.do(self._more, new, _EMPTY)
        for number in (old, new):
            self._close(number, {d: both[d] for d in both if self._number(d) == number})

    def _number(self, digest: bytes) -> int:
        drawers = self._drawers()
        bits = (drawers - 1).bit_length()
        hashed = blake2b(digest, key=self._key, digest_size=8).digest()
        number = int.from_bytes(hashed, "big") & ((1 << bits) - 1)
        return number if number < drawers else number - (1 << (bits - 1))

    def _open(self, number: int) -> dict[bytes, int]:
        row = self._database.row(self._held, number)
        held = row[0] if row else None
        if not isinstance(held, bytes) or len(held) != len(_EMPTY):
            raise Damaged(f"number {number} of the {self._name} is not what is kept there")
        entries = (held[at : at + _ENTRY] for at in range(0, len(held), _ENTRY))
        return {one[:_DIGEST]: int.from_bytes(one[_DIGEST:], "big") for one in entries if any(one)}

    def _close(self, number: int, held: dict[bytes, int]) -> None:
        """Write over all of it, with as many bytes as were there."""
        entries = (digest + held[digest].to_bytes(_MONTH, "big") for digest in sorted(held))
        self._database.do(self._fill, b"".join(entries).ljust(len(_EMPTY), b"\0"), number)
