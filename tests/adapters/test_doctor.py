"""`accompany doctor` on a real data folder, running, stopped, and hurt in ways that happen."""

import re
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

import clips
from accompany.adapters.doctor import Remark, examine
from accompany.adapters.outside import SqliteOutside
from accompany.adapters.sqlite import Database
from accompany.config import Settings
from authorities import certify
from evidencefiles import run
from serving import running_server

NOW = time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that took a recording and was stopped."""
    folder = tmp_path_factory.mktemp("doctor")
    with running_server(folder / "data") as server:
        film = clips.write_film(folder / "stop.mp4", seconds=1)
        code = server.links["guest_code"]
        done = run(
            "record", film, "--server", server.url, "--guest", code, "--fast", "--folder", folder
        )
        assert done.returncode == 0, done.stderr
        running = remarks(server.data)
        assert running["data folder"].words.endswith("a server is running on it")
        assert running["writing"].words == server.links["writing"]
        assert {one.how for one in running.values()} == {"good", "look"}
    return folder / "data"


@pytest.fixture
def data(stopped: Path, tmp_path: Path) -> Path:
    shutil.copytree(stopped, tmp_path / "data")
    return tmp_path / "data"


def remarks(data: Path, thorough: bool = False) -> dict[str, Remark]:
    found = examine(Settings(data=data), NOW, thorough)
    return {one.about: one for one in found}


def test_a_stopped_server_is_well(data: Path) -> None:
    found = remarks(data, thorough=True)
    assert {about for about, one in found.items() if one.how != "good"} <= {
        "authorities", "witnesses", "public checkpoint", "disk", "second place", "relay",
        "hotline",
    }  # fmt: skip
    assert "read again, all whole" in found["journal"].words
    assert run("doctor", "--data", data).returncode == 0


def test_a_hotline_that_is_missing_or_wrong_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remarks(data)["hotline"].how == "look"
    for number, status, words in (
        ("+1 555 0100", 0, r"ok +hotline: \+1 555 0100"),
        ("1-800-LAW-HELP", 1, "setting hotline .* a telephone number"),
    ):
        monkeypatch.setenv("ACCOMPANY_HOTLINE", number)
        done = run("doctor", "--data", data)
        assert done.returncode == status
        assert re.search(words, done.stdout + done.stderr), done


def test_nothing_is_changed_by_looking(data: Path) -> None:
    def seen() -> dict[str, bytes]:
        files = (path for path in data.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if ".sqlite" not in path.name}

    before = seen()
    remarks(data, thorough=True)
    assert seen() == before


def test_a_missing_key_is_wrong(data: Path) -> None:
    (data / "keys" / "log.key").unlink()
    found = remarks(data)["keys"]
    assert (found.how, "log" in found.words) == ("wrong", True)
    assert run("doctor", "--data", data).returncode == 1


def test_a_key_that_others_can_read_is_wrong(data: Path) -> None:
    (data / "keys" / "log.key").chmod(0o644)
    assert "chmod 600" in remarks(data)["keys"].words


def test_an_index_behind_is_read_at_the_next_start(data: Path) -> None:
    for path in data.glob("index.sqlite*"):
        path.unlink()
    assert remarks(data)["index"].how == "look"


def test_a_journal_of_an_older_backup_is_wrong(data: Path) -> None:
    for path in (data / "journal").glob("*.journal"):
        path.unlink()
    found = remarks(data, thorough=True)
    assert (found["journal"].how, "ahead" in found["journal"].words) == ("wrong", True)
    for path in data.glob("index.sqlite*"):
        path.unlink()
    with pytest.raises(AssertionError, match="older backup"), running_server(data):
        pass


def test_bytes_changed_in_the_journal_are_found(data: Path) -> None:
    (path,) = sorted((data / "journal").glob("*.journal"))[:1]
    bent = bytearray(path.read_bytes())
    bent[200] ^= 1
    path.write_bytes(bent)
    found = remarks(data, thorough=True)["journal"]
    assert found.how == "wrong"
    assert "does not hold" in found.words


def test_a_checkpoint_of_another_tree_is_wrong(data: Path) -> None:
    tables = sqlite3.connect(data / "checkpoints" / "checkpoints.sqlite")
    (note,) = tables.execute("SELECT note FROM checkpoints WHERE kind = 'live'").fetchone()
    tables.close()
    (data / "checkpoints" / "live").write_bytes(note.replace(b"\n", b"x\n", 1))
    (data / "checkpoints" / "checkpoints.sqlite").unlink()
    assert remarks(data)["live checkpoint"].how == "wrong"


def test_who_is_configured_wrongly_is_named(data: Path) -> None:
    place = data / "authorities" / "wrong"
    place.mkdir(parents=True)
    (place / "url").write_text("example.org")
    (place / "roots.pem").write_bytes(certify("root").pem)
    (data / "witnesses").write_text("witness\nquorum none\n")
    found = remarks(data)
    assert (found["authorities"].how, "http" in found["authorities"].words) == ("wrong", True)
    assert found["witnesses"].how == "wrong"


@pytest.mark.parametrize(
    ("answered", "failed", "how"),
    [
        (0, 0, "look"),
        (NOW, 0, "good"),
        (NOW, NOW - 1, "good"),
        (0, NOW, "wrong"),
        (NOW - 60_000, NOW, "look"),
        (NOW - 7_200_000, NOW, "wrong"),
    ],
    ids=["never asked", "answers", "answers again", "never", "a minute", "two hours"],
)
def test_how_long_somebody_has_not_answered_decides(
    data: Path, answered: int, failed: int, how: str
) -> None:
    place = data / "authorities" / "one"
    place.mkdir(parents=True)
    (place / "url").write_text("http://127.0.0.1:9")
    (place / "roots.pem").write_bytes(certify("root").pem)
    database = Database(data / "accompany.sqlite")
    outside = SqliteOutside(database)
    if answered:
        outside.answered("authority", "one", answered)
    if failed:
        outside.failed("authority", "one", failed, "down")
    outside.stepped(NOW - 5, 5_000)
    database.close()
    found = remarks(data)
    assert found["authority one"].how == how
    assert (found["clock"].how, "5000 ms" in found["clock"].words) == ("look", True)
