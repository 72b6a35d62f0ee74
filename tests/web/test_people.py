"""People over HTTP: the service, invitations, sessions and cases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accompany.accounts.enrolment import read_applicant
from accompany.config import LANGUAGES, STATES
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.runner import Pressed
from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import Organization, open_card
from accompany.evidence.notes import Signer, Verifier, open_note
from accompany.evidence.receipts import named_entry
from accompany.ids import CardSerial, EncounterId
from accompany.wiring import serving
from house import SECRET, House, bearing, house, new_id, settings_for, sound

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("people")
    settings = {"organization": "Night Desk", "hotline": "+1 555 0100", "ice": "stun:a stun:b"}
    async with house(folder, **settings) as held:
        yield held


# The service.


async def test_the_service_says_all_a_page_must_know_first(held: House) -> None:
    service = (await held.get("/api/service")).json()
    key = Verifier.parse(service["organization_key"])
    found = Organization.read(open_note(service["organization"].encode(), key))
    assert (found.name, found.origin) == ("Night Desk", service["origin"])
    assert found.custodian == str(held.server.keys.custodian.recipient)
    assert service["policy"] == held.server.policy.read_text()
    assert (service["hotline"], service["demonstration"]) == ("+1 555 0100", True)
    assert (service["states"], service["languages"]) == (list(STATES), list(LANGUAGES))
    assert service["ice"] == [{"urls": ["stun:a", "stun:b"]}]
    assert service["time"].endswith("Z")


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_the_service_is_said_in_few_bytes_to_whoever_can_read_them(
    held: House, coding: str
) -> None:
    answer = await held.get("/api/service", headers={"accept-encoding": coding})
    assert answer.headers.get("content-encoding", "identity") == coding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.json()["organization_key"]
    assert (int(answer.headers["content-length"]) < len(answer.content)) == (coding == "gzip")


async def test_without_hotline_and_relays_it_says_so(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        service = (await held.get("/api/service")).json()
        assert (service["hotline"], service["ice"]) == (None, [])


# Invitations.


async def test_an_invitation_becomes_a_card_in_the_log(held: House) -> None:
    code = held.server.office.enrolment.invite()
    answer = await held.get(f"/api/invitations/{code}")
    assert answer.json() == {
        "organization": "Night Desk", "used": False, "role": "attorney",
    }  # fmt: skip
    signer, identity = Signer.generate("x"), HybridIdentity.generate()
    application = held.application(signer, str(identity.recipient), licenses=["TX", "CA"])
    answer = await held.client.post(f"/api/invitations/{code}", json=application)
    assert answer.status_code == 201
    note = answer.json()["card"].encode()
    card = open_card(note, held.server.keys.organization.verifier)
    assert (card.key, card.recipient) == (signer.verifier.key, str(identity.recipient))
    assert card.states == {"TX", "CA"}
    entry = named_entry("card", card.serial, note)
    keeper = held.server.office.keeper
    assert bytes(entry) == keeper.entries(keeper.size - 1, 1)
    # And it is good once.
    assert (await held.get(f"/api/invitations/{code}")).json()["used"] is True
    again = await held.client.post(f"/api/invitations/{code}", json=application)
    assert (again.status_code, again.json()["what"]) == (422, "invitation")


async def test_an_unknown_invitation_is_unknown(held: House) -> None:
    signer = Signer.generate("x")
    application = held.application(signer, str(HybridIdentity.generate().recipient))
    for answer in (
        await held.get(f"/api/invitations/{new_id()}"),
        await held.client.post(f"/api/invitations/{new_id()}", json=application),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown")


async def test_a_bent_application_leaves_the_invitation_good(held: House) -> None:
    code = held.server.office.enrolment.invite()
    good = held.application(Signer.generate("x"), str(HybridIdentity.generate().recipient))
    bent = [
        {**good, "name": "x" * 121},
        {**good, "name": ""},
        {**good, "recipient": good["recipient"][:-3] + "qqq"},
        {**good, "licenses": ["ZZ"]},
        {},
        [],
        "text",
    ]
    for application in bent:
        answer = await held.client.post(f"/api/invitations/{code}", json=application)
        assert answer.status_code == 400, application
    for content in (b"{" * 40_000, b'{"a":' * 20_000, b"\xff"):
        answer = await held.client.post(f"/api/invitations/{code}", content=content)
        assert answer.status_code in (400, 413)
    assert (await held.get(f"/api/invitations/{code}")).json()["used"] is False


async def test_the_printed_invitation_is_always_a_good_one(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with serving(settings) as server:
        first = server.invitation
    async with serving(settings) as server:
        assert server.invitation == first
        enrolment = server.office.enrolment
        application = House(server, None, "").application(
            Signer.generate("x"), str(HybridIdentity.generate().recipient)
        )
        enrolment.accept(first, read_applicant(application, STATES))
    async with serving(settings) as server:
        assert server.invitation != first
        assert not server.office.enrolment.used(server.invitation)


# Sessions.


async def test_a_session_is_a_cookie_no_script_and_no_other_site_can_use(held: House) -> None:
    attorney = await held.enrolled()
    note = (await held.session_note(attorney)).decode()
    answer = await held.client.post("/api/sessions", json={"note": note})
    held.client.cookies.clear()
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=604800"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    headers = {"cookie": cookie.partition(";")[0]}
    assert (await held.get("/api/cases", headers=headers)).json() == []
    # The challenge was good once.
    assert (await held.client.post("/api/sessions", json={"note": note})).status_code == 401


async def test_over_tls_the_cookie_never_leaves_it(tmp_path: Path) -> None:
    async with house(tmp_path, tls="own") as held:
        attorney = await held.enrolled()
        note = (await held.session_note(attorney)).decode()
        answer = await held.client.post("/api/sessions", json={"note": note})
        assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_a_session_ends_when_its_attorney_leaves(held: House) -> None:
    attorney = await held.attorney()
    answer = await held.request("DELETE", "/api/sessions", headers=attorney.headers)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (await held.get("/api/cases", headers=attorney.headers)).status_code == 401
    assert (await held.request("DELETE", "/api/sessions")).status_code == 204


@pytest.mark.parametrize("body", [{}, {"note": 5}, {"note": "text"}, {"note": None}])
async def test_a_bent_session_is_malformed(held: House, body: object) -> None:
    answer = await held.client.post("/api/sessions", json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


async def test_without_a_session_there_are_no_cases(held: House) -> None:
    for headers in ({}, {"cookie": "accompany_session=x"}):
        answer = await held.get("/api/cases", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")


# Cases.


async def test_who_answered_reads_the_case_and_nobody_else(held: House) -> None:
    ada, ben = await held.attorney(), await held.attorney(name="Ben")
    desk, now = held.server.office.desk, held.server.office.clock.now()
    encounter = EncounterId(new_id())
    device = await held.opened(encounter, segments=1)
    await held.state(device, sound(device))
    for one in (ada, ben):
        serial = CardSerial(one.serial)
        desk.go_on_duty(OnDuty(serial, "A", frozenset({"TX"}), ("en",), now))
    desk.begin(Pressed(encounter, Press("TX", "es", now), b""))
    assert (await held.get("/api/cases", headers=ada.headers)).json() == []
    desk.answer(encounter, CardSerial(ada.serial), now)
    (case,) = (await held.get("/api/cases", headers=ada.headers)).json()
    assert case == {
        "encounter": encounter, "state": "TX", "language": "es", "pressed": case["pressed"],
        "answered": case["answered"], "ended": None, "letters": [],
        "recordings": [
            {
                "recording": device.recording, "kind": "sound", "last": 2, "segments": 2,
                "missing": 1, "closing": None,
            }
        ],
    }  # fmt: skip
    assert (await held.get("/api/cases", headers=ben.headers)).json() == []
    for rest in ("/segments/1", "/package"):
        path = f"/api/recordings/{device.recording}{rest}"
        assert (await held.get(path, headers=ada.headers)).status_code == 200
        assert (await held.get(path, headers=ben.headers)).status_code == 404
    # It stays theirs once the call is over, card and all.
    desk.end(encounter, "attorney", now)
    (case,) = (await held.get("/api/cases", headers=ada.headers)).json()
    assert case["ended"]
    package = await held.get(f"/api/recordings/{device.recording}/package", headers=ada.headers)
    assert b"data/card.note" in package.content
    assert f"attorney {ada.serial}".encode() in package.content
    assert (
        await held.get(f"/api/recordings/{device.recording}/package", headers=bearing(SECRET))
    ).status_code == 200


async def test_who_only_knows_an_encounter_has_no_right_to_its_recordings(held: House) -> None:
    """Nobody answered it: no session is the answering attorney's."""
    ada = await held.attorney()
    device = await held.opened(segments=1)
    path = f"/api/recordings/{device.recording}/segments/1"
    assert (await held.get(path, headers=ada.headers)).status_code == 404
