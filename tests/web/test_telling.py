"""Telling people, really: a press, sealed contacts, an HTTP and an SMTP receiver, two restarts; and
that a seized folder holds no address and no word."""

import asyncio
import json
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from accompany.adapters.backup import Backup
from accompany.adapters.stores import Store
from accompany.evidence.age import HybridRecipient
from accompany.evidence.notes import Verifier, open_note
from accompany.evidence.text import read_base64, write_base64
from accompany.telling.allowance import FROM_ONE, TO_ONE
from accompany.telling.contacts import Contact, seal_contact
from accompany.telling.course import GRACE
from house import House, Live, bearing, listening, new_id
from sinks import HttpSink, SmtpSink, http_sink, smtp_sink

pytestmark = pytest.mark.anyio

MOTHER = Contact(
    "sms", "+15550107071", "A test for mother", "CANARYPRESS I was stopped", "CANARYSAFE",
    "CANARYLATE",
)  # fmt: skip
FRIEND = Contact(
    "email", "canary.friend@example.org", "A test", "CANARYPRESS stopped", "CANARYSAFE",
    "CANARYLATE",
)  # fmt: skip
CANARIES = (b"5550107071", b"canary.friend", b"CANARYPRESS", b"CANARYSAFE", b"CANARYLATE")


@pytest.fixture(scope="module")
def web() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def mail() -> Iterator[SmtpSink]:
    with smtp_sink() as sink:
        yield sink


def channels_file(folder: Path, web: HttpSink, mail: SmtpSink) -> str:
    path = folder / "channels.toml"
    path.write_text(
        f"[channels]\nsms = {json.dumps(web.json_template)}\nemail = {json.dumps(mail.template)}\n"
    )
    return str(path)


class Caller:
    """A phone with its contacts, and the secrets of one press."""

    def __init__(self, held: House, *contacts: Contact) -> None:
        note = open_note(
            held.server.office.telling_note,
            Verifier.parse(held.server.office.organization_key),
        )
        recipient = HybridRecipient.parse(note.split("recipient ")[1].strip())
        self.held = held
        self.contacts = [write_base64(seal_contact(one, recipient)) for one in contacts]
        self.press = held.press()
        self.check_in = secrets.token_bytes(32)

    def begin(self, **bent: Any) -> Any:
        given = {
            "encounter": self.press["encounter"],
            "secret": self.press["secret"],
            "check_in": write_base64(self.check_in),
            "contacts": self.contacts,
            "minutes": 15,
        }
        return self.held.request("POST", "/api/tellings", json={**given, **bent})

    async def state(self) -> dict[str, Any]:
        answer = await self.held.get("/api/tellings", headers=bearing(self.check_in))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def safe(self, contacts: list[str] | None = None) -> Any:
        body = {"contacts": self.contacts if contacts is None else contacts}
        headers = bearing(self.check_in)
        return self.held.request("POST", "/api/tellings/safe", json=body, headers=headers)

    async def until(self, word: str, fate: str = "told") -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                state = await self.state()
                if all(one[word] == fate for one in state["contacts"]):
                    return state
                await asyncio.sleep(0.02)


def forward(held: House, milliseconds: int) -> None:
    """Set the server's clock ahead: time is a parameter."""
    clock = held.server.office.clock
    clock.never_before(clock.now() + milliseconds)  # type: ignore[attr-defined]


@pytest.fixture
async def held(tmp_path: Path, web: HttpSink, mail: SmtpSink) -> AsyncIterator[House]:
    web.taken.clear()
    mail.taken.clear()
    async with listening(tmp_path, channels=channels_file(tmp_path, web, mail)) as house:
        yield house


async def pressed(caller: Caller, phone: Live) -> None:
    await phone.say(**caller.press)
    await phone.until("standing")


async def on_duty(console: Live) -> Any:
    await console.say(type="duty", on=True, languages=["en"])
    return await console.until("desk", lambda desk: desk["on"])


def said(sink: HttpSink) -> list[tuple[str, str]]:
    return [(one.path, json.loads(one.body)["message"]) for one in sink.taken]


async def test_contacts_hear_at_the_press_and_when_the_caller_is_safe(
    held: House, web: HttpSink, mail: SmtpSink
) -> None:
    caller = Caller(held, MOTHER, FRIEND)
    async with held.phone() as phone:
        await pressed(caller, phone)
        answer = await caller.begin()
        assert answer.status_code == 201
        begun = answer.json()
        assert begun == {
            "stage": "waiting", "due": begun["due"], "armed": True, "time": begun["time"],
            "contacts": [{"pressed": "waiting", "safe": "none", "overdue": "none"}] * 2,
            "release": None,
        }  # fmt: skip
        forward(held, GRACE)
        await caller.until("pressed")
        assert said(web) == [("/to/+15550107071", "CANARYPRESS I was stopped")]
        (message,) = mail.taken
        assert message.recipients == ("canary.friend@example.org",)
        assert message.text == "CANARYPRESS stopped"
        assert (await caller.safe()).json()["stage"] == "safe"
        await caller.until("safe")
        assert said(web)[1:] == [("/to/+15550107071", "CANARYSAFE")]
        assert [one.text for one in mail.taken] == ["CANARYPRESS stopped", "CANARYSAFE"]
        # Again is harmless.
        assert (await caller.safe()).status_code == 200
        assert (await caller.begin()).status_code == 200
        await caller.until("safe")
        assert len(web.taken) == 2


