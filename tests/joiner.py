"""Somebody with a server's files who wants to know which encounters are one caller's.

Everything that the files say of an encounter is taken apart into traits: each value of each column,
each line of each text, its size, when a file of its own was written and how large that is, its
place in the order of its table, how many there are, and how far any two times lie apart. Of each
trait it is asked whether the encounter that is nearest by it is the same caller's, more often than
by chance. Not here: whose they really are.
"""

import json
import random
import re
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from statistics import median

from accompany.adapters.journal import Journal
from accompany.adapters.scanning import Position

Value = int | float | str | bytes
Traits = Mapping[str, Mapping[str, list[Value]]]
"""By trait and encounter: what the files say."""

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
MUCH = 1.4
"""By how much a trait has to do better than the best guess."""

CONTENT = 1 << 20
"""Bytes of a file that are looked at."""

NAME = 16
"""Characters or bytes of which a value that stands with one encounter alone names it elsewhere."""


def rows_in(folder: Path) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield every row of every database, by file and table, in the order in which they lie there;
    with what the write-ahead logs hold. The files stay as they are."""
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(folder.rglob("*.sqlite")):
            copy = Path(scratch) / path.name
            for end in ("", "-wal"):
                if Path(f"{path}{end}").exists():
                    shutil.copyfile(f"{path}{end}", f"{copy}{end}")
            database = sqlite3.connect(copy)
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                found = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                names = [one[0] for one in found.description]
                for place, row in enumerate(found):
                    values = zip(names, row, strict=True)
                    kept = {name: value for name, value in values if value is not None}
                    yield f"{path.stem}.{table}", {**kept, "(place)": place}
            database.close()
            for end in ("", "-wal", "-shm"):
                Path(f"{copy}{end}").unlink(missing_ok=True)


def records_in(folder: Path) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield every record of the journal with its batch and its place."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "journal"
        shutil.copytree(folder / "journal", copy)
        journal = Journal(copy, 1 << 20)
        for number, batch in enumerate(journal.scan(Position())):
            for one in batch.placed:
                fields = {name: getattr(one.record, name) for name in one.record.__struct_fields__}
                values = {k: v for k, v in fields.items() if isinstance(v, int | str | bytes)}
                places: dict[str, Value] = {
                    "(batch)": number,
                    "(file)": batch.file,
                    "(place)": batch.base + one.offset,
                }
                yield f"journal.{type(one.record).__name__}", {**values, **places}


def files_in(folder: Path) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield every file by name, size and times; with what it says, where nothing else reads it."""
    read = {".sqlite", ".sqlite-wal", ".sqlite-shm"}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        here, stat = path.relative_to(folder), path.stat()
        said: dict[str, Value] = {
            "(name)": " ".join([*here.parts[:-1], *here.name.split(".")]),
            "(bytes)": stat.st_size,
            "(written)": stat.st_mtime_ns // 1_000_000,
            "(changed)": stat.st_ctime_ns // 1_000_000,
        }
        if path.suffix not in read and here.parts[0] != "journal":
            said["(content)"] = path.read_bytes()[:CONTENT]
        yield "files", said


def traits_of(folder: Path, encounters: Iterable[str]) -> Traits:
    """Return what the files say of each encounter."""
    rows = [*rows_in(folder), *records_in(folder), *files_in(folder)]
    owners = _owners(rows, list(encounters))
    found: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
    for (table, row), owner in zip(rows, owners, strict=True):
        if owner is None:
            continue
        found[f"{table} (rows)"][owner].append(1)
        for column, value in row.items():
            for name, part in _parts(f"{table}.{column}", value):
                found[name][owner].append(part)
    for name in [name for name in found if name.endswith("(rows)")]:
        found[name] = defaultdict(list, {one: [len(all_)] for one, all_ in found[name].items()})
    return found


def _owners(rows: list[tuple[str, dict[str, Value]]], encounters: list[str]) -> list[str | None]:
    """Return whose each row is: by its encounter's name, or by a name that stood with it alone."""
    named = {one.encode(): one for one in encounters}
    owners: list[str | None] = [None] * len(rows)
    while True:
        before = len(named)
        heard: dict[bytes, set[str]] = defaultdict(set)
        for at, (_, row) in enumerate(rows):
            values = [_bytes(value) for value in row.values()]
            if owners[at] is None:
                words = {word for value in values for word in _words(value)}
                here = {named[word] for word in words if word in named}
                owners[at] = here.pop() if len(here) == 1 else None
            owner = owners[at]
            for value in values if owner else ():
                if len(value) >= NAME:
                    heard[value].add(str(owner))
        named |= {value: next(iter(who)) for value, who in heard.items() if len(who) == 1}
        if len(named) == before:
            return owners


