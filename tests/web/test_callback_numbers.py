"""A number to be called back on: left by a phone, opened by who owes the callback, destroyed."""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accompany.adapters.sqlite import connect
from accompany.client.device import locator_of
from accompany.dispatch.events import Conflicted, Promised
from accompany.dispatch.numbers import KEPT, SealedNumber
from accompany.dispatch.papers import CUSTODIAN
from accompany.evidence.age import HybridIdentity, HybridRecipient, encrypt
from accompany.evidence.callback_numbers import CallbackNumber, open_number, seal_number
from accompany.evidence.text import read_base64, write_base64
from accompany.ids import CardSerial, EncounterId
from accompany.web.callbacks import tidy_numbers
from accompany.web.numbers import CHANGES
from answered import recipient_of
from founding import Browser, carded
from house import Attorney, House, Live, bearing, listening, new_id
from thief import holding

pytestmark = pytest.mark.anyio
NUMBER = "+15550107071"
OFFER = {"note": "offer note", "description": {"type": "offer", "sdp": "v=0"}}


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with listening(tmp_path, wave_seconds=0.1) as one:
        yield one


@dataclass
class Caller:
    """A phone whose press nobody answers."""

    held: House
    press: dict[str, Any]
    number: str = NUMBER

    @property
    def encounter(self) -> EncounterId:
        return EncounterId(self.press["encounter"])

    @property
    def path(self) -> str:
        return f"/api/callbacks/{self.encounter}"

    def sealed(self, recipient: HybridRecipient, encounter: str = "") -> str:
        number = CallbackNumber(EncounterId(encounter or self.encounter), self.number)
        return write_base64(seal_number(number, recipient))

    async def ask(self, method: str, secret: bytes | None = None, **more: Any) -> Any:
        shown = read_base64(self.press["secret"], 32) if secret is None else secret
        answer = await self.held.request(method, self.path, headers=bearing(shown), **more)
        return answer.json() if answer.status_code < 300 else answer.status_code

    async def leave(self, secret: bytes | None = None, **to: HybridRecipient) -> Any:
        """Leave it sealed to each, by the name of the holder."""
        copies = [{"holder": one, "sealed": self.sealed(key)} for one, key in to.items()]
        return await self.ask("PUT", secret, json={"copies": copies})


@asynccontextmanager
async def waiting(held: House, **bent: Any) -> AsyncIterator[tuple[Caller, Live]]:
    async with held.phone() as phone:
        caller = Caller(held, held.press(**bent))
        await phone.say(**caller.press)
        await phone.until("standing", lambda one: one["callback"] and one["callback"]["deadline"])
        yield caller, phone


async def read(held: House, who: Attorney, encounter: str) -> Any:
    answer = await held.get(f"/api/callbacks/{encounter}/number", headers=who.headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def close(held: House, ada: Attorney, encounter: EncounterId) -> None:
    async with held.console(ada) as console:
        await console.say(type="duty", on=True, languages=["en"])
        await console.say(type="callback", encounter=encounter, done=True)
        await console.until("desk", lambda desk: desk["on"] and not desk["callbacks"])


async def owned(held: House, encounter: EncounterId, owner: Attorney) -> None:
    desk, now = held.server.office.desk, held.server.office.clock.now()
    desk.append(encounter, Promised(CardSerial(owner.serial), now + 60_000, now))


def to(who: Attorney) -> dict[str, HybridRecipient]:
    return {who.serial: recipient_of(who)}


async def test_the_owner_opens_it_and_closing_the_callback_destroys_it(
    held: House, tmp_path: Path
) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben Bar")
    async with held.console(ada) as console, waiting(held, state="NY") as (caller, phone):
        device = await held.opened(caller.encounter)
        assert (await caller.ask("GET"))["owner"] is None, "nobody is licensed there"
        await owned(held, caller.encounter, ada)
        told = await caller.ask("GET")
        assert (told["owner"], told["left"]) == (ada.card.decode(), False)
        assert (await caller.leave(**to(ada)))["left"] is True
        await phone.until("standing", lambda one: one["callback"]["left"])
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda one: any(one["number"] for one in one["callbacks"]))
        kept = held.server.office.numbers.of(caller.encounter)[CardSerial(ada.serial)]
        assert holding(tmp_path, kept[:64], exact=True) != []
        found = await read(held, ada, caller.encounter)
        assert (found["owner"], found["until"]) == (None, told["until"])
        opened = open_number(read_base64(found["sealed"]), caller.encounter, ada.identity)
        assert opened.number == NUMBER
        assert await read(held, ben, caller.encounter) == 404, "owed by somebody else"
        lines = [row.data.decode() for row in held.server.office.keeper.custody(device.recording)]
        assert ["callback number shown" in one for one in lines] == [True]
        assert not any(NUMBER in one for one in lines)
        await console.say(type="callback", encounter=caller.encounter, done=True)
        await console.until("desk", lambda one: not one["callbacks"])
    assert holding(tmp_path, kept[:64], exact=True) == []
    assert held.server.office.numbers.left() == frozenset()
    assert await read(held, ada, caller.encounter) == 404
    assert await caller.ask("GET") == 404
    # It can be reopened; the number is gone all the same.
    held.server.office.desk.reopen(caller.encounter, CardSerial(ada.serial), 0)
    assert (await caller.ask("GET"))["left"] is False
    assert await read(held, ada, caller.encounter) == 404


