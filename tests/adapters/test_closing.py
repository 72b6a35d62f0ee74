"""Closing a log: all of it set aside, nothing signed again, and a crash at any step is mended."""

import asyncio
from pathlib import Path

import pytest

from accompany.adapters.auditors import SqliteAuditors
from accompany.adapters.closed_log import closed_logs, policy_lines
from accompany.adapters.closing import close_log, finish_closing
from accompany.adapters.sqlite import Database
from accompany.custody.courtesy import Courtesy
from accompany.errors import Malformed, Unknown
from accompany.evidence.checkpoints import Policy
from house import house, settings_for


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a server that took a recording and knows an auditor."""

    async def recorded() -> None:
        async with house(tmp_path) as held:
            held.server.office.auditors.add("the neighbours", b"d" * 32, 1)
            await held.opened(segments=2)
            await held.server.office.sequencer.step()

    asyncio.run(recorded())
    return tmp_path / "data"


def check_closed(data: Path) -> None:
    left = {one.name for one in data.iterdir() if ".sqlite" not in one.name}
    assert left - {"heartbeat", "reserve", "reserve.new"} == {"closed", "guest-code", "lock"}
    (folder,) = (data / "closed").iterdir()
    keys = sorted(one.name for one in (folder / "keys").iterdir())
    assert "log.key" not in keys
    assert "receipts.key" not in keys
    assert {"custodian.key", "organization.key"} <= set(keys)
    closed = closed_logs(data, settings_for(data.parent).second_place, Courtesy(lambda: 0))
    (log,) = closed.values()
    assert log.last is not None
    assert log.last.checkpoint.size == 4
    assert len(log.entries(0, 9)) == 4 * 64
    assert Policy.parse(f"{policy_lines(closed)}quorum none\n".encode()).logs
    log.close()
    database = Database(data / "accompany.sqlite")
    assert SqliteAuditors(database).holds(b"d" * 32)
    database.close()


def test_a_closed_log_lies_apart_and_is_readable(data: Path) -> None:
    close_log(data, "")
    check_closed(data)
    # With nothing begun there is nothing to finish.
    finish_closing(data)
    check_closed(data)


@pytest.mark.parametrize("step", range(1, 8, 2))
def test_what_a_crash_interrupts_the_next_start_finishes(
    data: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    done = 0
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        nonlocal done
        done += 1
        if done == step:
            raise OSError("a crash")
        return real(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        with pytest.raises(OSError, match="a crash"):
            close_log(data, "")
    finish_closing(data)
    check_closed(data)


def test_where_there_is_no_log_none_is_closed(tmp_path: Path) -> None:
    with pytest.raises(Unknown, match="log to close"):
        close_log(tmp_path, "")


def test_a_new_log_does_not_have_the_old_ones_name(data: Path) -> None:
    (policy,) = [line for line in (data / "policy").read_text().splitlines() if line[:4] == "log "]
    with pytest.raises(Malformed, match="a new log needs a new one"):
        close_log(data, policy[4:].partition("+")[0])
    assert (data / "keys" / "log.key").exists()
