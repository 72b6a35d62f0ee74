"""Webhooks at a real receiver: signed as Standard Webhooks says, at least once, over restarts."""

import asyncio
import json
import ssl
import subprocess
import threading
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any, cast

import pytest
import trustme

from accompany.adapters.deliveries import Deliveries
from accompany.adapters.sqlite import Database
from accompany.adapters.webhooks import SqliteHooks
from accompany.cli import main
from accompany.config import Settings
from accompany.dispatch.webhooks import KEPT, WAITS, read_networks, sign
from accompany.errors import Forbidden, Malformed, Unknown
from browsers import wait_for
from deskpeople import Caller
from house import House, listening
from serving import accompany, environment, running_server
from sinks import HttpSink, Taken, http_sink

pytestmark = pytest.mark.anyio
OFFER = {"note": "offer note", "description": {"type": "offer", "sdp": "v=0"}}
LOOPBACK = "127.0.0.0/8"
WORDS = Path(__file__).resolve().parents[2] / "webapp/src/i18n/desk/en.json"
ENGLISH = json.loads(WORDS.read_text())


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as one:
        yield one


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with listening(tmp_path, webhook_networks=LOOPBACK) as one:
        yield one


def hooks_of(held: House) -> SqliteHooks:
    return cast(SqliteHooks, held.server.office.books.hooks)


async def taken(sink: HttpSink, count: int) -> list[Taken]:
    for _ in range(2000):
        if len(sink.taken) >= count:
            return list(sink.taken)
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(sink.taken)} of {count} messages came")


async def until(holds: Any) -> None:
    for _ in range(2000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


def check(one: Taken, secret: str) -> dict[str, Any]:
    """Verify a message as the specification tells a receiver to, from what came alone."""
    signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    key = b64decode(secret.removeprefix("whsec_"))
    version, _, mac = one.headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert b64decode(mac) == digest(key, signed, sha256)
    found = json.loads(one.body)
    assert isinstance(found, dict)
    return found


async def call(held: House) -> dict[str, Any]:
    """A press that is answered and ended, with secrets that must not leave."""
    ada = await held.attorney()
    async with held.console(ada) as console, held.phone() as phone:
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda told: told["on"])
        press = held.press()
        await phone.say(**press)
        await console.until("desk", lambda told: told["rings"])
        await console.say(type="answer", encounter=press["encounter"], **OFFER)
        await phone.until("standing", lambda told: told["stage"] == "answered")
        await phone.say(type="heard")
        await phone.say(type="end")
        await console.until("ended")
    return press


async def test_a_call_is_told_signed_and_says_nothing_of_who(held: House, sink: HttpSink) -> None:
    made = hooks_of(held).add(f"{sink.url}/hook", held.server.office.clock.now())
    press = await call(held)
    messages = {one.headers["webhook-id"]: one for one in await taken(sink, 3)}
    assert len(messages) == len(sink.taken) == 3
    told = [check(messages[name], made.secret) for name in sorted(messages, key=_number)]
    assert [one["type"] for one in told] == ["press.begun", "press.answered", "press.ended"]
    assert [one["data"]["stage"] for one in told] == ["ringing", "answered", "ended"]
    for one in told:
        assert set(one) == {"type", "timestamp", "data"}
        assert set(one["data"]) == {
            "press", "state", "language", "stage", "pressed", "answered", "callback_due", "ended",
        }  # fmt: skip
        assert (one["data"]["press"], one["data"]["state"]) == (press["encounter"], "TX")
    assert told[0]["data"]["answered"] is None
    assert told[2]["data"]["answered"] == told[1]["timestamp"]
    everything = b"".join(one.body + str(one.headers).encode() for one in sink.taken).decode()
    for secret in (press["secret"], press["guest_code"], "Ada Counsel", made.secret):
        assert secret not in everything
    await until(lambda: hooks_of(held).waiting() == 0)


def _number(message: str) -> int:
    return int(message.rpartition("_")[2])


