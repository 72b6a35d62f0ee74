"""Cases whose attorney is gone, or has no keys, given on by the organization's key, really."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from accompany.client.device import Device
from accompany.dispatch.papers import CUSTODIAN
from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import OnDuty, Press
from accompany.evidence.age import AgeError, HybridRecipient, decrypt, encrypt
from accompany.evidence.notes import Signer
from accompany.evidence.text import read_base64, write_base64, write_lines, write_time
from accompany.ids import CardSerial, EncounterId
from founding import Browser, carded
from house import Attorney, House, listening, new_id, sound

pytestmark = pytest.mark.anyio


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with listening(tmp_path) as house:
        yield house


def on_duty(held: House, one: Attorney) -> None:
    now = held.server.office.clock.now()
    states, serial = frozenset({"TX"}), CardSerial(one.serial)
    held.server.office.desk.go_on_duty(OnDuty(serial, "A", states, ("en",), now))


async def case_of(held: House, one: Attorney, over: bool = True) -> Device:
    """A press that *one* answered, with a recording that was granted to the custodian alone."""
    office = held.server.office
    desk, now, serial = office.desk, office.clock.now(), CardSerial(one.serial)
    device = held.device(new_id())
    encounter = device_encounter(device)
    on_duty(held, one)
    desk.begin(Pressed(encounter, Press("TX", "en", now), b"s" * 32))
    assert desk.answer(encounter, serial, now)
    await held.open(device)
    assert (await held.put(device, sound(device))).status_code == 201
    if over:
        desk.end(encounter, "attorney", now)
        desk.ready(serial, now)
    return device


def device_encounter(device: Device) -> EncounterId:
    lines = dict(
        line.split(" ", 1) for line in device.opening.note.decode().splitlines() if " " in line
    )
    return EncounterId(lines["encounter"])


def given(held: House, device: Device, to: Attorney, by: Signer | None = None) -> dict[str, Any]:
    """What the custodian's browser makes: opened by the custodian's key, sealed to a card's."""
    opened = decrypt(device.grants[0], [held.server.keys.custodian])
    grant = encrypt(opened, [to.identity.recipient])
    lines = [
        ("recording", device.recording),
        ("sha256", sha256(grant).hexdigest()),
        ("time", write_time(held.server.office.clock.now())),
    ]
    note = (by or held.server.keys.organization).sign(write_lines("accompany/grant/v1", lines))
    return {
        "recording": device.recording, "grant": write_base64(grant), "note": write_base64(note),
    }  # fmt: skip


async def give(
    held: House, who: Attorney, device: Device, to: Attorney, *grants: dict[str, Any]
) -> Any:
    path = f"/api/custody/cases/{device_encounter(device)}"
    body = {"to": to.serial, "grants": list(grants) or [given(held, device, to)]}
    return await held.request("POST", path, json=body, headers=who.headers)