async def test_without_i_am_safe_the_contacts_and_the_attorney_are_told(
    held: House, web: HttpSink, mail: SmtpSink
) -> None:
    caller, ada, ben = Caller(held, MOTHER, FRIEND), await held.attorney(), await held.attorney()
    encounter = caller.press["encounter"]
    async with held.console(ada) as console, held.phone() as phone:
        await on_duty(console)
        await pressed(caller, phone)
        await console.until("desk", lambda desk: desk["rings"])
        offer = {"note": "n", "description": {"sdp": ""}}
        await console.say(type="answer", encounter=encounter, **offer)
        await console.until("desk", lambda desk: desk["call"])
        begun = (await caller.begin()).json()
        desk = await console.until("desk", lambda desk: desk["check_ins"])
        assert desk["check_ins"] == [
            {
                "encounter": encounter, "state": "TX", "stage": "waiting", "due": begun["due"],
                "contacts": 2, "told": 0, "armed": True,
            }
        ]  # fmt: skip
        await phone.say(type="end")
        await console.until("ended")
    # The phone is gone; the server goes on by itself.
    async with held.console(ada) as console, held.console(ben) as other:
        await on_duty(other)
        forward(held, GRACE)
        await caller.until("pressed")
        forward(held, 15 * 60_000)
        await console.until(
            "desk", lambda desk: [one["stage"] for one in desk["check_ins"]] == ["missed"]
        )
        await caller.until("overdue")
        assert [text for _, text in said(web)] == ["CANARYPRESS I was stopped", "CANARYLATE"]
        assert [one.text for one in mail.taken] == ["CANARYPRESS stopped", "CANARYLATE"]
        # It concerns nobody else.
        await other.say(type="duty", on=False, languages=[])
        assert (await other.until("desk", lambda desk: not desk["on"]))["check_ins"] == []


async def test_a_caller_nobody_answered_is_missed_by_everybody_who_may(held: House) -> None:
    caller = Caller(held)
    texas, ohio = await held.attorney(), await held.attorney(licenses=["OH"])
    async with held.phone() as phone:
        await pressed(caller, phone)
        assert (await caller.begin()).status_code == 201
    forward(held, 15 * 60_000)
    held.server.office.teller.tick()
    async with held.console(texas) as console, held.console(ohio) as other:
        assert [one["stage"] for one in (await on_duty(console))["check_ins"]] == ["missed"]
        assert (await on_duty(other))["check_ins"] == []


async def test_a_press_taken_back_at_once_tells_nobody(held: House, web: HttpSink) -> None:
    caller = Caller(held, MOTHER)
    async with held.phone() as phone:
        await pressed(caller, phone)
        await caller.begin()
        await caller.safe([])
        forward(held, 2 * GRACE)
        held.server.office.teller.tick()
        await caller.until("pressed", "none")
    assert web.taken == []


async def test_only_the_admitted_press_itself_may_tell(held: House, web: HttpSink) -> None:
    caller, other = Caller(held, MOTHER), Caller(held, MOTHER)
    assert (await caller.begin()).status_code == 404
    async with held.phone() as phone:
        await pressed(caller, phone)
        wrong = await caller.begin(secret=other.press["secret"])
        unknown = await caller.begin(encounter=new_id())
        assert (wrong.status_code, wrong.json()) == (404, unknown.json())
        assert (await caller.begin()).status_code == 201
        again = await caller.begin(check_in=write_base64(other.check_in))
        assert again.status_code == 403
    for headers in ({}, bearing(other.check_in), bearing(b"short")):
        answer = await held.get("/api/tellings", headers=headers)
        assert answer.status_code in (401, 404)
        answer = await held.request(
            "POST", "/api/tellings/safe", headers=headers, json={"contacts": []}
        )
        assert answer.status_code in (401, 404)
    assert web.taken == []


@pytest.mark.parametrize(
    "bent",
    [
        {"channel": "json", "address": "127.0.0.1:1"},
        {"address": "http://127.0.0.1/"},
        {"address": "+15550107071\r\nX: y"},
        {"pressed": "CANARY\r\nBcc: somebody"},
        {"pressed": "CANARY https://evil.example"},
        {"channel": "signal"},
    ],
)
async def test_what_could_reach_elsewhere_is_refused_and_not_quoted(
    held: House, web: HttpSink, bent: dict[str, str]
) -> None:
    whole = {name: getattr(MOTHER, name) for name in MOTHER.__struct_fields__}
    caller = Caller(held, Contact(**{**whole, **bent}))
    async with held.phone() as phone:
        await pressed(caller, phone)
        answer = await caller.begin()
        assert answer.status_code == 400
        for canary in ("CANARY", "5550107071", "127.0.0.1"):
            assert canary not in answer.text
    assert web.taken == []


