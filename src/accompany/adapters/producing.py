"""Producing: everything that a data folder holds about one recording, and nothing else, as a ZIP.

    README.txt       what this is, what it is not, what nobody here can add
    held.json        what is held, in figures and words; every row of every database that names the
                     recording or its encounter
    data/…           statements, receipts, proofs, grants, sealed bytes, as in a package
    SHA256SUMS       of all of these

Read beside a running server; nothing is changed, opened or signed. No list of files is signed by
the server, so this is no package: whoever shows the locator's secret gets one. Not here: who may.
"""

import json
import sqlite3
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from accompany.adapters.checkpoints import newest_kept
from accompany.adapters.reading import Segments, Shelf
from accompany.custody.gathering import Order, gather
from accompany.custody.ports import RecordingRow
from accompany.errors import Unknown
from accompany.evidence.checkpoints import parse_checkpoint
from accompany.evidence.layout import README, receipt_path, segment_path, statement_path
from accompany.evidence.package import Blob, listed
from accompany.evidence.text import write_time

DATABASE = "accompany.sqlite"
README_TEXT = """\
Everything that this server holds about the recording {recording}, written {made}.

What it is
- data/statements, receipts, proofs: what the phone signed, what the server acknowledged, where it
  stands in the log (docs/format.md says how to check each).
- data/segments/*.age: film, sound or chat as the phone sealed it. This server never had it open.
- data/grants/*.age: the recording's key, each sealed to one holder. Whose they are is not written
  in them; who holds the custodian's or an attorney's key may be able to open one.
- held.json: the rows of the server's databases that name this recording or its encounter: when it
  was pressed, for which state and language, who was rung and who answered.

What it is not
- No package: a package is signed by the server and entered in the log when it is fetched with the
  locator's secret. Nothing here was altered or left out by this command, and nobody vouches for
  that but who ran it. This writing out is not an entry of the recording's chain of custody.

What this server does not have, and so cannot produce
- the film, sound or chat in clear, and the key to it;
- who pressed: no name, number, account or device is asked for or kept, and no network address;
- where: no location is asked for; the state is the one that the caller picked;
- the call: it went from device to device;
- which other recordings are the same person's, beyond those of this one encounter;
- what was deleted: only the tombstone stays.
"""


@dataclass(frozen=True, slots=True)
class Produced:
    """What was written; *closed* names the closed log that the recording lies in."""

    files: int
    size: int
    closed: str
    deleted: bool


class Writing:
    """A ZIP whose files are counted and hashed; times of day are not in it."""

    def __init__(self, target: ZipFile) -> None:
        self._target = target
        self.sums: list[tuple[str, str]] = []
        self.size = 0

    def add(self, name: str, data: bytes | memoryview) -> None:
        info = ZipInfo(name)
        info.external_attr = 0o100600 << 16
        self._target.writestr(info, bytes(data))
        self.sums.append((sha256(data).hexdigest(), name))
        self.size += len(data)


def produce(data: Path, recording: str, to: Path, now: int) -> Produced:
    """Write what *data* holds about *recording* to *to*, which must not be there yet.

    Raise Unknown where nothing is held; FileExistsError.
    """
    folder = _folder_of(data, recording)
    closed = "" if folder == data else folder.name
    with to.open("xb") as file:
        to.chmod(0o600)
        try:
            with ZipFile(file, "w", ZIP_STORED) as target:
                writing = Writing(target)
                deleted = _write(data, folder, recording, writing, now)
        except BaseException:
            to.unlink()
            raise
    return Produced(len(writing.sums), writing.size, closed, deleted)


