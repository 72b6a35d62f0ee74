"""Digests in drawers: kept as in a set, in one place of the file each, and gone once they go."""

import random
import secrets
import tempfile
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accompany.adapters.drawers import EACH, ROOM, Drawers
from accompany.adapters.sqlite import Database
from accompany.adapters.tokens import SqliteTokens
from accompany.errors import Damaged, DiskFull

POOL = [bytes([n % 256]) + secrets.token_bytes(31) for n in range(3 * ROOM)]
BATCH = 64


def drawers_in(folder: Path) -> Drawers:
    return Drawers(Database(folder / "one.sqlite"), "things")


def keyed(folder: Path, key: bytes) -> tuple[Database, Drawers]:
    """Empty ones, with a key that a test knows."""
    database = Database(folder / "one.sqlite")
    Drawers(database, "things")
    database.do("UPDATE drawers SET key = ?", key)
    return database, Drawers(database, "things")


def rows_of(database: Database) -> list[tuple[object, ...]]:
    return database.rows("SELECT number, held FROM things ORDER BY number")


def places(folder: Path, digests: Iterable[bytes]) -> Counter[bytes]:
    """Return how often each of them lies in the folder's files, wherever that is."""
    begun = {digest[:8]: digest for digest in digests}
    found: Counter[bytes] = Counter()
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for at in range(len(data)):
            digest = begun.get(data[at : at + 8])
            if digest is not None and data[at : at + 32] == digest:
                found[digest] += 1
    return found


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, len(POOL) - 1), st.integers(1, 150)),
        st.tuples(st.just("take"), st.integers(0, len(POOL) - 1), st.integers(1, 150)),
        st.tuples(st.just("forget"), st.integers(0, 9), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(steps)
def test_they_hold_what_a_set_would(taken: list[tuple[str, int, int]]) -> None:
    held: dict[bytes, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "one.sqlite")
        drawers = Drawers(database, "things")
        for word, first, many in taken:
            with database.together():
                for digest in POOL[first : first + many]:
                    until = digest[0] % 10
                    if word == "add":
                        assert drawers.add(digest, until) == (digest not in held)
                        held[digest] = until
                    elif word == "take":
                        assert drawers.take(digest) == (held.pop(digest, None) is not None)
                if word == "forget":
                    left = {digest: until for digest, until in held.items() if until >= first}
                    assert drawers.forget_before(first) == len(held) - len(left)
                    held = left
            assert drawers.count() == len(held)
        again = Drawers(database, "things")
        for one in (drawers, again):
            assert {d: u for d in POOL if (u := one.until(d)) is not None} == held
        database.close()


def test_what_is_undone_is_as_if_it_had_not_been(tmp_path: Path) -> None:
    database = Database(tmp_path / "one.sqlite")
    drawers = Drawers(database, "things")
    drawers.add(POOL[0], 7)
    before = rows_of(database)

    def fails() -> None:
        with database.together():
            for one in POOL:
                drawers.add(one, 8)
            drawers.take(POOL[0])
            assert len(rows_of(database)) > len(before)
            raise DiskFull("no room")

    with pytest.raises(DiskFull):
        fails()
    assert rows_of(database) == before
    assert (drawers.count(), drawers.until(POOL[0]), drawers.until(POOL[1])) == (1, 7, None)


def test_they_say_nothing_of_what_came_together_or_when(tmp_path: Path) -> None:
    """In another order, and beside others that went: every byte is the same."""
    key, chance, seen = secrets.token_bytes(32), random.Random(1), []
    for turn in range(3):
        (tmp_path / str(turn)).mkdir()
        database, drawers = keyed(tmp_path / str(turn), key)
        with database.together():
            for one in chance.sample(POOL, len(POOL)):
                drawers.add(one, 7)
            for one in chance.sample(POOL[100:], len(POOL) - 100):
                drawers.take(one)
        seen.append(rows_of(database))
    assert seen[0] == seen[1] == seen[2]


def test_whoever_chose_them_fills_no_drawer(tmp_path: Path) -> None:
    """All of them belong into one of the first eight, where there is not room for so many."""
    key = secrets.token_bytes(32)
    database, drawers = keyed(tmp_path, key)
    same: list[bytes] = []
    while len(same) < ROOM + 30:
        one = secrets.token_bytes(32)
        if blake2b(one, key=key, digest_size=8).digest()[-1] % 8 == 5:
            same.append(one)
    with database.together():
        assert all(drawers.add(one, 7) for one in same)
    assert len(rows_of(database)) > 8 > len(same) / EACH
    assert [drawers.until(one) for one in same] == [7] * len(same)
    # Nobody who does not know the key can choose them so.
    assert Drawers(database, "others")._number(same[0]) == 0
    keys = database.rows("SELECT key FROM drawers")
    assert len(set(keys)) == 2


def test_every_one_that_is_held_lies_in_one_place_and_none_that_went_in_any(tmp_path: Path) -> None:
    """Phones hand in and spend, some months go by: SQLite copies nothing when it makes room."""
    database, chance = Database(tmp_path / "one.sqlite"), random.Random(3)
    database.do("PRAGMA synchronous = OFF")
    tokens, held, went, marks = SqliteTokens(database), [], [], []
    for turn in range(60):
        new = [chance.randbytes(32) for _ in range(BATCH)]
        month = 30_000 + turn // 3
        tokens.forget_before(month)
        went += [one for one, until in held if until < month]
        held = [(one, until) for one, until in held if until >= month]
        until = month + chance.choice((2, 18))
        assert tokens.add(sorted(new), until)
        held += [(one, until) for one in new]
        for _ in range(30):
            one, _ = held.pop(chance.randrange(len(held)))
            marks.append(chance.randbytes(32))
            assert tokens.spend(one, marks[-1], month + 9)
            went.append(one)
    assert (tokens.count(), len(held) + len(went)) == (len(held), 60 * BATCH)
    kept = [one for one in marks if tokens.marked(one)]
    assert places(tmp_path, [*went, *marks, *(one for one, _ in held)]) == Counter(
        [*kept, *(one for one, _ in held)]
    )
    assert len(went) > 1000
    assert len(kept) < len(marks)


def test_a_drawer_that_nothing_here_writes_is_said(tmp_path: Path) -> None:
    for held in (b"short", "text"):
        drawers = drawers_in(tmp_path)
        drawers._database.do("UPDATE things SET held = ?", held)
        with pytest.raises(Damaged, match="number 0 of the things"):
            drawers.until(POOL[0])
    drawers._database.do("UPDATE drawers SET key = 'text'")
    with pytest.raises(Damaged, match="the key of the things"):
        drawers_in(tmp_path)


def older(folder: Path) -> Database:
    """A database of before there were drawers, in which a digest was left between the rows."""
    path = folder / "one.sqlite"
    database = Database(path)
    for table, name in (("tokens", "digest"), ("admitted", "mark")):
        database.do(
            f"CREATE TABLE {table} ({name} BLOB PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID"
        )
    for n, one in enumerate(POOL[:-1]):
        database.do(f"INSERT INTO {('tokens', 'admitted')[n % 2]} VALUES (?, ?)", one, 9 + n % 4)  # noqa: S608
    (root,) = database.row("SELECT rootpage FROM sqlite_master WHERE name = 'tokens'") or (0,)
    database.close()
    assert isinstance(root, int)
    with path.open("r+b") as file:
        # In the room between what says where the rows are, and the rows.
        file.seek((root - 1) * 4096 + 2048)
        assert file.read(32) == bytes(32)
        file.seek(-32, 1)
        file.write(POOL[-1])
    assert places(folder, POOL) == Counter(POOL)
    return Database(path)


def test_what_was_kept_before_there_were_drawers_is_taken_over_and_what_was_left_is_gone(
    tmp_path: Path,
) -> None:
    database = older(tmp_path)
    tokens = SqliteTokens(database)
    # As killed: nothing is closed.
    again = SqliteTokens(Database(tmp_path / "one.sqlite"))
    for pool in (tokens, again):
        for n, one in enumerate(POOL[:-1]):
            until = 9 + n % 4
            held = (pool.has(one, until), pool.has(one, until + 1), pool.marked(one))
            assert held == ((False, False, True) if n % 2 else (True, False, False))
    assert places(tmp_path, POOL) == Counter(POOL[:-1])
    assert tokens.count() == len(POOL) // 2
    tables = database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert not {("tokens",), ("admitted",)} & set(tables)


def test_what_cannot_be_taken_over_whole_stays_as_it_was(tmp_path: Path) -> None:
    database = older(tmp_path)
    database.do("INSERT INTO tokens VALUES ('text', 9)")
    with pytest.raises(Damaged, match="the table tokens"):
        SqliteTokens(database)
    assert database.row("SELECT count(*) FROM tokens") == (len(POOL) // 2 + 1,)
    assert database.row("SELECT digests FROM drawers WHERE name = 'token_drawers'") == (0,)
    database.do("DELETE FROM tokens WHERE digest = 'text'")
    assert SqliteTokens(database).count() == len(POOL) // 2


def test_a_batch_of_which_one_is_known_leaves_nothing(tmp_path: Path) -> None:
    tokens = SqliteTokens(Database(tmp_path / "one.sqlite"))
    assert tokens.add(POOL[:64], 9)
    assert not tokens.add([*POOL[64:127], POOL[3]], 9)
    assert (tokens.count(), places(tmp_path, POOL)) == (64, Counter(POOL[:64]))
    assert not tokens.spend(POOL[64], POOL[65], 9)
    assert not tokens.marked(POOL[65])


def test_a_spent_token_is_spent_once_and_after_a_restart_too(tmp_path: Path) -> None:
    tokens = SqliteTokens(Database(tmp_path / "one.sqlite"))
    assert tokens.add(POOL[:64], 9)
    assert tokens.spend(POOL[0], POOL[100], 9)
    again = SqliteTokens(Database(tmp_path / "one.sqlite"))
    for pool in (tokens, again):
        assert not pool.spend(POOL[0], POOL[101], 9)
        assert (pool.marked(POOL[100]), pool.marked(POOL[101])) == (True, False)
        assert [pool.has(one, 9) for one in POOL[:64]] == [False] + [True] * 63
    assert again.add([POOL[0], *POOL[64:127]], 9), "a digest that went is not remembered"
