"""Guest codes on the desk, really: made, limited, replaced, blocked, undone; counted in memory."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from accompany.errors import AccompanyError
from house import Attorney, House, listening

pytestmark = pytest.mark.anyio


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[House]:
    async with listening(tmp_path) as house:
        yield house


async def ask(held: House, who: Attorney, method: str, rest: str = "", **body: Any) -> Any:
    more = {"json": body} if body else {}
    return await held.request(method, f"/api/desk/codes{rest}", headers=who.headers, **more)


def lets_in(held: House, code: str) -> bool:
    return held.server.office.codes.holds(code, held.server.office.clock.now())


async def test_a_code_is_told_once_and_changed_and_undone(held: House) -> None:
    cora = await held.person("coordinator")
    made = await ask(held, cora, "POST", name="Shelter", a_minute=0)
    assert made.status_code == 201
    code = made.json()["code"]
    (one,) = [each for each in made.json()["codes"] if each["name"] == "Shelter"]
    assert lets_in(held, code)
    shown = await ask(held, cora, "GET")
    assert code.lower() not in shown.text.lower()
    # A place has one good code.
    assert (await ask(held, cora, "POST", name="Shelter")).status_code == 422
    assert (await ask(held, cora, "POST", name="  ")).status_code == 400

    path = f"/{one['id']}"
    blocked = {"name": "Shelter", "a_minute": 0, "ends": one["made"]}
    assert (await ask(held, cora, "PUT", path, **blocked)).status_code == 200
    assert not lets_in(held, code)
    undone = {"name": "Shelter", "a_minute": 7, "ends": None}
    (after,) = [
        each
        for each in (await ask(held, cora, "PUT", path, **undone)).json()
        if each["id"] == one["id"]
    ]
    assert lets_in(held, code)
    assert (after["a_minute"], after["limit"], after["good"]) == (7, 7, True)
    assert (await ask(held, cora, "PUT", "/" + "0" * 16, **undone)).status_code == 404


async def test_a_replacement_is_good_at_once_and_the_old_one_for_some_days(held: House) -> None:
    cora = await held.person("coordinator")
    old = (await ask(held, cora, "POST", name="Clinic", a_minute=9)).json()
    (one,) = [each for each in old["codes"] if each["name"] == "Clinic"]
    answer = await ask(held, cora, "POST", f"/{one['id']}/replacements", days=3)
    assert answer.status_code == 201
    new = answer.json()
    assert lets_in(held, old["code"])
    assert lets_in(held, new["code"])
    by_name = {each["name"]: each for each in new["codes"]}
    assert by_name["Clinic"]["a_minute"] == 9
    assert by_name["Clinic (old)"]["ends"] is not None
    # Undone: the old one is as it was, the new one lets nobody in.
    gone = {"name": "Clinic (undone)", "a_minute": 9, "ends": by_name["Clinic"]["made"]}
    path = f"/{by_name['Clinic']['id']}"
    assert (await ask(held, cora, "PUT", path, **gone)).status_code == 200
    back = {"name": "Clinic", "a_minute": 9, "ends": None}
    assert (await ask(held, cora, "PUT", f"/{one['id']}", **back)).status_code == 200
    assert lets_in(held, old["code"])
    assert not lets_in(held, new["code"])


async def test_what_comes_by_a_code_is_counted_for_a_minute_and_kept_nowhere(held: House) -> None:
    cora = await held.person("coordinator")
    made = (await ask(held, cora, "POST", name="Flood", a_minute=2)).json()
    office, refused = held.server.office, 0
    for number in range(4):
        try:
            office.codes.check(made["code"], "203.0.113.5", office.clock.now(), f"e{number}")
        except AccompanyError:
            refused += 1
    (one,) = [each for each in (await ask(held, cora, "GET")).json() if each["name"] == "Flood"]
    assert (one["came"], refused) == (2, 2)
    office.clock.never_before(office.clock.now() + 61_000)  # type: ignore[attr-defined]
    (one,) = [each for each in (await ask(held, cora, "GET")).json() if each["name"] == "Flood"]
    assert one["came"] == 0