def _write(data: Path, folder: Path, recording: str, writing: Writing, now: int) -> bool:
    """Write everything; return whether the recording was deleted."""
    made = write_time(now)
    held: dict[str, object] = {"recording": recording, "written": made}
    if folder != data:
        held["closed_log"] = folder.name
    writing.add("README.txt", README_TEXT.format(recording=recording, made=made).encode())
    names = [recording]
    with closing(Shelf(folder)) as shelf:
        row = shelf.recording(recording)
        if row is not None:
            names.append(row.encounter)
            held |= _write_recording(folder, shelf, row, writing, now)
    with closing(Shelf(data)) as shelf:
        tombstone = shelf.deleted(recording)
    if tombstone is not None:
        writing.add("data/tombstone.note", tombstone.data)
        held["deleted"] = "all but the tombstone in data/tombstone.note"
    places = sorted({place / DATABASE for place in (folder, data)})
    rows = {str(one.relative_to(data)): dict(_rows_naming(one, names)) for one in places}
    held["rows"] = rows
    writing.add("held.json", json.dumps(held, ensure_ascii=False, indent=1).encode() + b"\n")
    sums = "".join(f"{digest}  {name}\n" for digest, name in writing.sums)
    writing.add("SHA256SUMS", sums.encode())
    return tombstone is not None


def _folder_of(data: Path, recording: str) -> Path:
    for folder in [data, *sorted((data / "closed").glob("*"))]:
        if not (folder / "index.sqlite").exists():
            continue
        with closing(Shelf(folder)) as shelf:
            if shelf.recording(recording) or shelf.deleted(recording):
                return folder
    raise Unknown("recording")


def _write_recording(
    folder: Path, shelf: Shelf, row: RecordingRow, writing: Writing, now: int
) -> dict[str, object]:
    """Write a recording's files; return what is said of them."""
    last = shelf.last_statement(row.recording)
    number = last.number if last else 0
    leaves = [row.index, *shelf.leaves(row.recording, number)]
    checkpoint = newest_kept(folder / "checkpoints", None, "live") or b""
    size = parse_checkpoint(checkpoint)[0].size if checkpoint else 0
    covered = bisect_left(leaves, size)
    policy = (folder / "policy").read_bytes()
    if covered:
        order = Order(row.recording, covered - 1, size, checkpoint, policy, None, True, now)
        for file in listed(gather(shelf, order)):
            if not isinstance(file.content, Blob) and file.path != README:
                writing.add(file.path, file.content)
    # Acknowledged, and not yet under a checkpoint.
    for path_of, some in (
        (statement_path, [row.note, *shelf.notes(row.recording, number)]),
        (receipt_path, [row.receipt, *shelf.receipts(row.recording, number)]),
    ):
        for at, note in enumerate(some[covered:], covered):
            writing.add(path_of(at), note)
    places = list(shelf.places(row.recording))
    for read in Segments(folder, places).read():
        for at, sealed in zip(read.numbers, read.data, strict=True):
            writing.add(segment_path(at), sealed)
    return {
        "encounter": row.encounter, "kind": row.kind, "statements": number,
        "segments_here": len(places), "segments_awaited": len(shelf.missing(row.recording)),
        "grants": len(shelf.grants(row.recording)),
        "statements_without_proof_yet": len(leaves) - covered,
        "locator_sha256": row.locator.hex(),
        "deletion_key": None if row.deletion is None else row.deletion.hex(),
        "recordings_of_the_same_encounter": sorted(
            one.recording
            for one in shelf.recordings("encounter", row.encounter)
            if one.recording != row.recording
        ),
    }  # fmt: skip


def _rows_naming(path: Path, names: list[str]) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Yield each table of a database with its rows in which any of *names* stands anywhere."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        for (table,) in database.execute(query).fetchall():
            columns = [one[1] for one in database.execute(f'PRAGMA table_info("{table}")')]
            stands = " OR ".join(
                f'instr(CAST("{column}" AS BLOB), CAST(? AS BLOB))'
                for column in columns
                for _ in names
            )
            # Names of tables and columns are the database's own.
            found = database.execute(_chosen(table, stands), names * len(columns))
            rows = [dict(zip(columns, map(_said, one), strict=True)) for one in found]
            if rows:
                yield str(table), rows


def _chosen(table: str, stands: str) -> str:
    return f'SELECT * FROM "{table}" WHERE {stands}'  # noqa: S608


def _said(value: object) -> object:
    return b64encode(value).decode() if isinstance(value, bytes) else value
