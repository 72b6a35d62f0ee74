"""Looking things up in the index: what is kept of a recording, where its bytes lie, the log's tree.

Reading only, and of whole batches. Not here: the tables and how they follow the journal (`index`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from accompany.custody.ports import NamedRow, RecordingRow, StampRow, StatementRow
from accompany.ids import RecordingId

NODE = "SELECT hash FROM nodes WHERE level = ? AND number = ?"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment's bytes lie in the journal, and their SHA-256."""

    file: int
    offset: int
    size: int
    sha256: bytes


class Lookups:
    """All that is asked of the index; `_read` says on which connection."""

    def _read(self, query: str, *values: str | int | bytes) -> list[tuple[Any, ...]]:
        """Return all rows of *query*."""
        raise NotImplementedError

    def node(self, level: int, number: int) -> bytes:
        return node_of(self._read(NODE, level, number), level, number)

    def tile(self, level: int, number: int, width: int) -> bytes:
        first = number * 256
        rows = self._read(
            "SELECT hash FROM nodes WHERE level = ? AND number >= ? AND number < ? ORDER BY number",
            level * 8,
            first,
            first + width,
        )
        return b"".join(row[0] for row in rows)

    def entries(self, first: int, count: int) -> bytes:
        rows = self._read(
            "SELECT entry FROM leaves WHERE number >= ? AND number < ? ORDER BY number",
            first,
            first + count,
        )
        return b"".join(row[0] for row in rows)

    def recordings(self, column: str, value: str | bytes) -> list[RecordingRow]:
        return self._recordings(f"{column} = ? ORDER BY leaf", value)

    def of_kind(self, kind: str, after: int, count: int) -> list[RecordingRow]:
        return self._recordings("kind = ? AND leaf > ? ORDER BY leaf LIMIT ?", kind, after, count)

    def _recordings(self, where: str, *values: str | bytes | int) -> list[RecordingRow]:
        rows = self._read(
            "SELECT id, note, leaf, receipt, locator, encounter, kind, deletion FROM recordings "
            f"WHERE {where}",
            *values,
        )
        return [RecordingRow(RecordingId(row[0]), *row[1:]) for row in rows]

    def deleted(self, recording: str) -> NamedRow | None:
        rows = self._read("SELECT 0, tombstone, leaf, receipt FROM deleted WHERE id = ?", recording)
        return NamedRow(*rows[0]) if rows else None

    def unerased(self) -> list[str]:
        return [row[0] for row in self._read("SELECT id FROM deleted WHERE erased = 0")]

    def files_of(self, recordings: Sequence[str]) -> list[int]:
        """Return the journal files in which something of *recordings* lies, in order."""
        files: set[int] = set()
        for recording in recordings:
            rows = self._read("SELECT file FROM touched WHERE recording = ?", recording)
            files.update(row[0] for row in rows)
        return sorted(files)

    def statement(self, recording: str, number: int) -> StatementRow | None:
        return next(self._statements("recording = ? AND number = ?", recording, number), None)

    def last_statement(self, recording: str) -> StatementRow | None:
        where = "recording = ? ORDER BY number DESC LIMIT 1"
        return next(self._statements(where, recording), None)

    def statements(self, recording: str) -> Iterator[StatementRow]:
        return self._statements("recording = ? ORDER BY number", recording)

    def _statements(self, where: str, *values: str | int) -> Iterator[StatementRow]:
        rows = self._read(
            "SELECT number, note, leaf, receipt, word, sha256, size, file IS NOT NULL "
            f"FROM statements WHERE {where}",
            *values,
        )
        return (StatementRow(*row) for row in rows)

    def place(self, recording: str, number: int) -> Place | None:
        """Return where a segment's bytes lie, if they are here."""
        rows = self._read(
            "SELECT file, offset, size, sha256 FROM statements WHERE recording = ? AND number = ? "
            "AND file IS NOT NULL",
            recording,
            number,
        )
        return Place(*rows[0]) if rows else None

    def places(self, recording: str) -> list[tuple[int, Place]]:
        """Return number and place of all segments that are here, in order."""
        rows = self._read(
            "SELECT number, file, offset, size, sha256 FROM statements WHERE recording = ? "
            "AND file IS NOT NULL ORDER BY number",
            recording,
        )
        return [(row[0], Place(*row[1:])) for row in rows]

    def segment_hashes(self, recording: str) -> list[bytes]:
        rows = self._read(
            "SELECT sha256 FROM statements WHERE recording = ? AND sha256 IS NOT NULL", recording
        )
        return [row[0] for row in rows]

    def missing(self, recording: str) -> list[int]:
        rows = self._read(
            "SELECT number FROM statements WHERE recording = ? AND word = 'segment' "
            "AND file IS NULL ORDER BY number",
            recording,
        )
        return [row[0] for row in rows]

    def named(self, what: str, name: str) -> list[NamedRow]:
        rows = self._read(
            "SELECT number, data, leaf, receipt FROM named WHERE what = ? AND name = ? "
            "ORDER BY number",
            what,
            name,
        )
        return [NamedRow(*row) for row in rows]

    def stamps(self, after: int, first: int, last: int) -> list[StampRow]:
        rows = self._read(
            "SELECT authority, size, leaf, checkpoint, token, chain FROM stamps AS s WHERE "
            "leaf = (SELECT max(leaf) FROM stamps WHERE authority = s.authority AND leaf < ?1) "
            "OR (size > ?2 AND size <= coalesce((SELECT min(size) FROM stamps "
            "WHERE authority = s.authority AND size > ?3), size)) ORDER BY authority, size",
            after,
            first,
            last,
        )
        return [StampRow(*row) for row in rows]

    def stamps_since(self, index: int) -> int:
        return int(self._read("SELECT count(*) FROM stamps WHERE leaf >= ?", index)[0][0])


def node_of(rows: list[tuple[Any, ...]], level: int, number: int) -> bytes:
    if not rows:
        raise LookupError(f"the tree has no node {level}/{number}")
    return bytes(rows[0][0])
