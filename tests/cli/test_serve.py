"""The server as a process: what it leaves behind when it is told to stop."""

import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

from serving import environment, running_server

SEEN = "import sys, accompany.cli.serve; print(*sys.modules)"
FILES = """
import sys, accompany.cli.serve
print(*filter(None, (getattr(one, "__file__", None) for one in sys.modules.values())), sep="\\n")
"""


def said(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    return done.stdout.splitlines()


def test_a_start_loads_nothing_that_it_may_never_need() -> None:
    """What speaks to receivers, passkeys, codes on a terminal: more than a third of a start."""
    modules = set(said(SEEN)[0].split())
    assert "accompany.web.app" in modules
    assert not {"httpx", "rich", "webauthn", "OpenSSL", "segno", "apprise", "trustme"} & modules


def test_what_a_start_loads_of_others_was_compiled_when_it_was_prepared() -> None:
    """A service may not write beside its code: it would compile all of it at every start."""
    found = [Path(one) for one in said(FILES) if one.endswith(".py") and "site-packages" in one]
    assert any(one.parent.name == "uvicorn" for one in found)
    assert [one for one in found if not Path(cache_from_source(str(one))).exists()] == []


def test_told_to_stop_it_gives_back_the_zeros_it_wrote_ahead(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        assert server.stop() == 0
    files = list((tmp_path / "data" / "journal").glob("*.journal*"))
    assert sum(one.stat().st_size for one in files) < 4096 * 64