async def test_a_caller_changes_it_and_takes_it_back(held: House) -> None:
    ada, numbers = await held.attorney(), held.server.office.numbers
    async with waiting(held) as (caller, phone):
        await owned(held, caller.encounter, ada)
        await caller.leave(**to(ada))
        first = numbers.of(caller.encounter)
        caller.number = "5550107072"
        await caller.leave(**to(ada))
        changed = numbers.of(caller.encounter)
        assert changed.keys() == first.keys()
        (sealed,) = changed.values()
        assert open_number(sealed, caller.encounter, ada.identity).number == caller.number
        for _ in range(2):
            assert (await caller.ask("DELETE"))["left"] is False
            assert numbers.of(caller.encounter) == {}
        await phone.until("standing", lambda one: not one["callback"]["left"])
        assert await read(held, ada, caller.encounter) == 404


async def test_nobody_else_leaves_changes_or_takes_back_anything(held: House) -> None:
    ada = await held.attorney()
    async with waiting(held) as (caller, _), waiting(held) as (other, _):
        for one in (caller, other):
            await owned(held, one.encounter, ada)
        await caller.leave(**to(ada))
        for wrong in (secrets.token_bytes(32), read_base64(other.press["secret"]), b"short"):
            for method in ("GET", "DELETE"):
                assert await caller.ask(method, wrong) == 404
            assert await caller.leave(wrong, **to(ada)) == 404
        assert caller.encounter in held.server.office.numbers.left()
        caller.press["encounter"] = new_id()
        assert await caller.ask("GET") == 404


async def test_whoever_unlocked_their_recordings_may_as_well(held: House) -> None:
    ada, secret = await held.attorney(), secrets.token_bytes(32)
    async with waiting(held) as (caller, phone):
        device = held.device(caller.encounter)
        new = held.new_recording(device, locator=locator_of(secret).hex())
        assert (await held.client.post("/api/recordings", json=new)).status_code == 201
        await owned(held, caller.encounter, ada)
        await phone.say(type="end")
        await phone.until("standing", lambda one: one["stage"] == "ended" and one["callback"])
    filed = {"secrets": [write_base64(secret)]}
    (found,) = (await held.client.post("/api/filed", json=filed)).json()
    assert (found["callback"]["left"], found["callback"]["owner"]) == (False, ada.card.decode())
    assert (await caller.leave(secret, **to(ada)))["left"] is True
    assert (await caller.ask("DELETE", secret))["left"] is False
    held.server.office.desk.called_back(caller.encounter, CardSerial(ada.serial), 0)
    (found,) = (await held.client.post("/api/filed", json=filed)).json()
    assert found["callback"] is None


async def test_who_left_a_number_and_lets_go_early_is_owed_a_callback(tmp_path: Path) -> None:
    """The last wave, which would have brought it, is a minute away."""
    async with listening(tmp_path, wave_seconds=60) as held:
        ada = await held.attorney()
        founded = Browser(held, ada, ada.signer, HybridIdentity.generate(), ada.identity)
        held.server.office.charter.founded = object()  # type: ignore[assignment]
        for leaves in (True, False):
            async with held.phone() as phone:
                caller = Caller(held, held.press())
                await phone.say(**caller.press)
                await phone.until("standing")
                if leaves:
                    told = await caller.leave(custodian=founded.custodian.recipient)
                    assert (told["deadline"], told["until"], told["left"]) == (None, None, True)
                await phone.say(type="end")
                ended = await phone.until("standing", lambda one: one["stage"] == "ended")
            assert (ended["callback"] is not None) == leaves
            standing = held.server.office.desk.standing(caller.encounter)
            assert (standing.ringing.ticket is not None) == leaves
            assert (caller.encounter in held.server.office.numbers.left()) == leaves
            assert (await caller.ask("GET") == 404) != leaves


