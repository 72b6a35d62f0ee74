"""What an organization made comes back with a backup: its notes, keys, people, cards, and who left.

A file or a table that somebody adds to the data folder has to be in the backup, or named here as
what a start makes again.
"""

import sqlite3
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from accompany.accounts.charter import Founded, SealedKeys
from accompany.adapters import backup as backup_module
from accompany.adapters.backup import Backup
from accompany.adapters.restoring import Restoring
from accompany.adapters.stores import Store
from accompany.errors import Damaged
from accompany.evidence.notes import Verifier
from accompany.evidence.text import read_base64
from accompany.ids import CardSerial, PersonId
from coordinators import ask
from founding import Browser, applied
from house import House, house

pytestmark = pytest.mark.anyio

CARD = "---\ntitle: Ask\ndate: 2026-11-22\nsource: Terry v. Ohio, 392 U.S. 1 (1968)\n---\n- Ask.\n"
MADE_AGAIN = (
    "index.sqlite*", "*-wal", "*-shm", "lock", "reserve", "heartbeat", "checkpoints/written",
    "invitation", "desk-invitation",
)  # fmt: skip


def back_up(folder: Path, **more: Any) -> None:
    Backup(folder / "data", Store(str(folder / "backup")), **more).run()


def restore(folder: Path) -> Path:
    target = folder / "restored" / "data"
    Restoring(Store(str(folder / "backup")), target).run()
    return target


async def organized(held: House) -> tuple[Browser, Any, Any]:
    """An organization of its own with three attorneys: one may sign in, one was removed, one
    waits for a card."""
    browser = await Browser.at(held)
    await browser.found()
    found = []
    for name in ("Ada", "Ben"):
        one, waits = await applied(held, browser, name)
        given = {"card": browser.card(waits), "where": "State Bar of Texas"}
        path = f"/api/desk/cards/{one.serial}"
        assert (await ask(held, browser.who, "POST", path, **given)).status_code == 201
        found.append(one)
    await applied(held, browser, "Cleo")
    ada, ben = found
    gone = await ask(held, browser.who, "DELETE", f"/api/people/{ben.serial}")
    assert gone.status_code == 200
    assert held.server.office.keeper.revocation(CardSerial(ben.serial)) is not None
    return browser, ada, ben


async def told_by(held: House, browser: Browser) -> list[Any]:
    """What a server says of its organization, the time aside."""
    service, policy, own = [
        await ask(held, browser.who, "GET", path)
        for path in ("/api/service", "/log/policy", "/api/organization")
    ]
    return [{**service.json(), "time": None}, policy.content, own.json()]


def own_files(data: Path) -> dict[str, bytes]:
    """What an organization may lay into the data folder itself."""
    given = {
        "cards/en/1-ask.md": CARD.encode(),
        "voices/ht/here.opus": b"a voice",
        "authorities/own/url": b"https://tsa.example.org\n",
        "witnesses": b"",
        "tls/server.crt": b"a certificate",
    }
    for name, content in given.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    return given


def files_of(data: Path) -> set[str]:
    found = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    return {name for name in found if not any(fnmatch(name, one) for one in MADE_AGAIN)}


def rows_of(path: Path) -> dict[str, list[Any]]:
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master "
                                                    "WHERE type = 'table'")]  # fmt: skip
        return {name: sorted(map(repr, database.execute(f"SELECT * FROM {name}")))  # noqa: S608
                for name in names}  # fmt: skip
    finally:
        database.close()


async def test_every_file_and_every_row_comes_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with house(tmp_path) as held:
        await organized(held)
        own = own_files(data)
    back_up(tmp_path)
    restored = restore(tmp_path)
    # The newest checkpoints lie in files as well, for a server whose database of them is lost.
    assert files_of(restored) - {"checkpoints/live", "checkpoints/public"} == files_of(data)
    assert own.keys() <= files_of(restored)
    for name in files_of(data):
        if name.endswith(".sqlite"):
            assert rows_of(restored / name) == rows_of(data / name), name
        else:
            assert (restored / name).read_bytes() == (data / name).read_bytes(), name
    for name in ("keys", "tls"):
        assert (restored / name).stat().st_mode & 0o77 == 0, name


async def test_the_organization_and_its_people_are_who_they_were(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        browser, ada, ben = await organized(held)
        before = await told_by(held, browser)
        queue = (await ask(held, browser.who, "GET", "/api/desk/cards")).json()
        assert [one["name"] for one in queue] == ["Cleo"]
        back_up(tmp_path)
    restore(tmp_path)
    async with house(tmp_path / "restored") as held:
        assert await told_by(held, browser) == before
        assert not held.server.office.charter.demonstration
        assert (held.server.invitation, held.server.coordinator_invitation) == ("", "")
        queue = (await ask(held, browser.who, "GET", "/api/desk/cards")).json()
        assert [one["name"] for one in queue] == ["Cleo"]
        assert (await ask(held, ada, "GET", "/api/me")).status_code == 200
        # Who was removed stays out, and the log still says so.
        assert (await ask(held, ben, "GET", "/api/me")).status_code == 401
        note = (await held.session_note(ben)).decode()
        assert (await held.client.post("/api/sessions", json={"note": note})).status_code == 401
        assert held.server.office.keeper.revocation(CardSerial(ben.serial)) is not None
        assert held.server.office.revocations.owed(CardSerial(ben.serial)) is False
        # Its keys, held by the sheet, still sign.
        browser.held = held
        proof = {"proof": browser.proof()}
        told = await ask(held, browser.who, "POST", "/api/organization/drills", **proof)
        assert told.status_code == 200, told.text


async def test_keys_kept_elsewhere_from_before_it_was_founded_bring_no_demonstration_back(
    tmp_path: Path,
) -> None:
    """With --without-keys the organization's notes, which are no secret, are in it all the same."""
    elsewhere = {}
    async with house(tmp_path) as held:
        for path in (tmp_path / "data" / "keys").iterdir():
            elsewhere[path.name] = path.read_bytes()
        browser, _, _ = await organized(held)
        back_up(tmp_path, keys=False)
    restored = restore(tmp_path)
    with pytest.raises(Damaged, match="keys are missing"):
        async with house(tmp_path / "restored"):
            pass
    for name, content in elsewhere.items():
        (restored / "keys" / name).write_bytes(content)
    async with house(tmp_path / "restored") as held:
        assert held.server.office.organization_key == str(browser.signer.verifier)
        assert not held.server.office.charter.demonstration


async def test_what_is_founded_during_a_backup_is_in_it_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notes without the keys that the sheet opens would be an organization without keys."""
    copying: list[Callable[[], None]] = []
    real = backup_module.copy_of

    def copy_of(path: Path) -> bytes:
        copied = real(path)
        if path.name == "accompany.sqlite" and copying:
            copying.pop()()
        return copied

    monkeypatch.setattr(backup_module, "copy_of", copy_of)
    async with house(tmp_path) as held:
        browser = await Browser.at(held)
        given = await browser.founding()
        founded = held.server.office

        def found() -> None:
            sealed = read_base64(given["sealed"])
            person = PersonId(browser.who.serial)
            founded.holding.put(SealedKeys("sheet", person, browser.now, sealed))
            note, telling = given["organization"].encode(), given["telling"].encode()
            founded.found(Founded(Verifier.parse(given["key"]), note, telling))

        copying.append(found)
        back_up(tmp_path)
        assert not copying
    restore(tmp_path)
    async with house(tmp_path / "restored") as held:
        assert not held.server.office.charter.demonstration
        assert [one.id for one in held.server.office.holding.all()] == ["sheet"]
