"""Documents of a case over HTTP: sealed, whoever has the case's alone, going along with it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from accompany.adapters.sqlite import connect
from accompany.dispatch import documents as limits
from accompany.evidence.age import HybridIdentity, decrypt, encrypt
from accompany.evidence.text import read_base64, write_base64
from accompany.ids import CardSerial
from accompany.web import case_documents
from answered import AnsweredCase, recipient_of
from house import Attorney, House, listening, new_id

pytestmark = pytest.mark.anyio
TEXT = b"CANARYDOCUMENT notice to appear"


def sealed_key(who: Attorney, text: bytes = b"its key and name") -> str:
    return write_base64(encrypt(text, [recipient_of(who)]))


def sealed_file(text: bytes = TEXT) -> tuple[bytes, HybridIdentity]:
    identity = HybridIdentity.generate()
    return encrypt(text, [identity.recipient]), identity


class Case(AnsweredCase):
    """What is asked about its documents."""

    def __init__(self, held: House, ada: Attorney, ben: Attorney) -> None:
        super().__init__(held, ada, ben)
        self.path = f"/api/cases/{self.encounter}/documents"

    async def ask(self, method: str, who: Attorney, rest: str = "", **more: Any) -> Any:
        headers = {**who.headers, **more.pop("headers", {})}
        return await self.held.request(method, self.path + rest, headers=headers, **more)

    async def add(self, who: Attorney, data: bytes, key: str | None = None) -> Any:
        document = sealed_key(who) if key is None else key
        return await self.ask("POST", who, content=data, headers={"Document": document})

    async def list(self, who: Attorney) -> Any:
        answer = await self.ask("GET", who)
        return answer.json() if answer.status_code == 200 else answer.status_code


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with listening(tmp_path_factory.mktemp("documents")) as held:
        yield held


@pytest.fixture
async def case(held: House) -> Case:
    return Case(held, await held.attorney(), await held.attorney(name="Ben Bar"))


async def test_a_document_is_kept_sealed_listed_fetched_and_deleted(case: Case) -> None:
    ada = case.ada
    assert await case.list(ada) == []
    data, identity = sealed_file()
    answer = await case.add(ada, data)
    assert answer.status_code == 201, answer.text
    # The same again is the same.
    assert (await case.add(ada, data)).json()["id"] == answer.json()["id"]
    (one,) = await case.list(ada)
    assert decrypt(read_base64(one.pop("sealed")), [ada.identity]) == b"its key and name"
    assert one.pop("time").endswith("Z")
    assert one == {
        "id": answer.json()["id"], "author": ada.serial, "name": "Ada Counsel",
        "card": ada.card.decode(), "size": len(data),
    }  # fmt: skip
    # After the call as in it.
    case.desk.end(case.encounter, "caller", case.now)
    got = await case.ask("GET", ada, f"/{one['id']}")
    assert decrypt(got.content, [identity]) == TEXT
    assert (await case.ask("DELETE", ada, f"/{one['id']}")).status_code == 204
    assert await case.list(ada) == []
    assert (await case.ask("GET", ada, f"/{one['id']}")).status_code == 404
    assert (await case.ask("DELETE", ada, f"/{one['id']}")).status_code == 404


async def test_documents_go_along_with_a_hand_over_and_only_then(case: Case) -> None:
    ada, ben = case.ada, case.ben
    one = (await case.add(ada, sealed_file()[0])).json()["id"]
    to_ben = {"holder": ben.serial, "sealed": sealed_key(ben, b"given")}
    assert (await case.ask("PUT", ada, f"/{one}", json=to_ben)).status_code == 403
    case.hand()
    assert await case.list(ben) == 404
    assert (await case.ask("PUT", ada, f"/{one}", json=to_ben)).status_code == 204
    assert (await case.ask("PUT", ada, f"/{new_id()}", json=to_ben)).status_code == 404
    case.desk.arrived(case.encounter, CardSerial(ben.serial), case.now)
    assert case.desk.handed(case.encounter, CardSerial(ada.serial), case.now)
    (kept,) = await case.list(ben)
    assert decrypt(read_base64(kept["sealed"]), [ben.identity]) == b"given"
    # Whose it was first is still said.
    assert kept["author"] == ada.serial
    assert await case.list(ada) == 404
    for method in ("GET", "DELETE"):
        assert (await case.ask(method, ada, f"/{one}")).status_code == 404
    # Deleted by who has the case now, it is gone with every copy of its key.
    assert (await case.ask("DELETE", ben, f"/{one}")).status_code == 204
    office = case.held.server.office
    assert office.documents.of(case.encounter, CardSerial(ada.serial)) == []
    assert office.documents.data(case.encounter, one) is None


async def test_what_is_not_sealed_or_too_large_is_not_taken(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, (data, _) = case.ada, sealed_file()
    assert (await case.add(ada, TEXT)).status_code in (400, 422)
    assert (await case.add(ada, data, key="")).status_code in (400, 422)
    assert (await case.add(ada, data, key="no base64")).status_code == 400
    assert (await case.add(ada, data, key=write_base64(TEXT))).status_code in (400, 422)
    large = sealed_key(ada, bytes(case_documents.KEY_BYTES))
    assert (await case.add(ada, data, key=large)).status_code == 413
    too_long = bytes(limits.DOCUMENT_BYTES + 1)
    assert (await case.add(ada, too_long)).status_code == 413
    assert await case.list(ada) == []
    monkeypatch.setattr(case_documents, "CASE_DOCUMENTS", 2)
    for number in range(3):
        new = sealed_file(b"%d" % number)[0]
        assert (await case.add(ada, new)).status_code == (201 if number < 2 else 413)
    monkeypatch.undo()
    monkeypatch.setattr(case_documents, "CASE_BYTES", 3 * len(data))
    assert (await case.add(ada, sealed_file(bytes(len(data)))[0])).status_code == 413
    assert len(await case.list(ada)) == 2


async def test_nobody_else_comes_near_them_and_a_dump_holds_no_word(case: Case) -> None:
    ada, ben = case.ada, case.ben
    one = (await case.add(ada, sealed_file()[0])).json()["id"]
    sealed = {"holder": ben.serial, "sealed": sealed_key(ben)}
    assert (await case.add(ben, sealed_file()[0])).status_code == 404
    for method, rest, more in (
        ("GET", "", {}), ("GET", f"/{one}", {}), ("DELETE", f"/{one}", {}),
        ("PUT", f"/{one}", {"json": sealed}),
    ):  # fmt: skip
        assert (await case.ask(method, ben, rest, **more)).status_code == 404
    database = connect(case.held.server.office.settings.data / "accompany.sqlite")
    dump = "\n".join(database.iterdump())
    assert "document_keys" in dump
    for word in (TEXT.decode(), TEXT.hex().upper()):
        assert word not in dump