async def test_an_answer_that_was_the_end_of_it_destroys_it(held: House) -> None:
    ada = await held.attorney()
    async with held.console(ada) as console, waiting(held) as (caller, phone):
        await owned(held, caller.encounter, ada)
        await caller.leave(**to(ada))
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda one: one["rings"])
        await console.say(type="answer", encounter=caller.encounter, **OFFER)
        await phone.until("standing", lambda one: one["stage"] == "answered")
        # Kept while they talk, for a line that dies; nobody may read it, as nobody owes a callback.
        assert caller.encounter in held.server.office.numbers.left()
        assert await read(held, ada, caller.encounter) == 404
        await phone.say(type="end")
        await console.until("ended")
    assert held.server.office.numbers.left() == frozenset()


async def test_it_is_destroyed_some_days_after_the_deadline_though_nobody_called(
    held: House, tmp_path: Path
) -> None:
    ada, office = await held.attorney(), held.server.office
    async with waiting(held) as (caller, phone):
        await owned(held, caller.encounter, ada)
        until = await caller.leave(**to(ada))
        await phone.say(type="end")
        await phone.until("standing", lambda one: one["stage"] == "ended")
    (kept,) = office.numbers.of(caller.encounter).values()
    ticket = office.desk.standing(caller.encounter).ringing.ticket
    assert ticket is not None
    for late, there in ((KEPT - 1, True), (KEPT, False)):
        office.clock.never_before(ticket.deadline + late)  # type: ignore[attr-defined]
        tidy_numbers(office)
        assert (caller.encounter in office.numbers.left()) == there
        assert (holding(tmp_path, kept[:64], exact=True) != []) == there
    assert until["until"] is not None
    assert await caller.ask("GET") == 404
    assert office.desk.standing(caller.encounter).ringing.ticket is not None, "still owed"


async def test_what_no_press_here_left_is_destroyed(held: House) -> None:
    office = held.server.office
    sealed = seal_number(
        CallbackNumber(EncounterId(new_id()), NUMBER), HybridIdentity.generate().recipient
    )
    gone = SealedNumber(EncounterId(new_id()), CardSerial(new_id()), sealed)
    office.numbers.put([gone])
    tidy_numbers(office)
    assert office.numbers.left() == frozenset()


async def test_a_demonstration_takes_none_for_its_custodian(held: House) -> None:
    ada, custodian = await held.attorney(), held.server.keys.custodian.recipient
    async with waiting(held, state="NY") as (caller, _):
        assert await caller.leave(custodian=custodian) == 422
        await owned(held, caller.encounter, ada)
        assert (await caller.leave(custodian=custodian, **to(ada)))["left"] is True
        assert held.server.office.numbers.of(caller.encounter).keys() == {ada.serial}


async def test_a_copy_for_who_was_the_owner_is_left_out(held: House) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben Bar")
    async with waiting(held) as (caller, _):
        await owned(held, caller.encounter, ada)
        await owned(held, caller.encounter, ben)
        assert await caller.leave(**to(ada)) == 422
        await caller.leave(**to(ada), **to(ben))
        assert held.server.office.numbers.of(caller.encounter).keys() == {ben.serial}


async def test_a_coordinator_opens_it_and_seals_it_to_a_later_owner(held: House) -> None:
    browser, office = await Browser.at(held), held.server.office
    await browser.found()
    ada = await carded(held, browser, "Ada")
    async with waiting(held, state="NY") as (caller, _):
        await caller.leave(custodian=browser.custodian.recipient)
        found = await read(held, browser.who, caller.encounter)
        opened = open_number(read_base64(found["sealed"]), caller.encounter, browser.custodian)
        assert (opened.number, found["owner"]) == (NUMBER, None)
        await owned(held, caller.encounter, ada)
        assert (await read(held, ada, caller.encounter))["sealed"] is None, "left before"
        found = await read(held, browser.who, caller.encounter)
        assert found["owner"] == office.card(CardSerial(ada.serial))
        path = f"{caller.path}/number"
        given = {"holder": ada.serial, "sealed": caller.sealed(ada.identity.recipient)}
        for who, body, status in (
            (ada, given, 403),
            (browser.who, {**given, "holder": CUSTODIAN}, 422),
            (browser.who, {**given, "holder": new_id()}, 422),
            (browser.who, {**given, "sealed": ""}, 400),
            (browser.who, given, 204),
        ):
            answer = await held.request("PUT", path, json=body, headers=who.headers)
            assert answer.status_code == status, body
        sealed = read_base64((await read(held, ada, caller.encounter))["sealed"])
        assert open_number(sealed, caller.encounter, ada.identity).number == NUMBER
        assert (await read(held, browser.who, caller.encounter))["owner"] is None
        assert await caller.ask("DELETE") is not None
        answer = await held.request("PUT", path, json=given, headers=browser.who.headers)
        assert answer.status_code == 404, "taken back: nothing comes back by itself"