def _words(value: bytes) -> set[bytes]:
    return {value, *re.findall(rb"[A-Za-z0-9+/=_-]{%d,}" % NAME, value)}


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _parts(name: str, value: Value) -> Iterator[tuple[str, Value]]:
    """Yield what a value says: a number, a time, or its lines, its words and its size."""
    if isinstance(value, int | float):
        yield name, value
        return
    data = _bytes(value)
    yield f"{name} (size)", len(data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        yield name, data
        return
    if text.startswith("{"):
        for key, said in json.loads(text).items():
            yield f"{name}: {key}", _number(str(said))
        return
    lines = text.splitlines()
    if len(lines) < 2:
        yield name, _number(text)
    for line in lines if len(lines) > 1 else ():
        key, _, rest = line.partition(" ")
        for at, word in enumerate(rest.split(" ")):
            if re.fullmatch("[a-z0-9]+", key):
                yield f"{name}: {key} {at}", _number(word)


def _number(word: str) -> Value:
    if re.fullmatch(r"-?\d{1,16}", word):
        return int(word)
    if TIME.fullmatch(word):
        return datetime.fromisoformat(word).astimezone(UTC).timestamp() * 1000
    return word


def scalars(traits: Traits) -> dict[str, dict[str, Value]]:
    """Return traits with one value for each encounter: the least, the middle, and how far apart any
    two times of it are."""
    found: dict[str, dict[str, Value]] = {}
    times: dict[str, dict[str, float]] = {}
    for name, by in traits.items():
        numbers = {one: [v for v in all_ if isinstance(v, int | float)] for one, all_ in by.items()}
        if all(numbers.values()):
            found[f"{name} (least)"] = {one: min(all_) for one, all_ in numbers.items()}
            found[f"{name} (middle)"] = {one: median(all_) for one, all_ in numbers.items()}
            if all(min(all_) > 1e12 for all_ in numbers.values()):
                times[name] = {one: min(all_) for one, all_ in numbers.items()}
        else:
            found[name] = {one: "\n".join(sorted(map(str, all_))) for one, all_ in by.items()}
    for (one, first), (other, second) in combinations(times.items(), 2):
        both = first.keys() & second.keys()
        found[f"{one} to {other}"] = {each: second[each] - first[each] for each in both}
    return found


def near(values: Mapping[str, Value]) -> dict[str, list[str]]:
    """Return for each encounter those that are nearest to it."""
    found = {}
    for one, value in values.items():
        far = {other: _far(value, theirs) for other, theirs in values.items() if other != one}
        least = min(far.values(), default=0.0)
        found[one] = [other for other, how in far.items() if how == least]
    return found


def _far(one: Value, other: Value) -> float:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other)
    return float(one != other)


def joined(near: Mapping[str, list[str]], whose: Mapping[str, str]) -> float:
    """Return for how many encounters the nearest other one is the same caller's; where several are
    equally near, their share."""
    shares = (
        sum(whose[other] == whose[one] for other in others) / max(len(others), 1)
        for one, others in near.items()
    )
    return sum(shares)


def joining(traits: Traits, whose: Mapping[str, str], tries: int = 150) -> dict[str, float]:
    """Return the traits that join encounters of one caller far better than any of *tries* guesses
    does, and how many they join. By chance alone one in some ten thousand is found, and there are
    hundreds: what is found in one night and not in another was chance."""
    chance, names = random.Random(7), sorted(whose)
    guesses = []
    for _ in range(tries):
        mixed = [whose[name] for name in names]
        chance.shuffle(mixed)
        guesses.append(dict(zip(names, mixed, strict=True)))
    found = {}
    for trait, values in scalars(traits).items():
        neighbours = near(values)
        score = joined(neighbours, whose)
        if score > len(values) / 4 and score > MUCH * max(
            joined(neighbours, one) for one in guesses
        ):
            found[trait] = score
    return found
