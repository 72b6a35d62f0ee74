"""Attorneys' own channels in SQLite: their secrets are theirs, and the server has to know them."""

from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database
from accompany.dispatch.channels import Channel
from accompany.errors import Damaged
from accompany.ids import CardSerial

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS own_channels (id TEXT PRIMARY KEY, attorney TEXT, kind TEXT, "
    "value TEXT, worked INTEGER, failed INTEGER) WITHOUT ROWID"
)
_RESTING = (
    "CREATE TABLE IF NOT EXISTS resting (owner TEXT PRIMARY KEY, until INTEGER) WITHOUT ROWID"
)
_COLUMNS = "id, attorney, kind, value, worked, failed"


class SqliteChannels:
    """Keeps channels; what it returned from is durable, but for when they worked or failed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.do(_SCHEMA)
        database.do(_RESTING)

    def add(self, channel: Channel) -> None:
        values = (channel.attorney, channel.kind, channel.value, channel.worked, channel.failed)
        statement = "INSERT INTO own_channels VALUES (?, ?, ?, ?, ?, ?)"
        self._database.do(statement, channel.id, *values)

    def of(self, attorney: CardSerial) -> list[Channel]:
        statement = f"SELECT {_COLUMNS} FROM own_channels WHERE attorney = ? ORDER BY id"  # noqa: S608
        return [_read(row) for row in self._database.rows(statement, attorney)]

    def remove(self, attorney: CardSerial, channel: str) -> bool:
        statement = "DELETE FROM own_channels WHERE attorney = ? AND id = ?"
        return self._database.do(statement, attorney, channel) == 1

    def mark(self, channel: str, worked: bool, time: int) -> None:
        column = "worked" if worked else "failed"
        statement = f"UPDATE own_channels SET {column} = ? WHERE id = ?"  # noqa: S608
        self._database.do(statement, time, channel)

    def any(self) -> bool:
        return self._database.row("SELECT 1 FROM own_channels LIMIT 1") is not None

    def failing(self) -> int:
        """Return how many channels failed when they were last used."""
        statement = "SELECT count(*) FROM own_channels WHERE failed > coalesce(worked, 0)"
        row = self._database.row(statement)
        return int(str(row[0])) if row else 0

    def rest(self, owner: CardSerial, until: int) -> None:
        self._database.do("DELETE FROM resting WHERE owner = ?", owner)
        if until:
            self._database.do("INSERT INTO resting VALUES (?, ?)", owner, until)

    def resting(self, owner: CardSerial) -> int:
        row = self._database.row("SELECT until FROM resting WHERE owner = ?", owner)
        return read_int(row[0]) if row else 0

    def owners(self) -> dict[CardSerial, tuple[int, int]]:
        """Return who has channels: how many, and how many of them failed when last used."""
        statement = (
            "SELECT attorney, count(*), sum(coalesce(failed, 0) > coalesce(worked, 0)) "
            "FROM own_channels GROUP BY attorney"
        )
        rows = self._database.rows(statement)
        return {CardSerial(str(one)): (read_int(all_), read_int(bad)) for one, all_, bad in rows}


def _read(row: tuple[object, ...]) -> Channel:
    match row:
        case (
            str(id_),
            str(attorney),
            "push" | "apprise" as kind,
            str(value),
            int() | None as worked,
            int() | None as failed,
        ):
            return Channel(id_, CardSerial(attorney), kind, value, worked, failed)
        case _:
            raise Damaged("a channel is kept in a form that nothing here writes")