async def test_who_has_a_conflict_is_not_shown_it(held: House) -> None:
    ada = await held.attorney()
    async with waiting(held) as (caller, _):
        await owned(held, caller.encounter, ada)
        await caller.leave(**to(ada))
        desk = held.server.office.desk
        desk.append(caller.encounter, Conflicted(CardSerial(ada.serial), 0))
        await owned(held, caller.encounter, ada)
        assert await read(held, ada, caller.encounter) == 404


BENT: list[Any] = [
    {"copies": []},
    {},
    {"copies": [{"holder": "custodian"}]},
    {"copies": [{"holder": "Custodian", "sealed": "AAAA"}]},
    {"copies": [{"holder": "custodian", "sealed": "AAAA"}]},
    {"copies": [{"holder": "custodian", "sealed": "AAAA"}] * 3},
    {"copies": [], "number": NUMBER},
]


async def test_what_is_in_no_form_is_refused(held: House) -> None:
    ada = await held.attorney()
    async with waiting(held) as (caller, _):
        await owned(held, caller.encounter, ada)
        for bent in BENT:
            assert await caller.ask("PUT", json=bent) == 400, bent
        one = {"holder": ada.serial, "sealed": write_base64(b"x" * 20_000)}
        assert await caller.ask("PUT", json={"copies": [one]}) == 413
        longer = encrypt(bytes(1025), [recipient_of(ada)])
        one = {"holder": ada.serial, "sealed": write_base64(longer)}
        assert await caller.ask("PUT", json={"copies": [one]}) == 400, "every one is as long"
        clear = NUMBER.encode().ljust(2683, b"\0")
        one = {"holder": ada.serial, "sealed": write_base64(clear)}
        assert await caller.ask("PUT", json={"copies": [one]}) in (400, 422)
        assert held.server.office.numbers.left() == frozenset()


async def test_it_may_be_changed_so_often_an_hour(held: House) -> None:
    ada = await held.attorney()
    async with waiting(held) as (caller, _), waiting(held) as (other, _):
        for one in (caller, other):
            await owned(held, one.encounter, ada)
        copies = [{"holder": ada.serial, "sealed": caller.sealed(recipient_of(ada))}]
        said = [await caller.ask("PUT", json={"copies": copies}) for _ in range(CHANGES + 1)]
        assert said[-1] == 429
        assert 429 not in said[:-1]
        assert (await other.leave(**to(ada)))["left"] is True
        assert (await caller.ask("DELETE"))["left"] is False
        office = held.server.office
        office.clock.never_before(office.clock.now() + 3_600_000)  # type: ignore[attr-defined]
        assert (await caller.leave(**to(ada)))["left"] is True


async def test_nothing_of_it_is_in_logs_files_figures_or_webhooks(
    held: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ada, cora = await held.attorney(), await held.person("coordinator")
    caplog.set_level(logging.DEBUG, "accompany")
    async with waiting(held) as (caller, _):
        await owned(held, caller.encounter, ada)
        before = _rows(tmp_path)
        await caller.leave(**to(ada))
        assert {name for name, count in _rows(tmp_path).items() if count != before[name]} == {
            "callback_numbers"
        }
        await read(held, ada, caller.encounter)
        for path in ("figures?days=1", "files/callbacks.csv", "files/presses.csv"):
            answer = await held.get(f"/api/desk/{path}", headers=cora.headers)
            assert answer.status_code == 200
            assert NUMBER not in answer.text
            assert "number" not in answer.text.partition("\n")[0] or "json" in str(answer.headers)
    said = [one.getMessage() for one in caplog.records if one.name.startswith("accompany")]
    assert len(said) == 1, "nothing was recorded: that it was shown has no chain of custody"
    assert caller.encounter not in said[0]
    assert not any(NUMBER in one.getMessage() for one in caplog.records)
    assert holding(tmp_path, NUMBER.encode(), exact=True) == []


def _rows(folder: Path) -> dict[str, int]:
    database = connect(folder / "data/accompany.sqlite")
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    count = "SELECT count(*) FROM"
    found = {name: database.execute(f"{count} {name}").fetchone()[0] for (name,) in tables}
    database.close()
    return found
