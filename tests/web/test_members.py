"""People for coordinators over HTTP: invitations listed and taken back, somebody leaving."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accompany.accounts.people import DAY
from accompany.dispatch.channels import Channel
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.roster_csv import read_roster
from accompany.dispatch.runner import Pressed
from accompany.evidence.notes import open_note
from accompany.evidence.receipts import named_entry
from accompany.evidence.revocations import Revocation
from accompany.evidence.text import write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.offboarding import finish_offboarding
from accompany.wiring import serving
from coordinators import ask, coordinator
from house import House, house, new_id, settings_for

pytestmark = pytest.mark.anyio

ROSTER = """kind,person,name,zone,licenses,card,days,start,end,from,to,with
person,ada,Ada Advocate,UTC,TX 2026-01-01,{card},,,,,,
person,ben,Ben Bar,UTC,TX 2026-01-01,,,,,,,
shift,ada,,,,,mon,09:00,17:00,,,
shift,ben,,,,,tue,09:00,17:00,,,
swap,ben,,,,,,,,2026-12-01,2026-12-01,ada
"""


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("members")) as held:
        yield held


def kept(held: House, serial: str, name: str) -> None:
    """Ada's channel, duty, and a case; a roster that names her by her card."""
    office, now = held.server.office, held.server.office.clock.now()
    card = CardSerial(serial)
    office.reach.channels.add(Channel(new_id(), card, "apprise", "json://127.0.0.1:1/a"))
    office.desk.go_on_duty(OnDuty(card, name, frozenset({"TX"}), ("en",), now))
    encounter = EncounterId(new_id())
    office.desk.begin(Pressed(encounter, Press("TX", "en", now), b""))
    assert office.desk.answer(encounter, card, now)
    office.books.rosters.add(ROSTER.replace("{card}", serial), now)


# Invitations.


async def test_an_invitation_is_listed_and_taken_back(held: House) -> None:
    cora = await coordinator(held)
    made = await ask(held, cora, "POST", "/api/invitations", role="responder", name="Rita", days=2)
    assert made.status_code == 201
    id_, code = made.json()["id"], made.json()["code"]
    found = (await ask(held, cora, "GET", "/api/invitations")).json()
    (one,) = [one for one in found if one["id"] == id_]
    assert (one["role"], one["name"], one["by"]) == ("responder", "Rita", "Cora")
    office = held.server.office
    assert one["until"] == made.json()["until"] < write_time(office.clock.now() + 2 * DAY + 1)
    # What names it does not open it.
    assert code not in str(found)
    assert (await held.get(f"/api/invitations/{id_}")).status_code == 404
    assert (await held.get(f"/api/invitations/{code}")).status_code == 200
    left = await ask(held, cora, "DELETE", f"/api/invitations/{id_}")
    assert id_ not in [one["id"] for one in left.json()]
    assert (await held.get(f"/api/invitations/{code}")).status_code == 404
    again = await ask(held, cora, "DELETE", f"/api/invitations/{id_}")
    assert (again.status_code, again.json()["type"]) == (404, "/problems/unknown")


@pytest.mark.parametrize("days", [0, 31, 1.5, "7", True, None])
async def test_an_invitation_lasts_a_day_to_a_month(held: House, days: object) -> None:
    cora = await coordinator(held)
    answer = await ask(held, cora, "POST", "/api/invitations", role="attorney", days=days)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


async def test_a_used_invitation_is_no_more_listed_nor_taken_back(held: House) -> None:
    cora = await coordinator(held)
    id_ = (await ask(held, cora, "POST", "/api/invitations", role="attorney")).json()["id"]
    open_ = held.server.office.people.invitations(held.server.office.clock.now())
    (digest,) = [digest for digest, _ in open_ if digest.hex().startswith(id_)]
    held.server.office.people._database.do("UPDATE invites SET used = 1 WHERE digest = ?", digest)  # type: ignore[attr-defined]
    assert (await ask(held, cora, "DELETE", f"/api/invitations/{id_}")).status_code == 404
    assert not held.server.office.people.drop_invitation(digest)


# Somebody leaving.


async def test_all_of_somebody_ends_in_one_act_and_what_they_could_open_is_told(
    held: House,
) -> None:
    cora, ada = await coordinator(held), await held.person("attorney", "Ada Advocate")
    kept(held, ada.serial, "Ada Advocate")
    told = (await ask(held, cora, "GET", f"/api/people/{ada.serial}")).json()
    facts = ("channels", "shifts", "card", "revoked", "sheet", "removed")
    assert [told[one] for one in facts] == [1, 1, True, False, False, None]
    (case,) = told["cases"]
    assert (case["state"], case["recordings"]) == ("TX", 0)

    assert (await ask(held, cora, "DELETE", f"/api/people/{ada.serial}")).status_code == 200
    told = (await ask(held, cora, "GET", f"/api/people/{ada.serial}")).json()
    assert [told[one] for one in facts[:5]] == [0, 0, True, True, False]
    # What they could open is told for good.
    assert (told["sessions"], len(told["cases"]), told["removed"] is None) == (0, 1, False)
    office = held.server.office
    roster = read_roster(office.books.rosters.newest() or "")
    # Whose shift ada had taken has it again.
    assert [one.person for one in roster.members] == ["ben"]
    assert [one.person for one in roster.rules] == ["ben"]


