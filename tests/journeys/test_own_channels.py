"""An attorney's own channels and the callers they wait for, on their page: added, tested, failing,
rung; and a caller who is missed after a restart of the server."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from browsers import Phone, wait_for
from people import Attorney, Caller, violations, wait_for_text
from serving import RunningServer, running_server
from sinks import HttpSink, http_sink

pytestmark = [pytest.mark.journey, pytest.mark.patient]


@pytest.fixture
def tool() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def channel_server(
    tmp_path: Path, tool: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningServer]:
    path = tmp_path / "channels.toml"
    path.write_text(
        f"[channels]\nsms = '{tool.json_template}'\n[attorneys]\nschemes = ['json']\n"
        f"hosts = ['127.0.0.1:{tool.port}', '127.0.0.1:1']\n"
    )
    monkeypatch.setenv("ACCOMPANY_CHANNELS", str(path))
    with running_server(tmp_path / "data") as server:
        yield server


def test_channels_ring_and_a_missed_caller_is_seen(
    channel_server: RunningServer,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    tool: HttpSink,
) -> None:
    phone = make_phone(tmp_path / "attorney", options={"viewport": {"width": 1280, "height": 900}})
    ada = Attorney(phone, phone.start())
    page = ada.page
    ada.enrol(channel_server.links["duty"])
    card = page.get_by_test_id("channels")
    card.get_by_text("Only this page rings.").wait_for()

    def add(url: str) -> None:
        card.get_by_label("Address of an app or service (Apprise)").fill(url)
        card.get_by_role("button", name="Add").click()

    add("json://169.254.169.254/x")
    card.get_by_text("This address is not allowed here.").wait_for()
    add(f"json://127.0.0.1:{tool.port}/mine")
    card.get_by_text("Not tried yet").wait_for()
    add("json://127.0.0.1:1/nobody")
    wait_for(lambda: card.get_by_role("listitem").count() == 2, 30, "for both channels")
    card.get_by_role("button", name="Test my channels").click()
    card.get_by_text("1 of 2 worked").wait_for(timeout=40_000)
    assert card.locator("li[data-failing=true]").count() == 1
    assert violations(page) == []
    card.get_by_role("button", name="Remove json://127.0.0.1:1").click()
    wait_for(lambda: card.get_by_role("listitem").count() == 1, 30, "for one to be gone")

    ada.go_on_duty()
    caller = Caller(make_phone(tmp_path / "caller"), None)  # type: ignore[arg-type]
    caller.page = caller.phone.start()
    caller.prepare(channel_server.links["caller"])
    caller.page.get_by_role("button", name="People to tell").click()
    caller.page.get_by_label("If I do not say that I am safe").select_option("15")
    caller.page.get_by_role("button", name="Back to the button").click()
    caller.press()
    messages = [json.loads(one.body)["message"] for one in tool.wait(2)]
    assert messages[1] == "Somebody waits for an answer. Open your console."
    ada.answer()
    wait_for_text(caller.page, "Nobody is told.", 20)
    caller.phone.kill()
    ada.end()
    page.get_by_test_id("check-ins").get_by_text("is to say by").wait_for(timeout=20_000)
    assert violations(page) == []

    # The time passes while the server is down.
    channel_server.stop()
    with sqlite3.connect(channel_server.data / "accompany.sqlite") as tables:
        assert tables.execute("UPDATE tellings SET due = 1000000").rowcount == 1
    channel_server.start()
    page.get_by_test_id("check-ins").get_by_text("did not say by").wait_for(timeout=30_000)
    assert violations(page) == []
    found = [json.loads(one.body)["message"] for one in tool.wait(3)]
    assert "A caller did not say to be safe in time. Open your console." in found
    phone.close()