async def test_a_test_needs_the_code_and_goes_to_one(held: House, web: HttpSink) -> None:
    caller = Caller(held, MOTHER)

    def ask(code: str) -> Any:
        body = {"guest_code": code, "contact": caller.contacts[0]}
        return held.request("POST", "/api/tellings/tests", json=body)

    assert (await ask("zzzz-zzzz")).status_code == 401
    assert (await ask(held.server.guest_code)).json() == {"told": True}
    assert said(web) == [("/to/+15550107071", "A test for mother")]
    web.status = 500
    assert (await ask(held.server.guest_code)).json() == {"told": False}
    web.status = 200
    answers = [(await ask(held.server.guest_code)).status_code for _ in range(FROM_ONE - 1)]
    assert answers[-2:] == [200, 429]
    assert len(web.taken) == TO_ONE


async def test_the_service_says_what_it_offers(held: House) -> None:
    telling = (await held.get("/api/service")).json()["telling"]
    assert telling["channels"] == ["sms", "email"]
    assert (telling["contacts"], telling["minutes"]) == (5, [0, 15, 30, 60, 180])


async def test_without_channels_only_the_attorney_can_be_told(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        assert (await held.get("/api/service")).json()["telling"]["channels"] == []
        caller = Caller(held, MOTHER)
        async with held.phone() as phone:
            await pressed(caller, phone)
            assert (await caller.begin()).status_code == 400
            assert (await caller.begin(contacts=[])).status_code == 201


async def test_a_dump_at_any_moment_holds_no_contact(
    tmp_path: Path, web: HttpSink, mail: SmtpSink, capfd: pytest.CaptureFixture[str]
) -> None:
    """Data folder, write-ahead logs, backup, what was said: waiting, told, missed, restarted."""
    web.taken.clear()
    mail.taken.clear()
    settings = channels_file(tmp_path, web, mail)
    found: dict[str, set[bytes]] = {}
    canaries = list(CANARIES)

    async def look(when: str) -> None:
        await asyncio.to_thread(Backup(tmp_path / "data", Store(str(tmp_path / "backup"))).run)
        for folder in ("data", "backup"):
            for name, data in files(tmp_path / folder):
                seen = {one for one in canaries if one.lower() in data.lower()}
                if seen:
                    found[f"{when} {folder}/{name}"] = seen

    async with listening(tmp_path, channels=settings) as held:
        caller = Caller(held, MOTHER, FRIEND)
        # The sealed contact would link two presses of one caller as well as an address does.
        canaries += [one[100:164].encode() for one in caller.contacts]
        canaries += [read_base64(one)[-48:] for one in caller.contacts]
        office = held.server.office
        await held.opened()
        await office.sequencer.covering(office.keeper.size - 1)
        async with held.phone() as phone:
            await pressed(caller, phone)
            await caller.begin()
            await look("waiting")
            forward(held, GRACE)
            await caller.until("pressed")
            web.status = 500
            await look("told")
            forward(held, 15 * 60_000)
            await asyncio.to_thread(mail.wait, 2)
            await look("missed")
    web.status = 200
    async with listening(tmp_path, channels=settings) as held:
        caller.held = held
        forward(held, GRACE + 15 * 60_000)
        state = await caller.state()
        assert (state["stage"], state["armed"]) == ("missed", False)
        assert [one["overdue"] for one in state["contacts"]] == ["waiting", "told"]
        # The phone comes back, and the one who could not be told is told now.
        body, headers = {"contacts": caller.contacts}, bearing(caller.check_in)
        answer = await held.request("POST", "/api/tellings/contacts", json=body, headers=headers)
        assert answer.json()["armed"]
        await caller.until("overdue")
        await look("restarted")
    await look("stopped")
    assert found == {}
    assert {text for _, text in said(web)} == {"CANARYPRESS I was stopped", "CANARYLATE"}
    assert [one.text for one in mail.taken] == ["CANARYPRESS stopped", "CANARYLATE"]
    spoken = capfd.readouterr()
    assert [one for one in CANARIES if one.decode() in spoken.out + spoken.err] == []


def files(folder: Path) -> list[tuple[str, bytes]]:
    return [
        (str(path.relative_to(folder)), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


async def test_with_a_shelf_in_memory_a_restart_tells_all_the_same(
    tmp_path: Path, web: HttpSink, mail: SmtpSink
) -> None:
    web.taken.clear()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as shelf:
        settings = {"channels": channels_file(tmp_path, web, mail), "shelf": shelf}
        async with listening(tmp_path, **settings) as held:
            caller = Caller(held, MOTHER)
            async with held.phone() as phone:
                await pressed(caller, phone)
                await caller.begin()
        async with listening(tmp_path, **settings) as held:
            caller.held = held
            forward(held, 15 * 60_000)
            await caller.until("overdue")
            assert said(web) == [("/to/+15550107071", "CANARYLATE")]
        assert files(Path(shelf)) == []