async def test_the_log_says_that_the_card_counts_no_more(held: House) -> None:
    cora, ada = await coordinator(held), await held.person("attorney", "Ada")
    await ask(held, cora, "DELETE", f"/api/people/{ada.serial}")
    keeper = held.server.office.keeper
    row = keeper.revocation(ada.serial)
    assert row is not None
    revocation = Revocation.read(open_note(row.data, held.server.keys.receipts.verifier))
    assert (revocation.serial, revocation.lost) == (ada.serial, None)
    entry = named_entry("revocation", ada.serial, row.data)
    assert keeper.entries(row.index, 1) == bytes(entry)
    # Once is enough.
    size = keeper.size
    await held.server.office.revocations.revoke(CardSerial(ada.serial))
    assert keeper.size == size


async def test_removed_again_is_the_same_and_a_second_end_is_refused_in_words(held: House) -> None:
    cora, office = await coordinator(held), held.server.office
    ada = await held.person("attorney", "Ada")
    path, now = f"/api/people/{ada.serial}", office.clock.now()
    assert (await ask(held, cora, "DELETE", path)).status_code == 200
    first, size = office.people.person(ada.serial), office.keeper.size
    assert (await ask(held, cora, "DELETE", path)).status_code == 200
    # A year later the laptop turns out to be stolen: the log has its one word already.
    answer = await ask(held, cora, "DELETE", f"{path}?lost={write_time(now - DAY)}")
    assert answer.status_code == 422
    assert "a card has one end in the log" in answer.json()["detail"]
    assert (office.people.person(ada.serial), office.keeper.size) == (first, size)


async def test_it_says_since_when_others_may_have_the_key(held: House) -> None:
    cora, office = await coordinator(held), held.server.office
    ada, ben = await held.person("attorney", "Ada"), await held.person("attorney", "Ben")
    now = office.clock.now()
    answer = await ask(held, cora, "DELETE", f"/api/people/{ada.serial}?lost=yesterday")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")
    told = []
    for one, lost in ((ada, now - 3 * DAY), (ben, now + 3 * DAY)):
        path = f"/api/people/{one.serial}?lost={write_time(lost)}"
        assert (await ask(held, cora, "DELETE", path)).status_code == 200
        row = office.keeper.revocation(one.serial)
        assert row is not None
        told.append(Revocation.read(open_note(row.data, held.server.keys.receipts.verifier)))
    assert told[0].lost == now - 3 * DAY
    # A browser whose clock is fast says "now", and holds nothing up.
    assert told[1].lost is not None
    assert now <= told[1].lost <= told[1].time


async def test_shifts_by_name_stay_with_whoever_comes_again_under_it(held: House) -> None:
    cora, ada = await coordinator(held), await held.person("attorney", "Ada Advocate")
    office = held.server.office
    text = ROSTER.replace("{card}", "")
    office.books.rosters.add(text, office.clock.now())
    await ask(held, cora, "POST", "/api/invitations", role="attorney", name="Ada Advocate")
    await ask(held, cora, "DELETE", f"/api/people/{ada.serial}")
    assert read_roster(office.books.rosters.newest() or "") == read_roster(text)


async def test_who_is_removed_on_the_command_line_is_offboarded_by_the_server(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as held:
        ada = await held.person("attorney", "Ada Advocate")
        kept(held, ada.serial, "Ada Advocate")
    async with serving(settings_for(tmp_path)) as server:
        office, serial = server.office, CardSerial(ada.serial)
        assert office.people.remove_person(serial, office.clock.now(), lost=77)
        # Its own round may come at the same moment: there is one revocation, whoever asks.
        await asyncio.gather(finish_offboarding(office), finish_offboarding(office))
        row = office.keeper.revocation(serial)
        assert row is not None
        assert Revocation.read(open_note(row.data, server.keys.receipts.verifier)).lost == 77
        assert office.reach.channels.of(serial) == []
        assert serial not in (office.books.rosters.newest() or serial)


async def test_nobody_unknown_is_looked_at(held: House) -> None:
    cora = await coordinator(held)
    answer = await ask(held, cora, "GET", f"/api/people/{new_id()}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown")