async def test_the_published_example_is_signed_as_published() -> None:
    """From the Standard Webhooks specification's own libraries."""
    headers = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330_000, '{"test": 2432232314}',
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_receiver_that_fails_is_asked_again_with_the_same_id_and_a_fresh_signature(
    held: House, sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accompany.dispatch.webhooks.WAITS", (50,) * len(WAITS))
    sink.refusals = 3
    hooks = hooks_of(held)
    made = hooks.add(sink.url, held.server.office.clock.now())
    hooks.test(made.id, held.server.office.clock.now())
    (one,) = await taken(sink, 1)
    assert check(one, made.secret)["type"] == "webhook.test"
    await until(lambda: hooks.deliveries(1)[0].done)
    (delivery,) = hooks.deliveries(5)
    assert (delivery.tries, delivery.due, delivery.problem) == (4, None, "")


async def test_after_the_last_attempt_it_is_given_up_and_can_be_replayed(
    held: House, sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accompany.dispatch.webhooks.WAITS", (1, 1))
    hooks, now = hooks_of(held), held.server.office.clock.now()
    sink.status = 503
    made = hooks.add(sink.url, now)
    hooks.test(made.id, now)
    await until(lambda: hooks.deliveries(1)[0].tries == 3)
    await until(lambda: hooks.deliveries(1)[0].due is None)
    assert hooks.deliveries(1)[0].problem == "answered 503"
    assert hooks.deliveries(1)[0].done is None
    ids = {one.headers["webhook-id"] for one in sink.taken}
    assert len(ids) == 1
    sink.status = 200
    assert hooks.replay(made.id, now + 60_000, now) == 0
    assert hooks.replay(made.id, now, now) == 1
    await until(lambda: hooks.deliveries(1)[0].done)
    hooks.again(hooks.deliveries(1)[0].number, now)
    await taken(sink, 5)
    assert {one.headers["webhook-id"] for one in sink.taken} == ids
    for unknown in (lambda: hooks.again(99, now), lambda: hooks.replay("ep_x", 0, now)):
        with pytest.raises(Unknown):
            unknown()


async def test_410_ends_it_and_a_redirect_is_not_followed(held: House, sink: HttpSink) -> None:
    hooks, now = hooks_of(held), held.server.office.clock.now()
    with http_sink() as other:
        sink.status, sink.location = 307, other.url
        made = hooks.add(sink.url, now)
        hooks.test(made.id, now)
        await until(lambda: hooks.deliveries(1)[0].tries == 1)
        assert hooks.deliveries(1)[0].problem == "answered 307"
        sink.status = 410
        hooks.again(hooks.deliveries(1)[0].number, now)
        await until(lambda: hooks.endpoints()[0].ended is not None)
        assert hooks.waiting() == 0
        assert other.taken == []
    with pytest.raises(Unknown):
        hooks.test(made.id, now)


async def test_a_receiver_that_hangs_holds_up_nobody_else(held: House, sink: HttpSink) -> None:
    with_lock = threading.Event()

    def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_lock.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hooks, now = hooks_of(held), held.server.office.clock.now()
    slow = hooks.add(f"http://127.0.0.1:{port}/", now)
    quick = hooks.add(sink.url, now)
    for _ in range(5):
        hooks.test(slow.id, now)
    await until(with_lock.is_set)
    hooks.test(quick.id, now)
    await taken(sink, 1)
    server.close()


def test_it_survives_a_kill_and_the_command_line_replays(tmp_path: Path, sink: HttpSink) -> None:
    with running_server(tmp_path / "data") as server:
        server.kill()
        data = str(server.data)
        command = accompany("webhooks", "--data", data, "add", sink.url)
        networks = {"ACCOMPANY_WEBHOOK_NETWORKS": LOOPBACK}
        refused = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=False
        )
        assert refused.returncode == 1
        assert "webhook_networks" in refused.stderr or "https" in refused.stderr
        done = subprocess.run(
            command, env={**environment(), **networks}, capture_output=True, text=True, check=True
        )
        id_, secret = done.stdout.splitlines()[0], done.stdout.split()[2]
        main(["webhooks", "--data", data, "test", id_])
        # Kept while no server was there; sent once there is one.
        assert sink.taken == []
        server.more.update(networks)
        server.start()
        (one,) = sink.wait(1)
        assert check(one, secret)["type"] == "webhook.test"
        assert main(["webhooks", "--data", data, "replay", "--delivery", "1"]) == 0
        again = sink.wait(2)[1]
        assert again.headers["webhook-id"] == one.headers["webhook-id"]
        check(again, secret)


def test_what_a_kill_left_without_an_answer_is_sent_again_and_nothing_is_left_out(
    tmp_path: Path, sink: HttpSink
) -> None:
    """The receiver has taken them, and the server died before it could know: at least once."""
    networks = {"ACCOMPANY_WEBHOOK_NETWORKS": LOOPBACK}
    with running_server(tmp_path / "data", more=networks) as server:
        data = str(server.data)
        add = accompany("webhooks", "--data", data, "add", sink.url)
        done = subprocess.run(
            add, env={**environment(), **networks}, capture_output=True, text=True, check=True
        )
        secret = done.stdout.split()[2]
        sink.hold.clear()
        phone = Caller(server, "TX", "en")
        sink.wait(1)
        server.kill()
        taken = {one.headers["webhook-id"] for one in sink.taken}
        sink.taken.clear()
        sink.hold.set()
        server.start()
        phone.come()
        phone.end()
        wait_for(lambda: {"press.begun", "press.ended"} <= types(sink, secret), 30)
        assert taken <= {one.headers["webhook-id"] for one in sink.taken}


def types(sink: HttpSink, secret: str) -> set[str]:
    return {check(one, secret)["type"] for one in list(sink.taken)}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/x",
        "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/",
        "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://2130706433/",
        "https://0x7f.1/", "https://127.1/", "https://user@example.org/", "https://example.org#x",
        "https://example.org\\@127.0.0.1/", "ftp://example.org/", "https://", "https:///x",
        "https://example.org:0/", "https://example.org:99999/", "https://exa mple.org/",
        "https://224.0.0.1/", "https://100.64.0.1/", "https://[fe80::1]/", "https://[fd00::1]/",
    ],
)  # fmt: skip
async def test_what_is_not_public_is_not_called(held: House, url: str) -> None:
    hooks = SqliteHooks(held.server.office.books.hooks._database)  # type: ignore[attr-defined]
    with pytest.raises(Malformed) as caught:
        hooks.add(url, 0)
    (fault,) = caught.value.faults
    assert f"dd.hooks.wrong.{fault.code}" in ENGLISH