async def waiting(held: House, who: Attorney) -> list[dict[str, Any]]:
    answer = await held.get("/api/custody/cases", headers=who.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["cases"]


async def remove(held: House, one: Attorney) -> None:
    from accompany.web.offboarding import offboard

    office = held.server.office
    assert office.people.remove_person(one.serial, office.clock.now())
    person = office.people.person(one.serial)
    assert person is not None
    await offboard(office, person)


def opens(grant: bytes, one: Attorney, device: Device) -> bool:
    try:
        return decrypt(grant, [one.identity]) == f"{device.identity}\n".encode()
    except AgeError:
        return False


async def test_a_case_whose_attorney_is_gone_is_given_to_another(held: House) -> None:
    cora = await held.person("coordinator")
    fred, ben = await held.attorney(name="Fred"), await held.attorney(name="Ben")
    kept, device = await case_of(held, ben), await case_of(held, fred)
    assert await waiting(held, cora) == []
    await remove(held, fred)
    (case,) = await waiting(held, cora)
    assert (case["name"], case["why"], case["recordings"]) == ("Fred", "gone", 1)
    assert case["encounter"] == device_encounter(device)

    path = f"/api/custody/cases/{case['encounter']}"
    (shown,) = (await held.get(path, headers=cora.headers)).json()["recordings"]
    assert [read_base64(one) for one in shown["grants"]] == list(device.grants)
    # Neither film nor the case of somebody who is there is shown for that.
    package = f"/api/recordings/{device.recording}/package"
    assert (await held.get(package, headers=cora.headers)).status_code == 404
    other = f"/api/custody/cases/{device_encounter(kept)}"
    assert (await held.get(other, headers=cora.headers)).status_code == 404

    assert (await give(held, cora, device, ben)).status_code == 204
    assert await waiting(held, cora) == []
    grants = (
        await held.get(f"/api/recordings/{device.recording}/grants", headers=ben.headers)
    ).json()
    assert any(opens(read_base64(one), ben, device) for one in grants)
    cases = (await held.get("/api/cases", headers=ben.headers)).json()
    assert {one["encounter"] for one in cases} == {case["encounter"], device_encounter(kept)}
    said = b"".join(one.data for one in held.server.office.keeper.custody(device.recording))
    assert f"grant to {ben.serial}, by the custodian".encode() in said
    assert f"coordinator {cora.serial}".encode() in said


async def test_it_is_refused_where_it_would_not_hold(held: House) -> None:
    cora = await held.person("coordinator")
    fred, ben = await held.attorney(name="Fred"), await held.attorney(name="Ben")
    ohio = await held.attorney(name="Olga", licenses=["OH"])
    gone, device, going_on = (
        await held.attorney(name="Gone"),
        await case_of(held, fred),
        await case_of(held, ben, over=False),
    )
    for one in (fred, gone):
        await remove(held, one)
    # By a key that is not the organization's, for another file, to nobody, to who may not advise.
    other = Signer.generate(held.server.keys.organization.verifier.name)
    bent = given(held, device, ben, other)
    assert (await give(held, cora, device, ben, bent)).status_code == 422
    swapped = {**given(held, device, ben), "grant": given(held, device, ben)["grant"]}
    assert (await give(held, cora, device, ben, swapped)).status_code == 422
    for to in (ohio, gone):
        assert (await give(held, cora, device, to)).status_code == 422
    answer = await held.request(
        "POST", f"/api/custody/cases/{device_encounter(device)}",
        json={"to": ben.serial, "grants": []}, headers=cora.headers,
    )  # fmt: skip
    assert answer.status_code == 422
    # A call that goes on is not the custodian's.
    assert (await give(held, cora, going_on, ben)).status_code == 404
    assert len(await waiting(held, cora)) == 1
    assert len(held.server.office.keeper.grants(device.recording)) == 1
    assert (await give(held, ben, device, ben)).status_code == 403


async def test_nobody_with_a_conflict_gets_it(held: House) -> None:
    cora = await held.person("coordinator")
    fred, ben = await held.attorney(name="Fred"), await held.attorney(name="Ben")
    device = await case_of(held, fred, over=False)
    desk, now = held.server.office.desk, held.server.office.clock.now()
    on_duty(held, ben)
    desk.conflict(device_encounter(device), CardSerial(ben.serial), now)
    desk.end(device_encounter(device), "attorney", now)
    await remove(held, fred)
    assert (await give(held, cora, device, ben)).status_code == 422


async def test_a_colleague_whose_keys_were_never_sealed_gets_them(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        cora = await held.person("coordinator")
        fred, ben = await held.attorney(name="Fred"), await held.attorney(name="Ben")
        device = await case_of(held, fred, over=False)
        encounter = device_encounter(device)
        office = held.server.office
        desk, now = office.desk, office.clock.now()
        on_duty(held, ben)
        desk.hand(encounter, CardSerial(fred.serial), CardSerial(ben.serial), now)
        desk.stand_beside(encounter, CardSerial(ben.serial), now)
        desk.arrived(encounter, CardSerial(ben.serial), now)
        # Fred's line dies before anything was sealed: the call is Ben's, and ends.
        desk.line_lost(encounter, now)
        desk.tick(now + desk.rules.reconnect)
        assert desk.standing(encounter).last == ben.serial
        desk.end(encounter, "caller", now + desk.rules.reconnect + 1)
        (case,) = await waiting(held, cora)
        assert (case["why"], case["name"]) == ("keys", "Ben")
        assert (await give(held, cora, device, ben)).status_code == 204
        assert await waiting(held, cora) == []
    async with listening(tmp_path) as held:
        cora = await held.signed_in(cora)
        assert await waiting(held, cora) == []
        assert held.server.office.desk.standing(encounter).last == ben.serial


async def write(
    held: House, one: Attorney, device: Device, custodian: HybridRecipient | None
) -> tuple[int, int]:
    """Keep a note and a document in the case, as the attorney's page does."""
    about = f"/api/cases/{device_encounter(device)}"
    mine = [one.identity.recipient]
    note = {
        "holder": one.serial, "author": one.serial,
        "sealed": write_base64(encrypt(b"CANARYNOTE", mine)),
    }  # fmt: skip
    headers = {**one.headers, "Document": write_base64(encrypt(b"its key", mine))}
    if custodian is not None:
        note["custodian"] = write_base64(encrypt(b"CANARYNOTE", [custodian]))
        headers["Custodian"] = write_base64(encrypt(b"its key", [custodian]))
    kept = await held.request("PUT", f"{about}/notes", json=note, headers=one.headers)
    data = encrypt(b"CANARYDOCUMENT", mine)
    filed = await held.request("POST", f"{about}/documents", content=data, headers=headers)
    return kept.status_code, filed.status_code


async def test_notes_and_documents_come_along_where_the_custodian_has_a_copy(held: House) -> None:
    browser = await Browser.at(held)
    await browser.found()
    cora, custodian = browser.who, browser.custodian
    fred, ben = [await carded(held, browser, name) for name in ("Fred", "Ben")]
    device = await case_of(held, fred)
    assert await write(held, fred, device, custodian.recipient) == (204, 201)
    # Filed before there was a copy for the custodian, or by a page that makes none.
    assert await write(held, fred, device, None) == (204, 201)
    await remove(held, fred)
    path = f"/api/custody/cases/{device_encounter(device)}"
    shown = (await held.get(path, headers=cora.headers)).json()
    ((note,), (key,)) = shown["notes"], shown["documents"]
    assert (note["author"], shown["alone"]) == (fred.serial, 1)
    assert decrypt(read_base64(note["sealed"]), [custodian]) == b"CANARYNOTE"

    to_ben = write_base64(encrypt(b"anew", [ben.identity.recipient]))
    whole = {
        "to": ben.serial, "grants": [given(held, device, ben, browser.signer)],
        "notes": [{"author": fred.serial, "sealed": to_ben}],
        "documents": [{"id": key["id"], "sealed": to_ben}],
    }  # fmt: skip

    async def send(**bent: Any) -> int:
        body = {**whole, **bent}
        answer = await held.request("POST", path, json=body, headers=cora.headers)
        return int(answer.status_code)

    # What was never sealed to the custodian, what is no age file: nothing at all is kept.
    assert await send(notes=[{"author": ben.serial, "sealed": to_ben}]) == 404
    assert await send(documents=[{"id": new_id(), "sealed": to_ben}]) == 404
    assert await send(notes=[{"author": fred.serial, "sealed": write_base64(b"bare")}]) == 422
    assert await send(documents=[{"id": key["id"], "sealed": ""}]) == 422
    assert len(held.server.office.keeper.grants(device.recording)) == 1
    assert await send() == 204
    about = f"/api/cases/{device_encounter(device)}"
    (read,) = (await held.get(f"{about}/notes", headers=ben.headers)).json()
    assert decrypt(read_base64(read["sealed"]), [ben.identity]) == b"anew"
    assert (read["author"], read["name"]) == (fred.serial, "Fred")
    (filed,) = (await held.get(f"{about}/documents", headers=ben.headers)).json()
    assert (filed["id"], filed["author"]) == (key["id"], fred.serial)
    got = await held.get(f"{about}/documents/{key['id']}", headers=ben.headers)
    assert got.status_code == 200
    # Deleted there, it is deleted for good: the custodian's copy, too.
    gone = f"{about}/documents/{key['id']}"
    assert (await held.request("DELETE", gone, headers=ben.headers)).status_code == 204
    papers, filed_there = held.server.office.papers, held.server.office.documents
    assert filed_there.of(device_encounter(device), CUSTODIAN) == []
    assert len(papers.of(device_encounter(device), CUSTODIAN)) == 1


async def test_in_a_demonstration_nothing_written_is_sealed_to_the_custodian(held: House) -> None:
    fred = await held.attorney(name="Fred")
    device = await case_of(held, fred)
    recipient = held.server.keys.custodian.recipient
    assert await write(held, fred, device, recipient) == (403, 403)
    assert await write(held, fred, device, None) == (204, 201)
    encounter = device_encounter(device)
    assert held.server.office.papers.of(encounter, CUSTODIAN) == []
    assert held.server.office.documents.of(encounter, CUSTODIAN) == []
