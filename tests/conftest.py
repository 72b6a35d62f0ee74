"""Fixtures that several folders of tests share."""

from collections.abc import Iterator

import pytest

from serving import RunningServer, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server for tests that do it no harm; who kills one starts their own."""
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests marked `anyio` run in the event loop the server runs in."""
    return "asyncio"
