"""Fixtures that several folders of tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from accompany.wiring import running
from serving import RunningServer, running_server

# A busy machine is slow now and then: no test fails for that.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server for tests that do it no harm; who kills one starts their own."""
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests marked `anyio` run in the event loop the server runs in."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_server_in_this_process_stops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that cannot go on ends its process; here the test that holds it fails instead."""
    stopped: list[str] = []
    monkeypatch.setattr(running, "die", stopped.append)
    yield
    assert not stopped, f"a server in this process stopped: {stopped}"
