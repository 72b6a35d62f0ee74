"""An attorney's own channel by mail, to a real SMTP receiver: side by side, without content."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from house import House, listening
from sinks import SmtpSink, smtp_sink

pytestmark = pytest.mark.anyio
NOWHERE = "localhost:1"


@pytest.fixture
def mail() -> Iterator[SmtpSink]:
    with smtp_sink() as sink:
        yield sink


@pytest.fixture
async def held(tmp_path: Path, mail: SmtpSink) -> AsyncIterator[House]:
    path = tmp_path / "channels.toml"
    path.write_text(
        f"[attorneys]\nschemes = ['mailto']\nhosts = ['localhost:{mail.port}', '{NOWHERE}']\n"
    )
    async with listening(tmp_path, channels=str(path)) as house:
        yield house


async def test_a_press_sends_a_mail_that_says_nothing_of_the_caller(
    held: House, mail: SmtpSink
) -> None:
    ada = await held.attorney()
    for host in (f"localhost:{mail.port}", NOWHERE):
        own = {"kind": "apprise", "url": f"mailto://ada@{host}"}
        answer = await held.request("POST", "/api/channels", headers=ada.headers, json=own)
        assert answer.status_code == 201, answer.text
    async with held.console(ada) as console, held.phone() as phone:
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda desk: desk["on"])
        press = held.press()
        await phone.say(**press)
        # The dead server beside it holds neither the console nor the mail up.
        await console.until("desk", lambda desk: desk["rings"])
        (sent,) = await asyncio.to_thread(mail.wait, 1)
        assert sent.recipients == ("ada@localhost",)
        assert sent.message["subject"] == "Accompany"
        everything = sent.message.as_string()
        assert "Somebody waits for an answer. Open your console." in everything
        for secret in (press["encounter"], "TX", "Texas"):
            assert secret not in everything
        await phone.say(type="end")
    answer = await held.request("POST", "/api/channels/tests", headers=ada.headers)
    found = {one["label"]: one["failing"] for one in answer.json()["channels"]}
    assert found == {f"mailto://localhost:{mail.port}…": False, f"mailto://{NOWHERE}…": True}
    assert len(await asyncio.to_thread(mail.wait, 2)) == 2
