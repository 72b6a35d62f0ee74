"""An organization founded in a browser, over HTTP: what the server takes, keeps and never has."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accompany.accounts.passkeys import Site
from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import License, Organization
from accompany.evidence.checkpoints import Policy
from accompany.evidence.notes import Signer, Verifier, open_note
from accompany.evidence.receipts import named_entry
from accompany.evidence.text import write_base64, write_time
from accompany.ids import PersonId
from accompany.wiring import serving
from authenticator import SoftPasskey
from coordinators import ask, coordinator
from founding import YEAR, Browser, applied
from house import House, house, settings_for

pytestmark = pytest.mark.anyio
SITE = Site("accompany.test", "http://accompany.test")


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as held:
        yield held


# Founding.


async def test_the_organization_becomes_the_one_whose_keys_the_server_never_had(
    held: House, tmp_path: Path
) -> None:
    ada = await held.attorney()
    browser = await Browser.at(held)
    await browser.found()
    service = (await held.get("/api/service")).json()
    assert service["demonstration"] is False
    key = Verifier.parse(service["organization_key"])
    assert key == browser.signer.verifier
    said = Organization.read(open_note(service["organization"].encode(), key))
    assert (said.name, said.custodian) == ("Our own", str(browser.custodian.recipient))
    open_note(service["telling"]["note"].encode(), key) if service["telling"] else None
    policy = Policy.parse((await held.get("/log/policy")).content)
    assert policy.organizations == (key,)
    assert held.server.policy.read_text() == service["policy"]
    # Whoever had a card of the demonstration's key is out; its invitations open nothing.
    assert (await ask(held, ada, "GET", "/api/me")).status_code == 401
    for code in (held.server.invitation, held.server.coordinator_invitation):
        assert (await held.get(f"/api/invitations/{code}")).status_code == 404
    secrets = browser.signer.private.private_bytes_raw(), str(browser.custodian).encode()
    assert _holding(tmp_path, *secrets) == []
    # The same search finds the demonstration's, which do lie there.
    assert _holding(tmp_path, str(held.server.keys.custodian).encode()) != []


def _holding(folder: Path, *secrets: bytes) -> list[Path]:
    """Return the files that hold one of *secrets*, as it is or in base64."""
    forms = [form for one in secrets for form in (one, write_base64(one).encode())]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(form in path.read_bytes() for form in forms)]


async def test_it_stays_founded_over_a_restart_and_prints_no_invitation(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        browser = await Browser.at(held)
        await browser.found()
    async with serving(settings_for(tmp_path)) as server:
        assert server.office.organization_key == str(browser.signer.verifier)
        assert (server.invitation, server.coordinator_invitation) == ("", "")
        assert not server.office.charter.demonstration


async def test_what_a_phone_would_not_take_founds_nothing(held: House) -> None:
    browser, other = await Browser.at(held), await Browser.at(held)
    good = await browser.founding()
    foreign = Signer.generate(f"x{browser.signer.name}")
    demonstration = held.server.keys.organization
    bent = [
        {"key": str(foreign.verifier)},
        {"key": str(other.signer.verifier)},
        {"key": str(demonstration.verifier)},
        {"organization": demonstration.sign(open_note(
            held.server.office.organization, demonstration.verifier)).decode()},
        {"organization": browser.signer.sign(open_note(
            held.server.office.organization, demonstration.verifier)).decode()},
        {"telling": browser.signer.sign("accompany/telling/v1\n").decode()},
        {"proof": browser.proof(person=other.who.serial)},
        {"proof": browser.proof(time=browser.now - 25 * 3600_000)},
        {"proof": other.proof(person=browser.who.serial)},
        {"sealed": write_base64(b"AGE-SECRET-KEY-PQ-1")},
        {"sealed": None},
        {"key": None},
    ]  # fmt: skip
    for one in bent:
        given = {**good, **one}
        answer = await ask(held, browser.who, "POST", "/api/organization", **given)
        assert answer.status_code in (400, 401, 422), one
    assert held.server.office.charter.demonstration
    assert held.server.office.holding.all() == []


async def test_it_is_founded_once_whoever_is_quicker(held: House) -> None:
    one, two = await Browser.at(held), await Browser.at(held)
    answers = await asyncio.gather(
        *[ask(held, each.who, "POST", "/api/organization", **await each.founding())
          for each in (one, two)]
    )  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [201, 422]


async def test_who_did_not_prove_who_they_are_founds_nothing(held: House) -> None:
    browser = await Browser.at(held)
    browser.who = await held.person("coordinator")
    given = await browser.founding()
    answer = await ask(held, browser.who, "POST", "/api/organization", **given)
    assert answer.json()["type"] == "/problems/not-fresh"


# Holding the keys, and drills.


async def test_a_second_coordinator_holds_the_keys_by_a_passkey_of_their_own(held: House) -> None:
    browser = await Browser.at(held)
    await browser.found()
    office, second = held.server.office, await coordinator(held)
    person = office.people.person(second.serial)
    assert person is not None
    passkey = SoftPasskey(SITE.origin)
    options = office.passkeys.to_register(person, SITE, "us", browser.now)
    office.passkeys.register(person, SITE, passkey.create(options), "one", b"", browser.now)
    (own,) = office.passkeys.kept.of(second.serial)
    given = {"passkey": own.written_id, "sealed": browser.sealed}
    path = "/api/organization/keys"
    # Without the key, or with somebody else's word for it, nothing is kept.
    for proof in (browser.proof(), Signer.generate(browser.signer.name).sign("x\n").decode()):
        refused = await ask(held, second, "PUT", path, **given, proof=proof)
        assert refused.status_code in (400, 401, 422)
    told = await ask(held, second, "PUT", path, **given, proof=browser.proof(second.serial))
    assert (list(told.json()["sealed"]), told.json()["holders"]) == ([own.written_id], ["Cora"])
    # Another's passkey is not theirs to seal to; and it ends with its person.
    stolen = await ask(held, browser.who, "PUT", path, **given, proof=browser.proof())
    assert stolen.status_code == 404
    answer = await ask(held, browser.who, "DELETE", f"/api/people/{second.serial}")
    assert answer.status_code == 200
    assert [one.id for one in office.holding.all()] == ["sheet"]


async def test_a_drill_is_noted_when_the_key_signed(held: House) -> None:
    browser = await Browser.at(held)
    await browser.found()
    path, before = "/api/organization/drills", held.server.office.holding.proved()
    assert before is not None
    refused = await ask(held, browser.who, "POST", path, proof=browser.proof(time=1))
    assert refused.status_code == 401
    told = await ask(held, browser.who, "POST", path, proof=browser.proof())
    assert told.json()["proved_by"] == "Cora"
    after = held.server.office.holding.proved()
    assert after is not None
    assert (after.person, after.time >= before.time) == (PersonId(browser.who.serial), True)


# Cards.


async def test_a_card_waits_for_a_check_and_is_signed_in_the_browser(held: House) -> None:
    browser = await Browser.at(held)
    await browser.found()
    ada, waits = await applied(held, browser)
    assert (waits["states"], waits["languages"]) == (["CA", "TX"], ["en"])
    me = (await ask(held, ada, "GET", "/api/me")).json()
    assert (me["card"], me["role"]) == (None, "attorney")
    card, where = browser.card(waits), "State Bar of Texas, 24000000"
    path = f"/api/desk/cards/{ada.serial}"
    answer = await ask(held, browser.who, "POST", path, card=card, where=where)
    assert (answer.status_code, answer.json()) == (201, [])
    assert (await ask(held, ada, "GET", "/api/me")).json()["card"] == card
    keeper = held.server.office.keeper
    row = keeper.card(ada.serial)
    assert row is not None
    assert keeper.entries(row.index, 1) == bytes(named_entry("card", ada.serial, card.encode()))
    told = (await ask(held, browser.who, "GET", f"/api/people/{ada.serial}")).json()
    assert (told["checked"]["by"], told["checked"]["where"]) == ("Cora", where)
    # The card's key signs in; so does who waited, and may not know of the card yet.
    for name in (f"attorney/{ada.serial}", f"person/{ada.serial}"):
        ada.signer = Signer(name, ada.signer.private)
        note = (await held.session_note(ada)).decode()
        assert (await held.client.post("/api/sessions", json={"note": note})).status_code == 204
        held.client.cookies.clear()
    again = await ask(held, browser.who, "POST", path, card=card, where=where)
    assert again.status_code == 404


async def test_a_card_that_nobody_asked_for_so_is_not_taken(held: House) -> None:
    browser = await Browser.at(held)
    await browser.found()
    ada, waits = await applied(held, browser)
    path, day = f"/api/desk/cards/{ada.serial}", write_time(browser.now)[:10]
    forger = Browser(
        held, browser.who, Signer.generate(browser.signer.name), browser.custodian, browser.sheet
    )
    bent = [
        browser.card(waits, key=Signer.generate("x").verifier.key),
        browser.card(waits, name="Another"),
        browser.card(waits, recipient=str(HybridIdentity.generate().recipient)),
        browser.card(waits, licenses=(License("NY", day),)),
        browser.card(waits, licenses=()),
        browser.card(waits, licenses=(License("TX", "2020-01-01"),)),
        browser.card(waits, until=browser.now + 3 * YEAR),
        browser.card(waits, until=browser.now - 1),
        forger.card(waits),
        "text",
        None,
    ]
    for card in bent:
        answer = await ask(held, browser.who, "POST", path, card=card, where="a register")
        assert answer.status_code in (400, 422), card
    for where in ("", " ", "x" * 201, "a\nb", None, 5):
        answer = await ask(held, browser.who, "POST", path, card=browser.card(waits), where=where)
        assert answer.status_code == 400, where
    assert held.server.office.keeper.card(ada.serial) is None
