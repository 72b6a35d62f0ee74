"""The organization's channels against real receivers on loopback: what arrives, where, and that a
caller can change nothing but the address."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from accompany.adapters.apprise import ApprisePost, Channels, load_channels
from accompany.errors import Malformed
from sinks import HttpSink, SmtpSink, http_sink, smtp_sink

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def web() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def mail() -> Iterator[SmtpSink]:
    with smtp_sink() as sink:
        yield sink


@pytest.fixture
def post(web: HttpSink, mail: SmtpSink) -> Iterator[ApprisePost]:
    web.taken.clear()
    web.status, web.refusals, web.location = 200, 0, ""
    mail.taken.clear()
    made = ApprisePost(
        Channels(
            channels={
                "sms": web.json_template,
                "signal": f"signal://127.0.0.1:{web.port}/+15550009999/{{address}}",
                "email": mail.template,
            }
        )
    )
    yield made
    made.close()


async def test_a_number_is_told_through_http(post: ApprisePost, web: HttpSink) -> None:
    assert post.channels == ("sms", "email", "signal")
    assert await post.send("sms", "+15551234567", "I was stopped. Ärger; ممنوع {{x}} \\n")
    (taken,) = web.taken
    assert taken.path == "/to/+15551234567"
    said = json.loads(taken.body)
    assert said["message"] == "I was stopped. Ärger; ممنوع {{x}} \\n"
    assert said["title"] == ""


async def test_signal_gets_its_own_form(post: ApprisePost, web: HttpSink) -> None:
    assert await post.send("signal", "+15551234567", "I am safe.")
    (taken,) = web.taken
    assert taken.path == "/v2/send"
    said = json.loads(taken.body)
    assert (said["recipients"], said["message"]) == (["+15551234567"], "I am safe.")


async def test_a_mail_goes_to_one_address_with_the_callers_words(
    post: ApprisePost, mail: SmtpSink
) -> None:
    assert await post.send("email", "mum.a+b_c-d@sub.example.org", "I was <b>stopped</b>. ¿Sí?")
    (taken,) = mail.taken
    assert taken.recipients == ("mum.a+b_c-d@sub.example.org",)
    assert taken.text == "I was <b>stopped</b>. ¿Sí?"
    assert taken.message["subject"] == "I was <b>stopped</b>. ¿Sí?"
    assert taken.message["bcc"] is None
    assert taken.message["cc"] is None


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("sms", "+15551234567/../../admin"),
        ("sms", "evil.example"),
        ("email", "a@example.org,b@example.org"),
        ("email", "a@example.org&smtp=127.0.0.1"),
        ("json", "127.0.0.1:1"),
        ("whatsapp", "+15551234567"),
    ],
)
async def test_nothing_leaves_for_what_is_no_address_of_a_channel_here(
    post: ApprisePost, web: HttpSink, mail: SmtpSink, channel: str, address: str
) -> None:
    assert not await post.send(channel, address, "words")
    assert (web.taken, mail.taken) == ([], [])


async def test_numbers_of_other_countries_can_be_left_out(web: HttpSink) -> None:
    web.taken.clear()
    post = ApprisePost(Channels(channels={"sms": web.json_template}, prefixes=("+1", "+52")))
    assert not await post.send("sms", "+8815551234567", "words")
    assert await post.send("sms", "+525551234567", "words")
    assert len(web.taken) == 1


async def test_a_service_that_refuses_or_is_gone_is_no_message(
    post: ApprisePost, web: HttpSink
) -> None:
    web.status = 503
    assert not await post.send("sms", "+15551234567", "words")
    gone = ApprisePost(Channels(channels={"sms": "json://127.0.0.1:1/{address}"}))
    assert not await gone.send("sms", "+15551234567", "words")


async def test_a_redirect_is_not_followed(post: ApprisePost, web: HttpSink) -> None:
    with http_sink() as elsewhere:
        web.status, web.location = 307, f"{elsewhere.url}/inside"
        await post.send("sms", "+15551234567", "words")
        assert len(web.taken) == 1
        assert elsewhere.taken == []


async def test_nothing_is_said_or_written_of_it(
    post: ApprisePost,
    web: HttpSink,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    with caplog.at_level(logging.DEBUG):
        await post.send("sms", "+15551234567", "words")
        web.status = 500
        await post.send("sms", "+15557654321", "words")
        await post.send("email", "mum@example.org", "words")
    assert os.listdir(tmp_path) == []
    said = capfd.readouterr()
    everything = caplog.text + said.out + said.err
    for canary in ("5551234567", "5557654321", "mum@", "words"):
        assert canary not in everything


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[channels]\nsms = 'json://localhost/'", "{address} exactly once"),
        ("[channels]\nsms = 'json://localhost/{address}/{address}'", "exactly once"),
        ("[channels]\nfax = 'json://localhost/{address}'", "found 'fax'"),
        ("[channels]\nsms = 'nonsense://{address}'", "does not take"),
        ("[channels]\nsms = 5", "ValidationError"),
        ("channels", "TOMLDecodeError"),
        ("[other]", "unknown field"),
    ],
)
def test_a_file_that_cannot_be_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "channels.toml"
    path.write_text(text)
    with pytest.raises(Malformed, match=words):
        load_channels(str(path))


def test_a_file_is_read_and_none_is_none(tmp_path: Path) -> None:
    path = tmp_path / "channels.toml"
    path.write_text('prefixes = ["+1"]\n[channels]\nsms = "json://localhost/{address}"\n')
    found = load_channels(str(path))
    assert (found.channels, found.prefixes) == ({"sms": "json://localhost/{address}"}, ("+1",))
    assert load_channels("") == Channels()
    with pytest.raises(Malformed):
        load_channels(str(tmp_path / "missing.toml"))