async def test_a_name_that_means_this_machine_is_not_called(tmp_path: Path, sink: HttpSink) -> None:
    async with listening(tmp_path) as held:
        hooks = hooks_of(held)
        made = hooks.add(f"https://localhost:{sink.port}/", 0)
        hooks.test(made.id, 0)
        await until(lambda: hooks.deliveries(1)[0].tries == 1)
        assert "public address" in hooks.deliveries(1)[0].problem
        assert sink.taken == []


async def test_https_is_to_the_address_that_was_judged_and_to_the_name_that_was_meant(
    held: House, tmp_path: Path
) -> None:
    authority, names = trustme.CA(), []
    trusting, serving = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trusting)
    authority.issue_cert("localhost").configure_cert(serving)
    serving.sni_callback = lambda _, name, __: names.append(name)
    got: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]
    database = Database(tmp_path / "own.sqlite")
    clock = held.server.office.clock
    hooks = SqliteHooks(database, read_networks("127.0.0.0/8 ::1/128"))
    # Another authority's certificate is refused; then ours counts.
    for trust, taken_ in ((None, False), (trusting, True)):
        made = hooks.add(f"https://localhost:{port}/x", clock.now())
        hooks.test(made.id, clock.now())
        running = asyncio.create_task(Deliveries(hooks, clock, trust).run())
        await until(lambda: hooks.deliveries(1)[0].tries == 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert (hooks.deliveries(1)[0].done is not None) == taken_
        hooks.end(made.id, clock.now())
    assert set(names) == {"localhost"}
    assert len(got) == 1
    assert f"host: localhost:{port}".encode() in got[0].lower()
    server.close()
    database.close()


async def test_ten_are_the_most_and_old_messages_are_forgotten(held: House, sink: HttpSink) -> None:
    hooks, now = hooks_of(held), held.server.office.clock.now()
    made = [hooks.add(f"{sink.url}/{n}", now) for n in range(10)]
    with pytest.raises(Forbidden):
        hooks.add(sink.url, now)
    hooks.end(made[0].id, now)
    hooks.add(sink.url, now)
    hooks.test(made[1].id, now)
    await taken(sink, 1)
    await until(lambda: hooks.deliveries(1)[0].done)
    hooks.forget(now + KEPT)
    assert len(hooks.deliveries(5)) == 1
    hooks.forget(now + KEPT + 1)
    assert hooks.deliveries(5) == []


def test_a_wrong_network_stops_the_start() -> None:
    assert read_networks(Settings().webhook_networks) == ()
    with pytest.raises(Malformed, match="webhook_networks"):
        read_networks("10.0.0.0/99")
