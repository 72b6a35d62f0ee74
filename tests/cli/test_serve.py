"""The server as a process: what it leaves behind when it is told to stop."""

from pathlib import Path

from serving import running_server


def test_told_to_stop_it_gives_back_the_zeros_it_wrote_ahead(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        assert server.stop() == 0
    files = list((tmp_path / "data" / "journal").glob("*.journal*"))
    assert sum(one.stat().st_size for one in files) < 4096 * 64
