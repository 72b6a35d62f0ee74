"""Notes of a case and names for a conflict check over HTTP: sealed, their holder's alone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from accompany.adapters.sqlite import connect
from accompany.evidence.age import HybridIdentity, decrypt, encrypt
from accompany.evidence.text import read_base64, write_base64
from accompany.ids import CardSerial
from answered import AnsweredCase, recipient_of
from house import Attorney, House, listening, new_id

pytestmark = pytest.mark.anyio
TEXT = "Maria says the officer had no warrant."


def sealed_to(who: Attorney, text: str = TEXT) -> str:
    return write_base64(encrypt(text.encode(), [recipient_of(who)]))


def opened(sealed: str, identity: HybridIdentity) -> str:
    return decrypt(read_base64(sealed), [identity]).decode()


class Night(AnsweredCase):
    """What is asked about its notes."""

    async def put(self, who: Attorney, **body: str) -> int:
        named = {"holder": who.serial, "author": who.serial, "sealed": sealed_to(who), **body}
        path = f"/api/cases/{self.encounter}/notes"
        answer = await self.held.request("PUT", path, json=named, headers=who.headers)
        return int(answer.status_code)

    async def get(self, who: Attorney) -> Any:
        answer = await self.held.get(f"/api/cases/{self.encounter}/notes", headers=who.headers)
        return answer.json() if answer.status_code == 200 else answer.status_code


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with listening(tmp_path_factory.mktemp("notes")) as held:
        yield held


@pytest.fixture
async def night(held: House) -> Night:
    return Night(held, await held.attorney(), await held.attorney(name="Ben Bar"))


async def test_a_note_is_kept_sealed_replaced_and_forgotten(night: Night) -> None:
    ada = night.ada
    assert await night.get(ada) == []
    assert await night.put(ada, sealed=sealed_to(ada, "draft")) == 204
    assert await night.put(ada) == 204
    (kept,) = await night.get(ada)
    assert opened(kept.pop("sealed"), ada.identity) == TEXT
    assert kept.pop("time").endswith("Z")
    assert kept == {"author": ada.serial, "name": "Ada Counsel", "card": ada.card.decode()}
    # After the call as in it.
    night.desk.end(night.encounter, "caller", night.now)
    assert len(await night.get(ada)) == 1
    assert await night.put(ada, sealed="") == 204
    assert await night.get(ada) == []


async def test_notes_go_along_with_a_hand_over_and_only_then(night: Night) -> None:
    ada, ben, office = night.ada, night.ben, night.held.server.office
    assert await night.put(ada) == 204
    to_ben = {"holder": ben.serial, "author": ada.serial, "sealed": sealed_to(ben)}
    assert await night.put(ada, **to_ben) == 403
    night.hand()
    assert await night.put(ada, **to_ben) == 204
    # A note she does not hold is none that she gives on; and before the case is his, he reads none.
    assert await night.put(ada, **{**to_ben, "author": new_id()}) == 403
    assert await night.get(ben) == 404
    night.desk.arrived(night.encounter, CardSerial(ben.serial), night.now)
    assert night.desk.handed(night.encounter, CardSerial(ada.serial), night.now)
    (kept,) = await night.get(ben)
    assert (kept["author"], opened(kept["sealed"], ben.identity)) == (ada.serial, TEXT)
    assert kept["card"] == ada.card.decode()
    assert (await night.get(ada), await night.put(ada)) == (404, 404)
    # His own text stands beside hers; hers he cannot change.
    assert await night.put(ben) == 204
    assert await night.put(ben, author=ada.serial) == 403
    assert [one["author"] for one in await night.get(ben)] == [ada.serial, ben.serial]
    assert office.desk.standing(night.encounter).last == ben.serial


async def test_what_is_not_sealed_is_not_taken(night: Night) -> None:
    ada = night.ada
    bent = {
        write_base64(TEXT.encode()): 422, "no base64": 400, sealed_to(ada)[:-200] + "!": 400,
        write_base64(bytes(300 * 1024)): 413,
    }  # fmt: skip
    for sealed, status in bent.items():
        assert await night.put(ada, sealed=sealed) == status, sealed[:40]
        path, body = "/api/conflicts", {"sealed": sealed}
        answer = await night.held.request("PUT", path, json=body, headers=ada.headers)
        assert answer.status_code == status
    assert await night.get(ada) == []
    two = [HybridIdentity.generate().recipient for _ in range(2)]
    assert await night.put(ada, sealed=write_base64(encrypt(b"for two", two))) == 422


async def test_names_for_a_conflict_check_are_their_owners_alone(night: Night) -> None:
    held, ada, ben = night.held, night.ada, night.ben

    async def names(who: Attorney) -> Any:
        return (await held.get("/api/conflicts", headers=who.headers)).json()["sealed"]

    async def keep(who: Attorney, sealed: str) -> int:
        body = {"sealed": sealed}
        answer = await held.request("PUT", "/api/conflicts", json=body, headers=who.headers)
        return int(answer.status_code)

    assert await names(ada) is None
    for text in ("Maria Lopez", "Maria Lopez\nJohn Doe"):
        assert await keep(ada, sealed_to(ada, text)) == 204
    assert opened(await names(ada), ada.identity) == "Maria Lopez\nJohn Doe"
    assert await names(ben) is None
    assert await keep(ada, "") == 204
    assert await names(ada) is None


async def test_a_dump_of_the_server_holds_no_word_of_either(night: Night) -> None:
    ada = night.ada
    assert await night.put(ada) == 204
    body = {"sealed": sealed_to(ada, "Maria Lopez")}
    path = "/api/conflicts"
    assert (
        await night.held.request("PUT", path, json=body, headers=ada.headers)
    ).status_code == 204
    tables = connect(night.held.server.office.settings.data / "accompany.sqlite")
    dump = "\n".join(tables.iterdump())
    assert "papers" in dump
    for word in ("Maria", "warrant", TEXT.encode().hex().upper(), b"Lopez".hex().upper()):
        assert word not in dump
