"""Fixtures that several folders of tests share."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings

from accompany.wiring import running
from serving import RunningServer, running_server

# A busy machine is slow now and then: no test fails for that.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


STARTS = {"RunningServer", "accompany", "running_server", "subprocess"}
"""What a module of tests has in hand that starts programs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start programs come first, then those of many tests: a long last one is waited
    for alone."""
    many = Counter(item.path for item in items)

    def turn(item: pytest.Item) -> tuple[bool, int]:
        plain = STARTS.isdisjoint(vars(getattr(item, "module", item)))
        return plain and item.get_closest_marker("fault") is None, -many[item.path]

    items.sort(key=turn)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server for tests that do it no harm; who kills one starts their own."""
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests marked `anyio` run in the event loop the server runs in."""
    return "asyncio"


@pytest.fixture(scope="session")
def _stopped() -> Iterator[list[str]]:
    """What servers in this process said as they ended: those of a module are made before a test."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "die", said.append)
        yield said


@pytest.fixture(autouse=True)
def _no_server_in_this_process_stops(_stopped: list[str]) -> Iterator[None]:
    """A server that cannot go on ends its process; here the test that holds it fails instead."""
    yield
    said = _stopped.copy()
    _stopped.clear()
    assert not said, f"a server in this process stopped: {said}"
